//! What a stranger sent, before others see it.

/// A line as text that does nothing to the terminal it is printed on.
///
/// What is no UTF-8 and what is not to be printed becomes U+FFFD, a tab becomes a space. Otherwise the sender could
/// move the cursor of the readers, clear their screens, set their window titles, or write a line that looks as if
/// somebody else had said it: `ESC [ 2 J`, or the one-byte CSI, U+009B, or a text direction that is never reset.
// ANCHOR: printable
pub fn printable(line: &[u8]) -> String {
    let visible = |c| match c {
        '\t' => ' ',
        c if c.is_control() || is_format(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    String::from_utf8_lossy(line).chars().map(visible).collect()
}
// ANCHOR_END: printable

/// Line and paragraph separators, and what turns the direction of the text around it (Unicode UAX #9 §2).
fn is_format(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_any_script_stays() {
        for text in ["", "hello", "Grüße, 你好, שלום", "👩‍💻 \u{fffd}"] {
            assert_eq!(printable(text.as_bytes()), text);
        }
    }

    #[test]
    fn escape_sequences_lose_their_escape() {
        assert_eq!(printable(b"\x1b[2Jgone"), "\u{fffd}[2Jgone");
        assert_eq!(printable("\u{9b}31mred".as_bytes()), "\u{fffd}31mred");
        assert_eq!(printable(b"\x1b]0;title\x07"), "\u{fffd}]0;title\u{fffd}");
    }

    #[test]
    fn no_byte_below_space_and_no_delete_comes_through() {
        let all: Vec<u8> = (0..0x20).chain([0x7f]).collect();
        assert!(printable(&all).chars().all(|c| c == '\u{fffd}' || c == ' '));
        assert_eq!(printable(b"a\tb"), "a b");
        assert_eq!(printable(b"<alice> hi\r<bob> hi"), "<alice> hi\u{fffd}<bob> hi");
    }

    #[test]
    fn what_is_no_utf8_is_shown_as_such() {
        assert_eq!(printable(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(printable(b"\xe2\x82"), "\u{fffd}"); // cut off in the middle of a character
        assert_eq!(printable(b"\xc0\x9b"), "\u{fffd}\u{fffd}"); // an overlong ESC-like byte
    }

    #[test]
    fn the_direction_of_text_cannot_be_turned() {
        assert_eq!(printable("abc\u{202e}def\u{2066}".as_bytes()), "abc\u{fffd}def\u{fffd}");
    }
}
