//! How much is too much.

use accept::{Failure, setting};

/// Limits on one request head. Each has an environment variable, so that a test needs no 16 KiB to meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The request target, in bytes; over it 414. `MAX_TARGET`, 8192 by default, as nginx
    /// (`large_client_header_buffers`) and Apache (`LimitRequestLine` 8190). RFC 9112 §3: "It is RECOMMENDED
    /// that all HTTP senders and recipients support, at a minimum, request-line lengths of 8000 octets."
    pub target: usize,
    /// One field line without its CRLF, in bytes; over it 431. `MAX_FIELD`, 8192 by default, as nginx
    /// (`large_client_header_buffers`) and Apache (`LimitRequestFieldSize` 8190).
    pub field_line: usize,
    /// All field lines, by number; over it 431. `MAX_FIELDS`, 100 by default, as Apache
    /// (`LimitRequestFields`).
    pub fields: usize,
    /// The whole head with request line and empty line, in bytes; over it 431. `MAX_HEAD`, 16384 by default,
    /// as Node (`--max-http-header-size`).
    pub head: usize,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Limits = Limits { target: 8192, field_line: 8192, fields: 100, head: 16384 };

    /// The defaults, or what the environment says. A value that is no number is a [`Failure`].
    pub fn from_environment() -> Result<Limits, Failure> {
        Ok(Limits {
            target: setting("MAX_TARGET", Limits::DEFAULT.target)?,
            field_line: setting("MAX_FIELD", Limits::DEFAULT.field_line)?,
            fields: setting("MAX_FIELDS", Limits::DEFAULT.fields)?,
            head: setting("MAX_HEAD", Limits::DEFAULT.head)?,
        })
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}
