mod watch;

use std::borrow::Cow;
use std::time::Duration;

use frames::Rsv;
use poll::{Chunk, ConnId, Entry, Opened, Rehearsal, Sent, World};

use super::*;
use crate::Payload;
use crate::encode;

const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// An echo that remembers what it was told, and does as it is told.
#[derive(Default)]
struct Echo {
    story: Vec<String>,
    id: Option<ConnId>,
    watch: watch::Script,
}

impl World for Echo {}

impl Application for Echo {
    type Client = &'static str;

    fn limits(&self) -> Limits {
        Limits { message: 200_000, close_timeout: CLOSE_TIMEOUT }
    }

    fn open(&mut self, client: &mut &'static str, socket: &mut Socket<'_, '_>) {
        self.story.push(format!("open {client}"));
        self.id = Some(socket.id());
    }

    fn message(&mut self, _: &mut &'static str, message: Message<'_>, socket: &mut Socket<'_, '_>) {
        match message {
            Message::Text(text) if text == "leave" => {
                socket.close(4001, "as you wish");
                socket.text("too late");
                socket.close(4002, "too late");
                let own = socket.id();
                assert_eq!(socket.send_to(own, b"too late"), Sent::Gone);
            }
            Message::Text(text) if text == "both" => {
                socket.text("grüße");
                socket.binary(&[0, 255]);
            }
            message => {
                self.story.push(format!("{} of {}", message.opcode(), message.as_bytes().len()));
                socket.send(message);
            }
        }
    }

    fn close(&mut self, id: ConnId, client: &'static str, close: Close<'_>, _: &mut Net) {
        assert_eq!(Some(id), self.id);
        self.story.push(format!("close {client} {} {:?}", close.code, close.reason));
    }

    fn drained(&mut self, client: &mut &'static str, _: &mut Socket<'_, '_>) {
        self.story.push(format!("drained {client}"));
    }

    fn woken(&mut self, client: &mut &'static str, socket: &mut Socket<'_, '_>) {
        self.story.push(format!("woken {client}"));
        socket.close(4003, "out");
    }
}

impl Entry for WebSocket<Echo> {
    fn open(_: Opened, echo: &mut Echo, io: &mut Io<'_>) -> Self {
        WebSocket::new("Ada", echo, io)
    }
}

type Connection = Rehearsal<WebSocket<Echo>>;

fn connection() -> Connection {
    Rehearsal::new(Echo::default())
}

/// A frame as a client sends it.
fn sends(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let header = Header { masking_key: Some([7, 77, 177, 211]), ..Header::new(opcode, 0) };
    write_frame(header, payload, &mut wire);
    wire
}

fn fragment(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = sends(opcode, payload);
    wire[0] &= 0x7f;
    wire
}

/// A frame as the server sends it.
fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_frame(Header::new(opcode, 0), payload, &mut wire);
    wire
}

fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    Close { code, reason }.write(&mut wire);
    wire
}

/// The code of the Close frame that is all the server sent.
fn close_sent(wire: &[u8]) -> u16 {
    let Ok(Some((header, used))) = Header::parse(wire) else { panic!("no frame in {wire:02x?}") };
    assert_eq!((header.opcode, header.length as usize), (Opcode::Close, wire.len() - used), "{wire:02x?}");
    Close::parse(&wire[used..]).unwrap().code
}

#[test]
fn an_echo_of_both_kinds_unmasked() {
    let mut connection = connection();
    connection.receive(&sends(Opcode::Text, "grüße".as_bytes()));
    assert_eq!(connection.sent(), frame(Opcode::Text, "grüße".as_bytes()));
    connection.receive(&sends(Opcode::Binary, &[0; 70_000]));
    assert_eq!(connection.sent(), frame(Opcode::Binary, &[0; 70_000]));
    assert_eq!(connection.world.story, ["open Ada", "text of 7", "binary of 70000", "drained Ada"]);
}

// Otherwise what an application sends in the short way never leaves.
#[test]
fn section_5_6_text_and_bytes_are_sent_as_what_they_are() {
    let mut connection = connection();
    connection.receive(&sends(Opcode::Text, b"both"));
    let expected = [frame(Opcode::Text, "grüße".as_bytes()), frame(Opcode::Binary, &[0, 255])].concat();
    assert_eq!(connection.sent(), expected);
}

#[test]
fn section_5_5_2_a_ping_is_answered_also_between_fragments_with_the_same_payload() {
    let mut connection = connection();
    connection.receive(&fragment(Opcode::Text, b"a"));
    connection.receive(&sends(Opcode::Ping, &[9; 125]));
    assert_eq!(connection.sent(), frame(Opcode::Pong, &[9; 125]));
    connection.receive(&sends(Opcode::Continuation, b"b"));
    assert_eq!(connection.sent(), frame(Opcode::Text, b"ab"));
}

#[test]
fn section_5_5_3_a_pong_that_nobody_asked_for_is_not_answered() {
    let mut connection = connection();
    connection.receive(&sends(Opcode::Pong, b"here I am"));
    assert_eq!(connection.sent(), b"");
    assert!(connection.is_open());
}

/// The answer has the code that came, or none; behind it nothing is sent, by nobody, and what stands behind their Close
/// is not even parsed.
#[test]
fn section_5_5_1_a_close_is_answered_with_its_code_and_nothing_behind_it_is_looked_at() {
    for (code, payload) in [(1000, &b"\x03\xe8bye"[..]), (4999, b"\x13\x87"), (1005, b"")] {
        let mut connection = connection();
        let mut wire = sends(Opcode::Close, payload);
        wire.extend(sends(Opcode::Text, b"more"));
        wire.extend([0xff; 20]);
        connection.receive(&wire);
        let reason = if code == 1000 { "bye" } else { "" };
        let id = connection.id();
        connection.call(|_, _, io| assert_eq!(io.send_to(id, b"a room's"), Sent::Gone));
        assert_eq!(connection.sent(), close(code, reason));
        assert!(!connection.is_open());
        assert_eq!(connection.world.story, ["open Ada", &format!("close Ada {code} {reason:?}")]);
    }
}

/// A client that breaks a rule must learn which. What it asked before is answered before; what stands behind is not
/// looked at.
#[test]
fn section_7_1_7_a_broken_rule_is_told_by_its_code_and_the_answers_before_it_arrive() {
    let broken: [(&[u8], u16); 5] = [
        (b"\x81\x05Hello", 1002),
        (b"\x83\x80", 1002),
        (&[0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002),
    ];
    for (wire, code) in broken {
        let mut connection = connection();
        connection
            .receive(&[&sends(Opcode::Text, b"before")[..], wire, &sends(Opcode::Text, b"behind")].concat());
        let sent = connection.sent();
        let before = frame(Opcode::Text, b"before");
        assert_eq!(sent[..before.len()], before);
        assert_eq!(close_sent(&sent[before.len()..]), code);
        assert!(!connection.is_open());
        assert_eq!(connection.world.story.len(), 3, "{:?}", connection.world.story);
        assert!(connection.world.story[2].starts_with(&format!("close Ada {code} ")));
    }
}

/// After our Close nothing is sent, no Pong, no second Close. We read on, for only their Close ends the wait.
#[test]
fn section_7_1_3_our_close_is_the_last_frame_and_theirs_ends_the_wait() {
    let mut connection = connection();
    connection.receive(&sends(Opcode::Text, b"leave"));
    assert_eq!(connection.sent(), close(4001, "as you wish"));
    assert!(connection.is_open(), "their Close has not come");
    assert_eq!(connection.world.story, ["open Ada", "close Ada 4001 \"\""], "told at once");

    connection.receive(&sends(Opcode::Text, b"said before it saw our Close"));
    connection.receive(&sends(Opcode::Ping, b"so was this"));
    connection.call(|connection, echo, io| connection.drained(echo, io));
    connection.call(|connection, echo, io| connection.stop(echo, io));
    assert_eq!(connection.sent(), b"");
    assert!(connection.is_open());

    connection.receive(&sends(Opcode::Close, b"\x0f\xa1"));
    assert_eq!(connection.sent(), b"");
    assert!(!connection.is_open());
    assert_eq!(connection.world.story.len(), 2);
}

/// Our Close is ahead on the wire: what came before theirs is not answered and not delivered.
#[test]
fn section_5_5_1_behind_our_close_a_ping_is_not_answered_and_no_message_delivered() {
    let mut connection = connection();
    connection.call(|connection, _, _| connection.state = State::Closing);
    connection.receive(&sends(Opcode::Ping, b"are you there?"));
    connection.receive(&sends(Opcode::Text, b"hello?"));
    connection.receive(&sends(Opcode::Pong, b"here I am"));
    assert_eq!(connection.sent(), b"");
    assert!(connection.is_open(), "their Close has not come");
    assert_eq!(connection.world.story, ["open Ada"]);
}

/// A deadline that each byte moves never comes.
#[test]
fn section_7_1_1_the_wait_for_their_close_is_bounded_and_bytes_do_not_extend_it() {
    let mut connection = connection();
    connection.receive(&sends(Opcode::Text, b"leave"));
    connection.pass(CLOSE_TIMEOUT - Duration::from_millis(10));
    connection.receive(&sends(Opcode::Ping, b""));
    assert!(connection.is_open());
    connection.pass(Duration::from_millis(20));
    assert!(!connection.is_open());
}

/// There are three ways to end the wait, and each of them without another word from us.
#[test]
fn while_we_wait_for_their_close_a_fin_or_a_broken_rule_ends_it_too() {
    let mut with_fin = connection();
    with_fin.receive(&sends(Opcode::Text, b"leave"));
    with_fin.end();
    assert!(!with_fin.is_open());
    let mut with_nonsense = connection();
    with_nonsense.receive(&sends(Opcode::Text, b"leave"));
    with_nonsense.receive(b"\x83");
    assert!(!with_nonsense.is_open());
    for mut connection in [with_fin, with_nonsense] {
        assert_eq!(connection.sent(), close(4001, "as you wish"), "no second Close frame");
        assert_eq!(connection.world.story, ["open Ada", "close Ada 4001 \"\""]);
    }
}

#[test]
fn section_7_1_5_a_fin_without_a_close_frame_is_1006_and_is_not_answered() {
    let mut connection = connection();
    connection.receive(&fragment(Opcode::Text, b"half a mess"));
    connection.end();
    assert!(!connection.is_open());
    assert_eq!(connection.sent(), b"");
    assert_eq!(connection.world.story, ["open Ada", "close Ada 1006 \"\""]);
}

#[test]
fn section_7_1_5_a_reset_is_1006_and_is_told_once() {
    let mut connection = connection();
    for _ in 0..2 {
        connection.call(|connection, echo, io| connection.closed(io.id(), Ended::Reset, echo, io));
    }
    assert_eq!(connection.world.story, ["open Ada", "close Ada 1006 \"\""]);
}

#[test]
fn section_7_4_1_a_server_that_stops_says_1001() {
    let mut connection = connection();
    connection.call(|connection, echo, io| connection.stop(echo, io));
    assert_eq!(connection.sent(), close(1001, "the server stops"));
    connection.receive(&sends(Opcode::Close, b"\x03\xe9"));
    assert!(!connection.is_open());
    assert_eq!(connection.world.story, ["open Ada", "close Ada 1001 \"\""]);
}

#[test]
fn nobody_can_send_after_our_close() {
    let mut connection = connection();
    connection.call(|connection, echo, io| connection.stop(echo, io));
    let id = connection.id();
    connection.call(|_, _, io| {
        assert_eq!(io.send_to(id, b"a room's"), Sent::Gone);
        assert_eq!(io.push_to(id, Chunk::Owned(b"a room's".to_vec())), Sent::Gone);
    });
    assert_eq!(connection.sent(), close(1001, "the server stops"));
}

#[test]
fn the_application_hears_that_its_output_has_left() {
    let mut connection = connection();
    connection.call(|connection, echo, io| connection.drained(echo, io));
    assert_eq!(connection.world.story, ["open Ada", "drained Ada"]);
}

#[test]
fn a_message_encoded_once_is_the_frame_that_a_socket_sends() {
    for length in [0, 125, 126, 70_000] {
        let payload = vec![b'x'; length];
        let text = Message::Text(Cow::Borrowed(str::from_utf8(&payload).unwrap()));
        assert_eq!(encode(&text)[..], frame(Opcode::Text, &payload));
    }
}

#[test]
fn any_split_of_the_input_gives_the_same_output() {
    let wire = [
        sends(Opcode::Text, "één".as_bytes()),
        fragment(Opcode::Binary, &[1; 200]),
        sends(Opcode::Ping, b"p"),
        sends(Opcode::Continuation, &[2; 200]),
        sends(Opcode::Close, b"\x03\xe8"),
        sends(Opcode::Text, b"behind"),
    ]
    .concat();
    let run = |size: usize| {
        let mut connection = connection();
        wire.chunks(size).for_each(|piece| connection.receive(piece));
        (connection.sent(), connection.world.story)
    };
    let whole = run(wire.len());
    for size in 1..wire.len() {
        assert_eq!(run(size), whole, "reads of {size} bytes");
    }
}

#[test]
fn an_idle_connection_is_24_bytes_beside_what_the_application_keeps() {
    struct Nothing;
    impl World for Nothing {}
    impl Application for Nothing {
        type Client = Box<u8>;
        fn limits(&self) -> Limits {
            Limits::default()
        }
        fn message(&mut self, _: &mut Box<u8>, _: Message<'_>, _: &mut Socket<'_, '_>) {}
    }
    let client = size_of::<Box<u8>>();
    assert!(size_of::<WebSocket<Nothing>>() <= 24 + client, "{} bytes", size_of::<WebSocket<Nothing>>());
}

#[test]
fn whom_another_connection_wakes_may_close_itself() {
    let mut connection = connection();
    connection.call(|connection, echo, io| connection.woken(echo, io));
    assert_eq!(connection.sent(), frame(Opcode::Close, b"\x0f\xa3out"));
    assert_eq!(connection.world.story, ["open Ada", "woken Ada", "close Ada 4003 \"\""]);
    connection.call(|connection, echo, io| connection.woken(echo, io));
    assert_eq!(connection.world.story.len(), 3, "a closed one is not woken");
}

/// An extension that turns payloads around and says so with RSV3.
struct Reversed;

impl Unpack for Reversed {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn unpack(
        &mut self,
        payload: &[u8],
        _: bool,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), crate::MessageError>,
    ) -> Result<(), crate::MessageError> {
        let mut payload = payload.to_vec();
        payload.reverse();
        sink(&payload)
    }
}

impl Pack for Reversed {
    fn pack<'a>(&'a mut self, _: Opcode, payload: Payload<'a>) -> (Rsv, Payload<'a>) {
        let mut payload = payload.to_vec();
        payload.reverse();
        (Rsv::RSV3, payload.into())
    }
}

impl Entry for WebSocket<Echo, (), Reversed, Reversed> {
    fn open(_: Opened, echo: &mut Echo, io: &mut Io<'_>) -> Self {
        WebSocket::with("Ada", (), (Reversed, Reversed), echo, io)
    }
}

#[test]
fn section_9_an_extension_packs_what_is_sent_and_unpacks_what_is_received() {
    let mut connection = Rehearsal::<WebSocket<Echo, (), Reversed, Reversed>>::new(Echo::default());
    let mut wire = sends(Opcode::Text, "edoc".as_bytes());
    wire[0] |= 0x10;
    connection.receive(&wire);
    assert_eq!(connection.sent(), b"\x91\x04edoc");
    assert_eq!(connection.world.story, ["open Ada", "text of 4"]);
    // Large enough to be handed over uncopied.
    let large: Vec<u8> = (0..100_000).map(|i| (i % 251) as u8).collect();
    connection.receive(&sends(Opcode::Binary, &large));
    let mut expected = frame(Opcode::Binary, &large.iter().rev().copied().collect::<Vec<u8>>());
    expected[0] |= 0x10;
    assert!(connection.sent() == expected);
}

/// Otherwise the loop reads each byte of a large upload into its own buffer first, and it is copied once more.
#[test]
fn the_rest_of_a_large_message_is_read_into_its_own_room() {
    let mut connection = connection();
    connection.receive(&sends(Opcode::Binary, &[7; 180_000])[..100_000]);
    connection.call(|connection, _, io| assert!(connection.room(io).is_some()));
}

/// What `next` makes of a message and what comes through the room are the same, wherever the room begins and ends: with a
/// Ping between two fragments, a fragment behind another, a short message behind the long one.
#[test]
fn a_large_message_that_is_read_into_its_own_room_is_the_same() {
    let payload: Vec<u8> = (0..180_000).map(|place| (place % 251) as u8).collect();
    let frame = |fin, opcode, payload: &[u8], wire: &mut Vec<u8>| {
        let masking_key = Some([1, 2, 3, 4]);
        write_frame(Header { fin, masking_key, ..Header::new(opcode, 0) }, payload, wire);
    };
    let mut wire = Vec::new();
    frame(false, Opcode::Binary, &payload[..100_000], &mut wire);
    frame(true, Opcode::Ping, b"between", &mut wire);
    frame(true, Opcode::Continuation, &payload[100_000..], &mut wire);
    frame(true, Opcode::Text, b"behind", &mut wire);
    let mut expected = Vec::new();
    write_frame(Header::new(Opcode::Pong, 0), b"between", &mut expected);
    write_frame(Header::new(Opcode::Binary, 0), &payload, &mut expected);
    write_frame(Header::new(Opcode::Text, 0), b"behind", &mut expected);
    for reads_of in [1000, 32_768, 40_001, 64 * 1024, usize::MAX] {
        let mut alice = Rehearsal::<WebSocket<Echo>>::new(Echo::default());
        let mut sent = Vec::new();
        for read in wire.chunks(reads_of) {
            alice.receive(read);
            sent.extend(alice.sent());
        }
        assert!(
            sent == expected,
            "in reads of {reads_of}: {} bytes, {} expected",
            sent.len(),
            expected.len()
        );
    }
}
