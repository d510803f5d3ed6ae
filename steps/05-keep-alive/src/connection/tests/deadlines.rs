//! How long a connection may take.

use super::*;

/// 60 s idle, 10 s for a head, 60 s for a body.
const HEAD: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let mut alice = client();
    assert_eq!((alice.waits(59), alice.is_open()), (String::new(), true));
    assert_eq!((alice.waits(1), alice.is_open()), (String::new(), false));
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
