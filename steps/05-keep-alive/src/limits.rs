//! How much one request may be, and how long it may take.

use std::time::Duration;

use accept::{Failure, milliseconds, setting};

/// The limits of an HTTP connection. Each has an environment variable, so that a test need not wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The limits of the head (rung 04).
    pub head: request::Limits,
    /// `MAX_BODY`, bytes, 1 MiB: a body that a handler wants to read and that is longer gets 413. nginx's
    /// `client_max_body_size` is the same.
    pub body: u64,
    /// `MAX_DRAIN`, bytes, 64 KiB: a body that nobody wants is read and thrown away up to here, so that the
    /// connection can go on; above it the connection closes. Go's net/http reads 256 KiB for that.
    pub drain: u64,
    /// `MAX_TRAILERS`, bytes, 4 KiB: the trailer section behind the last chunk; and all chunk extensions of a body
    /// together. Go allows 16 KiB of the latter.
    pub trailers: usize,
    /// `IDLE_TIMEOUT_MS`, 60 s: how long a connection may rest before the first request and between two, and how long a
    /// client may take nothing of an answer that waits. nginx's `keepalive_timeout` is 75 s, Node's 5 s; nginx's
    /// `send_timeout` is 60 s.
    pub idle: Duration,
    /// `HEAD_TIMEOUT_MS`, 10 s from the head's first byte to its last: 408. A byte now and then does not prolong
    /// it, or a slow client could hold a connection for ever. Node's `headersTimeout` is 60 s.
    pub head_time: Duration,
    /// `BODY_TIMEOUT_MS`, 60 s from the head's last byte to the body's: 408, unless the body is as fast as the next
    /// limit says. nginx's `client_body_timeout` is the same, but each byte begins it anew.
    pub body_time: Duration,
    /// `MIN_BODY_RATE`, bytes of content per second, 500: a body that in `BODY_TIMEOUT_MS` came as fast as this, on
    /// average, gets as long again. So a slow uplink can send a large body, a byte now and then holds nothing, and
    /// who was fast cannot rest on it. 0: any byte will do. Apache's mod_reqtimeout has `MinRate=500`, IIS
    /// `minBytesPerSecond` 240.
    pub body_rate: u64,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Limits = Limits {
        head: request::Limits::DEFAULT,
        body: 1024 * 1024,
        drain: 64 * 1024,
        trailers: 4 * 1024,
        idle: Duration::from_secs(60),
        head_time: Duration::from_secs(10),
        body_time: Duration::from_secs(60),
        body_rate: 500,
    };

    /// The defaults, changed by the environment.
    ///
    /// # Errors
    /// When a variable is set to something that is not a number.
    pub fn from_environment() -> Result<Limits, Failure> {
        let default = Limits::DEFAULT;
        Ok(Limits {
            head: request::Limits::from_environment()?,
            body: setting("MAX_BODY", default.body)?,
            drain: setting("MAX_DRAIN", default.drain)?,
            trailers: setting("MAX_TRAILERS", default.trailers)?,
            idle: milliseconds("IDLE_TIMEOUT_MS", default.idle)?,
            head_time: milliseconds("HEAD_TIMEOUT_MS", default.head_time)?,
            body_time: milliseconds("BODY_TIMEOUT_MS", default.body_time)?,
            body_rate: setting("MIN_BODY_RATE", default.body_rate)?,
        })
    }

    /// Whether so many bytes of content in [`body_time`](Limits::body_time) are fast enough.
    pub(crate) fn is_fast_enough(&self, bytes: u64) -> bool {
        let milliseconds = u64::try_from(self.body_time.as_millis()).unwrap_or(u64::MAX);
        bytes > 0 && bytes.saturating_mul(1000) >= self.body_rate.saturating_mul(milliseconds)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}
