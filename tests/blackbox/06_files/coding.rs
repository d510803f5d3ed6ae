//! Files that were packed beforehand.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use harness::{Lesson, Story};

use crate::{LONG_AGO, serves, write};

/// A file, and beside it what gzip makes of it.
fn packed(story: &Story) -> (std::path::PathBuf, harness::Server, String) {
    let text: String = (0..5000).map(|n| format!("{n}\n")).collect();
    let (root, server) = serves(story, &[("a.txt", &text), ("b.txt", "not packed"), ("a.png", "no text")]);
    for name in ["a.txt", "a.png"] {
        story.program("gzip").args(["-k", root.join(name).to_str().expect("a plain name")]).runs().succeeds();
    }
    (root, server, text)
}

pub fn curl_takes_the_packed_file(story: &Story) {
    story.teaches(Lesson {
        why: "A text shrinks to a third or a tenth. Packed once, beside the file, it costs the server nothing: \
              page.js.gz is sent as page.js with Content-Encoding: gzip to whoever says it takes that.",
        read: "RFC 9110 §8.4, §12.5.3, notes/06-files.md",
        hand: "gzip -k steps/06-files/page/ladder.json; curl -v --compressed http://127.0.0.1:{port}/ladder.json; rm steps/06-files/page/ladder.json.gz",
    });
    let (root, server, text) = packed(story);
    let mut alice = story.client("alice", &server);
    let answer = alice.requests("GET", "/a.txt", &[("Accept-Encoding", "gzip")], b"");
    if answer.header("Content-Encoding").is_none() {
        answer.has_status(200).has_body(&text);
        story.needs_our_program();
    }
    let gz = fs::read(root.join("a.txt.gz")).expect("a file of our own");
    answer.has_status(200).has_field("Content-Encoding", "gzip").has_body(&gz);
    answer.has_field("Content-Type", "text/plain; charset=utf-8");
    let url = format!("http://{}/a.txt", server.address());
    let ran = story.curl(["--fail", "--compressed", &url]);
    ran.succeeds();
    ran.prints(&text);
    story.note("asked for by its own name it is what it is");
    let itself = alice.requests("GET", "/a.txt.gz", &[("Accept-Encoding", "gzip")], b"");
    itself.has_field("Content-Type", "application/gzip").has_no_field("Content-Encoding").has_body(&gz);
    story.note("a picture is packed already, so nobody looks");
    alice
        .requests("GET", "/a.png", &[("Accept-Encoding", "gzip")], b"")
        .has_no_field("Content-Encoding")
        .has_body("no text");
}

pub fn rfc_9110_12_5_3_the_client_says_what_it_takes(story: &Story) {
    story.teaches(Lesson {
        why: "Accept-Encoding is a list with weights. q=0 means never, * means all that are not listed; looking \
              for the letters gzip in it sends gzip to who refuses it.",
        read: "RFC 9110 §12.4.2, §12.5.3",
        hand: "curl -v -H 'Accept-Encoding: gzip;q=0' http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server, text) = packed(story);
    let mut alice = story.client("alice", &server);
    let first = alice.requests("GET", "/a.txt", &[("Accept-Encoding", "gzip")], b"");
    if first.header("Content-Encoding").is_none() {
        story.needs_our_program();
    }
    for (value, status, packed) in [
        ("gzip", 200, true),
        ("x-gzip", 200, true),
        ("GZIP;Q=0.5", 200, true),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", 200, true),
        ("identity;q=0, gzip;q=0.001", 200, true),
        ("", 200, false),
        ("br, deflate", 200, false),
        ("gzip;q=0", 200, false),
        ("gzip;q=0.000, *", 200, false),
        ("gzip;q=0.5, identity", 200, false),
        ("gzip;q=nonsense", 200, false),
        ("*;q=0, identity", 200, false),
        ("*;q=0", 406, false),
        ("br, identity;q=0", 406, false),
    ] {
        story.note(format!("Accept-Encoding: {value}"));
        let answer = alice.requests("GET", "/a.txt", &[("Accept-Encoding", value)], b"");
        answer.has_status(status).has_token("Vary", "Accept-Encoding");
        match (status, packed) {
            (200, true) => answer.has_field("Content-Encoding", "gzip"),
            (200, false) => answer.has_no_field("Content-Encoding").has_body(&text),
            _ => answer.has_no_field("Content-Encoding"),
        };
    }
    alice.gets("/a.txt").has_no_field("Content-Encoding").has_body(&text);
}

pub fn rfc_9110_8_8_3_3_two_forms_are_never_mixed(story: &Story) {
    story.teaches(Lesson {
        why: "The packed bytes are another representation: with its own ETag, or a cache gives them to who \
              cannot unpack them, and a download is continued with the bytes of the other form. Vary says that \
              Accept-Encoding chose, also where there is nothing to choose today.",
        read: "RFC 9110 §8.8.3.3, §12.5.5, §13.1.5, §15.4.5",
        hand: "curl -v -H 'Accept-Encoding: gzip' -o /dev/null http://127.0.0.1:{port}/ladder.json",
    });
    let (root, server, text) = packed(story);
    let mut alice = story.client("alice", &server);
    let gzip = ("Accept-Encoding", "gzip");
    let coded = alice.requests("GET", "/a.txt", &[gzip], b"");
    if coded.header("Content-Encoding").is_none() {
        story.needs_our_program();
    }
    let plain = alice.gets("/a.txt");
    let [coded_tag, plain_tag] =
        [&coded, &plain].map(|answer| answer.header("ETag").unwrap_or_default().to_owned());
    story.expects(coded_tag != plain_tag, format!("two ETags, both were {plain_tag}"));
    story.expects(coded_tag.starts_with('"'), format!("a strong one for an old file, it was {coded_tag}"));
    for path in ["/a.txt", "/b.txt"] {
        alice.gets(path).has_token("Vary", "Accept-Encoding");
        alice.requests("HEAD", path, &[gzip], b"").has_token("Vary", "Accept-Encoding");
    }
    alice
        .requests("GET", "/a.txt", &[gzip, ("If-None-Match", &coded_tag)], b"")
        .has_status(304)
        .has_token("Vary", "Accept-Encoding");
    alice.requests("GET", "/a.txt", &[gzip, ("If-None-Match", &plain_tag)], b"").has_status(200);
    alice.requests("GET", "/a.txt", &[("If-None-Match", &coded_tag)], b"").has_status(200).has_body(&text);
    alice.requests("GET", "/a.txt", &[("If-Match", &coded_tag)], b"").has_status(412);
    story.note("a range is of the form that was chosen (RFC 9110 §14)");
    let part =
        alice.requests("GET", "/a.txt", &[gzip, ("Range", "bytes=2-9"), ("If-Range", &coded_tag)], b"");
    let named = format!("bytes 2-9/{}", coded.body.len());
    part.has_status(206)
        .has_field("Content-Range", &named)
        .has_field("Content-Encoding", "gzip")
        .has_body(&coded.body[2..10]);
    let other =
        alice.requests("GET", "/a.txt", &[gzip, ("Range", "bytes=2-9"), ("If-Range", &plain_tag)], b"");
    other.has_status(200).has_body(&coded.body);
    story.note("several parts of it would stand between boundaries that nobody packed: the whole comes");
    let several = alice.requests("GET", "/a.txt", &[gzip, ("Range", "bytes=0-1,4-5")], b"");
    several.has_status(200).has_field("Content-Encoding", "gzip").has_body(&coded.body);

    story.note("the file is changed, and nobody packs it again: what is older than the file is not sent");
    fs::write(root.join("a.txt"), "changed").expect("a file of our own");
    alice.requests("GET", "/a.txt", &[gzip], b"").has_no_field("Content-Encoding").has_body("changed");
    story.note("and what was packed later is");
    write(&root.join("a.txt"), "changed");
    let gz = File::options().write(true).open(root.join("a.txt.gz")).expect("a file of our own");
    gz.set_modified(SystemTime::UNIX_EPOCH + LONG_AGO + Duration::from_nanos(1)).expect("a time of our own");
    alice.requests("GET", "/a.txt", &[gzip], b"").has_field("Content-Encoding", "gzip");
    story.note("without the file itself there is nothing to be a form of");
    fs::remove_file(root.join("a.txt")).expect("a file of our own");
    alice.requests("GET", "/a.txt", &[gzip], b"").has_status(404);
}
