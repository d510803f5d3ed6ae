use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::mpsc;
use std::time::Duration;

use socket2::SockRef;

use super::{SHORT, answers, fails_with, passes, run, toy};
use crate::{Client, Ending, Lesson};

const ASK: &str = "ask\r\n\r\n";

fn asks(story: &crate::Story, address: std::net::SocketAddr) -> Client {
    let mut alice = story.client("alice", address);
    alice.within(SHORT);
    alice.sends(ASK);
    alice
}

/// Reads what was asked, then dies as a crashed program does.
fn resets() -> std::net::SocketAddr {
    toy(|mut stream| {
        super::read_head(&mut stream);
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
}

#[test]
fn a_wrong_byte_has_a_caret_and_the_lesson_a_port_that_lasts() {
    let address = answers("hello");
    let report = run(move |story| {
        story.teaches(Lesson { why: "You sent a J.", read: "RFC 862", hand: "nc 127.0.0.1 {port}" });
        asks(story, address).receives_exactly("jello");
    })
    .unwrap_err();
    let lines: Vec<&str> = report.lines().map(str::trim_end).collect();
    let got = lines.iter().position(|line| line.ends_with("got      | hello")).expect("what came is shown");
    assert_eq!(lines[got + 1].find('^'), lines[got].find("hello"));
    assert!(lines[got + 1].ends_with("byte 0 is 'h' (0x68), expected 'j' (0x6a)"), "{report}");
    assert!(
        report.contains("   1  alice connects to") && report.contains("   2  alice sends 7 bytes"),
        "{report}"
    );
    assert!(report.contains("src/tests/raw.rs:"), "the place is in the test: {report}");
    assert!(report.contains("why:  You sent a J.") && report.contains("read: RFC 862"), "{report}");
    // The server of a test is gone when a student reads this; `make run` listens on 8080.
    assert!(report.contains("try:  nc 127.0.0.1 8080\n"), "{report}");
}

#[test]
fn silence_a_close_and_a_reset_are_told_apart() {
    let silent = answers("");
    fails_with(&["No answer within 50 ms; the connection is open."], move |story| {
        asks(story, silent).receives_exactly("hello");
    });
    let closing = super::dribbles("");
    fails_with(&["No answer: the server closed the connection (FIN)."], move |story| {
        asks(story, closing).receives_line();
    });
    let resetting = resets();
    fails_with(&["No answer: the server reset the connection (RST)."], move |story| {
        asks(story, resetting).receives_bytes(5);
    });
    let half = super::dribbles("hel");
    fails_with(&["Then the server closed the connection", "byte 3 is missing, expected 'l'"], move |story| {
        asks(story, half).receives_exactly("hello");
    });
}

#[test]
fn the_end_is_a_fin_or_a_reset_and_says_which() {
    let (closing, resetting) = (super::dribbles("bye"), resets());
    passes(move |story| {
        let mut alice = asks(story, closing);
        alice.receives_exactly("bye");
        alice.receives_end();
        let mut bob = asks(story, resetting);
        bob.receives_reset();
        assert_eq!(bob.receives_end_of_any_kind(), Ending::Reset);
    });
    let resetting = resets();
    fails_with(&["expected a polite end (FIN), but the server reset"], move |story| {
        asks(story, resetting).receives_end();
    });
    let closing = super::dribbles("");
    fails_with(&["expected a reset (RST), but a polite end (FIN) came."], move |story| {
        asks(story, closing).receives_reset();
    });
    let open = answers("");
    fails_with(&["It is still open after 50 ms."], move |story| asks(story, open).receives_end());
    let talking = super::dribbles("more");
    fails_with(&["but bytes came.", "what came:"], move |story| asks(story, talking).receives_end());
}

#[test]
fn silence_can_be_expected() {
    let silent = answers("");
    passes(move |story| asks(story, silent).receives_nothing_for(SHORT));
    let talking = answers("hello");
    fails_with(&["expected nothing for 50 ms", "hello"], move |story| {
        asks(story, talking).receives_nothing_for(SHORT);
    });
    let closing = super::dribbles("");
    fails_with(&["but the server closed the connection (FIN)."], move |story| {
        asks(story, closing).receives_nothing_for(SHORT);
    });
}

#[test]
fn lines_and_marks_leave_the_rest_for_later() {
    let address = super::dribbles("one\r\ntwo\nthree--four\0five");
    passes(move |story| {
        let mut alice = asks(story, address);
        alice.receives_the_line("one");
        assert_eq!(alice.receives_line(), "two");
        assert_eq!(alice.receives_until("--"), b"three--");
        assert_eq!(alice.receives_bytes(5), b"four\0");
        assert_eq!(alice.receives_rest(), b"five");
    });
}

#[test]
fn an_answer_to_half_a_request_is_noticed() {
    let hasty = || {
        let address = toy(|mut stream| {
            let mut buffer = [0; 100];
            let count = stream.read(&mut buffer).unwrap();
            stream.write_all(&buffer[..count]).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        run(move |story| story.client("alice", address).sends_split_unanswered("two--two", 3))
    };
    // A toy that is held back for longer than the pause sees both parts at once: ask another one.
    let early = "You answered after 3 of 8 bytes: TCP has no message boundaries.";
    assert!((0..50).any(|_| hasty().is_err_and(|report| report.contains(early))));
    let patient = toy(|mut stream| {
        let mut buffer = [0; 8];
        stream.read_exact(&mut buffer).unwrap();
        stream.write_all(&buffer).unwrap();
    });
    passes(move |story| {
        let mut alice = story.client("alice", patient);
        alice.sends_split_unanswered("two--two", 3);
        alice.receives_exactly("two--two");
    });
}

#[test]
fn much_can_be_sent_to_an_echo_and_to_nobody() {
    let echo = toy(|mut stream| {
        let mut copy = stream.try_clone().unwrap();
        std::io::copy(&mut stream, &mut copy).unwrap();
        copy.shutdown(Shutdown::Write).unwrap();
    });
    passes(move |story| {
        let bytes: Vec<u8> = (0..8 << 20).map(|number: u32| (number >> 8) as u8).collect();
        let mut alice = story.client("alice", echo);
        alice.sends_while_receiving(&bytes);
        alice.receives_exactly(&bytes);
        alice.half_closes();
        alice.receives_end();
    });
    let (release, wait) = mpsc::channel::<()>();
    let idle = toy(move |_stream| {
        let _ = wait.recv();
    });
    passes(move |story| {
        let mut alice = story.client("alice", idle);
        let sent = alice.sends_until_it_blocks([b'x'; 4096], 64 << 20);
        assert!((4096..64 << 20).contains(&sent), "{sent}");
        drop(release);
    });
}

#[test]
fn what_a_closed_server_does_not_take_is_a_failure() {
    let closing = toy(|mut stream| super::read_head(&mut stream));
    fails_with(&["cannot send: the server has closed"], move |story| {
        let mut alice = story.client("alice", closing);
        alice.sends(ASK);
        alice.receives_end();
        loop {
            alice.sends("more");
        }
    });
    let closing = toy(|mut stream| super::read_head(&mut stream));
    passes(move |story| {
        let mut alice = story.client("alice", closing);
        alice.sends(ASK);
        alice.receives_end();
        while alice.tries_to_send("more") {}
    });
}

#[test]
fn a_client_can_reset_and_nobody_listens_is_told() {
    let (sender, ended) = mpsc::channel();
    let address = toy(move |mut stream| sender.send(stream.read(&mut [0]).map_err(|e| e.kind())).unwrap());
    passes(move |story| story.client("alice", address).resets());
    let end = ended.recv_timeout(Duration::from_secs(1)).unwrap();
    assert_eq!(end, Err(std::io::ErrorKind::ConnectionReset));
    fails_with(&["alice cannot connect to 127.0.0.1:1:"], |story| {
        story.client("alice", std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
    });
}

#[test]
fn many_clients_are_one_step_and_a_long_story_is_cut() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    fails_with(&["fan 1 to 20 connect", "... 82 steps left out ...", "note 99"], move |story| {
        assert_eq!(story.clients("fan", 20, address).len(), 20);
        (0..=100).for_each(|number| story.note(format!("note {number}")));
        story.expects(false, "an end");
    });
}
