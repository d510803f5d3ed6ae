//! What one WebSocket connection may cost, and how long it may take to leave.

use std::time::Duration;

use accept::{Failure, milliseconds, setting};

/// The limits of a WebSocket connection, each with its default and the environment variable that changes it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `MAX_MESSAGE`, bytes, 16 MiB: a message that declares more, in one frame or in all its fragments, is
    /// refused with 1009 before it is stored. Python `websockets` allows 1 MiB, `ws` 100 MiB.
    pub message: usize,
    /// `CLOSE_TIMEOUT_MS`, 10 s: how long we wait for the peer's Close frame after ours. Python `websockets`
    /// waits 10 s, `ws` 30 s.
    pub close_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 16 * 1024 * 1024, close_timeout: Duration::from_secs(10) }
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
            message: setting("MAX_MESSAGE", default.message)?,
            close_timeout: milliseconds("CLOSE_TIMEOUT_MS", default.close_timeout)?,
        })
    }
}
