//! What a message may cost: memory, time, system calls.

use std::time::Duration;

use harness::frame::BINARY;
use harness::{Frame, Lesson, Story};

use crate::{by_hand, is_refused};

pub fn a_message_over_the_limit_is_refused_by_its_header(story: &Story) {
    story.teaches(Lesson {
        why: "The header tells how long the frame will be. If that is too long say so now, before you store a byte \
              of it.",
        read: "RFC 6455 §7.4.1 (1009), §10.4",
        hand: by_hand!(r"\x82\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"),
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1000));
    for length in [1001, 70_000, 1 << 30, (1 << 63) - 1] {
        is_refused(story, &server, 1009, &[Frame::new(BINARY, "").declaring(length)]);
    }
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text(&"x".repeat(1000));
    alice.receives_text(&"x".repeat(1000));
}

pub fn what_is_over_the_limit_is_not_stored(story: &Story) {
    story.teaches(Lesson {
        why: "The message was over the limit, the client sent it all the same, and you kept it. Refuse it by its \
              header; what comes behind a refusal is thrown away.",
        read: "RFC 6455 §10.4, \"MUST protect themselves against exceeding those limits\"",
        hand: "open http://127.0.0.1:{port}/, press \"Send more than the limit\", and look at the server's memory",
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1 << 20));
    let before = server.memory_peak();
    let payload = vec![b'x'; 32 << 20];
    let mut mallory = story.websocket("mallory", &server, "/");
    mallory.tcp.within(Duration::from_secs(10));
    mallory.sends_bytes(Frame::binary(&payload).bytes());
    mallory.is_closed_with(1009);
    story.note("and in fragments, each of them small enough");
    let mut mallory = story.websocket("mallory", &server, "/");
    mallory.tcp.within(Duration::from_secs(10));
    let mut wire = Frame::text("").not_final().bytes();
    for fragment in payload.chunks(60_000) {
        wire.extend(Frame::continuation(fragment).not_final().bytes());
    }
    mallory.sends_bytes(wire);
    mallory.is_closed_with(1009);
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(
        grown < 6 << 20,
        format!("less than 6 MiB more for two messages of 1 MiB at most, it grew by {grown} bytes"),
    );
}

pub fn the_limit_counts_all_fragments(story: &Story) {
    story.teaches(Lesson {
        why: "The limit is the message's, not the frame's: add up what its fragments declare, or a thousand small \
              ones fill your memory.",
        read: "RFC 6455 §10.4",
        hand: "MAX_MESSAGE=4 cargo run --bin 10-messages, then the line of fragments_make_one_message",
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1000));
    let half = "x".repeat(500);
    let fragments = [Frame::text(&half).not_final(), Frame::continuation(&half)];
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_frames(&fragments);
    alice.receives_text(&(half.clone() + &half));
    alice.sends_frames(&fragments);
    alice.receives_text(&(half.clone() + &half));
    let over = [Frame::text(&half).not_final(), Frame::ping(""), Frame::continuation("").declaring(501)];
    let mut mallory = story.websocket("mallory", &server, "/");
    mallory.sends_frames(&over);
    mallory.receives_pong("");
    mallory.is_closed_with(1009);
}

pub fn an_announced_length_costs_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "You reserved what the headers announced. A hundred clients that send ten bytes each must not cost \
              1.6 GB: let the buffer grow with what comes.",
        read: "RFC 6455 §10.4, notes/10-messages.md",
        hand: by_hand!(r"\x82\xff\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00ten bytes."),
    });
    let server = story.server();
    let before = server.memory_peak();
    let mut waiting = Vec::new();
    for _ in 0..100 {
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_frame(&Frame::binary("ten bytes.").declaring((16 << 20) - 1));
        waiting.push(mallory);
    }
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text("still there?");
    alice.receives_text("still there?");
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(
        grown < 16 << 20,
        format!("less than 16 MiB more for 1,000 bytes, it grew by {grown} bytes"),
    );
}

pub fn a_client_that_never_reads_costs_little(story: &Story) {
    story.teaches(Lesson {
        why: "The client sends and never reads, and the echoes pile up in your memory. When too much waits to be \
              sent, stop reading from that client: TCP makes it wait.",
        read: "notes/02-poll.md, backpressure",
        hand: "(cat handshake; yes \"$frame\") | nc 127.0.0.1 {port} | sleep 60, and look at the server's memory",
    });
    let server = story.server();
    let mut mallory = story.websocket("mallory", &server, "/");
    let before = server.memory_rss();
    let frames = Frame::binary(vec![7; 60_000]).bytes().repeat(1000);
    let taken = mallory.tcp.sends_until_it_blocks(&frames, frames.len());
    story.expects(taken < frames.len(), format!("the server stops reading, it took all {taken} bytes"));
    let grown = server.memory_rss().saturating_sub(before);
    story.expects(grown < 4 << 20, format!("less than 4 MiB for one client, it grew by {grown} bytes"));
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text("and I?");
    alice.receives_text("and I?");
}

pub fn sixty_five_thousand_fragments_are_one_message(story: &Story) {
    story.teaches(Lesson {
        why: "Each fragment costs the same. If it takes seconds, something is copied or checked again from the \
              beginning with every fragment.",
        read: "notes/10-messages.md",
        hand: "cargo test --test 10-messages sixty_five",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let mut wire = Frame::text("a").not_final().bytes();
    for _ in 0..65_534 {
        wire.extend(Frame::continuation("b").not_final().bytes());
    }
    wire.extend(Frame::continuation("c").bytes());
    alice.sends_bytes(wire);
    alice.tcp.within(Duration::from_secs(5));
    alice.receives_text(&format!("a{}c", "b".repeat(65_534)));
}

pub fn sixteen_mebibytes_in_one_frame_in_pieces_of_1300_bytes(story: &Story) {
    story.teaches(Lesson {
        why: "A large message comes in thousands of reads. Each must cost what it brings, not what is there \
              already.",
        read: "notes/10-messages.md",
        hand: "open http://127.0.0.1:{port}/ and send 16 MiB",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let payload: Vec<u8> = (0..16_u32 << 20).map(|i| (i % 251) as u8).collect();
    for piece in Frame::binary(&payload).bytes().chunks(1300) {
        alice.tcp.sends_while_receiving(piece);
    }
    alice.tcp.within(Duration::from_secs(10));
    alice.receives_binary(&payload);
}

pub fn a_message_that_comes_byte_by_byte(story: &Story) {
    story.teaches(Lesson {
        why: "A message may come in reads of one byte. Each byte must cost one step, whatever stands before it.",
        read: "notes/10-messages.md",
        hand: "cargo test --test 10-messages byte_by_byte",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let text = "ä".repeat(20_000);
    for byte in Frame::text(&text).bytes() {
        alice.tcp.sends_while_receiving([byte]);
    }
    alice.tcp.within(Duration::from_secs(5));
    alice.receives_text(&text);
}

/// How many rounds the system call test counts over.
const ROUNDS: usize = 1000;

pub fn an_echo_costs_two_system_calls(story: &Story) {
    story.teaches(Lesson {
        why: "A message costs one recv and one send beside the poll. More than that: the header and the payload \
              were written apart, or the socket is read again although the read was short.",
        read: "notes/02-poll.md, notes/10-messages.md",
        hand: "strace -f -c -o calls.txt target/debug/10-messages, talk to it, Ctrl-C, cat calls.txt",
    });
    let calls = story.directory().join("calls.txt");
    let path = calls.to_str().expect("a temporary directory has a plain name").to_owned();
    let server = story.server_with(|setup| setup.under(["strace", "-f", "-c", "-o", &path]));
    let mut alice = story.websocket("alice", &server, "/");
    for _ in 0..ROUNDS {
        alice.sends_text("Hello");
        alice.receives_text("Hello");
    }
    alice.sends_close(1000, "");
    alice.is_closed_with(1000);
    drop(alice);
    server.interrupt();
    server.ends(Duration::from_secs(5));
    let table = std::fs::read_to_string(&calls).unwrap_or_default();
    // % time, seconds, usecs/call, calls, errors where there were any, name
    let count = |wanted: fn(&str) -> bool| -> usize {
        let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let calls = rows.filter(|row| row.len() >= 5 && row.last().is_some_and(|name| wanted(name)));
        calls.filter_map(|row| row[3].parse::<usize>().ok()).sum()
    };
    story.note(&table);
    let moves = count(|name| {
        ["read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg"].contains(&name)
    });
    let polls = count(|name| name.starts_with("epoll_") && name.contains("wait"));
    story.expects(moves >= 2 * ROUNDS, format!("strace counted the calls; it saw {moves}"));
    let most = 2 * ROUNDS + 100;
    story.expects(
        moves <= most,
        format!("at most {most} reads and writes for {ROUNDS} echoes, there were {moves}"),
    );
    let most = ROUNDS + 100;
    story.expects(polls <= most, format!("at most {most} polls for {ROUNDS} echoes, there were {polls}"));
}

pub fn an_idle_connection_owns_no_buffer(story: &Story) {
    const CLIENTS: usize = 1000;
    story.teaches(Lesson {
        why: "A connection that has nothing to say needs no buffers. Read into one that all share, keep only what \
              is left over, and give back what the answer needed when it has left.",
        read: "notes/02-poll.md, notes/10-messages.md",
        hand: "ps -o rss= -p $(pgrep 10-messages) with a thousand connections",
    });
    let server = story.server();
    let before = server.memory_rss();
    let mut clients = Vec::new();
    for i in 0..CLIENTS {
        let mut client = story.websocket(&format!("client {i}"), &server, "/");
        let payload = "x".repeat(30_000);
        client.sends_frames(&[Frame::text(&payload).not_final(), Frame::continuation("end")]);
        client.receives_text(&(payload + "end"));
        clients.push(client);
    }
    let each = server.memory_rss().saturating_sub(before) / CLIENTS as u64;
    story.expects(each < 4096, format!("less than 4 KiB for an idle connection, each costs {each} bytes"));
}
