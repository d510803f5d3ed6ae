//! A protocol around another must hand on every callback: HTTP to its successor, the guard's door to HTTP. One that it
//! forgets is one that the inner protocol waits for in vain.

use std::time::SystemTime;

use guard::{COOKIE, Guard, Guarded, HasGuard, Limits, Origins, Proxies, Rules, Seal};
use keep_alive::{Answer, Content, Handler, Http, Next};
use poll::{ConnId, Ended, Io, Net, Protocol, Rehearsal, Timer, World};
use request::{Request, Status};

/// What the successor heard, and a guard that lets everybody in.
struct Heard(Vec<&'static str>, Guard);

impl Default for Heard {
    fn default() -> Heard {
        let rules = Rules {
            origins: Origins::default(),
            proxies: Proxies::default(),
            seal: Seal::new(b"key", SystemTime::now()),
            cookie: COOKIE,
        };
        Heard(Vec::new(), Guard::new(Limits::default(), rules))
    }
}

impl World for Heard {}

impl HasGuard for Heard {
    fn guard(&mut self) -> &mut Guard {
        &mut self.1
    }
}

impl Handler for Heard {
    type Exchange = ();
    type Successor = Witness;

    fn request(&mut self, _: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Heard> {
        answer.send(Status::SwitchingProtocols, Content::Empty, |head| head);
        Next::Switch(Witness::default())
    }
}

/// After its first byte it has room for two.
#[derive(Default)]
struct Witness {
    room: [u8; 2],
    wanted: usize,
}

impl Protocol for Witness {
    type World = Heard;

    fn data(&mut self, bytes: &mut [u8], heard: &mut Heard, _: &mut Io<'_>) -> usize {
        heard.0.push("data");
        self.wanted = 2;
        bytes.len()
    }

    fn room(&mut self, _: &mut Io<'_>) -> Option<&mut [u8]> {
        (self.wanted > 0).then_some(&mut self.room[..self.wanted])
    }

    fn filled(&mut self, count: usize, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0.push("filled");
        self.wanted -= count;
    }

    fn ended(&mut self, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0.push("ended");
    }

    fn timeout(&mut self, _: Timer, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0.push("timeout");
    }

    fn woken(&mut self, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0.push("woken");
    }

    fn drained(&mut self, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0.push("drained");
    }

    fn stop(&mut self, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0.push("stop");
    }

    fn closed(&mut self, _: ConnId, _: Ended, heard: &mut Heard, _: &mut Net) {
        heard.0.push("closed");
    }
}

#[test]
fn the_successor_hears_every_callback() {
    let mut alice = Rehearsal::<Http<Heard>>::new(Heard::default());
    alice.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    alice.receive(b"its first byte");
    alice.receive(b"2!");
    alice.call(Http::ended);
    for which in [Timer::Protocol, Timer::Guard] {
        alice.call(|http, heard, io| http.timeout(which, heard, io));
    }
    alice.call(Http::woken);
    alice.call(Http::drained);
    alice.call(Http::stop);
    let id = alice.id();
    alice.call(|http, heard, io| http.closed(id, Ended::Closed, heard, io));
    assert_eq!(
        alice.world.0,
        ["data", "filled", "ended", "timeout", "timeout", "woken", "drained", "stop", "closed"]
    );
}

#[test]
fn whoever_was_let_in_hears_every_callback() {
    let mut alice = Rehearsal::<Guarded<Http<Heard>>>::new(Heard::default());
    alice.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    alice.receive(b"its first byte");
    alice.receive(b"2!");
    alice.call(Guarded::ended);
    // The other timer is the door's own.
    alice.call(|door, heard, io| door.timeout(Timer::Protocol, heard, io));
    alice.call(Guarded::woken);
    alice.call(Guarded::drained);
    alice.call(Guarded::stop);
    let id = alice.id();
    alice.call(|door, heard, io| door.closed(id, Ended::Closed, heard, io));
    assert_eq!(alice.world.0, ["data", "filled", "ended", "timeout", "woken", "drained", "stop", "closed"]);
}

/// A callback that is new in the trait, and has a default there, would be forgotten without a word.
#[test]
fn the_tests_above_know_every_callback() {
    let source = include_str!("../../../steps/02-poll/src/protocol.rs");
    let (_, body) = source.split_once("pub trait Protocol {").expect("the trait");
    let (body, _) = body.split_once("\n}").expect("its end");
    let callbacks: Vec<&str> = body
        .lines()
        .filter_map(|line| line.trim().strip_prefix("fn ")?.split_once('(').map(|(name, _)| name))
        .collect();
    assert_eq!(
        callbacks,
        ["data", "room", "filled", "ended", "timeout", "woken", "drained", "stop", "closed"]
    );
}
