//! A whole connection of the demo, without a socket: the switch, and what comes behind it.

use poll::{Protocol, Rehearsal};

use super::*;

/// The masked "Hello" of RFC 6455 §5.7.
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

fn connection() -> Rehearsal<Http<Demo>> {
    Rehearsal::new(Demo { limits: Limits::DEFAULT, seen: Seen::default() })
}

/// A handshake for `/socket?tab=T` with one more line.
fn handshake(line: &str) -> Vec<u8> {
    format!(
        "GET /socket?tab=T HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{line}\r\n"
    )
    .into_bytes()
}

/// What the page would be shown: [`Seen::of_tab`].
fn seen(connection: &Rehearsal<Http<Demo>>) -> String {
    connection.world.seen.of_tab("T").unwrap_or_else(|| "no connection of this tab".into())
}

/// 101, and the page is told which key, which answer and which subprotocol it was. An offer counts by our
/// preference: bits.v2 before bits.v1.
#[test]
fn a_handshake_that_is_right_is_answered_and_remembered() {
    let mut connection = connection();
    connection.receive(&handshake("Sec-WebSocket-Protocol: bits.v1, bits.v2\r\n"));
    let answer = String::from_utf8(connection.sent()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("\r\nSec-WebSocket-Protocol: bits.v2\r\n"), "{answer}");
    assert_eq!(
        seen(&connection),
        "key: dGhlIHNhbXBsZSBub25jZQ==\naccept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\nsubprotocol: bits.v2\n\
         extensions: none\nbytes: 0\n\n"
    );
}

/// What is no handshake stays HTTP: it is refused in words, nothing is remembered, and the same connection may ask
/// again.
#[test]
fn a_handshake_that_is_wrong_switches_nothing() {
    let mut connection = connection();
    connection.receive(b"GET /socket?tab=T HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(connection.sent().starts_with(b"HTTP/1.1 426 "));
    assert_eq!(seen(&connection), "no connection of this tab");
    connection.receive(&handshake(""));
    assert!(connection.sent().starts_with(b"HTTP/1.1 101 "), "the second question is right");
}

/// All of them are taken, also beyond what is shown: a successor that leaves bytes unused is shown them again with
/// the next, and counts them twice.
#[test]
fn the_successor_takes_all_bytes_and_notes_the_first() {
    let mut connection = connection();
    connection.receive(&handshake(""));
    connection.sent();
    let mut raw = Raw::default();
    let mut bytes = [&HELLO[..], &[0; 100]].concat();
    connection.call(|_, demo, io| assert_eq!(raw.data(&mut bytes, demo, io), 111, "bytes taken"));
    let seen = seen(&connection);
    assert!(seen.contains("\nbytes: 111\n\n81 10000001\n85 10000101\n37 00110111\n"), "{seen}");
}

/// After the 101 there is no HTTP, whatever the bytes look like: not in the packet of the request, not in a later
/// one. A server that answers them still has its HTTP parser in front.
#[test]
fn behind_the_handshake_no_byte_is_lost_and_none_is_http() {
    let whole = [&handshake("")[..], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"].concat();
    for cut in [handshake("").len(), whole.len() - 27, whole.len() - 10, whole.len()] {
        let mut connection = connection();
        connection.receive(&whole[..cut]);
        connection.receive(&whole[cut..]);
        let answer = String::from_utf8(connection.sent()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "only one answer:\n{answer}");
        assert!(seen(&connection).contains("\nbytes: 27\n\n47 01000111\n45 01000101\n"), "cut at {cut}");
        assert!(connection.is_open());
    }
}
