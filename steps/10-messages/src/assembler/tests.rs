mod extension;
mod judge;

use frames::{FrameError, write_frame};

use super::*;

const LIMIT: usize = 1000;

/// An event that has outlived the buffer it was lent from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

fn seen(event: Event<'_>) -> Seen {
    match event {
        Event::Message(Message::Text(text)) => Seen::Text(text.into_owned()),
        Event::Message(Message::Binary(bytes)) => Seen::Binary(bytes.to_vec()),
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(close) => Seen::Close(close.code, close.reason.into()),
    }
}

fn text(text: &str) -> Seen {
    Seen::Text(text.into())
}

/// A client, who writes frames.
#[derive(Default, Clone)]
struct Wire(Vec<u8>);

impl Wire {
    fn frame(self, opcode: Opcode, payload: &[u8]) -> Wire {
        self.put(Header::new(opcode, 0), payload)
    }

    fn fragment(self, opcode: Opcode, payload: &[u8]) -> Wire {
        self.put(Header { fin: false, ..Header::new(opcode, 0) }, payload)
    }

    fn put(mut self, header: Header, payload: &[u8]) -> Wire {
        write_frame(Header { masking_key: Some([0x37, 0xfa, 0x21, 0x3d]), ..header }, payload, &mut self.0);
        self
    }

    /// Only a header; of the payload nothing.
    fn announce(mut self, header: Header) -> Wire {
        Header { masking_key: Some([1, 2, 3, 4]), ..header }.write(&mut self.0);
        self
    }
}

/// Feeds `wire` in reads of `size` bytes, as the loop does it: the events, then the error if there was one. Twice, with the
/// short way for the usual message and without: it makes no difference.
fn run<U: Unpack + Clone>(unpack: U, wire: &[u8], size: usize) -> (Vec<Seen>, Option<MessageError>) {
    let all = feed(unpack.clone(), wire, size, false);
    assert_eq!(feed(unpack, wire, size, true), all, "the short way, and the long one");
    all
}

fn feed<U: Unpack>(unpack: U, wire: &[u8], size: usize, short: bool) -> (Vec<Seen>, Option<MessageError>) {
    let mut assembler = Assembler::new(Role::Server, unpack);
    let (mut carry, mut events) = (Vec::new(), Vec::new());
    for read in wire.chunks(size.max(1)) {
        carry.extend_from_slice(read);
        let mut input = &mut carry[..];
        loop {
            let usual = if short { assembler.short(&mut input, LIMIT) } else { None };
            let event = match usual {
                Some(Ok(message)) => Ok(Some(Event::Message(message))),
                Some(Err(error)) => Err(error.into()),
                None => assembler.next(&mut input, LIMIT),
            };
            match event {
                Ok(Some(event)) => events.push(seen(event)),
                Ok(None) => break,
                Err(error) => return (events, Some(error)),
            }
        }
        let left = input.len();
        carry.drain(..carry.len() - left);
    }
    (events, None)
}

/// What comes out, whole, in reads of every size, and with more behind it.
fn assembled(wire: Wire) -> (Vec<Seen>, Option<MessageError>) {
    let whole = run((), &wire.0, usize::MAX);
    for size in 1..wire.0.len() {
        assert_eq!(run((), &wire.0, size), whole, "reads of {size} bytes");
    }
    if whole.1.is_none() {
        let mut with_more = whole.clone();
        with_more.0.push(Seen::Pong(b"behind".to_vec()));
        assert_eq!(run((), &wire.frame(Opcode::Pong, b"behind").0, usize::MAX), with_more);
    }
    whole
}

fn events(wire: Wire) -> Vec<Seen> {
    let (events, error) = assembled(wire);
    assert_eq!(error, None);
    events
}

/// The only thing that comes out is this error.
fn refused(wire: Wire) -> MessageError {
    let (events, error) = assembled(wire);
    assert_eq!(events, []);
    error.expect("an error")
}

#[test]
fn section_5_6_text_and_binary() {
    let wire = Wire::default()
        .frame(Opcode::Text, "grüße".as_bytes())
        .frame(Opcode::Binary, &[0, 255, 128])
        .frame(Opcode::Text, b"")
        .frame(Opcode::Binary, b"");
    assert_eq!(
        events(wire),
        [text("grüße"), Seen::Binary(vec![0, 255, 128]), text(""), Seen::Binary(vec![])]
    );
}

#[test]
fn section_5_4_fragments_make_one_message() {
    let wire = Wire::default()
        .fragment(Opcode::Text, b"one ")
        .fragment(Opcode::Continuation, b"")
        .fragment(Opcode::Continuation, b"message")
        .frame(Opcode::Continuation, b"")
        .fragment(Opcode::Binary, &[1])
        .frame(Opcode::Continuation, &[2]);
    assert_eq!(events(wire), [text("one message"), Seen::Binary(vec![1, 2])]);
}

/// A control frame may stand between two fragments. It comes out at once, and the message is whole all the same.
#[test]
fn section_5_4_control_frames_come_through_between_fragments() {
    let wire = Wire::default()
        .fragment(Opcode::Text, b"a")
        .frame(Opcode::Ping, b"1")
        .fragment(Opcode::Continuation, b"b")
        .frame(Opcode::Pong, b"2")
        .frame(Opcode::Continuation, b"c");
    assert_eq!(events(wire), [Seen::Ping(b"1".into()), Seen::Pong(b"2".into()), text("abc")]);
}

#[test]
fn section_5_4_a_continuation_needs_a_message() {
    for wire in [
        Wire::default().frame(Opcode::Continuation, b"of nothing"),
        Wire::default().fragment(Opcode::Continuation, b""),
    ] {
        assert_eq!(refused(wire), MessageError::NothingToContinue);
    }
    let (events, error) =
        assembled(Wire::default().frame(Opcode::Text, b"whole").frame(Opcode::Continuation, b"more"));
    assert_eq!((events, error), (vec![text("whole")], Some(MessageError::NothingToContinue)));
}

#[test]
fn section_5_4_no_message_inside_a_message() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        for wire in [
            Wire::default().fragment(Opcode::Text, b"first").frame(opcode, b"second"),
            Wire::default().fragment(Opcode::Text, b"first").fragment(opcode, b"second"),
        ] {
            assert_eq!(refused(wire), MessageError::MessageInsideMessage(opcode));
        }
    }
}

#[test]
fn section_5_2_reserved_bits_mean_nothing_without_an_extension() {
    for rsv in [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3] {
        for opcode in [Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong] {
            let wire = Wire::default().announce(Header { rsv, ..Header::new(opcode, 0) });
            assert_eq!(refused(wire), MessageError::Reserved(opcode, rsv));
        }
        let header = Header { rsv, ..Header::new(Opcode::Continuation, 0) };
        let wire = Wire::default().fragment(Opcode::Text, b"a").put(header, b"b");
        assert_eq!(refused(wire), MessageError::Reserved(Opcode::Continuation, rsv));
    }
}

#[test]
fn section_5_5_a_frame_error_is_passed_on() {
    assert_eq!(refused(Wire(vec![0x81, 0x00])), MessageError::Frame(FrameError::Unmasked));
}

#[test]
fn section_5_5_1_a_close_frame_is_read() {
    let wire = Wire::default().frame(Opcode::Close, b"\x03\xe8done");
    assert_eq!(run((), &wire.0, usize::MAX).0, [Seen::Close(1000, "done".into())]);
    assert_eq!(refused(Wire::default().frame(Opcode::Close, b"\x03")), MessageError::HalfCloseCode);
}

/// Each fragment alone is no UTF-8. All together are.
#[test]
fn section_5_6_a_character_may_be_cut_by_a_fragment() {
    let wire = Wire::default()
        .fragment(Opcode::Text, b"\xf0\x9f")
        .frame(Opcode::Ping, b"")
        .fragment(Opcode::Continuation, b"\xa6")
        .frame(Opcode::Continuation, b"\x80!");
    assert_eq!(events(wire), [Seen::Ping(vec![]), text("🦀!")]);
}

#[test]
fn section_8_1_text_that_is_not_utf_8_is_refused() {
    for wire in [
        Wire::default().frame(Opcode::Text, b"\xff"),
        Wire::default().frame(Opcode::Text, b"cut \xc3"),
        Wire::default().fragment(Opcode::Text, b"good").frame(Opcode::Continuation, b"\x80"),
        Wire::default().fragment(Opcode::Text, b"cut \xe2\x82").frame(Opcode::Continuation, b""),
        Wire::default().fragment(Opcode::Text, b"\xed").frame(Opcode::Continuation, b"\xa0\x80"),
    ] {
        assert_eq!(refused(wire), MessageError::NotUtf8);
    }
}

#[test]
fn section_8_1_the_first_impossible_byte_fails_although_frame_and_message_go_on() {
    let mut wire = Wire::default().announce(Header::new(Opcode::Text, 500));
    let mut payload = *b"text, then \xed\xa0 and more";
    frames::mask(&mut payload, [1, 2, 3, 4], 0);
    let header = wire.0.len();
    wire.0.extend_from_slice(&payload);
    // Byte by byte: it is the 0xa0, the thirteenth payload byte, that no text can have here.
    assert_eq!(run((), &wire.0[..header + 12], 1), (vec![], None));
    assert_eq!(run((), &wire.0[..header + 13], 1), (vec![], Some(MessageError::NotUtf8)));
    assert_eq!(refused(wire), MessageError::NotUtf8);
}

#[test]
fn section_7_4_1_a_message_over_the_limit_is_refused_by_its_header() {
    let (limit, over) = (LIMIT as u64, LIMIT as u64 + 1);
    for length in [over, 1 << 30, (1 << 63) - 1] {
        let wire = Wire::default().announce(Header::new(Opcode::Binary, length));
        assert_eq!(refused(wire), MessageError::TooBig { length, limit: LIMIT });
    }
    let fits = Wire::default().announce(Header::new(Opcode::Binary, limit));
    assert_eq!(run((), &fits.0, usize::MAX), (vec![], None));
    assert_eq!(events(Wire::default().frame(Opcode::Binary, &[7; LIMIT])), [Seen::Binary(vec![7; LIMIT])]);
}

#[test]
fn section_7_4_1_the_limit_counts_all_fragments_of_a_message_and_nothing_else() {
    let halves = Wire::default().fragment(Opcode::Text, &[b'a'; LIMIT / 2]).frame(Opcode::Ping, &[0; 125]);
    let fits = halves.clone().frame(Opcode::Continuation, &[b'a'; LIMIT / 2]);
    assert_eq!(events(fits).len(), 2);
    let over = halves.announce(Header::new(Opcode::Continuation, LIMIT as u64 / 2 + 1));
    let error = MessageError::TooBig { length: LIMIT as u64 + 1, limit: LIMIT };
    assert_eq!(assembled(over).1, Some(error));
    // The sum of two declared lengths may not fit into 64 bits either.
    let huge = Wire::default()
        .fragment(Opcode::Text, b"a")
        .announce(Header::new(Opcode::Continuation, (1 << 63) - 1));
    assert!(matches!(refused(huge), MessageError::TooBig { .. }));
}

/// A limit may be smaller than a short frame, and then the short way must not pass it.
#[test]
fn the_short_way_is_for_limits_that_no_short_message_meets() {
    let assembler = Assembler::new(Role::Server, ());
    for (limit, taken) in [(0, false), (124, false), (125, true), (LIMIT, true)] {
        let mut wire = Wire::default().frame(Opcode::Binary, &[7; 125]).0;
        let mut input = &mut wire[..];
        assert_eq!(
            assembler.short(&mut input, limit).is_some(),
            taken,
            "125 bytes may go the short way, which does not look at their number, only where the limit ({limit}) lets them in"
        );
        assert_eq!(input.is_empty(), taken, "limit {limit}: what is not taken is not used");
    }
}

/// Nearly all messages come whole in one read. Who copies them all pays for it with each.
#[test]
fn a_message_that_came_whole_is_lent_and_one_in_parts_is_collected() {
    let mut assembler = Assembler::new(Role::Server, ());
    let mut wire = Wire::default().frame(Opcode::Text, b"whole").fragment(Opcode::Binary, b"par").0;
    let mut input = &mut wire[..];
    let event = assembler.next(&mut input, LIMIT);
    assert!(matches!(event, Ok(Some(Event::Message(Message::Text(Cow::Borrowed("whole")))))));
    assert!(assembler.unfinished.is_none());
    assert_eq!(assembler.next(&mut input, LIMIT), Ok(None));
    assert!(assembler.unfinished.is_some());
    let mut wire = Wire::default().frame(Opcode::Continuation, b"ts").0;
    let event = assembler.next(&mut &mut wire[..], LIMIT);
    let Ok(Some(Event::Message(Message::Binary(Payload::Owned(bytes))))) = event else { panic!("{event:?}") };
    assert_eq!(*bytes, *b"parts");
    assert!(assembler.unfinished.is_none(), "nothing is kept when the message is out");
}

/// Otherwise each byte of a large upload is copied once more, or a text is let in that nobody has looked at.
#[test]
fn a_large_message_of_bytes_offers_room_for_its_rest_and_a_text_does_not() {
    let (limit, half) = (1 << 20, [b'a'; 100_000]);
    for (opcode, expected) in [(Opcode::Binary, Some(half.len())), (Opcode::Text, None)] {
        let mut wire = Wire::default().announce(Header::new(opcode, 2 * half.len() as u64)).0;
        wire.extend_from_slice(&half);
        let mut assembler = Assembler::new(Role::Server, ());
        assert_eq!(assembler.next(&mut &mut wire[..], limit).map(|event| event.is_none()), Ok(true));
        assert_eq!(
            assembler.room(|length| vec![0; length].into()).map(|room| room.len()),
            expected,
            "{opcode}"
        );
    }
}

#[test]
fn an_idle_assembler_is_16_bytes_and_an_announced_message_costs_what_has_come() {
    assert_eq!(size_of::<Assembler>(), 16);
    let mut wire = Wire::default().announce(Header::new(Opcode::Binary, 1 << 30)).0;
    wire.extend_from_slice(&[0; 10]);
    let mut assembler = Assembler::new(Role::Server, ());
    assert_eq!(assembler.next(&mut &mut wire[..], 1 << 30), Ok(None));
    assert_eq!(assembler.room(|_| panic!("no room is asked for")), None);
    let unfinished = assembler.unfinished.expect("ten bytes have come");
    let Collected::Binary(bytes) = unfinished.collected else { panic!("binary") };
    assert!(bytes.memory() <= 64, "{} bytes", bytes.memory());
}

#[test]
fn every_error_has_a_code_that_may_be_sent_and_tells_its_section() {
    let errors = [
        (MessageError::Frame(FrameError::Masked), 1002),
        (MessageError::Reserved(Opcode::Text, Rsv::RSV1), 1002),
        (MessageError::NothingToContinue, 1002),
        (MessageError::MessageInsideMessage(Opcode::Text), 1002),
        (MessageError::TooBig { length: 2, limit: 1 }, 1009),
        (MessageError::NotUtf8, 1007),
        (MessageError::HalfCloseCode, 1002),
        (MessageError::CloseCode(1005), 1002),
        (MessageError::CloseReasonNotUtf8, 1007),
    ];
    for (error, code) in errors {
        assert_eq!(error.close_code(), code);
        assert!(error.to_string().contains("(RFC 6455 §"), "{error}");
    }
    let error = MessageError::CannotUnpack("the extension's own words");
    assert_eq!((error.close_code(), error.to_string().as_str()), (1007, "the extension's own words"));
}
