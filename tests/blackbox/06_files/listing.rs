//! A page for a folder that has none.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use harness::{Lesson, Server, Story};

use crate::{serves, write};

/// The same folder again, with `--list`.
fn lists(story: &Story, files: &[(&str, &str)]) -> (PathBuf, Server) {
    story.needs_our_program();
    let (root, _) = serves(story, files);
    let server = story.server_with(|s| s.arg("--root").arg(&root).arg("--list"));
    (root, server)
}

pub fn a_folder_is_listed_where_that_was_asked_for(story: &Story) {
    story.teaches(Lesson {
        why: "A list of names is convenient for you and for whoever looks for what was not meant to be found, so \
              it is off until it is asked for. A name in it is text that somebody else chose: escaped as HTML, \
              percent-encoded as a link, a colon too (javascript:).",
        read: "RFC 3986 §4.2, notes/06-files.md",
        hand: "cargo run --bin 06-files -- --root notes --list; curl http://127.0.0.1:{port}/",
    });
    let (root, server) = lists(
        story,
        &[
            ("b.txt", "12345"),
            ("a b&c.txt", "x"),
            ("<i>.txt", "x"),
            ("javascript:alert(1)", "x"),
            ("sub/c.txt", "x"),
            ("with/index.html", "its own page"),
            (".secret", "x"),
        ],
    );
    write(&root.with_file_name("outside.txt"), "outside");
    symlink("../outside.txt", root.join("out")).expect("a link of our own");
    symlink("b.txt", root.join("in")).expect("a link of our own");
    story.program("mkfifo").args([root.join("fifo").to_str().expect("a plain name")]).runs().succeeds();
    let mut alice = story.client("alice", &server);
    let answer = alice.gets("/");
    answer.has_status(200).has_field("Content-Type", "text/html; charset=utf-8");
    let page = answer.text();
    let links: Vec<&str> = page.split("<a href=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let expected =
        ["%3Ci%3E.txt", "a%20b%26c.txt", "b.txt", "in", "javascript%3Aalert%281%29", "sub/", "with/"];
    story.expects(links == expected, format!("these links, in order: {expected:?}, it was {links:?}"));
    for shown in ["&lt;i&gt;.txt", "a b&amp;c.txt", ">5<", "09\u{a0}Sep\u{a0}2001 01:46"] {
        answer.body_contains(shown);
    }
    story.expects(!page.contains("<i>"), "no name gets through as HTML");
    story.note("each link leads to what it names");
    for link in links {
        alice.gets(&format!("/{link}")).has_status(200);
    }
    alice.gets("/sub/").body_contains("<a href=\"../\">").body_contains("<a href=\"c.txt\">");
    alice.gets("/with/").has_body("its own page");
    alice.gets("/sub").has_status(301).has_field("Location", "/sub/");
    alice.gets("/missing/").has_status(404);
    let head = alice.requests("HEAD", "/", &[], b"");
    head.has_status(200).has_field("Content-Length", &answer.body.len().to_string());
}

pub fn a_huge_folder_holds_nobody_up(story: &Story) {
    story.teaches(Lesson {
        why: "One thread serves all. A folder of a million names, read to its end for one client, is a pause for \
              all the others: read so many, show so many, and say that there is more.",
        read: "getdents(2), notes/06-files.md",
        hand: "mkdir /tmp/huge; (cd /tmp/huge; seq 20000 | xargs touch); cargo run --bin 06-files -- --root /tmp/huge --list",
    });
    let (root, server) = lists(story, &[("a.txt", "x")]);
    let huge = root.join("huge");
    fs::create_dir(&huge).expect("a folder of our own");
    for n in 0..20_000 {
        fs::hard_link(root.join("a.txt"), huge.join(format!("{n}"))).expect("a file of our own");
    }
    let mut alice = story.client("alice", &server);
    alice.gets("/a.txt").has_status(200);
    let before = server.memory_peak();
    for _ in 0..5 {
        let answer = alice.gets("/huge/");
        answer.has_status(200).body_contains("There is more here");
        let rows = answer.text().matches("<tr><th scope=\"row\">").count();
        story.expects((1..=1000).contains(&rows), format!("some names, at most 1000, it was {rows}"));
    }
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(grown < 4 * 1024 * 1024, format!("less than 4 MiB for a list, it was {grown} bytes"));
    alice.gets("/huge/19999").has_status(200);
}
