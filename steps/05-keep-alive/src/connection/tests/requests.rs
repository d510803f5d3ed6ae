//! Where one request ends and the next begins.

use super::super::Step;
use super::*;

#[test]
fn one_step_takes_one_request_and_leaves_the_next() {
    let step = |client: &mut Client, bytes: &str| {
        let mut used = None;
        client.0.call(|http, server, io| {
            if let Step::Used(count) = http.conversation().step(bytes.as_bytes(), server, io) {
                used = Some(count);
            }
        });
        used
    };
    let mut alice = client();
    let (first, second) = (get("/1"), get("/2"));
    assert_eq!(step(&mut alice, &(first.clone() + &second)), Some(first.len()));
    assert_eq!(alice.reads(), ok("GET /1"));
    assert_eq!(step(&mut alice, ""), None);
    assert_eq!(step(&mut alice, &second[..second.len() - 1]), None, "half a request is none");
    assert_eq!(alice.reads(), "");
    assert_eq!(step(&mut alice, &second), Some(second.len()));
    assert_eq!(alice.reads(), ok("GET /2"));
    assert_eq!(step(&mut alice, "GET / HTTP/2.0\r\n"), None);
    refused(&alice.reads(), "505");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut alice = client();
    let three = [get("/1"), post("/read", "Content-Length: 5\r\n", "hello"), get("/3")].concat();
    assert_eq!(alice.says(&three), ok("GET /1") + &bytes("hello") + &ok("GET /3"));
    assert_eq!(alice.says(get("/4")), ok("GET /4"));
    assert!(alice.is_open());
}

#[test]
fn no_answer_depends_on_how_the_bytes_were_cut() {
    let story = [
        get("/1"),
        "\r\n".into(),
        post("/read", "Transfer-Encoding: chunked\r\n", "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"),
        post("/nobody-reads", "Content-Length: 4\r\n", "GET "),
        post("/nobody-reads", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"),
        "HEAD /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".into(),
        get("/stream"),
        "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n".into(),
        "bad\r\n\r\n".into(),
    ]
    .concat();
    let whole = client().says(&story);
    assert!(whole.contains("HTTP/1.1 400"), "{whole}");
    for at in 1..story.len() {
        let mut alice = client();
        let answers = alice.says(&story[..at]) + &alice.says(&story[at..]);
        assert_eq!(answers, whole, "cut at {at}");
    }
    let mut alice = client();
    let single: String = story.bytes().map(|byte| alice.says([byte])).collect();
    assert_eq!(single, whole);
}

#[test]
fn rfc_9112_9_3_who_keeps_a_connection() {
    let stays = |version: &str, fields: &str| {
        let mut alice = client();
        let answer = alice.says(format!("GET / HTTP/{version}\r\nHost: x\r\n{fields}\r\n"));
        assert_eq!(answer.contains("\nConnection: close\n"), !alice.is_open(), "{answer}");
        assert_eq!(
            answer.contains("\nConnection: keep-alive\n"),
            version == "1.0" && alice.is_open(),
            "{answer}"
        );
        alice.is_open()
    };
    assert!(stays("1.1", ""));
    assert!(stays("1.1", "Connection: x, keep-alive\r\n"));
    assert!(!stays("1.1", "Connection: close\r\n"));
    assert!(!stays("1.1", "connection: Foo , CLOSE\r\n"));
    assert!(!stays("1.1", "Connection: foo\r\nConnection: close\r\n"));
    assert!(stays("1.1", "Connection: closed\r\n"), "a token, not a part of one");
    assert!(!stays("1.0", ""));
    assert!(stays("1.0", "Connection: Keep-Alive\r\n"));
    assert!(!stays("1.0", "Connection: keep-alive, close\r\n"));
}

#[test]
fn nothing_behind_a_last_request_is_answered() {
    let mut alice = client();
    let answers = alice.says("GET / HTTP/1.0\r\n\r\n".to_owned() + &get("/2"));
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
    assert!(!alice.is_open());
}

#[test]
fn a_refused_head_is_the_end() {
    let mut alice = client();
    let answers = alice.says(get("/1") + "GET /2 HTTP/1.1\r\nHost : x\r\n\r\n" + &get("/3"));
    let second = answers.strip_prefix(&ok("GET /1")).expect("the first is answered");
    refused(second, "400");
    assert!(second.contains("RFC 9112 §5.1"), "{second}");
    assert!(!alice.is_open());
}

#[test]
fn an_empty_line_between_requests_is_no_request() {
    // Old browsers sent one behind the body of a POST (RFC 9112 §2.2).
    let mut alice = client();
    let answers = alice.says(post("/read", "Content-Length: 1\r\n", "x\r\n") + &get("/2") + "\r\n");
    assert_eq!(answers, bytes("x") + &ok("GET /2"));
    assert_eq!(alice.waits(30), "", "and so it brings no 408");
    assert!(alice.is_open());
    assert_eq!(alice.ends(), "", "nor 400 at its end");
    assert!(!alice.is_open());
}

#[test]
fn the_end_of_the_client() {
    let mut idle = client();
    assert_eq!((idle.ends(), idle.is_open()), (String::new(), false));
    let mut between = client();
    assert_eq!(between.says(get("/1")), ok("GET /1"));
    assert_eq!((between.ends(), between.is_open()), (String::new(), false));
    let mut half = client();
    half.says("GET / HT");
    refused(&half.ends(), "400");
    let mut body = client();
    body.says(post("/read", "Content-Length: 9\r\n", "x"));
    refused(&body.ends(), "400");
    assert_eq!(body.told(), ["gone /read"]);
    let mut drain = client();
    assert_eq!(drain.says(post("/", "Content-Length: 9\r\n", "x")), ok("POST /"));
    assert_eq!((drain.ends(), drain.is_open()), (String::new(), false), "it has its answer");
}

#[test]
fn rfc_9110_7_8_the_successor_gets_the_bytes_behind() {
    let mut alice = client();
    let answer = alice.says(get("/1") + &get("/switch") + "hello");
    assert_eq!(answer, ok("GET /1") + "HTTP/1.1 101 Switching Protocols\nUpgrade: shouting\n\nHELLO");
    assert_eq!(alice.says("again"), "AGAIN");
    assert_eq!(alice.waits(3600), "", "no deadline of HTTP is left");
    alice.ends();
    assert_eq!(alice.told(), ["successor ended"]);
}

// Otherwise a WebSocket hears neither of a room's messages nor of its own output that has left.
#[test]
fn rfc_9110_7_8_after_101_the_successor_is_woken_and_told_what_has_left() {
    let mut alice = client();
    alice.says(get("/switch"));
    alice.is_woken();
    alice.0.call(poll::Protocol::drained);
    assert_eq!(alice.told(), ["successor woken", "successor drained"]);
}

// Otherwise half a frame that came right behind the upgrade is lost, and the WebSocket ends with the next bytes.
#[test]
fn rfc_9110_7_8_what_the_successor_leaves_is_shown_again() {
    let mut alice = client();
    let answer = alice.says(get("/switch") + "twenty-");
    assert!(answer.ends_with("\n\nTWENTY"), "{answer}");
    assert_eq!(alice.0.unused(), b"-");
    assert_eq!(alice.says("one"), "-ONE");
}

// Otherwise who upgrades and never reads has a server that answers all that came behind, in memory.
#[test]
fn rfc_9110_7_8_the_successor_is_shown_nothing_while_its_client_does_not_read() {
    let limits = poll::Limits { pending: 10, ..poll::Limits::default() };
    let mut alice = Client(Rehearsal::with_limits(Server::default(), limits));
    alice.0.receive((get("/switch") + "hello").as_bytes());
    assert_eq!(alice.0.unused(), b"hello", "the 101 itself has not been read");
    let answer = alice.reads();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\n\nHELLO"), "{answer}");
}

// Otherwise a large message is gathered by copying it, or never: the successor waits for the bytes of its room.
#[test]
fn rfc_9110_7_8_the_successor_offers_its_own_room() {
    let mut alice = client();
    alice.says(get("/switch"));
    assert_eq!(alice.says("<"), "<");
    assert_eq!(alice.says("ab"), "AB");
    assert_eq!(alice.says("cdef"), "CDEF");
    assert_eq!(alice.told(), ["successor filled 2", "successor filled 2"], "what is behind the room is data");
}

#[test]
fn a_request_with_a_body_is_not_switched() {
    for path in ["/switch", "/read-then-switch"] {
        let mut alice = client();
        let answer = alice.says(post(path, "Content-Length: 5\r\n", "hello") + "more");
        assert!(!answer.contains("MORE") && !answer.contains("HELLO"), "{answer}");
        assert!(!alice.is_open());
    }
    let mut alice = client();
    let answer = alice.says(get("/read-then-switch") + "more");
    assert!(answer.ends_with("\n\nMORE"), "no body, and read to its end: {answer}");
}
