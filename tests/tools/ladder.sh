#!/usr/bin/env bash
# A rung stands only on rungs below it. Cargo forbids circles, not steps up; this does.
set -euo pipefail
cd "$(dirname "$0")/../.."

bad=0
rungs=$(cd steps && ls -d [0-9]*)
for rung in $rungs; do
    for other in $rungs; do
        # 05-keep-alive is known to its users as keep_alive.
        name=$(echo "${other#*-}" | tr - _)
        if [ "${other%%-*}" -ge "${rung%%-*}" ] && grep -q "^$name[ .=]" "steps/$rung/Cargo.toml"; then
            echo "ladder.sh: steps/$rung/Cargo.toml names $name, which is rung ${other%%-*}: a rung stands only on rungs below it"
            bad=1
        fi
    done
done
exit "$bad"
