//! No descriptor is left.

use std::time::{Duration, Instant};

use harness::{Lesson, Story};

use crate::serves;

pub fn rfc_9110_15_6_4_no_descriptor_left_is_503_and_passes(story: &Story) {
    story.teaches(Lesson {
        why: "Each connection is a descriptor, each file that is sent another. When none is left, open fails with \
              EMFILE: the file is there all the same, so 404 would be a lie that a cache keeps. 503, and the \
              connection goes on; when others leave, it works again.",
        read: "open(2) EMFILE, RFC 9110 §15.6.4",
        hand: "(ulimit -n 32; PORT=8080 target/debug/06-files) & then many nc, and curl -v http://127.0.0.1:8080/",
    });
    const LIMIT: usize = 48;
    let (root, _) = serves(story, &[("a.txt", "inside"), ("sub/index.html", "sub")]);
    let lowered = ["sh", "-c", "ulimit -n 48; exec \"$0\" \"$@\""];
    let server = story.server_with(|s| s.under(lowered).arg("--root").arg(&root));
    let mut alice = story.client("alice", &server);
    // Forty clients, one after the other: on a busy machine one of them may have to wait.
    let patience = Duration::from_secs(5);
    alice.within(patience);
    alice.gets("/a.txt").has_status(200);
    story.note("others come and stay, until one of them is told that there is no descriptor for a file");
    let mut others = Vec::new();
    let refused = loop {
        story.expects(others.len() < LIMIT, format!("a refusal before {LIMIT} connections stand"));
        let mut other = story.client("another", &server);
        let answer = other.within(patience).gets("/a.txt");
        others.push(other);
        if answer.status != 200 {
            break answer;
        }
    };
    refused.has_status(503);
    for path in ["/a.txt", "/sub/", "/sub"] {
        alice.gets(path).has_status(503);
    }
    story.note("they leave, and there are files again, on the same connection and on new ones");
    drop(others);
    let end = Instant::now() + patience;
    while alice.gets("/a.txt").status != 200 {
        story.expects(Instant::now() < end, "200 within 5 s after the others left");
    }
    alice.gets("/sub/").has_status(200).has_body("sub");
    story.client("bob", &server).within(patience).gets("/a.txt").has_status(200).has_body("inside");
}
