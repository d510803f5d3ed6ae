//! A whole connection of the demo, without a socket: what is asked, what comes back, and what time does.

use std::time::{Duration, UNIX_EPOCH};

use poll::{Ended, Protocol, Rehearsal};

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

fn ada_says(text: &str) -> Said {
    Said { name: "Ada".into(), text: text.into() }
}

/// Somebody else says something, and the loop wakes this connection if the room wants it.
fn hears(client: &mut Client, text: &str) {
    client.call(|_, demo, io| {
        demo.room.say(ada_says(text), io);
    });
    if client.take_wake_up() {
        client.call(|http, demo, io| http.woken(demo, io));
    }
}

fn waiting(demo: &Demo) -> u64 {
    let stats = demo.room.stats();
    ["wait", "events"].iter().filter_map(|way| stats[way]["waiting"].as_u64()).sum()
}

fn sent(client: &mut Client) -> String {
    String::from_utf8(client.sent()).unwrap()
}

/// The client says which message it saw last. A browser that connects again sends Last-Event-ID to the old address, so
/// the field counts over the query. Who names none wants what comes from now on. An id is digits and nothing else: a plus
/// sign, which Rust's `parse` takes, is none.
#[test]
fn what_was_seen_last_stands_in_the_field_or_in_the_query() {
    let asked = |target: &str, field: &str| {
        let bytes = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{field}\r\n");
        let (head, _) = Request::parse(bytes.as_bytes(), &request::Limits::DEFAULT).unwrap().unwrap();
        after(&head, 57)
    };
    assert_eq!(asked("/events", ""), Ok(57));
    assert_eq!(asked("/events?after=0", ""), Ok(0));
    assert_eq!(asked("/events?x=1&after=3&y", ""), Ok(3));
    assert_eq!(asked("/events?after=3", "Last-Event-ID: 9\r\n"), Ok(9));
    for wrong in ["", "x", "-1", "+1", "1.5", "18446744073709551616"] {
        assert_eq!(asked(&format!("/events?after={wrong}"), ""), Err(NO_ID), "after={wrong}");
        let field = format!("Last-Event-ID: {wrong}\r\n");
        assert_eq!(asked("/events?after=3", &field), Err(NO_ID), "{field}");
    }
}

/// A message goes into the history, and its id comes back. Who waits hears of it by being woken, and only so: without
/// that a long poll sleeps until its deadline.
#[test]
fn what_is_said_wakes_who_waits_and_nobody_else() {
    for (way, waits) in [(Way::LongPoll, true), (Way::EventStream, true), (Way::ShortPoll, false)] {
        let mut client = client();
        let id = client.id();
        client.call(|_, demo, io| {
            demo.room.enters(way, id);
            assert_eq!(demo.room.say(ada_says("Hello"), io), 1);
        });
        let texts: Vec<&str> = client.world.room.history.after(0).map(|message| &*message.text).collect();
        assert_eq!(texts, ["Hello"]);
        assert_eq!(client.take_wake_up(), waits, "{way:?}");

        client.call(|_, demo, io| {
            demo.room.leaves(way, id);
            demo.room.say(ada_says("again"), io);
        });
        assert!(!client.take_wake_up(), "{way:?}: it waits no more");
    }
}

/// No byte before there is news, then the whole answer at once; and who was answered waits no more.
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

/// A wake-up says "look" and nothing else. It may come twice, or too late; only the history knows whether there is news.
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

/// Proxies cut what is silent for too long, so the answer comes at the deadline all the same: 204, and the connection
/// stays. The next question has a deadline of its own.
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

/// One answer at a time, in the order of the questions: what was asked behind a long poll is answered behind it.
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

/// Each message leaves in a chunk of its own, as soon as it was said, and none is written twice. What was said before the
/// stream began counts as seen: `last` must be right even where `catch_up` had nothing to write.
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

/// A comment after a silence, not every so often: each message begins the time anew. It keeps proxies from cutting the
/// stream, and finds out who vanished without a word.
#[test]
fn the_heartbeat_is_due_after_a_silence() {
    // Which words it has does not matter.
    let is_a_comment = |sent: String| {
        let (_, chunk) = sent.split_once("\r\n").unwrap_or_default();
        assert!(chunk.starts_with(':') && chunk.ends_with("\n\n\r\n"), "a comment is due: {sent:?}");
    };
    let mut client = client();
    asks(&mut client, "/events");
    sent(&mut client);
    client.pass(LIMITS.heartbeat);
    is_a_comment(sent(&mut client));
    client.pass(LIMITS.heartbeat / 2);
    hears(&mut client, "one");
    assert!(sent(&mut client).contains("one"));
    client.pass(LIMITS.heartbeat / 2);
    assert_eq!(sent(&mut client), "");
    client.pass(LIMITS.heartbeat / 2);
    is_a_comment(sent(&mut client));
}

/// What is not read piles up here. Above the limit the stream is cut off, without its last chunk, so that the client sees
/// it; with Last-Event-ID it gets the rest, no message twice and none left out.
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

/// What it has not seen comes in its first chunk, behind the time after which it shall come again; and nothing of what it
/// has seen.
#[test]
fn an_event_stream_begins_with_what_was_missed() {
    let mut client = client();
    for text in ["one", "two", "three"] {
        hears(&mut client, text);
    }
    asks(&mut client, "/events?after=1");
    let begun = sent(&mut client);
    let events = "retry: 2000\n\nid: 2\ndata: Ada\ndata: two\n\nid: 3\ndata: Ada\ndata: three\n\n";
    assert!(begun.ends_with(&format!("\r\n\r\n{:x}\r\n{events}\r\n", events.len())), "{begun}");
    assert_eq!(client.world.room.stats()["events"]["messages"], 2);
}

/// A client that asks `target`, and then sends FIN.
fn leaves(target: &str) {
    let mut client = client();
    asks(&mut client, target);
    assert_eq!(waiting(&client.world), 1);
    client.end();
    assert!(!client.is_open());
    assert_eq!(waiting(&client.world), 0);
}

/// It may have closed its half only, and still read; but a browser that left looks just the same, and an answer that may
/// never come is not worth the wait.
#[test]
fn who_leaves_a_long_poll_is_forgotten() {
    leaves("/wait");
}

/// As with a long poll: what waits for ever, and for nobody, is a leak.
#[test]
fn who_leaves_an_event_stream_is_forgotten() {
    leaves("/events");
}

/// The connection died: a reset, a cable. Nothing is asked of the answer any more, and nobody but `gone` can take the
/// client off the list of those who wait.
#[test]
fn who_is_cut_off_without_a_word_is_forgotten() {
    for target in ["/wait", "/events"] {
        let mut client = client();
        asks(&mut client, target);
        assert_eq!(waiting(&client.world), 1, "{target}");
        client.call(|http, demo, io| http.closed(io.id(), Ended::Reset, demo, io));
        assert_eq!(waiting(&client.world), 0, "{target}");
    }
}

/// 204, and no other request behind it: a server that stops must not leave a question open.
#[test]
fn a_server_that_stops_answers_a_long_poll() {
    let mut client = client();
    asks(&mut client, "/wait");
    client.call(|http, demo, io| http.stop(demo, io));
    let answer = sent(&mut client);
    assert!(answer.contains("204 No Content") && answer.contains("Connection: close"), "{answer}");
}

/// With the last chunk, so that the client sees a whole answer and not one that was cut off.
#[test]
fn a_server_that_stops_ends_an_event_stream() {
    let mut client = client();
    asks(&mut client, "/events");
    client.call(|http, demo, io| http.stop(demo, io));
    assert!(sent(&mut client).ends_with("\r\n0\r\n\r\n"));
}
