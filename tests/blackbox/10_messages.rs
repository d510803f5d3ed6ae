//! What rung 10 promises any client: steps/10-messages/CONTRACT.md.

mod by_hand;

use std::process::ExitCode;
use std::time::Duration;

use by_hand::by_hand;
use harness::frame::{BINARY, CLOSE, TEXT};
use harness::{Frame, Lesson, Server, Story, starts_and_stops, tests};

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
            a_message_over_the_limit_is_refused_by_its_header,
            the_limit_counts_all_fragments,
            an_announced_length_costs_nothing,
            a_client_that_just_leaves_disturbs_nobody,
            a_server_that_stops_says_1001,
            a_server_that_stops_waits_for_the_answer_a_bounded_time,
            a_client_that_never_reads_costs_little,
            slow(60, sixty_five_thousand_fragments_are_one_message),
            slow(60, sixteen_mebibytes_in_one_frame_in_pieces_of_1300_bytes),
            slow(60, a_message_that_comes_byte_by_byte),
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
        why: "A request without Upgrade is an ordinary one: answer it with the page.",
        read: "notes/10-messages.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let server = story.server();
    story.client("alice", &server).gets("/").has_status(200).body_contains("<!doctype html>");
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
    let mut bob = story.websocket("bob", &server, "/");
    bob.sends_frame(&Frame::text("never finished").not_final());
    bob.sends_close(1000, "");
    bob.is_closed_with(1000);
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

fn a_character_may_be_cut_by_a_fragment(story: &Story) {
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

fn text_that_is_not_utf_8_is_refused(story: &Story) {
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

fn the_first_impossible_byte_fails_at_once(story: &Story) {
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
        // The message's rest never comes; the impossible byte comes alone.
        let (last, before) = bytes.split_last().expect("not empty");
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_frame(&Frame::new(TEXT, before).not_final());
        mallory.sends_frame(&Frame::continuation([*last]).not_final());
        mallory.is_closed_with(1007);
    }
}

fn a_close_is_answered_with_its_code(story: &Story) {
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
}

fn a_close_payload_of_one_byte_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A Close payload is empty or begins with a code of two bytes. One byte is half a code.",
        read: "RFC 6455 §5.5.1",
        hand: by_hand!(r"\x88\x81\x00\x00\x00\x00\x03"),
    });
    let server = story.server();
    is_refused(story, &server, 1002, &[Frame::new(CLOSE, [3])]);
}

fn a_close_code_that_must_not_be_sent_is_refused(story: &Story) {
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

fn a_close_reason_that_is_not_utf_8_is_refused(story: &Story) {
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

fn nothing_behind_a_close_is_looked_at(story: &Story) {
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

fn the_close_code_arrives_also_when_the_client_goes_on_sending(story: &Story) {
    story.teaches(Lesson {
        why: "Closing a socket that holds unread bytes makes the kernel send RST, which overtakes your Close frame: \
              the client sees 1006. Send it, shut down your side, read on until the client's FIN, then close.",
        read: "RFC 6455 §7.1.1, notes/02-poll.md",
        hand: "open the page, press \"Send more than the limit\": 1009 must show, not 1006",
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1000));
    for _ in 0..20 {
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_bytes(Frame::binary(vec![0; 200_000]).bytes());
        mallory.is_closed_with(1009);
    }
}

fn a_message_over_the_limit_is_refused_by_its_header(story: &Story) {
    story.teaches(Lesson {
        why: "The header tells how long the frame will be. If that is too long say so now, before you store a byte \
              of it.",
        read: "RFC 6455 §7.4.1 (1009), §10.4",
        hand: by_hand!(r"\x82\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"),
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1000));
    for length in [1001, 70_000, 1 << 30, (1 << 63) - 1] {
        is_refused(story, &server, 1009, &[Frame::new(BINARY, "").declaring(length)]);
    }
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text(&"x".repeat(1000));
    alice.receives_text(&"x".repeat(1000));
}

fn the_limit_counts_all_fragments(story: &Story) {
    story.teaches(Lesson {
        why: "The limit is the message's, not the frame's: add up what its fragments declare, or a thousand small \
              ones fill your memory.",
        read: "RFC 6455 §10.4",
        hand: "MAX_MESSAGE=4 cargo run --bin 10-messages, then the line of fragments_make_one_message",
    });
    let server = story.server_with(|setup| setup.env("MAX_MESSAGE", 1000));
    let half = "x".repeat(500);
    let fragments = [Frame::text(&half).not_final(), Frame::continuation(&half)];
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_frames(&fragments);
    alice.receives_text(&(half.clone() + &half));
    alice.sends_frames(&fragments);
    alice.receives_text(&(half.clone() + &half));
    let over = [Frame::text(&half).not_final(), Frame::ping(""), Frame::continuation("").declaring(501)];
    let mut mallory = story.websocket("mallory", &server, "/");
    mallory.sends_frames(&over);
    mallory.receives_pong("");
    mallory.is_closed_with(1009);
}

fn an_announced_length_costs_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "You reserved what the headers announced. A hundred clients that send ten bytes each must not cost \
              1.6 GB: let the buffer grow with what comes.",
        read: "RFC 6455 §10.4, notes/10-messages.md",
        hand: by_hand!(r"\x82\xff\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00ten bytes."),
    });
    let server = story.server();
    let before = server.memory_peak();
    let mut waiting = Vec::new();
    for _ in 0..100 {
        let mut mallory = story.websocket("mallory", &server, "/");
        mallory.sends_frame(&Frame::binary("ten bytes.").declaring((16 << 20) - 1));
        waiting.push(mallory);
    }
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text("still there?");
    alice.receives_text("still there?");
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(
        grown < 16 << 20,
        format!("less than 16 MiB more for 1,000 bytes, it grew by {grown} bytes"),
    );
}

fn a_client_that_just_leaves_disturbs_nobody(story: &Story) {
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

fn a_server_that_stops_says_1001(story: &Story) {
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

fn a_server_that_stops_waits_for_the_answer_a_bounded_time(story: &Story) {
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

fn a_client_that_never_reads_costs_little(story: &Story) {
    story.teaches(Lesson {
        why: "The client sends and never reads, and the echoes pile up in your memory. When too much waits to be \
              sent, stop reading from that client: TCP makes it wait.",
        read: "notes/02-poll.md, backpressure",
        hand: "(cat handshake; yes \"$frame\") | nc 127.0.0.1 {port} | sleep 60, and look at the server's memory",
    });
    let server = story.server();
    let mut mallory = story.websocket("mallory", &server, "/");
    let before = server.memory_rss();
    let frames = Frame::binary(vec![7; 60_000]).bytes().repeat(1000);
    let taken = mallory.tcp.sends_until_it_blocks(&frames, frames.len());
    story.expects(taken < frames.len(), format!("the server stops reading, it took all {taken} bytes"));
    let grown = server.memory_rss().saturating_sub(before);
    story.expects(grown < 4 << 20, format!("less than 4 MiB for one client, it grew by {grown} bytes"));
    let mut alice = story.websocket("alice", &server, "/");
    alice.sends_text("and I?");
    alice.receives_text("and I?");
}

fn sixty_five_thousand_fragments_are_one_message(story: &Story) {
    story.teaches(Lesson {
        why: "Each fragment costs the same. If it takes seconds, something is copied or checked again from the \
              beginning with every fragment.",
        read: "notes/10-messages.md",
        hand: "cargo test -p harness --test 10-messages sixty_five",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let mut wire = Frame::text("a").not_final().bytes();
    for _ in 0..65_534 {
        wire.extend(Frame::continuation("b").not_final().bytes());
    }
    wire.extend(Frame::continuation("c").bytes());
    alice.sends_bytes(wire);
    alice.tcp.within(Duration::from_secs(5));
    alice.receives_text(&format!("a{}c", "b".repeat(65_534)));
}

fn sixteen_mebibytes_in_one_frame_in_pieces_of_1300_bytes(story: &Story) {
    story.teaches(Lesson {
        why: "A large message comes in thousands of reads. Each must cost what it brings, not what is there \
              already.",
        read: "notes/10-messages.md",
        hand: "open http://127.0.0.1:{port}/ and send 16 MiB",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let payload: Vec<u8> = (0..16_u32 << 20).map(|i| (i % 251) as u8).collect();
    for piece in Frame::binary(&payload).bytes().chunks(1300) {
        alice.tcp.sends_while_receiving(piece);
    }
    alice.tcp.within(Duration::from_secs(10));
    alice.receives_binary(&payload);
}

fn a_message_that_comes_byte_by_byte(story: &Story) {
    story.teaches(Lesson {
        why: "A message may come in reads of one byte. Each byte must cost one step, whatever stands before it.",
        read: "notes/10-messages.md",
        hand: "cargo test -p harness --test 10-messages byte_by_byte",
    });
    let server = story.server();
    let mut alice = story.websocket("alice", &server, "/");
    let text = "ä".repeat(20_000);
    for byte in Frame::text(&text).bytes() {
        alice.tcp.sends_while_receiving([byte]);
    }
    alice.tcp.within(Duration::from_secs(5));
    alice.receives_text(&text);
}

/// How many rounds the system call test counts over.
const ROUNDS: usize = 1000;

fn an_echo_costs_two_system_calls(story: &Story) {
    story.teaches(Lesson {
        why: "A message costs one recv and one send beside the poll. More than that: the header and the payload \
              were written apart, or the socket is read again although the read was short.",
        read: "notes/02-poll.md, notes/10-messages.md",
        hand: "strace -f -c -o calls.txt target/debug/10-messages, talk to it, Ctrl-C, cat calls.txt",
    });
    let calls = story.directory().join("calls.txt");
    let path = calls.to_str().expect("a temporary directory has a plain name").to_owned();
    let server = story.server_with(|setup| setup.under(["strace", "-f", "-c", "-o", &path]));
    let mut alice = story.websocket("alice", &server, "/");
    for _ in 0..ROUNDS {
        alice.sends_text("Hello");
        alice.receives_text("Hello");
    }
    alice.sends_close(1000, "");
    alice.is_closed_with(1000);
    drop(alice);
    server.interrupt();
    server.ends(Duration::from_secs(5));
    let table = std::fs::read_to_string(&calls).unwrap_or_default();
    // % time, seconds, usecs/call, calls, errors where there were any, name
    let count = |wanted: fn(&str) -> bool| -> usize {
        let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let calls = rows.filter(|row| row.len() >= 5 && row.last().is_some_and(|name| wanted(name)));
        calls.filter_map(|row| row[3].parse::<usize>().ok()).sum()
    };
    story.note(&table);
    let moves = count(|name| {
        ["read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg"].contains(&name)
    });
    let polls = count(|name| name.starts_with("epoll_") && name.contains("wait"));
    story.expects(moves >= 2 * ROUNDS, format!("strace counted the calls; it saw {moves}"));
    let most = 2 * ROUNDS + 100;
    story.expects(
        moves <= most,
        format!("at most {most} reads and writes for {ROUNDS} echoes, there were {moves}"),
    );
    let most = ROUNDS + 100;
    story.expects(polls <= most, format!("at most {most} polls for {ROUNDS} echoes, there were {polls}"));
}

fn an_idle_connection_owns_no_buffer(story: &Story) {
    const CLIENTS: usize = 1000;
    story.teaches(Lesson {
        why: "A connection that has nothing to say needs no buffers. Read into one that all share, keep only what \
              is left over, and give back what the answer needed when it has left.",
        read: "notes/02-poll.md, notes/10-messages.md",
        hand: "ps -o rss= -p $(pgrep 10-messages) with a thousand connections",
    });
    let server = story.server();
    let before = server.memory_rss();
    let mut clients = Vec::new();
    for i in 0..CLIENTS {
        let mut client = story.websocket(&format!("client {i}"), &server, "/");
        let payload = "x".repeat(30_000);
        client.sends_frames(&[Frame::text(&payload).not_final(), Frame::continuation("end")]);
        client.receives_text(&(payload + "end"));
        clients.push(client);
    }
    let each = server.memory_rss().saturating_sub(before) / CLIENTS as u64;
    story.expects(each < 4096, format!("less than 4 KiB for an idle connection, each costs {each} bytes"));
}
