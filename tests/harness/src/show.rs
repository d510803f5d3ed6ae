//! Bytes as a reader wants to see them: escaped text or hex, and a caret under the first wrong one.

use std::time::Duration;

/// More bytes than this are cut in the middle.
const BRIEF: usize = 480;
/// The same in hex, which takes more room.
const BRIEF_HEX: usize = 4 * ROW;
/// More lines than this are cut in the middle too.
const BRIEF_LINES: usize = 24;
/// A compared line is cut to this many columns around the difference.
const COLUMNS: usize = 88;
/// Bytes in one row of hex.
const ROW: usize = 16;

/// The bytes as a few lines: one per line of text, or rows of hex. Long ones are cut in the middle.
pub fn brief(bytes: &[u8]) -> Vec<String> {
    let mut shown = brief_bytes(bytes);
    if shown.len() > BRIEF_LINES {
        let cut = BRIEF_LINES * 3 / 4..shown.len() - BRIEF_LINES / 4;
        let said = format!("... {} lines left out ...", cut.len());
        shown.splice(cut, [said]);
    }
    shown
}

fn brief_bytes(bytes: &[u8]) -> Vec<String> {
    let text = is_text(bytes);
    let most = if text { BRIEF } else { BRIEF_HEX };
    if bytes.len() <= most {
        return lines(bytes, text, 0);
    }
    let (head, tail) = (most * 3 / 4, bytes.len() - most / 4);
    let mut shown = lines(&bytes[..head], text, 0);
    shown.push(format!("... {} of {} bytes left out ...", tail - head, bytes.len()));
    shown.extend(lines(&bytes[tail..], text, tail));
    shown
}

/// One line of escaped text, in quotes; long text is cut in the middle.
pub fn quoted(text: &str) -> String {
    let escaped: Vec<char> = escape(text.as_bytes()).chars().collect();
    if escaped.len() <= 2 * COLUMNS {
        return format!("\"{}\"", escaped.iter().collect::<String>());
    }
    let head: String = escaped[..COLUMNS].iter().collect();
    let tail: String = escaped[escaped.len() - COLUMNS / 2..].iter().collect();
    format!("\"{head} ... {tail}\" ({} bytes)", text.len())
}

/// What had to come above what came, the line of the first wrong byte only, and a caret under it.
/// `None` when they are equal.
pub fn difference(expected: &[u8], got: &[u8]) -> Option<Vec<String>> {
    if expected == got {
        return None;
    }
    if got.is_empty() {
        let row = if is_text(expected) { text_row(expected) } else { hex_row(expected) };
        return Some(vec![
            format!("expected {} bytes, nothing came", expected.len()),
            format!("expected | {row}"),
        ]);
    }
    let at = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    let remark = match (expected.get(at), got.get(at)) {
        (Some(e), Some(g)) => format!("byte {at} is {}, expected {}", name(*g), name(*e)),
        (Some(e), None) => format!("byte {at} is missing, expected {}", name(*e)),
        (None, Some(g)) => format!("byte {at}, {}, is one too many", name(*g)),
        (None, None) => unreachable!("equal slices returned above"),
    };
    let text = is_text(expected) && is_text(got);
    let start = if text {
        let line = expected[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        // A long line starts so late that the difference is still in sight.
        line.max(at.saturating_sub(COLUMNS / 2))
    } else {
        at - at % ROW
    };
    let row = |bytes: &[u8]| if text { text_row(&bytes[start..]) } else { hex_row(&bytes[start..]) };
    let cut = if start > 0 { "... " } else { "" };
    let column =
        cut.len() + if text { escape(&expected[start..at]).chars().count() } else { (at - start) * 3 };
    Some(vec![
        format!("expected {} bytes, got {}; right so far: {at}", expected.len(), got.len()),
        format!("expected | {cut}{}", row(expected)),
        format!("got      | {cut}{}", row(got)),
        format!("           {}^ {remark}", " ".repeat(column)),
    ])
}

/// How a byte is called in a sentence: 'A' (0x41), or only 0x01.
fn name(byte: u8) -> String {
    match byte {
        b' ' => "a space (0x20)".into(),
        b'\r' => "CR (0x0d)".into(),
        b'\n' => "LF (0x0a)".into(),
        0x21..=0x7e => format!("'{}' (0x{byte:02x})", byte as char),
        _ => format!("0x{byte:02x}"),
    }
}

/// Text: UTF-8 (perhaps cut in the middle of a character) with hardly any control characters.
fn is_text(bytes: &[u8]) -> bool {
    let utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let control = bytes.iter().filter(|&&b| b == 0x7f || (b < 0x20 && !b"\r\n\t".contains(&b))).count();
    utf8 && control * 20 <= bytes.len()
}

/// Rows of text, each ending where its LF is, or rows of hex that begin with the offset of their first byte.
fn lines(bytes: &[u8], text: bool, offset: usize) -> Vec<String> {
    if text {
        return bytes.split_inclusive(|&byte| byte == b'\n').map(escape).collect();
    }
    let rows = bytes.chunks(ROW).enumerate();
    rows.map(|(row, chunk)| {
        let letters: String =
            chunk.iter().map(|&b| if (0x20..0x7f).contains(&b) { b as char } else { '.' }).collect();
        format!("{:06x}  {:<47}  {letters}", offset + row * ROW, hex(chunk))
    })
    .collect()
}

/// The first line of these bytes, cut to the width of a terminal.
fn text_row(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let shown = escape(&bytes[..end]);
    if shown.chars().count() <= COLUMNS {
        return shown;
    }
    shown.chars().take(COLUMNS).chain(" ...".chars()).collect()
}

fn hex_row(bytes: &[u8]) -> String {
    let more = if bytes.len() > ROW { " ..." } else { "" };
    hex(&bytes[..bytes.len().min(ROW)]) + more
}

/// `2 s`, `1.5 s`, `200 ms`
pub fn time(duration: Duration) -> String {
    match duration.as_millis() {
        0..1_000 => format!("{} ms", duration.as_millis()),
        _ => format!("{} s", duration.as_millis() as f64 / 1000.0),
    }
}

/// `81 05 48`
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Printable characters as they are, the others as printf would take them.
pub fn escape(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\r' => shown.push_str("\\r"),
                '\n' => shown.push_str("\\n"),
                '\t' => shown.push_str("\\t"),
                '\\' => shown.push_str("\\\\"),
                c if c.is_control() => c.to_string().bytes().for_each(|b| shown += &format!("\\x{b:02x}")),
                c => shown.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| shown += &format!("\\x{byte:02x}"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_first_wrong_byte_of_its_line() {
        let rows = difference(b"HTTP/1.1 200 OK\r\nA: 1\r\n", b"HTTP/1.1 200 OK\r\nA: 2\r\n").unwrap();
        assert_eq!(rows[1], "expected | ... A: 1\\r\\n");
        assert_eq!(rows[2], "got      | ... A: 2\\r\\n");
        assert_eq!(rows[3], "                  ^ byte 20 is '2' (0x32), expected '1' (0x31)");
        assert_eq!(rows[3].find('^'), rows[2].find('2'));
    }

    #[test]
    fn bytes_that_are_no_text_are_compared_in_hex() {
        let rows = difference(&[0x81, 0x05, 0xff], &[0x81, 0x7e, 0xff, 0x00]).unwrap();
        assert_eq!(rows[1], "expected | 81 05 ff");
        assert_eq!(rows[2], "got      | 81 7e ff 00");
        assert_eq!(rows[3].find('^'), rows[2].find("7e"));
    }

    #[test]
    fn a_missing_and_a_surplus_byte_are_told() {
        assert!(difference(b"abc", b"ab").unwrap()[3].ends_with("^ byte 2 is missing, expected 'c' (0x63)"));
        assert!(difference(b"ab", b"abc").unwrap()[3].ends_with("^ byte 2, 'c' (0x63), is one too many"));
        assert_eq!(difference(b"ab", b"ab"), None);
    }

    #[test]
    fn a_difference_far_into_a_long_line_is_in_sight() {
        let (mut expected, mut got) = (vec![b'a'; 5_000], vec![b'a'; 5_000]);
        (expected[4_000], got[4_000]) = (b'b', b'c');
        let rows = difference(&expected, &got).unwrap();
        assert_eq!(rows[3].find('^'), rows[2].find('c'));
        assert!(rows.iter().all(|row| row.len() < 120), "{rows:#?}");
    }

    #[test]
    fn long_bytes_are_cut_in_the_middle() {
        let shown = brief(&vec![b'x'; 16 << 20]);
        assert_eq!(shown[1], "... 16776736 of 16777216 bytes left out ...");
        assert_eq!(shown.len(), 3);
        let shown = brief("\n".repeat(100).as_bytes());
        assert_eq!((shown.len(), shown[18].as_str()), (25, "... 76 lines left out ..."));
    }
}
