//! The usual line, in one pass.
//!
//! A line is cut, then split, then its parts are judged: `line.rs`, `fields.rs`, `start.rs`. That tells a line whose end has
//! not come from one that is too long, and from all that can be wrong with it, and it looks at each byte three times. Nearly
//! every line is complete and right. Those are read here from left to right, each byte once.
//!
//! **`None` is no judgement**: what is not usual goes the long way, and that decides. So one thing must be true here: what is
//! accepted is accepted there too, with the same parts. The tests below compare the two.

use ascii::AsciiStr;

use crate::arrival::Next;
use crate::classes::{in_path, in_target, in_token, line_length};
use crate::line::CRLF;
use crate::start::StartLine;
use crate::{Limits, Method, Target, Version};

/// The request line that `bytes` begin with, and its length with its end: a known method, a path, perhaps a query, and
/// HTTP/1.1.
#[inline]
pub(crate) fn request_line<'a>(bytes: &'a [u8], limits: &Limits) -> Option<(StartLine<'a>, usize)> {
    let (method, behind) = bytes.split_at(count(bytes, in_token));
    let behind = behind.strip_prefix(b" ")?;
    let path = count(behind, in_path);
    let query = count(&behind[path..], in_target);
    let (target, behind) = behind.split_at(path + query);
    let behind = behind.strip_prefix(b" HTTP/1.1\r\n")?;
    // With CONNECT, a path is no target.
    let method = Method::known(method).filter(|&method| method != Method::Connect)?;
    if !target.starts_with(b"/") || target.len() > limits.target {
        return None;
    }
    // Only ASCII stands in it, as `in_target` has seen.
    let text = AsciiStr::from_ascii(target).ok()?.as_str();
    let target = Target::Origin { path: &text[..path], query: text.get(path + 1..) };
    Some(((method, target, Version::Http11), bytes.len() - behind.len()))
}

/// The field line that `bytes` begin with, and its length with its end: a name, a colon, one space, and a value that is not
/// empty, with no other white space around it. Or the empty line.
#[inline]
pub(crate) fn field<'a>(bytes: &'a [u8], limits: &Limits) -> Option<(Next<'a>, usize)> {
    if bytes.starts_with(b"\r\n") {
        return Some((Next::End, CRLF));
    }
    let (name, behind) = bytes.split_at(count(bytes, in_token));
    let behind = behind.strip_prefix(b": ")?;
    let (value, behind) = behind.split_at(line_length(behind));
    let behind = behind.strip_prefix(b"\r\n")?;
    let length = bytes.len() - behind.len();
    if name.is_empty()
        || *value.first()? <= b' '
        || *value.last()? <= b' '
        || length - CRLF > limits.field_line
    {
        return None;
    }
    Some((Next::Field(name, value), length))
}

/// How many bytes in a row are of a class.
#[inline]
fn count(bytes: &[u8], in_class: fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !in_class(byte)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{self, Cut};
    use crate::{fields, start};

    /// The limits are met by some of the lines below, and passed by others.
    const LIMITS: Limits = Limits { target: 6, field_line: 8, ..Limits::DEFAULT };

    /// Each of `lines`; with each byte replaced by each other, taken out, or put in once more; and cut off anywhere.
    fn nearly(lines: &[&str]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for line in lines {
            let line = format!("{line}\r\nx").into_bytes();
            for at in 0..line.len() {
                let changed = |to: &[u8]| [&line[..at], to, &line[at + 1..]].concat();
                all.extend((0..=u8::MAX).map(|byte| changed(&[byte])));
                all.extend([changed(b""), changed(&[line[at]; 2]), line[..at].to_vec()]);
            }
        }
        all
    }

    // Otherwise a request means one thing when it comes at once, and another when it comes in pieces.
    #[test]
    fn what_is_usual_is_the_same_the_long_way() {
        for bytes in nearly(&[
            "GET /a?b HTTP/1.1",
            "CONNECT /a HTTP/1.1",
            "OPTIONS * HTTP/1.0",
            "PUT /abcdef HTTP/1.1",
        ]) {
            let Some((line, length)) = request_line(&bytes, &LIMITS) else { continue };
            let cut = line::cut(&bytes, &mut 0, start::longest_line(&LIMITS));
            let whole = &bytes[..length - CRLF];
            assert_eq!(cut, Ok(Cut::Line(whole)), "{}", bytes.escape_ascii());
            assert_eq!(start::request_line(whole, &LIMITS), Ok(line), "{}", bytes.escape_ascii());
        }
        for bytes in nearly(&["a: b", "Ab: c d", "a: bcdef", ": b", "a:\tb "]) {
            let Some((next, length)) = field(&bytes, &LIMITS) else { continue };
            let whole = &bytes[..length - CRLF];
            assert_eq!(
                line::cut(&bytes, &mut 0, LIMITS.field_line),
                Ok(Cut::Line(whole)),
                "{}",
                bytes.escape_ascii()
            );
            let long = match whole {
                b"" => Ok(Next::End),
                line => fields::split(line).map(|(name, value)| Next::Field(name, value)),
            };
            assert_eq!(long, Ok(next), "{}", bytes.escape_ascii());
        }
    }

    // Otherwise all is right, and slow.
    #[test]
    fn the_usual_lines_are_usual() {
        for line in ["GET / HTTP/1.1\r\n", "POST /a?b HTTP/1.1\r\nHost: a\r\n", "DELETE /a?b=c HTTP/1.1\r\n"]
        {
            assert!(request_line(line.as_bytes(), &Limits::DEFAULT).is_some(), "{line}");
        }
        assert!(request_line(b"GET /abcd? HTTP/1.1\r\n", &LIMITS).is_some(), "as long as allowed");
        for line in ["Host: a\r\n", "Accept: */*;q=0.8, a/b\r\n\r\n", "x: ä\r\n", "\r\n"] {
            assert!(field(line.as_bytes(), &Limits::DEFAULT).is_some(), "{line}");
        }
        assert!(field(b"abc: def\r\n", &LIMITS).is_some(), "as long as allowed");
    }
}
