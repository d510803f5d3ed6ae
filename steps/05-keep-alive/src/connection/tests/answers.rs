//! What an answer looks like.

use super::*;

#[test]
fn rfc_9110_9_3_2_head_announces_what_get_sends() {
    for path in ["/text", "/shared", "/chunks", "/stream", "/large", "/304", "/204"] {
        let full = client().says(get(path));
        let (head_of_get, _) = full.split_once("\n\n").expect("a head");
        let head = client().says(get(path).replace("GET", "HEAD"));
        let (head, content) = head.split_once("\n\n").expect("a head");
        assert_eq!(content, "", "HEAD {path}");
        assert_eq!(head, head_of_get, "HEAD {path}");
    }
}

#[test]
fn answers_without_content() {
    assert_eq!(client().says(get("/204")), "HTTP/1.1 204 No Content\n\n");
    assert_eq!(client().says(get("/304")), "HTTP/1.1 304 Not Modified\nContent-Length: 8\n\n");
}

#[test]
fn several_chunks_are_one_content() {
    assert_eq!(client().says(get("/chunks")), "HTTP/1.1 200 OK\nContent-Length: 8\n\none, two");
}

#[test]
fn streamed_content_is_chunked() {
    let mut alice = client();
    let answer = alice.says(get("/stream") + &get("/2"));
    let stream = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n6\nhello \n5\nworld\n0\n\n";
    assert_eq!(answer, stream.to_owned() + &ok("GET /2"));
}

#[test]
fn rfc_9112_6_1_http_1_0_knows_no_chunks() {
    // Its content ends with the connection, whatever it had asked for; and the answer says so.
    let mut alice = client();
    let answer = alice.says("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(answer, "HTTP/1.1 200 OK\nConnection: close\n\nhello world");
    assert!(!alice.is_open());
    let mut bob = client();
    let answer = bob.says("HEAD /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(answer, "HTTP/1.1 200 OK\nConnection: keep-alive\n\n");
}

#[test]
fn there_is_one_answer() {
    let mut alice = client();
    assert_eq!(alice.says(get("/1").replace("GET", "DELETE")), ok("DELETE /1"));
    assert!(client().says(get("/silent")).starts_with("HTTP/1.1 500 "));
    let mut bob = client();
    assert_eq!((bob.says(get("/close")), bob.is_open()), (String::new(), false));
}

#[test]
fn a_handler_that_reads_behind_the_end_does_not_hang_the_server() {
    for request in [get("/read-on"), post("/read-on", "Content-Length: 3\r\n", "abc")] {
        let mut alice = client();
        let answer = alice.says(request);
        refused(&answer, "500");
        assert_eq!(alice.told(), ["gone /read-on"]);
    }
}

#[test]
fn what_is_answered_alike_everywhere() {
    let options = client().says("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n");
    assert!(options.starts_with("HTTP/1.1 204 No Content\nAllow: GET, "), "{options}");
    let mut alice = client();
    let answer = alice.says("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("\nAllow: GET, "), "{answer}");
    assert_eq!(alice.says(get("/2")), ok("GET /2"));
    let answer = alice.says(post("/", "Content-Length: 3\r\n", "abc").replace("POST", "BREW"));
    assert!(answer.starts_with("HTTP/1.1 501 "), "RFC 9110 §9.1: {answer}");
    assert_eq!(alice.says(get("/2")), ok("GET /2"), "where its body ended was not in doubt");
    let mut alice = client();
    let answer = alice.says(post("/read", "Expect: magic\r\nContent-Length: 3\r\n", "abc"));
    assert!(answer.starts_with("HTTP/1.1 417 "), "{answer}");
    assert_eq!(alice.says(get("/2")), ok("GET /2"), "where the next request begins is not in doubt");
}

#[test]
fn rfc_9931_8_nothing_behind_a_refused_connect_is_a_request() {
    let mut alice = client();
    let answers = alice.says("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n".to_owned() + &get("/tunnelled"));
    refused(&answers, "405");
    assert!(answers.contains("\nAllow: GET, ") && !answers.contains("tunnelled"), "{answers}");
    assert!(!alice.is_open());
}

#[test]
fn a_client_that_does_not_read_is_not_asked_for_more() {
    let mut alice = client();
    alice.0.receive((get("/large") + &get("/2") + &get("/3")).as_bytes());
    assert_eq!(alice.0.unused().len(), 2 * get("/2").len(), "its next requests wait");
    let answers = alice.reads();
    assert!(answers.ends_with(&(ok("GET /2") + &ok("GET /3"))));
}
