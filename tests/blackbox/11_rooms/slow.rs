//! Slow readers: who pays, and that everybody else does not.

use std::cell::Cell;
use std::time::Duration;

use harness::{Frame, Lesson, Server, Story, WebSocket};
use serde_json::json;

use crate::{BY_HAND, is, people, say};

pub fn who_talks_fast_drops_nobody_who_reads(story: &Story) {
    story.teaches(Lesson {
        why: "Who talks faster than the others read has to wait, or a few thousand messages in one packet fill the \
              queues of those who read as fast as they can, and they are taken for slow.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server_with(|s| s.env("MAX_QUEUE", 128 << 10));
    let mut talkers = people(story, &server, ["Ada", "Grace", "Linus", "Mary"]);
    const EACH: usize = 2000;
    let burst: Vec<Frame> = (0..EACH).map(|n| say(&n.to_string())).collect();
    for talker in &mut talkers {
        talker.sends_frames(&burst);
    }
    for talker in &mut talkers {
        for _ in 0..EACH * 4 {
            talker.receives_json_where("what was said", is("said"));
        }
        talker.receives_nothing_for(Duration::from_millis(20));
    }
}

pub fn who_never_reads_is_dropped_and_the_others_go_on(story: &Story) {
    story.teaches(Lesson {
        why: "What a reader does not take piles up in the server. Bound it (MAX_QUEUE), and decide who pays: not the \
              talkers, not the other readers, not the memory. The one who does not read is closed.",
        read: "websockets/ws#999, notes/11-rooms.md",
        hand: "make talk ADDRESS=ws://127.0.0.1:{port}/chat stopped with Ctrl-Z, and much said in another one",
    });
    const LIMIT: u64 = 256 << 10;
    // 60,000 characters, 300 times: four times what the kernel takes for a connection that does not read.
    const SAYS: usize = 300;
    let text = "x".repeat(60_000);
    let server =
        story.server_with(|s| s.env("MAX_QUEUE", LIMIT).env("MAX_TEXT", text.len()).env("HISTORY", 1));
    let [mut ada, mut grace] = people(story, &server, ["Ada", "Grace"]);
    let mut deaf = story.client_with("deaf", &server, |socket| socket.set_recv_buffer_size(4096));
    deaf.sends(harness::ws::handshake(&deaf.host(), "/chat", &[]));
    let mut deaf = deaf.becomes_websocket();
    deaf.sends_json(&json!({"type": "join", "name": "Deaf"}));
    ada.receives_json_where("a third one", is("joined"));
    grace.receives_json_where("a third one", is("joined"));
    let before = server.memory_rss();
    let gone = Cell::new(0);
    for _ in 0..SAYS {
        ada.sends_frame(&say(&text));
        for client in [&mut ada, &mut grace] {
            let said = client.receives_json_where("what Ada said", |value| {
                if value["type"] == "left" && value["name"] == "Deaf" {
                    gone.set(gone.get() + 1);
                }
                value["type"] == "said"
            });
            story.expects(said["text"] == text.as_str(), "what Ada said, whole");
        }
    }
    let gone = gone.get();
    story.expects(gone == 2, format!("both to hear once that Deaf left, they heard it {gone} times"));
    let grown = server.memory_rss().saturating_sub(before);
    let allowed = LIMIT + (8 << 20);
    story.expects(grown < allowed, format!("less than {allowed} bytes more, it is {grown}"));
    // What was queued is not lost, and behind it stands why.
    deaf.tcp.within(Duration::from_secs(10));
    let mut heard = 0;
    let close = loop {
        let frame = deaf.receives_frame();
        if frame.opcode == harness::frame::CLOSE {
            break frame;
        }
        heard += 1;
    };
    story.expects(close.close_code().0 == 1008, format!("1008, it is {}", close.close_code().0));
    story.expects(heard > 1, "what was queued before");
}

/// So many characters, so many times: four times what the kernel takes for a connection that does not read.
const LENGTH: usize = 60_000;
const SAYS: u64 = 300;

/// Ada says much, which another member does not read until then. Returns Ada and that one.
#[track_caller]
fn one_does_not_read(story: &Story, slow: &str, queue: u64) -> (Server, WebSocket, WebSocket) {
    let server = story.server_with(|s| {
        s.env("SLOW_READER", slow).env("MAX_QUEUE", queue).env("MAX_TEXT", LENGTH).env("HISTORY", 1)
    });
    let [mut ada] = people(story, &server, ["Ada"]);
    let mut deaf = story.client_with("deaf", &server, |socket| socket.set_recv_buffer_size(4096));
    deaf.sends(harness::ws::handshake(&deaf.host(), "/chat", &[]));
    let mut deaf = deaf.becomes_websocket();
    deaf.sends_json(&json!({"type": "join", "name": "Deaf"}));
    ada.receives_json_where("another one", is("joined"));
    for n in 0..SAYS {
        ada.sends_frame(&say(&format!("{n:0LENGTH$}")));
        ada.receives_json_where("what she said", is("said"));
    }
    deaf.tcp.within(Duration::from_secs(10));
    deaf.receives_json_where("a welcome", is("welcome"));
    (server, ada, deaf)
}

/// What Deaf is told, as numbers, until it is welcomed anew; and how many it is told that it has missed.
fn told_until_welcomed(deaf: &mut WebSocket) -> (Vec<u64>, u64) {
    let mut told = Vec::new();
    loop {
        let event = deaf.receives_json();
        match event["text"].as_str().and_then(|text| text.parse().ok()) {
            Some(number) => told.push(number),
            None => return (told, event["missed"].as_u64().unwrap_or_default()),
        }
    }
}

pub fn who_reads_late_misses_the_newest_and_is_told_how_many(story: &Story) {
    story.teaches(Lesson {
        why: "With drop-newest a reader whose queue is full is left out until it has read all that waits. There is one \
              hole, and it is told how large: what is dropped in silence is a bug that nobody finds.",
        read: "CONTRACT.md (SLOW_READER), notes/11-rooms.md",
        hand: "SLOW_READER=drop-newest; make talk ADDRESS=ws://127.0.0.1:{port}/chat stopped with Ctrl-Z for a while",
    });
    let (_server, mut ada, mut deaf) = one_does_not_read(story, "drop-newest", 256 << 10);
    let (told, missed) = told_until_welcomed(&mut deaf);
    let count = told.len() as u64;
    story.expects(told.iter().copied().eq(0..count), format!("the first ones, without a hole: {told:?}"));
    story.expects(
        missed > 0 && count + missed == SAYS,
        format!("{count} told and {missed} missed are {SAYS}"),
    );
    // It goes on as if nothing had been.
    ada.sends_frame(&say("still here?"));
    let next = deaf.receives_json();
    story.expects(next["text"] == "still here?", format!("what is said now, it is {next}"));
}

pub fn who_reads_late_gets_the_latest_and_not_all_before_it(story: &Story) {
    story.teaches(Lesson {
        why: "With coalesce a reader that falls behind is held the latest message, in place of the one before it. When it \
              has read what waits, it gets that one.",
        read: "CONTRACT.md (SLOW_READER), notes/11-rooms.md",
        hand: "SLOW_READER=coalesce; make talk ADDRESS=ws://127.0.0.1:{port}/chat stopped with Ctrl-Z for a while",
    });
    // There would be room for all of it; but what is old by then is no use.
    let (_server, _ada, mut deaf) = one_does_not_read(story, "coalesce", 64 << 20);
    let (mut told, missed) = told_until_welcomed(&mut deaf);
    let count = told.len() as u64;
    story.expects(told.pop() == Some(SAYS - 1), "the latest at the end");
    story.expects(told.iter().copied().eq(0..count - 1), format!("the first ones before it: {told:?}"));
    story.expects(
        missed > 0 && count + missed == SAYS,
        format!("{count} told and {missed} missed are {SAYS}"),
    );
}

pub fn who_never_reads_may_be_told_to_try_again_later(story: &Story) {
    story.teaches(Lesson {
        why: "The close code is the server's choice: 1008 says that the client did wrong, 1013 that it may come back.",
        read: "CONTRACT.md (SLOW_READER), the registry of close codes at IANA (1013)",
        hand: "SLOW_READER=disconnect:1013; make talk ADDRESS=ws://127.0.0.1:{port}/chat stopped with Ctrl-Z",
    });
    let (_server, _ada, mut deaf) = one_does_not_read(story, "disconnect:1013", 256 << 10);
    loop {
        let frame = deaf.receives_frame();
        if frame.opcode == harness::frame::CLOSE {
            let code = frame.close_code().0;
            return story.expects(code == 1013, format!("1013, it is {code}"));
        }
        story.expects(frame.payload.len() > LENGTH, "what was queued, whole");
    }
}
