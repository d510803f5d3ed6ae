//! Messages that go through an extension.

use super::*;

/// An extension that doubles each byte on the wire, and marks that with RSV2.
#[derive(Clone, Default)]
pub(super) struct Doubled {
    half: Option<u8>,
}

impl Unpack for Doubled {
    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn unpack(
        &mut self,
        payload: &[u8],
        last: bool,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), MessageError>,
    ) -> Result<(), MessageError> {
        for &byte in payload {
            match self.half.take() {
                None => self.half = Some(byte),
                Some(first) if first == byte => sink(&[byte])?,
                Some(_) => return Err(MessageError::CannotUnpack("two bytes that differ")),
            }
        }
        match self.half {
            Some(_) if last => Err(MessageError::CannotUnpack("half a byte")),
            _ => Ok(()),
        }
    }
}

pub(super) fn doubled(opcode: Opcode) -> Header {
    Header { rsv: Rsv::RSV2, ..Header::new(opcode, 0) }
}

fn unpacked(wire: Wire) -> (Vec<Seen>, Option<MessageError>) {
    let whole = run(Doubled::default(), &wire.0, usize::MAX);
    for size in 1..wire.0.len() {
        assert_eq!(run(Doubled::default(), &wire.0, size), whole, "reads of {size} bytes");
    }
    whole
}

#[test]
fn section_9_an_extension_sees_marked_messages_and_only_those() {
    let wire = Wire::default()
        .put(doubled(Opcode::Text), b"HHii")
        .frame(Opcode::Text, b"HHii")
        .put(Header { fin: false, ..doubled(Opcode::Text) }, b"\xc3")
        .frame(Opcode::Ping, b"HH")
        .frame(Opcode::Continuation, b"\xc3\xa4\xa4");
    let expected = vec![text("Hi"), text("HHii"), Seen::Ping(b"HH".to_vec()), text("ä")];
    assert_eq!(unpacked(wire), (expected, None));
}

#[test]
fn section_9_an_extension_s_bit_stands_on_first_frames_of_messages_only() {
    for wire in [
        Wire::default().frame(Opcode::Text, b"").put(doubled(Opcode::Ping), b""),
        Wire::default().fragment(Opcode::Text, b"a").put(doubled(Opcode::Continuation), b"bb"),
        Wire::default().put(Header { rsv: Rsv::RSV1 | Rsv::RSV2, ..Header::new(Opcode::Text, 0) }, b""),
    ] {
        assert!(matches!(unpacked(wire).1, Some(MessageError::Reserved(..))));
    }
}

#[test]
fn what_an_extension_unpacks_is_checked_as_if_it_had_come_so() {
    let text = |payload: &[u8]| unpacked(Wire::default().put(doubled(Opcode::Text), payload));
    assert_eq!(text(b"\xff\xff"), (vec![], Some(MessageError::NotUtf8)));
    assert_eq!(text(b"\xc3\xc3"), (vec![], Some(MessageError::NotUtf8)));
    assert_eq!(text(b"ab"), (vec![], Some(MessageError::CannotUnpack("two bytes that differ"))));
    assert_eq!(text(b"a"), (vec![], Some(MessageError::CannotUnpack("half a byte"))));
}

/// One byte on the wire is a hundred bytes of payload.
#[derive(Clone)]
struct Bomb;

impl Unpack for Bomb {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn unpack(
        &mut self,
        payload: &[u8],
        _last: bool,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), MessageError>,
    ) -> Result<(), MessageError> {
        payload.iter().try_for_each(|&byte| sink(&[byte; 100]))
    }
}

#[test]
fn the_limit_is_that_of_the_unpacked_message() {
    let header = Header { rsv: Rsv::RSV1, ..Header::new(Opcode::Binary, 0) };
    let fits = Wire::default().put(header, &[7; 10]);
    assert_eq!(run(Bomb, &fits.0, 1), (vec![Seen::Binary(vec![7; 1000])], None));
    let over = Wire::default().put(header, &[7; 11]);
    let error = MessageError::TooBig { length: 1100, limit: LIMIT };
    assert_eq!(run(Bomb, &over.0, 1), (vec![], Some(error)));
    assert_eq!(run(Bomb, &over.0, usize::MAX), (vec![], Some(error)));
}
