//! Who is still there.

use std::time::Duration;

use harness::{Frame, Lesson, Server, Story};
use serde_json::json;

use super::{comes_in, counters, logs_in};

const BY_HAND: &str = "PING_INTERVAL_MS=1000 PONG_TIMEOUT_MS=1000 make run STEP=12; with the cookie of \
                       curl -i -d name=Ada http://127.0.0.1:{port}/login: \
                       make talk ARGS=\"--quiet --header 'Cookie: session=...'\"";

fn server(story: &Story, interval: u64, timeout: u64) -> Server {
    story.server_with(|s| s.env("PING_INTERVAL_MS", interval).env("PONG_TIMEOUT_MS", timeout))
}

pub fn a_silence_is_followed_by_a_ping(story: &Story) {
    story.teaches(Lesson {
        why: "TCP says nothing when a peer has vanished, as long as nobody sends. So ask, after a silence.",
        read: "RFC 6455 §5.5.2",
        hand: BY_HAND,
    });
    let server = server(story, 200, 10_000);
    let mut ada = comes_in(story, &server, "Ada");
    let first = ada.receives_ping();
    ada.sends_frame(&Frame::pong(&first));
    let second = ada.receives_ping();
    story.expects(first != second, "another payload, so that an old Pong is not taken for a new one");
}

pub fn who_answers_stays_and_its_latency_is_shown(story: &Story) {
    story.teaches(Lesson {
        why: "The time from Ping to Pong is the round trip. It is measured anyway, so show it.",
        read: "notes/12-guard.md",
        hand: "curl -H 'Authorization: Bearer ...' http://127.0.0.1:{port}/counters.json",
    });
    let server = server(story, 100, 10_000);
    let mut ada = comes_in(story, &server, "Ada");
    for _ in 0..5 {
        let ping = ada.receives_ping();
        ada.sends_frame(&Frame::pong(&ping));
    }
    // The sixth shows that the fifth Pong was read.
    ada.receives_ping();
    let session = logs_in(story, &server, "Ada");
    let counters = counters(&mut story.client("ada", &server), &session);
    story.expects(counters["latency"]["pongs"] == 5, format!("five round trips: {counters}"));
    let client = &counters["clients"][0];
    let known = client["latency_ms"].as_f64().is_some_and(|latency| (0.0..5000.0).contains(&latency));
    story.expects(client["name"] == "Ada" && known, format!("Ada and her latency: {client}"));
}

pub fn who_does_not_answer_is_closed_with_1011(story: &Story) {
    story.teaches(Lesson {
        why: "Half-open: the peer is gone and its kernel too, so no FIN comes, ever. No Pong in time: close.",
        read: "RFC 6455 §5.5.2, §7.4.1",
        hand: BY_HAND,
    });
    let server = server(story, 200, 300);
    let mut grace = comes_in(story, &server, "Grace");
    let mut eve = comes_in(story, &server, "Eve");
    eve.ignores_pings();
    // Grace answers hers meanwhile.
    grace.tcp.within(Duration::from_secs(5));
    grace.receives_json_where("that Eve left", |value| value["type"] == "left" && value["name"] == "Eve");
    eve.receives_close(1011);
}

pub fn who_sends_something_else_is_alive(story: &Story) {
    story.teaches(Lesson {
        why: "In the middle of a large message no Pong can come: control frames go between frames, not inside. Any byte of it \
              is a sign of life.",
        read: "RFC 6455 §5.4, notes/12-guard.md",
        hand: BY_HAND,
    });
    let server = server(story, 200, 400);
    let mut ada = comes_in(story, &server, "Ada");
    ada.ignores_pings();
    let text = json!({"type": "say", "text": "slowly"}).to_string();
    let bytes = Frame::text(&text).bytes();
    // Each piece comes when a Ping has come, and so after a silence: in all it takes far longer than the Pong may.
    // The header is in the first one; half a header could as well be none.
    for piece in bytes.chunks(8) {
        ada.receives_ping();
        ada.sends_bytes(piece);
    }
    ada.receives_json_where("her own words", |value| value["text"] == "slowly");
}
