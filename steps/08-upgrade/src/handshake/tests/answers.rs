//! What the client gets, 101 or a refusal, without a socket.

use keep_alive::{Handler, Http, Limits, Next, NoSuccessor};
use poll::{Rehearsal, World};

use super::*;

/// Answers a handshake, and never switches: what is asked here is what the answer says.
struct Door;

impl World for Door {}

impl Handler for Door {
    type Exchange = ();
    type Successor = NoSuccessor<Door>;

    fn limits(&self) -> &keep_alive::Limits {
        &Limits::DEFAULT
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Door> {
        match Handshake::check(head) {
            Ok(handshake) => {
                handshake.accept(answer, handshake.choose(&["v2", "v1"]), |head| head.field("X-More", "yes"));
            }
            Err(refusal) => refusal.answer(answer),
        }
        Next::Done
    }
}

/// A connection, and the answer to a request with these lines on it. The Date is cut out.
fn asked(start: &str, lines: &str) -> (Rehearsal<Http<Door>>, String) {
    let mut connection = Rehearsal::new(Door);
    connection.receive(format!("{start}\r\nHost: a\r\n{lines}\r\n").as_bytes());
    let answer = String::from_utf8(connection.sent()).unwrap();
    let (before, date) = answer.split_once("Date: ").unwrap_or((&answer, "\r\n"));
    let answer = format!("{before}{}", date.split_once("\r\n").unwrap().1);
    (connection, answer)
}

/// The browser compares three fields and fails the connection if one is missing or wrong. The fields that the
/// caller adds come too.
#[test]
fn rfc_6455_4_2_2_the_101_says_the_three_things_that_a_client_looks_for() {
    let (_, answer) = asked("GET / HTTP/1.1", &without(&[]));
    assert_eq!(
        answer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-More: yes\r\n\r\n"
    );
}

/// Where none was chosen the field must be absent, not empty: the client takes an empty one for a subprotocol that
/// it never offered, and leaves.
#[test]
fn rfc_6455_4_2_2_a_subprotocol_is_named_only_where_one_was_chosen() {
    for (offer, named) in [("v1", Some("v1")), ("v0, v2", Some("v2")), ("v0", None)] {
        let (_, answer) =
            asked("GET / HTTP/1.1", &(without(&[]) + &format!("Sec-WebSocket-Protocol: {offer}\r\n")));
        let field = answer.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(field, named, "offered: {offer}\n{answer}");
    }
}

/// 426 without `Upgrade` is no 426: the client must learn what it should ask for, and in which version.
#[test]
fn rfc_9110_15_5_22_a_426_says_what_to_ask_for() {
    for lines in ["", &without(&["Sec-WebSocket-Version"]), &without(&["Connection"])] {
        let (_, answer) = asked("GET / HTTP/1.1", lines);
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        for field in ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"] {
            assert!(answer.contains(&format!("\r\n{field}\r\n")), "no {field}:\n{answer}");
        }
    }
}

/// 405 must say which methods are allowed. It carries none of the fields of a 426.
#[test]
fn rfc_9110_15_5_6_a_405_names_the_method_that_is_allowed() {
    let (_, answer) = asked("DELETE / HTTP/1.1", &without(&[]));
    assert!(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{answer}");
    assert!(answer.contains("\r\nAllow: GET\r\n") && !answer.contains("Upgrade:"), "{answer}");
}

/// Somebody reads this answer in a terminal and must find out what to do better: the reason stands in its text.
#[test]
fn a_refusal_says_in_words_what_was_wrong() {
    let (_, answer) = asked("GET / HTTP/1.1", &without(&["Sec-WebSocket-Key"]));
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    let (_, text) = answer.split_once("\r\n\r\n").expect("an empty line ends the head");
    let why = Refusal::KeyMissing.to_string();
    assert!(text.contains(&why), "the text does not say: {why}\n{answer}");
}

/// A refusal is an HTTP answer like any other: the next request is served. But where a body was announced nobody
/// knows whose the next bytes are, and where the extensions are malformed the RFC wants the connection closed.
#[test]
fn a_refusal_keeps_the_connection_where_the_next_request_is_certain() {
    let (mut connection, answer) = asked("GET / HTTP/1.1", &without(&["Sec-WebSocket-Key"]));
    assert!(!answer.contains("Connection: close"), "{answer}");
    connection.receive(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", without(&[])).as_bytes());
    assert!(connection.sent().starts_with(b"HTTP/1.1 101 "), "the second request is right");

    for lines in ["Content-Length: 5\r\n", "Sec-WebSocket-Extensions: a b\r\n"] {
        let (connection, answer) = asked("GET / HTTP/1.1", &(without(&[]) + lines));
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n") && !connection.is_open(), "{answer}");
    }
}
