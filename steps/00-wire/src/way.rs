//! One direction of a conversation: what was sent, what was missed, what the other side has acknowledged.

use crate::notes::Note;
use crate::segment::Segment;
use crate::tcp::Flags;
use crate::words::Reader;

/// So many missing ranges are remembered.
const GAPS: usize = 16;

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// The initial sequence number, once it is known.
    pub initial: Option<u32>,
    /// The relative number behind the last one that was seen.
    pub next: i64,
    /// Up to here the other side has acknowledged.
    pub acknowledged: i64,
    /// Ranges below `next` that were not seen.
    pub gaps: Vec<(i64, i64)>,
    /// The relative number of the FIN.
    pub fin: Option<i64>,
    /// What the SYN said; `None` without a SYN or without the option.
    pub window_scale: Option<u8>,
    /// The last window that this side announced.
    pub window: Option<u64>,
    pub reader: Reader,
}

impl Way {
    /// The distance from the initial sequence number: the one number among all that are equal modulo 2^32 which is nearest
    /// to what was seen last (RFC 9293 §3.4: all arithmetic with these numbers is modulo 2^32).
    pub fn relative(&self, number: u32) -> i64 {
        let last = self.initial.unwrap_or(0).wrapping_add(self.next as u32);
        self.next + i64::from(number.wrapping_sub(last) as i32)
    }

    /// Takes the numbers that this segment uses up, of which `begin` is the first, relative. `no_room`: the other side's
    /// window is 0.
    ///
    /// True when all of them lie beyond what was seen: its payload has neither been sent before nor comes late.
    pub fn advance(
        &mut self,
        begin: i64,
        segment: &Segment<'_>,
        no_room: bool,
        notes: &mut Vec<Note>,
    ) -> bool {
        let flags = segment.header.flags;
        let numbers =
            segment.length as i64 + i64::from(flags.has(Flags::SYN)) + i64::from(flags.has(Flags::FIN));
        let end = begin + numbers;
        if flags.has(Flags::RST) {
            return false;
        }
        // RFC 9293 §3.8.4: an old number makes the other side answer. A byte that is not acknowledged is sent again instead.
        let plain = flags.0 & (Flags::SYN.0 | Flags::FIN.0) == 0;
        let all_has_come = self.acknowledged == self.next;
        if plain && segment.length <= 1 && begin == self.next - 1 && all_has_come {
            notes.push(if no_room { Note::WindowProbe } else { Note::KeepAlive });
            return false;
        }
        if numbers == 0 {
            return false;
        }
        let (in_order, after_gap) = (begin == self.next, begin > self.next);
        if after_gap {
            notes.push(Note::Gap(begin - self.next));
            if self.gaps.len() < GAPS {
                self.gaps.push((self.next, begin));
            }
            self.reader.lose();
        } else if !in_order {
            notes.push(if self.fills_gap(begin, end) {
                Note::FillsGap
            } else if end <= self.next {
                Note::Retransmission
            } else {
                Note::PartlySentBefore(self.next - begin)
            });
        }
        self.next = self.next.max(end);
        in_order || after_gap
    }

    /// Takes the range out of what is missing; false when none of it was.
    fn fills_gap(&mut self, begin: i64, end: i64) -> bool {
        let mut left = Vec::new();
        let mut fills = false;
        for &(from, to) in &self.gaps {
            if end <= from || to <= begin {
                left.push((from, to));
                continue;
            }
            fills = true;
            left.extend([(from, begin), (end, to)].into_iter().filter(|(from, to)| from < to));
        }
        self.gaps = left;
        fills
    }
}

#[cfg(test)]
mod tests;
