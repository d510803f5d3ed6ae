//! How far a member has come, how it ended, and its heartbeats.

use std::fmt;
use std::time::{Duration, Instant};

/// How far a member has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// TCP.
    Connecting,
    /// The handshake is sent.
    Shaking,
    /// It has asked to be let into the room.
    Joining,
    /// It is in the room.
    Here,
    /// The server has said Close, and we too; the FIN is still to come.
    Leaving(End),
    /// The connection is gone.
    Gone(End),
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// The server's Close frame: code and reason.
    Close(u16, String),
    /// FIN, RST, an answer that is no 101, a message that nobody expects: in words.
    Broken(String),
}

impl End {
    /// Whether the server said Close with this code.
    pub fn has_code(&self, wanted: u16) -> bool {
        matches!(self, End::Close(code, _) if *code == wanted)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Close(code, reason) => write!(f, "Close {code} {reason:?}"),
            End::Broken(why) => f.write_str(why),
        }
    }
}

/// The heartbeats of one member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beats {
    /// Pings received.
    pub pings: u32,
    /// When it last said anything to the server.
    spoke: Instant,
    /// The longest time in which it said nothing: a Ping is what ends it.
    silence: Duration,
}

impl Beats {
    pub fn new(now: Instant) -> Beats {
        Beats { pings: 0, spoke: now, silence: Duration::ZERO }
    }

    /// Counts anew from here.
    pub fn begins(&mut self) {
        (self.pings, self.silence) = (0, Duration::ZERO);
    }

    /// It says something.
    pub fn speaks(&mut self, now: Instant) {
        self.silence = self.longest(now);
        self.spoke = now;
    }

    /// The longest silence, the one that lasts now among them.
    pub fn longest(&self, now: Instant) -> Duration {
        self.silence.max(now.saturating_duration_since(self.spoke))
    }
}
