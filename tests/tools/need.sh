#!/usr/bin/env bash
# Makes sure that what the tests need is there: curl, nc, strace, Node, a Chromium, the npm packages of tests/browser.
#
#   tests/tools/need.sh            checks; on Debian or Ubuntu as root it installs what is missing; elsewhere it says
#                                  in one line what is missing and how to get it, and fails. Nothing is skipped.
#   tests/tools/need.sh programs   the same without the browser's part: what the tests of one rung need
#   tests/tools/need.sh chromium   prints the path of the browser that the tests use, or fails
#
# Set CHROMIUM to use a browser of your own. Written for bash 3.2, which is what macOS has.
set -euo pipefail

node_at_least=20
browser_tests=$(cd "$(dirname "$0")/../browser" && pwd)

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

packages_fit() {
    # npm writes this file when it is done.
    [ "$browser_tests/node_modules/.package-lock.json" -nt "$browser_tests/package-lock.json" ]
}

if [ "${1:-}" = chromium ]; then
    find_chromium
    exit
fi

with_browser=yes
[ "${1:-}" != programs ] || with_browser=""

if [ -n "${CHROMIUM:-}" ] && ! have "$CHROMIUM"; then
    echo "need.sh: CHROMIUM is set to $CHROMIUM, and there is no such program" >&2
    exit 1
fi

missing=""
need() { missing="$missing $1"; }
have curl || need curl
have nc || need netcat-openbsd
[ "$(uname)" != Linux ] || have strace || need strace # the tests that count system calls are for Linux only
if [ -n "$with_browser" ]; then
    node_fits || need nodejs
    find_chromium >/dev/null || need chromium
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
            apt-get install -y -qq --no-install-recommends $package >/dev/null
        done
        if [ -n "$with_browser" ] && ! node_fits; then
            # Debian 12 and Ubuntu 24.04 have Node 18; npm's own package `node` brings a newer one.
            npm install --global --no-audit --no-fund --loglevel=error node@22 >&2
            hash -r
        fi
    else
        if have apt-get; then
            how="sudo apt-get install curl netcat-openbsd strace nodejs npm chromium"
        elif have brew; then
            how="brew install curl netcat node && brew install --cask chromium"
        elif have dnf; then
            how="sudo dnf install curl netcat strace nodejs npm chromium"
        else
            how="your system's package manager has them; or set CHROMIUM=/path/to/chrome"
        fi
        echo "need.sh: the tests need$missing (Node $node_at_least or newer): $how" >&2
        exit 1
    fi
fi

[ -n "$with_browser" ] || exit 0

if ! packages_fit; then
    echo "need.sh: npm ci in tests/browser" >&2
    (cd "$browser_tests" && npm ci --no-audit --no-fund --loglevel=error >&2)
fi

if ! find_chromium >/dev/null; then
    echo "need.sh: downloading Chromium" >&2
    (cd "$browser_tests" && node_modules/.bin/playwright-core install --with-deps chromium >&2)
    find_chromium >/dev/null || { echo "need.sh: no Chromium; set CHROMIUM=/path/to/chrome" >&2 && exit 1; }
fi
