//! Cutting lines. RFC 9112 §2.2 lets a recipient take a lone LF for a line end; a proxy in front that does
//! not, sees other lines than we do, and a request can hide between the two. So a line ends with CRLF here
//! and nothing else.

use crate::ParseError;
use crate::classes::line_length;

/// The length of a line end, in bytes.
pub const CRLF: usize = 2;

/// What [`cut`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut<'a> {
    /// A whole line, without its CRLF. Only tabs, spaces, visible ASCII and bytes from 0x80 on stand in it.
    Line(&'a [u8]),
    /// The line end has not come yet.
    Unfinished,
    /// The line is longer than allowed, whether or not its end has come.
    TooLong,
}

/// Cuts the first line off `bytes`. `longest` is the greatest length allowed, in bytes, without the CRLF.
///
/// `searched` is how much of this line was searched before, 0 for a new line. It is kept up to date, and is 0
/// again after a line: so a line that comes byte by byte is not searched from its start each time.
///
/// Every byte of a head passes here, and bytes that no line may hold are refused on the way: a bare CR or LF,
/// NUL, any other control.
pub fn cut<'a>(bytes: &'a [u8], searched: &mut usize, longest: usize) -> Result<Cut<'a>, ParseError> {
    let end = *searched + line_length(&bytes[*searched..]);
    if end > longest {
        return Ok(Cut::TooLong);
    }
    // ANCHOR: end
    let (line, behind) = bytes.split_at(end);
    match behind {
        [b'\r', b'\n', ..] => {
            *searched = 0;
            Ok(Cut::Line(line))
        }
        [] | [b'\r'] => {
            *searched = end;
            Ok(Cut::Unfinished)
        }
        [b'\r', ..] => Err(ParseError::BareCr),
        [b'\n', ..] => Err(ParseError::BareLf),
        &[control, ..] => Err(ParseError::Control(control)),
    }
    // ANCHOR_END: end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts `bytes` whole, and checks that they are cut in the same way when they come one by one.
    fn cut(bytes: &[u8], longest: usize) -> Result<Cut<'_>, ParseError> {
        let whole = super::cut(bytes, &mut 0, longest);
        let mut searched = 0;
        let mut pieces = (1..=bytes.len()).map(|end| super::cut(&bytes[..end], &mut searched, longest));
        let first = pieces.find(|cut| *cut != Ok(Cut::Unfinished)).unwrap_or(Ok(Cut::Unfinished));
        assert_eq!(first, whole, "{} byte by byte", bytes.escape_ascii());
        whole
    }

    #[test]
    fn a_line_ends_at_crlf_and_bytes_behind_it_do_not_matter() {
        assert_eq!(cut(b"one\r\n", 9), Ok(Cut::Line(b"one")));
        assert_eq!(cut(b"one\r\ntwo\n\0", 9), Ok(Cut::Line(b"one")));
        assert_eq!(cut(b"\r\n", 9), Ok(Cut::Line(b"")));
        assert_eq!(cut(b"\ttab and \xff\r\n", 20), Ok(Cut::Line(b"\ttab and \xff")));
    }

    #[test]
    fn every_prefix_of_a_line_is_unfinished() {
        let whole = b"a line\r\n";
        for split in 0..whole.len() {
            assert_eq!(cut(&whole[..split], 9), Ok(Cut::Unfinished), "after {split} bytes");
        }
    }

    #[test]
    fn the_limit_counts_the_line_without_its_end() {
        assert_eq!(cut(b"1234\r\n", 4), Ok(Cut::Line(b"1234")));
        assert_eq!(cut(b"1234\r", 4), Ok(Cut::Unfinished));
        assert_eq!(cut(b"1234", 4), Ok(Cut::Unfinished));
        assert_eq!(cut(b"12345", 4), Ok(Cut::TooLong));
        assert_eq!(cut(b"12345\r\n", 4), Ok(Cut::TooLong));
    }

    #[test]
    fn bare_line_ends_and_controls_are_refused() {
        assert_eq!(cut(b"one\ntwo\r\n", 9), Err(ParseError::BareLf));
        assert_eq!(cut(b"one\rtwo\r\n", 9), Err(ParseError::BareCr));
        assert_eq!(cut(b"one\r\r\n", 9), Err(ParseError::BareCr));
        for control in (0..0x20).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
            assert_eq!(cut(&[b'a', control], 9), Err(ParseError::Control(control)));
        }
    }
}
