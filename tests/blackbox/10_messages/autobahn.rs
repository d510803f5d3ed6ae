//! The cases of the Autobahn test suite, by its section numbers, written anew in this vocabulary: the suite itself
//! needs Python 2. What it calls "chops" are writes: TCP may cut a frame anywhere.
//!
//! Section 6, UTF-8, stands in `autobahn_utf8.rs`; 8 is empty; 12 and 13, permessage-deflate, belong to rung 14.

use std::time::Duration;

use harness::frame::{CLOSE, TEXT};
use harness::{Frame, Lesson, Server, Story, WebSocket};

/// One case: what a client sends on a connection of its own, and what comes back. One that does not end with
/// `Closed` is closed by the client, with 1000: so nothing else came.
pub struct Case {
    name: &'static str,
    frames: Vec<Frame>,
    answers: Vec<Answer>,
}

/// What the server answers.
pub enum Answer {
    Text(&'static str),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Closed(u16),
}
use Answer::{Binary, Closed, Pong, Text};

pub fn case(name: &'static str, frames: impl Into<Vec<Frame>>, answers: impl Into<Vec<Answer>>) -> Case {
    Case { name, frames: frames.into(), answers: answers.into() }
}

/// Runs each case three times: all in one packet, a packet for each frame, a packet for each byte.
pub fn run(story: &Story, server: &Server, cases: &[Case]) {
    for Case { name, frames, answers } in cases {
        let frames: Vec<Vec<u8>> = frames.iter().map(Frame::bytes).collect();
        let all = frames.concat();
        let bytes = all.iter().map(|&byte| vec![byte]).collect();
        for (how, packets) in [("in one packet", vec![all]), ("by frames", frames), ("by bytes", bytes)] {
            story.note(format!("{name}, {how}"));
            let mut client = story.websocket("fuzzer", server, "/");
            for packet in packets {
                // A server that refuses may close before the last of them.
                client.tcp.tries_to_send(packet);
            }
            answers.iter().for_each(|answer| receives(&mut client, answer));
            if !matches!(answers.last(), Some(Closed(_))) {
                client.sends_close(1000, "");
                client.is_closed_with(1000);
            }
        }
    }
}

fn receives(client: &mut WebSocket, answer: &Answer) {
    match answer {
        Text(text) => client.receives_text(text),
        Binary(bytes) => client.receives_binary(bytes),
        Pong(payload) => client.receives_pong(payload),
        Closed(code) => client.is_closed_with(*code),
    }
}

const BINARY_PAYLOAD: &[u8] = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff";

pub fn autobahn_1_framing(story: &Story) {
    story.teaches(Lesson {
        why: "Every length in its own form of length field, and the payload in as many writes as it likes.",
        read: "RFC 6455 §5.2, §5.3, §5.6; Autobahn 1.1, 1.2",
        hand: "open http://127.0.0.1:{port}/ and send 125, 126, 65,535 and 65,536 bytes",
    });
    let server = story.server();
    for length in [0, 125, 126, 127, 128, 65_535, 65_536] {
        for chop in [usize::MAX, 997, 1] {
            if chop == 1 && length > 128 {
                continue;
            }
            story.note(format!("1.1, 1.2: {length} bytes in writes of {chop}"));
            let mut alice = story.websocket("alice", &server, "/");
            let text = "*".repeat(length);
            for piece in Frame::text(&text).bytes().chunks(chop) {
                alice.tcp.sends_while_receiving(piece);
            }
            alice.receives_text(&text);
            let bytes = vec![0xfe; length];
            for piece in Frame::binary(&bytes).bytes().chunks(chop) {
                alice.tcp.sends_while_receiving(piece);
            }
            alice.receives_binary(&bytes);
            alice.sends_close(1000, "");
            alice.is_closed_with(1000);
        }
    }
}

pub fn autobahn_2_pings_and_pongs(story: &Story) {
    story.teaches(Lesson {
        why: "Each Ping gets a Pong with its payload, byte by byte the same, in the order in which they came. A Pong \
              gets nothing.",
        read: "RFC 6455 §5.5, §5.5.2, §5.5.3; Autobahn 2",
        hand: "make talk ADDRESS=ws://127.0.0.1:{port}/, then /ping hello",
    });
    let server = story.server();
    let ten = |n: usize| format!("payload-{n}");
    let cases = [
        case("2.1 no payload", [Frame::ping("")], [Pong(vec![])]),
        case("2.2 text", [Frame::ping("Hello, world!")], [Pong(b"Hello, world!".into())]),
        case("2.3 not UTF-8", [Frame::ping(BINARY_PAYLOAD)], [Pong(BINARY_PAYLOAD.into())]),
        case("2.4, 2.6 as long as it may be", [Frame::ping([0xfe; 125])], [Pong(vec![0xfe; 125])]),
        case("2.5 too long", [Frame::ping([0xfe; 126])], [Closed(1002)]),
        case("2.7 a Pong that nobody asked for", [Frame::pong("")], []),
        case("2.8 with a payload", [Frame::pong("unsolicited")], []),
        case(
            "2.9 and then a Ping",
            [Frame::pong("unsolicited"), Frame::ping("asked")],
            [Pong(b"asked".into())],
        ),
        case(
            "2.10, 2.11 ten of them",
            (0..10).map(|n| Frame::ping(ten(n))).collect::<Vec<_>>(),
            (0..10).map(|n| Pong(ten(n).into())).collect::<Vec<_>>(),
        ),
    ];
    run(story, &server, &cases);
}

pub fn autobahn_3_reserved_bits(story: &Story) {
    story.teaches(Lesson {
        why: "A reserved bit without an extension is 1002, on data frames and on control frames. What came before is \
              answered, what comes behind is not.",
        read: "RFC 6455 §5.2; Autobahn 3",
        hand: "the line of reserved_bits_are_refused_on_every_frame",
    });
    let server = story.server();
    let small = || Frame::text("Hello, world!");
    let behind = |rsv| [small(), small().rsv(rsv), Frame::ping("")];
    let cases = [
        case("3.1 RSV 1 on text", [small().rsv(1)], [Closed(1002)]),
        case(
            "3.2 RSV 2 behind a good message, a Ping behind it",
            behind(2),
            [Text("Hello, world!"), Closed(1002)],
        ),
        case("3.3 RSV 3", behind(3), [Text("Hello, world!"), Closed(1002)]),
        case("3.4 RSV 4", behind(4), [Text("Hello, world!"), Closed(1002)]),
        case("3.5 RSV 5 on binary", [Frame::binary(BINARY_PAYLOAD).rsv(5)], [Closed(1002)]),
        case("3.6 RSV 6 on a Ping", [Frame::ping("Hello").rsv(6)], [Closed(1002)]),
        case("3.7 RSV 7 on a Close", [Frame::close(1000, "").rsv(7)], [Closed(1002)]),
    ];
    run(story, &server, &cases);
}

pub fn autobahn_4_opcodes(story: &Story) {
    story.teaches(Lesson {
        why: "An opcode without a meaning is 1002, with and without payload, alone and behind a good message.",
        read: "RFC 6455 §5.2; Autobahn 4.1, 4.2",
        hand: "rung 09, the line of reserved_opcodes_are_refused",
    });
    let server = story.server();
    let mut cases = Vec::new();
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let wrong = |payload| Frame::new(opcode, payload);
        cases.push(case("4.x.1 a reserved opcode", [wrong("")], [Closed(1002)]));
        cases.push(case("4.x.2 with a payload", [wrong("reserved")], [Closed(1002)]));
        let behind = [Frame::text("before"), wrong("reserved"), Frame::ping("")];
        cases.push(case("4.x.3 behind a good message", behind, [Text("before"), Closed(1002)]));
    }
    run(story, &server, &cases);
}

pub fn autobahn_5_fragmentation(story: &Story) {
    story.teaches(Lesson {
        why: "Which frame may follow which: a message begins once, continues, ends; control frames come between and \
              are never cut.",
        read: "RFC 6455 §5.4, §5.5; Autobahn 5",
        hand: "the line of fragments_make_one_message",
    });
    let server = story.server();
    let first = || Frame::text("fragment1").not_final();
    let more = |text: &str| Frame::continuation(text).not_final();
    let last = || Frame::continuation("fragment2");
    let whole = || Text("fragment1fragment2");
    let ping = || Frame::ping("ping");
    let pong = || Pong(b"ping".into());
    let stray = |end: Frame| [end, Frame::text("Hello, world!")];
    let after_message = |stray: Frame| [first(), last(), stray, Frame::text("Hello, world!")];
    let five = ["1", "2", "3", "4"].map(more);
    let [two, three, four, _] = five;
    let cases = [
        case(
            "5.1 a Ping in two fragments",
            [ping().not_final(), Frame::continuation("rest")],
            [Closed(1002)],
        ),
        case(
            "5.2 a Pong in two fragments",
            [Frame::pong("p").not_final(), Frame::continuation("q")],
            [Closed(1002)],
        ),
        case("5.3 to 5.5 text in two fragments", [first(), last()], [whole()]),
        case("5.6 to 5.8 a Ping between", [first(), ping(), last()], [pong(), whole()]),
        case("5.9 to 5.11 a last fragment of nothing", stray(last()), [Closed(1002)]),
        case("5.12 to 5.14 a fragment of nothing", stray(more("x")), [Closed(1002)]),
        case(
            "5.15 a fragment of a message that has ended",
            after_message(more("x")),
            [whole(), Closed(1002)],
        ),
        case("5.16 begun by a continuation", [more("a"), first(), last()], [Closed(1002)]),
        case("5.17 by a last one", [last(), first(), last()], [Closed(1002)]),
        case("5.18 text inside text", [first(), Frame::text("fragment2")], [Closed(1002)]),
        case(
            "5.19, 5.20 five fragments, Pings between",
            [Frame::text("1").not_final(), two, ping(), three, four, ping(), Frame::continuation("5")],
            [pong(), pong(), Text("11235")],
        ),
        case(
            "empty fragments, a Close between",
            [Frame::text("").not_final(), more(""), Frame::new(CLOSE, ""), Frame::continuation("")],
            [Closed(1005)],
        ),
    ];
    run(story, &server, &cases);
}

pub fn autobahn_7_closing(story: &Story) {
    story.teaches(Lesson {
        why: "The first Close frame is the last frame that counts, and its payload has rules: nothing, or a code \
              that may be sent and a reason in UTF-8, 125 bytes in all.",
        read: "RFC 6455 §5.5.1, §7.1, §7.4, §8.1; Autobahn 7",
        hand: by_hand(),
    });
    let server = story.server();
    let close = || Frame::close(1000, "");
    let long = vec![0xfe; 10_000];
    let with = |payload: &[u8]| [Frame::new(CLOSE, payload)];
    let mut cases = vec![
        case("7.1.1 a message, then Close", [Frame::text("Hello"), close()], [Text("Hello"), Closed(1000)]),
        case("7.1.2 two Close frames", [close(), Frame::close(1001, "")], [Closed(1000)]),
        case("7.1.3 a Ping behind Close", [close(), Frame::ping("")], [Closed(1000)]),
        case("7.1.4 text behind Close", [close(), Frame::text("late")], [Closed(1000)]),
        case(
            "7.1.5 Close between two fragments",
            [Frame::text("half").not_final(), close(), Frame::continuation("half")],
            [Closed(1000)],
        ),
        case("7.3.1 without a payload", with(b""), [Closed(1005)]),
        case("7.3.2 half a code", with(b"\x03"), [Closed(1002)]),
        case("7.3.3 a code", with(b"\x03\xe8"), [Closed(1000)]),
        case("7.3.4 a code and a reason", with(b"\x03\xe8Hello World!"), [Closed(1000)]),
        case(
            "7.3.5 as long as it may be",
            with(&[b"\x03\xe8".as_slice(), &[b'*'; 123]].concat()),
            [Closed(1000)],
        ),
        case("7.3.6 too long", with(&[b"\x03\xe8".as_slice(), &[b'*'; 124]].concat()), [Closed(1002)]),
        case("7.5.1 a reason that is not UTF-8", with(b"\x03\xe8\xce\xba\xed\xa0\x80edited"), [Closed(1007)]),
    ];
    cases.push(case(
        "7.1.6 a long message, Close, a Ping",
        [Frame::binary(&long), close(), Frame::ping("")],
        [Binary(long), Closed(1000)],
    ));
    // 1012 to 1014 came into the registry of RFC 6455 §11.7 after the suite was written.
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
        cases.push(case("7.7 a code that may be sent", [Frame::close(code, "")], [Closed(code)]));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(case("7.9, 7.13 a code that may not", [Frame::close(code, "")], [Closed(1002)]));
        cases.push(case("7.9, 7.13 with a reason", [Frame::close(code, "because")], [Closed(1002)]));
    }
    run(story, &server, &cases);
}

fn by_hand() -> &'static str {
    crate::by_hand!(r"\x88\x82\x00\x00\x00\x00\x03\xe8")
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub fn autobahn_9_limits(story: &Story) {
    story.teaches(Lesson {
        why: "Sixteen mebibytes are a message like any other, in one frame, in small fragments, in small writes.",
        read: "RFC 6455 §5.4, §10.4; Autobahn 9",
        hand: "open http://127.0.0.1:{port}/ and send 16 MiB",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    alice.tcp.within(Duration::from_secs(10));
    for length in [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB] {
        story.note(format!("9.1, 9.2: {length} bytes"));
        let text = "*".repeat(length);
        alice.tcp.sends_while_receiving(Frame::text(&text).bytes());
        alice.receives_text(&text);
        let bytes = vec![0xfe; length];
        alice.tcp.sends_while_receiving(Frame::binary(&bytes).bytes());
        alice.receives_binary(&bytes);
    }
    let text = "*".repeat(4 * MIB);
    for fragment in [64, KIB, 16 * KIB, 256 * KIB, 4 * MIB] {
        story.note(format!("9.3, 9.4: 4 MiB in fragments of {fragment} bytes"));
        alice.tcp.sends_while_receiving(fragments(TEXT, text.as_bytes(), fragment));
        alice.receives_text(&text);
    }
    let text = "*".repeat(MIB);
    for chop in [64, 256, KIB, 4 * KIB] {
        story.note(format!("9.5, 9.6: 1 MiB in writes of {chop} bytes"));
        for piece in Frame::text(&text).bytes().chunks(chop) {
            alice.tcp.sends_while_receiving(piece);
        }
        alice.receives_text(&text);
    }
    for length in [0, 16, 64, 256, KIB, 4 * KIB] {
        story.note(format!("9.7, 9.8: 1,000 messages of {length} bytes"));
        let (text, bytes) = ("*".repeat(length), vec![0xfe; length]);
        for _ in 0..500 {
            alice.sends_frames(&[Frame::text(&text), Frame::binary(&bytes)]);
            alice.receives_text(&text);
            alice.receives_binary(&bytes);
        }
    }
}

pub fn autobahn_10_auto_fragmentation(story: &Story) {
    story.teaches(Lesson {
        why: "A client that sends everything in fragments of 1,300 bytes is as welcome as any.",
        read: "RFC 6455 §5.4; Autobahn 10.1",
        hand: "the line of fragments_make_one_message",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let text = "*".repeat(65_536);
    alice.tcp.sends_while_receiving(fragments(TEXT, text.as_bytes(), 1300));
    alice.receives_text(&text);
    let bytes: Vec<u8> = (0..16 * MIB).map(|i| (i % 251) as u8).collect();
    alice.tcp.within(Duration::from_secs(10));
    alice.tcp.sends_while_receiving(fragments(harness::frame::BINARY, &bytes, 1300));
    receives(&mut alice, &Binary(bytes));
}

/// A message in fragments of so many bytes.
fn fragments(opcode: u8, payload: &[u8], size: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    let (mut opcode, mut rest) = (opcode, payload);
    while rest.len() > size {
        let (fragment, behind) = rest.split_at(size);
        wire.extend(Frame::new(opcode, fragment).not_final().bytes());
        (opcode, rest) = (harness::frame::CONTINUATION, behind);
    }
    wire.extend(Frame::new(opcode, rest).bytes());
    wire
}
