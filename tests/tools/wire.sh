#!/usr/bin/env bash
# `make wire STEP=05`: starts a rung, watches its port with rung 00, makes the first request, and ends. DO: commands to
# watch in place of that request; 8080 in them is the rung's port. WITH: options of the rung. YOURS: a copy of rung 00 that
# shall watch instead.
#
#   tests/tools/wire.sh 05-keep-alive [OPTIONS OF 00-wire]
set -euo pipefail
cd "$(dirname "$0")/../.."

rung=$1 && shift
if [ "$rung" = 00-wire ]; then
    echo "wire.sh: rung 00 listens nowhere, so there is nothing to watch: STEP=01 or a higher one" >&2
    exit 2
fi
if [ -n "${YOURS:-}" ] && [ ! -e "$YOURS/Cargo.toml" ]; then
    echo "You have no 00-wire yet: make start STEP=00" >&2
    exit 2
fi
if [ -z "${ALONE:-}" ]; then
    cargo build --quiet --bin 00-wire --bin "$rung" --bin talk
    # A copy says where it is built; in the reference's place its program would take the other's.
    [ -z "${YOURS:-}" ] || (cd "$YOURS" && env -u CARGO_TARGET_DIR cargo build --quiet --bin 00-wire)
    [ "$(uname)" != Linux ] || exec tests/tools/alone.sh "$0" "$rung" "$@"
fi

programs=${CARGO_TARGET_DIR:-target}/debug
watcher=${YOURS:-$programs}${YOURS:+/target/debug}/00-wire
said=$(mktemp)
rung_pid="" watcher_pid=""
trap 'kill $rung_pid $watcher_pid 2>/dev/null || true; rm -f "$said"' EXIT

# The first line on its stdout says where it listens. Nobody else has the ports of a new namespace.
# shellcheck disable=SC2086 # several options
exec 3< <(RUST_LOG=warn PORT=$([ "${ALONE:-no}" = yes ] && echo 8080 || echo 0) exec "$programs/$rung" ${WITH:-} 2>"$said")
rung_pid=$!
read -r listening <&3 || { cat "$said" >&2 && exit 1; }
address=${listening##*//}
port=${address##*:}

once=--once
# macOS has no such program; there the watcher ends at once, with the reason.
limit=$(command -v timeout || true)
# The first request is one conversation, and with its end all is seen. Commands may be more: then it is we who end it.
[ -z "${DO:-}" ] || once="" limit=""
# Through a pipe, since its first line says that it is ready; so it must be told how wide the terminal is.
columns=${COLUMNS:-$([ -t 1 ] && tput cols || echo 100)}
exec 4< <(COLUMNS=$columns exec ${limit:+"$limit" 10} "$watcher" --port "$port" ${once:+"$once"} "$@")
watcher_pid=$!
read -r watching <&4 || { wait "$watcher_pid" || exit $?; }
echo "$rung: $listening"
echo "00-wire: $watching"

if [ -n "${DO:-}" ]; then
    commands=${DO//8080/$port}
    echo "client: $commands"
    cat <&4 &
    drawn=$!
    did=0
    PATH=$programs:$PATH sh -c "$commands" >/dev/null 4<&- 3<&- || did=$?
    # Its last FIN leaves with the server; only then nothing more can come.
    kill "$rung_pid"
    cat <&3 >/dev/null
    kill "$watcher_pid"
    wait "$drawn"
    [ "$did" = 0 ] || echo "wire.sh: these commands ended with $did" >&2
    exit "$did"
fi

case $rung in
01-* | 02-* | 03-*)
    # Its FIN does not cross the answer, so the picture is the same each time.
    echo "client: (printf 'hello\\n'; sleep 0.1) | nc -N 127.0.0.1 $port"
    (printf 'hello\n' && sleep 0.1) | nc -N 127.0.0.1 "$port" >/dev/null
    ;;
04-* | 05-* | 06-* | 07-*)
    echo "client: curl http://$address/"
    curl -q -sS --noproxy '*' -o /dev/null "http://$address/"
    ;;
*)
    case $rung in 11-* | 12-*) path=/chat ;; *) path=/ ;; esac
    echo "client: printf 'hello\\n' | talk ws://$address$path"
    # A server that wants a login refuses: that is worth seeing too.
    printf 'hello\n' | "$programs/talk" "ws://$address$path" >/dev/null 2>&1 || true
    ;;
esac
cat <&4
wait "$watcher_pid"
