//! Frames as they pass, in either direction: found in the bytes, right or wrong, and shown.

use std::time::Instant;

use frames::describe;
use harness::Frame;
use harness::frame::{CLOSE, CONTINUATION, TEXT};
use harness::show;

use crate::screen::{Screen, Way};

/// Bytes of one direction that are no whole frame yet. It does not judge: what is wrong is shown as it stands.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    bytes: Vec<u8>,
    /// The message that is under way is text, so its continuations are.
    text: bool,
}

impl Flow {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame, and how it stood on the wire.
    pub fn next(&mut self) -> Option<(Frame, Vec<u8>)> {
        let (frame, length) = Frame::parse(&self.bytes)?;
        Some((frame, self.bytes.drain(..length).collect()))
    }

    /// The beginning of a frame whose end is missing.
    pub fn unfinished(&self) -> &[u8] {
        &self.bytes
    }

    /// Shows a frame: its fields, its payload, and with `bits` a drawing of it.
    pub fn show(
        &mut self,
        way: Way,
        now: Instant,
        frame: &Frame,
        wire: &[u8],
        bits: bool,
        screen: &mut Screen,
    ) {
        if frame.opcode < CLOSE && frame.opcode != CONTINUATION {
            self.text = frame.opcode == TEXT;
        }
        let mut lines: Vec<String> = frame.fields().into_iter().take(1).collect();
        if bits {
            lines.extend(drawing(wire));
        }
        lines.extend(payload(frame, self.text));
        screen.shows(way, now, lines);
    }
}

/// The frame that `wire` begins with, bit by bit.
pub(crate) fn drawing(wire: &[u8]) -> Vec<String> {
    describe(wire).iter().map(|field| format!("  {field}")).collect()
}

/// The payload: text in quotes, a close code by its name, anything else in hex.
fn payload(frame: &Frame, text: bool) -> Vec<String> {
    let Frame { opcode, payload, .. } = frame;
    match *opcode {
        _ if payload.is_empty() => Vec::new(),
        CLOSE if payload.len() >= 2 => {
            let (code, _) = frame.close_code();
            let reason =
                if payload.len() > 2 { format!("; reason {}", quoted(&payload[2..])) } else { String::new() };
            vec![format!("{code}, {}{reason}", code_name(code))]
        }
        TEXT | CONTINUATION if text => vec![quoted(payload)],
        opcode if opcode > CLOSE && payload.iter().all(|byte| !byte.is_ascii_control()) => {
            vec![quoted(payload)]
        }
        _ => hex(payload),
    }
}

/// Text as it would stand in a program; bytes that are no UTF-8 as `\xff`.
fn quoted(payload: &[u8]) -> String {
    match str::from_utf8(payload) {
        Ok(text) => show::quoted(text),
        Err(_) => format!("\"{}\" (no whole UTF-8)", show::escape(&payload[..payload.len().min(BRIEF)])),
    }
}

/// Bytes of a payload that is shown byte by byte.
const BRIEF: usize = 96;

fn hex(payload: &[u8]) -> Vec<String> {
    let shown = &payload[..payload.len().min(BRIEF)];
    let mut lines: Vec<String> = shown.chunks(24).map(show::hex).collect();
    if payload.len() > BRIEF {
        lines.push(format!("... and {} bytes more", payload.len() - BRIEF));
    }
    lines
}

/// What a close code is called (RFC 6455 §7.4 and the IANA registry that it opened).
pub(crate) fn code_name(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1004 => "reserved",
        1005 => "no status, never on the wire",
        1006 => "abnormal closure, never on the wire",
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake, never on the wire",
        3000..=3999 => "registered by a library",
        4000..=4999 => "private use",
        _ => "nobody has defined it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::paper::Paper;

    fn shown(frames: &[Frame], bits: bool) -> String {
        let paper = Paper::default();
        let (mut flow, mut screen, now) = (Flow::default(), paper.screen(), Instant::now());
        for frame in frames {
            // Byte by byte: found when it is whole and not before.
            for byte in frame.bytes() {
                assert!(flow.next().is_none());
                flow.push(&[byte]);
            }
            let (frame, wire) = flow.next().expect("a whole frame");
            flow.show(Way::In, now, &frame, &wire, bits, &mut screen);
        }
        paper.text().lines().map(|line| format!("{}\n", line[13..].trim_end())).collect()
    }

    #[test]
    fn a_payload_is_shown_as_what_it_is() {
        let text = Frame::text("a\"b\n\u{1b}[31mä").unmasked();
        let header = "FIN=1 RSV=000 opcode=0001 (text) MASK=0 length=11 (7 bits)\n";
        assert_eq!(shown(&[text], false), format!("{header}\"a\"b\\n\\x1b[31mä\"\n"));
        let close = shown(&[Frame::close(1002, "no").unmasked()], false);
        assert!(close.ends_with("1002, protocol error; reason \"no\"\n"), "{close}");
        let binary = shown(&[Frame::binary([0xab; 300]).unmasked()], false);
        assert!(binary.ends_with("ab ab\n... and 204 bytes more\n"), "{binary}");
        let reserved = shown(&[Frame::new(3, "abc").rsv(0b100)], false);
        assert!(reserved.contains("RSV=100 opcode=0011 (reserved) MASK=1"), "{reserved}");
        assert!(reserved.ends_with("\n61 62 63\n"), "{reserved}");
    }

    #[test]
    fn a_continuation_is_shown_as_its_message() {
        let fragments = |first: Frame| {
            shown(
                &[
                    first.not_final().unmasked(),
                    Frame::ping("").unmasked(),
                    Frame::continuation("lo").unmasked(),
                ],
                false,
            )
        };
        assert!(fragments(Frame::text("Hel")).ends_with("\n\"lo\"\n"));
        assert!(fragments(Frame::binary("Hel")).ends_with("\n6c 6f\n"));
    }

    #[test]
    fn bits_are_drawn_under_the_fields() {
        let drawn = shown(&[Frame::text("Hello")], true);
        assert!(drawn.contains("\n  Opcode                   0001  text\n"), "{drawn}");
    }
}
