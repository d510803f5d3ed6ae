//! Frames that are right but for what the input wants wrong. Random bytes are hardly ever a frame, and the mask makes
//! noise of any text. So an input holds frames in a short form, payload readable, and what goes over the wire is made
//! from it.

use arbitrary::Unstructured;
use frames::{Role, mask};

use crate::cuts::byte;

/// All frames of an input as bytes on the wire, for `role` to receive. Each stands in the input as
///
/// - its first byte (FIN, RSV, opcode); the letters `t` and `b` stand for a whole text and whole bytes;
/// - a byte that says what is done to it, see `frame` below; any other than those there: nothing;
/// - the length of its payload, in one byte; and the payload.
///
/// Nothing is judged: any input is some frames.
pub fn frames(input: &mut Unstructured<'_>, role: Role) -> Vec<u8> {
    let mut wire = Vec::new();
    while !input.is_empty() {
        frame(input, role == Role::Server, &mut wire);
    }
    wire
}

fn frame(input: &mut Unstructured<'_>, masked: bool, wire: &mut Vec<u8>) {
    let first = match byte(input) {
        b't' => 0x81,
        b'b' => 0x82,
        first => first,
    };
    let how = byte(input);
    let length = usize::from(byte(input)).min(input.len());
    let payload = input.bytes(length).unwrap_or_default();
    let minimal = |payload: &[u8]| Length::minimal(payload.len() as u64);
    let times = |least: usize| payload.repeat(least.div_ceil(payload.len().max(1)));
    match how {
        // Just these bytes.
        b'r' => wire.extend_from_slice(payload),
        // A payload that needs 16 bits for its length, or 64.
        b'm' => put(first, masked, minimal(&times(126)), &times(126), wire),
        b'l' => put(first, masked, minimal(&times(1 << 16)), &times(1 << 16), wire),
        // A length in more bits than it may have.
        b's' => put(first, masked, Length::Medium(payload.len() as u16), payload, wire),
        b'x' => put(first, masked, Length::Long(payload.len() as u64), payload, wire),
        // The payload's first bytes are what the header says is its length: a lie.
        b'd' => {
            let mut declared = [0; 8];
            let (said, payload) = payload.split_at(payload.len().min(8));
            declared[..said.len()].copy_from_slice(said);
            put(first, masked, Length::minimal(u64::from_be_bytes(declared)), payload, wire);
        }
        // Masked where it must not be, or not where it must.
        b'u' => put(first, !masked, minimal(payload), payload, wire),
        _ => put(first, masked, minimal(payload), payload, wire),
    }
}

/// A length as it stands on the wire.
#[derive(Clone, Copy)]
enum Length {
    Short(u8),
    Medium(u16),
    Long(u64),
}

impl Length {
    fn minimal(length: u64) -> Length {
        match length {
            0..=125 => Length::Short(length as u8),
            126..=0xffff => Length::Medium(length as u16),
            _ => Length::Long(length),
        }
    }
}

fn put(first: u8, masked: bool, length: Length, payload: &[u8], wire: &mut Vec<u8>) {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mask_bit = u8::from(masked) << 7;
    wire.push(first);
    match length {
        Length::Short(length) => wire.push(mask_bit | length),
        Length::Medium(length) => {
            wire.push(mask_bit | 126);
            wire.extend_from_slice(&length.to_be_bytes());
        }
        Length::Long(length) => {
            wire.push(mask_bit | 127);
            wire.extend_from_slice(&length.to_be_bytes());
        }
    }
    if masked {
        wire.extend_from_slice(&KEY);
    }
    let at = wire.len();
    wire.extend_from_slice(payload);
    if masked {
        mask(&mut wire[at..], KEY, 0);
    }
}
