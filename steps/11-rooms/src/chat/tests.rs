use std::time::Duration;

use messages::encode;
use poll::Rehearsal;
use serde_json::{Value, json};

use super::*;
use crate::slow::SlowReader;
use crate::stage::{Direct, heard, tell, text};

fn chat() -> Rehearsal<Direct<Chat>> {
    Rehearsal::new(Chat::new(Limits { text: 10, history: 2, ..Limits::default() }))
}

/// Sends messages in one packet, and returns the answers.
fn answers(chat: &mut Rehearsal<Direct<Chat>>, messages: &[Value]) -> Vec<Value> {
    tell(chat, messages);
    heard(chat).iter().map(|answer| serde_json::from_str(answer).unwrap()).collect()
}

fn join() -> Value {
    json!({"type": "join", "name": "Ada"})
}

fn say(text: &str) -> Value {
    json!({"type": "say", "text": text})
}

/// Puts Ada into the lobby and Grace into a room of her own. Nobody reads what they are sent.
fn neighbours(chat: &mut Rehearsal<Direct<Chat>>) -> [ConnId; 2] {
    let mut ids = Vec::new();
    chat.call(|_, chat, io| {
        for (id, name, room) in [(1, "Ada", "lobby"), (2, "Grace", "tea")] {
            // A connection that is being made takes output as one that stands.
            let connection = io.connect(([127, 0, 0, 1], 1).into(), id);
            chat.hub.enter(connection, room, Person { id, name: name.to_string() });
            ids.push(connection);
        }
    });
    ids.try_into().unwrap()
}

/// How many bytes wait for each.
fn waiting<const N: usize>(chat: &mut Rehearsal<Direct<Chat>>, ids: [ConnId; N]) -> [u64; N] {
    let mut waiting = [0; N];
    chat.call(|_, _, io| waiting = ids.map(|id| io.pending_of(id)));
    waiting
}

/// The bytes of a text message on the wire.
fn length(json: &str) -> u64 {
    encode(&text(json)).len() as u64
}

/// The newcomer must hear who is here, itself among them; those who are here must hear of the newcomer, or they talk to
/// somebody whom they do not see; and those in other rooms must hear nothing.
#[test]
fn who_joins_is_told_of_the_others_and_the_others_of_who_joins() {
    let mut chat = chat();
    let ids = neighbours(&mut chat);
    let told = answers(&mut chat, &[join()]);
    assert_eq!(told.len(), 1, "one welcome, and no \"joined\" for oneself");
    assert_eq!((&told[0]["type"], &told[0]["room"]), (&json!("welcome"), &json!("lobby")));
    assert_eq!(told[0]["you"]["name"], "Ada 2", "Ada is taken");
    assert_eq!(told[0]["people"], json!([{"id": 1, "name": "Ada"}, told[0]["you"]]));
    let joined = format!(r#"{{"type":"joined","id":{},"name":"Ada 2"}}"#, told[0]["you"]["id"]);
    assert_eq!(waiting(&mut chat, ids), [length(&joined), 0]);
}

/// The others get what the speaker gets, but not the key: who knew it could say something under it first, and then what
/// the speaker says again after a lost connection would be taken for said.
#[test]
fn what_is_said_is_told_to_the_room_without_the_speaker_s_key() {
    let mut chat = chat();
    answers(&mut chat, &[json!({"type": "join", "name": "Linus"})]);
    let ids = neighbours(&mut chat);
    tell(&mut chat, &[json!({"type": "say", "text": "hello", "key": "k1"})]);
    let told = heard(&mut chat);
    let without_key = told[0].replace(r#","key":"k1""#, "");
    assert!(told.len() == 1 && without_key.len() < told[0].len(), "{told:?}");
    assert_eq!(waiting(&mut chat, ids), [length(&without_key), 0]);
}

/// However a connection ends, the room must hear of it: who is only taken out of the hub stays on everybody's list.
#[test]
fn the_room_is_told_of_who_leaves() {
    let mut chat = chat();
    let told = answers(&mut chat, &[json!({"type": "join", "name": "Linus"})]);
    let ids = neighbours(&mut chat);
    tell(&mut chat, &[json!({"type": "typing"})]);
    let [before, 0] = waiting(&mut chat, ids) else { panic!("Grace is in another room") };
    assert!(before > 0);
    chat.end();
    let left = format!(r#"{{"type":"left","id":{},"name":"Linus"}}"#, told[0]["you"]["id"]);
    assert_eq!(waiting(&mut chat, ids), [before + length(&left), 0]);
    assert_eq!(chat.world.typing.next(std::time::Instant::now()), None);
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

/// Who lost the connection before the answer came sends again. The answer must come again, and the room must not hear
/// it twice.
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

/// Nobody says that they stop. And whoever has said what they typed has stopped at once.
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

/// A FIN without a Close frame, half of a conversation: nothing of this member may stay.
#[test]
fn who_vanishes_has_left() {
    let mut chat = chat();
    answers(&mut chat, &[join(), json!({"type": "typing"})]);
    chat.end();
    assert!(chat.world.hub.is_empty());
    assert_eq!(chat.world.typing.next(std::time::Instant::now()), None);
}

#[test]
fn who_missed_something_is_welcomed_anew() {
    let limits = Limits { slow: SlowReader::DropNewest, history: 1, ..Limits::default() };
    let small = poll::Limits { pending: 100, queue: 1000, ..poll::Limits::default() };
    let mut chat = Rehearsal::<Direct<Chat>>::with_limits(Chat::new(limits), small);
    answers(&mut chat, &[join()]);
    chat.call(|_, chat, io| {
        for _ in 0..10 {
            let joined = Event::Joined(&Person { id: 1, name: "x".repeat(200) });
            chat.hub.send_to_all(&joined.message(), io);
        }
    });
    let told: Vec<String> = heard(&mut chat);
    let (last, before) = told.split_last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&last["type"], &last["you"]["name"]), (&json!("welcome"), &json!("Ada")));
    assert_eq!(last["missed"].as_u64(), Some(10 - before.len() as u64), "{last}");
    assert_eq!(chat.world.lost().dropped, 10 - before.len() as u64);
    assert!(answers(&mut chat, &[say("here")])[0]["text"] == "here", "and goes on");
}
