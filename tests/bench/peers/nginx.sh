#!/bin/sh
# Starts nginx on $PORT with the files of $ROOT. What it writes goes into a folder beside them.
set -eu
here=$(dirname "$0")
PATH=$PATH:/usr/sbin # where Debian has it
folder=${ROOT%/}.nginx
mkdir -p "$folder"
sed -e "s|@PORT@|$PORT|" -e "s|@ROOT@|$ROOT|" "$here/nginx.conf.in" >"$folder/nginx.conf"
exec nginx -e stderr -p "$folder" -c "$folder/nginx.conf"
