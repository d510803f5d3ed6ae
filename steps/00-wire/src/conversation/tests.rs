use super::*;
use crate::made::{CLIENT, FIN_ACK, Made, PSH_ACK, SERVER, SYN_ACK, made};

/// Window scale 3, padded.
const SCALE_3: [u8; 4] = [3, 3, 3, 1];
const ACK: u8 = Flags::ACK.0;

fn client(flags: u8, sequence_number: u32, acknowledgment_number: u32) -> Made {
    made(CLIENT, SERVER, flags).numbers(sequence_number, acknowledgment_number)
}

fn server(flags: u8, sequence_number: u32, acknowledgment_number: u32) -> Made {
    made(SERVER, CLIENT, flags).numbers(sequence_number, acknowledgment_number)
}

/// The client begins with 1000, the server with 5000.
fn handshake() -> Vec<Made> {
    vec![
        client(Flags::SYN.0, 1000, 0).options(&SCALE_3),
        server(SYN_ACK, 5000, 1001).options(&SCALE_3),
        client(ACK, 1001, 5001),
    ]
}

fn track(tracker: &mut Tracker, segments: &[Made]) -> Vec<Seen> {
    segments.iter().map(|made| tracker.take(&Segment::parse(&made.packet()).unwrap())).collect()
}

/// What is seen of these segments, after a handshake.
fn after_handshake(segments: &[Made]) -> Vec<Seen> {
    let all = [&handshake()[..], segments].concat();
    track(&mut Tracker::default(), &all).split_off(3)
}

fn notes(seen: &[Seen]) -> Vec<Vec<Note>> {
    seen.iter().map(|seen| seen.notes.clone()).collect()
}

#[test]
fn a_handshake_counts_from_0() {
    let seen = track(&mut Tracker::default(), &handshake());
    let numbers: Vec<_> =
        seen.iter().map(|seen| (seen.from, seen.sequence_number, seen.acknowledgment_number)).collect();
    assert_eq!(numbers, [(Side::Client, 0, None), (Side::Server, 0, Some(1)), (Side::Client, 1, Some(1))]);
    assert!(seen.iter().all(|seen| seen.notes.is_empty() && seen.end.is_none() && seen.conversation == 1));
    assert_eq!((seen[0].client.to_string(), seen[0].server.to_string()), (CLIENT.into(), SERVER.into()));
}

#[test]
fn windows_are_scaled_behind_the_handshake_if_both_sides_said_so() {
    let windows = |segments: &[Made]| {
        track(&mut Tracker::default(), segments).iter().map(|seen| seen.window).collect::<Vec<_>>()
    };
    assert_eq!(windows(&handshake()), [1000, 1000, 8000]);
    let mut one_sided = handshake();
    one_sided[1].options.clear();
    assert_eq!(windows(&one_sided), [1000, 1000, 1000]);
}

#[test]
fn data_and_its_acknowledgment_have_relative_numbers() {
    let seen = after_handshake(&[
        client(PSH_ACK, 1001, 5001).payload(b"GET / HTTP/1.1\r\n\r\n"),
        server(ACK, 5001, 1019),
        client(PSH_ACK, 1019, 5001).payload(b"GET /2 HTTP/1.1\r\n\r\n"),
    ]);
    assert_eq!((seen[0].sequence_number, &seen[0].words[..]), (1, "GET / HTTP/1.1"));
    assert_eq!(seen[1].acknowledgment_number, Some(19));
    assert_eq!((seen[2].sequence_number, &seen[2].words[..]), (19, "GET /2 HTTP/1.1"));
}

#[test]
fn numbers_wrap_around_after_4_gib() {
    let mut tracker = Tracker::default();
    let begin = u32::MAX - 2;
    let seen = track(
        &mut tracker,
        &[
            client(Flags::SYN.0, begin, 0),
            server(SYN_ACK, u32::MAX, begin + 1),
            client(PSH_ACK, begin + 1, 0).payload(b"hello"),
            client(PSH_ACK, 3, 0).payload(b"again"),
            server(ACK, 0, 8),
        ],
    );
    assert_eq!(seen.iter().map(|seen| seen.sequence_number).collect::<Vec<_>>(), [0, 0, 1, 6, 1]);
    assert_eq!(seen[4].acknowledgment_number, Some(11));
    assert!(seen.iter().all(|seen| seen.notes.is_empty()));
}

#[test]
fn what_is_sent_again_is_a_retransmission() {
    let hello = client(PSH_ACK, 1001, 5001).payload(b"hello");
    let longer = client(PSH_ACK, 1001, 5001).payload(b"hello again");
    let seen = after_handshake(&[hello.clone(), hello, longer]);
    assert_eq!(notes(&seen), [vec![], vec![Note::Retransmission], vec![Note::PartlySentBefore(5)]]);
    assert_eq!(seen[1].words, "", "it was told before");
    let syn = client(Flags::SYN.0, 1000, 0);
    let seen = track(&mut Tracker::default(), &[syn.clone(), syn]);
    assert_eq!((notes(&seen), seen[1].conversation), (vec![vec![], vec![Note::Retransmission]], 1));
}

#[test]
fn what_is_missing_is_told_and_what_fills_it_too() {
    let seen = after_handshake(&[
        server(ACK, 5001, 1001),
        client(PSH_ACK, 1006, 5001).payload(b"later"),
        server(ACK, 5001, 1001),
        client(PSH_ACK, 1001, 5001).payload(b"he"),
        client(PSH_ACK, 1003, 5001).payload(b"llo"),
        client(PSH_ACK, 1001, 5001).payload(b"hello"),
    ]);
    assert_eq!(
        notes(&seen),
        [
            vec![],
            vec![Note::Gap(5)],
            vec![Note::DuplicateAck],
            vec![Note::FillsGap],
            vec![Note::FillsGap],
            vec![Note::Retransmission],
        ]
    );
}

#[test]
fn an_acknowledgment_of_what_was_not_seen_is_told() {
    let seen = after_handshake(&[server(ACK, 5001, 1101), client(PSH_ACK, 1101, 5001).payload(b"x")]);
    assert_eq!(notes(&seen), [vec![Note::AcknowledgesUnseen(100)], vec![]]);
}

#[test]
fn a_window_closes_and_opens() {
    let data = client(PSH_ACK, 1001, 5001).payload(b"hello");
    let seen = after_handshake(&[
        data,
        server(ACK, 5001, 1006).window(0),
        server(ACK, 5001, 1006).window(0),
        server(ACK, 5001, 1006).window(100),
    ]);
    assert_eq!(notes(&seen), [vec![], vec![Note::WindowClosed], vec![], vec![Note::WindowOpens]]);
}

#[test]
fn a_keep_alive_is_no_retransmission() {
    let hello = client(PSH_ACK, 1001, 5001).payload(b"hello");
    let again = client(ACK, 1005, 5001).payload(b"o");
    let seen = after_handshake(&[
        hello,
        again.clone(), // not acknowledged yet
        server(ACK, 5001, 1006),
        client(ACK, 1005, 5001),
        again.clone(),
        server(ACK, 5001, 1006).window(0),
        again,
    ]);
    assert_eq!(
        notes(&seen),
        [
            vec![],
            vec![Note::Retransmission],
            vec![],
            vec![Note::KeepAlive],
            vec![Note::KeepAlive],
            vec![Note::WindowClosed],
            vec![Note::WindowProbe],
        ]
    );
}

/// The number before the first byte is that of SYN, and Linux asks with it.
#[test]
fn who_has_sent_nothing_yet_may_ask_too() {
    let ask = client(ACK, 1000, 5001);
    let seen = after_handshake(&[ask.clone(), server(ACK, 5001, 1001), ask.payload(b"?")]);
    assert_eq!(notes(&seen), [vec![Note::KeepAlive], vec![], vec![Note::KeepAlive]]);
    assert_eq!(seen[0].sequence_number, 0);
}

/// A plain ACK from beyond what was seen: the gap is told with the bytes that follow, once.
#[test]
fn a_segment_that_takes_no_number_says_nothing_of_what_is_missing() {
    let seen = after_handshake(&[server(ACK, 5101, 1001), server(PSH_ACK, 5101, 1001).payload(b"x")]);
    assert_eq!(notes(&seen), [vec![], vec![Note::Gap(100)]]);
}

/// Of six segments the second is the first once more, the third begins in it, the fourth leaves a gap, the fifth fills some of
/// it, and the last one is an RST.
#[test]
fn words_are_told_of_what_goes_on_not_of_what_comes_late_or_again() {
    let seen = after_handshake(&[
        client(PSH_ACK, 1001, 5001).payload(b"one"),
        client(PSH_ACK, 1001, 5001).payload(b"one"),
        client(PSH_ACK, 1003, 5001).payload(b"e and two"),
        client(PSH_ACK, 1017, 5001).payload(b"four"),
        client(PSH_ACK, 1012, 5001).payload(b"three"),
        client(Flags::RST.0 | ACK, 1021, 5001).payload(b"why"),
    ]);
    let words: Vec<&str> = seen.iter().map(|seen| &seen.words[..]).collect();
    assert_eq!(words, ["\"one\"", "", "", "\"four\"", "", ""]);
}

#[test]
fn who_sends_fin_first_closes_first() {
    for (first, second) in [(Side::Client, Side::Server), (Side::Server, Side::Client)] {
        let from = |side, flags, mine: u32, yours: u32| match side {
            Side::Client => client(flags, 1001 + mine, 5001 + yours),
            Side::Server => server(flags, 5001 + mine, 1001 + yours),
        };
        let seen = after_handshake(&[
            from(first, FIN_ACK, 0, 0),
            from(second, ACK, 0, 1),
            from(second, PSH_ACK, 0, 1).payload(b"late"),
            from(first, ACK, 1, 4),
            from(second, FIN_ACK, 4, 1),
            from(first, ACK, 1, 5),
            from(first, ACK, 1, 5),
        ]);
        assert_eq!(seen[0].notes, [Note::HalfClose(first)]);
        let ends: Vec<_> = seen.iter().filter_map(|seen| seen.end).collect();
        assert_eq!(ends, [End::Closed { first, together: false }]);
        assert_eq!(seen[5].end, Some(ends[0]), "with the ACK of the second FIN");
        assert_eq!(notes(&seen[1..]), vec![vec![]; 6], "one half close, and nothing strange about all else");
    }
}

#[test]
fn both_may_close_at_once() {
    let seen = after_handshake(&[
        client(FIN_ACK, 1001, 5001),
        server(FIN_ACK, 5001, 1001),
        client(ACK, 1002, 5002),
        server(ACK, 5002, 1002),
    ]);
    assert_eq!(seen[3].end, Some(End::Closed { first: Side::Client, together: true }));
}

#[test]
fn a_reset_is_an_end() {
    let seen = after_handshake(&[client(Flags::RST.0, 1001, 0), client(Flags::RST.0, 1001, 0)]);
    assert_eq!((seen[0].end, &seen[0].notes[..]), (Some(End::Reset(Side::Client)), &[][..]));
    assert_eq!(seen[1].end, None, "told once");
}

#[test]
fn nobody_listens() {
    let seen =
        track(&mut Tracker::default(), &[client(Flags::SYN.0, 1000, 0), server(Flags::RST.0 | ACK, 0, 1001)]);
    assert_eq!(seen[1].notes, [Note::ConnectionRefused]);
    assert_eq!(seen[1].end, Some(End::Reset(Side::Server)));
    assert_eq!((seen[1].sequence_number, seen[1].acknowledgment_number), (0, Some(1)));
}

#[test]
fn the_same_addresses_may_talk_again() {
    let mut tracker = Tracker::default();
    track(&mut tracker, &handshake());
    assert_eq!(tracker.open(), 1);
    let again = track(&mut tracker, &[client(Flags::SYN.0, 9000, 0), server(SYN_ACK, 1, 9001)]);
    assert!(again.iter().all(|seen| seen.conversation == 2 && seen.notes.is_empty()));
    assert_eq!((again[1].sequence_number, again[1].acknowledgment_number), (0, Some(1)));
}

#[test]
fn who_comes_late_begins_with_what_there_is() {
    let segments = [
        server(PSH_ACK, 70_000, 1001).payload(b"hello"),
        client(ACK, 1001, 70_005),
        client(PSH_ACK, 1001, 70_005).payload(b"x"),
    ];
    for port in [None, Some(80)] {
        let seen = track(&mut Tracker::new(port), &segments);
        assert_eq!(notes(&seen), [vec![Note::JoinedLate], vec![], vec![]]);
        let numbers: Vec<_> = seen.iter().map(|seen| (seen.from, seen.sequence_number)).collect();
        assert_eq!(numbers, [(Side::Server, 1), (Side::Client, 1), (Side::Client, 1)]);
        assert_eq!(seen[1].acknowledgment_number, Some(6));
    }
    let seen = track(&mut Tracker::new(Some(40000)), &segments);
    assert_eq!(seen[0].from, Side::Client, "the port that is watched is the server's");
}

#[test]
fn frames_are_told_after_101() {
    let switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x89\x00";
    let seen = after_handshake(&[
        client(PSH_ACK, 1001, 5001).payload(b"GET / HTTP/1.1\r\n\r\n"),
        server(PSH_ACK, 5001, 1019).payload(switch),
        client(PSH_ACK, 1019, 5001 + switch.len() as u32).payload(b"\x81\x81\0\0\0\0x"),
    ]);
    assert_eq!(seen[1].words, "HTTP/1.1 101 Switching Protocols; WebSocket ping, 0 bytes");
    assert_eq!(seen[2].words, "WebSocket text, 1 byte, masked");
}

#[test]
fn what_a_server_says_after_bytes_that_were_missed_is_not_guessed() {
    let switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let after = 5001 + switch.len() as u32;
    let seen = after_handshake(&[
        server(PSH_ACK, 5001, 1001).payload(switch),
        server(PSH_ACK, after + 10, 1001).payload(b"\x81\x00"),
    ]);
    assert_eq!((&seen[1].words[..], &seen[1].notes[..]), ("2 bytes", &[Note::Gap(10)][..]));
}

#[test]
fn many_conversations_do_not_fill_the_memory() {
    let mut tracker = Tracker::default();
    for port in 1..=65535 {
        let syn = made(&format!("127.0.0.1:{port}"), "127.0.0.2:80", Flags::SYN.0);
        let seen = tracker.take(&Segment::parse(&syn.packet()).unwrap());
        assert_eq!(seen.conversation, port);
        assert!(tracker.by_ends.len() <= REMEMBERED);
    }
}
