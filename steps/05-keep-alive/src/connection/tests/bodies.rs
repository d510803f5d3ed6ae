//! Bodies: read, refused, thrown away.

use super::*;

const SMALL: Limits = Limits { body: 10, drain: 20, ..Limits::DEFAULT };

#[test]
fn a_body_is_read_by_its_length_or_its_chunks() {
    let mut alice = client();
    assert_eq!(alice.says(post("/read", "Content-Length: 5\r\n", "hello")), bytes("hello"));
    assert_eq!(alice.says(post("/read", "Content-Length: 0\r\n", "")), bytes(""));
    assert_eq!(alice.says(post("/read", "", "")), bytes(""));
    let chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    assert_eq!(alice.says(post("/read", "Transfer-Encoding: chunked\r\n", chunks)), bytes("hello world"));
    let get_with_body = get("/read").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi");
    assert_eq!(alice.says(get_with_body), bytes("hi"));
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_comes() {
    let mut alice = client_with(SMALL);
    assert_eq!(alice.says(post("/read", "Content-Length: 10\r\n", "0123456789")), bytes("0123456789"));
    refused(&alice.says(post("/read", "Content-Length: 11\r\nExpect: 100-continue\r\n", "")), "413");
    assert!(!alice.is_open());
    assert_eq!(alice.told(), ["gone /read"]);
}

#[test]
fn a_chunked_body_over_the_limit_is_refused_when_it_is_over() {
    let mut alice = client_with(SMALL);
    assert_eq!(alice.says(post("/read", "Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n")), "");
    refused(&alice.says("1\r\nx\r\n0\r\n\r\n"), "413");
    assert!(!alice.is_open());
    assert_eq!(alice.told(), ["gone /read"]);
    // A chunk says how long it is.
    for size in ["b", "ffffffffffffffff"] {
        let mut bob = client_with(SMALL);
        refused(&bob.says(post("/read", "Transfer-Encoding: chunked\r\n", &format!("{size}\r\n"))), "413");
    }
}

#[test]
fn a_chunk_over_the_limit_is_refused_however_much_of_it_came_and_is_needed() {
    for shown in ["", "1", "123"] {
        let mut alice = client_with(SMALL);
        let body = format!("b\r\n{shown}");
        refused(&alice.says(post("/read-three", "Transfer-Encoding: chunked\r\n", &body)), "413");
        assert!(!alice.is_open());
    }
}

#[test]
fn a_refusal_behind_an_answer_begun_only_closes() {
    let mut alice = client_with(SMALL);
    let answer = alice.says(post("/read-echo", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\nx\r\n"));
    assert_eq!(answer, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n");
    assert!(!alice.is_open(), "without the last chunk, the client knows that something is missing");
    assert_eq!(alice.told(), ["gone /read-echo"]);
}

#[test]
fn an_answer_to_head_stays_without_content_when_it_is_a_refusal() {
    let mut alice = client();
    let request = post("/read", "Transfer-Encoding: chunked\r\n", "x\r\n").replace("POST", "HEAD");
    let answer = alice.says(request);
    refused(&answer, "400");
    assert!(answer.ends_with("\n\n"), "{answer}");
}

#[test]
fn what_nobody_reads_is_thrown_away_up_to_a_limit() {
    let mut alice = client_with(SMALL);
    assert_eq!(alice.says(post("/1", "Content-Length: 20\r\n", &"x".repeat(20))), ok("POST /1"));
    assert_eq!(
        alice.says(post("/2", "Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n")),
        ok("POST /2")
    );
    assert_eq!(alice.says(get("/3")), ok("GET /3"));
    let too_long = alice.says(post("/4", "Content-Length: 21\r\n", ""));
    assert!(too_long.starts_with("HTTP/1.1 200 OK\nConnection: close\n"), "{too_long}");
    assert!(!alice.is_open());
}

#[test]
fn chunks_that_nobody_reads_are_limited_with_their_lines() {
    let mut alice = client_with(SMALL);
    assert_eq!(alice.says(post("/1", "Transfer-Encoding: chunked\r\n", "")), ok("POST /1"));
    assert_eq!(alice.says("1;a=aaaaaa\r\nx\r\n"), "");
    assert!(alice.is_open());
    assert_eq!(alice.says("1;a=aaaaaa\r\nx\r\n"), "");
    assert!(!alice.is_open(), "two bytes of content, thirty on the wire");
}

#[test]
fn a_long_body_that_was_read_does_not_close() {
    let mut alice = client_with(Limits { body: 1_000, drain: 20, ..Limits::DEFAULT });
    let long = "x".repeat(500);
    assert_eq!(alice.says(post("/read", "Content-Length: 500\r\n", &long)), bytes(&long));
    assert_eq!(alice.says(get("/2")), ok("GET /2"));
    // What was read does not count as thrown away.
    assert_eq!(
        alice.says(post("/read-three", "Transfer-Encoding: chunked\r\n", "20\r\n")),
        "",
        "nothing to say before three bytes"
    );
    assert_eq!(alice.says("x".repeat(0x20) + "\r\n"), ok("three are enough"));
    assert_eq!(alice.says("1\r\nx\r\n0\r\n\r\n".to_owned() + &get("/3")), ok("GET /3"));
}

#[test]
fn rfc_9110_10_1_1_go_on_where_the_body_is_wanted() {
    const GO_ON: &str = "HTTP/1.1 100 Continue\n\n";
    let fields = "Expect: 100-Continue\r\nContent-Length: 2\r\n";
    let mut alice = client();
    assert_eq!(alice.says(post("/read", fields, "")), GO_ON);
    assert_eq!(alice.says("hi"), bytes("hi"));
    assert_eq!(alice.says(post("/read", fields, "hi")), bytes("hi"), "the body is here already");
    assert_eq!(alice.says(post("/read", fields, "h")), "", "so is a part of it");
    assert_eq!(alice.says("i"), bytes("hi"));
    let nothing = "Expect: 100-continue\r\nContent-Length: 0\r\n";
    assert_eq!(alice.says(post("/read", nothing, "")), bytes(""), "there is no body to wait for");
    let old = "POST /read HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(alice.says(old), "", "1.0 knows no interim answers");
}

#[test]
fn rfc_9110_10_1_1_who_was_not_told_to_go_on_may_send_its_body_or_not() {
    // "GET" could be three bytes of the body, or the next request: nobody knows.
    for (fields, status) in [
        ("Expect: 100-continue\r\nContent-Length: 3\r\n", "200"),
        ("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "200"),
        ("Expect: x, 100-Continue\r\nContent-Length: 3\r\n", "417"),
        ("Expect: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n", "417"),
    ] {
        let mut alice = client();
        refused(&alice.says(post("/", fields, "")), status);
        assert!(!alice.is_open(), "{fields}");
    }
    let mut old = client();
    let fields = "Connection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 3\r\n";
    refused(&old.says(post("/", fields, "").replace("1.1", "1.0")), "200");
    assert!(!old.is_open());
}

#[test]
fn rfc_9110_15_5_18_an_expectation_that_says_nothing_about_the_body_keeps_the_connection() {
    for fields in ["Expect: 100-continue\r\n", "Expect: 100-continue\r\nContent-Length: 0\r\n"] {
        let mut alice = client();
        assert_eq!(alice.says(post("/1", fields, "") + &get("/2")), ok("POST /1") + &ok("GET /2"));
    }
    for fields in ["Expect: x\r\n", "Expect: x, 100-continue\r\n"] {
        let mut alice = client();
        let answers = alice.says(post("/1", fields, "") + &get("/2"));
        assert!(answers.starts_with("HTTP/1.1 417 ") && answers.ends_with(&ok("GET /2")), "{answers}");
    }
}

// Otherwise the limits are not those that a reader of the documentation counts on.
#[test]
fn a_mebibyte_is_read_64_kib_are_thrown_away_and_a_trailer_has_4_where_nothing_else_is_said() {
    let announced =
        |path: &str, length: usize| client().says(post(path, &format!("Content-Length: {length}\r\n"), ""));
    assert_eq!(announced("/read", 1_048_576), "");
    refused(&announced("/read", 1_048_577), "413");
    assert_eq!(announced("/1", 65_536), ok("POST /1"));
    refused(&announced("/1", 65_537), "200");
    let trailer = |length: usize| {
        let body = format!("0\r\nX:{}\r\n\r\n", "y".repeat(length - 2));
        client().says(post("/read", "Transfer-Encoding: chunked\r\n", &body))
    };
    assert_eq!(trailer(4_096), bytes(""));
    refused(&trailer(4_097), "431");
}
