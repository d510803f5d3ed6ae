//! The options of a TCP header (RFC 9293 §3.2, RFC 7323, RFC 2018): what the two sides tell each other about themselves.

use std::fmt;

/// The options that were found. Those of the SYN hold for the whole connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Maximum segment size: the most payload that one segment to me may carry. Only with SYN.
    pub maximum_segment_size: Option<u16>,
    /// My windows are to be shifted left by so many bits. Only with SYN, and only if both sides say it (RFC 7323 §2).
    pub window_scale: Option<u8>,
    /// I understand selective acknowledgments. Only with SYN.
    pub sack_permitted: bool,
    /// What has come behind a hole: from the first number up to, not with, the second (RFC 2018 §3).
    pub sack: Vec<(u32, u32)>,
    /// My clock, and what yours said in the segment that I answer (RFC 7323 §3).
    pub timestamps: Option<(u32, u32)>,
    /// The kinds that this decoder does not know. They can be skipped, since each tells its length.
    pub unknown: Vec<u8>,
    /// An option told a length that cannot be. What stands behind it is not read.
    pub broken: Option<Broken>,
}

/// An option whose length is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which option.
    pub kind: u8,
    /// What it says that its length is; `None` where the header ends before that byte.
    pub length: Option<u8>,
}

/// The largest shift that RFC 7323 §2.3 allows; a larger one counts as this.
pub const MAX_WINDOW_SCALE: u8 = 14;

impl Options {
    /// Reads the bytes between the fixed header and the payload.
    ///
    /// Kind 0 ends the list, kind 1 is padding, and all others are: kind, length (both included), value.
    pub fn parse(mut bytes: &[u8]) -> Self {
        let mut options = Self::default();
        while let [kind, rest @ ..] = bytes {
            match kind {
                0 => break,
                1 => bytes = rest,
                &kind => {
                    let length = rest.first().copied();
                    let value = length.and_then(|length| bytes.get(2..usize::from(length)));
                    let Some(value) = value.filter(|value| options.take(kind, value)) else {
                        options.broken = Some(Broken { kind, length });
                        break;
                    };
                    bytes = &bytes[2 + value.len()..];
                }
            }
        }
        options
    }

    /// Takes one option; false when its value has not the length that its kind must have.
    fn take(&mut self, kind: u8, value: &[u8]) -> bool {
        match (kind, value) {
            (2, &[high, low]) => self.maximum_segment_size = Some(u16::from_be_bytes([high, low])),
            (3, &[shift]) => self.window_scale = Some(shift.min(MAX_WINDOW_SCALE)),
            (4, []) => self.sack_permitted = true,
            (5, blocks) if !blocks.is_empty() && blocks.len().is_multiple_of(8) => {
                self.sack = blocks.chunks_exact(8).map(two_numbers).collect();
            }
            (8, value) if value.len() == 8 => self.timestamps = Some(two_numbers(value)),
            (2..=5 | 8, _) => return false,
            (kind, _) => self.unknown.push(kind),
        }
        true
    }
}

fn two_numbers(eight: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes([eight[at], eight[at + 1], eight[at + 2], eight[at + 3]]);
    (number(0), number(4))
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Some(length) => {
                write!(f, "option {} says that its length is {length}, which cannot be", self.kind)
            }
            None => write!(f, "option {} is cut off", self.kind),
        }
    }
}

#[cfg(test)]
mod tests;
