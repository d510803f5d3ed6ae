#!/bin/sh
# Builds the peer that is written in C++ into target/release. The sources of uWebSockets come with a crate of bindings to it, in the
# version that Cargo.lock says; cargo fetches that crate and never builds it.
set -eu
cd "$(dirname "$0")"
program=target/release/uWebSockets
[ ! "$program" -nt src/uwebsockets.cpp ] || [ ! "$program" -nt Cargo.lock ] || exit 0
sources=$(cargo metadata --locked --format-version 1 --features uwebsockets |
    sed 's|.*"manifest_path":"\([^"]*/libuwebsockets-sys-[^"]*\)/Cargo.toml".*|\1|')/uWebSockets
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
set -- -O3 -flto=auto -DLIBUS_NO_SSL -DUWS_NO_ZLIB "-I$sources/src" "-I$sources/uSockets/src"
for file in "$sources"/uSockets/src/*.c "$sources"/uSockets/src/eventing/*.c; do
    cc -std=c11 "$@" -c "$file" -o "$objects/$(basename "$file").o"
done
mkdir -p target/release
c++ -std=c++20 "$@" src/uwebsockets.cpp "$objects"/*.o -o "$program"
