//! Tests that every rung shares.

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
