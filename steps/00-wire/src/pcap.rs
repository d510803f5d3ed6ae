//! Capture files as tcpdump writes them and Wireshark opens them: a header of 24 bytes, then each packet behind a header of
//! 16 (<https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/>).

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use crate::link;

/// The first four bytes, in the byte order of the machine that wrote the file: times in microseconds.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
/// The same with times in nanoseconds.
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// The first four bytes of the newer form, which Wireshark writes unless told otherwise.
const PCAPNG: u32 = 0x0a0d_0d0a;
/// No packet is longer; tcpdump's MAXIMUM_SNAPLEN.
const LONGEST: u32 = 262_144;

/// Reads packets one after the other.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    big_endian: bool,
    nanoseconds: bool,
    link_type: u32,
    packets: usize,
}

/// One packet of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it was seen, since 1970.
    pub at: Duration,
    /// What was kept of it, with the link's header.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be read, or not on.
#[derive(Debug)]
pub enum Error {
    /// The system says no.
    Io(io::Error),
    /// Not a capture at all.
    NotPcap,
    /// The newer form.
    Pcapng,
    /// A link type that nobody here knows.
    Link(u32),
    /// The file ends in the middle of this packet, the first being 1.
    Truncated(usize),
    /// This packet tells a length that cannot be.
    Length(usize, u32),
}

impl<R: Read> Reader<R> {
    /// Reads the header of the file.
    ///
    /// # Errors
    /// When it is not one, or of a kind that is not known here.
    pub fn new(mut source: R) -> Result<Self, Error> {
        let mut header = [0; 24];
        let length = fill(&mut source, &mut header)?;
        let magic: [u8; 4] = *header.first_chunk().expect("24 bytes");
        if length >= 4 && u32::from_be_bytes(magic) == PCAPNG {
            return Err(Error::Pcapng);
        }
        let (big_endian, nanoseconds) = match (u32::from_be_bytes(magic), u32::from_le_bytes(magic)) {
            (MICROSECONDS, _) => (true, false),
            (NANOSECONDS, _) => (true, true),
            (_, MICROSECONDS) => (false, false),
            (_, NANOSECONDS) => (false, true),
            _ => return Err(Error::NotPcap),
        };
        if length < header.len() {
            return Err(Error::NotPcap);
        }
        let mut reader = Self { source, big_endian, nanoseconds, link_type: 0, packets: 0 };
        // The upper bits say something about checksums of frames.
        reader.link_type = reader.number(&header, 20) & 0x0fff_ffff;
        if !link::is_known(reader.link_type) {
            return Err(Error::Link(reader.link_type));
        }
        Ok(reader)
    }

    /// What stands before the IP header: see [`link::ip`].
    pub fn link_type(&self) -> u32 {
        self.link_type
    }

    /// The next packet; `None` at the end of the file.
    ///
    /// # Errors
    /// When the file is cut off or damaged.
    pub fn record(&mut self) -> Result<Option<Record>, Error> {
        let mut header = [0; 16];
        match fill(&mut self.source, &mut header)? {
            0 => return Ok(None),
            16 => self.packets += 1,
            _ => return Err(Error::Truncated(self.packets + 1)),
        }
        let [seconds, fraction, kept] = [0, 4, 8].map(|at| self.number(&header, at));
        if kept > LONGEST {
            return Err(Error::Length(self.packets, kept));
        }
        let mut bytes = vec![0; kept as usize];
        if fill(&mut self.source, &mut bytes)? < bytes.len() {
            return Err(Error::Truncated(self.packets));
        }
        let nanoseconds = if self.nanoseconds { u64::from(fraction) } else { u64::from(fraction) * 1000 };
        let at = Duration::from_secs(seconds.into()) + Duration::from_nanos(nanoseconds);
        Ok(Some(Record { at, bytes }))
    }

    fn number(&self, bytes: &[u8], at: usize) -> u32 {
        let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    }
}

/// Reads until the buffer is full or the source ends. Returns how many bytes there were.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut length = 0;
    while length < buffer.len() {
        match source.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Io(error)),
        }
    }
    Ok(length)
}

/// Writes IP packets: link type 101, times in microseconds, the lower byte first.
#[derive(Debug)]
pub struct Writer<W> {
    target: W,
}

impl<W: Write> Writer<W> {
    /// Writes the header of the file.
    ///
    /// # Errors
    /// Those of the target.
    pub fn new(mut target: W) -> io::Result<Self> {
        let mut header = Vec::with_capacity(24);
        header.extend(MICROSECONDS.to_le_bytes());
        header.extend([2, 0, 4, 0]); // version 2.4
        header.extend([0; 8]); // two fields that were never used
        header.extend(LONGEST.to_le_bytes());
        header.extend(link::RAW.to_le_bytes());
        target.write_all(&header)?;
        Ok(Self { target })
    }

    /// Adds a packet, with one write: whoever is killed between two packets leaves a file that can be read.
    ///
    /// # Errors
    /// Those of the target.
    pub fn write(&mut self, at: Duration, packet: &[u8]) -> io::Result<()> {
        // A packet is never longer than 64 KiB, and the format's clock ends in 2106.
        let length = (packet.len() as u32).to_le_bytes();
        let mut record = Vec::with_capacity(16 + packet.len());
        record.extend((at.as_secs() as u32).to_le_bytes());
        record.extend(at.subsec_micros().to_le_bytes());
        record.extend(length); // kept
        record.extend(length); // sent
        record.extend(packet);
        self.target.write_all(&record)?;
        self.target.flush()
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotPcap => f.write_str("not a capture in pcap form, as `tcpdump -w` writes it"),
            Self::Pcapng => f.write_str(
                "this is pcapng; `editcap -F pcap IN OUT` or `tcpdump -r IN -w OUT` makes a pcap file of it",
            ),
            Self::Link(number) => write!(f, "captured on a link of type {number}, which is not known here"),
            Self::Truncated(packet) => write!(f, "the file ends in the middle of packet {packet}"),
            Self::Length(packet, length) => {
                write!(f, "packet {packet} says that it has {length} bytes; the file is damaged")
            }
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
