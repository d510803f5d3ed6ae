//! One WebSocket connection, the client's end: what goes out is shown as the server will read it, what comes in is
//! shown and judged.

use std::time::Instant;

use frames::Role;
use harness::Frame;
use harness::frame::{CLOSE, PING, TEXT};
use messages::{Assembler, Event};

use crate::flow::{Flow, code_name, drawing};
use crate::screen::{Screen, Way};

/// More than this of one frame is not kept.
const MAX_FRAME: usize = 256 << 20;
/// So many frames of one write are shown one by one.
const SHOWN: usize = 4;

/// The state of a connection on which frames are spoken.
pub(crate) struct WebSocket {
    incoming: Flow,
    outgoing: Flow,
    /// Judges messages: fragments, UTF-8, close codes. It is of no use behind a fault, nor where an extension
    /// changes what the bits mean; then each frame is judged by itself.
    judge: Option<Assembler>,
    /// Judges what we send, as the server should. Of no use behind the first fault either.
    server: Option<Assembler>,
    /// Frames of the message that is coming in.
    fragments: usize,
    /// The second half of a frame whose first was sent.
    rest: Vec<u8>,
    pub quiet: bool,
    pub bits: bool,
    pub sent_close: bool,
    pub got_close: bool,
}

impl WebSocket {
    /// `extension`: one is in use.
    pub fn new(extension: bool, quiet: bool, bits: bool) -> WebSocket {
        WebSocket {
            incoming: Flow::default(),
            outgoing: Flow::default(),
            judge: (!extension).then(|| Assembler::new(Role::Client, ())),
            server: (!extension).then(|| Assembler::new(Role::Server, ())),
            fragments: 0,
            rest: Vec::new(),
            quiet,
            bits,
            sent_close: false,
            got_close: false,
        }
    }

    /// Appends frames to `out`, each that is masked with a key of its own, and shows them.
    pub fn send(&mut self, frames: Vec<Frame>, now: Instant, out: &mut Vec<u8>, screen: &mut Screen) {
        if self.sent_close {
            // "The application MUST NOT send any more data frames after sending a Close frame."
            screen.notes("after a Close frame a client must send nothing more (RFC 6455 §5.5.1); it is sent all the same");
        }
        let at = out.len();
        frames.into_iter().for_each(|frame| out.extend(fresh(frame).bytes()));
        self.shows_sent(&out[at..], now, screen);
    }

    /// Appends bytes to `out` and shows what they are.
    pub fn send_bytes(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<u8>, screen: &mut Screen) {
        out.extend_from_slice(bytes);
        self.shows_sent(bytes, now, screen);
    }

    /// Appends the first half of a frame; [`rest`](WebSocket::rest) is the other.
    pub fn send_half(&mut self, frame: Frame, now: Instant, out: &mut Vec<u8>, screen: &mut Screen) {
        let mut bytes = fresh(frame).bytes();
        self.rest = bytes.split_off(bytes.len().div_ceil(2));
        self.send_bytes(&bytes, now, out, screen);
    }

    /// Appends the second half.
    pub fn send_rest(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        screen: &mut Screen,
    ) -> Result<(), &'static str> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() {
            return Err("/rest: there is no half frame; /half hello sends one");
        }
        self.send_bytes(&rest, now, out, screen);
        Ok(())
    }

    /// Whether the server waits for the rest of a frame: it would take the next one for that.
    pub fn owes(&self) -> bool {
        !self.outgoing.unfinished().is_empty()
    }

    fn shows_sent(&mut self, bytes: &[u8], now: Instant, screen: &mut Screen) {
        let owed = self.owes();
        if owed {
            screen.notes(format!(
                "{} bytes go out; the server takes them for the rest of the frame above",
                bytes.len()
            ));
        }
        self.outgoing.push(bytes);
        let mut shown = 0;
        while let Some((frame, wire)) = self.outgoing.next() {
            self.sent_close |= frame.opcode == CLOSE;
            if shown < SHOWN {
                self.outgoing.show(Way::Out, now, &frame, &wire, self.bits, screen);
            }
            self.foresees(wire, screen);
            shown += 1;
        }
        if shown > SHOWN {
            screen.notes(format!("... and {} frames more", shown - SHOWN));
        }
        if self.owes() && (!owed || shown > 0) {
            let part = self.outgoing.unfinished();
            let mut lines = vec![format!("{} bytes, the beginning of a frame:", part.len())];
            lines.extend(drawing(part));
            screen.shows(Way::Out, now, lines);
        }
    }

    /// Bytes have come. Shows and judges the frames in them; the answers that the protocol asks for go to `out`.
    pub fn receive(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<u8>, screen: &mut Screen) {
        self.incoming.push(bytes);
        while let Some((frame, wire)) = self.incoming.next() {
            self.incoming.show(Way::In, now, &frame, &wire, self.bits, screen);
            if self.got_close {
                screen.blames("a frame behind its Close frame (RFC 6455 §5.5.1)");
            }
            self.judge(&frame, wire, screen);
            self.got_close |= frame.opcode == CLOSE;
            match frame.opcode {
                PING | CLOSE if self.quiet => screen.notes("not answered: /quiet is on"),
                PING => self.send(vec![Frame::pong(frame.payload)], now, out, screen),
                // RFC 6455 §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close
                // frame, the endpoint MUST send a Close frame in response." "When sending a Close frame in
                // response, the endpoint typically echos the status code it received."
                CLOSE if !self.sent_close && !self.owes() => {
                    let code = frame.payload.get(..2).unwrap_or_default().to_vec();
                    self.send(vec![Frame::new(CLOSE, code)], now, out, screen);
                }
                CLOSE if !self.sent_close => {
                    screen.notes("not answered: the answer would be taken for your half frame")
                }
                _ => {}
            }
        }
    }

    /// Draws the beginning of a frame whose end does not come.
    pub fn shows_unfinished(&self, screen: &mut Screen) {
        let part = self.incoming.unfinished();
        if !part.is_empty() {
            screen.notes(format!(
                "{} bytes have come that are no whole frame; the rest is still to come:",
                part.len()
            ));
            drawing(part).iter().for_each(|line| screen.notes(line));
        }
    }

    /// Whether bytes have come that are no whole frame.
    pub fn waits_for_rest(&self) -> bool {
        !self.incoming.unfinished().is_empty()
    }

    /// Whether the frame that is coming is larger than is kept.
    pub fn overflows(&self) -> bool {
        self.incoming.unfinished().len() > MAX_FRAME
    }

    /// Says how the server should take a frame that breaks a rule.
    fn foresees(&mut self, mut wire: Vec<u8>, screen: &mut Screen) {
        let Some(server) = &mut self.server else { return };
        if let Err(error) = server.next(&mut &mut wire[..], usize::MAX) {
            let code = error.close_code();
            screen.notes(format!("{error}: a server closes with {code}, {}", code_name(code)));
            self.server = None;
        }
    }

    fn judge(&mut self, frame: &Frame, mut wire: Vec<u8>, screen: &mut Screen) {
        let Some(judge) = &mut self.judge else {
            if let Some(fault) = frame.fault() {
                screen.blames(fault);
            }
            return;
        };
        self.fragments += usize::from(frame.opcode < CLOSE);
        let mut input = &mut wire[..];
        let verdict = match judge.next(&mut input, usize::MAX) {
            Ok(Some(Event::Message(message))) => {
                if self.fragments > 1 {
                    let kind = if message.opcode() as u8 == TEXT { "text" } else { "binary" };
                    let bytes = message.as_bytes();
                    let text = String::from_utf8_lossy(bytes);
                    let shown = if kind == "text" { harness::show::quoted(&text) } else { String::new() };
                    screen.notes(format!(
                        "that ends a {kind} message of {} frames, {} bytes {shown}",
                        self.fragments,
                        bytes.len()
                    ));
                }
                self.fragments = 0;
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => Err((error.to_string(), error.close_code())),
        };
        if let Err((error, code)) = verdict {
            screen.blames(error);
            screen.notes(format!("a browser closes with {code} now; here you decide: /close {code}"));
            self.judge = None;
        }
    }
}

/// RFC 6455 §5.3: "The masking key is a 32-bit value chosen at random by the client. When preparing a masked frame,
/// the client MUST pick a fresh masking key from the set of allowed 32-bit values."
fn fresh(frame: Frame) -> Frame {
    let mut key = [0; 4];
    match getrandom::fill(&mut key) {
        Ok(()) if frame.mask.is_some() => frame.masked_with(key),
        // Without randomness the frame's own key is good enough for a person at a keyboard.
        _ => frame,
    }
}

#[cfg(test)]
mod tests;
