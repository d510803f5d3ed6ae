//! A room of a thousand, and the coming and going in it.

use std::time::Duration;

use harness::{Client, Frame, Lesson, Server, Story};
use serde_json::json;

use crate::{BY_HAND, people, say};

const MEMBERS: usize = 1000;
const SAYS: usize = 20;
/// With each word so many come, and every second of them goes while the next word is said.
const COMING: usize = 10;

pub fn a_thousand_in_a_room_hear_it_once_and_in_order(story: &Story) {
    story.teaches(Lesson {
        why: "A room of a thousand, and while somebody talks clients come and go: by FIN, by RST, in the middle of a \
              frame. Each word reaches each who stays, once and in order; who comes later finds the words before in the \
              history, and none twice.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let [mut ada] = people(story, &server, ["Ada"]);
    ada.tcp.within(Duration::from_secs(30));
    // Nobody reads until the end: the kernel keeps what comes.
    let mut stay = come(story, &server, MEMBERS);
    let (mut joined, mut left, mut heard) = (0, 0, 0);
    let mut until = |wanted: (usize, usize, usize)| {
        while (joined, left, heard) != wanted {
            match ada.receives_json()["type"].as_str() {
                Some("joined") => joined += 1,
                Some("left") => left += 1,
                Some("said") => heard += 1,
                other => story.fails(format!("{other:?} is no event that Ada waits for")),
            }
            let many = (joined, left, heard);
            let fits = joined <= wanted.0 && left <= wanted.1 && heard <= wanted.2;
            story.expects(fits, format!("at most {wanted:?} joined, left and said; they are {many:?}"));
        }
    };
    until((MEMBERS, 0, 0));
    let mut talker = story.websocket("talker", &server, "/chat");
    talker.sends_json(&json!({"type": "join", "name": "Talker"}));
    until((MEMBERS + 1, 0, 0));
    let mut going: Vec<Client> = Vec::new();
    for n in 0..SAYS {
        let gone = (n.saturating_sub(1)) * COMING / 2 + going.len();
        let coming = come(story, &server, COMING);
        talker.sends_frame(&say(&format!("word {n:02}")));
        for (way, client) in going.drain(..).enumerate() {
            goes(client, way);
        }
        for (i, client) in coming.into_iter().enumerate() {
            if i % 2 == 0 { going.push(client) } else { stay.push(client) }
        }
        until((MEMBERS + 1 + (n + 1) * COMING, gone, n + 1));
    }
    let expected: Vec<String> = (0..SAYS).map(|n| format!("word {n:02}")).collect();
    for member in &mut stay {
        let last = format!("\"text\":\"word {:02}\"", SAYS - 1);
        let heard = member.within(Duration::from_secs(30)).receives_until(last);
        let heard = String::from_utf8_lossy(&heard);
        let words: Vec<&str> = heard.split("\"text\":\"").skip(1).map(|rest| &rest[..7]).collect();
        story.expects(words == expected, format!("each word once and in order, it was {words:?}"));
    }
}

/// Handshake and join in one packet; nobody waits for the answer.
fn come(story: &Story, server: &Server, count: usize) -> Vec<Client> {
    let mut clients = story.clients("member", count, server);
    for client in &mut clients {
        let mut first = harness::ws::handshake(&client.host(), "/chat", &[]).into_bytes();
        let join = json!({"type": "join", "name": "M"}).to_string();
        first.extend(Frame::text(&join).bytes());
        client.sends(first);
    }
    clients
}

fn goes(mut client: Client, way: usize) {
    match way % 4 {
        0 => client.resets(),
        1 => client.closes(),
        2 => client.half_closes(),
        _ => {
            client.tries_to_send(&Frame::text("half a frame").bytes()[..5]);
            client.resets();
        }
    }
}
