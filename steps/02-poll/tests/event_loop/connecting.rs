//! Outgoing connections.

use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use poll::{Limits, Opened, Sent};

use crate::stage::{Client, Script, Server, pattern};

#[test]
fn a_connection_opens_when_it_stands_and_carries_its_tag() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let server = Server::start(move |tell, _| Script {
        start: Box::new(move |net| {
            net.connect(address, 42);
        }),
        open: Box::new(move |opened, io| {
            assert_eq!(opened, Opened::Connected { peer: address, tag: 42 });
            assert_eq!(opened.peer(), address);
            tell.send("open".into()).unwrap();
            io.out().extend_from_slice(b"hello from the loop");
        }),
        ..Script::default()
    });
    let mut accepted = Client::new(upstream.accept().unwrap().0);
    assert_eq!(server.hears(), "open");
    accepted.receives("hello from the loop");
    accepted.sends("and back");
    accepted.receives("and back");
}

#[test]
fn bytes_sent_before_the_connection_stands_wait_for_it() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let _server = Server::start(move |_, _| Script {
        start: Box::new(move |net| {
            let id = net.connect(address, 0);
            assert_eq!(net.send_to(id, &pattern(500_000)), Sent::Slow);
            assert_eq!(net.pending_of(id), 500_000);
        }),
        ..Script::default()
    });
    let mut accepted = Client::new(upstream.accept().unwrap().0);
    accepted.receives(pattern(500_000));
}

#[test]
fn bytes_that_are_there_when_it_opens_are_read() {
    // The upstream speaks first and closes at once: one event may say all of it.
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let server = Server::start(move |tell, _| {
        let ended = tell.clone();
        Script {
            start: Box::new(move |net| {
                (0..20).for_each(|tag| {
                    net.connect(address, tag);
                });
            }),
            data: Box::new(move |bytes, _| {
                tell.send(bytes.escape_ascii().to_string()).unwrap();
                bytes.len()
            }),
            ended: Box::new(move |io| {
                ended.send("ended".into()).unwrap();
                io.close();
            }),
            ..Script::default()
        }
    });
    for _ in 0..20 {
        let mut accepted = Client::new(upstream.accept().unwrap().0);
        accepted.sends("welcome");
        accepted.half_closes();
        assert_eq!([server.hears(), server.hears()], ["welcome", "ended"]);
        accepted.receives_end();
    }
}

#[test]
fn a_refused_connection_is_told_to_the_world_and_what_was_sent_is_gone() {
    // Bound and not listening: nobody else gets the port, and connecting is refused.
    let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    silent.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = silent.local_addr().unwrap().as_socket().unwrap();
    let server = Server::start(move |tell, _| {
        let asked = Rc::new(RefCell::new(None));
        let failed = asked.clone();
        Script {
            start: Box::new(move |net| {
                let id = net.connect(address, 9);
                let _ = net.send_to(id, b"lost");
                *asked.borrow_mut() = Some(id);
            }),
            open: Box::new(|_, _| panic!("it never opens")),
            closed: Box::new(|_, _, _| panic!("what never opened is never closed")),
            connect_failed: Box::new(move |id, tag, error, net| {
                assert_eq!(Some(id), *failed.borrow());
                assert_eq!(net.send_to(id, b"x"), Sent::Gone);
                assert_eq!(net.connections(), 0);
                tell.send(format!("{tag}: {:?}", error.kind())).unwrap();
            }),
            ..Script::default()
        }
    });
    assert_eq!(server.hears(), "9: ConnectionRefused");
    server.sleeps();
}

#[test]
fn a_connection_that_is_not_answered_fails_after_its_time() {
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    socket2::SockRef::from(&full).listen(0).unwrap();
    let address = full.local_addr().unwrap();
    let _waiting: Vec<_> = (0..3)
        .filter_map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)).ok())
        .collect();
    let limits = Limits { connect_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with_limits(limits, move |tell, _| Script {
        start: Box::new(move |net| {
            net.connect(address, 5);
        }),
        connect_failed: Box::new(move |_, tag, error, _| {
            tell.send(format!("{tag}: {:?}", error.kind())).unwrap();
        }),
        ..Script::default()
    });
    assert_eq!(server.hears(), "5: TimedOut");
}

#[test]
fn an_outgoing_connection_may_close_in_open() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let server = Server::start(move |tell, _| Script {
        start: Box::new(move |net| {
            net.connect(address, 0);
        }),
        open: Box::new(|_, io| io.close()),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut accepted = Client::new(upstream.accept().unwrap().0);
    accepted.receives_end();
    drop(accepted);
    assert_eq!(server.hears(), "Closed");
}
