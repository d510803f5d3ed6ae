use std::time::Duration;

use poll::{Rehearsal, World};

use super::*;
use crate::test_rules;
use crate::{Guard, Limits, Rate};

/// A protocol that sends back what it gets, and its server.
struct Echo;

struct Server {
    guard: Guard,
    story: Vec<&'static str>,
}

impl World for Server {}

impl HasGuard for Server {
    fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }
}

impl Entry for Echo {
    fn open(_: Opened, server: &mut Server, _: &mut Io<'_>) -> Echo {
        server.story.push("open");
        Echo
    }
}

impl Protocol for Echo {
    type World = Server;

    fn data(&mut self, bytes: &mut [u8], _: &mut Server, io: &mut Io<'_>) -> usize {
        io.out().extend_from_slice(bytes);
        bytes.len()
    }
}

fn connect(limits: Limits) -> Rehearsal<Guarded<Echo>> {
    let guard = Guard::new(limits, test_rules());
    Rehearsal::new(Server { guard, story: Vec::new() })
}

#[test]
fn who_is_let_in_is_served_and_has_a_seat_until_it_leaves() {
    let mut connection = connect(Limits::default());
    connection.receive(b"hello");
    assert_eq!(connection.sent(), b"hello");
    let id = connection.id();
    connection.call(|guarded, server, io| {
        assert_eq!(server.guard.report(io.now).connections, 1);
        guarded.closed(id, Ended::Closed, server, io);
        assert_eq!(server.guard.report(io.now).connections, 0);
    });
    assert_eq!(connection.world.story, ["open"]);
}

#[test]
fn where_there_is_no_room_the_door_says_503_and_the_protocol_never_hears_of_it() {
    for limits in
        [Limits { connections: 0, ..Limits::default() }, Limits { per_address: 0, ..Limits::default() }]
    {
        let mut connection = connect(limits);
        assert!(!connection.is_open());
        let sent = String::from_utf8(connection.sent()).unwrap();
        assert!(sent.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{sent}");
        assert!(
            sent.contains("\r\nRetry-After: 10\r\n") && sent.contains("\r\nConnection: close\r\n"),
            "{sent}"
        );
        assert_eq!(connection.world.story, [""; 0]);
        let id = connection.id();
        connection.call(|guarded, server, io| guarded.closed(id, Ended::Closed, server, io));
        assert_eq!(connection.world.guard.at_the_door, 0);
    }
}

/// Who tells each of a million why it may not come in holds a million descriptors.
#[test]
fn only_so_many_are_told_why_at_a_time_and_the_others_are_cut_off() {
    for (before, told) in [(TOLD - 1, true), (TOLD, false)] {
        let mut guard = Guard::new(Limits { connections: 0, ..Limits::default() }, test_rules());
        guard.at_the_door = before;
        let mut connection = Rehearsal::<Guarded<Echo>>::new(Server { guard, story: Vec::new() });
        assert!(!connection.is_open());
        assert_eq!(!connection.sent().is_empty(), told, "{before} at the door");
        let id = connection.id();
        connection.call(|guarded, server, io| guarded.closed(id, Ended::Closed, server, io));
        assert_eq!(connection.world.guard.at_the_door, before, "who leaves was counted, or was not");
    }
}

#[test]
fn who_connects_too_often_is_told_when_to_come_back() {
    let connection_rate = Rate { per_second: 0.25, burst: 1.0 };
    let mut connection = connect(Limits { connection_rate, ..Limits::default() });
    connection.call(|_, server, io| {
        let peer = [127, 0, 0, 1].into();
        let denial = server.guard.admit(io.id(), peer, io.now).unwrap_err();
        assert_eq!(denial, crate::Denial::Connections(Duration::from_secs(4)));
        denial.answer_at_the_door(io);
    });
    let sent = String::from_utf8(connection.sent()).unwrap();
    assert!(sent.starts_with("HTTP/1.1 429 ") && sent.contains("\r\nRetry-After: 4\r\n"), "{sent}");
}

#[test]
fn who_asks_nothing_in_time_is_closed() {
    let mut connection = connect(Limits { handshake: Duration::from_secs(5), ..Limits::default() });
    connection.pass(Duration::from_millis(4999));
    assert!(connection.is_open());
    connection.pass(Duration::from_millis(1));
    assert!(!connection.is_open());
    assert_eq!(connection.world.guard.report(std::time::Instant::now()).refused["handshake too slow"], 1);
}

#[test]
fn who_has_asked_may_stay() {
    let mut connection = connect(Limits { handshake: Duration::from_secs(5), ..Limits::default() });
    connection.call(|_, server, io| {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let (head, _) = request::Request::parse(head, &request::Limits::DEFAULT).unwrap().unwrap();
        server.guard.request(&head, io.id(), io).unwrap();
    });
    connection.pass(Duration::from_secs(60));
    assert!(connection.is_open());
}
