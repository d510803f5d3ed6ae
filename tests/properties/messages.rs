//! Rung 10 under arbitrary input: any message in any fragments in any reads is one message.

use std::borrow::Cow;

use frames::{Header, Opcode, Role, write_frame};
use messages::{Assembler, Close, Event, Message, MessageError};
use proptest::collection::vec;
use proptest::prelude::*;

const LIMIT: usize = 2000;

/// An event that has outlived the buffer it was lent from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Message(Message<'static>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

fn seen(event: Event<'_>) -> Seen {
    match event {
        Event::Message(Message::Text(text)) => Seen::Message(Message::Text(Cow::Owned(text.into_owned()))),
        Event::Message(Message::Binary(bytes)) => {
            Seen::Message(Message::Binary(Cow::Owned(bytes.into_owned())))
        }
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(Close { code, reason }) => Seen::Close(code, reason.into()),
    }
}

/// What comes out of `wire`, read in these sizes, over and over.
fn assembled(wire: &[u8], sizes: &[usize]) -> (Vec<Seen>, Option<MessageError>) {
    let mut assembler = Assembler::new(Role::Server, ());
    let (mut carry, mut rest, mut events) = (Vec::new(), wire, Vec::new());
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (read, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        carry.extend_from_slice(read);
        let mut input = &mut carry[..];
        loop {
            match assembler.next(&mut input, LIMIT) {
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

fn put(wire: &mut Vec<u8>, fin: bool, opcode: Opcode, payload: &[u8]) {
    let header = Header { fin, masking_key: Some([3, 141, 59, 26]), ..Header::new(opcode, 0) };
    write_frame(header, payload, wire);
}

/// A message, the places where it is cut into fragments, and what comes between them.
#[derive(Debug, Clone)]
struct Sent {
    message: Message<'static>,
    cuts: Vec<prop::sample::Index>,
    between: Vec<Seen>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let message = prop_oneof![
        "\\PC{0,60}".prop_map(|text| Message::Text(Cow::Owned(text))),
        vec(any::<u8>(), 0..400).prop_map(|bytes| Message::Binary(Cow::Owned(bytes))),
    ];
    let control = prop_oneof![
        vec(any::<u8>(), 0..126).prop_map(Seen::Ping),
        vec(any::<u8>(), 0..126).prop_map(Seen::Pong),
    ];
    (message, vec(any::<prop::sample::Index>(), 0..5), vec(control, 0..3))
        .prop_map(|(message, cuts, between)| Sent { message, cuts, between })
}

impl Sent {
    /// Appends it to `wire`, and to `expected` what should come out: what stands between two fragments before the
    /// message, or behind it when there is only one.
    fn write(&self, wire: &mut Vec<u8>, expected: &mut Vec<Seen>) {
        let payload = self.message.as_bytes();
        let mut ends: Vec<usize> = self.cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(payload.len());
        let (mut begin, mut opcode) = (0, self.message.opcode());
        let mut between = self.between.iter();
        for (i, &end) in ends.iter().enumerate() {
            let fin = i == ends.len() - 1;
            put(wire, fin, opcode, &payload[begin..end]);
            (begin, opcode) = (end, Opcode::Continuation);
            let control = if fin {
                expected.push(Seen::Message(self.message.clone()));
                None
            } else {
                between.next()
            };
            if let Some(control) = control {
                write_control(control, wire);
                expected.push(control.clone());
            }
        }
        for control in between {
            write_control(control, wire);
            expected.push(control.clone());
        }
    }
}

fn write_control(control: &Seen, wire: &mut Vec<u8>) {
    match control {
        Seen::Ping(payload) => put(wire, true, Opcode::Ping, payload),
        Seen::Pong(payload) => put(wire, true, Opcode::Pong, payload),
        other => unreachable!("{other:?} is not sent between fragments"),
    }
}

proptest! {
    #[test]
    fn messages_come_out_as_they_were_sent(sent in vec(sent(), 0..6), sizes in vec(1..200_usize, 1..8)) {
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        sent.iter().for_each(|sent| sent.write(&mut wire, &mut expected));
        prop_assert_eq!(assembled(&wire, &sizes), (expected, None));
    }

    #[test]
    fn text_is_accepted_exactly_when_it_is_utf_8(
        // Bytes of which many begin or continue a character, so that some of it is valid.
        bytes in vec(prop_oneof![any::<u8>(), 0x80..=0xbf_u8, 0xc0..=0xf5_u8, 0x20..=0x7f_u8], 0..8),
        cut in any::<prop::sample::Index>(),
        sizes in vec(1..20_usize, 1..4),
    ) {
        let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
        let mut wire = Vec::new();
        put(&mut wire, false, Opcode::Text, head);
        put(&mut wire, true, Opcode::Continuation, tail);
        let expected = match String::from_utf8(bytes) {
            Ok(text) => (vec![Seen::Message(Message::Text(text.into()))], None),
            Err(_) => (vec![], Some(MessageError::NotUtf8)),
        };
        prop_assert_eq!(assembled(&wire, &sizes), expected);
    }

    #[test]
    fn whatever_comes_comes_out_alike_however_it_is_cut(
        frames in vec((any::<bool>(), 0..12_usize, vec(any::<u8>(), 0..40), any::<u8>()), 0..10),
        sizes in vec(1..30_usize, 1..6),
    ) {
        const OPCODES: [Opcode; 6] =
            [Opcode::Text, Opcode::Continuation, Opcode::Binary, Opcode::Ping, Opcode::Pong, Opcode::Close];
        let mut wire = Vec::new();
        for (fin, opcode, payload, noise) in frames {
            let opcode = OPCODES[opcode.saturating_sub(4).min(5)];
            let at = wire.len();
            put(&mut wire, fin || opcode.is_control(), opcode, &payload);
            // One frame in eight has a byte that is not what it should be.
            if noise < 32 {
                wire[at] ^= noise;
            }
        }
        prop_assert_eq!(assembled(&wire, &sizes), assembled(&wire, &[usize::MAX]));
    }
}
