//! Where a body ends: by its length, or by its chunks.

use std::error::Error;
use std::fmt;

use request::{Framing, ParseError, Status};

use crate::chunked::Chunked;
use crate::{Body, Limits};

/// Cuts one request's body out of the bytes of a connection. Holds no bytes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyDecoder {
    framing: Coding,
    /// Bytes of content so far.
    seen: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Length { left: u64 },
    Chunked(Chunked),
}

/// One step of a [`BodyDecoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// How many bytes of the connection it took: chunk lines and trailers too.
    pub used: usize,
    /// The content in them; `None` where they held none.
    pub body: Option<Body<'a>>,
}

impl BodyDecoder {
    /// The decoder for a request's body; `None` where it has none.
    pub fn new(framing: Framing) -> Option<BodyDecoder> {
        let framing = match framing {
            Framing::None | Framing::Length(0) => return None,
            Framing::Length(left) => Coding::Length { left },
            Framing::Chunked => Coding::Chunked(Chunked::default()),
        };
        Some(BodyDecoder { framing, seen: 0 })
    }

    /// The next part of the body. `Ok(None)`: more bytes are needed.
    ///
    /// # Errors
    /// Where the chunks are not what RFC 9112 §7.1 says, or a limit is passed. Where the body ends is then in doubt.
    pub fn next<'a>(&mut self, bytes: &'a [u8], limits: &Limits) -> Result<Option<Part<'a>>, BodyError> {
        let part = match &mut self.framing {
            Coding::Length { left: 0 } => Some(Part { used: 0, body: Some(Body::End) }),
            Coding::Length { .. } if bytes.is_empty() => None,
            Coding::Length { left } => {
                let count = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= count as u64;
                Some(Part { used: count, body: Some(Body::Data(&bytes[..count])) })
            }
            Coding::Chunked(chunked) => chunked.next(bytes, limits)?,
        };
        if let Some(Part { body: Some(Body::Data(data)), .. }) = part {
            self.seen += data.len() as u64;
        }
        Ok(part)
    }

    /// Bytes of content so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Bytes of content that are known to come: all of it for a length; the rest of its chunk for chunks, whose end
    /// nobody knows.
    pub fn announced(&self) -> u64 {
        match self.framing {
            Coding::Length { left } => left,
            Coding::Chunked(chunked) => chunked.announced(),
        }
    }
}

/// A body that is refused. The connection closes, since nobody knows where the next request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// A chunk's length is not hex digits only.
    ChunkSize,
    /// A chunk's length does not fit into 64 bits.
    ChunkSizeOverflow,
    /// A chunk extension is not `;name` or `;name=value`.
    ChunkExtension,
    /// Behind a chunk's bytes stands something other than CRLF.
    ChunkEnd,
    /// A chunk's line, all chunks' extensions, or the trailer section are over [`Limits::trailers`].
    TrailersTooLarge,
    /// A line is not one (a bare LF, a control), or a trailer field is malformed.
    Line(ParseError),
    /// More than [`Limits::body`].
    TooLarge,
}

impl BodyError {
    /// The status of the answer.
    pub fn status(self) -> Status {
        match self {
            BodyError::TooLarge => Status::ContentTooLarge,
            BodyError::TrailersTooLarge => Status::RequestHeaderFieldsTooLarge,
            _ => Status::BadRequest,
        }
    }

    /// Where the rule stands.
    pub fn section(self) -> &'static str {
        match self {
            BodyError::ChunkSize | BodyError::ChunkSizeOverflow | BodyError::ChunkEnd => "RFC 9112 §7.1",
            BodyError::ChunkExtension => "RFC 9112 §7.1.1",
            BodyError::TrailersTooLarge => "RFC 9112 §7.1.2",
            BodyError::Line(fault) => fault.section(),
            BodyError::TooLarge => "RFC 9110 §15.5.14",
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            BodyError::ChunkSize => "a chunk does not begin with its length in hex digits",
            BodyError::ChunkSizeOverflow => "a chunk's length is too large to count",
            BodyError::ChunkExtension => "a chunk extension is not ;name or ;name=value",
            BodyError::ChunkEnd => "a chunk is longer than its length said: CRLF is missing behind it",
            BodyError::TrailersTooLarge => "the chunk extensions or the trailer fields are too long",
            BodyError::Line(fault) => return fault.fmt(f),
            BodyError::TooLarge => "the body is too long",
        };
        f.write_str(why)
    }
}

impl Error for BodyError {}

#[cfg(test)]
mod tests;
