//! Leaving: politely, at once, and with peers that do not play along.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use poll::{ConnId, Limits, Timer};

use crate::stage::{PATIENCE, Script, Server, Tell, pattern};

/// Answers `bye` to the first bytes, closes, and tells why it ended.
fn says_bye(tell: Tell) -> Script {
    Script {
        data: Box::new(|bytes, io| {
            io.out().extend_from_slice(b"bye");
            io.close();
            bytes.len()
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    }
}

#[test]
fn the_goodbye_reaches_a_peer_that_still_sends() {
    let server = Server::start(|tell, _| says_bye(tell));
    for _ in 0..200 {
        let mut client = server.client();
        // More than one read takes: an RST would come back for what is left unread.
        client.sends(vec![b'x'; 300_000]);
        assert_eq!(client.reads_to_end().expect("no RST"), b"bye");
        drop(client);
        assert_eq!(server.hears(), "Closed");
    }
}

#[test]
fn a_peer_that_sends_on_after_the_goodbye_is_read_until_its_fin() {
    let server = Server::start(|tell, _| says_bye(tell));
    let mut client = server.client();
    client.sends("x");
    client.receives("bye");
    client.sends(vec![b'x'; 10_000_000]);
    client.half_closes();
    client.receives_end();
    assert_eq!(server.hears(), "Closed");
}

#[test]
fn a_peer_that_neither_sends_nor_leaves_is_dropped_after_the_linger_time() {
    let limits = Limits { linger_timeout: Duration::from_millis(100), ..Limits::default() };
    let server = Server::with_limits(limits, |tell, _| says_bye(tell));
    let mut client = server.client();
    client.sends("x");
    let start = Instant::now();
    assert_eq!(client.reads_to_end().unwrap(), b"bye");
    assert_eq!(server.hears(), "Closed");
    assert!(start.elapsed() >= Duration::from_millis(100), "it waited for the peer's FIN");
}

#[test]
fn a_peer_that_takes_nothing_of_the_last_answer_is_cut() {
    let limits = Limits { flush_timeout: Duration::from_millis(100), ..Limits::default() };
    let server = Server::with_limits(limits, |tell, _| Script {
        data: Box::new(|bytes, io| {
            io.out().resize(32 << 20, b'.');
            io.close();
            bytes.len()
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    assert_eq!(server.hears(), "Stuck");
    assert!(client.reads_to_end().map_or(0, |bytes| bytes.len()) < 32 << 20);
}

#[test]
fn a_peer_that_reads_slowly_gets_the_whole_last_answer() {
    // Longer in all than the flush timeout; each pause is shorter.
    let limits = Limits { flush_timeout: Duration::from_millis(1500), ..Limits::default() };
    let server = Server::with_limits(limits, |tell, _| Script {
        data: Box::new(|bytes, io| {
            io.out().extend_from_slice(&pattern(8 << 20));
            io.close();
            bytes.len()
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    socket2::SockRef::from(&client.0).set_recv_buffer_size(64 * 1024).unwrap();
    client.sends("x");
    let mut all = Vec::new();
    while all.len() < 8 << 20 {
        let mut some = vec![0; 1 << 20];
        std::io::Read::read_exact(&mut client.0, &mut some).unwrap();
        all.append(&mut some);
        server.hears_nothing_for(Duration::from_millis(220));
    }
    assert!(all == pattern(8 << 20));
    client.receives_end();
}

#[test]
fn a_peer_that_sends_all_before_it_reads_gets_the_answer_of_who_closes_meanwhile() {
    // The server pauses, then closes with a large answer while the peer is blocked in its own write: only
    // if the server goes on reading will the peer come to read.
    let server = Server::start(|_, _| Script {
        open: Box::new(|_, io| {
            io.pause();
            io.set_timeout(Timer::Protocol, Some(Duration::from_millis(100)));
        }),
        timeout: Box::new(|_, io| {
            io.out().extend_from_slice(&pattern(16 << 20));
            io.close();
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends(vec![0; 32 << 20]);
    client.half_closes();
    assert!(client.reads_to_end().unwrap() == pattern(16 << 20));
}

#[test]
fn a_half_close_of_our_own_lets_the_peer_go_on() {
    let server = Server::start(|tell, _| {
        let told = tell.clone();
        Script {
            open: Box::new(|_, io| {
                io.out().extend_from_slice(&pattern(5_000_000));
                io.half_close();
                io.half_close();
                let me = io.id();
                assert_eq!(io.send_to(me, b"too late"), poll::Sent::Gone);
            }),
            data: Box::new(move |bytes, _| {
                told.send(bytes.escape_ascii().to_string()).unwrap();
                bytes.len()
            }),
            closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    assert!(client.reads_to_end().unwrap() == pattern(5_000_000));
    for word in ["still", "here"] {
        client.sends(word);
        assert_eq!(server.hears(), word);
    }
    server.sleeps();
    client.half_closes();
    assert_eq!(server.hears(), "Closed");
}

#[test]
fn close_inside_open_works_like_anywhere() {
    let server = Server::start(|tell, _| Script {
        open: Box::new(|_, io| {
            io.out().extend_from_slice(b"full, come back later");
            io.close();
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    assert_eq!(client.reads_to_end().unwrap(), b"full, come back later");
    drop(client);
    assert_eq!(server.hears(), "Closed");
}

#[test]
fn abort_works_in_every_callback() {
    for place in ["open", "data", "ended", "woken", "timeout", "drained", "stop"] {
        let mut server = Server::start(move |tell, _| {
            let abort = move |here: &'static str| {
                move |io: &mut poll::Io<'_>| {
                    if here == place {
                        io.out().extend_from_slice(b"never seen");
                        io.abort();
                    }
                }
            };
            Script {
                open: Box::new(move |_, io| {
                    io.set_timeout(Timer::Protocol, Some(Duration::ZERO));
                    abort("open")(io);
                }),
                data: Box::new(move |bytes, io| {
                    if place == "stop" {
                        io.out().extend_from_slice(b"here");
                    }
                    if place == "drained" {
                        let me = io.id();
                        let _ = io.send_to(me, &[b'.'; 100_000]);
                    }
                    let me = io.id();
                    io.wake(me);
                    abort("data")(io);
                    bytes.len()
                }),
                ended: Box::new(abort("ended")),
                woken: Box::new(abort("woken")),
                timeout: Box::new(move |_, io| abort("timeout")(io)),
                drained: Box::new(abort("drained")),
                stop: Box::new(abort("stop")),
                closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
                ..Script::default()
            }
        });
        let mut client = server.client();
        // The server may be gone already; its RST may meet any of these.
        let _ = client.0.write_all(b"x");
        if place == "ended" {
            client.half_closes();
        }
        if place == "stop" {
            // What is not accepted yet when the listeners go is reset by the kernel.
            client.receives("here");
            server.stops();
        }
        assert_eq!(server.hears(), "Aborted", "in {place}");
        if let Ok(received) = client.reads_to_end() {
            assert!(!received.ends_with(b"never seen"), "in {place}");
        }
        server.hears_nothing_for(Duration::ZERO);
    }
}

#[test]
fn an_aborted_connection_is_reset_and_leaves_no_output_in_the_kernel() {
    let server = Server::start(move |tell, _| Script {
        data: Box::new(move |bytes, io| {
            io.out().resize(32 << 20, b'.');
            // The turn's end fills the socket before this is over.
            io.set_timeout(Timer::Protocol, Some(Duration::from_millis(1)));
            bytes.len()
        }),
        timeout: Box::new(|_, io| io.abort()),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    assert_eq!(server.hears(), "Aborted");
    assert_eq!(client.reads_to_end().unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_connection_that_the_peer_resets_is_gone_whatever_it_does() {
    // Reading; paused; paused with bytes waiting; with output waiting; closing; half closed by the peer.
    for state in ["reading", "paused", "waiting", "blocked", "closing", "half"] {
        let server = Server::start(move |tell, _| {
            let told = tell.clone();
            Script {
                data: Box::new(move |bytes, io| {
                    match state {
                        "paused" | "waiting" => io.pause(),
                        "blocked" => io.out().resize(32 << 20, b'.'),
                        "closing" => {
                            io.out().resize(32 << 20, b'.');
                            io.close();
                        }
                        _ => {}
                    }
                    told.send("data".into()).unwrap();
                    if state == "waiting" { 0 } else { bytes.len() }
                }),
                ended: Box::new(|_| {}),
                closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
                ..Script::default()
            }
        });
        let mut client = server.client();
        client.sends("x");
        assert_eq!(server.hears(), "data");
        if state == "half" {
            client.half_closes();
        }
        server.sleeps();
        client.resets();
        assert_eq!(server.hears(), "Reset", "{state}");
    }
}

#[test]
fn deadlines_of_a_closing_connection_do_not_pass() {
    let server = Server::start(|tell, _| {
        let passed = tell.clone();
        Script {
            data: Box::new(|bytes, io| {
                io.set_timeout(Timer::Protocol, Some(Duration::from_millis(10)));
                io.out().extend_from_slice(b"bye");
                io.close();
                io.set_timeout(Timer::Guard, Some(Duration::from_millis(10)));
                bytes.len()
            }),
            timeout: Box::new(move |which, _| passed.send(format!("{which:?} passed")).unwrap()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("x");
    client.receives("bye");
    server.hears_nothing_for(Duration::from_millis(50));
}

#[test]
fn nothing_is_shown_after_close_and_closed_is_told_once() {
    let server = Server::start(|tell, _| {
        let told = tell.clone();
        Script {
            data: Box::new(move |_, io| {
                told.send("data".into()).unwrap();
                let me = io.id();
                io.wake(me);
                io.close();
                0
            }),
            woken: Box::new(|_| panic!("woken after close")),
            ended: Box::new(|_| panic!("ended after close")),
            closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("one");
    client.receives_end();
    let _ = client.0.write_all(b"two");
    client.half_closes();
    assert_eq!([server.hears(), server.hears()], ["data", "Closed"]);
    server.hears_nothing_for(Duration::from_millis(20));
}

#[test]
fn others_are_served_while_a_thousand_connections_linger() {
    let server = Server::start(|tell, _| Script {
        data: Box::new(|bytes, io| {
            io.out().extend_from_slice(bytes);
            if bytes == b"bye" {
                io.close();
            }
            bytes.len()
        }),
        closed: Box::new(move |id, _, _| tell.send(id.to_string()).unwrap()),
        ..Script::default()
    });
    let mut leaving: Vec<_> = (0..300).map(|_| server.client()).collect();
    for client in &mut leaving {
        client.sends("bye");
        assert_eq!(client.reads_to_end().unwrap(), b"bye");
    }
    let mut other = server.client();
    other.sends("hello");
    other.receives("hello");
    drop(leaving);
    let mut gone: Vec<String> = (0..300).map(|_| server.hears()).collect();
    gone.sort();
    gone.dedup();
    assert_eq!(gone.len(), 300, "each once");
}

#[test]
fn a_world_that_wakes_and_sends_to_the_dead_in_closed_harms_nobody() {
    let server = Server::start(|tell, _| Script {
        closed: Box::new(move |id, _, net| {
            net.wake(id);
            tell.send(format!("{:?}", net.send_to(id, b"x"))).unwrap();
            net.wake(ConnId::from_u64(u64::MAX));
        }),
        ..Script::default()
    });
    server.client().resets();
    assert_eq!(server.hears(), "Gone");
    let mut other = server.client();
    other.sends("hello");
    other.receives("hello");
}

#[test]
fn writing_to_a_peer_that_has_left_ends_that_connection_only() {
    let server = Server::start(|tell, _| Script {
        ended: Box::new(|io| io.set_timeout(Timer::Guard, Some(Duration::ZERO))),
        timeout: Box::new(|_, io| {
            // It read the FIN as "no more requests" and goes on answering; the socket is closed over there.
            io.out().extend_from_slice(b"anybody there?");
            io.set_timeout(Timer::Guard, Some(Duration::from_millis(5)));
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    drop(server.client());
    assert_eq!(server.hears(), "Reset");
    let mut other = server.client();
    other.sends("hello");
    other.receives("hello");
}

#[test]
fn the_kernel_refuses_who_comes_after_the_loop_is_gone() {
    let mut server = Server::start(|_, _| Script::default());
    let address = server.address;
    server.stops();
    let error = std::net::TcpStream::connect_timeout(&address, PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}
