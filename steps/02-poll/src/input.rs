//! Input: one read buffer for all, and the carry for what a message left over.
//!
//! Ten thousand idle connections with a buffer each would hold 640 MB for nothing. There is one thread, so
//! there is one buffer, lent to whoever has bytes. Only what a protocol could not use yet (half a line, half
//! a frame header) is copied out of it, into the connection's own carry.

use std::io;

use crate::ConnId;
use crate::stream::Stream;

/// The shared buffer's size. Measured: 16 KiB and 512 KiB both lose; the one costs more calls, the other
/// falls out of the processor's cache.
pub(crate) const READ_BUFFER: usize = 64 * 1024;

/// A carry up to this size is copied in front of the new bytes. A larger one is not moved any more: the
/// bytes are read behind it, so that a head that comes byte by byte costs linear time.
const SMALL_CARRY: usize = 1024;

/// What a connection could not use yet. The pointer is all that a connection without one owns.
pub(crate) type Carry = Option<Box<Vec<u8>>>;

pub(crate) struct Input {
    shared: Box<[u8]>,
}

/// What one read brought.
pub(crate) struct Arrived {
    /// New bytes; none means the peer sends no more.
    pub count: usize,
    /// Whether the read filled all it was given, so that more may be waiting.
    pub filled: bool,
}

impl Input {
    pub fn new() -> Input {
        Input { shared: vec![0; READ_BUFFER].into_boxed_slice() }
    }

    /// One read from the stream. Shows all bytes not used yet to `data`, and keeps what it does not use.
    pub fn read<S: Stream>(
        &mut self,
        id: ConnId,
        stream: &mut S,
        carry: &mut Carry,
        data: impl FnOnce(&mut [u8]) -> usize,
    ) -> io::Result<Arrived> {
        if let Some(long) = carry.as_mut().filter(|carry| carry.len() > SMALL_CARRY) {
            let kept = long.len();
            let arrived = read_behind(long, stream)?;
            if arrived.count > 0 {
                log_bytes(id, "in ", &long[kept..]);
                show_carry(carry, data);
            }
            return Ok(arrived);
        }
        let kept = carry.as_ref().map_or(0, |carry| carry.len());
        if let Some(carry) = carry {
            self.shared[..kept].copy_from_slice(carry);
        }
        let count = stream.read(&mut self.shared[kept..])?;
        let bytes = &mut self.shared[..kept + count];
        if count > 0 {
            log_bytes(id, "in ", &bytes[kept..]);
            let used = data(bytes);
            keep(carry, &bytes[used.min(bytes.len())..]);
        }
        Ok(Arrived { count, filled: kept + count == self.shared.len() })
    }

    /// Reads and throws away.
    pub fn discard<S: Stream>(&mut self, stream: &mut S) -> io::Result<usize> {
        stream.read(&mut self.shared)
    }
}

/// Reads behind a long carry, which stays where it is.
fn read_behind<S: Stream>(long: &mut Vec<u8>, stream: &mut S) -> io::Result<Arrived> {
    let kept = long.len();
    let room = kept.clamp(4 * 1024, READ_BUFFER);
    long.resize(kept + room, 0);
    let result = stream.read(&mut long[kept..]);
    long.truncate(kept + result.as_ref().map_or(0, |count| *count));
    result.map(|count| Arrived { count, filled: count == room })
}

/// Shows bytes that were held back, without new ones.
pub(crate) fn show_carry(carry: &mut Carry, data: impl FnOnce(&mut [u8]) -> usize) {
    let Some(bytes) = carry else { return };
    let used = data(bytes);
    bytes.drain(..used.min(bytes.len()));
    if bytes.is_empty() {
        *carry = None;
    } else if bytes.len() <= SMALL_CARRY {
        // What is left of a long one may stay for long.
        bytes.shrink_to_fit();
    }
}

fn keep(carry: &mut Carry, rest: &[u8]) {
    match carry {
        _ if rest.is_empty() => *carry = None,
        Some(carry) => {
            carry.clear();
            carry.extend_from_slice(rest);
        }
        None => *carry = Some(Box::new(rest.to_vec())),
    }
}

/// At level trace, the bytes themselves, sixteen to a line.
#[inline]
pub(crate) fn log_bytes(id: ConnId, direction: &str, bytes: &[u8]) {
    if log::log_enabled!(log::Level::Trace) {
        log_lines(id, direction, bytes);
    }
}

/// Apart: every message asks whether it is to be logged, and hardly one is.
#[cold]
fn log_lines(id: ConnId, direction: &str, bytes: &[u8]) {
    for (line, sixteen) in bytes.chunks(16).enumerate() {
        let hex: String = sixteen.iter().map(|byte| format!("{byte:02x} ")).collect();
        let text: String = sixteen.iter().map(|&byte| printable(byte)).collect();
        log::trace!("{id} {direction} {:05x}  {hex:48} {text}", line * 16);
    }
}

fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { byte as char } else { '.' }
}

#[cfg(test)]
mod tests;
