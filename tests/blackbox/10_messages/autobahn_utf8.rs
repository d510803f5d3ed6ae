//! Text is UTF-8: RFC 6455 §5.6 and §8.1. The sequences are those of Autobahn's section 6, and with it of Markus
//! Kuhn's "UTF-8 decoder capability and stress test".

use harness::frame::TEXT;
use harness::{Frame, Lesson, Server, Story};

use crate::by_hand;

pub fn autobahn_6_utf_8_that_is_valid(story: &Story) {
    story.teaches(Lesson {
        why: "Every character that Unicode has, from U+0000 to U+10FFFF, comes back, however it was cut. \
              Noncharacters are characters here: they are valid UTF-8.",
        read: "RFC 6455 §5.6, RFC 3629 §3; Autobahn 6.1, 6.2, 6.5, 6.7, 6.9, 6.11, 6.22, 6.23",
        hand: by_hand!(r"\x81\x84\x00\x00\x00\x00\xf4\x8f\xbf\xbf"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let valid = [
        ("6.1 nothing", ""),
        ("6.2", "Hello-µ@ßöäüàá-UTF-8!!"),
        ("6.5 kosme", "κόσμε"),
        ("6.7 the first of each length", "\u{0}\u{80}\u{800}\u{10000}"),
        ("6.9 the last of each length", "\u{7f}\u{7ff}\u{ffff}\u{10ffff}"),
        ("6.11 beside the surrogates", "\u{d7ff}\u{e000}\u{fffd}"),
        (
            "6.22 noncharacters",
            "\u{fffe}\u{ffff}\u{1fffe}\u{1ffff}\u{8fffe}\u{ffffe}\u{fffff}\u{10fffe}\u{10ffff}",
        ),
        ("6.23 specials", "\u{fff9}\u{fffa}\u{fffb}\u{fffc}\u{fffd}\u{feff}"),
    ];
    for (name, text) in valid {
        story.note(name);
        alice.sends_text(text);
        alice.receives_text(text);
        story.note(format!("{name}, in fragments of one byte, empty ones between"));
        alice.sends_frames(&in_bytes(text.as_bytes()));
        alice.receives_text(text);
        story.note(format!("{name}, in writes of one byte"));
        for byte in Frame::text(text).bytes() {
            alice.sends_bytes([byte]);
        }
        alice.receives_text(text);
    }
}

pub fn autobahn_6_utf_8_that_is_not(story: &Story) {
    story.teaches(Lesson {
        why: "What is not UTF-8 is 1007: lone continuation bytes, characters that are cut short, overlong forms, \
              surrogates, what is beyond U+10FFFF. At the first byte that cannot be: the rest of the frame may never \
              come, and the end of the message neither.",
        read: "RFC 6455 §8.1, RFC 3629 §3; Autobahn 6.3, 6.4, 6.6, 6.8, 6.10, 6.12 to 6.21",
        hand: by_hand!(r"\x81\xfe\x01\x00\x00\x00\x00\x00ok\xff"),
    });
    let server = story.server();
    let greek: &[u8] = "κόσμε".as_bytes();
    let mut cases: Vec<Vec<u8>> = INVALID.iter().map(|bytes| bytes.to_vec()).collect();
    cases.push([greek, b"\xed\xa0\x80edited"].concat()); // 6.3
    cases.push([greek, b"\xf4\x90\x80\x80edited"].concat()); // 6.4
    cases.push((0x80..=0xbf).collect()); // 6.12.8, every continuation byte
    for starts in [0xc0..=0xdf, 0xe0..=0xef, 0xf0..=0xf7, 0xf8..=0xfb, 0xfc..=0xfd] {
        cases.push(starts.flat_map(|byte| [byte, b' ']).collect()); // 6.13, lonely first bytes
    }
    cases.push(INCOMPLETE.concat()); // 6.15
    for bytes in cases {
        is_refused(story, &server, &bytes);
        // What is impossible alone is impossible behind good text.
        is_refused(story, &server, &[b"text, then ", &bytes[..]].concat());
    }
    let mixed = "Hello-µ@ßöäüàá-UTF-8!! κόσμε 🦀";
    story.note("6.6: text that ends in the middle of a character");
    for end in (0..mixed.len()).filter(|&end| !mixed.is_char_boundary(end)) {
        is_refused(story, &server, &mixed.as_bytes()[..end]);
    }
}

/// In one frame; in fragments of one byte; and only up to the first impossible byte, in a frame and in a message
/// that go on.
fn is_refused(story: &Story, server: &Server, bytes: &[u8]) {
    story.note(format!("{bytes:02x?}, in one frame, in fragments of one byte"));
    for frames in [vec![Frame::new(TEXT, bytes)], in_bytes(bytes)] {
        let mut mallory = story.websocket("mallory", server, "/");
        mallory.sends_frames(&frames);
        mallory.is_closed_with(1007);
    }
    let Some(at) = first_impossible(bytes) else { return };
    let bytes = &bytes[..=at];
    story.note(format!("{bytes:02x?}, and nothing behind it"));
    let announced = Frame::new(TEXT, bytes).declaring(100).bytes();
    let (before, last) = announced.split_at(announced.len() - 1);
    let mut mallory = story.websocket("mallory", server, "/");
    mallory.sends_bytes(before);
    mallory.sends_bytes(last);
    mallory.is_closed_with(1007);
    let mut mallory = story.websocket("mallory", server, "/");
    let mut fragments = in_bytes(bytes);
    fragments.pop();
    mallory.sends_frames(&fragments);
    mallory.is_closed_with(1007);
}

/// A text message in fragments of one byte, each between two empty ones.
fn in_bytes(bytes: &[u8]) -> Vec<Frame> {
    let mut frames = vec![Frame::text("").not_final()];
    for byte in bytes {
        frames.push(Frame::continuation([*byte]).not_final());
        frames.push(Frame::continuation("").not_final());
    }
    frames.push(Frame::continuation(""));
    frames
}

/// Autobahn's 6.14: the last continuation byte is missing.
const INCOMPLETE: [&[u8]; 10] = [
    b"\xc0",
    b"\xe0\x80",
    b"\xf0\x80\x80",
    b"\xf8\x80\x80\x80",
    b"\xfc\x80\x80\x80\x80",
    b"\xdf",
    b"\xef\xbf",
    b"\xf7\xbf\xbf",
    b"\xfb\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf",
];

const INVALID: [&[u8]; 58] = [
    b"\xf8\x88\x80\x80\x80", // 6.8, the first of five and of six bytes
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xf7\xbf\xbf\xbf", // 6.10, the last of four, of five and of six
    b"\xfb\xbf\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf\xbf",
    b"\xf4\x90\x80\x80", // 6.11, U+110000
    b"\x80",             // 6.12, continuation bytes
    b"\xbf",
    b"\x80\xbf",
    b"\x80\xbf\x80",
    b"\x80\xbf\x80\xbf",
    b"\x80\xbf\x80\xbf\x80",
    b"\x80\xbf\x80\xbf\x80\xbf",
    INCOMPLETE[0],
    INCOMPLETE[1],
    INCOMPLETE[2],
    INCOMPLETE[3],
    INCOMPLETE[4],
    INCOMPLETE[5],
    INCOMPLETE[6],
    INCOMPLETE[7],
    INCOMPLETE[8],
    INCOMPLETE[9],
    b"\xfe", // 6.16, bytes that UTF-8 does not have
    b"\xff",
    b"\xfe\xfe\xff\xff",
    b"\xc0\xaf", // 6.17, overlong forms of a slash
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf", // 6.18, the longest overlong forms
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf8\x87\xbf\xbf\xbf",
    b"\xfc\x83\xbf\xbf\xbf\xbf",
    b"\xc0\x80", // 6.19, overlong forms of U+0000
    b"\xe0\x80\x80",
    b"\xf0\x80\x80\x80",
    b"\xf8\x80\x80\x80\x80",
    b"\xfc\x80\x80\x80\x80\x80",
    b"\xed\xa0\x80", // 6.20, single surrogates
    b"\xed\xad\xbf",
    b"\xed\xae\x80",
    b"\xed\xaf\xbf",
    b"\xed\xb0\x80",
    b"\xed\xbe\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80", // 6.21, pairs of them
    b"\xed\xa0\x80\xed\xbf\xbf",
    b"\xed\xad\xbf\xed\xb0\x80",
    b"\xed\xad\xbf\xed\xbf\xbf",
    b"\xed\xae\x80\xed\xb0\x80",
    b"\xed\xae\x80\xed\xbf\xbf",
    b"\xed\xaf\xbf\xed\xb0\x80",
    b"\xed\xaf\xbf\xed\xbf\xbf",
    b"\xc3A", // a character that another one interrupts
    b"\xf0\x9f\xa6A",
];

/// RFC 3629 §4, the grammar: the ranges of a character's bytes.
const CHARACTERS: [&[(u8, u8)]; 9] = [
    &[(0x00, 0x7f)],
    &[(0xc2, 0xdf), (0x80, 0xbf)],
    &[(0xe0, 0xe0), (0xa0, 0xbf), (0x80, 0xbf)],
    &[(0xe1, 0xec), (0x80, 0xbf), (0x80, 0xbf)],
    &[(0xed, 0xed), (0x80, 0x9f), (0x80, 0xbf)],
    &[(0xee, 0xef), (0x80, 0xbf), (0x80, 0xbf)],
    &[(0xf0, 0xf0), (0x90, 0xbf), (0x80, 0xbf), (0x80, 0xbf)],
    &[(0xf1, 0xf3), (0x80, 0xbf), (0x80, 0xbf), (0x80, 0xbf)],
    &[(0xf4, 0xf4), (0x80, 0x8f), (0x80, 0xbf), (0x80, 0xbf)],
];

/// Where the first byte stands that no text can have there. `None`: what is missing is the end.
fn first_impossible(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        let begins = |form: &&&[(u8, u8)]| (form[0].0..=form[0].1).contains(&bytes[at]);
        let Some(form) = CHARACTERS.iter().find(begins) else { return Some(at) };
        for &(low, high) in *form {
            match bytes.get(at) {
                None => return None,
                Some(byte) if !(low..=high).contains(byte) => return Some(at),
                Some(_) => at += 1,
            }
        }
    }
    None
}
