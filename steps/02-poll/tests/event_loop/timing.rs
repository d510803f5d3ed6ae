//! Deadlines, and wake-ups from other threads and other connections.

use std::cell::Cell;
use std::time::{Duration, Instant};

use poll::{ConnId, Timer};

use crate::stage::{Script, Server};

#[test]
fn both_deadlines_of_a_connection_pass_in_order_and_once() {
    let server = Server::start(|tell, _| Script {
        open: Box::new(|_, io| {
            io.set_timeout(Timer::Guard, Some(Duration::from_millis(40)));
            io.set_timeout(Timer::Protocol, Some(Duration::from_millis(20)));
        }),
        timeout: Box::new(move |which, _| tell.send(format!("{which:?}")).unwrap()),
        ..Script::default()
    });
    let start = Instant::now();
    let _client = server.client();
    assert_eq!(server.hears(), "Protocol");
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!(server.hears(), "Guard");
    assert!(start.elapsed() >= Duration::from_millis(40));
    server.sleeps();
}

#[test]
fn bytes_that_come_do_not_move_a_deadline_and_a_cleared_one_does_not_pass() {
    let server = Server::start(|tell, _| Script {
        open: Box::new(|_, io| {
            io.set_timeout(Timer::Protocol, Some(Duration::from_millis(100)));
            io.set_timeout(Timer::Guard, Some(Duration::from_millis(50)));
        }),
        data: Box::new(|bytes, io| {
            io.set_timeout(Timer::Guard, None);
            io.out().extend_from_slice(bytes);
            bytes.len()
        }),
        timeout: Box::new(move |which, io| {
            tell.send(format!("{which:?}")).unwrap();
            io.close();
        }),
        ..Script::default()
    });
    let mut client = server.client();
    let start = Instant::now();
    loop {
        // Slowloris: a byte now and then.
        if std::io::Write::write_all(&mut client.0, b"x").is_err() {
            break;
        }
        let mut byte = [0];
        if matches!(std::io::Read::read(&mut client.0, &mut byte), Ok(0) | Err(_)) {
            break;
        }
    }
    assert!(start.elapsed() < Duration::from_secs(5), "a byte now and then kept it open");
    assert_eq!(server.hears(), "Protocol");
}

#[test]
fn the_world_has_deadlines_of_its_own() {
    let server = Server::start(|tell, _| {
        let ticks = Cell::new(0);
        Script {
            start: Box::new(|net| {
                net.set_timeout(7, Some(Duration::from_millis(10)));
                net.set_timeout(8, Some(Duration::from_millis(10)));
                net.set_timeout(8, None);
            }),
            world_timeout: Box::new(move |key, net| {
                ticks.set(ticks.get() + 1);
                tell.send(format!("key {key}, tick {}", ticks.get())).unwrap();
                if ticks.get() < 3 {
                    net.set_timeout(key, Some(Duration::ZERO));
                }
            }),
            ..Script::default()
        }
    });
    for tick in 1..=3 {
        assert_eq!(server.hears(), format!("key 7, tick {tick}"));
    }
    server.sleeps();
}

#[test]
fn another_thread_wakes_the_loop_which_reaches_a_connection() {
    let server = Server::start(|tell, _| {
        let id = ConnId::from_u64(1 << 32);
        Script {
            open: Box::new(move |_, _| tell.send("open".into()).unwrap()),
            world_woken: Box::new(move |net| {
                let _ = net.send_to(id, b"from outside, ");
                net.wake(id);
            }),
            woken: Box::new(|io| io.out().extend_from_slice(b"from within")),
            ..Script::default()
        }
    });
    let mut client = server.client();
    assert_eq!(server.hears(), "open");
    let handle = server.handle.clone();
    std::thread::spawn(move || handle.wake().unwrap()).join().unwrap();
    client.receives("from outside, from within");
    server.sleeps();
}

#[test]
fn connections_wake_each_other_though_no_event_comes() {
    // A wakes B, B wakes A: a ball that goes to and fro a thousand times.
    let server = Server::start(|tell, _| {
        let left = Cell::new(1000);
        let opened = tell.clone();
        Script {
            open: Box::new(move |_, io| opened.send(io.id().to_string()).unwrap()),
            data: Box::new(|bytes, io| {
                io.wake(ConnId::from_u64(1 << 32));
                bytes.len()
            }),
            woken: Box::new(move |io| {
                left.set(left.get() - 1);
                let other = ConnId::from_u64((1 << 32) | (1 - (io.id().as_u64() & 1)));
                match left.get() {
                    0 => tell.send(format!("at {}", io.id())).unwrap(),
                    _ => io.wake(other),
                }
            }),
            ..Script::default()
        }
    });
    let (mut one, _two) = (server.client(), server.client());
    assert_eq!([server.hears(), server.hears()], ["#0.1", "#1.1"]);
    one.sends("serve");
    assert_eq!(server.hears(), "at #1.1");
    server.sleeps();
}

#[test]
fn a_thousand_wake_ups_are_few() {
    let server = Server::start(|tell, _| Script {
        data: Box::new(|bytes, io| {
            for _ in 0..1000 {
                let me = io.id();
                io.wake(me);
            }
            bytes.len()
        }),
        woken: Box::new(move |_| tell.send("woken".into()).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    assert_eq!(server.hears(), "woken");
    server.hears_nothing_for(Duration::from_millis(20));
}
