//! What a server did to a connection, in the words of the story.

use std::fmt;
use std::time::Duration;

use crate::talk::Head;

/// What it did in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// An answer, and it went on listening.
    Answered(u16),
    /// An answer, then FIN.
    AnsweredAndClosed(u16),
    /// A Close frame, with or without FIN behind it.
    CloseFrame(u16),
    /// FIN, and no word that we know.
    Closed,
    /// RST.
    Reset,
    /// Nothing: the connection stands.
    Kept,
    /// The connection did not come about.
    NotTaken,
}

/// What one peer has seen of the server.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The first bytes, as far as an answer's status needs them.
    pub first: Vec<u8>,
    /// The last ones: a Close frame with the longest reason fits.
    pub last: Vec<u8>,
    pub received: u64,
    /// When the first byte came; since the peer's own start.
    pub first_at: Option<Duration>,
    pub end: Option<(End, Duration)>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Fin,
    Reset,
}

const FIRST: usize = 512;
/// A Close frame: two bytes of header, at most 125 of payload.
const LAST: usize = 127;

impl Seen {
    pub fn bytes(&mut self, bytes: &[u8], at: Duration) {
        self.first_at.get_or_insert(at);
        self.received += bytes.len() as u64;
        let room = FIRST.saturating_sub(self.first.len()).min(bytes.len());
        self.first.extend_from_slice(&bytes[..room]);
        self.last.extend_from_slice(&bytes[bytes.len().saturating_sub(LAST)..]);
        let surplus = self.last.len().saturating_sub(LAST);
        self.last.drain(..surplus);
    }

    /// In short, and when.
    pub fn deed(&self) -> (Deed, Option<Duration>) {
        let status = Head::parse(&self.first).map(|head| head.status);
        let end = self.end.map(|(end, at)| (end, Some(at)));
        match (self.close_code(), status, end) {
            (Some(code), _, end) => (Deed::CloseFrame(code), end.map_or(self.first_at, |(_, at)| at)),
            (None, Some(status), Some((End::Fin, at))) => (Deed::AnsweredAndClosed(status), at),
            (None, Some(status), None) => (Deed::Answered(status), self.first_at),
            (None, _, Some((End::Reset, at))) => (Deed::Reset, at),
            (None, None, Some((End::Fin, at))) => (Deed::Closed, at),
            (None, None, None) => (Deed::Kept, None),
        }
    }

    /// The code of the Close frame that stands at the end of what came: nothing may follow one.
    fn close_code(&self) -> Option<u16> {
        (0..self.last.len().saturating_sub(1)).find_map(|at| match &self.last[at..] {
            [0x88, length, payload @ ..] if usize::from(*length) == payload.len() && *length != 1 => {
                Some(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)))
            }
            _ => None,
        })
    }
}

impl Deed {
    /// The server holds nothing any more, or soon: it has said its last word.
    pub fn is_end(self) -> bool {
        !matches!(self, Deed::Kept | Deed::Answered(_))
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deed::Answered(status) => write!(f, "answered {status}"),
            Deed::AnsweredAndClosed(status) => write!(f, "answered {status}, then closed"),
            Deed::CloseFrame(code) => write!(f, "Close {code}"),
            Deed::Closed => f.write_str("closed"),
            Deed::Reset => f.write_str("reset"),
            Deed::Kept => f.write_str("kept"),
            Deed::NotTaken => f.write_str("not taken"),
        }
    }
}

/// Each deed with how often and when: `48 answered 408, then closed after 1.0 s; 2 kept`.
pub fn summary(deeds: &[(Deed, Option<Duration>)]) -> String {
    let mut sorted = deeds.to_vec();
    sorted.sort();
    let groups = sorted.chunk_by(|one, other| one.0 == other.0).map(|group| {
        let times: Vec<Duration> = group.iter().filter_map(|(_, at)| *at).collect();
        let when = match (times.iter().min(), times.iter().max()) {
            // Who is let go at very different times has been let go "within" the last one.
            (Some(first), Some(last)) if last.saturating_sub(*first) > Duration::from_millis(250) => {
                format!(" after {} to {}", time(*first), time(*last))
            }
            (_, Some(last)) => format!(" after {}", time(*last)),
            _ => String::new(),
        };
        format!("{} {}{when}", group.len(), group[0].0)
    });
    groups.collect::<Vec<_>>().join("; ")
}

/// `0.3 ms`, `45 ms`, `1.2 s`
pub fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        0.0..0.01 => format!("{:.1} ms", seconds * 1e3),
        0.01..1.0 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// `1,234,567`
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// `4.1 MiB`
pub fn size(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use harness::Frame;

    use super::*;

    fn seen(pieces: &[&[u8]], end: Option<End>) -> Deed {
        let mut seen = Seen::default();
        pieces.iter().for_each(|piece| seen.bytes(piece, Duration::from_secs(1)));
        seen.end = end.map(|end| (end, Duration::from_secs(2)));
        seen.deed().0
    }

    #[test]
    fn a_deed_is_told_from_what_came() {
        let refused = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(seen(&[refused], Some(End::Fin)), Deed::AnsweredAndClosed(408));
        assert_eq!(seen(&[&refused[..20], &refused[20..]], None), Deed::Answered(408));
        assert_eq!(seen(&[], Some(End::Fin)), Deed::Closed);
        assert_eq!(seen(&[b"x"], Some(End::Reset)), Deed::Reset);
        assert_eq!(seen(&[b"x"], None), Deed::Kept);
    }

    #[test]
    fn a_close_frame_stands_at_the_end() {
        let echo = Frame::text("hello").unmasked().bytes();
        let close = Frame::close(1009, &"x".repeat(123)).unmasked().bytes();
        assert_eq!(seen(&[&echo, &close], Some(End::Fin)), Deed::CloseFrame(1009));
        let all = [vec![7; 500], close.clone()].concat();
        let bytes: Vec<&[u8]> = all.chunks(1).collect();
        assert_eq!(seen(&bytes, None), Deed::CloseFrame(1009));
        assert_eq!(seen(&[&[0x88, 0]], None), Deed::CloseFrame(1005));
        assert_eq!(seen(&[&close, &echo], None), Deed::Kept);
    }

    #[test]
    fn deeds_are_counted() {
        let second = |seconds: f64| Some(Duration::from_secs_f64(seconds));
        let deeds = [
            (Deed::Kept, None),
            (Deed::AnsweredAndClosed(408), second(1.0)),
            (Deed::AnsweredAndClosed(408), second(1.1)),
            (Deed::Reset, second(0.02)),
            (Deed::Reset, second(3.0)),
        ];
        assert_eq!(
            summary(&deeds),
            "2 answered 408, then closed after 1.1 s; 2 reset after 20 ms to 3.0 s; 1 kept"
        );
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1000, 1_234_567].map(count));
        assert_eq!(
            (time(Duration::from_micros(340)), size(2048), size(5 << 20)),
            ("0.3 ms".into(), "2 KiB".into(), "5.0 MiB".into())
        );
    }
}
