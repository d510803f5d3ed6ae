//! What rung 09 promises any client: steps/09-frames/CONTRACT.md.

mod by_hand;

use std::process::ExitCode;
use std::time::Duration;

use by_hand::by_hand;
use harness::frame::{CONTINUATION, Length, TEXT};
use harness::ws::handshake;
use harness::{Frame, Lesson, Server, Story, starts_and_stops, tests};

fn main() -> ExitCode {
    harness::suite(
        "09-frames",
        tests![
            starts_and_stops,
            a_frame_comes_back,
            the_server_does_not_mask,
            the_page_is_there,
            a_frame_right_behind_the_handshake_is_not_lost,
            a_frame_cut_anywhere_is_one_frame,
            every_length_comes_back,
            a_long_length_cut_anywhere_is_one_length,
            many_frames_in_one_packet,
            a_large_frame_in_odd_pieces,
            an_announced_length_costs_nothing,
            a_ping_is_answered,
            a_close_is_answered,
            an_unmasked_frame_is_refused,
            reserved_opcodes_are_refused,
            reserved_bits_are_refused,
            a_length_that_is_not_minimal_is_refused,
            a_length_with_its_top_bit_set_is_refused,
            a_fragmented_control_frame_is_refused,
            a_long_control_frame_is_refused,
            the_answers_before_a_refusal_arrive,
        ],
    )
}

fn a_frame_comes_back(story: &Story) {
    story.teaches(Lesson {
        why: "A client XORs its payload with a masking key. Undo it before you use the payload, or you echo \
              gibberish. Your own frames have MASK 0 and no key: only clients mask.",
        read: "RFC 6455 §5.3, notes/09-frames.md",
        hand: by_hand!(r"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text("Hello");
    alice.receives_text("Hello");
    alice.sends_frame(&Frame::text("another key").masked_with([0, 255, 1, 128]));
    alice.receives_text("another key");
    alice.sends_binary([0, 1, 2, 253, 254, 255]);
    alice.receives_binary([0, 1, 2, 253, 254, 255]);
}

fn the_server_does_not_mask(story: &Story) {
    story.teaches(Lesson {
        why: "Masking protects proxies from clients, so only clients mask. Your answer has MASK 0 and no key.",
        read: "RFC 6455 §5.1, \"A server MUST NOT mask any frames that it sends to the client.\"",
        hand: by_hand!(r"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text("Hello");
    alice.tcp.receives_exactly(b"\x81\x05Hello");
    alice.sends_ping("Hello");
    alice.tcp.receives_exactly(b"\x8a\x05Hello");
}

fn the_page_is_there(story: &Story) {
    story.teaches(Lesson {
        why: "A request without Upgrade is an ordinary one: answer it with the page. One for a WebSocket where there \
              is none is an ordinary one too: 404.",
        read: "RFC 6455 §4.2.2, notes/09-frames.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let server = story.server();
    story.client("alice", &server).gets("/").has_status(200).body_contains("<!doctype html>");
    let mut bob = story.client("bob", &server);
    bob.sends(handshake(&bob.host(), "/nothing", &[]));
    bob.receives_response().has_status(404);
}

fn a_frame_right_behind_the_handshake_is_not_lost(story: &Story) {
    story.teaches(Lesson {
        why: "The first frame may come in the same packet as the request. What stands behind the head in your \
              buffer is the WebSocket's: hand it over.",
        read: "RFC 6455 §4.1, notes/08-upgrade.md",
        hand: by_hand!(r"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    let mut client = story.client("alice", &server);
    let mut packet = handshake(&client.host(), "/", &[]).into_bytes();
    packet.extend(Frame::text("early").bytes());
    client.sends(packet);
    let mut alice = client.becomes_websocket();
    alice.receives_text("early");
}

fn every_length_comes_back(story: &Story) {
    story.teaches(Lesson {
        why: "Up to 125 the length stands in 7 bits. 126 means: read 16 bits more. 127: read 64 bits more, high \
              byte first. Write it as short as it goes, too.",
        read: "RFC 6455 §5.2, \"Payload length\"",
        hand: "open http://127.0.0.1:{port}/ and send 125, 126 and 127 characters",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    for length in [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 70_000] {
        let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        alice.sends_binary(&payload);
        alice.receives_binary(&payload);
    }
}

fn a_frame_cut_anywhere_is_one_frame(story: &Story) {
    story.teaches(Lesson {
        why: "A read may end inside the header, inside the key or inside the payload. Keep what came, and go on \
              with the key where the last read stopped: index i of the frame, not of the read.",
        read: "RFC 6455 §5.3, notes/09-frames.md",
        hand: "(printf '...\\x81\\x85\\x37'; sleep 1; printf '\\xfa\\x21\\x3d\\x7f\\x9f\\x4d\\x51\\x58'; sleep 1) | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let payload = "Hello, masked world";
    let frame = Frame::text(payload).bytes();
    for at in 1..frame.len() {
        alice.tcp.sends_split(&frame, at);
        alice.receives_text(payload);
    }
    for byte in Frame::text("byte by byte").bytes() {
        alice.sends_bytes([byte]);
    }
    alice.receives_text("byte by byte");
}

fn a_long_length_cut_anywhere_is_one_length(story: &Story) {
    story.teaches(Lesson {
        why: "A read may end inside the 16 or 64 bits of a length too. As long as the header is not whole there is \
              nothing to judge: keep what came.",
        read: "RFC 6455 §5.2, \"Payload length\"",
        hand: "(printf '...\\x81\\xfe\\x00'; sleep 1; printf '\\x82\\x37\\xfa\\x21\\x3d...'; sleep 1) | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    for (length, header) in [(130, 8), (70_000, 14)] {
        let payload = "x".repeat(length);
        let frame = Frame::text(&payload).bytes();
        for at in 1..=header {
            alice.tcp.sends_split(&frame, at);
            alice.receives_text(&payload);
        }
    }
}

fn many_frames_in_one_packet(story: &Story) {
    story.teaches(Lesson {
        why: "One read may hold many frames. When one is done, look whether the next is already there.",
        read: "notes/09-frames.md",
        hand: by_hand!(r"\x81\x81\x00\x00\x00\x00a\x81\x81\x00\x00\x00\x00b"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let texts: Vec<String> = (0..100).map(|i| format!("frame {i}")).collect();
    alice.sends_frames(&texts.iter().map(|text| Frame::text(text)).collect::<Vec<_>>());
    texts.iter().for_each(|text| alice.receives_text(text));
}

fn a_large_frame_in_odd_pieces(story: &Story) {
    story.teaches(Lesson {
        why: "A frame may be larger than any buffer. Its pieces come in sizes that four does not divide: turn the \
              masking key with them.",
        read: "RFC 6455 §5.3, \"octet at index i modulo 4\"",
        hand: "open http://127.0.0.1:{port}/ and send a long text",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let payload: Vec<u8> = (0..3_000_001_u32).map(|i| (i % 251) as u8).collect();
    for piece in Frame::binary(&payload).bytes().chunks(13_331) {
        alice.tcp.sends_while_receiving(piece);
    }
    alice.tcp.within(Duration::from_secs(10));
    alice.receives_binary(&payload);
}

fn an_announced_length_costs_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "You reserved what the header announced. It is a stranger's number: keep only what has come.",
        read: "RFC 6455 §10.4, notes/09-frames.md",
        hand: by_hand!(r"\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00ten bytes."),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let before = server.memory_peak();
    alice.sends_frame(&Frame::binary("ten bytes.").declaring(1 << 40));
    // Another connection shows that the server has seen it and lives.
    story.websocket("bob", &server, "/").sends_text("I come later");
    let mut carol = story.websocket("carol", &server, "/");
    carol.sends_text("still there?");
    carol.receives_text("still there?");
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(grown < 16 << 20, format!("less than 16 MiB more for 10 bytes, it grew by {grown} bytes"));
}

fn a_ping_is_answered(story: &Story) {
    story.teaches(Lesson {
        why: "A Ping is answered by a Pong with the same payload, of 0 to 125 bytes.",
        read: "RFC 6455 §5.5.2, §5.5.3",
        hand: by_hand!(r"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    for payload in ["", "Hello", &"p".repeat(125)] {
        alice.sends_ping(payload);
        alice.receives_pong(payload);
    }
    alice.sends_frames(&[Frame::pong("nobody asked"), Frame::text("next")]);
    alice.receives_text("next");
}

fn a_close_is_answered(story: &Story) {
    story.teaches(Lesson {
        why: "A Close frame is answered by a Close frame, then the server closes TCP. A browser that gets no \
              answer reports 1006.",
        read: "RFC 6455 §5.5.1, §7.1.1",
        hand: by_hand!(r"\x88\x82\x00\x00\x00\x00\x03\xe8"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_close(1000, "");
    alice.is_closed_with(1000);
    let mut bob = story.websocket("bob", &server, "/");
    bob.sends_frame(&Frame::new(harness::frame::CLOSE, ""));
    bob.is_closed_with(1005);
}

/// Each of these frames, sent as a connection's first, closes it with 1002.
fn are_refused(story: &Story, server: &Server, frames: &[Frame]) {
    for frame in frames {
        let mut mallory = story.websocket("mallory", server, "/");
        mallory.sends_frame(frame);
        mallory.is_closed_with(1002);
    }
}

fn an_unmasked_frame_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A client must mask every frame. One that does not is no browser, and not to be trusted.",
        read: "RFC 6455 §5.1, \"The server MUST close the connection upon receiving a frame that is not masked.\"",
        hand: by_hand!(r"\x81\x05Hello"),
    });
    let server = story.server();
    are_refused(
        story,
        &server,
        &[
            Frame::text("Hello").unmasked(),
            Frame::binary("").unmasked(),
            Frame::ping("").unmasked(),
            Frame::close(1000, "").unmasked(),
        ],
    );
}

fn reserved_opcodes_are_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Opcodes 3 to 7 and 11 to 15 mean nothing yet. You cannot know what the sender wants: close.",
        read: "RFC 6455 §5.2, \"If an unknown opcode is received, the receiving endpoint MUST _Fail the \
               WebSocket Connection_.\"",
        hand: by_hand!(r"\x83\x80\x00\x00\x00\x00"),
    });
    let server = story.server();
    let opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
    are_refused(story, &server, &opcodes.map(|opcode| Frame::new(opcode, "")));
}

fn reserved_bits_are_refused(story: &Story) {
    story.teaches(Lesson {
        why: "RSV1 to RSV3 belong to extensions. None was negotiated, so a bit that is set is an error: look at \
              it, do not mask it out.",
        read: "RFC 6455 §5.2, \"RSV1, RSV2, RSV3\"",
        hand: by_hand!(r"\xc1\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    are_refused(
        story,
        &server,
        &[
            Frame::text("Hello").rsv(0b100),
            Frame::binary("Hello").rsv(0b010),
            Frame::text("Hello").rsv(0b001),
            Frame::ping("Hello").rsv(0b100),
            Frame::close(1000, "").rsv(0b111),
        ],
    );
}

fn a_length_that_is_not_minimal_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A length that would have fitted into fewer bits is an error. Two spellings of one frame are two ways \
              to get past somebody who looks at it.",
        read: "RFC 6455 §5.2, \"the minimal number of bytes MUST be used to encode the length\"",
        hand: by_hand!(r"\x81\xfe\x00\x05\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    are_refused(
        story,
        &server,
        &[
            Frame::text("Hello").length_in(Length::Bits16),
            Frame::text("Hello").length_in(Length::Bits64),
            Frame::text(&"x".repeat(125)).length_in(Length::Bits16),
            Frame::text(&"x".repeat(126)).length_in(Length::Bits64),
            Frame::binary(vec![0; 65_535]).length_in(Length::Bits64),
        ],
    );
}

fn a_length_with_its_top_bit_set_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "The top bit of the 64-bit length must be 0. In a signed integer it would be a negative length.",
        read: "RFC 6455 §5.2, \"the most significant bit MUST be 0\"",
        hand: by_hand!(r"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
    });
    let server = story.server();
    are_refused(
        story,
        &server,
        &[
            Frame::binary("").declaring(1 << 63).length_in(Length::Bits64),
            Frame::binary("").declaring(u64::MAX).length_in(Length::Bits64),
        ],
    );
}

fn a_fragmented_control_frame_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A control frame stands between the fragments of a message. If it could be one itself, nobody could \
              tell to what a continuation belongs.",
        read: "RFC 6455 §5.5, \"All control frames ... MUST NOT be fragmented.\"",
        hand: by_hand!(r"\x09\x80\x00\x00\x00\x00"),
    });
    let server = story.server();
    are_refused(
        story,
        &server,
        &[Frame::ping("").not_final(), Frame::pong("").not_final(), Frame::close(1000, "").not_final()],
    );
}

fn a_long_control_frame_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A control frame has at most 125 bytes, so its length fits into 7 bits. 126 and 127 are no lengths \
              that a Ping can have.",
        read: "RFC 6455 §5.5, \"All control frames MUST have a payload length of 125 bytes or less\"",
        hand: by_hand!(r"\x89\xfe\x00\x7e\x00\x00\x00\x00"),
    });
    let server = story.server();
    are_refused(
        story,
        &server,
        &[
            Frame::ping([0; 126]),
            Frame::pong([0; 1000]),
            Frame::ping([0; 126]).length_in(Length::Bits64),
            Frame::close(1000, &"x".repeat(124)),
            Frame::ping("").declaring(1 << 40),
        ],
    );
}

fn the_answers_before_a_refusal_arrive(story: &Story) {
    story.teaches(Lesson {
        why: "Closing a socket that still holds unread bytes makes the kernel send RST, and the peer may lose what \
              you sent before, the close code too. Send, shut down your side, read on until the peer's FIN, close.",
        read: "RFC 6455 §7.1.1, RFC 9112 §9.6, notes/02-poll.md",
        hand: by_hand!(r"\x81\x81\x00\x00\x00\x00a\x83\x80\x00\x00\x00\x00and so on and on"),
    });
    let server = story.server();
    for _ in 0..20 {
        let mut mallory = story.websocket("mallory", &server, "/");
        let mut packet = Frame::text("good").bytes();
        packet.extend(Frame::new(3, "").bytes());
        packet.extend(Frame::new(TEXT, vec![b'x'; 40_000]).bytes());
        packet.extend(Frame::new(CONTINUATION, vec![b'x'; 40_000]).bytes());
        mallory.sends_bytes(packet);
        mallory.receives_text("good");
        mallory.is_closed_with(1002);
    }
}
