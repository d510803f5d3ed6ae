//! The ticker, an example of rung 11: many messages a second, and readers that do not keep up.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use harness::{Lesson, Server, Story, WebSocket};
use serde_json::{Value, json};

use crate::is;

const BY_HAND: &str = "make talk ADDRESS=ws://127.0.0.1:{port}/ticks";
/// So many ticks may be on the way to a reader.
const WINDOW: u64 = 30;

fn ticker(story: &Story) -> Server {
    story.needs_our_program();
    story.server_with(|s| s.example("ticker"))
}

fn reader(story: &Story, name: &str, server: &Server) -> WebSocket {
    let mut reader = story.websocket(name, server, "/ticks");
    let hello = reader.receives_json();
    story.expects(hello["type"] == "hello" && hello["shares"][0] == "Copper", format!("a hello: {hello}"));
    reader
}

/// The next tick; the reader says that it has shown it.
fn shows(reader: &mut WebSocket) -> Value {
    let tick = reader.receives_json_where("a tick", is("tick"));
    got(reader, 1);
    tick
}

fn got(reader: &mut WebSocket, count: u64) {
    reader.sends_json(&json!({"type": "got", "count": count}));
}

fn number(tick: &Value) -> u64 {
    tick["number"].as_u64().unwrap_or_default()
}

pub fn a_tick_comes_sixty_times_a_second_to_everybody(story: &Story) {
    story.teaches(Lesson {
        why: "One deadline of the server, one message, encoded once: everybody gets the same ticks, without a gap. The next \
              one is due a sixtieth after this one was, not after it came.",
        read: "steps/11-rooms/examples/ticker/main.rs",
        hand: BY_HAND,
    });
    let server = ticker(story);
    let mut readers = ["Ada", "Grace", "Linus"].map(|name| reader(story, name, &server));
    let firsts = readers.each_mut().map(shows);
    let begin = Instant::now();
    const TICKS: u64 = 90;
    let mut prices: HashMap<u64, Value> = HashMap::new();
    let firsts = firsts.each_ref().map(number);
    // In turn: who shows nothing for half a second is not sent all.
    for n in 1..=TICKS {
        let ticks = readers.each_mut().map(shows);
        for (tick, first) in ticks.iter().zip(firsts) {
            let got = number(tick);
            story.expects(
                got == first + n,
                format!("tick {}, each once and in order, it is {got}", first + n),
            );
            prices.entry(got).or_insert(tick["prices"].clone());
            let same = prices[&got] == tick["prices"];
            story.expects(same, format!("the same prices in tick {got} for everybody"));
        }
    }
    let took = begin.elapsed();
    // A busy machine may be late; nobody may be early by more than what waited before the test looked.
    let fits = (Duration::from_millis(1000)..Duration::from_secs(4)).contains(&took);
    story.expects(fits, format!("{TICKS} ticks in 1.5 s, it took {took:?}"));
}

pub fn who_shows_no_ticks_is_sent_half_a_second_and_then_the_newest(story: &Story) {
    story.teaches(Lesson {
        why: "Between the server and a program that does not read there is room for megabytes of old ticks. So the reader \
              says what it has shown, half a second may be on the way, and then waits only the newest.",
        read: "steps/11-rooms/src/hub.rs (with_window), notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = ticker(story);
    let mut sleeper = reader(story, "Sleeper", &server);
    let mut awake = reader(story, "Awake", &server);
    let first = number(&sleeper.receives_json());
    for n in 1..WINDOW {
        let tick = number(&sleeper.receives_json());
        story.expects(tick == first + n, format!("tick {}, it is {tick}", first + n));
    }
    sleeper.receives_nothing_for(Duration::from_millis(300));
    let newest = loop {
        let tick = number(&shows(&mut awake));
        if tick >= first + 2 * WINDOW {
            break tick;
        }
    };
    got(&mut sleeper, WINDOW);
    let woken = number(&sleeper.receives_json());
    story.expects(woken >= newest, format!("a tick not older than {newest}, it is {woken}"));
    let next = number(&sleeper.receives_json());
    story.expects(next == woken + 1, format!("tick {}, it is {next}: from now on all", woken + 1));
    // All that was left out is counted, for the log too: the ticks between, but for the one that was held.
    sleeper.sends_close(1000, "");
    server.log_contains_eventually(&format!("{} ticks were left out for it", woken - first - WINDOW));
}

pub fn a_trade_moves_the_price_for_all(story: &Story) {
    story.teaches(Lesson {
        why: "What one client sends changes what all are sent.",
        read: "steps/11-rooms/examples/ticker/main.rs",
        hand: BY_HAND,
    });
    let server = ticker(story);
    let mut ada = reader(story, "Ada", &server);
    let mut grace = reader(story, "Grace", &server);
    for _ in 0..20 {
        ada.sends_json(&json!({"type": "trade", "share": 1, "buy": true}));
        ada.sends_json(&json!({"type": "trade", "share": 2, "buy": false}));
    }
    let far = |tick: &Value, i: usize| tick["prices"][i].as_f64().unwrap_or_default();
    let limit = Instant::now() + Duration::from_secs(5);
    loop {
        let tick = shows(&mut grace);
        if far(&tick, 1) > 120.0 && far(&tick, 2) < 80.0 {
            return;
        }
        story.expects(Instant::now() < limit, format!("tin to rise and zinc to fall, the prices are {tick}"));
    }
}

pub fn what_is_no_message_of_the_ticker_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A client that says what makes no sense is not one of ours: 1008. The others go on.",
        read: "RFC 6455 §7.4.1",
        hand: BY_HAND,
    });
    let server = ticker(story);
    let mut awake = reader(story, "Awake", &server);
    for text in [
        "",
        "{}",
        r#"{"type":"got"}"#,
        r#"{"type":"got","count":-1}"#,
        r#"{"type":"trade","share":5,"buy":true}"#,
        r#"{"type":"trade","share":-1,"buy":true}"#,
    ] {
        let mut eve = reader(story, "Eve", &server);
        eve.sends_text(text);
        loop {
            let frame = eve.receives_frame();
            if frame.opcode == harness::frame::CLOSE {
                let code = frame.close_code().0;
                story.expects(code == 1008, format!("1008 for {text:?}, it is {code}"));
                break;
            }
        }
    }
    got(&mut awake, u32::MAX.into());
    shows(&mut awake);
}
