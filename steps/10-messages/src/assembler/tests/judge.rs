//! What a header alone tells.

use super::extension::{Doubled, doubled};
use super::*;

/// Judges the header of a frame of so many bytes, with no message begun or with one whose frames have declared so much.
fn judged(begun: Option<u64>, header: Header) -> Result<(), MessageError> {
    let mut assembler = Assembler::new(Role::Server, Doubled::default());
    assembler.unfinished = begun.map(|declared| {
        let (decoder, collected) = (Decoder::new(Role::Server), Collected::new(Opcode::Text));
        Box::new(Unfinished { decoder, collected, declared, packed: false })
    });
    assembler.judge(&header, LIMIT)
}

/// Between messages a message may begin, within one it may go on. A control frame may come at any time: if it could
/// not, no Ping would get through while a large message is on its way.
#[test]
fn section_5_4_a_header_tells_whether_its_frame_may_come_now() {
    for begins in [Opcode::Text, Opcode::Binary] {
        assert_eq!(judged(None, Header::new(begins, 10)), Ok(()), "{begins} between messages");
        let inside = Err(MessageError::MessageInsideMessage(begins));
        assert_eq!(judged(Some(0), Header::new(begins, 10)), inside, "{begins} within a message");
    }
    let continuation = Header::new(Opcode::Continuation, 10);
    let nothing = Err(MessageError::NothingToContinue);
    assert_eq!(judged(None, continuation), nothing, "a continuation between messages");
    assert_eq!(judged(Some(0), continuation), Ok(()), "a continuation within a message");
    for control in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
        assert_eq!(judged(None, Header::new(control, 10)), Ok(()));
        assert_eq!(
            judged(Some(LIMIT as u64), Header::new(control, 10)),
            Ok(()),
            "it is no part of the message"
        );
    }
}

/// A reserved bit has a meaning only where the extension gives it one: on the first frame of a message.
#[test]
fn section_5_2_a_header_tells_whether_its_reserved_bits_have_a_meaning() {
    let text = judged(None, doubled(Opcode::Text));
    assert_eq!(text, Ok(()), "RSV2 on the first frame of a message, and the extension has RSV2");
    for opcode in [Opcode::Continuation, Opcode::Ping, Opcode::Close] {
        let reserved = Err(MessageError::Reserved(opcode, Rsv::RSV2));
        assert_eq!(judged(Some(0), doubled(opcode)), reserved, "RSV2 on a {opcode} frame");
    }
    for rsv in [Rsv::RSV1, Rsv::RSV1 | Rsv::RSV2] {
        let header = Header { rsv, ..Header::new(Opcode::Binary, 0) };
        let reserved = Err(MessageError::Reserved(Opcode::Binary, rsv));
        assert_eq!(judged(None, header), reserved, "RSV {rsv}, and the extension has RSV2 only");
    }
}

/// The limit is that of the message, so the lengths of its frames are added up, and the sum must not wrap around: two
/// huge lengths would make a small one.
#[test]
fn section_7_4_1_a_header_tells_whether_its_message_gets_too_big() {
    let too_big = |length| Err(MessageError::TooBig { length, limit: LIMIT });
    let limit = LIMIT as u64;
    let goes_on = |declared, length| judged(Some(declared), Header::new(Opcode::Continuation, length));
    assert_eq!(judged(None, Header::new(Opcode::Binary, limit)), Ok(()), "one frame, as long as allowed");
    assert_eq!(judged(None, Header::new(Opcode::Binary, limit + 1)), too_big(limit + 1), "one byte more");
    assert_eq!(goes_on(limit - 10, 10), Ok(()), "two frames, as long as allowed together");
    assert_eq!(goes_on(limit - 10, 11), too_big(limit + 1), "two frames, one byte more");
    assert_eq!(goes_on(2, u64::MAX), too_big(u64::MAX), "a sum that does not fit into 64 bits");
}
