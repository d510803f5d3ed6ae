//! What rung 10 promises any client: steps/10-messages/CONTRACT.md.

#[path = "10_messages/autobahn.rs"]
mod autobahn;
#[path = "10_messages/autobahn_utf8.rs"]
mod autobahn_utf8;
mod by_hand;
#[path = "10_messages/closing.rs"]
mod closing;
#[path = "10_messages/costs.rs"]
mod costs;
#[path = "10_messages/text.rs"]
mod text;

use std::process::ExitCode;
use std::time::Duration;

use autobahn::*;
use autobahn_utf8::*;
use by_hand::by_hand;
use closing::*;
use costs::*;
use harness::ws::handshake;
use harness::{Frame, Lesson, Server, Story, starts_and_stops, tests};
use text::*;

fn main() -> ExitCode {
    harness::suite(
        "10-messages",
        tests![
            starts_and_stops,
            a_message_comes_back,
            the_page_is_there,
            fragments_make_one_message,
            a_control_frame_between_fragments_is_no_part_of_the_message,
            a_new_message_inside_a_message_is_refused,
            a_continuation_of_nothing_is_refused,
            reserved_bits_are_refused_on_every_frame,
            a_character_may_be_cut_by_a_fragment,
            text_that_is_not_utf_8_is_refused,
            the_first_impossible_byte_fails_at_once,
            a_close_is_answered_with_its_code,
            a_close_payload_of_one_byte_is_refused,
            a_close_code_that_must_not_be_sent_is_refused,
            a_close_reason_that_is_not_utf_8_is_refused,
            nothing_behind_a_close_is_looked_at,
            the_close_code_arrives_also_when_the_client_goes_on_sending,
            the_close_code_reaches_a_client_that_has_half_closed,
            a_message_over_the_limit_is_refused_by_its_header,
            the_limit_counts_all_fragments,
            what_is_over_the_limit_is_not_stored,
            an_announced_length_costs_nothing,
            a_client_that_just_leaves_disturbs_nobody,
            a_server_that_stops_says_1001,
            a_server_that_stops_waits_for_the_answer_a_bounded_time,
            a_client_that_never_reads_costs_little,
            slow(60, sixty_five_thousand_fragments_are_one_message),
            slow(60, sixteen_mebibytes_in_one_frame_in_pieces_of_1300_bytes),
            slow(60, a_message_that_comes_byte_by_byte),
            autobahn_1_framing,
            autobahn_2_pings_and_pongs,
            autobahn_3_reserved_bits,
            autobahn_4_opcodes,
            autobahn_5_fragmentation,
            autobahn_6_utf_8_that_is_valid,
            autobahn_6_utf_8_that_is_not,
            autobahn_7_closing,
            slow(60, autobahn_9_limits),
            slow(60, autobahn_10_auto_fragmentation),
            alone(30, an_echo_costs_two_system_calls),
            alone(60, an_idle_connection_owns_no_buffer),
        ],
    )
}

fn a_message_comes_back(story: &Story) {
    story.teaches(Lesson {
        why: "Text comes back as text, binary as binary, of every length, the empty message too.",
        read: "RFC 6455 §5.6, notes/10-messages.md",
        hand: by_hand!(r"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    for text in ["", "Hello", "κόσμε 🦀", &"x".repeat(125), &"ä".repeat(40_000)] {
        alice.sends_text(text);
        alice.receives_text(text);
    }
    for length in [0, 1, 125, 126, 65_535, 65_536] {
        alice.sends_binary(vec![0xff; length]);
        alice.receives_binary(vec![0xff; length]);
    }
}

fn the_page_is_there(story: &Story) {
    story.teaches(Lesson {
        why: "A request without Upgrade is an ordinary one: answer it with the page. One for a WebSocket where there \
              is none is an ordinary one too: 404.",
        read: "RFC 6455 §4.2.2, notes/10-messages.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let server = story.server();
    story.client("alice", &server).gets("/").has_status(200).body_contains("<!doctype html>");
    let mut bob = story.client("bob", &server);
    bob.sends(handshake(&bob.host(), "/nothing", &[]));
    bob.receives_response().has_status(404);
}

fn fragments_make_one_message(story: &Story) {
    story.teaches(Lesson {
        why: "A message is one frame with an opcode and any number of continuation frames, empty ones too, up to \
              the one with FIN. The echo is the whole message.",
        read: "RFC 6455 §5.4",
        hand: by_hand!(r"\x01\x82\x00\x00\x00\x00He\x80\x83\x00\x00\x00\x00llo"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_frames(&[Frame::text("Hel").not_final(), Frame::continuation("lo")]);
    alice.receives_text("Hello");
    alice.sends_frame(&Frame::binary([1]).not_final());
    alice.sends_frame(&Frame::continuation([]).not_final());
    alice.sends_frame(&Frame::continuation([2]).not_final());
    alice.tcp.receives_nothing_for(Duration::from_millis(50));
    alice.sends_frame(&Frame::continuation([]));
    alice.receives_binary([1, 2]);
}

fn a_control_frame_between_fragments_is_no_part_of_the_message(story: &Story) {
    story.teaches(Lesson {
        why: "A Ping may come between two fragments. Answer it at once, and do not append its payload to the \
              message.",
        read: "RFC 6455 §5.4, \"Control frames ... MAY be injected in the middle of a fragmented message.\"",
        hand: by_hand!(r"\x01\x81\x00\x00\x00\x00a\x89\x81\x00\x00\x00\x00p\x80\x81\x00\x00\x00\x00b"),
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_frame(&Frame::text("one ").not_final());
    alice.sends_ping("between");
    alice.receives_pong("between");
    alice.sends_frames(&[Frame::pong("also between"), Frame::continuation("message")]);
    alice.receives_text("one message");
}

/// These frames, sent on a connection of their own, close it with this code.
fn is_refused(story: &Story, server: &Server, code: u16, frames: &[Frame]) {
    let mut mallory = story.websocket("mallory", server, "/");
    mallory.sends_frames(frames);
    mallory.is_closed_with(code);
}

fn a_new_message_inside_a_message_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "While a message lacks its FIN, only continuation frames carry data. A Text or Binary frame would be \
              a message inside a message.",
        read: "RFC 6455 §5.4, \"MUST NOT be interleaved\"",
        hand: by_hand!(r"\x01\x81\x00\x00\x00\x00a\x81\x81\x00\x00\x00\x00b"),
    });
    let server = story.server();
    is_refused(story, &server, 1002, &[Frame::text("a").not_final(), Frame::text("b")]);
    is_refused(story, &server, 1002, &[Frame::text("a").not_final(), Frame::binary("b").not_final()]);
}

fn a_continuation_of_nothing_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A continuation frame continues a message. None has begun, or the last one has had its FIN.",
        read: "RFC 6455 §5.4",
        hand: by_hand!(r"\x80\x81\x00\x00\x00\x00a"),
    });
    let server = story.server();
    is_refused(story, &server, 1002, &[Frame::continuation("of nothing")]);
    is_refused(story, &server, 1002, &[Frame::continuation("of nothing").not_final()]);
    let mut mallory = story.websocket("mallory", &server, "/");
    mallory.sends_frames(&[Frame::text("whole"), Frame::continuation("more")]);
    mallory.receives_text("whole");
    mallory.is_closed_with(1002);
}

fn reserved_bits_are_refused_on_every_frame(story: &Story) {
    story.teaches(Lesson {
        why: "No extension was negotiated, so RSV1 to RSV3 must be 0 on first frames, on continuations and on \
              control frames.",
        read: "RFC 6455 §5.2, \"RSV1, RSV2, RSV3\"",
        hand: by_hand!(r"\x41\x81\x00\x00\x00\x00a\x80\x81\x00\x00\x00\x00b"),
    });
    let server = story.server();
    for rsv in [0b100, 0b010, 0b001] {
        is_refused(story, &server, 1002, &[Frame::text("a").rsv(rsv)]);
        is_refused(story, &server, 1002, &[Frame::text("a").not_final(), Frame::continuation("b").rsv(rsv)]);
        is_refused(story, &server, 1002, &[Frame::text("a").not_final(), Frame::ping("").rsv(rsv)]);
        is_refused(story, &server, 1002, &[Frame::close(1000, "").rsv(rsv)]);
    }
}
