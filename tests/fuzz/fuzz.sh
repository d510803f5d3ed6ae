#!/usr/bin/env bash
# Coverage-guided fuzzing with libFuzzer, on the pinned stable toolchain.
#
#   tests/fuzz/fuzz.sh [TARGET...]        fuzzes these, or all, FUZZ_SECONDS each (30), as many side by side as there are
#                                         processors (or FUZZ_JOBS)
#   tests/fuzz/fuzz.sh keep [TARGET...]   adds to the corpus in tests/fuzz/corpus what earlier runs found, as far as it
#                                         reaches code that nothing there reaches
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${FUZZ_SECONDS:-30}
jobs=${FUZZ_JOBS:-$(getconf _NPROCESSORS_ONLN)}
target_dir=${CARGO_TARGET_DIR:-target}
work=$target_dir/fuzz # what is found, and what is learned from run to run
host=$(rustc -vV | sed -n 's/^host: //p')
fuzzer=$work/build/$host/fuzz/libfuzzer

all=$(ls tests/fuzz/corpus)
keep=""
if [ "${1:-}" = keep ]; then
    keep=yes
    shift
fi
targets=${*:-$all}
for target in $targets; do
    [ -d "tests/fuzz/corpus/$target" ] || { echo "fuzz: there is no target \"$target\". There are:" $all >&2 && exit 1; }
done

build() {
    # The flags that cargo-fuzz passes, without the sanitizers, which need a nightly toolchain: the code is in Rust
    # without `unsafe`, so what is left to find are panics, overflows and broken promises. They make other binaries than
    # those of `make test`, hence a folder of their own; with --target they do not meet build scripts.
    local flags="-Cpasses=sancov-module"
    flags="$flags -Cllvm-args=-sanitizer-coverage-level=4"
    flags="$flags -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
    flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table"
    flags="$flags -Cllvm-args=-sanitizer-coverage-trace-compares"
    flags="$flags -Ccodegen-units=1"
    RUSTFLAGS=$flags cargo build --quiet --locked --package fuzz --bin libfuzzer --features libfuzzer --profile fuzz \
        --target "$host" --target-dir "$work/build"
}

# One target: fuzzes it, and says in a line or two what came of it.
fuzz() {
    local target=$1 log=$work/$1.log code=0
    mkdir -p "$work/learned/$target" "$work/found"
    local dictionary=tests/fuzz/dictionaries/http
    case $target in frame | assembler | websocket) dictionary=tests/fuzz/dictionaries/websocket ;; esac
    # The first folder gets what is learned. An input may take a second (they take microseconds), and little memory.
    FUZZ_TARGET=$target "$fuzzer" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
        -dict="$dictionary" -artifact_prefix="$work/found/$target-" -print_final_stats=1 \
        "$work/learned/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1 || code=$?
    local tried speed edges
    tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    if [ "$code" = 0 ]; then
        printf '%-10s %9s inputs, %6s a second, %5s edges of code reached: nothing found\n' \
            "$target" "$tried" "$speed" "$edges"
        return
    fi
    found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    if [ -z "$found" ]; then
        printf '%s: the fuzzer itself failed; its last words, from %s:\n' "$target" "$log"
        tail -n 5 "$log"
        return "$code"
    fi
    # A smaller input says more. The fuzzer makes it so by trying, for some seconds.
    small=$work/found/$target-small
    rm -f "$small"
    FUZZ_TARGET=$target "$fuzzer" -minimize_crash=1 -max_total_time=10 -exact_artifact_path="$small" \
        "$found" >/dev/null 2>&1 || true
    if [ -s "$small" ]; then
        found=$small
        FUZZ_TARGET=$target "$fuzzer" "$found" >"$log" 2>&1 || true
    fi
    printf '%s: after %s inputs, one breaks a promise (%s bytes): %s\n' \
        "$target" "${tried:-some}" "$(wc -c <"$found" | tr -d ' ')" "$found"
    # What the panic said, without what Rust and libFuzzer add.
    sed -n '/panicked at/,/^\(stack backtrace\|note: run with\|==[0-9]\)/p' "$log" |
        grep -v '^\(stack backtrace\|note: run with\|==[0-9]\)' | cut -c 1-200 | head -n 20 | sed 's/^/    /'
    cat <<END
  To see the input in words, and the message again:
    cargo run --package fuzz -- $target $found
  When it is mended, keep the input, so that every test run tries it:
    cp $found tests/fuzz/corpus/$target/WHAT-IT-WAS
END
    return "$code"
}

build
if [ -n "$keep" ]; then
    for target in $targets; do
        # Edges only, not how often each was passed: a corpus of dozens, not of hundreds.
        FUZZ_TARGET=$target "$fuzzer" -set_cover_merge=1 -use_counters=0 -use_cmp=0 -max_len=400 \
            "tests/fuzz/corpus/$target" "$work/learned/$target" 2>&1 | sed -n "s/^MERGE-OUTER: \(.* new files\)/$target: \1/p"
    done
    exit
fi

# Each lane takes every so manieth target: `wait -n` is not in bash 3.2.
lane() {
    local number=0 code=0 target
    for target in $targets; do
        [ $((number % jobs)) != "$1" ] || fuzz "$target" || code=$?
        number=$((number + 1))
    done
    return "$code"
}

echo "$seconds seconds for each of:" $targets
lanes=""
for ((lane = 0; lane < jobs; lane++)); do
    lane "$lane" &
    lanes="$lanes $!"
done
outcome=0
for pid in $lanes; do
    wait "$pid" || outcome=1
done
exit "$outcome"
