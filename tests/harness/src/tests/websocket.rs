use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use super::{answers, dribbles, fails_with, passes, toy};
use crate::frame::{Frame, Length};
use crate::{WebSocket, ws};

fn accepted() -> String {
    let accept = ws::ACCEPT;
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// A toy that shakes hands and sends these frames behind the 101, byte by byte, then closes.
fn sends(frames: &[Frame]) -> SocketAddr {
    dribbles([accepted().into_bytes(), frames.iter().flat_map(Frame::bytes).collect()].concat())
}

fn server(frame: Frame) -> Frame {
    frame.unmasked()
}

#[test]
fn messages_come_whole_or_in_fragments_with_control_frames_between() {
    let address = sends(&[
        server(Frame::text("hé")),
        server(Frame::text("h\u{e9}")).not_final(),
        server(Frame::ping("are you there")),
        server(Frame::continuation("llo")),
        server(Frame::binary([0xff; 70_000])),
        server(Frame::text(r#"{"type":"join"}"#)),
        server(Frame::text(r#"{"type":"say"}"#)),
        server(Frame::pong("p")),
        server(Frame::close(1001, "going away")),
    ]);
    passes(move |story| {
        let mut alice = story.websocket("alice", address, "/chat");
        alice.receives_text("hé");
        alice.receives_text("héllo");
        alice.receives_binary([0xff; 70_000]);
        assert_eq!(alice.receives_json_where("a say", |value| value["type"] == "say")["type"], "say");
        alice.receives_pong("p");
        assert_eq!(alice.receives_close(1001), "going away");
        alice.receives_end();
    });
}

#[test]
fn a_ping_is_answered_unless_the_client_plays_dead() {
    for plays_dead in [false, true] {
        let (sender, received) = mpsc::channel();
        let address = toy(move |mut stream| {
            super::read_head(&mut stream);
            stream.write_all(accepted().as_bytes()).unwrap();
            stream.write_all(&Frame::ping("now").unmasked().bytes()).unwrap();
            stream.write_all(&Frame::text("then").unmasked().bytes()).unwrap();
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
            sender.send(bytes).unwrap();
        });
        passes(move |story| {
            let mut alice = story.websocket("alice", address, "/");
            if plays_dead {
                alice.ignores_pings();
            }
            alice.receives_text("then");
        });
        let bytes = received.recv_timeout(Duration::from_secs(1)).unwrap();
        let pong = if plays_dead { Vec::new() } else { Frame::pong("now").bytes() };
        assert_eq!(bytes, pong);
    }
}

#[test]
fn a_handshake_that_is_none_is_refused() {
    let other_key = accepted().replace("s3pP", "s4pP");
    let refusals = [
        (other_key.as_str(), "byte 1 is '4' (0x34), expected '3' (0x33)"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "expected status 101, it is 200 OK."),
        ("HTTP/1.1 101 Hm\r\nUpgrade: websocket\r\n\r\n", "expected upgrade in the list of Connection."),
    ];
    for (answer, expected) in refusals {
        let address = answers(answer);
        fails_with(&[expected], move |story| drop(story.websocket("alice", address, "/")));
    }
}

#[test]
fn a_servers_faults_are_named_with_the_frames_fields() {
    type Expectation = fn(&mut WebSocket);
    let text: Expectation = |alice| alice.receives_text("hello");
    let close: Expectation = |alice| drop(alice.receives_close(1002));
    let faults: [(Frame, Expectation, &[&str]); 9] = [
        (
            Frame::text("hello"),
            text,
            &["a server must not mask its frames", "MASK=1", "masking key=37 fa 21 3d"],
        ),
        (
            server(Frame::text("hello")).rsv(0b100),
            text,
            &["the RSV bits must be 0", "FIN=1 RSV=100 opcode=0001 (text) MASK=0 length=5 (7 bits)"],
        ),
        (server(Frame::text("hello")).length_in(Length::Bits16), text, &["minimal", "length=5 (16 bits)"]),
        (server(Frame::text("hallo")), text, &["byte 1 is 'a' (0x61), expected 'e' (0x65)"]),
        (server(Frame::binary("hello")), text, &["expected the text \"hello\", but a binary frame came."]),
        (server(Frame::new(1, [0xff])), text, &["must be UTF-8"]),
        (server(Frame::ping("")).not_final(), text, &["a control frame is final"]),
        (server(Frame::close(1000, "")), close, &["expected close code 1002, it is 1000"]),
        (
            server(Frame::close(1002, "")).declaring(9),
            close,
            &["closed the connection (FIN) without one: a browser reports that as 1006.", "88 09 03 ea"],
        ),
    ];
    for (frame, expectation, expected) in faults {
        let address = sends(&[frame]);
        fails_with(expected, move |story| expectation(&mut story.websocket("alice", address, "/")));
    }
}
