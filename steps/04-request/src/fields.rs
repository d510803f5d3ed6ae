//! Field lines: `field-name ":" OWS field-value OWS` (RFC 9112 §5).

use crate::classes::{in_token, line_length};
use crate::{ParseError, line};

/// One field line, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it was spelled. It means the same in any case: compare with [`Field::is`].
    pub name: &'a str,
    /// The value without the white space around it. Bytes, since RFC 9110 §5.5 allows any above 0x7F.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// Takes a line apart that [`line::cut`] has cut, not the empty one; also a trailer's line.
    pub fn parse(line: &'a [u8]) -> Result<Field<'a>, ParseError> {
        let (name, value) = split(line)?;
        // Only tchar stands in it, as `split` has proved.
        let name = str::from_utf8(name).map_err(|_| ParseError::FieldName)?;
        Ok(Field { name, value })
    }

    /// Whether the field has this name. RFC 9110 §5.1: "Field names are case-insensitive".
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Judges a field line and splits it into name and value, white space removed.
#[inline]
pub(crate) fn split(line: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
    let name_end = line.iter().position(|&byte| !in_token(byte)).unwrap_or(line.len());
    match line.split_at(name_end) {
        // RFC 9112 §5.2: "A server that receives an obs-fold in a request message [...] MUST either reject
        // the message by sending a 400 (Bad Request) [...] or replace each received obs-fold with one or more
        // SP octets".
        (b"", [b' ' | b'\t', ..]) => Err(ParseError::Folded),
        (b"", [b':', ..]) => Err(ParseError::FieldNameEmpty),
        (name, [b':', value @ ..]) => Ok((name, trim(value))),
        // RFC 9112 §5.1: "No whitespace is allowed between the field name and colon. [...] A server MUST
        // reject, with a response status code of 400 (Bad Request), any received request message that
        // contains whitespace between a header field name and colon."
        (_, rest @ [b' ' | b'\t', ..]) if trim(rest).starts_with(b":") => Err(ParseError::SpaceBeforeColon),
        (_, rest) if rest.contains(&b':') => Err(ParseError::FieldName),
        _ => Err(ParseError::NoColon),
    }
}

/// Walks over field lines that were judged before. Cheap to copy: it is one slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields<'a> {
    lines: &'a [u8],
}

impl<'a> Fields<'a> {
    /// `lines`: whole lines with their ends, each accepted by [`split`].
    pub(crate) fn validated(lines: &'a [u8]) -> Fields<'a> {
        Fields { lines }
    }

    /// The values of the lines with this name.
    pub(crate) fn named<'n>(mut self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        std::iter::from_fn(move || self.next_line())
            .filter_map(|line| split(line).ok())
            .filter(move |(its_name, _)| its_name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    fn next_line(&mut self) -> Option<&'a [u8]> {
        let end = line_length(self.lines);
        let line = self.lines.get(..end)?;
        self.lines = self.lines.get(end + line::CRLF..)?;
        Some(line)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        Field::parse(self.next_line()?).ok()
    }
}

/// The elements of one list value, cut at the commas and trimmed; the empty ones too (RFC 9110 §5.6.1).
pub fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim)
}

/// Without the OWS, `*( SP / HTAB )`, on both sides (RFC 9110 §5.6.3).
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_line_is_name_colon_value() {
        let field = |name, value| Ok(Field { name, value });
        assert_eq!(Field::parse(b"Host: a.example"), field("Host", b"a.example"));
        assert_eq!(Field::parse(b"x:y"), field("x", b"y"));
        assert_eq!(Field::parse(b"x: \t y  z \t "), field("x", b"y  z"));
        assert_eq!(Field::parse(b"x:"), field("x", b""));
        assert_eq!(Field::parse(b"x: \t"), field("x", b""));
        assert_eq!(Field::parse(b"x: a:b\xff"), field("x", b"a:b\xff"));
        assert_eq!(Field::parse(b"x::"), field("x", b":"));
    }

    // Otherwise a later rung misses a field, or takes another for it.
    #[test]
    fn rfc_9110_5_1_a_field_has_its_name_in_any_case() {
        let field = Field::parse(b"ETag: x").unwrap();
        for (name, has) in [("ETag", true), ("etag", true), ("ETAG", true), ("ETags", false), ("", false)] {
            assert_eq!(field.is(name), has, "{name:?}");
        }
    }

    #[test]
    fn rfc_9112_5_malformed_field_lines() {
        assert_eq!(Field::parse(b"Host : a"), Err(ParseError::SpaceBeforeColon));
        assert_eq!(Field::parse(b"Host\t: a"), Err(ParseError::SpaceBeforeColon));
        assert_eq!(Field::parse(b" folded"), Err(ParseError::Folded));
        assert_eq!(Field::parse(b"\tfolded: too"), Err(ParseError::Folded));
        assert_eq!(Field::parse(b": a"), Err(ParseError::FieldNameEmpty));
        assert_eq!(Field::parse(b"no colon"), Err(ParseError::NoColon));
        assert_eq!(Field::parse(b"nocolon"), Err(ParseError::NoColon));
        assert_eq!(Field::parse(b"two words: a"), Err(ParseError::FieldName));
        assert_eq!(Field::parse(b"x(y): a"), Err(ParseError::FieldName));
        assert_eq!(Field::parse(b"\xc3\xa4: a"), Err(ParseError::FieldName));
    }

    #[test]
    fn a_list_is_cut_at_its_commas() {
        let cut = |value| elements(value).collect::<Vec<_>>();
        assert_eq!(cut(b"keep-alive, Upgrade"), [&b"keep-alive"[..], b"Upgrade"]);
        assert_eq!(cut(b" a\t,,b ,"), [&b"a"[..], b"", b"b", b""]);
    }
}
