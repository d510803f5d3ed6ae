use std::time::Duration;

use frames::{Header, Opcode, write_frame};
use messages::WebSocket;
use poll::{Ended, Entry, Io, Opened, Protocol, Rehearsal, Timer};
use serde_json::{Value, json};

use super::*;

/// One connection of the chat, without a handshake before it.
struct Direct(WebSocket<Chat>);

impl Entry for Direct {
    fn open(_: Opened, chat: &mut Chat, io: &mut Io<'_>) -> Direct {
        Direct(WebSocket::new((), chat, io))
    }
}

impl Protocol for Direct {
    type World = Chat;

    fn data(&mut self, bytes: &mut [u8], chat: &mut Chat, io: &mut Io<'_>) -> usize {
        self.0.data(bytes, chat, io)
    }

    fn ended(&mut self, chat: &mut Chat, io: &mut Io<'_>) {
        self.0.ended(chat, io);
    }

    fn timeout(&mut self, which: Timer, chat: &mut Chat, io: &mut Io<'_>) {
        self.0.timeout(which, chat, io);
    }

    fn closed(&mut self, id: ConnId, why: Ended, chat: &mut Chat, net: &mut Net) {
        self.0.closed(id, why, chat, net);
    }
}

fn chat() -> Rehearsal<Direct> {
    Rehearsal::new(Chat::new(Limits { text: 10, history: 2, ..Limits::default() }))
}

/// Sends messages in one packet, and returns the answers.
fn answers(chat: &mut Rehearsal<Direct>, messages: &[Value]) -> Vec<Value> {
    let mut wire = Vec::new();
    for message in messages {
        let header = Header { masking_key: Some([1, 2, 3, 4]), ..Header::new(Opcode::Text, 0) };
        write_frame(header, message.to_string().as_bytes(), &mut wire);
    }
    chat.receive(&wire);
    let wire = chat.sent();
    let mut rest = &wire[..];
    let mut answers = Vec::new();
    while let Some((header, used)) = Header::parse(rest).unwrap() {
        let (payload, behind) = rest[used..].split_at(header.length as usize);
        answers.push(serde_json::from_slice(payload).unwrap());
        rest = behind;
    }
    answers
}

fn join() -> Value {
    json!({"type": "join", "name": "Ada"})
}

fn say(text: &str) -> Value {
    json!({"type": "say", "text": text})
}

#[test]
fn who_speaks_is_told_and_a_newcomer_gets_the_end_of_the_history() {
    let mut chat = chat();
    let told = answers(&mut chat, &[join(), say("one"), say("two"), say("three")]);
    assert_eq!(told[0]["you"]["name"], "Ada");
    assert_eq!(told[0]["room"], "lobby");
    assert_eq!(told[0]["people"], json!([told[0]["you"]]));
    let texts: Vec<&Value> = told[1..].iter().map(|said| &said["text"]).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert!(told[1]["id"].as_u64() < told[2]["id"].as_u64());
    let kept: Vec<&str> = chat.world.history.of("lobby").map(|said| said.text.as_str()).collect();
    assert_eq!(kept, ["two", "three"]);
}

#[test]
fn what_is_not_allowed_is_answered_and_does_no_harm() {
    let mut chat = chat();
    for (message, why) in [
        (say("early"), "join"),
        (json!({"type": "typing"}), "join"),
        (json!({"type": "join", "name": "\n"}), "name"),
        (json!({"type": "join", "name": "Ada", "room": "a b"}), "room"),
        (json!(5), "not a message"),
    ] {
        let told = answers(&mut chat, &[message]);
        assert!(told[0]["why"].as_str().unwrap().contains(why), "{told:?}");
    }
    answers(&mut chat, &[join()]);
    for (message, why) in [
        (join(), "already, as Ada"),
        (say(" \n "), "nothing"),
        (say("ä1234567890"), "at most 10"),
        (json!({"type": "say", "text": "a", "key": "k".repeat(65)}), "key"),
    ] {
        let told = answers(&mut chat, &[message]);
        assert!(told[0]["why"].as_str().unwrap().contains(why), "{told:?}");
    }
    assert!(chat.is_open());
    assert_eq!(answers(&mut chat, &[say("ä123456789")])[0]["text"], "ä123456789");
}

#[test]
fn what_is_said_twice_with_one_key_is_said_once() {
    let mut chat = chat();
    let keyed = json!({"type": "say", "text": "once", "key": "k1"});
    let told = answers(&mut chat, &[join(), keyed.clone(), keyed]);
    assert_eq!(told[1], told[2]);
    assert_eq!(told[1]["key"], "k1");
    assert_eq!(chat.world.history.of("lobby").count(), 1);
}

#[test]
fn control_characters_are_made_visible_and_line_breaks_stay() {
    let mut chat = chat();
    assert_eq!(answers(&mut chat, &[join(), say("a\u{1b}\nb\u{202e}")])[1]["text"], "a\u{fffd}\nb\u{fffd}");
}

#[test]
fn typing_ends_by_itself() {
    let mut chat = chat();
    answers(&mut chat, &[join(), json!({"type": "typing"})]);
    let id = chat.id();
    assert!(chat.world.typing.is_typing(id));
    chat.call(|_, chat, io| {
        io.now += Duration::from_secs(4);
        chat.timeout(Chat::TIMEOUT, io);
    });
    assert!(!chat.world.typing.is_typing(id));
    answers(&mut chat, &[json!({"type": "typing"}), say("done")]);
    assert!(!chat.world.typing.is_typing(id));
}

#[test]
fn binary_is_not_understood() {
    let mut chat = chat();
    answers(&mut chat, &[join()]);
    chat.receive(b"\x82\x80\x00\x00\x00\x00");
    assert_eq!(chat.sent(), b"\x88\x13\x03\xebthis chat is text");
    assert!(chat.world.hub.is_empty(), "gone at once, also for the others");
}

#[test]
fn who_vanishes_has_left() {
    let mut chat = chat();
    answers(&mut chat, &[join(), json!({"type": "typing"})]);
    chat.end();
    assert!(chat.world.hub.is_empty());
    assert_eq!(chat.world.typing.next(std::time::Instant::now()), None);
}
