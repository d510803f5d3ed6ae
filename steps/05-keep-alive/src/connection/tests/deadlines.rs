//! How long a connection may take.

use super::*;

/// 60 s idle, 10 s for a head, 60 s for a body.
const HEAD: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_connection_that_never_asks_is_closed_without_a_word() {
    let mut alice = client();
    assert_eq!((alice.waits(59), alice.is_open()), (String::new(), true));
    assert_eq!((alice.waits(1), alice.is_open()), (String::new(), false));
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let mut bob = client();
    bob.waits(50);
    assert_eq!(bob.says(HEAD), ok("GET /"));
    assert_eq!((bob.waits(59), bob.is_open()), (String::new(), true), "each wait begins anew");
    assert_eq!((bob.waits(1), bob.is_open()), (String::new(), false));
}

#[test]
fn a_byte_now_and_then_does_not_prolong_a_head() {
    let mut alice = client();
    for byte in HEAD.bytes().take(9) {
        assert_eq!(alice.says([byte]), "");
        assert_eq!(alice.waits(1), "");
    }
    alice.says("x");
    refused(&alice.waits(1), "408");
    assert!(!alice.is_open());
}

#[test]
fn each_head_has_its_own_time() {
    let mut alice = client();
    for _ in 0..5 {
        alice.says(&HEAD[..20]);
        assert_eq!(alice.waits(9), "");
        assert_eq!(alice.says(&HEAD[20..]), ok("GET /"));
    }
    alice.says(HEAD.to_owned() + &HEAD[..1]);
    assert_eq!(alice.waits(9), "");
    refused(&alice.waits(1), "408");
}

#[test]
fn a_byte_now_and_then_does_not_prolong_a_body() {
    for path in ["/read", "/read-echo"] {
        let mut alice = client();
        alice.says(post(path, "Content-Length: 100\r\n", ""));
        for _ in 0..59 {
            alice.says("x");
            assert_eq!(alice.waits(1), "");
        }
        let end = alice.waits(1);
        match path {
            "/read" => refused(&end, "408"),
            _ => assert_eq!(end, "", "its answer had begun"),
        }
        assert!(!alice.is_open());
        assert_eq!(alice.told(), [format!("gone {path}")]);
    }
}

/// 500 bytes a second for 60 s.
const ENOUGH: usize = 30_000;

#[test]
fn a_body_that_is_fast_enough_gets_as_long_again() {
    let large = || post("/read", "Content-Length: 1000000\r\n", "");
    let mut alice = client();
    alice.says(large());
    for minute in 0..10 {
        alice.says(vec![b'x'; ENOUGH]);
        assert_eq!((alice.waits(60), alice.is_open()), (String::new(), true), "minute {minute}");
    }
    alice.says(vec![b'x'; ENOUGH - 1]);
    refused(&alice.waits(60), "408");
    assert_eq!(alice.told(), ["gone /read"]);
}

#[test]
fn a_body_that_was_fast_cannot_rest_on_it() {
    let mut alice = client();
    alice.says(post("/read", "Content-Length: 1000000\r\n", ""));
    alice.says(vec![b'x'; 900_000]);
    assert_eq!(alice.waits(60), "");
    for _ in 0..59 {
        alice.says("x");
        assert_eq!(alice.waits(1), "");
    }
    refused(&alice.waits(1), "408");
}

#[test]
fn the_rest_of_a_body_may_be_less_than_the_rate() {
    let mut alice = client();
    let length = ENOUGH + 3;
    alice.says(post("/read", &format!("Content-Length: {length}\r\n"), ""));
    alice.says(vec![b'x'; ENOUGH]);
    assert_eq!(alice.waits(60), "");
    assert_eq!(alice.waits(59), "");
    assert_eq!(alice.says("end"), bytes(&("x".repeat(ENOUGH) + "end")));
}

#[test]
fn only_content_makes_a_body_fast() {
    // Extensions and trailers are sent for nothing.
    let limits = Limits { body_rate: 1, trailers: 10_000, ..Limits::DEFAULT };
    let mut alice = client_with(limits);
    alice.says(post("/read", "Transfer-Encoding: chunked\r\n", ""));
    alice.says(format!("1;a={}\r\nx\r\n", "a".repeat(5_000)));
    refused(&alice.waits(60), "408");
    let mut bob = client_with(limits);
    bob.says(post("/read", "Transfer-Encoding: chunked\r\n", ""));
    bob.says(format!("3c\r\n{}\r\n", "x".repeat(60)));
    assert_eq!(bob.waits(60), "");
    assert_eq!(bob.says("0\r\n\r\n"), bytes(&"x".repeat(60)));
}

#[test]
fn without_a_rate_any_byte_will_do() {
    let mut alice = client_with(Limits { body_rate: 0, ..Limits::DEFAULT });
    alice.says(post("/read", "Content-Length: 1000000\r\n", ""));
    alice.says("x");
    assert_eq!(alice.waits(60), "");
    refused(&alice.waits(60), "408");
}

#[test]
fn what_is_thrown_away_must_be_fast_too() {
    let mut alice = client_with(Limits { drain: 100_000, ..Limits::DEFAULT });
    alice.says(post("/", "Content-Length: 40000\r\n", ""));
    alice.says(vec![b'x'; ENOUGH]);
    assert_eq!((alice.waits(60), alice.is_open()), (String::new(), true));
    alice.says("x");
    assert_eq!((alice.waits(60), alice.is_open()), (String::new(), false));
}

#[test]
fn a_body_that_nobody_reads_brings_no_second_answer() {
    let mut alice = client();
    assert_eq!(alice.says(post("/", "Content-Length: 9\r\n", "x")), ok("POST /"));
    assert_eq!((alice.waits(60), alice.is_open()), (String::new(), false));
}

#[test]
fn a_handlers_deadline_is_only_that_of_a_late_answer() {
    let mut alice = client();
    assert_eq!(alice.says(get("/deadline-and-done")), ok("done"));
    assert_eq!((alice.waits(59), alice.is_open()), (String::new(), true));
    let mut bob = client();
    assert_eq!(bob.says(get("/later-deadline")), "");
    assert_eq!(bob.waits(99), "", "HTTP's deadlines rest meanwhile");
    assert_eq!(bob.waits(1), ok("late: Deadline"));
    assert_eq!((bob.waits(59), bob.is_open()), (String::new(), true));
    assert_eq!((bob.waits(1), bob.is_open()), (String::new(), false));
    let mut carol = client();
    assert_eq!(carol.says(get("/later")), "");
    assert_eq!((carol.waits(10_000), carol.is_open()), (String::new(), true), "it set none");
}

#[test]
fn a_slow_reader_is_not_taken_for_a_slow_writer() {
    let mut alice = client();
    alice.0.receive((get("/large") + &get("/2")).as_bytes());
    alice.0.pass(Duration::from_secs(30));
    assert!(alice.is_open());
    let answers = alice.reads();
    assert!(answers.ends_with(&ok("GET /2")), "its second request was complete: no 408");
}

#[test]
fn a_reader_that_takes_nothing_is_given_up() {
    let mut alice = client();
    alice.0.receive((get("/large") + &get("/2")).as_bytes());
    alice.0.pass(Duration::from_secs(60));
    assert!(!alice.is_open());
}

// Otherwise who downloads for longer than the idle time is cut off in the middle.
#[test]
fn a_reader_that_takes_a_little_now_and_then_is_not_given_up() {
    let mut alice = client();
    alice.0.receive((get("/large") + &get("/2")).as_bytes());
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.extend(alice.0.sent_at_most(1_000));
        alice.0.pass(Duration::from_secs(60));
        assert!(alice.is_open(), "after {} bytes", answers.len());
    }
    alice.0.pass(Duration::from_secs(60));
    assert!(!alice.is_open(), "it takes nothing any more");
}

// Otherwise a connection that has given a large answer gives no other.
#[test]
fn an_answer_that_has_left_does_not_end_the_connection() {
    let mut alice = client();
    assert!(alice.says(get("/large")).len() > 100_000);
    assert_eq!(alice.says(get("/2")), ok("GET /2"));
}
