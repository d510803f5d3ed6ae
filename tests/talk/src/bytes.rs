//! Bytes as a person types them: hex, and text in quotes, mixed as one likes.

/// Reads `81 05 "Hello\r\n"` or `8105`: hex digits in pairs, spaces where one likes, text in double quotes with the
/// escapes `\r \n \t \0 \" \\ \xNN`. A `#` outside of quotes begins a comment.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn parse(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '#' => break,
            '"' => rest = quoted(&rest[1..], &mut bytes)?,
            _ => {
                let end = rest.find([' ', '\t', '"', '#']).unwrap_or(rest.len());
                hex(&rest[..end], &mut bytes)?;
                rest = &rest[end..];
            }
        }
        rest = rest.trim_start();
    }
    Ok(bytes)
}

/// One word of hex digits.
fn hex(word: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let digit = |digit: char| digit.to_digit(16).map(|digit| digit as u8);
    let digits: Option<Vec<u8>> = digits.chars().map(digit).collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => {
            bytes.extend(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]));
            Ok(())
        }
        Some(_) => Err(format!("{word}: a byte is two hex digits, such as 0a")),
        None => Err(format!("{word}: neither hex digits, such as 81 05, nor text in \"quotes\"")),
    }
}

/// Text up to its closing quote; what stands behind it is returned.
fn quoted<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Result<&'a str, String> {
    let mut rest = text;
    loop {
        let end = rest.find(['"', '\\']).ok_or("a closing quote is missing")?;
        bytes.extend_from_slice(&rest.as_bytes()[..end]);
        let (mark, behind) = rest[end..].split_at(1);
        if mark == "\"" {
            return Ok(behind);
        }
        let escape = behind.chars().next().ok_or("a closing quote is missing")?;
        rest = &behind[escape.len_utf8()..];
        match escape {
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            '0' => bytes.push(0),
            '"' | '\\' => bytes.push(escape as u8),
            'x' => {
                let digits = rest.get(..2).ok_or("behind \\x stand two hex digits")?;
                hex(digits, bytes).map_err(|_| "behind \\x stand two hex digits")?;
                rest = &rest[2..];
            }
            other => return Err(format!("\\{other}: there are \\r \\n \\t \\0 \\\" \\\\ and \\x81")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn hex_and_text_are_bytes() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("81 05", &[0x81, 5]),
            ("8105", &[0x81, 5]),
            ("0x81 0xfF", &[0x81, 255]),
            (r#""GET / HTTP/1.1\r\n" 0d0a"#, b"GET / HTTP/1.1\r\n\r\n"),
            (r#"81"a"82"b" # two"#, b"\x81a\x82b"),
            (r##""\"\\\t\0\x7f#""##, b"\"\\\t\0\x7f#"),
            ("\"ä🦀\"", "ä🦀".as_bytes()),
            ("# nothing", b""),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, why) in [
            ("8", "two hex digits"),
            ("81 5", "two hex digits"),
            ("hello", "nor text in"),
            ("0xzz", "nor text in"),
            ("\"open", "closing quote"),
            ("\"open\\", "closing quote"),
            (r#""\q""#, r"there are \r"),
            (r#""\x8""#, "two hex digits"),
            (r#""\xä""#, "two hex digits"),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
