//! Rung 10 and tungstenite, a WebSocket client that people use.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use harness::{Lesson, Server, Story, tests};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Error, Message, WebSocket};

fn main() -> ExitCode {
    harness::suite(
        "10-messages",
        tests![
            text_and_binary_come_back,
            fragments_come_back_as_one_message,
            sixteen_mebibytes_come_back,
            a_ping_is_answered,
            messages_sent_ahead_come_back_in_order,
            the_client_closes,
            the_server_closes,
        ],
    )
}

const LESSON: Lesson = Lesson {
    why: "tungstenite is strict, and correct as far as anybody knows. What it does not accept, others will not either.",
    read: "RFC 6455, notes/10-messages.md",
    hand: "websocat ws://127.0.0.1:{port}/ (it is made of tungstenite)",
};

/// A tungstenite client that tells its story.
struct Peer<'a> {
    story: &'a Story,
    socket: WebSocket<TcpStream>,
}

impl<'a> Peer<'a> {
    fn connects(story: &'a Story, server: &Server) -> Peer<'a> {
        story.note(format!("tungstenite connects to {}", server.address()));
        let stream =
            TcpStream::connect(server.address()).unwrap_or_else(|error| story.fails(error.to_string()));
        let patience = Some(Duration::from_secs(10));
        let patient = stream.set_read_timeout(patience).and_then(|()| stream.set_write_timeout(patience));
        patient.unwrap_or_else(|error| story.fails(error.to_string()));
        match tungstenite::client(format!("ws://{}/", server.address()), stream) {
            Ok((socket, _)) => Peer { story, socket },
            Err(error) => story.fails(format!("tungstenite refuses the handshake: {error}")),
        }
    }

    fn sends(&mut self, message: Message) {
        self.story.note(format!("tungstenite sends {}", in_words(&message)));
        self.socket.send(message).unwrap_or_else(|error| self.story.fails(format!("tungstenite: {error}")));
    }

    fn receives(&mut self, expected: &Message) {
        let expectation = in_words(expected);
        match self.socket.read() {
            Ok(message) => {
                let got = in_words(&message);
                self.story
                    .expects(message == *expected, format!("tungstenite reads {expectation}, it was {got}"));
            }
            Err(error) => self.story.fails(format!("tungstenite expects {expectation}, it says: {error}")),
        }
    }

    /// Expects the end of the close handshake, then the FIN, and no RST.
    fn sees_the_end(mut self) {
        match self.socket.read() {
            Err(Error::ConnectionClosed) => {}
            other => self.story.fails(format!("tungstenite expects a clean close, it says: {other:?}")),
        }
        match self.socket.get_mut().read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.story.fails("TCP stays open"),
            other => self.story.fails(format!("expected the end of the stream: {other:?}")),
        }
    }
}

fn in_words(message: &Message) -> String {
    match message {
        Message::Frame(frame) => format!("one frame: {:?}", frame.header()),
        message if message.len() > 100 => format!("a message of {} bytes", message.len()),
        message => format!("{message:?}"),
    }
}

fn close(code: u16, reason: &'static str) -> Option<CloseFrame> {
    Some(CloseFrame { code: code.into(), reason: reason.into() })
}

fn text_and_binary_come_back(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    let mut peer = Peer::connects(story, &server);
    for length in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        for message in [Message::text("x".repeat(length)), Message::binary(vec![0xff; length])] {
            peer.sends(message.clone());
            peer.receives(&message);
        }
    }
    let text = Message::text("κόσμε 🦀");
    peer.sends(text.clone());
    peer.receives(&text);
}

fn fragments_come_back_as_one_message(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    let mut peer = Peer::connects(story, &server);
    let fragment =
        |data, text: &'static str, fin| Message::Frame(Frame::message(text, OpCode::Data(data), fin));
    peer.sends(fragment(Data::Text, "one ", false));
    peer.sends(fragment(Data::Continue, "", false));
    peer.sends(Message::Ping("between".into()));
    peer.sends(fragment(Data::Continue, "message", true));
    peer.receives(&Message::Pong("between".into()));
    peer.receives(&Message::text("one message"));
}

fn sixteen_mebibytes_come_back(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    let mut peer = Peer::connects(story, &server);
    let bytes: Vec<u8> = (0..16_u32 << 20).map(|i| (i % 251) as u8).collect();
    let message = Message::binary(bytes);
    peer.sends(message.clone());
    peer.receives(&message);
}

fn a_ping_is_answered(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    let mut peer = Peer::connects(story, &server);
    for payload in [&b""[..], &[0xff; 125]] {
        peer.sends(Message::Ping(payload.to_vec().into()));
        peer.receives(&Message::Pong(payload.to_vec().into()));
    }
}

fn messages_sent_ahead_come_back_in_order(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    let mut peer = Peer::connects(story, &server);
    let messages: Vec<Message> = (0..1000).map(|number| Message::text(format!("message {number}"))).collect();
    for message in &messages {
        peer.socket
            .write(message.clone())
            .unwrap_or_else(|error| story.fails(format!("tungstenite: {error}")));
    }
    peer.socket.flush().unwrap_or_else(|error| story.fails(format!("tungstenite: {error}")));
    messages.iter().for_each(|message| peer.receives(message));
}

fn the_client_closes(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    for frame in [close(1000, "done"), close(4000, "because I can"), None] {
        let mut peer = Peer::connects(story, &server);
        story.note(format!("tungstenite closes with {frame:?}"));
        peer.socket.close(frame.clone()).unwrap_or_else(|error| story.fails(error.to_string()));
        peer.receives(&Message::Close(frame));
        peer.sees_the_end();
    }
}

fn the_server_closes(story: &Story) {
    story.teaches(LESSON);
    let server = story.server();
    // A rule broken. The code arrives, also while the rest of a large message is still on its way.
    let garbled = Frame::message(&b"ok\xc0\xaf"[..], OpCode::Data(Data::Text), true);
    let nothing_to_continue = Frame::message("more", OpCode::Data(Data::Continue), true);
    for (wrong, expected) in [
        (Message::Frame(nothing_to_continue), 1002),
        (Message::Frame(garbled), 1007),
        (Message::binary(vec![0; (16 << 20) + 1]), 1009),
    ] {
        let mut mallory = Peer::connects(story, &server);
        mallory.sends(wrong);
        match mallory.socket.read() {
            Ok(Message::Close(Some(frame))) if u16::from(frame.code) == expected => {}
            other => {
                story.fails(format!("tungstenite expects a Close frame with {expected}, it says: {other:?}"))
            }
        }
        mallory.sees_the_end();
    }
    // The server stops.
    let mut peer = Peer::connects(story, &server);
    server.interrupt();
    match peer.socket.read() {
        Ok(Message::Close(Some(frame))) if u16::from(frame.code) == 1001 => {}
        other => story.fails(format!("tungstenite expects a Close frame with 1001, it says: {other:?}")),
    }
    peer.sees_the_end();
    server.ends(Duration::from_secs(3));
}
