//! Parts of a file.

use std::fs;

use harness::{Lesson, Response, Story};

use crate::{LONG_AGO_DATE, serves};

pub fn curl_fetches_a_range(story: &Story) {
    story.teaches(Lesson {
        why: "206 says which bytes these are, and of how many.",
        read: "RFC 9110 §14.4, §15.3.7",
        hand: "curl -v -r 2-5 http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let url = format!("http://{}/a.txt", server.address());
    for (range, expected) in [("2-5", "2345"), ("7-", "789"), ("-2", "89"), ("0-99", "0123456789")] {
        let ran = story.curl(["--fail", "-r", range, &url]);
        ran.succeeds();
        ran.prints(expected);
    }
    story.curl(["-D", "-", "-r", "2-5", &url]).mentions("Content-Range: bytes 2-5/10");
}

pub fn curl_continues_a_download(story: &Story) {
    story.teaches(Lesson {
        why: "A download that broke goes on where it stopped: that is what Range is for.",
        read: "RFC 9110 §14",
        hand: "curl -r 0-99 -o part http://127.0.0.1:{port}/wire.svg; curl -C - -o part http://127.0.0.1:{port}/wire.svg",
    });
    let text: String = (0..40_000).map(|n| format!("{n}\n")).collect();
    let (root, server) = serves(story, &[("a.txt", &text)]);
    let part = root.with_file_name("part");
    fs::write(&part, &text[..12_345]).expect("a file of our own");
    let url = format!("http://{}/a.txt", server.address());
    story.curl(["--fail", "-C", "-", "-o", part.to_str().expect("a plain name"), &url]).succeeds();
    let whole = fs::read_to_string(&part).unwrap_or_default();
    story.expects(whole == text, format!("the whole file of {} bytes, it was {}", text.len(), whole.len()));
}

pub fn rfc_9110_14_ranges_first_last_and_suffix(story: &Story) {
    story.teaches(Lesson {
        why: "Both ends of a range count; a last position behind the end means the end; what is no valid \
              range is ignored, and the whole file comes.",
        read: "RFC 9110 §14.1.2, §14.2",
        hand: "curl -v -H 'Range: bytes=-3' http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789"), ("empty.txt", "")]);
    let mut alice = story.client("alice", &server);
    for (range, content, named) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=9-9", "9", "bytes 9-9/10"),
        ("bytes=3-", "3456789", "bytes 3-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
        ("bytes=0-9", "0123456789", "bytes 0-9/10"),
        ("bytes=8-99999999999999999999999", "89", "bytes 8-9/10"),
    ] {
        let answer = alice.requests("GET", "/a.txt", &[("Range", range)], b"");
        answer.has_status(206).has_field("Content-Range", named).has_body(content);
        answer.has_field("Content-Length", &content.len().to_string());
    }
    for range in ["bytes=5-4", "bytes=a-b", "bytes=-", "bytes=", "lines=0-1", "bytes=+1-2", "0-1"] {
        let answer = alice.requests("GET", "/a.txt", &[("Range", range)], b"");
        answer.has_status(200).has_no_field("Content-Range").has_body("0123456789");
    }
    alice.requests("GET", "/empty.txt", &[], b"").has_status(200).has_body("");
}

pub fn a_range_beyond_the_end_is_416(story: &Story) {
    story.teaches(Lesson {
        why: "416 says how long the file is, so that the client can ask better. The connection goes on.",
        read: "RFC 9110 §15.5.17",
        hand: "curl -v -r 1000000- http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789"), ("empty.txt", "")]);
    let mut alice = story.client("alice", &server);
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
        let answer = alice.requests("GET", "/a.txt", &[("Range", range)], b"");
        answer.has_status(416).has_field("Content-Range", "bytes */10");
    }
    let answer = alice.requests("GET", "/empty.txt", &[("Range", "bytes=0-0")], b"");
    answer.has_status(416).has_field("Content-Range", "bytes */0");
    alice.gets("/a.txt").has_status(200);
}

pub fn if_range_never_glues_two_versions(story: &Story) {
    story.teaches(Lesson {
        why: "The client has the first half of one version. If the file has changed, the second half of \
              another would make nonsense: it gets the whole. A weak tag proves nothing here.",
        read: "RFC 9110 §13.1.5",
        hand: "curl -v -r 0-9 -H 'If-Range: \"old\"' http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let etag = alice.gets("/a.txt").header("ETag").unwrap_or_default().to_owned();
    for (validator, status) in [
        (etag.as_str(), 206),
        (LONG_AGO_DATE, 206),
        (&format!("W/{etag}"), 200),
        ("\"old\"", 200),
        ("Sun, 09 Sep 2001 01:46:41 GMT", 200),
        ("nonsense", 200),
    ] {
        let fields = [("Range", "bytes=5-"), ("If-Range", validator)];
        let answer = alice.requests("GET", "/a.txt", &fields, b"");
        answer.has_status(status).has_body(if status == 206 { "56789" } else { "0123456789" });
    }
}

pub fn rfc_9110_15_3_7_2_several_ranges_are_parts_of_one_answer(story: &Story) {
    story.teaches(Lesson {
        why: "Several parts in one answer stand between boundaries, each with its own Content-Range, in the \
              order in which they were asked for. Content-Length counts the boundaries too.",
        read: "RFC 9110 §14.6, §15.3.7.2, RFC 2046 §5.1.1",
        hand: "curl -v -r 0-3,10-12,-2 http://127.0.0.1:{port}/ladder.json",
    });
    // Small parts and large ones may leave in different ways.
    let large: String = (0..30_000).map(|n| format!("{n}\n")).collect();
    let (_, server) = serves(story, &[("small.txt", "0123456789"), ("large.txt", &large)]);
    let mut alice = story.client("alice", &server);
    for (path, text, ranges, expected) in [
        ("/small.txt", "0123456789", "bytes=0-1,4-5", vec![0..2, 4..6]),
        ("/small.txt", "0123456789", "bytes=-1, 0-0", vec![9..10, 0..1]),
        ("/small.txt", "0123456789", "bytes=,0-0,, 2-2,10-,", vec![0..1, 2..3]),
        (
            "/large.txt",
            &large,
            "bytes=100000-,5-9,20000-80000",
            vec![100_000..large.len(), 5..10, 20_000..80_001],
        ),
    ] {
        let answer = alice.requests("GET", path, &[("Range", ranges)], b"");
        if answer.status == 200 {
            answer.has_body(text);
            story.needs_our_program();
        }
        answer.has_status(206).has_no_field("Content-Range");
        let found = parts(story, &answer);
        story.expects(
            found.len() == expected.len(),
            format!("{ranges}: {} parts, it was {}", expected.len(), found.len()),
        );
        for ((head, content), range) in found.iter().zip(expected) {
            let named = format!("Content-Range: bytes {}-{}/{}", range.start, range.end - 1, text.len());
            story.expects(head.lines().any(|line| line == named), format!("{named} in {head:?}"));
            let kind = "Content-Type: text/plain; charset=utf-8";
            story.expects(head.lines().any(|line| line == kind), format!("{kind} in {head:?}"));
            story.expects(*content == text[range.clone()], format!("the bytes {range:?} of {path}"));
        }
    }
    story.note("where one range is left, it is no multipart (§15.3.7.2), and where none is, 416");
    for ranges in ["bytes=2-3,10-", "bytes=2-3,", "bytes=2-2,3-3", "bytes=2-3,3-3"] {
        let answer = alice.requests("GET", "/small.txt", &[("Range", ranges)], b"");
        answer.has_status(206).has_field("Content-Range", "bytes 2-3/10").has_body("23");
    }
    let none = alice.requests("GET", "/small.txt", &[("Range", "bytes=10-,20-30")], b"");
    none.has_status(416).has_field("Content-Range", "bytes */10");
    story.note("one invalid range makes all of them invalid (§14.1.1)");
    alice
        .requests("GET", "/small.txt", &[("Range", "bytes=0-1,5-4")], b"")
        .has_status(200)
        .has_body("0123456789");
    story.note("If-Range counts here too (§13.1.5)");
    let fields = [("Range", "bytes=0-1,4-5"), ("If-Range", "\"old\"")];
    alice.requests("GET", "/small.txt", &fields, b"").has_status(200).has_body("0123456789");
}

pub fn rfc_9110_14_2_a_flood_of_ranges_costs_no_more_than_the_file(story: &Story) {
    story.teaches(Lesson {
        why: "A line of a kilobyte can ask for a file a hundred times. In 2011 it took Apache's memory \
              (CVE-2011-3192). Join what overlaps, count the rest, and send the whole file to who overdoes it.",
        read: "RFC 9110 §14.2, §17.15",
        hand: "curl -v -r 0-,5-0,5-1,5-2,5-3,5-4 -o /dev/null http://127.0.0.1:{port}/ladder.json",
    });
    let text = "0123456789".repeat(100_000);
    let (_, server) = serves(story, &[("a.txt", &text)]);
    let mut alice = story.client("alice", &server);
    alice.gets("/missing").has_status(404);
    let before = server.memory_peak();
    let list = |range: fn(usize) -> String, count| (0..count).map(range).collect::<Vec<_>>().join(",");
    for (what, ranges) in [
        ("the Apache killer", format!("0-,{}", list(|n| format!("5-{n}"), 500))),
        ("many times the file", list(|_| "0-".into(), 500)),
        ("many bytes, one by one", list(|n| format!("{0}-{0}", n * 2), 700)),
        ("many bytes, from behind", list(|n| format!("{0}-{0}", 2000 - n * 2), 700)),
        ("sums that overflow (CVE-2017-7529)", "-18446744073709551615,-9223372036854775808,0-".into()),
    ] {
        story.note(what);
        let answer = alice.requests("GET", "/a.txt", &[("Range", &format!("bytes={ranges}"))], b"");
        let length = answer.body.len();
        story.expects(
            matches!(answer.status, 200 | 206 | 416),
            format!("200, 206 or 416, it was {}", answer.status),
        );
        story.expects(
            length <= 2 * text.len(),
            format!("{what}: about the file's length at most, it was {length}"),
        );
    }
    story.note("twenty at once, who do not read");
    let killer = format!("Range: bytes=0-,{}\r\n", list(|n| format!("{}-", n * 1000), 500));
    let mut readers = story.clients("readers", 20, &server);
    for reader in &mut readers {
        reader.sends(format!("GET /a.txt HTTP/1.1\r\nHost: x\r\n{killer}\r\n"));
        reader.receives_head();
    }
    alice.gets("/missing").has_status(404);
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(grown < 4 * 1024 * 1024, format!("less than 4 MiB for all of that, it was {grown} bytes"));
}

/// The parts of a multipart/byteranges: head and content of each (RFC 2046 §5.1.1).
fn parts(story: &Story, answer: &Response) -> Vec<(String, String)> {
    let kind = answer.header("Content-Type").unwrap_or_default();
    let Some(boundary) = kind.strip_prefix("multipart/byteranges; boundary=") else {
        story.fails(format!("expected multipart/byteranges with a boundary, it was {kind:?}"))
    };
    let text = answer.text();
    let delimiter = format!("\r\n--{}", boundary.trim_matches('"'));
    let inside = format!("\r\n{text}");
    let mut found = Vec::new();
    let mut pieces = inside.split(delimiter.as_str()).skip(1).peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            story.expects(
                piece.trim_end() == "--",
                format!("the end: the boundary with -- behind it, it was {piece:?}"),
            );
            break;
        }
        match piece.strip_prefix("\r\n").and_then(|part| part.split_once("\r\n\r\n")) {
            Some((head, content)) => found.push((head.to_owned(), content.to_owned())),
            None => story.fails(format!("expected a head and an empty line in each part, it was {piece:?}")),
        }
    }
    found
}
