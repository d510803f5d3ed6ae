//! Rung 10 under arbitrary input: any message in any fragments in any reads is one message, and tungstenite sees the
//! same messages.

use std::borrow::Cow;
use std::io::{self, Cursor, Read, Write};

use frames::{FrameError, Header, Opcode, Role, write_frame};
use messages::{Assembler, Close, Event, Message, MessageError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{Role as TheirRole, WebSocketConfig};
use tungstenite::{Error, Message as Theirs, WebSocket};

const LIMIT: usize = 2000;

const OPCODES: [Opcode; 6] =
    [Opcode::Text, Opcode::Continuation, Opcode::Binary, Opcode::Ping, Opcode::Pong, Opcode::Close];

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
        Event::Message(Message::Binary(bytes)) => Seen::Message(Message::Binary(bytes.into_owned())),
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
        vec(any::<u8>(), 0..400).prop_map(|bytes| Message::Binary(bytes.into())),
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

/// A client that has sent all there is, and does not look at the answers.
struct Peer(Cursor<Vec<u8>>);

impl Read for Peer {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of `wire`, up to a Close frame or an error; of an error, what it is about.
fn as_tungstenite_sees_it(wire: &[u8]) -> (Vec<Seen>, Option<u16>) {
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
    let peer = Peer(Cursor::new(wire.to_vec()));
    let mut socket = WebSocket::from_raw_socket(peer, TheirRole::Server, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Theirs::Text(text)) => Seen::Message(Message::Text(Cow::Owned(text.as_str().to_owned()))),
            Ok(Theirs::Binary(bytes)) => Seen::Message(Message::Binary(bytes.to_vec().into())),
            Ok(Theirs::Ping(payload)) => Seen::Ping(payload.to_vec()),
            Ok(Theirs::Pong(payload)) => Seen::Pong(payload.to_vec()),
            // It answers a code that must not be sent with this, and tells its user the same.
            Ok(Theirs::Close(Some(close))) if close.reason.as_str() == "Protocol violation" => {
                return (events, Some(1002));
            }
            Ok(Theirs::Close(Some(close))) => {
                events.push(Seen::Close(close.code.into(), close.reason.as_str().to_owned()));
                return (events, None);
            }
            Ok(Theirs::Close(None)) => {
                events.push(Seen::Close(1005, String::new()));
                return (events, None);
            }
            Ok(Theirs::Frame(frame)) => unreachable!("{frame} is not given to who reads messages"),
            // All was read.
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return (events, None),
            Err(Error::Protocol(_)) => return (events, Some(1002)),
            Err(Error::Utf8(_)) => return (events, Some(1007)),
            Err(Error::Capacity(_)) => return (events, Some(1009)),
            Err(error) => unreachable!("{error:?} from a peer that never fails"),
        });
    }
}

/// The same of ours.
fn as_we_see_it(wire: &[u8]) -> (Vec<Seen>, Option<MessageError>) {
    let (mut events, error) = assembled(wire, &[usize::MAX]);
    match events.iter().position(|event| matches!(event, Seen::Close(..))) {
        Some(close) => {
            events.truncate(close + 1);
            (events, None)
        }
        None => (events, error),
    }
}

/// Close frames: codes of all kinds, reasons that may be none.
fn close() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![990..1020_u16, any::<u16>()]
        // Bad gateway stands in IANA's registry of codes, and not in tungstenite's.
        .prop_map(|code| if code == 1014 { 1013 } else { code });
    let reason = prop_oneof![
        3 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..20),
    ];
    prop_oneof![
        1 => vec(any::<u8>(), 0..2),
        9 => (code, reason).prop_map(|(code, reason)| [&code.to_be_bytes(), &reason[..]].concat()),
    ]
}

proptest! {
    // A case takes microseconds.
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tungstenite_sees_the_same_messages(
        sent in vec(sent(), 0..6),
        text in proptest::option::of(vec(prop_oneof![any::<u8>(), 0x80..=0xbf_u8, 0x20..=0x7f_u8], 0..8)),
        close in proptest::option::of(close()),
    ) {
        let mut wire = Vec::new();
        sent.iter().for_each(|sent| sent.write(&mut wire, &mut Vec::new()));
        // A text that is none, perhaps, in two fragments; then goodbye, perhaps a wrong one.
        if let Some(text) = text {
            let (head, tail) = text.split_at(text.len() / 2);
            put(&mut wire, false, Opcode::Text, head);
            put(&mut wire, true, Opcode::Continuation, tail);
        }
        if let Some(payload) = close {
            put(&mut wire, true, Opcode::Close, &payload);
        }
        let (events, error) = as_we_see_it(&wire);
        let (their_events, their_error) = as_tungstenite_sees_it(&wire);
        prop_assert_eq!(events, their_events);
        match (error, their_error) {
            (Some(error), Some(code)) => prop_assert!(says_the_same(&error, code), "{}, it says {}", error, code),
            (error, code) => prop_assert_eq!((error, code), (None, None)),
        }
    }

    #[test]
    fn what_tungstenite_refuses_we_refuse(
        frames in vec((prop::bool::weighted(0.7), 0..12_usize, vec(any::<u8>(), 0..40), any::<(Index, u8, u8)>()), 0..10),
    ) {
        let mut wire = Vec::new();
        for (fin, opcode, payload, (at, bit, chance)) in frames {
            let opcode = OPCODES[opcode.saturating_sub(4).min(5)];
            let begin = wire.len();
            put(&mut wire, fin || opcode.is_control(), opcode, &payload);
            // One frame in four has a bit that is not what it should be, mostly in the first two bytes.
            if chance < 64 {
                let length = if chance < 48 { 2 } else { wire.len() - begin };
                wire[begin + at.index(length)] ^= 1 << (bit % 8);
            }
        }
        let end = Seen::Ping(b"the end".to_vec());
        write_control(&end, &mut wire);
        let (events, error) = as_we_see_it(&wire);
        let (their_events, their_error) = as_tungstenite_sees_it(&wire);
        match (error, their_error) {
            (Some(error), Some(code)) => {
                prop_assert_eq!(&events, &their_events);
                prop_assert!(says_the_same(&error, code), "we say {}, it says {}", error, code);
            }
            (None, Some(code)) => prop_assert!(false, "only it says {}", code),
            (None, None) => prop_assert_eq!(events, their_events),
            // RFC 6455 §5.2, two times MUST; it takes them.
            (Some(MessageError::Frame(FrameError::LengthNotMinimal(_) | FrameError::LengthTopBit(_))), None) => {
                prop_assert!(their_events.starts_with(&events), "{:?}, {:?}", events, their_events);
            }
            // We do not wait for the payload of a frame that is wrong; it does, so it has not come to the end.
            (Some(error), None) => {
                prop_assert_eq!(events, &their_events[..]);
                prop_assert!(!their_events.contains(&end), "only we say {}", error);
            }
        }
    }
}

/// Whether an error of ours is the one that tungstenite answers with this code. In a frame with two faults, either may
/// be named.
fn says_the_same(error: &MessageError, code: u16) -> bool {
    match (error.close_code(), code) {
        (ours, theirs) if ours == theirs => true,
        // It asks for the length before anything else.
        (1002, 1009) => true,
        // It reads the reason of a Close frame before its code.
        (1002, 1007) => matches!(error, MessageError::CloseCode(_)),
        _ => false,
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
