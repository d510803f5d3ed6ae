//! The parts of the echo, each on its own.

use keep_alive::{Http, Limits};
use poll::Rehearsal;

use super::*;

/// What is sent while `callback` has the connection, and whether the connection is open afterwards.
fn sent(callback: impl FnOnce(&mut Io<'_>)) -> (Vec<u8>, bool) {
    let mut connection = Rehearsal::<Http<Demo>>::new(Demo { limits: Limits::DEFAULT });
    connection.call(|_, _, io| callback(io));
    (connection.sent(), connection.is_open())
}

/// A header as a client sends it.
fn masked(opcode: Opcode, length: u64) -> Header {
    Header { masking_key: Some([1, 2, 3, 4]), ..Header::new(opcode, length) }
}

/// The first piece of a frame, which may be the only one.
fn first(header: Header, payload: &[u8]) -> Piece<'_> {
    let left = header.length - payload.len() as u64;
    Piece { fin: header.fin, rsv: header.rsv, opcode: header.opcode, start: Some(header), payload, left }
}

/// A later piece of a text frame.
fn more(payload: &[u8], left: u64) -> Piece<'_> {
    Piece { fin: true, rsv: Rsv::NONE, opcode: Opcode::Text, start: None, payload, left }
}

/// The payload of a Close frame is the code in two bytes, high byte first, and then the reason, with no byte between.
/// Behind it comes FIN, so the connection must not stay open.
#[test]
fn section_5_5_1_a_close_frame_is_a_code_and_a_reason() {
    let close = sent(|io| Echo::new(false).close(1002, "why", io));
    assert_eq!(close, (b"\x88\x05\x03\xeawhy".to_vec(), false));
}

/// FIN, opcode and length are those of the frame that came; the MASK bit and the key are not, since a server never
/// masks. A browser ends a connection on which it sees a mask.
#[test]
fn section_5_1_the_header_of_an_echo_is_the_same_without_its_mask() {
    let fragment = Header { fin: false, ..masked(Opcode::Binary, 300) };
    for (header, echo) in [
        (masked(Opcode::Text, 5), &b"\x81\x05"[..]),
        (fragment, b"\x02\x7e\x01\x2c"),
        (masked(Opcode::Continuation, 0), b"\x80\x00"),
        (masked(Opcode::Close, 2), b"\x88\x02"),
    ] {
        assert_eq!(sent(|io| Echo::new(false).begin(header, b"", io)), (echo.to_vec(), true), "{header:?}");
    }
}

/// A Ping comes back as a Pong with the same length. A Pong is not answered: two programs that answer each other's
/// Pongs never stop.
#[test]
fn section_5_5_2_a_ping_is_answered_by_a_pong_and_a_pong_by_nothing() {
    let ping = sent(|io| Echo::new(false).begin(masked(Opcode::Ping, 3), b"abc", io));
    assert_eq!(ping, (b"\x8a\x03".to_vec(), true));
    let pong = sent(|io| Echo::new(false).begin(masked(Opcode::Pong, 3), b"abc", io));
    assert_eq!(pong, (b"".to_vec(), true));
}

/// The header goes back once, when the frame begins, then each piece of the payload as it comes: a frame of a gigabyte
/// is never held here. `owed` is what has still to come of it.
#[test]
fn a_frame_goes_back_piece_by_piece() {
    let mut echo = Echo::new(false);
    assert_eq!(sent(|io| echo.piece(first(masked(Opcode::Text, 5), b"He"), io)).0, b"\x81\x05He");
    assert_eq!(echo.owed, 3);
    assert_eq!(sent(|io| echo.piece(more(b"ll", 1), io)).0, b"ll");
    assert_eq!(sent(|io| echo.piece(more(b"o", 0), io)), (b"o".to_vec(), true));
    assert_eq!(echo.owed, 0);
}

/// The header of a Ping's echo is a Pong's, with the Ping's payload behind it. A Pong's payload goes nowhere: behind no
/// header it would be read as one.
#[test]
fn section_5_5_2_the_payload_of_a_ping_comes_back_and_that_of_a_pong_does_not() {
    let ping = sent(|io| Echo::new(false).piece(first(masked(Opcode::Ping, 3), b"abc"), io));
    assert_eq!(ping, (b"\x8a\x03abc".to_vec(), true));
    let pong = sent(|io| Echo::new(false).piece(first(masked(Opcode::Pong, 3), b"abc"), io));
    assert_eq!(pong, (b"".to_vec(), true));
}

/// No extension was negotiated, so an RSV bit means nothing that we know: 1002, and not a byte of the frame goes back.
#[test]
fn section_5_2_an_rsv_bit_ends_the_connection() {
    for rsv in [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3] {
        let header = Header { rsv, ..masked(Opcode::Text, 2) };
        let (close, open) = sent(|io| Echo::new(false).piece(first(header, b"hi"), io));
        assert!(!open && close.starts_with(b"\x88"), "RSV {rsv}: {close:?}");
        assert_eq!(close.get(2..4), Some(&b"\x03\xea"[..]), "RSV {rsv}: the code of the Close frame");
    }
}

/// The peer says goodbye: its Close frame comes back with the same code, and that was the last frame of ours.
#[test]
fn section_5_5_1_a_close_frame_is_echoed_and_ends_the_connection() {
    let close = sent(|io| Echo::new(false).piece(first(masked(Opcode::Close, 2), b"\x03\xe8"), io));
    assert_eq!(close, (b"\x88\x02\x03\xe8".to_vec(), false));
}

/// A drawing is a message of ours. Sent between the fragments of the echo it would stand inside a message; a Ping there ends
/// none, for its FIN is its own. And behind a Close frame nothing is sent at all (RFC 6455 §5.5.1).
#[test]
fn drawings_wait_for_the_end_of_the_message_and_never_follow_a_close_frame() {
    let mut echo = Echo::new(true);
    let mut echoed = |header: Header, payload: &[u8]| sent(|io| echo.piece(first(header, payload), io)).0;
    let fragment = Header { fin: false, ..masked(Opcode::Text, 3) };
    assert_eq!(echoed(fragment, b"one"), b"\x01\x03one", "inside a message");
    assert_eq!(echoed(masked(Opcode::Ping, 1), b"p"), b"\x8a\x01p", "a Ping inside a message");
    let last = echoed(masked(Opcode::Continuation, 3), b"two");
    let drawings = last.strip_prefix(b"\x80\x03two").expect("the echo comes first");
    assert_eq!(drawings.first(), Some(&0x81), "the message is over: a text frame with the drawings");
    assert_eq!(echoed(masked(Opcode::Close, 0), b""), b"\x88\x00", "a Close frame is the last");
}

/// After `data` the loop drops the bytes that it says were used, and shows the rest again with more behind it. Half a
/// header must stay, and every whole frame must be gone.
#[test]
fn as_many_bytes_are_used_as_the_decoder_took() {
    let hi = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    let mut wire = [&hi[..], &hi, &hi[..3]].concat();
    let mut connection = Rehearsal::<Http<Demo>>::new(Demo { limits: Limits::DEFAULT });
    connection.call(|_, demo, io| assert_eq!(Echo::new(false).data(&mut wire, demo, io), 16, "bytes used"));
    assert_eq!(connection.sent(), b"\x81\x02hi\x81\x02hi");
}

/// The frames before the wrong one are answered, it is answered by a Close frame with the error's code, and nothing
/// behind it is looked at: nobody knows where the next frame begins. Nor is anything behind a Close frame, for our own
/// was the last that we send: a loop that looks only for the decoder's error goes on there.
#[test]
fn a_wrong_frame_or_a_close_is_the_last() {
    let hi = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    for (what, last, code) in [
        ("a reserved opcode", &[0x83][..], 1002_u16),
        ("an RSV bit", &[0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("a Close frame", &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8], 1000),
    ] {
        let mut wire = [&hi[..], last, &hi].concat();
        let (sent, open) = sent(|io| {
            let mut demo = Demo { limits: Limits::DEFAULT };
            Echo::new(false).data(&mut wire, &mut demo, io);
        });
        let close = sent.strip_prefix(b"\x81\x02hi").expect("the frame before it comes back first");
        assert_eq!((close[0], &close[2..4], open), (0x88, &code.to_be_bytes()[..], false), "{what}");
        assert_eq!(usize::from(close[1]) + 2, close.len(), "{what}: nothing is sent behind a Close frame");
    }
}
