use std::time::Duration;

use poll::{Entry, Io, Opened, Protocol, Rehearsal, World};

use super::*;
use crate::{Rate, test_rules};

/// A connection without a protocol: the tests ask its guard themselves.
struct Nothing;

struct Server(Guard);

impl World for Server {}

impl Entry for Nothing {
    fn open(_: Opened, _: &mut Server, _: &mut Io<'_>) -> Nothing {
        Nothing
    }
}

impl Protocol for Nothing {
    type World = Server;

    fn data(&mut self, bytes: &mut [u8], _: &mut Server, _: &mut Io<'_>) -> usize {
        bytes.len()
    }
}

/// Lets a connection from `peer` in, and runs the test with its guard.
fn with_guard(limits: Limits, peer: &str, test: impl FnOnce(&mut Guard, &mut Io<'_>)) {
    let mut connection = Rehearsal::<Nothing>::new(Server(Guard::new(limits, test_rules())));
    let peer: IpAddr = peer.parse().unwrap();
    connection.call(|_, Server(guard), io| {
        guard.admit(io.id(), peer, io.now).unwrap();
        test(guard, io);
    });
}

fn asks<R>(fields: &str, ask: impl FnOnce(&Request<'_>) -> R) -> R {
    asks_for("/chat", fields, ask)
}

fn asks_for<R>(target: &str, fields: &str, ask: impl FnOnce(&Request<'_>) -> R) -> R {
    let head = format!("GET {target} HTTP/1.1\r\nHost: chat.example\r\n{fields}\r\n");
    ask(&Request::parse(head.as_bytes(), &request::Limits::DEFAULT).unwrap().unwrap().0)
}

/// What [`Guard::request`] and [`Guard::handshake`] say to a request with these fields.
fn knocks(guard: &mut Guard, io: &Io<'_>, target: &str, fields: &str) -> Result<String, Denial> {
    asks_for(target, fields, |head| {
        guard.request(head, io.id(), io)?;
        guard.handshake(head, io.id(), io).map(|(name, _)| name)
    })
}

#[test]
fn a_handshake_needs_an_origin_that_may_and_a_pass() {
    with_guard(Limits::default(), "192.0.2.1", |guard, io| {
        let session = guard.session("Ada", io.wall);
        let cookie = format!("Cookie: session={session}\r\n");
        let evil = format!("Origin: http://evil.example\r\n{cookie}");
        assert_eq!(knocks(guard, io, "/chat", &evil), Err(Denial::Origin));
        assert_eq!(knocks(guard, io, "/chat", "Origin: http://chat.example\r\n"), Err(Denial::Unknown));
        assert_eq!(guard.report(io.now).websockets, 0);
        let own = format!("Origin: http://chat.example\r\n{cookie}");
        assert_eq!(knocks(guard, io, "/chat", &own).as_deref(), Ok("Ada"));
        let report = guard.report(io.now);
        assert_eq!((report.connections, report.websockets, report.handshakes, report.requests), (1, 1, 1, 3));
        assert_eq!((report.refused["origin"], report.refused["not logged in"]), (1, 1));
        assert_eq!(
            (report.clients[0].name.as_str(), report.clients[0].address.as_str()),
            ("Ada", "192.0.2.1")
        );
        guard.gone(io.id());
        let report = guard.report(io.now);
        assert_eq!((report.connections, report.websockets, report.clients.len()), (0, 0, 0));
    });
}

#[test]
fn a_ticket_opens_one_websocket_soon() {
    with_guard(Limits::default(), "192.0.2.1", |guard, io| {
        let ticket = format!("/chat?ticket={}", guard.ticket("Ada", io.wall));
        assert_eq!(knocks(guard, io, &ticket, "").as_deref(), Ok("Ada"));
        assert_eq!(knocks(guard, io, &ticket, ""), Err(Denial::TicketUsed));
        let old = guard.ticket("Ada", io.wall - guard.limits().ticket);
        assert_eq!(knocks(guard, io, &format!("/chat?ticket={old}"), ""), Err(Denial::Unknown));
    });
}

/// The page is asked about first. Otherwise a stranger's page could use up somebody's ticket.
#[test]
fn a_ticket_that_is_refused_for_its_page_is_not_used_up() {
    with_guard(Limits::default(), "192.0.2.1", |guard, io| {
        let ticket = format!("/chat?ticket={}", guard.ticket("Ada", io.wall));
        let evil = "Origin: http://evil.example\r\n";
        assert_eq!(knocks(guard, io, &ticket, evil), Err(Denial::Origin));
        assert_eq!(knocks(guard, io, &ticket, "").as_deref(), Ok("Ada"));
    });
}

#[test]
fn an_address_has_so_many_connections_and_one_more_when_one_is_gone() {
    let limits = Limits { per_address: 1, ..Limits::default() };
    with_guard(limits, "2001:db8::1", |guard, io| {
        // The same connection twice: only the address matters here.
        let neighbour = "2001:db8::2".parse().unwrap();
        assert_eq!(guard.admit(io.id(), neighbour, io.now), Err(Denial::AddressFull));
        guard.gone(io.id());
        guard.gone(io.id());
        assert_eq!(guard.admit(io.id(), neighbour, io.now), Ok(()));
        assert_eq!(guard.report(io.now).accepted, 2, "who was turned away does not count");
    });
}

#[test]
fn requests_and_logins_have_rates_of_their_own() {
    let slow = |burst| Rate { per_second: 0.5, burst };
    let limits = Limits { request_rate: slow(3.0), login_rate: slow(2.0), ..Limits::default() };
    with_guard(limits, "192.0.2.1", |guard, io| {
        asks("", |head| {
            assert_eq!(guard.request(head, io.id(), io), Ok(()));
            assert_eq!(guard.login(head, io.id(), io), Ok(()));
            assert_eq!(guard.login(head, io.id(), io), Ok(()));
            assert_eq!(guard.login(head, io.id(), io), Err(Denial::Logins(Duration::from_secs(2))));
            assert_eq!(guard.request(head, io.id(), io), Ok(()));
            assert_eq!(guard.request(head, io.id(), io), Ok(()));
            assert_eq!(guard.request(head, io.id(), io), Err(Denial::Requests(Duration::from_secs(2))));
        });
    });
}

/// Behind a proxy all connections come from one address. Each WebSocket must be counted at its client, and no longer at
/// the proxy.
#[test]
fn behind_a_proxy_each_client_is_counted_at_its_own_address() {
    let limits = Limits { per_address: 1, ..Limits::default() };
    with_guard(limits, "10.0.0.1", |guard, io| {
        let proxy = "10.0.0.1".parse().unwrap();
        let cookie = format!("Cookie: session={}\r\n", guard.session("Ada", io.wall));
        let of = |ip: &str| format!("X-Forwarded-For: {ip}\r\n{cookie}");
        assert_eq!(knocks(guard, io, "/chat", &of("192.0.2.1")).as_deref(), Ok("Ada"));
        assert_eq!(guard.report(io.now).clients[0].address, "192.0.2.1");
        // The proxy itself may have as many as it likes, also of those that have asked nothing; its clients may not.
        for n in 100..110 {
            assert_eq!(guard.admit(ConnId::from_u64(n), proxy, io.now), Ok(()));
        }
        let second = ConnId::from_u64(7);
        assert_eq!(guard.admit(second, proxy, io.now), Ok(()));
        asks(&of("192.0.2.1"), |head| {
            guard.request(head, second, io).unwrap();
            assert_eq!(guard.handshake(head, second, io).err(), Some(Denial::AddressFull));
        });
        guard.gone(io.id());
        asks(&of("192.0.2.1"), |head| {
            guard.request(head, second, io).unwrap();
            assert!(guard.handshake(head, second, io).is_ok());
        });
    });
}

#[test]
fn a_proxy_that_leaves_open_whose_request_it_is_is_refused() {
    with_guard(Limits::default(), "10.0.0.1", |guard, io| {
        let both = "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n";
        assert_eq!(knocks(guard, io, "/chat", both), Err(Denial::Forwarded));
    });
}

#[test]
fn the_cookie_is_for_the_browser_alone() {
    let insecure = Guard::new(Limits::default(), test_rules());
    let age = insecure.limits().session.as_secs();
    assert_eq!(insecure.cookie("x"), format!("session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}"));
    let secure = Guard::new(Limits::default(), Rules { cookie: crate::SECURE_COOKIE, ..test_rules() });
    assert!(secure.cookie("x").starts_with("__Host-session=x;") && secure.cookie("x").ends_with("; Secure"));
    assert!(insecure.cookie("").contains("Max-Age=0"), "logged out");
}
