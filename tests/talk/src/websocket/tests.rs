use super::*;
use crate::screen::paper::Paper;

/// What is said and sent when these frames come.
fn said(frames: &[Frame], quiet: bool) -> (String, Vec<u8>, usize) {
    let paper = Paper::default();
    let (mut screen, mut out) = (paper.screen(), Vec::new());
    let mut socket = WebSocket::new(false, quiet, false);
    for frame in frames {
        for byte in frame.bytes() {
            socket.receive(&[byte], Instant::now(), &mut out, &mut screen);
        }
    }
    (paper.text(), out, screen.faults)
}

fn answers(frame: Frame) -> Option<Frame> {
    let (_, out, faults) = said(&[frame.unmasked()], false);
    assert_eq!(faults, 0);
    let (answer, length) = Frame::parse(&out)?;
    assert_eq!(length, out.len());
    assert!(answer.mask.is_some(), "a client masks");
    Some(answer)
}

#[test]
fn a_ping_and_a_close_are_answered() {
    assert_eq!(
        answers(Frame::ping("x")).map(|frame| (frame.opcode, frame.payload)),
        Some((10, b"x".to_vec()))
    );
    let close = answers(Frame::close(1001, "bye")).map(|frame| frame.close_code());
    assert_eq!(close, Some((1001, String::new())));
    assert_eq!(answers(Frame::new(CLOSE, "")).map(|frame| frame.payload), Some(vec![]));
    assert_eq!(answers(Frame::text("x")), None);
    let (text, out, _) = said(&[Frame::ping("x").unmasked(), Frame::close(1000, "").unmasked()], true);
    assert!(out.is_empty() && text.matches("/quiet is on").count() == 2, "{text}");
}

#[test]
fn a_message_in_fragments_is_told_at_its_end() {
    let frames = [
        Frame::text("a\u{1f980}").not_final().unmasked(),
        Frame::ping("").unmasked(),
        Frame::continuation("b").unmasked(),
    ];
    let (text, _, faults) = said(&frames, false);
    assert!(faults == 0 && text.contains("ends a text message of 2 frames, 6 bytes \"a🦀b\""), "{text}");
}

#[test]
fn each_fault_of_a_server_is_pointed_out_with_its_section() {
    for (frame, section) in [
        (Frame::text("x"), "§5.1"),
        (Frame::text("x").unmasked().rsv(0b100), "§5.2"),
        (Frame::new(3, "").unmasked(), "§5.2"),
        (Frame::text("x").unmasked().length_in(harness::frame::Length::Bits16), "§5.2"),
        (Frame::ping([0; 126]).unmasked(), "§5.5"),
        (Frame::ping("").unmasked().not_final(), "§5.5"),
        (Frame::continuation("x").unmasked(), "§5.4"),
        (Frame::new(TEXT, [0xff]).unmasked(), "§8.1"),
        (Frame::new(CLOSE, [3]).unmasked(), "§5.5.1"),
        (Frame::close(1005, "").unmasked(), "§7.4"),
    ] {
        let (text, _, faults) = said(std::slice::from_ref(&frame), true);
        assert_eq!(faults, 1, "{frame:?}: {text}");
        let blame =
            text.lines().find(|line| line.starts_with("! the server broke a rule")).unwrap_or_default();
        assert!(blame.contains(section), "{frame:?}: {text}");
    }
}

#[test]
fn behind_a_fault_each_frame_is_still_judged_by_itself() {
    let (_, _, faults) = said(&[Frame::text("x"), Frame::text("y").unmasked(), Frame::text("z")], true);
    assert_eq!(faults, 2);
    let after = [Frame::close(1000, "").unmasked(), Frame::text("y").unmasked()];
    assert!(said(&after, true).0.contains("behind its Close frame"));
}

#[test]
fn half_a_frame_is_drawn_and_its_rest_is_the_same_frame() {
    let paper = Paper::default();
    let (mut screen, mut out, now) = (paper.screen(), Vec::new(), Instant::now());
    let mut socket = WebSocket::new(false, false, false);
    assert!(socket.send_rest(now, &mut out, &mut screen).is_err());
    socket.send_half(Frame::text("hello"), now, &mut out, &mut screen);
    assert!(out.len() == 6 && socket.owes());
    assert!(paper.text().contains("6 bytes, the beginning of a frame"));
    assert_eq!(socket.send_rest(now, &mut out, &mut screen), Ok(()));
    assert!(!socket.owes() && paper.text().contains("\"hello\""));
    assert_eq!(
        Frame::parse(&out).map(|(frame, length)| (frame.payload, length)),
        Some((b"hello".to_vec(), 11))
    );
}

#[test]
fn many_frames_of_one_write_are_counted() {
    let paper = Paper::default();
    let mut out = Vec::new();
    let mut socket = WebSocket::new(false, false, false);
    socket.send(vec![Frame::text("x"); 10], Instant::now(), &mut out, &mut paper.screen());
    let text = paper.text();
    assert!(text.matches("opcode").count() == SHOWN && text.contains("... and 6 frames more"), "{text}");
    let first = &out[2..6];
    assert!(out.chunks(7).skip(1).any(|frame| &frame[2..6] != first), "each frame has a key of its own");
}

#[test]
fn a_frame_that_breaks_a_rule_is_sent_and_the_right_answer_foretold() {
    for (frame, said) in [
        (
            Frame::text("x").unmasked(),
            "must be masked (RFC 6455 §5.1): a server closes with 1002, protocol error",
        ),
        (
            Frame::text("x").rsv(1),
            "RSV 001 on a text frame, and no extension for it (RFC 6455 §5.2): a server closes",
        ),
        (Frame::continuation("x"), "no message has begun (RFC 6455 §5.4)"),
        (Frame::new(TEXT, [0xff]), "a server closes with 1007, invalid payload data"),
    ] {
        let (paper, mut out) = (Paper::default(), Vec::new());
        let mut socket = WebSocket::new(false, false, false);
        socket.send(vec![frame, Frame::ping("")], Instant::now(), &mut out, &mut paper.screen());
        let text = paper.text();
        assert!(text.contains(said) && text.matches("a server closes").count() == 1, "{text}");
    }
    let (paper, mut out) = (Paper::default(), Vec::new());
    let frames = vec![
        Frame::text("a").not_final(),
        Frame::ping("x"),
        Frame::continuation("b"),
        Frame::close(1000, ""),
    ];
    WebSocket::new(false, false, false).send(frames, Instant::now(), &mut out, &mut paper.screen());
    assert!(!paper.text().contains("a server closes"));
}
