//! Who has left is not counted any more, however it came and went.

use std::time::{Duration, Instant};

use harness::{Client, Frame, Lesson, Server, Story, WebSocket, ws};
use serde_json::json;

use super::{FORM, bearer, counters, joins, logs_in};

/// Connections that an address may have.
const SHARE: usize = 60;
/// More than the server tells at a time why they are turned away.
const TURNED_AWAY: usize = 300;

pub fn whoever_is_gone_gives_its_place_back(story: &Story) {
    story.teaches(Lesson {
        why: "A count that goes up at one place and down at another is wrong one day: a refusal in between, a reset, a \
              pause. Then the server is full with nobody in it. Tie the two together, and try each way in with each \
              way out.",
        read: "steps/12-guard/src/guard.rs (Guard::admit, Guard::gone)",
        hand: "make attack, then look at the counters: one connection is left, your own",
    });
    let server = server(story);
    let session = logs_in(story, &server, "Ada");
    let mut operator = story.client("operator", &server);

    let mut stay = Vec::new();
    for way_in in WAYS_IN {
        for way_out in WAYS_OUT {
            let mut client = way_in(story, &server, &session);
            way_out(&mut client);
            stay.push(client);
        }
    }
    is_empty_again(story, &mut operator, &session);
    drop(stay);

    // Full, and exactly full; and who is turned away is told so, also after many were.
    let mut all: Vec<Client> = story.clients("client", SHARE - 1, &server);
    for client in &mut all {
        client.gets("/login").has_status(200);
    }
    for n in 0..TURNED_AWAY {
        let mut late = story.client("late", &server);
        late.receives_response().has_status(503);
        WAYS_OUT[n % WAYS_OUT.len()](&mut late);
    }
    drop(all);
    is_empty_again(story, &mut operator, &session);
}

pub fn a_server_stops_whatever_its_clients_are_about(story: &Story) {
    story.teaches(Lesson {
        why: "Ctrl-C must work in each state: nobody asks, half a form is there, a flooder is made to wait.",
        read: "notes/02-poll.md, notes/12-guard.md",
        hand: "nc 127.0.0.1 {port}, and Ctrl-C in the server's terminal",
    });
    let server = server(story);
    let session = logs_in(story, &server, "Ada");
    let _here: Vec<Client> = WAYS_IN.iter().map(|way_in| way_in(story, &server, &session)).collect();
    let status = server.stop();
    story.expects(status.success(), format!("a good end, it is {status}"));
}

fn server(story: &Story) -> Server {
    story.server_with(|s| {
        s.env("MAX_PER_ADDRESS", SHARE)
            .env("CONNECTION_RATE", "10000,10000")
            .env("REQUEST_RATE", "10000,10000")
            .env("MESSAGE_RATE", "10,3")
            .env("HANDSHAKE_TIMEOUT_MS", 1000)
            .env("BODY_TIMEOUT_MS", 1000)
            .env("IDLE_TIMEOUT_MS", 3000)
            .env("PING_INTERVAL_MS", 1000)
            .env("PONG_TIMEOUT_MS", 500)
            .env("CLOSE_TIMEOUT_MS", 500)
            .env("LINGER_TIMEOUT_MS", 500)
            .env("STOP_TIMEOUT_MS", 1000)
    })
}

/// The counters say that only the operator is there.
#[track_caller]
fn is_empty_again(story: &Story, operator: &mut Client, session: &str) {
    let waits = Instant::now();
    loop {
        let counters = counters(operator, session);
        if counters["connections"] == 1 && counters["websockets"] == 0 && counters["clients"] == json!([]) {
            return;
        }
        let in_time = waits.elapsed() < Duration::from_secs(15);
        story.expects(in_time, format!("all places to be free again, but for the operator's: {counters}"));
        operator.receives_nothing_for(Duration::from_millis(20));
    }
}

type WayIn = fn(&Story, &Server, &str) -> Client;

/// From the door to the middle of a message.
const WAYS_IN: &[WayIn] = &[
    |story, server, _| story.client("silent", server),
    |story, server, _| sends(story.client("half a head", server), "GET /login HT"),
    |story, server, _| {
        let mut client = story.client("not logged in", server);
        client.gets("/me").has_status(401);
        client
    },
    |story, server, _| {
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: x\r\n{}: {}\r\nContent-Length: 50\r\n\r\nname",
            FORM.0, FORM.1
        );
        sends(story.client("half a form", server), &head)
    },
    |story, server, session| {
        let mut client = story.client("foreign page", server);
        let authorization = bearer(session);
        let fields = [("Origin", "http://evil.example"), ("Authorization", authorization.as_str())];
        client.sends(ws::handshake(&client.host(), "/chat", &fields));
        client.receives_response().has_status(403);
        client
    },
    |story, server, session| opens(story, "joins never", server, session).tcp,
    |story, server, session| joins(story, server, "Ada", session).tcp,
    |story, server, session| {
        let mut client = joins(story, server, "Ada", session);
        client.sends_bytes(&Frame::text("half a frame").bytes()[..9]);
        client.tcp
    },
    |story, server, session| {
        let mut client = opens(story, "too fast", server, session);
        client.sends_frames(&vec![Frame::ping("too many"); 12]);
        client.receives_pong("too many");
        client.tcp
    },
];

/// The last one stays, and says nothing more.
const WAYS_OUT: &[fn(&mut Client)] =
    &[Client::closes, Client::half_closes, Client::resets, says_goodbye, |_| {}];

/// A Close frame; to who has not seen a handshake it is noise.
fn says_goodbye(client: &mut Client) {
    client.tries_to_send(Frame::close(1000, "").bytes());
}

/// Opens the chat's WebSocket, and does not join.
fn opens(story: &Story, name: &str, server: &Server, session: &str) -> WebSocket {
    story.websocket_with(name, server, "/chat", &[("Authorization", &bearer(session))])
}

fn sends(mut client: Client, text: &str) -> Client {
    client.sends(text);
    client
}
