#!/bin/sh
# Starts nginx on $PORT with the files of $ROOT; what it writes goes into a folder beside them.
set -eu
template=$(dirname "$0")/nginx.conf.in
folder=$(dirname "$ROOT")/nginx
mkdir -p "$folder"
sed -e "s|@PORT@|$PORT|" -e "s|@ROOT@|$ROOT|" "$template" >"$folder/nginx.conf"
exec nginx -e stderr -p "$folder" -c "$folder/nginx.conf"
