//! Sending: to others, to slow readers, chunks and files.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use poll::{Chunk, ConnId, Limits, Sent};

use crate::stage::{Script, Server, pattern};

/// The n-th connection of a fresh server.
fn nth(slot: u64) -> ConnId {
    ConnId::from_u64((1 << 32) | slot)
}

#[test]
fn a_callback_may_send_to_another_connection() {
    let server = Server::start(|tell, _| Script {
        open: Box::new(move |_, io| tell.send(io.id().to_string()).unwrap()),
        data: Box::new(|bytes, io| {
            let other = nth(1 - (io.id().as_u64() & 1));
            assert_eq!(io.send_to(other, bytes), Sent::Queued);
            bytes.len()
        }),
        ..Script::default()
    });
    let mut alice = server.client();
    assert_eq!(server.hears(), "#0.1");
    let mut bob = server.client();
    assert_eq!(server.hears(), "#1.1");
    alice.sends("from alice");
    bob.receives("from alice");
    bob.sends("from bob");
    alice.receives("from bob");
}

#[test]
fn what_is_sent_to_the_dead_is_gone_and_never_reaches_who_has_their_place() {
    let server = Server::start(|tell, _| {
        let left = tell.clone();
        Script {
            open: Box::new(move |_, io| tell.send(format!("open {}", io.id())).unwrap()),
            data: Box::new(|bytes, io| {
                let answer = format!("{:?}", io.send_to(nth(1), b"for the dead"));
                io.out().extend_from_slice(answer.as_bytes());
                bytes.len()
            }),
            closed: Box::new(move |id, _, _| left.send(format!("gone {id}")).unwrap()),
            ..Script::default()
        }
    });
    let mut alice = server.client();
    assert_eq!(server.hears(), "open #0.1");
    let bob = server.client();
    assert_eq!(server.hears(), "open #1.1");
    bob.resets();
    assert_eq!(server.hears(), "gone #1.1");
    let mut carol = server.client();
    assert_eq!(server.hears(), "open #1.2", "carol has bob's slot, not his id");
    alice.sends("?");
    alice.receives("Gone");
    carol.sends("?");
    carol.receives("Gone");
}

#[test]
fn output_that_a_dead_connection_left_unsent_leaves_on_no_other() {
    let server = Server::start(|tell, _| {
        let left = tell.clone();
        Script {
            data: Box::new(|bytes, io| {
                if bytes == b"secret" {
                    io.out().resize(500_000, b'S');
                    io.abort();
                } else {
                    io.out().extend_from_slice(bytes);
                }
                bytes.len()
            }),
            closed: Box::new(move |_, why, _| left.send(format!("{why:?}")).unwrap()),
            ..Script::default()
        }
    });
    for _ in 0..10 {
        let mut alice = server.client();
        alice.sends("secret");
        assert_eq!(server.hears(), "Aborted");
        let mut bob = server.client();
        bob.sends("hello");
        bob.receives("hello");
        bob.half_closes();
        bob.receives_end();
        assert_eq!(server.hears(), "Closed");
    }
}

#[test]
fn a_slow_reader_is_reported_then_dropped_from_and_told_when_all_has_left() {
    let limits = Limits { pending: 10_000, queue: 1_000_000, ..Limits::default() };
    let server = Server::with_limits(limits, |tell, _| {
        let drained = tell.clone();
        Script {
            data: Box::new(move |bytes, io| {
                let (mut counts, message, me) = ([0u64; 3], [b'm'; 1000], io.id());
                while counts[2] < 5 {
                    // 8 MiB cannot fit into any socket of this machine together with a queue of 1 MB.
                    match io.send_to(me, &message) {
                        Sent::Queued => counts[0] += 1,
                        Sent::Slow => counts[1] += 1,
                        Sent::Dropped => counts[2] += 1,
                        Sent::Gone => panic!("it is here"),
                    }
                }
                tell.send(format!("{counts:?}")).unwrap();
                bytes.len()
            }),
            drained: Box::new(move |_| drained.send("drained".into()).unwrap()),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("go");
    assert_eq!(server.hears(), "[10, 990, 5]", "queued to the limit, slow to the next, dropped beyond it");
    client.receives(vec![b'm'; 1_000_000]);
    assert_eq!(server.hears(), "drained");
}

#[test]
fn who_was_dropped_from_is_told_also_when_nothing_had_piled_up() {
    let server = Server::with_limits(Limits { queue: 10, ..Limits::default() }, |tell, _| Script {
        data: Box::new(|bytes, io| {
            let me = io.id();
            assert_eq!(io.send_to(me, &[b'm'; 11]), Sent::Dropped);
            bytes.len()
        }),
        drained: Box::new(move |_| tell.send("drained".into()).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("go");
    assert_eq!(server.hears(), "drained");
}

#[test]
fn who_stops_at_slow_goes_on_at_drained() {
    let total = 20_000_000;
    let server = Server::start(move |_, _| {
        let left = Rc::new(RefCell::new(pattern(total)));
        let fill = move |io: &mut poll::Io<'_>| {
            let mut left = left.borrow_mut();
            while !left.is_empty() {
                let count = left.len().min(10_000);
                let me = io.id();
                let sent = io.send_to(me, &left[..count]);
                left.drain(..count);
                match sent {
                    Sent::Queued => {}
                    Sent::Slow => return,
                    Sent::Dropped | Sent::Gone => panic!("it stops at slow"),
                }
            }
            io.close();
        };
        let again = fill.clone();
        Script {
            data: Box::new(move |bytes, io| {
                fill(io);
                bytes.len()
            }),
            drained: Box::new(again),
            ..Script::default()
        }
    });
    let mut client = server.client();
    client.sends("go");
    assert_eq!(client.reads_to_end().unwrap(), pattern(total));
}

#[test]
fn a_sealed_connection_takes_its_own_goodbye_and_nothing_else() {
    let server = Server::start(|_, _| Script {
        data: Box::new(|bytes, io| {
            io.out().extend_from_slice(b"goodbye ");
            io.seal();
            let me = io.id();
            let refused = format!("{:?}", io.send_to(me, b"too late"));
            io.out().extend_from_slice(refused.as_bytes());
            bytes.len()
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    client.receives("goodbye Gone");
}

#[test]
fn a_closing_connection_is_gone_for_others() {
    let server = Server::start(|tell, _| Script {
        data: Box::new(move |bytes, io| {
            io.out().extend_from_slice(b"bye");
            io.close();
            let me = io.id();
            tell.send(format!("{:?}", io.send_to(me, b"too late"))).unwrap();
            bytes.len()
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    assert_eq!(client.reads_to_end().unwrap(), b"bye");
    assert_eq!(server.hears(), "Gone");
}

#[test]
fn chunks_of_all_kinds_arrive_in_order() {
    let mut file = temporary_file();
    file.write_all(&pattern(3_000_000)).unwrap();
    let file = Arc::new(file);
    let server = Server::start(move |_, _| Script {
        data: Box::new(move |bytes, io| {
            let shared: Arc<[u8]> = pattern(70_000).into();
            for round in 0..20 {
                io.out().extend_from_slice(format!("round {round}").as_bytes());
                io.push(Chunk::Shared(shared.clone()));
                io.push(Chunk::Owned(Vec::new()));
                io.push(Chunk::File { file: file.clone(), range: 1_000_000..1_000_000 + 50_000 * round });
                io.push(Chunk::Owned(b"owned".to_vec()));
            }
            io.out().extend_from_slice(b"the end");
            io.close();
            bytes.len()
        }),
        ..Script::default()
    });
    let mut expected = Vec::new();
    let (shared, file) = (pattern(70_000), pattern(3_000_000));
    for round in 0..20 {
        expected.extend_from_slice(format!("round {round}").as_bytes());
        expected.extend_from_slice(&shared);
        expected.extend_from_slice(&file[1_000_000..1_000_000 + 50_000 * round]);
        expected.extend_from_slice(b"owned");
    }
    expected.extend_from_slice(b"the end");
    let mut client = server.client();
    client.sends("x");
    assert!(client.reads_to_end().unwrap() == expected);
}

#[test]
fn a_big_file_leaves_at_constant_memory_and_others_are_served_meanwhile() {
    let size = 1 << 30;
    let file = temporary_file();
    file.set_len(size).unwrap();
    let file = Arc::new(file);
    let server = Server::start(move |_, _| Script {
        data: Box::new(move |bytes, io| {
            if bytes == b"file" {
                io.push(Chunk::File { file: file.clone(), range: 0..size });
                io.close();
            } else {
                io.out().extend_from_slice(bytes);
            }
            bytes.len()
        }),
        ..Script::default()
    });
    let mut reader = server.client();
    reader.sends("file");
    let before = memory();
    let download = std::thread::spawn(move || reader.counts_to_end().unwrap());
    let mut other = server.client();
    while !download.is_finished() {
        other.sends("hello");
        other.receives("hello");
    }
    assert_eq!(download.join().unwrap(), size);
    let grown = memory().saturating_sub(before);
    // Other tests run in this process at the same time; they hold some megabytes.
    assert!(grown < 400 << 20, "1 GiB went through and the process grew by {grown} bytes");
}

#[test]
fn a_file_that_becomes_shorter_ends_the_connection_and_no_other() {
    let file = Arc::new(temporary_file());
    file.set_len(100_000).unwrap();
    let server = Server::start(move |tell, _| Script {
        data: Box::new(move |bytes, io| {
            if bytes == b"file" {
                io.push(Chunk::File { file: file.clone(), range: 0..200_000 });
                io.close();
            } else {
                io.out().extend_from_slice(bytes);
            }
            bytes.len()
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut other = server.client();
    let mut reader = server.client();
    reader.sends("file");
    assert_eq!(reader.counts_to_end().unwrap(), 100_000, "what was there was sent");
    assert_eq!(server.hears(), "Failed(InvalidData)");
    other.sends("hello");
    other.receives("hello");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_the_kernel_cannot_send_by_itself_is_copied() {
    // Files of /proc and /sys are made up while they are read.
    let file = Arc::new(File::open("/proc/self/environ").unwrap());
    let mut text = Vec::new();
    File::open("/proc/self/environ").unwrap().read_to_end(&mut text).unwrap();
    let length = text.len() as u64;
    let server = Server::start(move |_, _| Script {
        data: Box::new(move |bytes, io| {
            io.push(Chunk::File { file: file.clone(), range: 0..length });
            io.close();
            bytes.len()
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    assert_eq!(client.reads_to_end().unwrap(), text);
}

/// A file without a name: the system removes it when the last descriptor is closed.
fn temporary_file() -> File {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("poll-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

/// Memory of this process, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
