//! Only if it has changed, only if it is still this one.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use harness::{Lesson, Story};

use crate::{LONG_AGO_DATE, serves, write};

pub fn an_etag_saves_the_content(story: &Story) {
    story.teaches(Lesson {
        why: "The browser shows the tag of the version that it has. If that is still the one, 304 and no \
              content.",
        read: "RFC 9110 §13.1.2, §15.4.5",
        hand: "curl -v --etag-save e http://127.0.0.1:{port}/wire.svg -o a; curl -v --etag-compare e http://127.0.0.1:{port}/wire.svg",
    });
    let (root, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let first = alice.gets("/a.txt");
    first.has_status(200);
    let etag = first.header("ETag").unwrap_or_default().to_owned();
    story.expects(etag.starts_with('"'), format!("a strong ETag for an old file, it was {etag:?}"));
    for value in [
        etag.clone(),
        format!("W/{etag}"),
        "*".into(),
        format!("\"other\", {etag}"),
        format!("\"a,b\",{etag}"),
    ] {
        let answer = alice.requests("GET", "/a.txt", &[("If-None-Match", &value)], b"");
        answer.has_status(304).has_field("ETag", &etag).has_body("");
    }
    let head = alice.requests("HEAD", "/a.txt", &[("If-None-Match", &etag)], b"");
    head.has_status(304).has_field("ETag", &etag);
    for value in ["\"other\"", "\"\"", "nonsense"] {
        alice
            .requests("GET", "/a.txt", &[("If-None-Match", value)], b"")
            .has_status(200)
            .has_body("0123456789");
    }
    story.note("the same length, the same second: still another version");
    write(&root.join("b.txt"), "abcdefghij");
    fs::rename(root.join("b.txt"), root.join("a.txt")).expect("a file of our own");
    let changed = alice.requests("GET", "/a.txt", &[("If-None-Match", &etag)], b"");
    changed.has_status(200).has_body("abcdefghij");
    story.expects(changed.header("ETag") != Some(&etag), "another version has another ETag");
}

pub fn a_young_file_has_a_weak_etag(story: &Story) {
    story.teaches(Lesson {
        why: "A file may be written twice within one tick of its clock, and keep size and time. So a tag \
              made of these promises nothing byte by byte until the file has settled: it is weak.",
        read: "RFC 9110 §8.8.1, §8.8.3",
        hand: "touch steps/06-files/page/wire.svg; curl -I http://127.0.0.1:{port}/wire.svg",
    });
    let (root, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let file = File::options().write(true).open(root.join("a.txt")).expect("a file of our own");
    story.note("the file's time is set a minute ahead, so that no slow test lets it settle");
    file.set_modified(SystemTime::now() + Duration::from_secs(60)).expect("a time of our own");
    let young = alice.gets("/a.txt");
    let etag = young.header("ETag").unwrap_or_default().to_owned();
    story.expects(etag.starts_with("W/\""), format!("a weak ETag, it was {etag:?}"));
    alice.requests("GET", "/a.txt", &[("If-None-Match", &etag)], b"").has_status(304);
    story.note("If-Match compares strongly (RFC 9110 §13.1.1)");
    alice.requests("GET", "/a.txt", &[("If-Match", &etag)], b"").has_status(412);
    story.note("nor does If-Range match what is weak, be it a tag or a date (§13.1.5)");
    let date = young.header("Last-Modified").unwrap_or_default().to_owned();
    for validator in [&etag, etag.trim_start_matches("W/"), &date] {
        let fields = [("Range", "bytes=0-1"), ("If-Range", validator)];
        alice.requests("GET", "/a.txt", &fields, b"").has_status(200).has_body("0123456789");
    }
    story.note("RFC 9110 §8.8.2.1: a date from the future is replaced with Date");
    young.has_field("Last-Modified", young.header("Date").unwrap_or("a Date field"));
}

pub fn a_date_saves_the_content(story: &Story) {
    story.teaches(Lesson {
        why: "Older than tags: has it changed since? A date in any of the three old forms, else it is \
              ignored.",
        read: "RFC 9110 §13.1.3, §13.1.4, §5.6.7",
        hand: "curl -v -z wire.svg -o wire.svg http://127.0.0.1:{port}/wire.svg",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    alice.gets("/a.txt").has_status(200).has_field("Last-Modified", LONG_AGO_DATE);
    for (name, value, status) in [
        ("If-Modified-Since", LONG_AGO_DATE, 304),
        ("If-Modified-Since", "Sun, 09 Sep 2001 01:46:41 GMT", 304),
        ("If-Modified-Since", "Sun, 09 Sep 2001 01:46:39 GMT", 200),
        ("If-Modified-Since", "Sunday, 09-Sep-01 01:46:40 GMT", 304),
        ("If-Modified-Since", "Sun Sep  9 01:46:40 2001", 304),
        ("If-Modified-Since", "the other day", 200),
        ("If-Unmodified-Since", LONG_AGO_DATE, 200),
        ("If-Unmodified-Since", "Sun, 09 Sep 2001 01:46:39 GMT", 412),
        ("If-Unmodified-Since", "the other day", 200),
    ] {
        alice.requests("GET", "/a.txt", &[(name, value)], b"").has_status(status);
    }
    alice.gets("/a.txt").has_body("0123456789");
}

pub fn rfc_9110_13_2_2_conditions_have_an_order(story: &Story) {
    story.teaches(Lesson {
        why: "A tag is more exact than a date, so beside one the date is not looked at; and 412 comes \
              before 304, 304 before 206.",
        read: "RFC 9110 §13.2.2",
        hand: "curl -v -H 'If-None-Match: \"x\"' -H 'If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT' http://127.0.0.1:{port}/wire.svg",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let etag = alice.gets("/a.txt").header("ETag").unwrap_or_default().to_owned();
    let before = "Sun, 09 Sep 2001 01:46:39 GMT";
    for (fields, status) in [
        ([("If-None-Match", "\"other\""), ("If-Modified-Since", LONG_AGO_DATE)], 200),
        ([("If-None-Match", etag.as_str()), ("If-Modified-Since", before)], 304),
        ([("If-Match", etag.as_str()), ("If-Unmodified-Since", before)], 200),
        ([("If-Match", "\"other\""), ("If-None-Match", etag.as_str())], 412),
        ([("If-None-Match", etag.as_str()), ("Range", "bytes=0-1")], 304),
        ([("If-Match", "\"other\""), ("Range", "bytes=0-1")], 412),
        ([("If-Match", etag.as_str()), ("Range", "bytes=0-1")], 206),
        ([("If-Match", "\"other\""), ("Range", "bytes=99-")], 412),
    ] {
        alice.requests("GET", "/a.txt", &fields, b"").has_status(status);
    }
    story.note("conditions are for what exists: a missing file stays missing (RFC 9110 §13.2.1)");
    alice.requests("GET", "/b.txt", &[("If-None-Match", "*")], b"").has_status(404);
}
