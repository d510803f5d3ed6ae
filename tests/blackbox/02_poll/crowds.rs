//! Crowds: many clients, more than there are descriptors for, and such as never read.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use harness::{Lesson, Story};

use crate::{rests, still_serves};

/// CONTRACT.md: what a client that never reads may cost.
const MAX_PENDING: u64 = 64 << 10;
const ONE_READ: u64 = 64 << 10;

pub fn clients_are_answered_in_reverse_order(story: &Story) {
    story.teaches(Lesson {
        why: "The first client has said nothing yet, and the second one waits for it. A server for many may block \
              in the poll only, never in a read for one of them.",
        read: "man 7 epoll, notes/02-poll.md",
        hand: "nc 127.0.0.1 {port} in two terminals; type in the second one first",
    });
    let server = story.server();
    let mut clients = story.clients("client", 20, &server);
    for (number, client) in clients.iter_mut().enumerate().rev() {
        client.sends(format!("hello from {number}"));
        client.receives_exactly(format!("hello from {number}"));
    }
}

pub fn ten_that_connect_at_once_are_all_served(story: &Story) {
    story.teaches(Lesson {
        why: "Ten came and one event told of them. Accept until WouldBlock: an edge-triggered poll does not tell of \
              those who wait already.",
        read: "man 7 epoll (EAGAIN on accept), notes/02-poll.md",
        hand: "for i in 1 2 3 4 5 6 7 8 9 10; do (echo $i | nc -N 127.0.0.1 {port}) & done; wait",
    });
    let server = story.server();
    let mut clients = server.while_it_stands_still(|| story.clients("client", 10, &server));
    // Each leaves before the next speaks: who serves one after the other passes this one, and fails the next.
    for client in &mut clients {
        client.sends("hello");
        client.receives_exactly("hello");
        client.half_closes();
        client.receives_end();
    }
}

pub fn a_thousand_clients_at_once(story: &Story) {
    story.teaches(Lesson {
        why: "One thread serves a thousand clients when each costs a few bytes and a turn looks only at those with \
              something to do.",
        read: "notes/02-poll.md",
        hand: "for i in $(seq 1000); do (echo $i; sleep 5) | nc -N 127.0.0.1 {port} > /dev/null & done; ss -s",
    });
    let server = story.server();
    let mut clients = story.clients("client", 1000, &server);
    for round in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.sends(format!("{round}, {number}\n"));
        }
        for (number, client) in clients.iter_mut().enumerate().rev() {
            client.receives_exactly(format!("{round}, {number}\n"));
        }
    }
}

pub fn a_hundred_clients_and_too_few_descriptors(story: &Story) {
    story.teaches(Lesson {
        why: "accept failed with EMFILE: the process has no descriptor left. The connection stays queued, so a \
              level-triggered poll reports it without pause (the server burns a core), and an edge-triggered one \
              never again (the client waits for ever). Rest, and try again when a connection closes or after a \
              moment. nodejs/node#45242.",
        read: "man 2 accept (EMFILE), notes/02-poll.md",
        hand: "(ulimit -n 32; PORT=8080 target/debug/02-poll) & then many nc, and top",
    });
    let lowered = ["sh", "-c", "ulimit -n 32; exec \"$0\" \"$@\""];
    let server = story.server_with(|s| s.under(lowered));
    let mut witness = story.client("a witness", &server);
    witness.sends("first");
    witness.receives_exactly("first");
    let baseline = server.open_descriptors();

    let mut clients = story.clients("client", 100, &server);
    for (number, client) in clients.iter_mut().enumerate() {
        client.sends(format!("hello from {number}"));
    }
    // The first is served, so the server has come to its limit or soon will.
    clients[0].receives_exactly("hello from 0");
    rests(story, &server, &mut witness);
    for (number, client) in clients.iter_mut().enumerate() {
        if number > 0 {
            client.receives_exactly(format!("hello from {number}"));
        }
        client.closes();
    }
    witness.sends("last");
    witness.receives_exactly("last");
    still_serves(story, &server);
    let end = Instant::now() + Duration::from_secs(2);
    while server.open_descriptors() > baseline && Instant::now() < end {
        witness.receives_nothing_for(Duration::from_millis(10));
    }
    let left = server.open_descriptors();
    story.expects(left <= baseline, format!("{baseline} descriptors as before the crowd, there are {left}"));
}

pub fn a_thousand_readers_that_never_read(story: &Story) {
    story.teaches(Lesson {
        why: "A client that sends and never reads makes your queue for it grow. Stop reading from who does not take \
              its answers (backpressure): its window closes and it must wait. Then each costs a bounded amount, and \
              nobody else notices.",
        read: "notes/02-poll.md (\"Backpressure\")",
        hand: "for i in $(seq 100); do nc 127.0.0.1 {port} < /dev/zero | sleep 60 & done; ps -o rss= -C 02-poll",
    });
    const READERS: usize = 1000;
    let server = story.server();
    let mut witness = story.client("a witness", &server);
    witness.sends("hello");
    witness.receives_exactly("hello");
    let before = server.memory_rss();
    let mut readers: Vec<_> = (1..=READERS)
        .map(|number| {
            // Small buffers at this end: a thousand times megabytes would be the kernel's whole memory for TCP.
            story.client_with(&format!("reader {number}"), &server, |socket| {
                socket.set_recv_buffer_size(4096)?;
                socket.set_send_buffer_size(16 * 1024)
            })
        })
        .collect();
    let block = vec![b'.'; 64 << 10];
    let (mut sent, mut passes_without) = (0, 0);
    // A thousand times 64 KiB stand before it in each pass.
    witness.within(Duration::from_secs(5));
    while passes_without < 3 {
        let mut progress = 0;
        for reader in &mut readers {
            match reader.socket().write(&block) {
                Ok(count) => progress += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => story.fails(format!("the server ended a reader: {error}")),
            }
        }
        sent += progress;
        passes_without = if progress == 0 { passes_without + 1 } else { 0 };
        witness.sends("hello");
        witness.receives_exactly("hello");
    }
    let mut worst = Duration::ZERO;
    for _ in 0..20 {
        let start = Instant::now();
        witness.sends("hello");
        witness.receives_exactly("hello");
        worst = worst.max(start.elapsed());
    }
    let grown = server.memory_peak().saturating_sub(before);
    story.note(format!(
        "the readers sent {sent} bytes; the server grew by {grown}; the witness waited {worst:?}"
    ));
    let most = READERS as u64 * (MAX_PENDING + ONE_READ) + (20 << 20);
    story.expects(grown <= most, format!("at most {most} bytes for {READERS} readers, it grew by {grown}"));
    story.expects(worst.as_millis() < 500, format!("each answer within 500 ms, one took {worst:?}"));
    for reader in &mut readers {
        reader.resets();
    }
    still_serves(story, &server);
}

pub fn ten_thousand_idle_connections(story: &Story) {
    story.teaches(Lesson {
        why: "An idle connection needs a descriptor and a few dozen bytes. A buffer of 64 KiB for each would be \
              640 MB for nothing; a look at each in every turn would be a core for nothing.",
        read: "notes/02-poll.md",
        hand: "ulimit -n 20000; start the server; then a program that opens 10,000 connections; ss -s",
    });
    const MANY: usize = 10_000;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    if limit < MANY as u64 + 100 {
        story.fails(format!(
            "10,000 connections need 10,000 descriptors at each end, the limit is {limit}. Raise it: as root, \
             `ulimit -n 20000` in this terminal, or a line `* hard nofile 20000` in /etc/security/limits.conf"
        ));
    }
    // The log of so many comings and goings is not what is measured.
    let server = story.server_with(|s| s.env("RUST_LOG", "warn"));
    let mut witness = story.client("a witness", &server);
    witness.sends("hello");
    witness.receives_exactly("hello");
    let before = server.memory_rss();
    let mut clients = story.clients("idle", MANY, &server);
    for client in &mut clients {
        client.sends("a");
    }
    for client in &mut clients {
        client.receives_exactly("a");
    }
    let each = server.memory_rss().saturating_sub(before) / MANY as u64;
    story.note(format!("an idle connection costs {each} bytes"));
    story.expects(each < 2048, format!("less than 2 KiB for an idle connection, it is {each} bytes"));
    rests(story, &server, &mut witness);
    for client in clients.iter_mut().rev().step_by(10) {
        client.sends("b");
        client.receives_exactly("b");
    }
    still_serves(story, &server);
    // So many would fill this machine's ports with TIME-WAIT.
    for client in &mut clients {
        client.resets();
    }
    still_serves(story, &server);
}
