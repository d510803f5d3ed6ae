#!/bin/sh
# Starts nginx on $PORT with the files of $ROOT, its settings tuned for them or (SETTINGS=packaged) as they are installed. What it
# writes goes into a folder beside them.
set -eu
here=$(dirname "$0")
PATH=$PATH:/usr/sbin # where Debian has it
case ${SETTINGS:-tuned} in packaged) others=tuned ;; *) others=packaged ;; esac
folder=${ROOT%/}.nginx-$PORT
mkdir -p "$folder"
sed -e "/# $others\$/d" -e "s|@PORT@|$PORT|" -e "s|@ROOT@|$ROOT|" "$here/nginx.conf.in" >"$folder/nginx.conf"
exec nginx -e stderr -p "$folder" -c "$folder/nginx.conf"
