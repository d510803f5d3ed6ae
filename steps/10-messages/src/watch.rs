//! Who looks over a connection's shoulder: rate limits and heartbeats (rung 12) see messages, pongs and bytes.

use std::time::{Duration, Instant};

use frames::Opcode;

/// Sees what one connection receives, and says when it is too much, or too little. `()` lets everything pass
/// and never asks for a sign of life.
///
/// **A watch has no timer of its own**: [`due`](Watch::due) says when to ask again, and then it is asked.
pub trait Watch {
    /// Bytes came: `length` of them, of frames of any kind, whole or not. They tell that the peer is alive also
    /// where a large frame is on its way, before which no Pong can come. `in_message`: they end in the middle of a
    /// message. Asked behind `message` and `pong`.
    fn bytes(&mut self, length: usize, in_message: bool, now: Instant) -> Verdict;

    /// A whole message or a Ping came, of `length` bytes.
    fn message(&mut self, opcode: Opcode, length: usize, now: Instant) -> Verdict;

    /// A Pong came.
    fn pong(&mut self, payload: &[u8], now: Instant);

    /// What is to be done now. Asked when the connection opens, after a Pong, and whenever the time of its last
    /// answer has come, and again after [`Due::Ping`] until the answer is another.
    fn due(&mut self, now: Instant) -> Due;
}

/// What a watch thinks of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is dealt with: the application gets a message, a Ping is answered.
    Pass,
    /// It is dealt with, and for so long nothing more is read: the peer has to wait. No Pong is read
    /// meanwhile either, so a watch must not miss one then; and `due` is asked when the time is over.
    PauseFor(Duration),
    /// It is not dealt with, and the connection is closed with this code and reason.
    Close(u16, &'static str),
}

/// What a watch wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Send a Ping with this payload.
    Ping([u8; 8]),
    /// Close the connection with this code and reason.
    Close(u16, &'static str),
    /// Nothing before then.
    At(Instant),
    /// Nothing, ever.
    Never,
}

impl Watch for () {
    fn bytes(&mut self, _length: usize, _in_message: bool, _now: Instant) -> Verdict {
        Verdict::Pass
    }

    fn message(&mut self, _opcode: Opcode, _length: usize, _now: Instant) -> Verdict {
        Verdict::Pass
    }

    fn pong(&mut self, _payload: &[u8], _now: Instant) {}

    fn due(&mut self, _now: Instant) -> Due {
        Due::Never
    }
}
