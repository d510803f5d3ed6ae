//! Odd requests to nginx, Node and rung 04: each is judged as the table of notes/04-request.md says.

use std::fs;
use std::path::Path;

use harness::{Lesson, Story};

use crate::front::Nginx;

/// A row of the table, and the requests that it is about.
const ROWS: &[(&str, &[&str])] = &[
    ("lines end with LF alone", &["GET / HTTP/1.1\nHost: x\n\n"]),
    (
        "Content-Length beside chunked; twice; `+5`",
        &[
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        ],
    ),
    (
        "`A : b`; a line that begins with a space",
        &["GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"],
    ),
    (
        "`Transfer-Encoding: xchunked`",
        &["POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\nhello"],
    ),
    ("two Host fields", &["GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"]),
    ("`BREW / HTTP/1.1`", &["BREW / HTTP/1.1\r\nHost: x\r\n\r\n"]),
];

/// It answers when it has read the body, with the host that it was asked as.
const NODE: &str = "require('http').createServer((ask, answer) => ask.resume().on('end', () => answer.end(ask.headers.host)))
    .listen(process.argv[1], '127.0.0.1', () => console.log('listens'))";

pub fn odd_requests_are_judged_as_the_chapter_says(story: &Story) {
    story.teaches(Lesson {
        why: "Programs differ in what they let pass. Where two in a row differ on the end of a request, one hides in another.",
        read: "RFC 9112 §11.2, notes/04-request.md (\"What real servers do\")",
        hand: r"printf 'GET / HTTP/1.1\nHost: x\n\n' | nc -N 127.0.0.1 {port}",
    });
    let here = story.server_with(|s| s.rung("04-request"));
    let nginx = Nginx::changed(story, &here, &[("proxy_pass http://barewire;", "return 200;")]);
    let node =
        story.other_server("node", "listens", |port| vec!["-e".into(), NODE.into(), port.to_string().into()]);
    let chapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../notes/04-request.md");
    let chapter = fs::read_to_string(chapter).unwrap_or_else(|error| story.fails(error.to_string()));
    for (row, requests) in ROWS {
        let start = format!("| {row} | ");
        let said = chapter.lines().find_map(|line| line.strip_prefix(&start));
        let said = said.unwrap_or_else(|| story.fails(format!("the chapter has no row {row:?}")));
        let said: Vec<&str> = said.split(" | ").collect();
        let servers = [("nginx", nginx.address()), ("node", node.address()), ("rung 04", here.address())];
        for ((who, address), said) in servers.into_iter().zip(said) {
            for request in *requests {
                let mut client = story.client(&format!("a client of {who}"), address);
                client.sends(request);
                let answer = client.receives_response();
                story.expects(
                    said.starts_with(&answer.status.to_string()),
                    format!("{row}: {who} says {said} in the chapter, and {} here", answer.status),
                );
                if said.ends_with("the first counts") {
                    answer.has_body("x");
                }
            }
        }
    }
}
