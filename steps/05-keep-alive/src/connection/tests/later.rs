//! Answers that come later.

use super::*;

#[test]
fn pipelined_requests_wait_behind_a_late_answer() {
    let mut alice = client();
    assert_eq!(alice.says(get("/later") + &get("/2") + &get("/later") + &get("/4")), "");
    assert_eq!(alice.is_woken(), ok("late: Woken") + &ok("GET /2"));
    assert_eq!(alice.is_woken(), ok("late: Woken") + &ok("GET /4"));
    assert_eq!(alice.is_woken(), "", "a wake-up too late is nothing");
    assert_eq!(alice.says(get("/5")), ok("GET /5"));
}

#[test]
fn a_pipelined_flood_behind_a_late_answer_is_bounded() {
    let mut alice = client();
    alice.says(get("/later"));
    let flood = get("/2").repeat(10_000);
    for piece in flood.as_bytes().chunks(8_000) {
        alice.0.receive(piece);
    }
    let shown = std::cell::Cell::new(false);
    alice.0.call(|_, _, io| shown.set(io.must_wait()));
    assert!(shown.get(), "the rest stays in the kernel");
    let answers = alice.is_woken();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 10_001);
}

#[test]
fn the_end_of_the_client_is_told_and_waits_for_the_answer() {
    let mut alice = client();
    alice.says(get("/later"));
    assert_eq!(alice.ends(), "");
    assert_eq!(alice.told(), ["HalfClosed"]);
    assert!(alice.is_open());
    assert_eq!(alice.is_woken(), ok("late: Woken"));
    assert!(!alice.is_open(), "there can be no further request");
}

#[test]
fn pipelined_requests_are_answered_though_the_client_has_ended() {
    let mut alice = client();
    alice.says(get("/later") + &get("/2") + &get("/later") + &get("/4"));
    assert_eq!(alice.ends(), "");
    assert_eq!(alice.is_woken(), ok("late: Woken") + &ok("GET /2"));
    assert!(alice.is_open());
    assert_eq!(alice.is_woken(), ok("late: Woken") + &ok("GET /4"));
    assert!(!alice.is_open());
    let mut bob = client();
    bob.says(get("/later") + "GET /2 HT");
    bob.ends();
    let answers = bob.is_woken();
    refused(answers.strip_prefix(&ok("late: Woken")).expect("the first"), "400");
}

// Otherwise an event stream behind an answer that came late never hears that its client has left.
#[test]
fn each_late_answer_hears_of_the_clients_end_once() {
    let mut alice = client();
    alice.says(get("/later") + &get("/later"));
    alice.ends();
    alice.0.call(poll::Protocol::drained);
    assert_eq!(alice.told(), ["HalfClosed", "Drained"]);
    alice.is_woken();
    alice.0.call(poll::Protocol::drained);
    assert_eq!(alice.told()[2..], ["Woken", "HalfClosed", "Drained"]);
    assert_eq!(alice.is_woken(), ok("late: Woken"));
    assert!(!alice.is_open());
}

#[test]
fn the_end_of_the_client_is_not_forgotten_while_answers_pile_up() {
    let mut alice = client();
    alice.says(get("/later") + &get("/large"));
    assert_eq!(alice.ends(), "");
    let answers = alice.is_woken();
    assert!(answers.len() > 100_000, "{} bytes", answers.len());
    assert!(!alice.is_open(), "there can be no further request, and the client waits for our end");
}

/// The end stands behind all that was asked before it, also behind what cannot be looked at yet.
#[test]
fn the_end_of_the_client_waits_for_the_requests_that_must_wait_themselves() {
    let mut alice = client();
    alice.says(get("/later") + &get("/large") + &get("/3"));
    assert_eq!(alice.ends(), "");
    let answers = alice.is_woken();
    assert!(answers.ends_with(&ok("GET /3")), "{} bytes", answers.len());
    assert!(!alice.is_open());
}

#[test]
fn the_end_of_the_client_reaches_a_late_successor() {
    for behind in ["", "hello"] {
        let mut alice = client();
        alice.says(get("/later-switch") + behind);
        alice.ends();
        let answer = alice.is_woken();
        assert!(answer.ends_with(&format!("\n\n{}", behind.to_uppercase())), "{answer}");
        assert_eq!(alice.told(), ["HalfClosed", "Woken", "successor ended"]);
    }
}

#[test]
fn a_body_may_be_read_later() {
    let mut alice = client();
    let fields = "Expect: 100-continue\r\nContent-Length: 2\r\n";
    assert_eq!(alice.says(post("/later-read", fields, "")), "");
    assert_eq!(alice.is_woken(), "HTTP/1.1 100 Continue\n\n");
    assert_eq!(alice.says("hi".to_owned() + &get("/2")), bytes("hi") + &ok("GET /2"));
    assert_eq!(alice.says(post("/later-read", fields, "hi")), "");
    assert_eq!(alice.is_woken(), bytes("hi"), "it is here already");
    assert_eq!(alice.says(post("/read-then-later", "Content-Length: 2\r\n", "hi")), "");
    assert_eq!(alice.is_woken(), ok("late: Woken"));
}

#[test]
fn a_body_that_nobody_read_is_thrown_away_behind_a_late_answer() {
    let mut alice = client();
    assert_eq!(alice.says(post("/later", "Content-Length: 2\r\n", "hi") + &get("/2")), "");
    assert_eq!(alice.is_woken(), ok("late: Woken") + &ok("GET /2"));
}

#[test]
fn an_exchange_without_an_answer_is_gone_once() {
    let mut alice = client();
    alice.says(get("/later"));
    let id = alice.0.id();
    alice.0.call(|http, world, io| poll::Protocol::closed(http, id, Ended::Reset, world, io));
    assert_eq!(alice.told(), ["gone /later", "disconnected"]);
    let mut bob = client();
    bob.says(post("/read", "Content-Length: 2\r\n", "h"));
    bob.ends();
    let id = bob.0.id();
    bob.0.call(|http, world, io| poll::Protocol::closed(http, id, Ended::Closed, world, io));
    assert_eq!(bob.told(), ["gone /read", "disconnected"]);
    let mut carol = client();
    carol.says(get("/later"));
    carol.is_woken();
    let id = carol.0.id();
    carol.0.call(|http, world, io| poll::Protocol::closed(http, id, Ended::Closed, world, io));
    assert_eq!(carol.told(), ["Woken", "disconnected"], "this one was answered");
}

#[test]
fn a_server_that_stops_finishes_what_is_under_way() {
    let stop = |alice: &mut Client| {
        alice.0.call(poll::Protocol::stop);
        alice.reads()
    };
    let mut idle = client();
    assert_eq!((stop(&mut idle), idle.is_open()), (String::new(), false));
    let mut later = client();
    later.says(get("/later"));
    let answer = stop(&mut later);
    assert!(answer.contains("\nConnection: close\n") && answer.ends_with("late: Stopping"), "{answer}");
    assert!(!later.is_open());
    let mut body = client();
    body.says(post("/read", "Content-Length: 2\r\n", "h"));
    assert_eq!(stop(&mut body), "");
    let answer = body.says("i".to_owned() + &get("/2"));
    assert_eq!(answer, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nhi");
    assert!(!body.is_open());
}

// Otherwise a handler is shown the end of one body twice, and takes the second for that of another.
#[test]
fn the_end_of_a_body_is_shown_once_also_when_more_is_asked_for_later() {
    let mut alice = client();
    alice.says(post("/read-later-more", "Content-Length: 2\r\n", "hi"));
    let answer = alice.is_woken();
    refused(&answer, "500");
    assert_eq!(alice.told(), ["Woken", "gone /read-later-more"]);
    assert!(!alice.is_open());
}

/// An answer that streams while it reads has more output than may wait when the last byte of the body comes. No byte will come
/// behind it, so the end must be told without one, or the answer never ends.
#[test]
fn the_end_of_a_body_is_told_though_output_waits() {
    let mut alice = client();
    let body = "x".repeat(400_000);
    alice.0.receive(post("/read-echo", "Content-Length: 400000\r\n", &body).as_bytes());
    let mut got = String::new();
    for _ in 0..50 {
        got += &alice.reads();
    }
    assert!(got.ends_with("\n0\n\n"), "{} bytes, no last chunk: {:?}", got.len(), &got[got.len() - 20..]);
}
