//! A connection that is watched (rung 12).

use std::time::Instant;

use keep_alive::{Answer, Handler, Http, Next};
use request::Request;
use upgrade::Handshake;

use super::*;

/// A watch that does what the test wrote down.
#[derive(Default, Clone)]
pub(super) struct Script {
    verdict: Option<Verdict>,
    due: Vec<(Duration, Due)>,
    began: Option<Instant>,
    pongs: Vec<Vec<u8>>,
    due_after_a_pong: Option<Vec<(Duration, Due)>>,
    bytes: usize,
    told: usize,
    most_bytes: Option<usize>,
    in_message: bool,
}

impl Watch for Script {
    fn bytes(&mut self, length: usize, in_message: bool, _: Instant) -> Verdict {
        self.in_message = in_message;
        self.bytes += length;
        self.told += 1;
        match self.most_bytes {
            Some(most) if self.bytes > most => self.verdict.unwrap_or(Verdict::Pass),
            _ => Verdict::Pass,
        }
    }

    fn message(&mut self, _: Opcode, length: usize, _: Instant) -> Verdict {
        if length > 5 { self.verdict.unwrap_or(Verdict::Pass) } else { Verdict::Pass }
    }

    fn pong(&mut self, payload: &[u8], _: Instant) {
        self.pongs.push(payload.to_vec());
        if let Some(due) = self.due_after_a_pong.take() {
            self.due = due;
        }
    }

    fn due(&mut self, now: Instant) -> Due {
        let began = *self.began.get_or_insert(now);
        match self.due.first() {
            None => Due::Never,
            Some(&(at, _)) if now < began + at => Due::At(began + at),
            Some(_) => self.due.remove(0).1,
        }
    }
}

impl Entry for WebSocket<Echo, Script> {
    fn open(_: Opened, echo: &mut Echo, io: &mut Io<'_>) -> Self {
        WebSocket::with("Ada", echo.watch.clone(), ((), ()), echo, io)
    }
}

fn watched(watch: Script) -> Rehearsal<WebSocket<Echo, Script>> {
    Rehearsal::new(Echo { watch, ..Echo::default() })
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_watch_pings_and_closes_when_it_is_due() {
    let mut connection = watched(Script {
        due: vec![(SECOND, Due::Ping(*b"heart 01")), (2 * SECOND, Due::Close(1011, "gone?"))],
        ..Script::default()
    });
    assert_eq!(connection.sent(), b"");
    connection.pass(SECOND);
    assert_eq!(connection.sent(), frame(Opcode::Ping, b"heart 01"));
    connection.receive(&sends(Opcode::Pong, b"heart 01"));
    connection.call(|connection, _, _| assert_eq!(connection.watch.pongs, [b"heart 01"]));
    connection.pass(SECOND);
    assert_eq!(connection.sent(), close(1011, "gone?"));
    connection.pass(CLOSE_TIMEOUT);
    assert!(!connection.is_open());
}

#[test]
fn a_watch_says_after_a_pong_when_it_is_due_next() {
    let pinged = vec![(SECOND, Due::Ping(*b"heart 01")), (100 * SECOND, Due::Close(1011, "no Pong"))];
    let answered = vec![(3 * SECOND, Due::Ping(*b"heart 02"))];
    let mut connection =
        watched(Script { due: pinged, due_after_a_pong: Some(answered), ..Script::default() });
    connection.pass(SECOND);
    assert_eq!(connection.sent(), frame(Opcode::Ping, b"heart 01"));
    connection.receive(&sends(Opcode::Pong, b"heart 01"));
    connection.pass(2 * SECOND);
    assert_eq!(connection.sent(), frame(Opcode::Ping, b"heart 02"));
}

#[test]
fn a_watch_can_make_the_peer_wait() {
    let pause = Script { verdict: Some(Verdict::PauseFor(SECOND)), ..Script::default() };
    let mut connection = watched(pause);
    connection.receive(&[sends(Opcode::Text, b"too much"), sends(Opcode::Text, b"next")].concat());
    assert_eq!(connection.sent(), frame(Opcode::Text, b"too much"), "it passes; what follows waits");
    connection.receive(&sends(Opcode::Text, b"last"));
    assert_eq!(connection.sent(), b"");
    connection.pass(SECOND);
    assert_eq!(connection.sent(), [frame(Opcode::Text, b"next"), frame(Opcode::Text, b"last")].concat());
}

#[test]
fn a_watch_can_refuse_a_message() {
    let mut connection =
        watched(Script { verdict: Some(Verdict::Close(1008, "too long")), ..Script::default() });
    connection.receive(&sends(Opcode::Text, b"far too much"));
    assert_eq!(connection.sent(), close(1008, "too long"));
    assert_eq!(connection.world.story, ["open Ada", "close Ada 1008 \"\""], "the application never saw it");
}

#[test]
fn a_watch_sees_pings_too() {
    let refuse = Script { verdict: Some(Verdict::Close(1008, "too long")), ..Script::default() };
    let mut connection = watched(refuse);
    connection.receive(&[sends(Opcode::Ping, b"short"), sends(Opcode::Ping, b"longer")].concat());
    assert_eq!(connection.sent(), [frame(Opcode::Pong, b"short"), close(1008, "too long")].concat());
}

#[test]
fn a_watch_sees_the_bytes_of_a_message_that_is_not_whole() {
    let pause = Script { verdict: Some(Verdict::PauseFor(SECOND)), most_bytes: Some(8), ..Script::default() };
    let mut connection = watched(pause);
    let message = sends(Opcode::Text, b"Hello");
    connection.receive(&message[..8]);
    connection.receive(&message[8..9]);
    connection.call(|connection, _, _| {
        assert_eq!((connection.watch.bytes, connection.watch.in_message), (9, true))
    });
    connection.receive(&message[9..]);
    assert_eq!(connection.sent(), b"", "more than 8 bytes: nothing is read");
    connection.pass(SECOND);
    assert_eq!(connection.sent(), frame(Opcode::Text, b"Hello"));
    connection.call(|connection, _, _| assert!(!connection.watch.in_message));
}

// Otherwise bytes that are no frame yet would pass for a sign of life.
#[test]
fn a_watch_does_not_hear_of_bytes_that_are_no_frame_yet() {
    let mut connection = watched(Script::default());
    let message = sends(Opcode::Text, b"Hello");
    for byte in &message[..5] {
        connection.receive(&[*byte]);
    }
    connection.call(|connection, _, _| assert_eq!(connection.watch.told, 0));
    connection.receive(&message[5..]);
    connection.call(|connection, _, _| assert_eq!((connection.watch.told, connection.watch.bytes), (1, 11)));
}

// Otherwise the watch pauses a connection that waits only for their Close, and it is never read.
#[test]
fn after_our_close_the_watch_is_not_asked_any_more() {
    let pause =
        Script { verdict: Some(Verdict::PauseFor(60 * SECOND)), most_bytes: Some(0), ..Script::default() };
    let mut connection = watched(pause);
    connection.call(|connection, echo, io| connection.stop(echo, io));
    connection.receive(&sends(Opcode::Text, b"too much"));
    connection.receive(&sends(Opcode::Close, b"\x03\xe9"));
    assert!(!connection.is_open());
}

#[test]
fn a_paused_connection_that_is_closed_reads_on_to_their_close() {
    let pause = Script { verdict: Some(Verdict::PauseFor(60 * SECOND)), ..Script::default() };
    let mut connection = watched(pause);
    connection.receive(&[sends(Opcode::Text, b"too much"), sends(Opcode::Close, b"\x03\xe8")].concat());
    assert!(connection.is_open());
    connection.call(|connection, echo, io| connection.stop(echo, io));
    assert!(!connection.is_open());
}

impl Handler for Echo {
    type Exchange = ();
    type Successor = WebSocket<Echo, Script>;

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Echo> {
        Handshake::check(head).expect("a handshake").accept(answer, None, |head| head);
        Next::Switch(WebSocket::with("Ada", self.watch.clone(), ((), ()), self, answer.io()))
    }
}

/// A connection that began as HTTP.
fn upgraded(watch: Script) -> Rehearsal<Http<Echo>> {
    let mut connection = Rehearsal::new(Echo { watch, ..Echo::default() });
    connection.receive(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    connection
}

#[test]
fn a_connection_that_began_as_http_keeps_the_deadlines_it_set_when_it_opened() {
    let due = vec![(SECOND, Due::Ping(*b"heart 01")), (1000 * SECOND, Due::Close(1011, ""))];
    let mut patient = upgraded(Script { due, ..Script::default() });
    assert!(patient.sent().ends_with(b"\r\n\r\n"));
    patient.pass(SECOND);
    assert_eq!(patient.sent(), frame(Opcode::Ping, b"heart 01"));
    patient.pass(900 * SECOND);
    assert!(patient.is_open(), "HTTP's own deadline is over with HTTP");

    let due = vec![(Duration::ZERO, Due::Close(1013, ""))];
    let mut refused = upgraded(Script { due, ..Script::default() });
    assert!(refused.sent().ends_with(&close(1013, "")));
    assert_eq!(refused.world.story, ["open Ada", "close Ada 1013 \"\""]);
    assert!(refused.is_open());
    refused.pass(CLOSE_TIMEOUT);
    assert!(!refused.is_open());
}
