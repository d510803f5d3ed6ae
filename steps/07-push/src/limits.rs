//! How much one client may say and cost, and how long it may wait.

use std::time::Duration;

use accept::{Failure, milliseconds, setting};

/// The limits of the room. Each has an environment variable, so that a test need not wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `HISTORY`, messages, 100: who was away for more than these has missed some.
    pub history: usize,
    /// `MAX_TEXT`, bytes, 2000: a longer message is refused. Discord allows 2000 characters.
    pub text: usize,
    /// `MAX_STREAM_PENDING`, bytes, 64 KiB: an event stream whose reader leaves more than this unread is
    /// dropped. A reader costs at most this and one whole history.
    pub stream_pending: u64,
    /// `LONG_POLL_MS`, 25 s: a long poll gets an empty answer then. Proxies give up on a silent answer after
    /// a minute (nginx's `proxy_read_timeout`), many firewalls on a silent connection after thirty seconds.
    pub long_poll: Duration,
    /// `HEARTBEAT_MS`, 15 s: an event stream with no news says something all the same. WHATWG HTML §9.2.7:
    /// "include a comment line [...] every 15 seconds or so."
    pub heartbeat: Duration,
    /// `RETRY_MS`, 2 s: how long an event stream's client waits before it connects again.
    pub retry: Duration,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Limits = Limits {
        history: 100,
        text: 2000,
        stream_pending: 64 * 1024,
        long_poll: Duration::from_secs(25),
        heartbeat: Duration::from_secs(15),
        retry: Duration::from_secs(2),
    };

    /// The defaults, changed by the environment.
    ///
    /// # Errors
    /// When a variable is set to something that is not a number.
    pub fn from_environment() -> Result<Limits, Failure> {
        let default = Limits::DEFAULT;
        Ok(Limits {
            history: setting("HISTORY", default.history)?,
            text: setting("MAX_TEXT", default.text)?,
            stream_pending: setting("MAX_STREAM_PENDING", default.stream_pending)?,
            long_poll: milliseconds("LONG_POLL_MS", default.long_poll)?,
            heartbeat: milliseconds("HEARTBEAT_MS", default.heartbeat)?,
            retry: milliseconds("RETRY_MS", default.retry)?,
        })
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}
