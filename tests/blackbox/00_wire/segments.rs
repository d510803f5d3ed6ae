//! The life of a connection, segment by segment.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use harness::{Lesson, Story};
use socket2::{Domain, Socket, Type};

use crate::watch::{Watched, in_order, watched, watches};

pub fn a_handshake_is_drawn(story: &Story) {
    story.teaches(Lesson {
        why: "SYN takes the first number of a side, so the first byte has the next one, and each side says by ACK which \
              number it waits for. Relative to the first: SYN 0; SYN 0, ACK 1; seq 1, ACK 1. None of the three has \
              payload: what stands behind the 20 fixed bytes are options, and the data offset says where the header ends.",
        read: "RFC 9293 §3.5, notes/00-wire.md",
        hand: "make wire STEP=01",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let client = alice.local_address();
    let (server, _) = listener.accept().expect("alice");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    picture.succeeds();
    picture.mentions(&format!(" server {address}\n"));
    in_order(
        story,
        &picture,
        &[
            &format!("client {client} "),
            "0.000000 |--- SYN  seq 0  window ",
            "MSS ",
            "- SYN, ACK  seq 0  ack 1  window ",
            "|--- ACK  seq 1  ack 1  window ",
        ],
    );
}

pub fn data_has_relative_numbers_and_a_first_word(story: &Story) {
    story.teaches(Lesson {
        why: "A segment's sequence number is that of its first payload byte; the other side acknowledges the number behind \
              its last. Counted from the side's first number, 5 bytes after SYN are 1 to 5, and are acknowledged with 6.",
        read: "RFC 9293 §3.4, notes/00-wire.md",
        hand: "make wire STEP=04",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    for (request, answer) in [
        ("GET /first HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("POST /second HTTP/1.1\r\n\r\n", "hello\n"),
    ] {
        alice.sends(request);
        let mut buffer = vec![0; request.len()];
        server.read_exact(&mut buffer).expect("the request");
        server.write_all(answer.as_bytes()).expect("alice reads");
        alice.receives_exactly(answer);
    }
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "|--- PSH, ACK  seq 1  32 bytes  ack 1  window ",
            "GET /first HTTP/1.1 ",
            "PSH, ACK  seq 1  27 bytes  ack 33  window ",
            "HTTP/1.1 204 No Content ",
            "|--- PSH, ACK  seq 33  25 bytes  ack 28  window ",
            "POST /second HTTP/1.1 ",
            "PSH, ACK  seq 28  6 bytes  ack 58  window ",
            "\"hello\\n\" ",
            "FIN, ACK  seq 34  ack 58  window ",
        ],
    );
}

pub fn whoever_sends_fin_first_is_named(story: &Story) {
    story.teaches(Lesson {
        why: "FIN closes one direction. Who sends the first one keeps the address pair in TIME-WAIT after the end; the other \
              side may send on until it closes too. A conversation ends when both FINs are acknowledged.",
        read: "RFC 9293 §3.6, notes/00-wire.md",
        hand: "make wire STEP=01",
    });
    for first in ["client", "server"] {
        let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
        let mut alice = story.client("alice", address);
        let (mut server, _) = listener.accept().expect("alice");
        if first == "client" {
            alice.half_closes();
            server.read_to_end(&mut Vec::new()).expect("FIN");
            server.write_all(b"late").expect("alice reads on");
            drop(server);
            alice.receives_exactly("late");
            alice.receives_end();
        } else {
            server.shutdown(Shutdown::Write).expect("a connection");
            alice.receives_end();
            alice.sends("late");
            alice.half_closes();
            server.read_to_end(&mut Vec::new()).expect("four bytes and FIN");
        }
        let picture = watcher.ends();
        let second = if first == "client" { "server" } else { "client" };
        in_order(
            story,
            &picture,
            &[
                "FIN, ACK  seq 1  ack 1",
                &format!("half close: the {first} sends no more, the {second} may"),
                "\"late\"",
                "FIN, ACK  seq 5  ack 2",
                &format!("closed, by the {first} first: it keeps the address pair, TIME-WAIT"),
            ],
        );
    }
}

pub fn a_reset_is_drawn(story: &Story) {
    story.teaches(Lesson {
        why: "RST ends a connection at once, for both sides: it is not acknowledged, and no FIN comes. close() sends it when \
              there are bytes that the program has not read, or when SO_LINGER is set to 0.",
        read: "RFC 9293 §3.5.2, notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --port {port}, then reset a connection on that port",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let accepted = listener.accept().expect("alice");
    alice.resets();
    let picture = watcher.ends();
    in_order(story, &picture, &["RST, ACK  seq 1  ack 1 -", "reset by the client"]);
    story.expects(!picture.text().contains("FIN"), "no FIN");
    drop(accepted);
}

pub fn nobody_listens(story: &Story) {
    story.teaches(Lesson {
        why: "A SYN to a port where nobody listens is answered by RST, ACK: connect() fails with ECONNREFUSED.",
        read: "RFC 9293 §3.5.2, notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --port 9, then: nc 127.0.0.1 9",
    });
    // Bound, so that nobody else gets the port, and not listening.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    bound.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    let address = bound.local_addr().expect("its address").as_socket().expect("an IP address");
    let watcher = watches(story, address.port(), &["--once"]);
    story.expects(TcpStream::connect(address).is_err(), "nobody to listen");
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &["|--- SYN  seq 0", "RST, ACK  seq 0  ack 1 ", "connection refused: nobody listens on this port"],
    );
}

pub fn ipv6_is_drawn_too(story: &Story) {
    story.teaches(Lesson {
        why: "TCP is the same over IPv6, but the header before it has 40 bytes, no checksum, and 16 bytes for each address. \
              ETH_P_IP shows IPv4 only: a second socket for ETH_P_IPV6 is needed.",
        read: "RFC 8200 §3, man 7 packet, notes/00-wire.md",
        hand: "make run STEP=01 ARGS='--listen [::1]:8080', cargo run --bin 00-wire, nc ::1 8080",
    });
    let Watched { listener, watcher, address } = watched(story, "[::1]:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (server, _) = listener.accept().expect("alice");
    alice.sends("hello");
    (&server).read_exact(&mut [0; 5]).expect("hello");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "client [::1]:",
            "SYN  seq 0",
            "SYN, ACK  seq 0  ack 1",
            "seq 1  5 bytes  ack 1",
            "\"hello\"",
            "FIN, ACK  seq 1  ack 6",
        ],
    );
}

pub fn frames_are_named_after_101(story: &Story) {
    story.teaches(Lesson {
        why: "After 101 Switching Protocols both sides send frames. The first four bits of one are flags, the next four the \
              opcode; the seven bits behind the mask bit are the length, or say that it follows.",
        read: "RFC 6455 §5.2, notes/00-wire.md",
        hand: "make wire STEP=10",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    let request = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    alice.sends(request);
    server.read_exact(&mut vec![0; request.len()]).expect("the request");
    let answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    server.write_all(&[answer.as_bytes(), b"\x89\x00"].concat()).expect("alice reads");
    alice.receives_exactly([answer.as_bytes(), b"\x89\x00"].concat());
    alice.sends(b"\x81\x85\0\0\0\0hello\x88\x80\0\0\0\0");
    server.read_exact(&mut [0; 17]).expect("two frames");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "HTTP/1.1 101 Switching Protocols; WebSocket ping, 0 bytes",
            "WebSocket text, 5 bytes, masked; WebSocket close, 0 bytes, masked",
        ],
    );
}
