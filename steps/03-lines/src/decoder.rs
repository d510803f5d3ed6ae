//! Line framing: where a message ends in a stream that has no messages.

use std::error::Error;
use std::fmt;

/// Cuts lines out of a stream of bytes. A line ends with LF or CRLF.
///
/// **Between two calls the bytes that were not taken must be shown again, with whatever came meanwhile behind them.**
/// That is what the event loop does with the bytes that a protocol does not use.
///
/// ```
/// let mut decoder = lines::Decoder::new(1024);
/// let mut bytes = &b"one\r\ntwo\nthr"[..];
/// assert_eq!(decoder.next(&mut bytes), Ok(Some(&b"one"[..])));
/// assert_eq!(decoder.next(&mut bytes), Ok(Some(&b"two"[..])));
/// assert_eq!(decoder.next(&mut bytes), Ok(None));
/// assert_eq!(bytes, b"thr");
/// ```
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// So many of the first bytes are known to hold no LF. Without it each byte of a line that comes byte by byte
    /// would have all bytes before it searched again: 1 MiB would cost half a million million steps.
    searched: usize,
}

/// A line is longer than the limit. Where the next one begins is not known before its end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How many bytes a line may have, its end not counted.
    pub limit: usize,
}

impl Decoder {
    /// Lines may have up to `limit` bytes, their ends not counted.
    pub fn new(limit: usize) -> Self {
        Self { limit, searched: 0 }
    }

    /// Takes the next line from the front of `bytes`. Returns it without its end; `None` when its end has not come.
    ///
    /// # Errors
    /// [`TooLong`], as soon as it is certain, be the end of the line there or not. Then nothing is taken, and every
    /// further call says the same.
    pub fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Result<Option<&'b [u8]>, TooLong> {
        // ANCHOR: next
        let all = *bytes;
        // A line that fits ends within so many bytes: its content, CR, LF.
        let window = &all[..all.len().min(self.limit.saturating_add(2))];
        let from = self.searched.min(window.len());
        let end = window[from..].iter().position(|byte| *byte == b'\n').map(|at| from + at);

        let so_far = &window[..end.unwrap_or(window.len())];
        // While no LF has come, a CR in the last place may yet be a part of the end.
        let line = so_far.strip_suffix(b"\r").unwrap_or(so_far);
        if line.len() > self.limit {
            return Err(TooLong { limit: self.limit });
        }
        let Some(end) = end else {
            self.searched = window.len();
            return Ok(None);
        };
        self.searched = 0;
        *bytes = &all[end + 1..];
        Ok(Some(line))
        // ANCHOR_END: next
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line may have at most {} bytes", self.limit)
    }
}

impl Error for TooLong {}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a stream of these bytes holds: its lines, the bytes left over, and the error if it has one.
    type Lines = (Vec<Vec<u8>>, Vec<u8>, Option<TooLong>);

    /// Shows the bytes in pieces of `size`, as the event loop would.
    fn in_pieces(stream: &[u8], size: usize, limit: usize) -> Lines {
        let mut decoder = Decoder::new(limit);
        let (mut lines, mut unused) = (Vec::new(), Vec::new());
        for piece in stream.chunks(size) {
            unused.extend_from_slice(piece);
            let mut rest = &unused[..];
            loop {
                match decoder.next(&mut rest) {
                    Ok(Some(line)) => lines.push(line.to_vec()),
                    Ok(None) => break,
                    Err(error) => return (lines, Vec::new(), Some(error)),
                }
            }
            unused = rest.to_vec();
        }
        (lines, unused, None)
    }

    /// Whole, byte by byte, in all other sizes, and with bytes behind it.
    fn decode(stream: &[u8], limit: usize) -> Lines {
        let whole = in_pieces(stream, stream.len().max(1), limit);
        for size in 1..stream.len() {
            assert_eq!(in_pieces(stream, size, limit), whole, "in pieces of {size}");
        }
        if stream.ends_with(b"\n") && whole.2.is_none() {
            // A CR fits behind lines of any limit.
            let (lines, unused, error) = decode(&[stream, b"\r"].concat(), limit);
            assert_eq!((lines, error), (whole.0.clone(), None));
            assert_eq!(unused, b"\r");
        }
        whole
    }

    fn lines_of(stream: &[u8]) -> Vec<String> {
        let (lines, unused, error) = decode(stream, 8);
        assert_eq!((unused, error), (Vec::new(), None));
        lines.iter().map(|line| line.escape_ascii().to_string()).collect()
    }

    fn is_too_long(stream: &[u8]) {
        assert_eq!(decode(stream, 8).2, Some(TooLong { limit: 8 }), "{}", stream.escape_ascii());
    }

    #[test]
    fn lf_and_crlf_end_a_line() {
        assert_eq!(lines_of(b"one\ntwo\r\nthree\n"), ["one", "two", "three"]);
    }

    #[test]
    fn a_line_may_be_empty() {
        assert_eq!(lines_of(b"\n\r\n\n"), ["", "", ""]);
    }

    #[test]
    fn a_cr_that_no_lf_follows_is_a_byte_like_others() {
        assert_eq!(lines_of(b"a\rb\n\rc\n\r\r\n"), ["a\\rb", "\\rc", "\\r"]);
    }

    #[test]
    fn half_a_line_is_no_line() {
        assert_eq!(decode(b"one\ntw", 8), (vec![b"one".to_vec()], b"tw".to_vec(), None));
        assert_eq!(decode(b"one\r", 8), (vec![], b"one\r".to_vec(), None));
        assert_eq!(decode(b"", 8), (vec![], vec![], None));
    }

    #[test]
    fn the_limit_counts_neither_lf_nor_crlf() {
        assert_eq!(lines_of(b"12345678\n12345678\r\n"), ["12345678", "12345678"]);
        is_too_long(b"123456789\n");
        is_too_long(b"123456789\r\n");
        is_too_long(b"12345678\r\r\n");
    }

    #[test]
    fn a_line_that_does_not_end_is_refused_as_soon_as_it_cannot_fit() {
        assert_eq!(decode(b"12345678", 8).2, None);
        assert_eq!(decode(b"12345678\r", 8).2, None); // LF may follow.
        is_too_long(b"123456789");
        is_too_long(b"12345678\rx");
    }

    #[test]
    fn lines_before_a_long_one_come_through() {
        let (lines, _, error) = decode(b"one\n123456789\ntwo\n", 8);
        assert_eq!((lines, error), (vec![b"one".to_vec()], Some(TooLong { limit: 8 })));
    }

    #[test]
    fn an_error_stays() {
        let mut decoder = Decoder::new(1);
        let mut bytes = &b"ab\nc\n"[..];
        assert_eq!(decoder.next(&mut bytes), Err(TooLong { limit: 1 }));
        assert_eq!(decoder.next(&mut bytes), Err(TooLong { limit: 1 }));
        assert_eq!(bytes, b"ab\nc\n");
    }

    #[test]
    fn the_smallest_and_the_largest_limit() {
        assert_eq!(decode(b"\r\n\n", 0).0.len(), 2);
        assert_eq!(decode(b"x", 0).2, Some(TooLong { limit: 0 }));
        assert_eq!(decode(b"x\r\n", usize::MAX).0, [b"x"]);
    }

    #[test]
    fn no_byte_is_searched_twice() {
        let mut decoder = Decoder::new(1 << 20);
        let line = vec![b'x'; 1 << 20];
        for come in 1..=100 {
            assert_eq!(decoder.next(&mut &line[..come]), Ok(None));
            assert_eq!(decoder.searched, come);
        }
    }

    #[test]
    fn the_error_names_the_limit() {
        assert_eq!(TooLong { limit: 512 }.to_string(), "a line may have at most 512 bytes");
    }
}
