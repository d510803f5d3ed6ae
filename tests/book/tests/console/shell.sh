# What a chapter's commands mean here: `make run STEP=05` is the program itself, built before. $BINARIES is the folder
# with the programs; PORT=0 lets each take a port that is free.

make() {
    local goal=$1 step= args= example= address= file= word
    for word in "$@"; do
        case $word in
            STEP=*) step=${word#STEP=} ;;
            ARGS=*) args=${word#ARGS=} ;;
            EXAMPLE=*) example=${word#EXAMPLE=} ;;
            ADDRESS=*) address=${word#ADDRESS=} ;;
            FILE=*) file=${word#FILE=} ;;
        esac
    done
    case $goal in
        run) eval "\"\$(rung)\" $args" ;;
        talk) eval "\"\$BINARIES/talk\" ${address:-ws://127.0.0.1:$SERVER_PORT} $args" ;;
        replay) eval "\"\$BINARIES/replay\" $file $address $args" ;;
        sockets) PORT=$SERVER_PORT "$BINARIES/examples/sockets" ;;
        *) command make "$@" ;;
    esac
}

# The program that `make run` would start, with $step and $example as there.
rung() {
    local number=${step:-$([ -n "$example" ] && echo 11 || echo 12)} program
    case $number in [0-9]) number=0$number ;; esac
    for program in "$BINARIES"/${example:+examples/}"${example:-${number%%-*}-}"*; do
        case $program in *.d | *-????????????????) ;; *) echo "$program" ;; esac
    done
}

# cargo run --bin 06-files -- --root notes
cargo() {
    if [ "$1 $2" != 'run --bin' ]; then
        command cargo "$@"
        return
    fi
    local program=$3
    shift 3
    if [ "${1-}" = -- ]; then shift; fi
    "$BINARIES/$program" "$@"
}

talk() {
    "$BINARIES/talk" "$@"
}
