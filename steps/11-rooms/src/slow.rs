//! What becomes of a message when its reader does not read: the choice, and the count of what it cost.

use std::fmt;
use std::str::FromStr;

use messages::close_code;

/// What becomes of a message for a member who does not read fast enough. Somebody pays: the message, the messages
/// before it, or the member.
///
/// **Each bounds the memory that one member can cost, and nothing is lost uncounted** ([`Hub::lost`](crate::Hub::lost)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowReader {
    /// The message is left out. From the first one that finds no room (`MAX_QUEUE`) to the moment when all that
    /// waited has left, the member is told nothing: one hole at one place, and it can be told how large it is.
    DropNewest,
    /// Only the latest message of each key is kept, and sent when all that waited has left. For values that the next
    /// one makes worthless: a price, a position. It begins early, at `MAX_PENDING`, because old values are no use.
    Coalesce {
        /// What the message is the latest of: the number of a share, of a player. 0 where there is one kind only.
        key: u32,
    },
    /// The member is told nothing more from the first message that finds no room (`MAX_QUEUE`), and is closed: what
    /// it got has no hole in it.
    Disconnect {
        /// The close code: 1008 (policy violation), or 1013 (try again later).
        code: u16,
    },
}

/// RFC 6455 §7.4.1: "1008 indicates that an endpoint is terminating the connection because it has received a message
/// that violates its policy."
impl Default for SlowReader {
    fn default() -> SlowReader {
        SlowReader::Disconnect { code: close_code::POLICY }
    }
}

/// As an environment variable has it: `drop-newest`, `coalesce`, `disconnect`, `disconnect:1013`.
impl FromStr for SlowReader {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<SlowReader, &'static str> {
        match text {
            "drop-newest" => Ok(SlowReader::DropNewest),
            "coalesce" => Ok(SlowReader::Coalesce { key: 0 }),
            "disconnect" | "disconnect:1008" => Ok(SlowReader::default()),
            "disconnect:1013" => Ok(SlowReader::Disconnect { code: close_code::TRY_AGAIN_LATER }),
            _ => Err("it is drop-newest, coalesce, disconnect or disconnect:1013"),
        }
    }
}

/// What slow readers have cost since the hub was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// Messages that were left out for somebody.
    pub dropped: u64,
    /// Messages that a later one replaced before somebody got them.
    pub replaced: u64,
    /// Members who were closed.
    pub disconnected: u64,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lost { dropped, replaced, disconnected } = self;
        write!(f, "{dropped} messages dropped, {replaced} replaced, {disconnected} members disconnected")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_read() {
        for (text, choice) in [
            ("drop-newest", SlowReader::DropNewest),
            ("coalesce", SlowReader::Coalesce { key: 0 }),
            ("disconnect", SlowReader::Disconnect { code: 1008 }),
            ("disconnect:1008", SlowReader::Disconnect { code: 1008 }),
            ("disconnect:1013", SlowReader::Disconnect { code: 1013 }),
        ] {
            assert_eq!(text.parse(), Ok(choice), "{text}");
        }
        for text in ["drop", "Coalesce", "disconnect:1000", "disconnect:", " coalesce"] {
            assert!(text.parse::<SlowReader>().is_err(), "{text:?}");
        }
        assert_eq!(SlowReader::default(), "disconnect".parse().unwrap());
    }
}
