//! Reading: the carry, pausing, backpressure, fairness, half close.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::time::Duration;

use mio::net::TcpStream as Socket;
use poll::{Limits, Stream};

use crate::stage::{Client, Script, Server, pattern};

/// Uses whole words of four bytes, echoes them, keeps the rest.
fn words() -> Script {
    Script {
        data: Box::new(|bytes, io| {
            let whole = bytes.len() / 4 * 4;
            io.out().extend_from_slice(&bytes[..whole]);
            whole
        }),
        ..Script::default()
    }
}

#[test]
fn unused_bytes_are_shown_again_with_more_behind_them() {
    let server = Server::start(|_, _| words());
    let mut client = server.client();
    for (sent, answered) in [("a", ""), ("bcdef", "abcd"), ("g", ""), ("h", "efgh"), ("ijklmnop", "ijklmnop")]
    {
        client.sends(sent);
        client.receives(answered);
    }
}

#[test]
fn a_message_of_a_megabyte_comes_whole_in_any_pieces() {
    // The carry grows past the shared buffer: the bytes are then read behind it.
    let server = Server::start(|_, _| Script {
        data: Box::new(|bytes, io| {
            if bytes.len() < 1 << 20 {
                return 0;
            }
            io.push(poll::Chunk::Owned(bytes[..1 << 20].to_vec()));
            1 << 20
        }),
        ..Script::default()
    });
    let message = pattern(1 << 20);
    let mut client = server.client();
    for piece in [1, 1000, 1024, 1025, 4096, 65_536, 100_000, 1 << 20] {
        for part in message.chunks(piece.max(997)) {
            client.sends(part);
        }
        client.receives(&message);
    }
}

#[test]
fn a_paused_connection_is_not_shown_anything_until_it_resumes_and_then_at_once() {
    let server = Server::start(|tell, _| {
        Script {
            // One letter at a time, then a rest.
            data: Box::new(move |bytes, io| {
                tell.send(format!("shown {}", bytes.escape_ascii())).unwrap();
                io.pause();
                1
            }),
            woken: Box::new(|io| io.resume()),
            world_woken: Box::new(|net| {
                // Everybody may go on.
                let id = poll::ConnId::from_u64(1 << 32);
                net.wake(id);
            }),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("abc");
    assert_eq!(server.hears(), "shown abc");
    client.sends("d");
    server.sleeps();
    server.handle.wake().unwrap();
    // What was held back comes first, without an event; what came meanwhile may already stand behind it.
    assert_eq!(server.hears(), "shown bc");
    server.handle.wake().unwrap();
    assert_eq!(server.hears(), "shown c");
    server.handle.wake().unwrap();
    assert_eq!(server.hears(), "shown d", "it stood in the socket; no new event came for it");
}

/// Otherwise a protocol that waits for something else is shown bytes that it has said it cannot use.
#[test]
fn who_resumes_and_pauses_again_is_shown_nothing_until_the_next_resume() {
    let server = Server::start(|tell, _| {
        let mut resumes = 0;
        Script {
            data: Box::new(move |bytes, io| {
                tell.send(format!("shown {}", bytes.escape_ascii())).unwrap();
                io.pause();
                1
            }),
            woken: Box::new(move |io| {
                resumes += 1;
                io.resume();
                if resumes == 1 {
                    io.pause();
                }
            }),
            world_woken: Box::new(|net| net.wake(poll::ConnId::from_u64(1 << 32))),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("ab");
    assert_eq!(server.hears(), "shown ab");
    server.handle.wake().unwrap();
    server.hears_nothing_for(Duration::from_millis(100));
    server.handle.wake().unwrap();
    assert_eq!(server.hears(), "shown b");
}

#[test]
fn pausing_and_resuming_in_one_breath_does_not_keep_the_loop_from_others() {
    let server = Server::start(|_, _| Script {
        data: Box::new(|bytes, io| {
            if bytes.starts_with(b"x") {
                // Uses nothing and wants to see it again: a mistake that costs time, never the server.
                io.pause();
                io.resume();
                return 0;
            }
            io.out().extend_from_slice(bytes);
            bytes.len()
        }),
        ..Script::default()
    });
    let mut stubborn = server.client();
    stubborn.sends("x");
    let mut other = server.client();
    other.sends("hello");
    other.receives("hello");
    stubborn.resets();
}

#[test]
fn looking_again_shows_the_unused_bytes_though_none_have_come() {
    let server = Server::start(|tell, _| {
        let asked = RefCell::new(false);
        Script {
            data: Box::new(move |bytes, io| {
                tell.send(format!("shown {}", bytes.escape_ascii())).unwrap();
                if !asked.replace(true) {
                    let me = io.id();
                    io.wake(me);
                    return 0;
                }
                bytes.len()
            }),
            woken: Box::new(|io| io.look_again()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("later");
    assert_eq!([server.hears(), server.hears()], ["shown later", "shown later"]);
}

#[test]
fn a_peer_that_does_not_read_is_not_read() {
    let limits = Limits { pending: 100_000, ..Limits::default() };
    let server = Server::with_limits(limits, |_, _| Script::default());
    let client = server.client();
    client.0.set_nonblocking(true).unwrap();
    let mut client = Client(client.0);
    let message = pattern(32 << 20);
    let mut sent = 0;
    // Until nothing goes any more, although the loop has had time.
    while let Ok(count) = io::Write::write(&mut client.0, &message[sent..]).or_else(|_| {
        server.sleeps();
        io::Write::write(&mut client.0, &message[sent..])
    }) {
        sent += count;
        assert!(sent < message.len(), "32 MiB went in and none came out: where are they?");
    }
    client.0.set_nonblocking(false).unwrap();
    let mut client = Client::new(client.0);
    client.half_closes();
    assert_eq!(client.reads_to_end().unwrap(), message[..sent], "all of it comes back when it is read");
}

#[test]
fn bytes_held_back_by_backpressure_are_shown_when_the_output_has_left() {
    // Each letter brings 50 KB: the limit is reached after two, and `must_wait` stops the loop over them.
    let server = Server::start(|_, _| Script {
        data: Box::new(|bytes, io| {
            let mut used = 0;
            while used < bytes.len() && !io.must_wait() {
                let answer = vec![bytes[used]; 50_000];
                io.out().extend_from_slice(&answer);
                used += 1;
            }
            used
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("abcdefghijklmnopqrstuvwxyz");
    for letter in b'a'..=b'z' {
        client.receives(vec![letter; 50_000]);
    }
    client.half_closes();
    client.receives_end();
}

/// A socket that always has something to read, as fast as the loop can take it.
struct Endless(Socket);

impl Stream for Endless {
    const SHORT_READ_DRAINS: bool = true;

    fn socket(&mut self) -> &mut Socket {
        &mut self.0
    }
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.peek(&mut [0; 2])? == 2 {
            return io::Read::read(&mut self.0, into);
        }
        into.fill(b'.');
        Ok(into.len())
    }
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        io::Write::write_vectored(&mut self.0, parts)
    }
}

#[test]
fn one_peer_that_never_stops_sending_does_not_starve_the_others() {
    let server = Server::on(
        Limits::default(),
        |socket, _| Ok(Endless(socket)),
        |_, _| Script {
            data: Box::new(|bytes, io| {
                if !bytes.starts_with(b".") {
                    io.out().extend_from_slice(bytes);
                }
                bytes.len()
            }),
            ..Script::default()
        },
    );
    // One byte in the socket, and it never gets empty.
    let mut firehose = server.client();
    firehose.sends("!");
    let mut quiet = server.client();
    for _ in 0..100 {
        quiet.sends("hello");
        quiet.receives("hello");
    }
    firehose.resets();
}

#[test]
fn more_bytes_than_a_turn_reads_are_read_in_the_next_though_no_event_comes() {
    let total = 3 << 20;
    let server = Server::start(move |tell, _| {
        let mut seen = 0;
        Script {
            open: Box::new(|_, io| io.pause()),
            world_woken: Box::new(|net| net.wake(poll::ConnId::from_u64(1 << 32))),
            woken: Box::new(|io| io.resume()),
            data: Box::new(move |bytes, _| {
                seen += bytes.len();
                if seen == total {
                    tell.send("all".into()).unwrap();
                }
                bytes.len()
            }),
            ..Script::default()
        }
    });
    let mut client = server.client();
    let half = std::thread::spawn(move || {
        client.sends(vec![0; total]);
        client
    });
    server.hears_nothing_for(Duration::from_millis(50));
    server.handle.wake().unwrap();
    assert_eq!(server.hears(), "all");
    half.join().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn bytes_behind_urgent_data_are_read_though_a_read_stops_in_front_of_it() {
    let server = Server::start(|_, _| Script {
        open: Box::new(|_, io| io.pause()),
        world_woken: Box::new(|net| net.wake(poll::ConnId::from_u64(1 << 32))),
        woken: Box::new(|io| io.resume()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("before ");
    // What telnet does at Ctrl-C.
    socket2::SockRef::from(&client.0).send_out_of_band(b"!").unwrap();
    client.sends("behind");
    server.sleeps();
    server.handle.wake().unwrap();
    client.receives("before behind");
}

#[test]
fn after_a_half_close_the_answer_still_arrives() {
    let server = Server::start(|_, _| {
        let received = Rc::new(RefCell::new(Vec::new()));
        let kept = received.clone();
        Script {
            data: Box::new(move |bytes, _| {
                kept.borrow_mut().extend_from_slice(bytes);
                bytes.len()
            }),
            ended: Box::new(move |io| {
                io.out().extend_from_slice(&received.take());
                io.close();
            }),
            ..Script::default()
        }
    });
    let mut client = server.client();
    let message = pattern(3_000_000);
    client.sends(&message);
    client.half_closes();
    assert_eq!(client.reads_to_end().unwrap(), message);
}

#[test]
fn a_half_closed_connection_may_stay_and_is_told_so_once() {
    let server = Server::start(|tell, _| {
        let told = tell.clone();
        Script {
            ended: Box::new(move |_| told.send("ended".into()).unwrap()),
            world_woken: Box::new(|net| net.wake(poll::ConnId::from_u64(1 << 32))),
            woken: Box::new(|io| {
                io.out().extend_from_slice(b"late news");
                io.close();
            }),
            closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("x");
    client.receives("x");
    client.half_closes();
    assert_eq!(server.hears(), "ended");
    server.sleeps();
    server.handle.wake().unwrap();
    assert_eq!(client.reads_to_end().unwrap(), b"late news");
    assert_eq!(server.hears(), "Closed");
}

#[test]
fn the_end_is_told_after_the_last_bytes_also_when_they_were_held_back() {
    let server = Server::start(|tell, _| {
        let told = tell.clone();
        Script {
            open: Box::new(|_, io| io.pause()),
            data: Box::new(move |bytes, _| {
                tell.send(bytes.escape_ascii().to_string()).unwrap();
                bytes.len()
            }),
            ended: Box::new(move |io| {
                told.send("ended".into()).unwrap();
                io.close();
            }),
            world_woken: Box::new(|net| net.wake(poll::ConnId::from_u64(1 << 32))),
            woken: Box::new(|io| io.resume()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("last words");
    client.half_closes();
    server.sleeps();
    server.handle.wake().unwrap();
    assert_eq!([server.hears(), server.hears()], ["last words", "ended"]);
    client.receives_end();
}
