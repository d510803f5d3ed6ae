//! A file to replay: any bytes as they are, or a `.replay` text that says which bytes and when.
//!
//! ```text
//! # A request in two packets.
//! "GET / HTTP/1.1\r\nHo"
//! pause 50ms
//! "st: x\r\n\r\n"
//! ```
//!
//! A line is bytes, in hex and in quotes; lines that follow each other leave in one write. `split` begins another
//! write, `pause 50ms` too, after a while; `wait` waits until something has come; `end` sends FIN, as the last line.
//! A `#` outside of quotes begins a comment.

use std::time::Duration;

use crate::bytes;

/// A part of what is sent, and what is done before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Piece {
    pub bytes: Vec<u8>,
    pub before: Before,
}

/// What stands before a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Before {
    /// Only the pause of the command line.
    #[default]
    Split,
    Pause(Duration),
    /// Something has to come first.
    Wait,
}

/// What is sent: pieces in their order, none of them empty, and perhaps FIN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Script {
    pub pieces: Vec<Piece>,
    pub end: bool,
}

impl Script {
    /// These bytes in one piece.
    pub fn whole(bytes: Vec<u8>, end: bool) -> Script {
        Script::cut(&bytes, &[], end)
    }

    /// These bytes, cut at these offsets.
    pub fn cut(bytes: &[u8], at: &[usize], end: bool) -> Script {
        let mut pieces = Vec::new();
        let mut start = 0;
        for &stop in at.iter().chain([&bytes.len()]) {
            if stop > start {
                pieces.push(Piece { bytes: bytes[start..stop].to_vec(), before: Before::Split });
                start = stop;
            }
        }
        Script { pieces, end }
    }

    /// Reads a `.replay` text.
    ///
    /// # Errors
    /// What is wrong, with the number of its line.
    pub fn parse(text: &str) -> Result<Script, String> {
        let mut script = Script::default();
        let mut next = Piece::default();
        for (number, line) in text.lines().enumerate() {
            let wrong = |why: String| format!("line {}: {why}", number + 1);
            let line = line.trim();
            let words = line.split('#').next().unwrap_or_default().trim_end();
            let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
            let before = match (word, rest.trim()) {
                ("split", "") => Before::Split,
                ("wait", "") => Before::Wait,
                ("pause", time) => Before::Pause(duration(time).map_err(wrong)?),
                ("end", "") => {
                    script.end = true;
                    continue;
                }
                ("split" | "wait" | "end", more) => {
                    return Err(wrong(format!("{word} stands alone, without {more}")));
                }
                _ => {
                    let bytes = bytes::parse(line).map_err(wrong)?;
                    if script.end && !bytes.is_empty() {
                        return Err(wrong("behind end nothing can be sent".into()));
                    }
                    next.bytes.extend(bytes);
                    continue;
                }
            };
            if script.end {
                return Err(wrong("end is the last line".into()));
            }
            script.push(std::mem::replace(&mut next, Piece { bytes: Vec::new(), before }));
        }
        script.push(next);
        Ok(script)
    }

    fn push(&mut self, piece: Piece) {
        if !piece.bytes.is_empty() {
            self.pieces.push(piece);
        }
    }

    /// All bytes, without their cuts.
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect()
    }
}

/// `50ms`, `0.5s`, an hour at most.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: write 50ms or 0.5s");
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 0.001),
        (None, Some(number)) => (number, 1.0),
        (None, None) => return Err(wrong()),
    };
    let seconds: f64 = number.trim().parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(seconds * unit).ok();
    time.filter(|time| time.as_secs() <= 3600).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(bytes: &[u8], before: Before) -> Piece {
        Piece { bytes: bytes.to_vec(), before }
    }

    #[test]
    fn a_text_says_which_bytes_and_when() {
        let text = "# one\n\"GE\" # two\n54\n\npause 50ms # three\n\"# no comment\"\nsplit\n81\nwait\n\"x\"\nend\n# four\n";
        let pieces = vec![
            piece(b"GET", Before::Split),
            piece(b"# no comment", Before::Pause(Duration::from_millis(50))),
            piece(b"\x81", Before::Split),
            piece(b"x", Before::Wait),
        ];
        let script = Script::parse(text).expect("a good script");
        assert_eq!(script, Script { pieces, end: true });
        assert_eq!(script.bytes(), b"GET# no comment\x81x");
        assert_eq!(Script::parse(""), Ok(Script::default()));
    }

    #[test]
    fn bytes_are_cut_where_one_likes() {
        let cut = |at: &[usize]| {
            Script::cut(b"abcd", at, false).pieces.into_iter().map(|piece| piece.bytes).collect::<Vec<_>>()
        };
        assert_eq!(cut(&[]), [b"abcd"]);
        assert_eq!(cut(&[0, 1, 1, 3, 4]), [&b"a"[..], b"bc", b"d"]);
        assert_eq!(
            Script::whole(b"ab".to_vec(), true),
            Script { pieces: vec![piece(b"ab", Before::Split)], end: true }
        );
    }

    #[test]
    fn a_wrong_line_is_told_with_its_number() {
        for (text, why) in [
            ("\n81 5", "line 2: 5: a byte is two hex digits"),
            ("\"open", "line 1: a closing quote"),
            ("pause", "line 1: \"\" is no time"),
            ("pause 50", "write 50ms"),
            ("pause -1s", "no time"),
            ("pause 2000h", "no time"),
            ("split 3", "split stands alone, without 3"),
            ("end\n81", "line 2: behind end"),
            ("end\nsplit", "line 2: end is the last"),
            ("hello", "nor text in"),
        ] {
            let said = Script::parse(text).expect_err(text);
            assert!(said.contains(why) && said.lines().count() == 1, "{text}: {said}");
        }
    }
}
