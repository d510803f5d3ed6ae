//! What the tests of several rungs share.

use crate::story::{Lesson, Story};

/// The first test of each rung: the server says where it listens, takes a client, and Ctrl-C ends it, with
/// exit status 0 where it is our own.
pub fn starts_and_stops(story: &Story) {
    story.teaches(Lesson {
        why: "A server binds to 127.0.0.1:$PORT, listens, and lives until SIGINT (Ctrl-C) asks it to end. Then it \
              closes its listener first and its connections after that.",
        read: "notes/01-accept.md",
        hand: "PORT=8080 cargo run --bin NAME, then Ctrl-C; echo $?",
    });
    let server = story.server();
    story.client("alice", &server);
    let status = server.stop();
    let ours = std::env::var_os("SERVER").is_none();
    story.expects(!ours || status.success(), format!("exit status 0 after Ctrl-C, it is {status}"));
}

/// Runs the server under strace while `talk` talks to it. Returns its writes, one call a line.
pub fn traced_writes(story: &Story, talk: impl FnOnce(&crate::Server)) -> String {
    let trace = story.directory().join("trace");
    let path = trace.to_string_lossy().into_owned();
    let calls = "trace=write,writev,send,sendto,sendmsg";
    let strace = ["strace", "-f", "-qq", "-s", "4096", "-e", calls, "-o", &path];
    let server = story.server_with(|setup| setup.under(strace));
    talk(&server);
    server.stop();
    std::fs::read_to_string(&trace).unwrap_or_default()
}
