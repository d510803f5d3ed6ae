//! A part of a file (RFC 9110 §14): a download that goes on, a video that is played from its middle.

use std::ops::Range;

use request::Request;

use crate::ranges::several;

/// What a GET wants of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: 200.
    Whole,
    /// These bytes: 206. Never an empty range.
    Part(Range<u64>),
    /// At least two parts that neither overlap nor touch, in the order in which they were asked for: 206,
    /// multipart/byteranges.
    Parts(Vec<Range<u64>>),
    /// Bytes that it does not have: 416.
    Unsatisfiable,
}

impl Wanted {
    /// Reads the Range field of a request for a file of `length` bytes.
    ///
    /// What is not understood gets the whole file. §14.2: "An origin server MUST ignore a Range header field
    /// that contains a range unit it does not understand", and "A server that supports range requests MAY
    /// ignore or reject a Range header field that contains an invalid ranges-specifier [...]".
    pub fn of(head: &Request<'_>, length: u64) -> Wanted {
        let mut values = head.fields_named("Range");
        match (values.next(), values.next()) {
            (Some(value), None) => specified(value, length).unwrap_or(Wanted::Whole),
            _ => Wanted::Whole,
        }
    }
}

/// `None`: it is not valid, or not about bytes.
fn specified(value: &[u8], length: u64) -> Option<Wanted> {
    // §14.1: "All range unit names are case-insensitive".
    let (unit, set) = str::from_utf8(value).ok()?.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    if set.contains(',') { several(set, length) } else { one(set, length) }
}

/// One range. `None`: it is not valid.
pub(crate) fn one(spec: &str, length: u64) -> Option<Wanted> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        // The last so many bytes. "If the selected representation is shorter than the specified
        // suffix-length, the entire representation is used." Of nothing there is no part that Content-Range
        // could name.
        return match position(last)? {
            0 => Some(Wanted::Unsatisfiable),
            _ if length == 0 => Some(Wanted::Whole),
            suffix => Some(Wanted::Part(length.saturating_sub(suffix)..length)),
        };
    }
    let first = position(first)?;
    let last = if last.is_empty() { u64::MAX } else { position(last)? };
    if last < first {
        return None;
    }
    // §14.1.2: satisfiable if it begins before the end; a last-pos at or behind the end means "the remainder
    // of the representation".
    Some(if first < length {
        Wanted::Part(first..last.saturating_add(1).min(length))
    } else {
        Wanted::Unsatisfiable
    })
}

/// Digits only. A number too large for 64 bits is as good as the largest: no file reaches it.
fn position(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9110_14_1_2_one_range() {
        for (value, length, expected) in [
            ("bytes=0-0", 10, Wanted::Part(0..1)),
            ("bytes=0-4", 10, Wanted::Part(0..5)),
            ("BYTES=2-", 10, Wanted::Part(2..10)),
            ("bytes=0-9", 10, Wanted::Part(0..10)),
            ("bytes=0-99", 10, Wanted::Part(0..10)),
            ("bytes=9-18446744073709551615", 10, Wanted::Part(9..10)),
            ("bytes=9-99999999999999999999999", 10, Wanted::Part(9..10)),
            ("bytes=-3", 10, Wanted::Part(7..10)),
            ("bytes=-10", 10, Wanted::Part(0..10)),
            ("bytes=-99999999999999999999999", 10, Wanted::Part(0..10)),
            ("bytes=10-", 10, Wanted::Unsatisfiable),
            ("bytes=10-20", 10, Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Wanted::Unsatisfiable),
            ("bytes=-0", 10, Wanted::Unsatisfiable),
            ("bytes=0-", 0, Wanted::Unsatisfiable),
            ("bytes=-5", 0, Wanted::Whole),
        ] {
            assert_eq!(specified(value.as_bytes(), length), Some(expected), "{value} of {length}");
        }
    }

    #[test]
    fn rfc_9110_14_2_what_is_not_valid_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=+1-2",
            "bytes= 1-2",
            "bytes=1 - 2",
            "bytes=1-2-3",
            "bytes=0x1-2",
            "lines=1-2",
            "bytes:0-1",
            "bytes=1-2\u{fffd}",
        ] {
            assert_eq!(specified(value.as_bytes(), 10), None, "{value}");
        }
        assert_eq!(specified(b"bytes=0-1\xff", 10), None);
    }
}
