//! The picture: time runs down, the client stands on the left, the server on the right, each segment is an arrow.

use std::time::Duration;

use crate::checksum::Verdict;
use crate::conversation::Seen;
use crate::notes::Side;
use crate::options::Options;
use crate::segment::Segment;
use crate::tcp::Flags;

/// The narrowest picture that can be read.
pub const NARROWEST: usize = 40;
/// How far the lines go at most: arrows across a wide terminal are hard to follow.
pub const WIDEST: usize = 100;
/// The time and the space behind it.
const TIME: usize = 11;

/// Draws segments one after the other.
#[derive(Debug)]
pub struct Drawing {
    width: usize,
    verbose: bool,
    first: Option<Duration>,
    conversation: Option<usize>,
    told_unfinished: bool,
}

impl Drawing {
    /// A picture for a terminal of `width` columns. `verbose` shows each field of the headers as it was sent.
    pub fn new(width: usize, verbose: bool) -> Self {
        let width = width.clamp(NARROWEST, WIDEST);
        Self { width, verbose, first: None, conversation: None, told_unfinished: false }
    }

    /// The lines for one segment that was seen `at` this time. The first one is time 0.
    pub fn draw(&mut self, at: Duration, segment: &Segment<'_>, seen: &Seen) -> String {
        let first = *self.first.get_or_insert(at);
        let mut lines = Vec::new();
        if self.conversation.replace(seen.conversation) != Some(seen.conversation) {
            lines.extend(self.heading(seen));
        }
        let (mut parts, mut details) = (parts(segment, seen), Vec::new());
        // What does not fit into the arrow goes below it.
        while !parts.is_empty() && parts.join("  ").len() > self.width - TIME - "|---  --->|".len() {
            details.insert(0, parts.pop().expect("there is one"));
        }
        // A packet that was captured out of order lies before the first.
        let time = at.saturating_sub(first);
        lines.push(format!("{} {}", clock(time), self.arrow(seen.from, &parts.join("  "))));
        let mut below = if details.is_empty() { Vec::new() } else { vec![details.join("  ")] };
        below.extend(self.details(segment, seen));
        lines.extend(below.iter().flat_map(|text| self.wrapped(text)));
        if let Some(end) = seen.end {
            lines.extend(self.wrapped(&end.to_string()));
        }
        lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// Who talks. The number tells conversations apart that run side by side.
    fn heading(&self, seen: &Seen) -> Vec<String> {
        let (client, server) = (format!("client {}", seen.client), format!("server {}", seen.server));
        let mut lines = vec![format!("conversation {}", seen.conversation)];
        let room = self.width - TIME;
        if client.len() + server.len() + 2 <= room {
            lines.push(format!("{:TIME$}{client}{server:>1$}", "", room - client.len()));
        } else {
            // A long IPv6 address is wider than a narrow terminal.
            lines.extend(pieces(&client, self.width));
            lines.extend(pieces(&server, self.width).map(|piece| format!("{piece:>0$}", self.width)));
        }
        lines
    }

    fn arrow(&self, from: Side, label: &str) -> String {
        let room = self.width - TIME - "|---  |".len();
        match from {
            Side::Client => format!("|--- {label} {:->1$}|", ">", room.saturating_sub(label.len())),
            Side::Server => format!("|{:-<1$} {label} ---|", "<", room.saturating_sub(label.len())),
        }
    }

    /// Cut between words, so that it stays between the two lines.
    fn wrapped(&self, text: &str) -> Vec<String> {
        let indent = format!("{:TIME$}|    ", "");
        let room = self.width - indent.len() - 1;
        let mut lines = vec![String::new()];
        for mut word in text.split(' ') {
            loop {
                let line = lines.last_mut().expect("there is one");
                let space = usize::from(!line.is_empty());
                if line.len() + space + word.len() <= room {
                    line.push_str(&" "[..space]);
                    line.push_str(word);
                    break;
                }
                if line.is_empty() {
                    // A word longer than a line.
                    line.push_str(&word[..room]);
                    word = &word[room..];
                }
                lines.push(String::new());
            }
        }
        lines.iter().map(|line| format!("{indent}{line:<room$}|")).collect()
    }

    fn details(&mut self, segment: &Segment<'_>, seen: &Seen) -> Vec<String> {
        let header = &segment.header;
        let mut all = Vec::new();
        if header.flags.has(Flags::SYN) || self.verbose {
            all.extend(options(&header.options));
        }
        if !header.options.sack.is_empty() {
            all.push(sack(segment, seen));
        }
        all.extend(header.options.broken.map(|broken| broken.to_string()));
        if !seen.words.is_empty() {
            all.push(seen.words.clone());
        }
        all.extend(seen.notes.iter().map(|note| note.to_string()));
        match segment.checksum {
            Verdict::Wrong { right } => {
                all.push(format!("checksum {:#06x} is wrong, {right:#06x} would be right", header.checksum));
            }
            // Every segment on loopback is so.
            Verdict::Unfinished if !self.told_unfinished => {
                self.told_unfinished = true;
                all.push(format!(
                    "checksum {:#06x} covers the addresses only: the rest is left to the network card, and loopback has none \
                     (told once)",
                    header.checksum
                ));
            }
            _ => {}
        }
        if !segment.ip_checksum_is_right {
            all.push("the checksum of the IP header is wrong".into());
        }
        if segment.payload.len() < segment.length {
            all.push(format!("{} of {} bytes were captured", segment.payload.len(), segment.length));
        }
        if self.verbose {
            all.push(format!(
                "as sent: seq {}  ack {}  window {}  checksum {:#06x}  header {} bytes  hop limit {}",
                header.sequence_number,
                header.acknowledgment_number,
                header.window,
                header.checksum,
                header.length,
                segment.hop_limit
            ));
        }
        all
    }
}

/// Seconds and microseconds, in the room that there is: after 1000 s, with fewer digits behind the point.
fn clock(time: Duration) -> String {
    let mut text = format!("{}.{:06}", time.as_secs(), time.subsec_micros());
    text.truncate(TIME - 1);
    format!("{:>1$}", text.trim_end_matches('.'), TIME - 1)
}

/// Cut after every so many characters; the text is ASCII.
fn pieces(text: &str, width: usize) -> impl Iterator<Item = String> {
    text.as_bytes().chunks(width).map(|piece| String::from_utf8_lossy(piece).into_owned())
}

/// What stands in the arrow.
fn parts(segment: &Segment<'_>, seen: &Seen) -> Vec<String> {
    let mut parts = vec![segment.header.flags.to_string(), format!("seq {}", seen.sequence_number)];
    match segment.length {
        0 => {}
        1 => parts.push("1 byte".into()),
        length => parts.push(format!("{length} bytes")),
    }
    parts.extend(seen.acknowledgment_number.map(|number| format!("ack {number}")));
    if !segment.header.flags.has(Flags::RST) {
        parts.push(format!("window {}", seen.window));
    }
    parts
}

fn options(options: &Options) -> Option<String> {
    let mut said = Vec::new();
    said.extend(options.maximum_segment_size.map(|size| format!("MSS {size}")));
    said.extend(options.window_scale.map(|shift| format!("window scale {shift}")));
    if options.sack_permitted {
        said.push("SACK permitted".into());
    }
    said.extend(options.timestamps.map(|(mine, yours)| format!("timestamps {mine} {yours}")));
    said.extend(options.unknown.iter().map(|kind| format!("option {kind}")));
    (!said.is_empty()).then(|| said.join(", "))
}

/// Blocks are told relative to the acknowledgment number, which counts the same bytes.
fn sack(segment: &Segment<'_>, seen: &Seen) -> String {
    let here = segment.header.acknowledgment_number;
    let place =
        |number: u32| seen.acknowledgment_number.unwrap_or(0) + i64::from(number.wrapping_sub(here) as i32);
    let blocks = segment.header.options.sack.iter();
    let blocks: Vec<String> =
        blocks.map(|&(from, to)| format!("{} to {}", place(from), place(to).wrapping_sub(1))).collect();
    format!("SACK: has come too: {}", blocks.join(", "))
}

#[cfg(test)]
mod tests;
