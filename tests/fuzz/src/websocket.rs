//! A whole WebSocket connection: the handshake of rung 08 and the messages of rung 10, on rung 02's rehearsal.
//!
//! An input: a byte whose bits choose what else happens (see `Script`), the cuts, then frames as in `sketch.rs`. The
//! handshake comes before them, cut as they are.

use arbitrary::Unstructured;
use frames::Role;
use keep_alive::{Answer, Handler, Http, Next};
use messages::close_code::ABNORMAL;
use messages::{Application, Close, Limits, Message, Socket, WebSocket};
use poll::{ConnId, Ended, Net, Protocol, Rehearsal, Sent, World};
use request::Request;
use upgrade::Handshake;

use crate::cuts::{Cuts, Every, byte, if_it_can};
use crate::model::{self, Seen};
use crate::{answers, frame, sketch};

const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What a message may have, in bytes.
const LIMIT: usize = 1000;

struct Input {
    script: Script,
    cuts: Cuts,
    wire: Vec<u8>,
}

/// What happens beside bytes that come.
#[derive(Debug, Clone, Copy)]
struct Script {
    /// When the client reads what it was sent.
    client_reads: Every,
    /// How the connection ends when nobody says goodbye.
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    /// The client's FIN.
    Fin,
    /// The server stops.
    Stop,
    /// The client is silent.
    Silence,
    /// The network is gone.
    Reset,
}

impl Input {
    fn new(data: &[u8]) -> Input {
        let mut data = Unstructured::new(data);
        let bits = byte(&mut data);
        let end = [End::Fin, End::Stop, End::Silence, End::Reset][usize::from(bits >> 2 & 3)];
        let cuts = Cuts::take(&mut data);
        Input {
            script: Script { client_reads: Every::of(bits), end },
            cuts,
            wire: sketch::frames(&mut data, Role::Server),
        }
    }
}

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    let Input { script, cuts, wire } = Input::new(data);
    let asked = frame::drawn(&wire, Role::Server);
    let answered = if_it_can(|| frame::drawn(&run(script, &Cuts::none(), &wire).frames, Role::Client));
    format!("Frames behind a handshake, {cuts}, {script:?}:\n{asked}Uncut, the server says:\n{answered}")
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let Input { script, cuts, wire } = Input::new(data);
    let whole = run(Script { client_reads: Every::READ, ..script }, &Cuts::none(), &wire);
    let cut = run(script, &cuts, &wire);
    same(&cut.frames, &whole.frames, "what is sent depends on how the bytes are cut");
    assert_eq!(cut.closed, whole.closed, "how it ends depends on how the bytes are cut");
    same(&whole.frames, &replies(&wire, &whole), "the server says something else than it should");
    legal(&whole.frames);
}

fn same(ours: &[u8], expected: &[u8], broken: &str) {
    let drawn = |bytes| frame::drawn(bytes, Role::Client);
    assert!(ours == expected, "{broken}. It says\n{}but expected is\n{}", drawn(ours), drawn(expected));
}

/// What became of a connection.
struct Outcome {
    /// What the server sent behind its handshake.
    frames: Vec<u8>,
    /// The code that the application heard.
    closed: u16,
}

fn run(script: Script, cuts: &Cuts, wire: &[u8]) -> Outcome {
    let limits = poll::Limits { pending: 200, ..poll::Limits::default() };
    let mut connection = Rehearsal::<Http<Echo>>::with_limits(Echo::default(), limits);
    let mut sent = Vec::new();
    let bytes = [HANDSHAKE, wire].concat();
    for (count, piece) in (1..).zip(cuts.pieces(&bytes)) {
        connection.receive(piece);
        says_nothing_more(&mut connection);
        if script.client_reads.is_due(count) {
            sent.extend(connection.sent());
        }
    }
    settle(&mut connection, &mut sent);
    match script.end {
        End::Fin => connection.end(),
        End::Stop => connection.call(Protocol::stop),
        End::Silence | End::Reset => {}
    }
    settle(&mut connection, &mut sent);
    // Whoever has said Close waits for the other's, a bounded time.
    connection.pass(Limits::default().close_timeout);
    settle(&mut connection, &mut sent);
    let id = connection.id();
    let polite = connection.world.closed.is_some();
    assert!(!(polite && connection.is_open()), "after Close and its timeout the connection is still open");
    connection.call(|http, echo, io| http.closed(id, Ended::Reset, echo, io));
    assert_eq!(connection.world.opened, 1, "the application was not told once that it opened");

    let mut answers = answers::read(&sent, true);
    assert_eq!(answers.len(), 1, "RFC 6455 §4.2.2: not one answer to a handshake: {answers:?}");
    let answer = answers.remove(0);
    assert_eq!(answer.status, 101, "{answer:?}");
    let closed = connection.world.closed.expect("the application was not told that it closed");
    Outcome { frames: answer.content, closed }
}

fn settle(connection: &mut Rehearsal<Http<Echo>>, sent: &mut Vec<u8>) {
    sent.extend(connection.sent());
    says_nothing_more(connection);
    sent.extend(connection.sent());
}

/// Once the application has heard that it is over, nothing can be sent, by nobody: RFC 6455 §5.5.1, "The application
/// MUST NOT send any more data frames after sending a Close frame."
fn says_nothing_more(connection: &mut Rehearsal<Http<Echo>>) {
    let (id, closed) = (connection.id(), connection.world.closed.is_some());
    connection.call(|http, echo, io| {
        if closed {
            assert_eq!(io.send_to(id, b"\x81\x01x"), Sent::Gone, "a room reaches a client that is gone");
        }
        http.woken(echo, io);
        http.drained(echo, io);
    });
}

/// What the application should have said to the frames on the wire: its answer to each event, and the end.
fn replies(wire: &[u8], outcome: &Outcome) -> Vec<u8> {
    let mut replies = Vec::new();
    let mut put = |first: u8, payload: &[u8]| {
        replies.push(first);
        match payload.len() {
            short @ 0..=125 => replies.push(short as u8),
            long => replies.extend([126, (long >> 8) as u8, long as u8]),
        }
        replies.extend_from_slice(payload);
    };
    let expected = model::expected(Role::Server, wire, LIMIT);
    for event in expected.events {
        match event {
            Seen::Text(text) if text == BYE => {
                // It said Close: nothing comes after it.
                put(0x88, &[&4000u16.to_be_bytes(), BYE.as_bytes()].concat());
                assert_eq!(outcome.closed, 4000, "another code than the application's");
                return replies;
            }
            Seen::Text(text) => put(0x81, text.as_bytes()),
            Seen::Binary(bytes) => (0..COPIES).for_each(|_| put(0x82, &bytes)),
            Seen::Ping(payload) => put(0x8a, &payload),
            Seen::Pong(_) => {}
            Seen::Close(code, reason) => {
                let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
                // 1005 is never on the wire.
                put(0x88, if code == 1005 { b"" } else { &payload });
                assert_eq!(outcome.closed, code, "another code than the client's");
                return replies;
            }
        }
    }
    // The reason of an error is free, and the goodbye of a server that stops: as it was said.
    let said = &outcome.frames[replies.len().min(outcome.frames.len())..];
    match expected.error {
        Some(code) => {
            assert_eq!(outcome.closed, code, "another code than the error's");
            assert!(said.starts_with(&[0x88]), "an error without a Close frame");
            assert_eq!(said.get(2..4), Some(&code.to_be_bytes()[..]), "another code than the error's");
        }
        None if outcome.closed == 1001 => assert_eq!(said.get(2..4), Some(&[0x03, 0xe9][..]), "not 1001"),
        None => assert_eq!((outcome.closed, said), (1006, &b""[..]), "nobody said goodbye"),
    }
    replies.extend_from_slice(said);
    replies
}

/// What the server sent is a legal sequence of frames, read without rung 09: whole, unmasked, without RSV, at most one
/// Close, and that the last.
fn legal(mut bytes: &[u8]) {
    let mut closed = false;
    while let [first, second, rest @ ..] = bytes {
        assert!(!closed, "RFC 6455 §5.5.1: bytes behind a Close frame");
        assert_eq!(first & 0xf0, 0x80, "RFC 6455 §5.2: not FIN alone in {first:#x}");
        assert_eq!(second & 0x80, 0, "RFC 6455 §5.1: a masked frame");
        let (length, rest) = match (second, rest) {
            (126, [high, low, rest @ ..]) => (usize::from(*high) << 8 | usize::from(*low), rest),
            (short @ 0..126, rest) => (usize::from(*short), rest),
            _ => panic!("no answer here is so long"),
        };
        assert!(length <= rest.len(), "half a frame");
        let (payload, behind) = rest.split_at(length);
        match first & 0x0f {
            1 => assert!(str::from_utf8(payload).is_ok(), "RFC 6455 §5.6: no UTF-8"),
            2 => {}
            control @ 8..=10 => {
                assert!(length <= 125, "RFC 6455 §5.5: a control frame of {length} bytes");
                closed = control == 8;
            }
            opcode => panic!("RFC 6455 §5.4: opcode {opcode} where no message was begun"),
        }
        bytes = behind;
    }
    assert!(bytes.is_empty(), "half a header");
}

/// Who says this wants the server to close.
const BYE: &str = "bye";

/// How often a binary message is sent back: so that answers pile up.
const COPIES: usize = 2;

/// Sends each message back, until somebody says goodbye.
#[derive(Default)]
struct Echo {
    opened: usize,
    closed: Option<u16>,
    http: keep_alive::Limits,
}

impl World for Echo {}

impl Handler for Echo {
    type Exchange = ();
    type Successor = WebSocket<Echo>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.http
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Echo> {
        let handshake = Handshake::check(head).expect("HANDSHAKE is one");
        handshake.accept(answer, None, |head| head);
        Next::Switch(WebSocket::new((), self, answer.io()))
    }
}

impl Application for Echo {
    type Client = ();

    fn limits(&self) -> Limits {
        Limits { message: LIMIT, ..Limits::default() }
    }

    fn open(&mut self, (): &mut (), _: &mut Socket<'_, '_>) {
        self.opened += 1;
    }

    fn message(&mut self, (): &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
        match message {
            Message::Text(text) if text == BYE => {
                socket.close(4000, BYE);
                socket.text("after goodbye");
            }
            Message::Binary(bytes) => (0..COPIES).for_each(|_| socket.binary(&bytes)),
            text => socket.send(text),
        }
    }

    fn close(&mut self, id: ConnId, (): (), close: Close<'_>, net: &mut Net) {
        assert_eq!(self.closed.replace(close.code), None, "the application was told twice that it closed");
        // A room that has not heard of it yet. (A reset is made up by `run`, so there the connection is still there.)
        if close.code != ABNORMAL {
            assert_eq!(
                net.send_to(id, b"\x81\x01x"),
                Sent::Gone,
                "a room reaches a client that has said goodbye"
            );
        }
    }
}
