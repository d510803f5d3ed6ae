//! UTF-8 that comes in pieces, refused at the first byte that cannot be part of any text.

use ascii::AsciiStr;

use crate::{MessageError, NotUtf8};

/// The text of a message so far. A character may be cut anywhere, between two reads or two fragments: its
/// bytes wait in `cut` until the rest is here.
///
/// RFC 6455 §5.6: "a particular text frame might include a partial UTF-8 sequence; however, the whole message
/// MUST contain valid UTF-8."
#[derive(Debug, Default)]
pub(crate) struct Text {
    text: String,
    cut: Cut,
}

/// The first bytes of a character, at most three, that no other byte has proved impossible.
#[derive(Debug, Default)]
struct Cut {
    bytes: [u8; 4],
    len: usize,
}

impl Text {
    /// Appends `bytes`.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), MessageError> {
        // A cut character is finished byte by byte: each is judged when it comes.
        // ANCHOR: cut
        while self.cut.len > 0 {
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.cut.bytes[self.cut.len] = byte;
            self.cut.len += 1;
            let so_far = &self.cut.bytes[..self.cut.len];
            if let (valid, 0) = valid_prefix(so_far)? {
                self.text.push_str(valid);
                self.cut.len = 0;
            }
        }
        // ANCHOR_END: cut
        let (valid, cut) = valid_prefix(bytes)?;
        self.text.push_str(valid);
        self.cut.bytes[..cut].copy_from_slice(&bytes[valid.len()..]);
        self.cut.len = cut;
        Ok(())
    }

    /// The text, when the message has ended.
    pub fn finish(self) -> Result<String, MessageError> {
        if self.cut.len > 0 { Err(MessageError::NotUtf8) } else { Ok(self.text) }
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.text.len() + self.cut.len
    }
}

/// So long a text is looked at as ASCII first. `str::from_utf8`, and simdutf8 for as little, go byte by byte up to an aligned
/// address, and again behind the last sixteen bytes: for twenty that is most of them.
const SHORT: usize = 64;

/// `bytes` as text. As `str::from_utf8`, and sooner.
///
/// # Errors
/// They are not UTF-8.
#[inline]
pub fn as_text(bytes: &[u8]) -> Result<&str, NotUtf8> {
    if bytes.len() <= SHORT
        && let Ok(text) = AsciiStr::from_ascii(bytes)
    {
        return Ok(text.as_str());
    }
    simdutf8::basic::from_utf8(bytes).map_err(|_| NotUtf8)
}

/// The part of `bytes` that is text, and how many bytes of a cut character follow it.
fn valid_prefix(bytes: &[u8]) -> Result<(&str, usize), MessageError> {
    let error = match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => return Ok((text, 0)),
        Err(error) => error,
    };
    // An error with a length is a byte that fits nowhere: a lone continuation byte, an overlong form, a
    // surrogate, a character beyond U+10FFFF. Without a length, the end came too early.
    if error.error_len().is_some() {
        return Err(MessageError::NotUtf8);
    }
    let (valid, cut) = bytes.split_at(error.valid_up_to());
    Ok((str::from_utf8(valid).expect("valid up to here"), cut.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes piece by piece: the text, or how many bytes had been pushed when it failed.
    fn pushed(bytes: &[u8], size: usize) -> Result<String, usize> {
        let mut text = Text::default();
        let mut pushed = 0;
        for piece in bytes.chunks(size) {
            pushed += piece.len();
            text.push(piece).map_err(|_| pushed)?;
            assert_eq!(text.len(), pushed);
        }
        text.finish().map_err(|_| pushed + 1)
    }

    /// Wrong only at some lengths: the two ways to look do not agree where the one takes over.
    #[test]
    fn a_text_is_a_text_at_every_length_with_every_byte_at_its_end() {
        for length in 0..=SHORT + 70 {
            for last in 0..=u8::MAX {
                let bytes = [&vec![b'x'; length][..], &[last]].concat();
                assert_eq!(
                    as_text(&bytes).ok(),
                    str::from_utf8(&bytes).ok(),
                    "{length} times x, and {last:#x}"
                );
            }
            let umlaut = [&vec![b'x'; length][..], "ä".as_bytes()].concat();
            assert!(as_text(&umlaut).is_ok_and(|text| text.ends_with('ä')), "{length}");
        }
        assert_eq!(as_text(b"\xff").map_err(|error| error.to_string()), Err("not UTF-8".into()));
    }

    /// Three cases, and who knows two of them refuses good text or lets bad text pass: all is text; text, and behind it a
    /// character whose other bytes may still come; a byte that no text can have there, whatever comes.
    #[test]
    fn bytes_are_text_or_text_and_a_cut_character_or_no_text() {
        let cases: [(&[u8], &str, usize); 8] = [
            (b"", "", 0),
            (b"ascii", "ascii", 0),
            ("grüße".as_bytes(), "grüße", 0),
            (b"\xc3", "", 1),
            (b"cut \xe2", "cut ", 1),
            (b"cut \xe2\x82", "cut ", 2),
            (b"\xc3\xa4\xf0\x9f\xa6", "ä", 3),
            (b"\xf0\x9f\xa6\x80", "🦀", 0),
        ];
        for (bytes, text, cut) in cases {
            assert_eq!(valid_prefix(bytes), Ok((text, cut)), "{bytes:02x?}");
        }
        for bytes in [&b"\x80"[..], b"text \xff", b"\xc0", b"\xed\xa0", b"\xe2\x82A", b"\xf0\x9f\xf0\x9f"] {
            assert_eq!(valid_prefix(bytes), Err(MessageError::NotUtf8), "{bytes:02x?}");
        }
    }

    #[test]
    fn any_split_gives_the_same_text() {
        let text = "κόσμε, ascii in between, 世界 🦀 \u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}";
        for size in 1..=text.len() {
            assert_eq!(pushed(text.as_bytes(), size).as_deref(), Ok(text), "pieces of {size} bytes");
        }
        assert_eq!(pushed(b"", 1).as_deref(), Ok(""));
    }

    #[test]
    fn section_8_1_fails_at_the_first_byte_that_no_text_can_have() {
        let cases: [(&[u8], usize); 18] = [
            (b"\x80", 1),
            (b"ok\xbf", 3),
            (b"\xff", 1),
            (b"\xfe", 1),
            (b"\xf5", 1),     // would begin a character beyond U+10FFFF
            (b"\xf4\x90", 2), // U+110000
            (b"\xc0", 1),     // overlong forms
            (b"\xc1", 1),
            (b"\xe0\x9f", 2),
            (b"\xf0\x8f", 2),
            (b"\xed\xa0", 2), // surrogates
            (b"\xed\xbf", 2),
            (b"\xc3A", 2), // a character that is not finished
            (b"\xe2\x82A", 3),
            (b"\xf0\x9f\xa6A", 4),
            (b"\xe2\xc3", 2),
            (b"\xf0\x9f\xa6\xf0", 4),
            (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", 13),
        ];
        for (bytes, at) in cases {
            let noticed = "the number counts the bytes that had been pushed when it was noticed";
            assert_eq!(pushed(bytes, 1), Err(at), "{bytes:02x?}: {noticed}");
            // What is in the same piece cannot be judged before the piece is here.
            assert_eq!(pushed(bytes, bytes.len()), Err(bytes.len()), "{bytes:02x?}: {noticed}");
            for size in 1..bytes.len() {
                assert_eq!(
                    pushed(bytes, size),
                    Err(at.next_multiple_of(size).min(bytes.len())),
                    "{bytes:02x?}"
                );
            }
        }
    }

    #[test]
    fn a_character_that_is_still_cut_at_the_end_is_refused() {
        for cut in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\xa6", b"text, then \xf0"] {
            for size in 1..=cut.len() {
                assert_eq!(
                    pushed(cut, size),
                    Err(cut.len() + 1),
                    "{cut:02x?} in pieces of {size}: all may be pushed, for more could come; then `finish` refuses"
                );
            }
        }
    }
}
