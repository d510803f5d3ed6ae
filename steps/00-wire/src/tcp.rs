//! The TCP header (RFC 9293 §3.1).

use std::fmt;

use crate::options::Options;

/// The header of a TCP segment. The names are the RFC's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The number of the first payload byte; with SYN the initial sequence number, and the first byte has the next.
    pub sequence_number: u32,
    /// With ACK: the number of the byte that the sender of this segment waits for. All before it have come.
    pub acknowledgment_number: u32,
    /// The header's length in bytes, options included. In the header it is counted in words of 32 bits.
    pub length: usize,
    /// SYN, ACK and the others.
    pub flags: Flags,
    /// How many bytes from the acknowledgment number on the sender of this segment has room for, before scaling.
    pub window: u16,
    /// Covers the header, the payload and the addresses; see [`crate::checksum`].
    pub checksum: u16,
    /// What stands behind the fixed 20 bytes.
    pub options: Options,
}

/// The control bits: one bit each, in the order of the header, the lowest last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Flags(pub u8);

/// Why these bytes are no TCP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the header does.
    Truncated,
    /// The data offset is less than the fixed header, or more than the whole segment.
    DataOffset,
}

impl Header {
    /// Reads the header at the beginning of a segment of `length` bytes, of which `bytes` were captured.
    ///
    /// # Errors
    /// When the bytes end too early, or when the data offset cannot be.
    pub fn parse(bytes: &[u8], length: usize) -> Result<Self, Error> {
        // ANCHOR: parse
        let fixed: &[u8; 20] = bytes.first_chunk().ok_or(Error::Truncated)?;
        let two = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let four = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let data_offset = usize::from(fixed[12] >> 4) * 4;
        if data_offset < 20 || data_offset > length {
            return Err(Error::DataOffset);
        }
        let options = bytes.get(20..data_offset).ok_or(Error::Truncated)?;
        Ok(Self {
            source_port: two(0),
            destination_port: two(2),
            sequence_number: four(4),
            acknowledgment_number: four(8),
            length: data_offset,
            flags: Flags(fixed[13]),
            window: two(14),
            checksum: two(16),
            options: Options::parse(options),
        })
        // ANCHOR_END: parse
    }
}

impl Flags {
    /// No more will come from this side.
    pub const FIN: Self = Self(0x01);
    /// The first segment of each side.
    pub const SYN: Self = Self(0x02);
    /// There is no such connection (any more).
    pub const RST: Self = Self(0x04);
    /// Hand it to the program, nothing more follows at once.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment number counts. In every segment but the first.
    pub const ACK: Self = Self(0x10);
    /// There are urgent data. Hardly used any more.
    pub const URG: Self = Self(0x20);
    /// Congestion was seen on the way (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// The sender has slowed down for it (RFC 3168).
    pub const CWR: Self = Self(0x80);

    /// Whether this flag is set.
    pub fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }
}

impl fmt::Display for Flags {
    /// As people say them: `SYN, ACK`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::SYN, "SYN"),
            (Self::FIN, "FIN"),
            (Self::RST, "RST"),
            (Self::PSH, "PSH"),
            (Self::URG, "URG"),
            (Self::ACK, "ACK"),
            (Self::ECE, "ECE"),
            (Self::CWR, "CWR"),
        ];
        let set: Vec<&str> =
            names.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| *name).collect();
        f.pad(&if set.is_empty() { "no flag".to_string() } else { set.join(", ") })
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the TCP header is cut off",
            Self::DataOffset => "a TCP header whose data offset cannot be",
        })
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
