#!/usr/bin/env bash
# Runs a command in a network namespace of its own, with its loopback up, where this system lets us make one: ALONE=yes.
# Elsewhere it runs the command as it is: ALONE=no.
#
#   tests/tools/alone.sh COMMAND [ARGUMENTS]
#
# To see packets a process needs the right CAP_NET_RAW. In a namespace of its own everybody has it, and nobody else speaks
# on its loopback. Root makes one directly, everybody else together with a user namespace; some systems let everybody
# make that and then allow nothing in it, so what is needed is tried here: a new namespace has its loopback down.
set -euo pipefail

for how in "--net" "--user --map-root-user --net"; do
    # shellcheck disable=SC2086 # several words
    if unshare $how ip link set lo up 2>/dev/null; then
        export ALONE=yes
        exec unshare $how sh -c 'ip link set lo up && exec "$@"' sh "$@"
    fi
done
export ALONE=no
exec "$@"
