//! What the black-box tests do not ask for: the drawings, and the end in the middle of a frame.

use frames::{Header, Opcode, write_frame};
use poll::{Protocol, Rehearsal};

use super::*;

/// A connection after its handshake, and the subprotocol offered, if any.
fn connection(subprotocol: &str) -> Rehearsal<Http<Demo>> {
    let mut connection = Rehearsal::new(Demo { limits: Limits::DEFAULT });
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{subprotocol}\r\n"
    );
    connection.receive(head.as_bytes());
    assert!(connection.sent().starts_with(b"HTTP/1.1 101 "));
    connection
}

fn drawing() -> Rehearsal<Http<Demo>> {
    connection("Sec-WebSocket-Protocol: bits\r\n")
}

/// A frame as a client sends it.
fn sends(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let masking_key = Some([0x37, 0xfa, 0x21, 0x3d]);
    write_frame(Header { fin, masking_key, ..Header::new(opcode, 0) }, payload, &mut wire);
    wire
}

/// A frame as the server sends it.
fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_frame(Header { fin, ..Header::new(opcode, 0) }, payload, &mut wire);
    wire
}

/// Takes `echo` off the front of what was sent; the rest is one text frame of drawings.
fn drawn_after(echo: &[u8], sent: &[u8]) -> String {
    let drawings = sent.strip_prefix(echo).expect("the echo comes first");
    let (header, used) = Header::parse(drawings).unwrap().expect("a text frame of drawings");
    assert_eq!((header.opcode, header.fin), (Opcode::Text, true));
    assert_eq!(header.length, (drawings.len() - used) as u64);
    String::from_utf8(drawings[used..].to_vec()).unwrap()
}

/// One field of each drawing.
fn field<'a>(drawings: &'a str, name: &str) -> Vec<&'a str> {
    drawings.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('\t')).collect()
}

/// The frame comes back first, then a text frame of our own that draws both: what came, with its key, and what went.
#[test]
fn an_echo_and_then_the_bits_of_both_frames() {
    let mut connection = drawing();
    connection.receive(&sends(true, Opcode::Text, b"Hello"));
    let drawings = drawn_after(&frame(true, Opcode::Text, b"Hello"), &connection.sent());
    let first: Vec<&str> = drawings.lines().take(3).collect();
    assert_eq!(first, ["received", "FIN\t1\tthe last frame of its message", "RSV1\t0\t"]);
    assert_eq!(drawings.matches("\n\n").count(), 2);
    assert!(drawings.contains("\n\nsent\nFIN\t1\t"));
    assert_eq!(field(&drawings, "Masking-key"), ["00110111 11111010 00100001 00111101\t37 fa 21 3d"]);
    let payloads = [
        "01111111 10011111 01001101 01010001 01011000\t\"Hello\"",
        "01001000 01100101 01101100 01101100 01101111\t\"Hello\"",
    ];
    assert_eq!(field(&drawings, "Payload Data"), payloads);
}

/// A text frame of our own between the fragments of the echo would end that message. A Ping's FIN says nothing about it.
#[test]
fn drawings_do_not_come_inside_a_message() {
    let mut connection = drawing();
    connection.receive(&sends(false, Opcode::Text, b"one "));
    assert_eq!(connection.sent(), frame(false, Opcode::Text, b"one "));
    connection.receive(&sends(true, Opcode::Ping, b"p"));
    assert_eq!(connection.sent(), frame(true, Opcode::Pong, b"p"));
    connection.receive(&sends(true, Opcode::Continuation, b"message"));
    let drawings = drawn_after(&frame(true, Opcode::Continuation, b"message"), &connection.sent());
    let opcodes: Vec<&str> =
        field(&drawings, "Opcode").iter().map(|field| field.split('\t').nth(1).unwrap()).collect();
    assert_eq!(opcodes, ["text", "text", "ping", "pong", "continuation", "continuation"]);
}

/// Nothing is collected: each piece of a payload goes back when it comes, and the drawing has only the first bytes.
#[test]
fn a_large_frame_is_echoed_as_it_comes_and_drawn_from_its_beginning() {
    let mut connection = drawing();
    let payload = vec![0xab; 100_000];
    let wire = sends(true, Opcode::Binary, &payload);
    let mut sent = Vec::new();
    for piece in wire.chunks(10_000) {
        connection.receive(piece);
        let echoed = connection.sent();
        assert!(!echoed.is_empty(), "each piece goes back at once");
        sent.extend(echoed);
    }
    let drawings = drawn_after(&frame(true, Opcode::Binary, &payload), &sent);
    assert!(field(&drawings, "Payload Data")[1].ends_with("ab ab, and 99992 bytes more"), "{drawings}");
}

/// One drawing, that of the frame that came: nothing went back.
#[test]
fn a_pong_is_drawn_and_not_answered() {
    let mut connection = drawing();
    connection.receive(&sends(true, Opcode::Pong, b""));
    let drawings = drawn_after(b"", &connection.sent());
    assert_eq!(drawings.matches("\n\n").count(), 1);
}

/// Who did not offer `bits` gets its own frames and nothing else.
#[test]
fn nobody_gets_drawings_who_did_not_ask() {
    let mut connection = connection("Sec-WebSocket-Protocol: chat\r\n");
    connection.receive(&sends(true, Opcode::Text, b"Hello"));
    assert_eq!(connection.sent(), frame(true, Opcode::Text, b"Hello"));
}

/// A Close frame may stand between two frames, not inside one: its bytes would be read as payload.
#[test]
fn a_server_that_stops_says_so_but_not_in_the_middle_of_a_frame() {
    let mut idle = connection("");
    idle.call(|connection, demo, io| connection.stop(demo, io));
    assert_eq!(idle.sent(), frame(true, Opcode::Close, b"\x03\xe9the server stops"));
    assert!(!idle.is_open());

    let mut busy = connection("");
    busy.receive(&sends(true, Opcode::Text, b"Hello")[..8]);
    assert_eq!(busy.sent(), b"\x81\x05He");
    busy.call(|connection, demo, io| connection.stop(demo, io));
    assert_eq!(busy.sent(), b"");
    assert!(!busy.is_open());
}
