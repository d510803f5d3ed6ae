//! How a connection ends: RFC 6455 §5.5.1, §7.

use std::time::Duration;

use harness::frame::{CLOSE, TEXT};
use harness::{Frame, Lesson, Story};

use crate::{by_hand, is_refused};

pub fn a_close_is_answered_with_its_code(story: &Story) {
    story.teaches(Lesson {
        why: "A Close frame is answered by one with the same code, then TCP is closed. Without the answer, or with \
              TCP closed at once, a browser says 1006.",
        read: "RFC 6455 §5.5.1, §7.1.1",
        hand: by_hand!(r"\x88\x82\x00\x00\x00\x00\x03\xe8"),
    });
    let server = story.server();
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let mut alice = story.websocket("alice", &server, "/");
        alice.sends_close(code, "a reason, ä");
        alice.is_closed_with(code);
    }
    let mut bob = story.websocket("bob", &server, "/");
    bob.sends_frame(&Frame::new(CLOSE, ""));
    bob.is_closed_with(1005);
    let mut carol = story.websocket("carol", &server, "/");
    carol.sends_close(1000, &"r".repeat(123));
    carol.is_closed_with(1000);
    story.note("and in the middle of a message");
    let mut dave = story.websocket("dave", &server, "/");
    dave.sends_frame(&Frame::text("never finished").not_final());
    dave.sends_close(1000, "");
    dave.is_closed_with(1000);
}

pub fn a_close_payload_of_one_byte_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A Close payload is empty or begins with a code of two bytes. One byte is half a code.",
        read: "RFC 6455 §5.5.1",
        hand: by_hand!(r"\x88\x81\x00\x00\x00\x00\x03"),
    });
    let server = story.server();
    is_refused(story, &server, 1002, &[Frame::new(CLOSE, [3])]);
}

pub fn a_close_code_that_must_not_be_sent_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Some codes stand for what was never sent (1005, 1006, 1015), some belong to nobody. On the wire they \
              are errors, and not to be echoed.",
        read: "RFC 6455 §7.4",
        hand: by_hand!(r"\x88\x82\x00\x00\x00\x00\x03\xed"),
    });
    let server = story.server();
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        is_refused(story, &server, 1002, &[Frame::close(code, "")]);
    }
}

pub fn a_close_reason_that_is_not_utf_8_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "The reason is text: check it like text.",
        read: "RFC 6455 §5.5.1, §8.1",
        hand: by_hand!(r"\x88\x83\x00\x00\x00\x00\x03\xe8\xff"),
    });
    let server = story.server();
    for reason in [&b"\xff"[..], b"ok \xc3", b"\xed\xa0\x80"] {
        is_refused(story, &server, 1007, &[Frame::new(CLOSE, [&[0x03, 0xe8], reason].concat())]);
    }
}

pub fn nothing_behind_a_close_is_looked_at(story: &Story) {
    story.teaches(Lesson {
        why: "The Close frame is the peer's last. What stands behind it in your buffer is neither echoed nor \
              judged.",
        read: "RFC 6455 §5.5.1",
        hand: by_hand!(r"\x88\x82\x00\x00\x00\x00\x03\xe8\x81\x81\x00\x00\x00\x00a"),
    });
    let server = story.server();
    is_refused(
        story,
        &server,
        1000,
        &[Frame::close(1000, ""), Frame::text("too late"), Frame::ping("too late")],
    );
    is_refused(story, &server, 1000, &[Frame::close(1000, ""), Frame::new(3, "").unmasked()]);
    is_refused(story, &server, 1000, &[Frame::close(1000, ""), Frame::close(1001, "")]);
}

pub fn the_close_code_arrives_also_when_the_client_goes_on_sending(story: &Story) {
    story.teaches(Lesson {
        why: "Closing a socket that holds unread bytes makes the kernel send RST, which overtakes your Close frame: \
              the client sees 1006. Send it, shut down your side, read on until the client's FIN, then close.",
        read: "RFC 6455 §7.1.1, notes/02-poll.md",
        hand: "open the page, press \"Send more than the limit\": 1009 must show, not 1006",
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1000));
    story.note("one that sends 16 MB and looks for an answer only then");
    let mut mallory = story.websocket("mallory", &server, "/");
    mallory.tcp.within(Duration::from_secs(10));
    mallory.sends_bytes(Frame::binary(vec![0; 16_000_000]).bytes());
    mallory.is_closed_with(1009);
    for _ in 0..20 {
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_bytes(Frame::binary(vec![0; 200_000]).bytes());
        mallory.is_closed_with(1009);
    }
}

pub fn the_close_code_reaches_a_client_that_has_half_closed(story: &Story) {
    story.teaches(Lesson {
        why: "The client's FIN stands right behind its last frame. It says that no more comes, not that nobody \
              reads: answer the frame first, then close.",
        read: "RFC 6455 §5.5.1, §7.1.7, notes/02-poll.md",
        hand: by_hand!(r"\x83\x80\x00\x00\x00\x00"),
    });
    let server = story.server();
    for (frame, code) in [
        (Frame::close(1000, "bye"), 1000),
        (Frame::new(3, ""), 1002),
        (Frame::text("Hello").unmasked(), 1002),
        (Frame::new(TEXT, b"\xff"), 1007),
        (Frame::binary("").declaring(1 << 40), 1009),
    ] {
        for _ in 0..5 {
            let mut mallory = story.websocket("mallory", &server, "/");
            mallory.sends_frames(&[Frame::text("before"), frame.clone()]);
            mallory.tcp.half_closes();
            mallory.receives_text("before");
            mallory.is_closed_with(code);
        }
    }
}

pub fn a_client_that_just_leaves_disturbs_nobody(story: &Story) {
    story.teaches(Lesson {
        why: "Wi-Fi ends, laptops close: a FIN or an RST without a Close frame is 1006, an ordinary end. Clean up \
              and serve the others.",
        read: "RFC 6455 §7.1.5",
        hand: by_hand!(r"\x01\x81\x00\x00\x00\x00a"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let mut bob = story.websocket("bob", &server, "/");
    bob.sends_frame(&Frame::text("half a mess").not_final());
    bob.tcp.half_closes();
    bob.receives_end();
    let mut carol = story.websocket("carol", &server, "/");
    carol.sends_bytes(&Frame::text("cut off").bytes()[..9]);
    carol.tcp.resets();
    alice.sends_text("who is still here?");
    alice.receives_text("who is still here?");
}

pub fn a_server_that_stops_says_1001(story: &Story) {
    story.teaches(Lesson {
        why: "A server that stops is \"going away\": it tells each client with 1001, waits for the answer, and \
              exits.",
        read: "RFC 6455 §7.4.1",
        hand: "open http://127.0.0.1:{port}/, then press Ctrl-C in the server's terminal",
    });
    let server = story.server();
    let alice = story.websocket("alice", &server, "/");
    let mut bob = story.websocket("bob", &server, "/");
    bob.sends_frame(&Frame::text("in the middle of a message").not_final());
    server.interrupt();
    for mut client in [alice, bob] {
        client.receives_close(1001);
        client.sends_close(1001, "");
        client.receives_end();
        client.tcp.closes();
    }
    let status = server.ends(Duration::from_secs(2));
    let ours = std::env::var_os("SERVER").is_none();
    story.expects(!ours || status.success(), format!("exit status 0, it is {status}"));
}

pub fn a_server_that_stops_waits_for_the_answer_a_bounded_time(story: &Story) {
    story.teaches(Lesson {
        why: "A client that never answers the Close frame must not keep the server alive: CLOSE_TIMEOUT_MS after \
              it, TCP is closed. Bytes that still come do not extend the time, and are not answered.",
        read: "RFC 6455 §7.1.1",
        hand: "CLOSE_TIMEOUT_MS=300 cargo run --bin 10-messages, connect with nc, press Ctrl-C",
    });
    let server = story.server_with(|setup| setup.env("CLOSE_TIMEOUT_MS", 300));
    let mut alice = story.websocket("alice", &server, "/");
    server.interrupt();
    alice.receives_close(1001);
    alice.sends_ping("after your Close you may not answer");
    alice.sends_text("nor echo");
    alice.receives_end();
    drop(alice);
    server.ends(Duration::from_secs(3));
}
