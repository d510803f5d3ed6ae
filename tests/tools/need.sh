#!/usr/bin/env bash
# Makes sure that what the tests need is there: curl, nc, xxd, strace; Node, a Chromium and the npm packages of tests/browser;
# nginx, wrk, valgrind, Python, and the packages of tests/peers from npm and PyPI.
#
#   tests/tools/need.sh            checks; on Debian or Ubuntu as root it installs what is missing; elsewhere it says
#                                  in one line what is missing and how to get it, and fails. Nothing is skipped.
#   tests/tools/need.sh programs   the same for what the tests of one rung need: no browser, no other people's programs
#   tests/tools/need.sh browser    the same for what the browser tests need
#   tests/tools/need.sh bench      the same for the peers of `make bench`; without perf it goes on: then nothing is profiled
#   tests/tools/need.sh fuzz       only a C++ compiler, which `make fuzz` needs for libFuzzer
#   tests/tools/need.sh chromium   prints the path of the browser that the tests use, or fails
#
# Set CHROMIUM to use a browser of your own. Written for bash 3.2, which is what macOS has.
set -euo pipefail

node_at_least=20
python_at_least=3.11 # the Python package websockets
browser_tests=$(cd "$(dirname "$0")/../browser" && pwd)
peers=$(cd "$(dirname "$0")/../peers" && pwd)
bench=$(cd "$(dirname "$0")/../bench/peers" && pwd)

have() { command -v "$1" >/dev/null 2>&1; }

find_chromium() {
    if [ -n "${CHROMIUM:-}" ]; then
        command -v "$CHROMIUM"
        return
    fi
    local name
    for name in chromium google-chrome google-chrome-stable chromium-browser \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        # Ubuntu's chromium-browser may be no browser but a script that asks for the snap.
        if have "$name" && ! grep -qs 'snap install chromium' "$(command -v "$name")"; then
            command -v "$name"
            return
        fi
    done
    playwright_chromium
}

# The browser that playwright downloads itself, for systems without a package of it.
playwright_chromium() {
    [ -d "$browser_tests/node_modules/playwright-core" ] || return 1
    local path
    path=$(cd "$browser_tests" && node -p 'require("playwright-core").chromium.executablePath()' 2>/dev/null) || return 1
    [ -x "$path" ] && echo "$path"
}

node_fits() {
    have node && have npm && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$node_at_least" ]
}

# Debian has venv and pip in a package of their own: python3-venv.
python_fits() {
    have python3 && python3 -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (${python_at_least/./, }))" 2>/dev/null
}

npm_packages_fit() {
    # npm writes this file when it is done.
    [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]
}

npm_packages() {
    if ! npm_packages_fit "$1"; then
        echo "need.sh: npm ci in ${1##*/}" >&2
        (cd "$1" && npm ci --no-audit --no-fund --loglevel=error >&2)
    fi
}

# The system's Python stays as it is: the packages are in a folder of their own, where what was installed is noted last.
python_packages() {
    local own="$peers/.venv"
    if ! cmp -s "$peers/requirements.txt" "$own/requirements.txt" || ! "$own/bin/python" -c "import websockets"; then
        echo "need.sh: pip install in peers/.venv" >&2
        python3 -m venv --clear "$own"
        "$own/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
            --requirement "$peers/requirements.txt" >&2
        cp "$peers/requirements.txt" "$own/requirements.txt"
    fi
}

# Debian starts nginx as soon as it is installed. Nobody asked for that: the tests start one of their own.
install_package() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if [ "${1:-}" = chromium ]; then
    find_chromium
    exit
fi

with_browser=yes
with_peers=yes
with_programs=yes
with_bench=""
case "${1:-}" in
"") ;;
browser) with_peers="" ;;
programs) with_browser="" with_peers="" ;;
bench) with_browser="" with_peers="" with_bench=yes ;;
fuzz) with_browser="" with_peers="" with_programs="" ;;
*) echo "need.sh: \"$1\" is none of programs, browser, bench, fuzz, chromium" >&2 && exit 2 ;;
esac

if [ -n "${CHROMIUM:-}" ] && ! have "$CHROMIUM"; then
    echo "need.sh: CHROMIUM is set to $CHROMIUM, and there is no such program" >&2
    exit 1
fi

# Ubuntu's perf comes with its kernel.
perf=linux-perf
! grep -qs '^ID=ubuntu' /etc/os-release || perf=linux-tools-generic

missing=""
need() { missing="$missing $1"; }
if [ -n "$with_programs" ]; then
    have curl || need curl
    have nc || need netcat-openbsd
    have xxd || need xxd # macOS has it
    if [ "$(uname)" = Linux ]; then
        have strace || need strace # for the tests that count system calls
        have ip || need iproute2   # a new network namespace has its loopback down
    fi
else
    have c++ || need g++
fi
if [ -n "$with_browser" ]; then
    node_fits || need nodejs
    find_chromium >/dev/null || need chromium
fi
if [ -n "$with_bench" ]; then
    node_fits || need nodejs
    have c++ || need g++
    have nginx || [ -x /usr/sbin/nginx ] || need nginx
    if [ "$(uname)" = Linux ] && ! have perf; then
        if [ "$(id -u)" = 0 ] && have apt-get; then
            need $perf
        elif have apt-get; then
            echo "need.sh: no missed goal is profiled without perf: sudo apt-get install $perf" >&2
        else
            echo "need.sh: no missed goal is profiled without perf, which most systems have in a package of this name" >&2
        fi
    fi
fi
if [ -n "$with_peers" ]; then
    have nginx || [ -x /usr/sbin/nginx ] || need nginx # Debian's users do not look there
    have wrk || need wrk
    python_fits || need python3-venv
    # For the test that counts instructions. A student who tests one rung does without it.
    [ "$(uname)" != Linux ] || have valgrind || need valgrind
fi

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && have apt-get; then
        echo "need.sh: installing$missing" >&2
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        for package in $missing; do
            # Ubuntu's chromium is a snap, which a container cannot run: playwright brings one, below.
            if [ "$package" = chromium ] && grep -q '^ID=ubuntu' /etc/os-release; then continue; fi
            [ "$package" != nodejs ] || package="nodejs npm"
            # shellcheck disable=SC2086 # two words for nodejs
            install_package $package
        done
        if [ -n "$with_browser" ] && ! node_fits; then
            # Debian 12 and Ubuntu 24.04 have Node 18; npm's own package `node` brings a newer one.
            npm install --global --no-audit --no-fund --loglevel=error node@22 >&2
            hash -r
        fi
    else
        # What is missing, by the names that they have there.
        if have apt-get; then
            how="sudo apt-get install$(echo "$missing" | sed 's/nodejs/nodejs npm/')"
        elif have brew; then
            how="brew install$(echo "$missing" | sed 's/netcat-openbsd/netcat/; s/nodejs/node/; s/python3-venv/python/; s/g++/gcc/')"
        elif have dnf; then
            how="sudo dnf install$(echo "$missing" | sed 's/netcat-openbsd/netcat/; s/nodejs/nodejs npm/; s/-venv//; s/g++/gcc-c++/; s/xxd/vim-common/')"
        else
            how="your system's package manager has them; or set CHROMIUM=/path/to/chrome"
        fi
        echo "need.sh: the tests need$missing (Node $node_at_least or newer, Python $python_at_least or newer): $how" >&2
        exit 1
    fi
fi

[ -z "$with_bench" ] || npm_packages "$bench"

if [ -n "$with_peers" ]; then
    python_fits || { echo "need.sh: the tests need Python $python_at_least or newer, with venv; this is $(python3 --version)" >&2 && exit 1; }
    npm_packages "$peers"
    python_packages
fi

[ -n "$with_browser" ] || exit 0

npm_packages "$browser_tests"

if ! find_chromium >/dev/null; then
    echo "need.sh: downloading Chromium" >&2
    (cd "$browser_tests" && node_modules/.bin/playwright-core install --with-deps chromium >&2)
    find_chromium >/dev/null || { echo "need.sh: no Chromium; set CHROMIUM=/path/to/chrome" >&2 && exit 1; }
fi
