#!/usr/bin/env bash
# What the course needs, whether it is here, and how to get what is not. Installs nothing. Written for bash 3.2.
#
# need.sh beside it in tests/tools is the one that the tests call: it stops at what is missing. This one tells all at once,
# and what each is for.
set -u
cd "$(dirname "$0")/../.."

missing=0
have() { command -v "$1" >/dev/null 2>&1; }
good() { printf '  ok       %-12s %s\n' "$1" "$2"; }
# NAME, WHAT FOR, HOW TO GET IT
bad() {
    printf '  missing  %-12s %s\n           %-12s get it: %s\n' "$1" "$2" "" "$3"
    missing=$((missing + 1))
}
warn() { printf '  mind     %-12s %s\n' "$1" "$2"; }

# DEBIAN BREW FEDORA: what a program's package is called where.
package() {
    if have apt-get; then
        echo "sudo apt-get install $1"
    elif have brew; then
        echo "brew install $2"
    elif have dnf; then
        echo "sudo dnf install $3"
    else
        echo "with your system's package manager"
    fi
}
first_line() { "$@" 2>&1 | sed -n 1p; }

echo 'For every rung:'
if have cargo; then
    # In this folder rustup chooses what rust-toolchain.toml names.
    if version=$(cargo --version 2>&1); then
        good cargo "$version"
    else
        bad cargo "builds everything; it says: $(echo "$version" | sed -n 1p)" "rustup show, in this folder"
    fi
    if have rustup; then good rustup "chooses the version that rust-toolchain.toml names"; else
        wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
        warn rustup "is not here, so the version is not chosen by itself: the course is written for Rust $wanted"
    fi
else
    bad cargo "builds everything" "https://rustup.rs, then open a new terminal"
fi
if have cc; then good cc "links what cargo has built"; else
    if [ "$(uname)" = Darwin ]; then how="xcode-select --install"; else how=$(package gcc gcc gcc); fi
    bad cc "links what cargo has built" "$how"
fi
if have git; then good git "$(first_line git --version)"; else
    bad git "brings what is new into your copy, and compares" "$(package git git git)"
fi
if mkdir -p target 2>/dev/null && [ -w target ]; then good target/ "can be written"; else
    bad target/ "cargo builds there, and may not write" "look at: ls -ld target"
fi
if [ ! -e mine ] || [ -w mine ]; then good mine/ "is yours to write"; else
    bad mine/ "your copies lie there, and it may not be written" "look at: ls -ld mine"
fi
# In a shell of its own, since the descriptor goes with it.
if (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; then
    warn "port 8080" "somebody listens there; give your program another: PORT=8081 make run STEP=05"
else
    good "port 8080" "is free"
fi

echo
echo 'For the tests of one rung (make check, make test STEP=05):'
if have curl; then good curl "$(first_line curl --version | cut -c 1-50)"; else
    bad curl "asks for a page by hand" "$(package curl curl curl)"
fi
if have nc; then good nc "sends and shows bytes by hand"; else
    bad nc "sends and shows bytes by hand" "$(package netcat-openbsd netcat nmap-ncat)"
fi
if have xxd; then good xxd "shows bytes in hexadecimal"; else
    bad xxd "shows bytes in hexadecimal" "$(package xxd vim vim-common)"
fi
if [ "$(uname)" = Linux ]; then
    if have strace; then good strace "shows system calls"; else
        bad strace "shows system calls" "$(package strace strace strace)"
    fi
    if have ip; then good ip "a loopback of its own for make wire"; else
        bad ip "a loopback of its own for make wire" "$(package iproute2 iproute2mac iproute)"
    fi
fi
limit=$(ulimit -n)
hard=$(ulimit -Hn)
if [ "$hard" = unlimited ] || [ "$hard" -ge 4096 ]; then
    good descriptors "$limit now, and programs may ask for more, up to $hard"
else
    bad descriptors "$hard at most: tests with a thousand clients and more will fail" "ulimit -n 65536, or look in /etc/security/limits.conf"
fi

echo
echo 'For all tests, with a browser and other programs (make test, make browser):'
if have node; then
    if [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; then good node "$(node --version)"; else
        bad node "20 or newer; this is $(node --version)" "https://nodejs.org"
    fi
else
    bad node "20 or newer, runs the browser tests" "$(package 'nodejs npm' node 'nodejs npm')"
fi
if browser=$(tests/tools/need.sh chromium 2>/dev/null); then good chromium "$browser"; else
    bad chromium "the browser of the tests" "$(package chromium '--cask chromium' chromium), or set CHROMIUM=/path/to/chrome"
fi
# Debian's users do not look in /usr/sbin.
if have nginx || [ -x /usr/sbin/nginx ]; then good nginx "a proxy in front of our servers"; else
    bad nginx "a proxy in front of our servers" "$(package nginx nginx nginx)"
fi
if have wrk; then good wrk "asks as fast as it can"; else bad wrk "asks as fast as it can" "$(package wrk wrk wrk)"; fi
# What need.sh asks for: Debian has venv and pip in a package of their own.
if python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    good python3 "$(first_line python3 --version)"
else
    bad python3 "3.11 or newer, with venv and pip: a WebSocket client" "$(package python3-venv python python3)"
fi
if [ "$(uname)" = Linux ]; then
    if have valgrind; then good valgrind "counts instructions"; else
        bad valgrind "counts instructions" "$(package valgrind valgrind valgrind)"
    fi
fi

echo
if [ "$missing" = 0 ]; then
    echo 'Nothing is missing. Next: make start STEP=01'
else
    echo "$missing missing. What stands under \"every rung\" comes first; the rest can wait until a test asks for it."
    exit 1
fi
