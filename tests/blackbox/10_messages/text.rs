//! Text is UTF-8, checked as it comes: RFC 6455 §5.6, §8.1.

use harness::frame::TEXT;
use harness::{Frame, Lesson, Story};

use crate::{by_hand, is_refused};

pub fn a_character_may_be_cut_by_a_fragment(story: &Story) {
    story.teaches(Lesson {
        why: "The message must be UTF-8, a fragment need not be: a character may begin in one and end in the next. \
              Keep its first bytes until the rest comes.",
        read: "RFC 6455 §5.6",
        hand: by_hand!(r"\x01\x81\x00\x00\x00\x00\xc3\x80\x81\x00\x00\x00\x00\xa4"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let text = "κόσμε 🦀";
    for at in 1..text.len() {
        let (head, tail) = text.as_bytes().split_at(at);
        alice.sends_frames(&[Frame::new(TEXT, head).not_final(), Frame::ping(""), Frame::continuation(tail)]);
        alice.receives_pong("");
        alice.receives_text(text);
    }
    let bytes: Vec<Frame> = text.bytes().map(|byte| Frame::continuation([byte]).not_final()).collect();
    alice.sends_frame(&Frame::text("").not_final());
    alice.sends_frames(&bytes);
    alice.sends_frame(&Frame::continuation(""));
    alice.receives_text(text);
}

pub fn text_that_is_not_utf_8_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A text message that is not UTF-8 is closed with 1007: overlong forms, surrogates, and a character \
              that the end of the message cuts are errors too.",
        read: "RFC 6455 §8.1",
        hand: by_hand!(r"\x81\x81\x00\x00\x00\x00\xff"),
    });
    let server = story.server();
    let wrong: [&[u8]; 7] = [
        b"\xff",
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"cut \xc3",
        b"\xce\xba\xe1\xbd",
    ];
    for bytes in wrong {
        is_refused(story, &server, 1007, &[Frame::new(TEXT, bytes)]);
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let fragments = [Frame::new(TEXT, head).not_final(), Frame::continuation(tail)];
        is_refused(story, &server, 1007, &fragments);
    }
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_binary([0xff, 0x80]);
    alice.receives_binary([0xff, 0x80]);
}

pub fn the_first_impossible_byte_fails_at_once(story: &Story) {
    story.teaches(Lesson {
        why: "Text is checked as it comes. A byte that no text can have at this place fails the connection now, \
              not when the frame or the message has ended: it may never end.",
        read: "RFC 6455 §8.1, notes/10-messages.md",
        hand: by_hand!(r"\x81\xfe\x01\x00\x00\x00\x00\x00ok\xff"),
    });
    let server = story.server();
    let wrong: [&[u8]; 4] = [b"ok \xff", b"ok \xc3A", b"ok \xed\xa0", b"ok \xf4\x90"];
    for bytes in wrong {
        // The frame's rest never comes.
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_frame(&Frame::new(TEXT, bytes).declaring(500));
        mallory.is_closed_with(1007);
        // Nor does it when the header came first, and then only what is impossible.
        let frame = Frame::new(TEXT, bytes).declaring(100).bytes();
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_bytes(&frame[..6]);
        mallory.sends_bytes(&frame[6..]);
        mallory.is_closed_with(1007);
        // The message's rest never comes; the impossible byte comes alone.
        let (last, before) = bytes.split_last().expect("not empty");
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_frame(&Frame::new(TEXT, before).not_final());
        mallory.sends_frame(&Frame::continuation([*last]).not_final());
        mallory.is_closed_with(1007);
    }
}
