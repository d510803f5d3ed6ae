//! What the chat allows.

use std::time::Duration;

use accept::{Failure, milliseconds, setting};

use crate::slow::SlowReader;

/// The chat's limits, each with its default and the environment variable that changes it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `MAX_MESSAGE`, bytes, 64 KiB, and `CLOSE_TIMEOUT_MS`: rung 10's, but a chat needs no 16 MiB.
    pub websocket: messages::Limits,
    /// `MAX_NAME`, characters, 24: of a person's name and of a room's.
    pub name: usize,
    /// `MAX_TEXT`, characters, 2000: of what is said at once. Discord allows 2000 too, IRC 512 bytes.
    pub text: usize,
    /// `HISTORY`, messages, 50: how many of each room a newcomer is shown.
    pub history: usize,
    /// `MAX_ROOMS`, 100: of how many rooms the history is kept. There may be more rooms.
    pub rooms: usize,
    /// `TYPING_MS`, 4 s: who has sent no `typing` for so long has stopped.
    pub typing: Duration,
    /// `SLOW_READER`, disconnect: what becomes of what is said for a member who does not read.
    pub slow: SlowReader,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            websocket: messages::Limits { message: 64 * 1024, ..messages::Limits::default() },
            name: 24,
            text: 2000,
            history: 50,
            rooms: 100,
            typing: Duration::from_secs(4),
            slow: SlowReader::default(),
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
        let message = setting("MAX_MESSAGE", default.websocket.message)?;
        Ok(Limits {
            websocket: messages::Limits { message, ..messages::Limits::from_environment()? },
            name: setting("MAX_NAME", default.name)?,
            text: setting("MAX_TEXT", default.text)?,
            history: setting("HISTORY", default.history)?,
            rooms: setting("MAX_ROOMS", default.rooms)?,
            typing: milliseconds("TYPING_MS", default.typing)?,
            slow: setting("SLOW_READER", default.slow)?,
        })
    }
}
