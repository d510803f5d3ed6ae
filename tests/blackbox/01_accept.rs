//! What rung 01 promises any client: steps/01-accept/CONTRACT.md.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use harness::{Lesson, Story};

fn main() -> ExitCode {
    harness::suite("01-accept", harness::tests![what_is_sent_comes_back, ctrl_c_ends_it])
}

fn what_is_sent_comes_back(story: &Story) {
    story.teaches(Lesson {
        why: "An echo server sends back the bytes that recv gave it, all of them and no others, until recv returns \
              0: that is the client's FIN, and then it closes too.",
        read: "RFC 862, notes/01-accept.md",
        hand: "printf 'hello' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("hello\n");
    alice.receives_exactly("hello\n");
    alice.sends([0x00, 0xff, 0x0d, 0x0a]);
    alice.receives_exactly([0x00, 0xff, 0x0d, 0x0a]);
    alice.half_closes();
    alice.receives_end();
}

fn ctrl_c_ends_it(story: &Story) {
    story.teaches(Lesson {
        why: "The server sleeps in accept. SIGINT ends a program that did not ask to handle it, also in the middle \
              of a call; one that handles it must leave accept by itself.",
        read: "man 7 signal, notes/01-accept.md",
        hand: "cargo run --bin 01-accept, then Ctrl-C; echo $?",
    });
    const SIGINT: i32 = 2;
    let server = story.server();
    let status = server.stop();
    story.expects(
        status.success() || status.signal() == Some(SIGINT),
        format!("an end by Ctrl-C, it is {status}"),
    );
}
