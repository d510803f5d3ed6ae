//! The chunked transfer coding (RFC 9112 §7.1): a body whose length nobody knew when it began.
//!
//! ```text
//! 5;note=first CRLF hello CRLF 0 CRLF (trailer fields) CRLF
//! ```

use request::line::{CRLF, Cut, cut};
use request::{Field, is_token};

use crate::{Body, BodyError, Limits, Part};

/// A size of 64 bits, in hex digits. What a chunk's line is longer than that, is ballast.
const SIZE: usize = 16;

/// A chunked body, as far as it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunked {
    at: At,
    /// Bytes of extensions and leading zeros, of all chunks together. A chunk of one byte may otherwise carry an
    /// extension of thousands, past every limit of the body (CVE-2023-39326 in Go, CVE-2024-22019 in Node).
    ballast: usize,
}

/// Where in a chunked body we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// ANCHOR: at
enum At {
    /// At a chunk's line, of which so many bytes have been searched for its end.
    Line { searched: usize },
    /// In a chunk, so many bytes before its end.
    Data { left: u64 },
    /// Behind a chunk's last byte.
    DataEnd,
    /// Behind the last chunk: trailer fields, then an empty line. So many bytes of them were whole lines, and so
    /// many of the next have been searched for its end.
    Trailers { seen: usize, searched: usize },
    /// Behind it all.
    Over,
}
// ANCHOR_END: at

impl Default for At {
    fn default() -> At {
        At::Line { searched: 0 }
    }
}

impl Chunked {
    /// How much of the chunk that has begun is still to come.
    pub fn announced(&self) -> u64 {
        match self.at {
            At::Data { left } => left,
            At::Line { .. } | At::DataEnd | At::Trailers { .. } | At::Over => 0,
        }
    }

    pub fn next<'a>(&mut self, bytes: &'a [u8], limits: &Limits) -> Result<Option<Part<'a>>, BodyError> {
        match &mut self.at {
            At::Line { searched } => {
                let line = match cut(bytes, searched, limits.trailers).map_err(BodyError::Line)? {
                    Cut::Line(line) => line,
                    Cut::Unfinished => return Ok(None),
                    Cut::TooLong => return Err(BodyError::TrailersTooLarge),
                };
                self.ballast += line.len().saturating_sub(SIZE);
                if self.ballast > limits.trailers {
                    return Err(BodyError::TrailersTooLarge);
                }
                self.at = match chunk_line(line)? {
                    // §7.1: "The chunked coding is complete when a chunk with a chunk-size of zero is received".
                    0 => At::Trailers { seen: 0, searched: 0 },
                    left => At::Data { left },
                };
                Ok(Some(Part { used: line.len() + CRLF, body: None }))
            }
            &mut At::Data { left } => {
                let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if count == 0 {
                    return Ok(None);
                }
                let left = left - count as u64;
                self.at = if left == 0 { At::DataEnd } else { At::Data { left } };
                Ok(Some(Part { used: count, body: Some(Body::Data(&bytes[..count])) }))
            }
            At::DataEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.at = At::default();
                    Ok(Some(Part { used: CRLF, body: None }))
                }
                [] | [b'\r'] => Ok(None),
                _ => Err(BodyError::ChunkEnd),
            },
            At::Trailers { seen, searched } => {
                let room = limits.trailers.saturating_sub(*seen);
                let line = match cut(bytes, searched, room).map_err(BodyError::Line)? {
                    Cut::Line(line) => line,
                    Cut::Unfinished => return Ok(None),
                    Cut::TooLong => return Err(BodyError::TrailersTooLarge),
                };
                let used = line.len() + CRLF;
                if line.is_empty() {
                    self.at = At::Over;
                    return Ok(Some(Part { used, body: Some(Body::End) }));
                }
                // §6.5.1: a trailer field may be merged into the head only where its definition allows that. None
                // is, here: they are checked, and dropped.
                Field::parse(line).map_err(BodyError::Line)?;
                self.at = At::Trailers { seen: *seen + used, searched: 0 };
                Ok(Some(Part { used, body: None }))
            }
            At::Over => Ok(Some(Part { used: 0, body: Some(Body::End) })),
        }
    }
}

/// `chunk-size [ chunk-ext ]`: the size. An extension is checked, since a server that skips anything up to the
/// line end can be made to see another line end than the proxy before it; then it is ignored (§7.1.1).
fn chunk_line(line: &[u8]) -> Result<u64, BodyError> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, mut rest) = line.split_at(digits);
    let size = hex(digits)?;
    while !rest.is_empty() {
        rest = extension(rest)?;
    }
    Ok(size)
}

fn hex(digits: &[u8]) -> Result<u64, BodyError> {
    if digits.is_empty() {
        return Err(BodyError::ChunkSize);
    }
    digits.iter().try_fold(0u64, |size, &digit| {
        let digit = char::from(digit).to_digit(16).ok_or(BodyError::ChunkSize)?;
        let shifted = size.checked_mul(16).ok_or(BodyError::ChunkSizeOverflow)?;
        Ok(shifted + u64::from(digit))
    })
}

/// `BWS ";" BWS name [ BWS "=" BWS value ]`: what stands behind it.
fn extension(text: &[u8]) -> Result<&[u8], BodyError> {
    let name = skip_space(text).strip_prefix(b";").ok_or(BodyError::ChunkSize)?;
    let rest = token(skip_space(name))?;
    let Some(value) = skip_space(rest).strip_prefix(b"=") else { return Ok(rest) };
    match skip_space(value) {
        [b'"', quoted @ ..] => quoted_string(quoted),
        value => token(value),
    }
}

/// What stands behind the token that `text` begins with.
fn token(text: &[u8]) -> Result<&[u8], BodyError> {
    let length = text.iter().take_while(|&&byte| is_token(&[byte])).count();
    if length == 0 { Err(BodyError::ChunkExtension) } else { Ok(&text[length..]) }
}

/// What stands behind the end of a quoted string; `text` begins behind its opening quote (RFC 9110 §5.6.4).
fn quoted_string(text: &[u8]) -> Result<&[u8], BodyError> {
    let mut at = 0;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(&text[at + 1..]),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err(BodyError::ChunkExtension),
        }
    }
}

/// §7.1.1 allows "bad whitespace" between the parts.
fn skip_space(text: &[u8]) -> &[u8] {
    let space = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &text[space..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9112_7_1_a_size_is_hex_digits() {
        assert_eq!(hex(b"0"), Ok(0));
        assert_eq!(hex(b"1aF"), Ok(0x1af));
        assert_eq!(hex(b"0000000000000000000000005"), Ok(5));
        assert_eq!(hex(b"ffffffffffffffff"), Ok(u64::MAX));
        assert_eq!(hex(b""), Err(BodyError::ChunkSize));
        assert_eq!(hex(b"+5"), Err(BodyError::ChunkSize));
        assert_eq!(
            hex(b"10000000000000000"),
            Err(BodyError::ChunkSizeOverflow),
            "not 0, and not the largest"
        );
    }
}
