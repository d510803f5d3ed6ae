//! The server stops: goodbyes, for a bounded time.

use std::cell::Cell;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use poll::{Limits, Timer};

use crate::stage::{Script, Server};

#[test]
fn each_connection_says_goodbye_and_then_the_loop_ends() {
    let mut server = Server::start(|tell, _| {
        let told = tell.clone();
        Script {
            open: Box::new(move |_, _| told.send("open".into()).unwrap()),
            stop: Box::new(|io| {
                io.out().extend_from_slice(b"the server stops");
                io.close();
            }),
            closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
            ..Script::default()
        }
    });
    let mut clients: Vec<_> = (0..5).map(|_| server.client()).collect();
    (0..5).for_each(|_| assert_eq!(server.hears(), "open"));
    server.handle.stop().unwrap();
    for client in &mut clients {
        assert_eq!(client.reads_to_end().unwrap(), b"the server stops");
    }
    drop(clients);
    (0..5).for_each(|_| assert_eq!(server.hears(), "Closed"));
    server.is_over();
}

#[test]
fn a_connection_may_finish_what_is_under_way() {
    let mut server = Server::start(|tell, _| Script {
        open: Box::new(move |_, _| tell.send("open".into()).unwrap()),
        stop: Box::new(|io| io.set_timeout(Timer::Protocol, Some(Duration::from_millis(30)))),
        timeout: Box::new(|_, io| {
            io.out().extend_from_slice(b"the answer");
            io.close();
        }),
        ..Script::default()
    });
    let mut client = server.client();
    assert_eq!(server.hears(), "open");
    server.handle.stop().unwrap();
    assert_eq!(client.reads_to_end().unwrap(), b"the answer");
    drop(client);
    server.is_over();
}

#[test]
fn goodbyes_that_take_too_long_are_cut() {
    let limits = Limits { stop_timeout: Duration::from_millis(100), ..Limits::default() };
    let mut server = Server::with_limits(limits, |tell, _| {
        let told = tell.clone();
        Script {
            open: Box::new(move |_, io| {
                told.send("open".into()).unwrap();
                io.pause();
            }),
            stop: Box::new(|_| {}),
            closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
            ..Script::default()
        }
    });
    let _client = server.client();
    assert_eq!(server.hears(), "open");
    let took = server.stops();
    assert!(took >= Duration::from_millis(100) && took < Duration::from_secs(2), "{took:?}");
    assert_eq!(server.hears(), "Stopped");
}

#[test]
fn a_peer_that_does_not_answer_the_goodbye_delays_the_end_by_the_linger_time_only() {
    let limits = Limits { linger_timeout: Duration::from_millis(100), ..Limits::default() };
    let mut server = Server::with_limits(limits, |tell, _| Script {
        open: Box::new(move |_, _| tell.send("open".into()).unwrap()),
        ..Script::default()
    });
    let _client = server.client();
    assert_eq!(server.hears(), "open");
    let took = server.stops();
    assert!(took >= Duration::from_millis(100) && took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn an_outgoing_connection_that_does_not_stand_is_given_up_and_no_new_one_begins() {
    let limits = Limits { stop_timeout: Duration::from_millis(500), ..Limits::default() };
    // Nobody accepts here, and the backlog is full: connecting takes for ever.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    socket2::SockRef::from(&full).listen(0).unwrap();
    let address = full.local_addr().unwrap();
    let _waiting: Vec<_> = (0..3)
        .filter_map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)).ok())
        .collect();
    let mut server = Server::with_limits(limits, move |tell, _| {
        let tries = Rc::new(Cell::new(0));
        Script {
            start: Box::new(move |net| {
                net.connect(address, 1);
            }),
            world_woken: Box::new(move |net| {
                // In the very turn in which the stop is heard.
                net.connect(address, 2);
            }),
            connect_failed: Box::new(move |_, tag, error, net| {
                tell.send(format!("{tag}: {error}")).unwrap();
                tries.set(tries.get() + 1);
                if tries.get() < 3 {
                    net.connect(address, 3);
                }
            }),
            ..Script::default()
        }
    });
    server.hears_nothing_for(Duration::from_millis(20));
    server.stops();
    for tag in [1, 2, 3] {
        assert_eq!(server.hears(), format!("{tag}: the server is stopping"));
    }
}
