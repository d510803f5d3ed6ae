//! Slow readers, and what the counters say.

use std::time::Duration;

use harness::{Frame, Lesson, Server, Story, WebSocket, ws};
use serde_json::{Value, json};

use super::{bearer, comes_in, counters, logs_in, say};

/// Four times what the kernel takes for a connection that does not read.
const LENGTH: usize = 60_000;
const SAYS: usize = 300;

pub fn who_does_not_read_is_closed_with_the_code_that_was_chosen(story: &Story) {
    for (choice, code) in [("disconnect", 1008), ("disconnect:1013", 1013)] {
        let (_server, lost, mut deaf) = one_does_not_read(story, choice);
        story.expects(lost["disconnected"] == 1, format!("{choice}: one that is disconnected: {lost}"));
        let close = loop {
            let frame = deaf.receives_frame();
            if frame.opcode == harness::frame::CLOSE {
                break frame.close_code();
            }
        };
        story.expects(close.0 == code, format!("{choice}: behind what was queued {code}, it is {close:?}"));
    }
}

pub fn who_does_not_read_may_miss_something_instead(story: &Story) {
    for (choice, price) in [("drop-newest", "dropped"), ("coalesce", "replaced")] {
        let (_server, lost, mut deaf) = one_does_not_read(story, choice);
        let counted = lost[price].as_u64() > Some(0) && lost["disconnected"] == 0;
        story.expects(counted, format!("{choice}: messages {price}, and nobody disconnected: {lost}"));
        deaf.sends_ping("still here");
        while deaf.receives_frame().opcode != harness::frame::PONG {}
    }
}

/// Ada says much, and another one does not read meanwhile. Returns what that has cost, and the other one.
#[track_caller]
fn one_does_not_read(story: &Story, choice: &str) -> (Server, Value, WebSocket) {
    story.teaches(Lesson {
        why: "What a reader does not take piles up here. MAX_QUEUE bounds it, SLOW_READER chooses who pays: the reader, or \
              some messages. Behind this rung's limits as before them.",
        read: "notes/12-guard.md, notes/11-rooms.md",
        hand: "SLOW_READER=drop-newest; stop a client with Ctrl-Z, say much in another, and look at /counters",
    });
    let server = story.server_with(|s| {
        s.env("SLOW_READER", choice)
            .env("MAX_QUEUE", 128 << 10)
            .env("MAX_TEXT", LENGTH)
            .env("HISTORY", 1)
            .env("MESSAGE_RATE", "10000,10000")
            .env("BYTE_RATE", "1e9,1e9")
            .env("ADDRESS_BYTE_RATE", "1e9,1e9")
    });
    let mut ada = comes_in(story, &server, "Ada");
    let session = logs_in(story, &server, "Deaf");
    let mut deaf = story.client_with("deaf", &server, |socket| socket.set_recv_buffer_size(4096));
    deaf.sends(ws::handshake(&deaf.host(), "/chat", &[("Authorization", &bearer(&session))]));
    let mut deaf = deaf.becomes_websocket();
    deaf.sends_json(&json!({"type": "join", "name": "Deaf"}));
    ada.receives_json_where("another one", |value| value["type"] == "joined");
    for n in 0..SAYS {
        ada.sends_frame(&say(&format!("{n:0LENGTH$}")));
        ada.receives_json_where("what she said", |value| value["type"] == "said");
    }
    let counters = counters(&mut story.client("operator", &server), &session);
    deaf.tcp.within(Duration::from_secs(10));
    (server, counters["lost"].clone(), deaf)
}

pub fn what_came_is_what_is_counted(story: &Story) {
    story.teaches(Lesson {
        why: "A counter that is wrong is worse than none: somebody sets a limit by it.",
        read: "CONTRACT.md (counters.json), RFC 6455 §5.2",
        hand: "send three messages, and look at /counters",
    });
    let server = story.server();
    let session = logs_in(story, &server, "Ada");
    let mut ada = story.websocket_with("Ada", &server, "/chat", &[("Authorization", &bearer(&session))]);
    ada.ignores_pings();
    let frames = [
        Frame::text(&json!({"type": "join", "name": "Ada"}).to_string()),
        say("one"),
        Frame::ping("x"),
        Frame::text("{\"type\":\"say\",").not_final(),
        Frame::continuation("\"text\":\"two\"}"),
    ];
    ada.sends_frames(&frames);
    ada.receives_json_where("what she said first", |value| value["text"] == "one");
    ada.receives_pong("x");
    ada.receives_json_where("the last of it", |value| value["text"] == "two");
    let sent: usize = frames.iter().map(|frame| frame.bytes().len()).sum();
    let counters = counters(&mut story.client("operator", &server), &session);
    for counted in [&counters, &counters["clients"][0]] {
        story.expects(
            counted["messages"] == 3 && counted["bytes"] == sent,
            format!("3 messages, {sent} bytes with their headers: {counted}"),
        );
    }
    story.expects(counters["websockets"] == 1, format!("one WebSocket: {counters}"));
}
