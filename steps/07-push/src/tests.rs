//! A whole connection of the demo, without a socket: what is asked, what comes back, and what time does.

use std::time::{Duration, UNIX_EPOCH};

use poll::{Protocol, Rehearsal};

use super::*;

type Client = Rehearsal<Http<Demo>>;

const LIMITS: Limits = Limits { stream_pending: 4096, ..Limits::DEFAULT };

/// A connection to a room in which nothing was said; the first message will have id 1.
fn client() -> Client {
    Rehearsal::new(Demo {
        http: keep_alive::Limits::DEFAULT,
        limits: LIMITS,
        room: Room::new(History::new(LIMITS.history, UNIX_EPOCH)),
    })
}

fn asks(client: &mut Client, target: &str) {
    client.receive(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
}

/// Somebody else says something, and the loop wakes this connection if it waits.
fn hears(client: &mut Client, text: &str) {
    client.call(|http, demo, io| {
        demo.room.say(Said { name: "Ada".into(), text: text.into() }, io);
        if waiting(demo) > 0 {
            http.woken(demo, io);
        }
    });
}

fn waiting(demo: &Demo) -> u64 {
    let stats = demo.room.stats();
    ["wait", "events"].iter().filter_map(|way| stats[way]["waiting"].as_u64()).sum()
}

fn sent(client: &mut Client) -> String {
    String::from_utf8(client.sent()).unwrap()
}

#[test]
fn a_long_poll_waits_for_news() {
    let mut client = client();
    asks(&mut client, "/wait?after=0");
    assert_eq!(sent(&mut client), "");
    assert_eq!(waiting(&client.world), 1);
    hears(&mut client, "Hello");
    let answer = sent(&mut client);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(r#""id":1,"name":"Ada","text":"Hello""#), "{answer}");
    assert_eq!(waiting(&client.world), 0);
}

#[test]
fn a_wake_up_without_news_is_no_answer() {
    let mut client = client();
    asks(&mut client, "/wait");
    for _ in 0..3 {
        client.call(|http, demo, io| http.woken(demo, io));
    }
    assert_eq!(sent(&mut client), "");
    hears(&mut client, "Hello");
    assert!(sent(&mut client).contains("Hello"));
    // A wake-up that was under way when the answer left meets a connection that waits for nothing, or for
    // more.
    client.call(|http, demo, io| http.woken(demo, io));
    asks(&mut client, "/wait?after=1");
    client.call(|http, demo, io| http.woken(demo, io));
    assert_eq!(sent(&mut client), "");
}

#[test]
fn a_long_poll_ends_empty_and_its_deadline_does_not_meet_the_next() {
    let mut client = client();
    asks(&mut client, "/wait");
    client.pass(LIMITS.long_poll - Duration::from_millis(1));
    assert_eq!(sent(&mut client), "");
    client.pass(Duration::from_millis(1));
    assert!(sent(&mut client).starts_with("HTTP/1.1 204 No Content\r\n"));
    asks(&mut client, "/wait");
    client.pass(LIMITS.long_poll - Duration::from_millis(1));
    assert_eq!(sent(&mut client), "");
    assert!(client.is_open());
}

#[test]
fn a_question_may_come_byte_by_byte_and_with_another_behind_it() {
    let mut client = client();
    for byte in b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\nGET /poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n" {
        client.receive(&[*byte]);
    }
    assert_eq!(sent(&mut client), "");
    hears(&mut client, "Hello");
    let answers = sent(&mut client);
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert_eq!(answers.matches("Hello").count(), 2, "{answers}");
}

#[test]
fn an_event_stream_goes_on_and_on() {
    let mut client = client();
    hears(&mut client, "before");
    asks(&mut client, "/events");
    let head = sent(&mut client);
    assert!(head.contains("\r\nContent-Type: text/event-stream\r\n"), "{head}");
    assert!(head.ends_with("\r\n\r\nd\r\nretry: 2000\n\n\r\n"), "{head}");
    hears(&mut client, "one");
    assert_eq!(sent(&mut client), "1b\r\nid: 2\ndata: Ada\ndata: one\n\n\r\n");
    hears(&mut client, "two\nthree");
    assert_eq!(sent(&mut client), "27\r\nid: 3\ndata: Ada\ndata: two\ndata: three\n\n\r\n");
}

#[test]
fn the_heartbeat_is_due_after_a_silence() {
    const COMMENT: &str = "e\r\n: still here\n\n\r\n";
    let mut client = client();
    asks(&mut client, "/events");
    sent(&mut client);
    client.pass(LIMITS.heartbeat);
    assert_eq!(sent(&mut client), COMMENT);
    client.pass(LIMITS.heartbeat / 2);
    hears(&mut client, "one");
    assert!(sent(&mut client).contains("one"));
    client.pass(LIMITS.heartbeat / 2);
    assert_eq!(sent(&mut client), "");
    client.pass(LIMITS.heartbeat / 2);
    assert_eq!(sent(&mut client), COMMENT);
}

#[test]
fn who_does_not_read_is_dropped_and_gets_the_rest_later() {
    let mut client = client();
    asks(&mut client, "/events");
    let long = "x".repeat(1000);
    for _ in 0..10 {
        hears(&mut client, &long);
    }
    assert!(!client.is_open());
    let got = sent(&mut client);
    let events = got.matches("id: ").count() as u64;
    assert!(events < 10 && !got.ends_with("\r\n0\r\n\r\n"), "cut off, and it can be seen: {events} events");
    assert_eq!(client.world.room.stats()["dropped"], 1);
    assert_eq!(waiting(&client.world), 0);

    let mut again = Rehearsal::<Http<Demo>>::new(client.world);
    again.receive(format!("GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {events}\r\n\r\n").as_bytes());
    assert_eq!(sent(&mut again).matches("id: ").count() as u64, 10 - events);
}

#[test]
fn who_leaves_is_forgotten() {
    for target in ["/wait", "/events"] {
        let mut client = client();
        asks(&mut client, target);
        assert_eq!(waiting(&client.world), 1, "{target}");
        client.end();
        assert!(!client.is_open(), "{target}");
        assert_eq!(waiting(&client.world), 0, "{target}");
    }
}

#[test]
fn a_server_that_stops_answers_all() {
    let mut waits = client();
    asks(&mut waits, "/wait");
    waits.call(|http, demo, io| http.stop(demo, io));
    let answer = sent(&mut waits);
    assert!(answer.contains("204 No Content") && answer.contains("Connection: close"), "{answer}");

    let mut reads = client();
    asks(&mut reads, "/events");
    reads.call(|http, demo, io| http.stop(demo, io));
    assert!(sent(&mut reads).ends_with("\r\n0\r\n\r\n"));
}
