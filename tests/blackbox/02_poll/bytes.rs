//! Bytes: all of them come back, in order, whoever is slow.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread::Scope;
use std::time::{Duration, Instant};

use harness::{Lesson, Server, Story};

use crate::{pattern, rests, still_serves};

pub fn what_is_sent_comes_back(story: &Story) {
    story.teaches(Lesson {
        why: "An echo server sends back the bytes that it read, all of them and no others, until read returns 0: \
              that is the client's FIN, and then it closes too.",
        read: "RFC 862, notes/02-poll.md",
        hand: "printf 'hello' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("hello\n");
    alice.receives_exactly("hello\n");
    alice.sends([0x00, 0xff, 0x0d, 0x0a]);
    alice.receives_exactly([0x00, 0xff, 0x0d, 0x0a]);
    alice.half_closes();
    alice.receives_end();
}

pub fn bytes_cut_anywhere_come_back_whole(story: &Story) {
    story.teaches(Lesson {
        why: "One read is not one write of the client. Echo what came, however much it was, and go on.",
        read: "RFC 9293 §2.2, notes/02-poll.md",
        hand: "(printf 'one br'; sleep 1; printf 'oken line\\n') | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let message = b"abcdefghijklmnopqrstuvwxyz\r\n";
    for at in 1..message.len() {
        alice.sends_split(message, at);
        alice.receives_exactly(message);
    }
}

pub fn what_stands_in_the_socket_is_read_to_its_end(story: &Story) {
    story.teaches(Lesson {
        why: "Bytes sit in Recv-Q (see `ss -tn`) and no new event will come: an edge-triggered poll tells of a \
              change once. After one event, read until WouldBlock (or a short read), or remember that you stopped \
              early. tokio-rs/mio#1076.",
        read: "man 7 epoll (\"Level-triggered and edge-triggered\"), notes/02-poll.md",
        hand: "head -c 300000 /dev/zero | nc -N 127.0.0.1 {port} | wc -c",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    // More than any read buffer, less than what the kernel holds for a server that does not read.
    let message = pattern(300_000);
    server.while_it_stands_still(|| alice.sends(&message));
    alice.receives_exactly(&message);
}

pub fn a_client_that_reads_late_gets_everything(story: &Story) {
    story.teaches(Lesson {
        why: "write took a part of your bytes, or none (WouldBlock): the socket's buffer was full. Keep the rest \
              with its offset and go on when the poll says writable; write_all loses them, waits, or spins. And \
              while your own queue is long, do not read: the client must feel that it is too fast.",
        read: "man 2 send (EAGAIN), notes/02-poll.md",
        hand: "head -c 16777216 /dev/zero | nc -N 127.0.0.1 {port} | (sleep 3; wc -c)",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let message = pattern(16 << 20);
    let sent = alice.sends_until_it_blocks(&message, message.len());
    story.expects(
        sent < message.len(),
        format!("the server to stop reading from who does not read, it took {sent} bytes"),
    );
    still_serves(story, &server);
    alice.within(Duration::from_secs(10));
    alice.sends_while_receiving(&message[sent..]);
    alice.half_closes();
    alice.receives_exactly(&message);
    alice.receives_end();
}

pub fn a_half_close_still_gets_the_answer(story: &Story) {
    story.teaches(Lesson {
        why: "read returned 0: the client sends no more. It still reads! Send what you owe, then close. Who takes \
              a half close for \"gone\" loses the answers of `nc -N` and of many scripts. Still open: the FIN stood \
              behind the bytes, and a read that got fewer than it had room for was taken for the end of all.",
        read: "RFC 9293 §3.6 (\"half-closed\"), notes/02-poll.md",
        hand: "printf 'hello' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    for size in [1, 1000, 100_000] {
        let mut alice = story.client("alice", &server);
        let message = pattern(size);
        // Bytes and FIN are there together when the server looks.
        server.while_it_stands_still(|| {
            alice.sends(&message);
            alice.half_closes();
        });
        alice.receives_exactly(&message);
        alice.receives_end();
    }
}

pub fn a_half_close_with_a_full_socket_still_gets_the_answer(story: &Story) {
    story.teaches(Lesson {
        why: "The FIN came while your answer did not fit into the socket. Finish sending before you close, however \
              often the socket is full until then.",
        read: "notes/02-poll.md",
        hand: "head -c 3000000 /dev/zero | nc -N 127.0.0.1 {port} | (sleep 2; wc -c)",
    });
    // With such a limit the server reads all of it, and the FIN too, before a byte of the rest can leave.
    let server = story.server_with(|s| s.env("MAX_PENDING", 16 << 20));
    let mut alice = story.client("alice", &server);
    let message = pattern(12 << 20);
    let sent = alice.sends_until_it_blocks(&message, message.len());
    alice.half_closes();
    still_serves(story, &server);
    alice.within(Duration::from_secs(10)).receives_exactly(&message[..sent]);
    alice.receives_end();
}

pub fn one_busy_client_does_not_starve_the_others(story: &Story) {
    story.teaches(Lesson {
        why: "One client sends as fast as you read, so its socket never gets empty and the loop never comes to the \
              others. Cap what a connection may do in one turn, and remember who was cut short: no event will come \
              for it. tokio-rs/mio#45.",
        read: "notes/02-poll.md",
        hand: "nc 127.0.0.1 {port} < /dev/zero > /dev/null & nc 127.0.0.1 {port}",
    });
    let server = story.server();
    std::thread::scope(|scope| {
        let _busy: Vec<Flood> = (0..2).map(|_| floods(story, scope, &server)).collect();
        let mut quiet = story.client("quiet", &server);
        let mut worst = Duration::ZERO;
        for _ in 0..100 {
            let start = Instant::now();
            quiet.sends("hello");
            quiet.receives_exactly("hello");
            worst = worst.max(start.elapsed());
        }
        story.expects(worst.as_millis() < 500, format!("each answer within 500 ms, one took {worst:?}"));
    });
}

/// A client of two threads: one sends without a pause, one reads. Dropped, both end.
struct Flood(TcpStream);

impl Drop for Flood {
    fn drop(&mut self) {
        // It fails when the server has ended the connection, and then the threads have ended too.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

fn floods<'scope>(story: &Story, scope: &'scope Scope<'scope, '_>, server: &Server) -> Flood {
    let connected = TcpStream::connect(server.address()).and_then(|busy| {
        let (mut writer, mut reader) = (busy.try_clone()?, busy.try_clone()?);
        scope.spawn(move || while writer.write_all(&[b'.'; 1 << 16]).is_ok() {});
        scope.spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        Ok(Flood(busy))
    });
    story.note("a busy client connects; it sends and reads without a pause");
    connected.unwrap_or_else(|error| story.fails(format!("a busy client cannot connect: {error}")))
}

pub fn waiting_costs_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "Nothing happens and the server is busy: its poll returns at once, again and again. Interest in \
              \"writable\" on a level-triggered poll does that, and a ready list that is never emptied. \
              pocoproject/poco#1417.",
        read: "notes/02-poll.md",
        hand: "nc 127.0.0.1 {port} & top; strace -c -f -p PID",
    });
    let server = story.server();
    let mut clients = story.clients("idle", 20, &server);
    let mut alice = story.client("alice", &server);
    alice.sends("hello");
    alice.receives_exactly("hello");
    // One that has said FIN, and one that is gone.
    clients.pop().expect("there are twenty").half_closes();
    clients.pop().expect("there are more").resets();
    rests(story, &server, &mut alice);
}

pub fn a_full_socket_costs_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "A write met WouldBlock and is tried again and again. Wait until the poll says writable; and do not \
              read on meanwhile, or your memory grows instead.",
        read: "notes/02-poll.md",
        hand: "(cat /dev/zero; sleep 9) | nc 127.0.0.1 {port} | sleep 9 & top",
    });
    let server = story.server();
    let mut reader = story.client("a client that does not read", &server);
    let message = pattern(16 << 20);
    let sent = reader.sends_until_it_blocks(&message, message.len());
    let mut alice = story.client("alice", &server);
    alice.sends("hello");
    alice.receives_exactly("hello");
    rests(story, &server, &mut alice);
    reader.within(Duration::from_secs(10)).receives_exactly(&message[..sent]);
}

pub fn an_echo_costs_two_calls(story: &Story) {
    story.teaches(Lesson {
        why: "A small message needs a poll, a recv and a send. A second recv only to hear WouldBlock, a send per \
              piece, or an epoll_ctl per turn makes it slower for nothing: a short read came to the end of what \
              was there.",
        read: "man 7 epoll, notes/02-poll.md",
        hand: "strace -c -f target/debug/02-poll",
    });
    if !cfg!(target_os = "linux") {
        story.does_not_apply("only Linux has strace, which counts the calls");
    }
    const ROUNDS: u64 = 1000;
    let summary = story.directory().join("summary");
    let strace = ["strace".as_ref(), "-f".as_ref(), "-c".as_ref(), "-o".as_ref(), summary.as_os_str()];
    let server = story.server_with(|s| s.under(strace));
    let mut alice = story.client("alice", &server);
    for _ in 0..ROUNDS {
        alice.sends("hello");
        alice.receives_exactly("hello");
    }
    alice.closes();
    server.stop();
    let table = std::fs::read_to_string(&summary).unwrap_or_default();
    story.note(&*table);
    let calls = |wanted: fn(&str) -> bool| -> u64 {
        let rows = table.lines().filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let name = *fields.last()?;
            // % time, seconds, usecs/call, calls, (errors,) syscall
            Some((name, fields.get(3)?.parse::<u64>().ok()?))
        });
        rows.filter(|(name, _)| wanted(name)).map(|(_, calls)| calls).sum()
    };
    let polls = calls(|name| name.contains("poll") || name == "select");
    let others = calls(|name| name != "total") - polls;
    story.expects(polls >= ROUNDS, format!("a table of calls from strace; it says {table:?}"));
    story.expects(
        others < 2 * ROUNDS + 500,
        format!("two calls beside the poll for each of {ROUNDS} echoes (and 500 to start and end), there were {others}"),
    );
    story.expects(polls < ROUNDS + 100, format!("one poll for each of {ROUNDS} echoes, there were {polls}"));
}
