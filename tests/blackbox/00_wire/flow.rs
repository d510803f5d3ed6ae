//! What goes wrong on the wire, and more than one conversation at a time.

use std::io::Read;
use std::net::TcpStream;

use harness::{Lesson, Story};
use socket2::{SockFilter, SockRef};

use crate::watch::{Watched, in_order, watched};

/// A filter that lets no packet through (BPF: return 0). The watcher sees a segment that the socket behind it never gets.
const NOTHING: SockFilter = SockFilter::new(6, 0, 0, 0);

pub fn what_is_lost_is_sent_again(story: &Story) {
    story.teaches(Lesson {
        why: "Bytes that are not acknowledged are sent again, with the same sequence number, after a time that doubles. A \
              number below the highest that was seen is a retransmission, and its payload is no news.",
        read: "RFC 9293 §3.8.1, RFC 6298, notes/00-wire.md",
        hand: "make run STEP=01 ARGS='--backlog 0', cargo run --bin 00-wire, then four times: nc 127.0.0.1 8080 &",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    SockRef::from(&server).attach_filter(&[NOTHING]).expect("a filter");
    alice.sends("hello");
    watcher.prints_eventually("retransmission: all of this was sent before");
    SockRef::from(&server).detach_filter().expect("a filter is there");
    server.read_exact(&mut [0; 5]).expect("hello, some time");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "PSH, ACK  seq 1  5 bytes  ack 1",
            "\"hello\"",
            "PSH, ACK  seq 1  5 bytes  ack 1",
            "retransmission: all of this was sent before",
            "ACK  seq 1  ack 6",
            "closed, by the server first",
        ],
    );
    story.expects(picture.text().matches("\"hello\"").count() == 1, "the payload to be told once");
}

pub fn a_full_receiver_closes_its_window(story: &Story) {
    story.teaches(Lesson {
        why: "The window is the room that the receiver has left. When its program does not read, it sinks to 0 and the \
              sender must stop; when the program reads, a segment says that there is room again.",
        read: "RFC 9293 §3.8.6, notes/00-wire.md",
        hand: "make run STEP=01, cargo run --bin 00-wire, head -c 30000000 /dev/zero | nc -N 127.0.0.1 8080 | (sleep 2; wc -c)",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    let sent = alice.sends_until_it_blocks(vec![b'x'; 1 << 20], 64 << 20);
    watcher.prints_eventually("window 0: no room, stop sending");
    alice.half_closes();
    let mut came = Vec::new();
    server.read_to_end(&mut came).expect("all, then FIN");
    story.expects(came.len() == sent, format!("{sent} bytes, there are {}", came.len()));
    drop(server);
    alice.receives_end();
    let picture = watcher.ends();
    in_order(story, &picture, &["window 0: no room", "there is room again", &format!("ack {}", sent + 2)]);
}

pub fn conversations_side_by_side_are_told_apart(story: &Story) {
    story.teaches(Lesson {
        why: "A connection is its two addresses: the same server port and two client ports are two, each with its own numbers.",
        read: "RFC 9293 §3.3.1, notes/00-wire.md",
        hand: "cargo run --bin 00-wire, and two nc 127.0.0.1 8080",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &[]);
    let mut alice = story.client("alice", address);
    let mut bob = story.client("bob", address);
    let (mut hers, _) = listener.accept().expect("alice");
    let (mut his, _) = listener.accept().expect("bob");
    let says = |client: &mut harness::Client, server: &mut TcpStream, text: &str| {
        client.sends(text);
        server.read_exact(&mut vec![0; text.len()]).expect("what was sent");
    };
    says(&mut alice, &mut hers, "hers");
    says(&mut bob, &mut his, "his");
    says(&mut alice, &mut hers, "more");
    watcher.prints_eventually("\"more\"");
    watcher.interrupt();
    let picture = watcher.ends();
    picture.succeeds();
    in_order(
        story,
        &picture,
        &[
            "conversation 1",
            "conversation 2",
            "conversation 1",
            "seq 1  4 bytes  ack 1",
            "\"hers\"",
            "conversation 2",
            "seq 1  3 bytes  ack 1",
            "conversation 1",
            "seq 5  4 bytes  ack 1",
            "2 conversations are still open",
        ],
    );
}

pub fn only_the_port_is_watched(story: &Story) {
    story.teaches(Lesson {
        why: "The kernel shows a packet socket every packet of the interface. Only those that come from the port or go to it \
              are wanted; a filter in the kernel spares the program the others.",
        read: "man 7 packet, man 7 socket (SO_ATTACH_FILTER), notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --port 8081, and anything on port 8080",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut bob = story.client("bob", other.local_addr().expect("its address"));
    bob.sends("not for you");
    let mut alice = story.client("alice", address);
    drop(listener.accept().expect("alice"));
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(story, &picture, &["conversation 1", "closed, by the server first"]);
    story.expects(!picture.text().contains("not for you"), "nothing of the other port");
}

pub fn a_flood_is_drawn_or_told(story: &Story) {
    story.teaches(Lesson {
        why: "The kernel keeps packets for a watcher that is slow, and drops them when it has no room. Nobody is told, but \
              the numbers tell: what is acknowledged and was not seen was missed.",
        read: "man 7 packet, notes/00-wire.md",
        hand: "make run STEP=01, cargo run --bin 00-wire | tail, head -c 30000000 /dev/zero | nc -N 127.0.0.1 8080 | wc -c",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &[]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    const BYTES: usize = 32 << 20;
    let reads = std::thread::spawn(move || std::io::copy(&mut server, &mut std::io::sink()));
    alice.sends(vec![b'x'; BYTES]);
    alice.half_closes();
    let count = reads.join().expect("no panic").expect("all, then FIN");
    story.expects(count == BYTES as u64, "all bytes to come");
    alice.receives_end();
    // Perhaps the end itself is not seen. A second conversation is: what its server does not get is sent again and again.
    let mut bob = story.client("bob", address);
    let (his, _) = listener.accept().expect("bob");
    SockRef::from(&his).attach_filter(&[NOTHING]).expect("a filter");
    bob.sends("the last word");
    watcher.prints_eventually("\"the last word\"");
    watcher.interrupt();
    let picture = watcher.ends();
    picture.succeeds();
    let highest =
        picture.text().match_indices("ack ").filter_map(|(at, _)| number_at(&picture.text()[at + 4..])).max();
    // Where the very end was missed nothing comes behind it, but alice's conversation stays open, as bob's is.
    let missed =
        ["not seen", "2 conversations are still open"].iter().any(|said| picture.text().contains(said));
    story.expects(
        missed || highest == Some(BYTES as u64 + 2),
        format!("all bytes, the last ack is {highest:?}"),
    );
}

fn number_at(text: &str) -> Option<u64> {
    text.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}
