//! The loop's limits, each with its default and the environment variable that changes it.

use std::time::Duration;

use accept::{Failure, milliseconds, setting};

/// What one connection may cost, and how long it may take to leave.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `MAX_PENDING`, bytes, 64 KiB: while more than this waits to be sent, the connection is not read.
    ///
    /// One callback may go over it by what it adds; an echo adds at most one read, 64 KiB. So a peer that
    /// never reads costs an echo server at most `MAX_PENDING` + 64 KiB.
    pub pending: u64,
    /// `MAX_QUEUE`, bytes, 1 MiB: [`Net::send_to`](crate::Net::send_to) drops what would go over it.
    pub queue: u64,
    /// `CONNECT_TIMEOUT_MS`, 10 s: how long [`Net::connect`](crate::Net::connect) waits for an answer. Linux
    /// itself gives up after two minutes.
    pub connect_timeout: Duration,
    /// `FLUSH_TIMEOUT_MS`, 60 s: a closing connection whose peer takes nothing for so long is cut. Linux says
    /// "writable" again when a third of the socket's buffer is free, which a slow peer needs its time for:
    /// nginx's `send_timeout`, also between two writes, is 60 s.
    pub flush_timeout: Duration,
    /// `LINGER_TIMEOUT_MS`, 2 s: how long we wait for the peer's FIN after ours, reading on meanwhile.
    /// nginx's `lingering_timeout` is 5 s, Apache's 2 s.
    pub linger_timeout: Duration,
    /// `STOP_TIMEOUT_MS`, 5 s: how long goodbyes may take when the server stops.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            pending: 64 * 1024,
            queue: 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            flush_timeout: Duration::from_secs(60),
            linger_timeout: Duration::from_secs(2),
            stop_timeout: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The defaults, changed by the environment.
    ///
    /// # Errors
    /// When a variable is set to something that is not a number.
    pub fn from_environment() -> Result<Limits, Failure> {
        let default = Limits::default();
        Ok(Limits {
            pending: setting("MAX_PENDING", default.pending)?,
            queue: setting("MAX_QUEUE", default.queue)?,
            connect_timeout: milliseconds("CONNECT_TIMEOUT_MS", default.connect_timeout)?,
            flush_timeout: milliseconds("FLUSH_TIMEOUT_MS", default.flush_timeout)?,
            linger_timeout: milliseconds("LINGER_TIMEOUT_MS", default.linger_timeout)?,
            stop_timeout: milliseconds("STOP_TIMEOUT_MS", default.stop_timeout)?,
        })
    }
}
