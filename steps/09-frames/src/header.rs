//! The frame header: everything before the payload, read and written.

use std::fmt;

use crate::{FrameError, mask};

/// The longest header in bytes: two, a 64-bit length, a masking key.
pub const MAX_HEADER: usize = 14;

/// A frame header (RFC 6455 §5.2).
///
/// ```
/// use frames::{Header, Opcode};
///
/// let header = Header::new(Opcode::Text, 5);
/// let mut wire = Vec::new();
/// header.write(&mut wire);
/// wire.extend_from_slice(b"Hello");
/// assert_eq!(wire, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
/// assert_eq!(Header::parse(&wire), Ok(Some((header, 2))));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// "Indicates that this is the final fragment in a message."
    pub fin: bool,
    /// Bits that mean nothing unless an extension was negotiated. The codec reports them; rung 10 judges.
    pub rsv: Rsv,
    /// What the payload is.
    pub opcode: Opcode,
    /// The MASK bit and the masking key in one: a frame has a key exactly when the bit is set.
    pub masking_key: Option<[u8; 4]>,
    /// Payload length in bytes, at most 2^63 - 1.
    pub length: u64,
}

impl Header {
    /// The header of a frame that is a whole message, or a control frame, as a server sends it: FIN set,
    /// no RSV bit, no masking key.
    pub const fn new(opcode: Opcode, length: u64) -> Header {
        Header { fin: true, rsv: Rsv::NONE, opcode, masking_key: None, length }
    }

    /// Reads a header from the front of `bytes`: the header and its own length in bytes, or `None` while
    /// it is not whole. A header that can only turn out wrong is refused before it is whole.
    ///
    /// Not judged here: RSV (rung 10), and who must mask ([`Decoder`](crate::Decoder), which knows its
    /// role).
    ///
    /// # Errors
    /// [`FrameError`]: a reserved opcode, a fragmented or long control frame, a length that is not minimal
    /// or has its top bit set.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let fin = first & 0b1000_0000 != 0;
        let rsv = Rsv((first >> 4) & 0b111);
        let opcode = Opcode::from_bits(first & 0b1111)?;
        // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT
        // be fragmented."
        if opcode.is_control() && !fin {
            return Err(FrameError::FragmentedControl(opcode));
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let short = second & 0b0111_1111;
        if opcode.is_control() && short > 125 {
            return Err(FrameError::LongControl(opcode));
        }
        // ANCHOR: length
        let (length, used) = match short {
            126 => match bytes[2..].first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match bytes[2..].first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        // ANCHOR_END: length
        // RFC 6455 §5.2: "the most significant bit MUST be 0"
        if length >> 63 != 0 {
            return Err(FrameError::LengthTopBit(length));
        }
        // RFC 6455 §5.2: "in all cases, the minimal number of bytes MUST be used to encode the length, for
        // example, the length of a 124-byte-long string can't be encoded as the sequence 126, 0, 124."
        if used != length_field(length) {
            return Err(FrameError::LengthNotMinimal(length));
        }
        let masked = second & 0b1000_0000 != 0;
        if !masked {
            return Ok(Some((Header { fin, rsv, opcode, masking_key: None, length }, used)));
        }
        let Some(&key) = bytes[used..].first_chunk() else { return Ok(None) };
        Ok(Some((Header { fin, rsv, opcode, masking_key: Some(key), length }, used + 4)))
    }

    /// Appends the header to `out`. It writes what it is told, also what no peer may accept (a Ping of
    /// 126 bytes): those who test a peer need that.
    #[inline(always)] // As `write_frame`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let first = u8::from(self.fin) << 7 | self.rsv.0 << 4 | self.opcode as u8;
        let mask_bit = u8::from(self.masking_key.is_some()) << 7;
        match self.length {
            short @ 0..=125 => out.extend_from_slice(&[first, mask_bit | short as u8]),
            medium @ 126..=0xffff => {
                out.extend_from_slice(&[first, mask_bit | 126]);
                out.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                out.extend_from_slice(&[first, mask_bit | 127]);
                out.extend_from_slice(&long.to_be_bytes());
            }
        }
        if let Some(key) = self.masking_key {
            out.extend_from_slice(&key);
        }
    }
}

/// Appends a whole frame to `out`: `header` with the length of `payload`, and `payload`, masked when the
/// header has a key. The server sends without one: RFC 6455 §5.1: "A server MUST NOT mask any frames that
/// it sends to the client."
#[inline(always)] // Nearly everywhere it is known that the frame is whole and has no key: what is left then is short.
pub fn write_frame(header: Header, payload: &[u8], out: &mut Vec<u8>) {
    Header { length: payload.len() as u64, ..header }.write(out);
    let at = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = header.masking_key {
        mask(&mut out[at..], key, 0);
    }
}

/// Where the length ends, counted from the start of the header, when it is encoded as short as it can be.
fn length_field(length: u64) -> usize {
    match length {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// "Defines the interpretation of the "Payload data"." The values are those on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// One more fragment of the message that a Text or Binary frame without FIN began.
    Continuation = 0x0,
    /// A message in UTF-8, or its first fragment.
    Text = 0x1,
    /// A message of bytes, or its first fragment.
    Binary = 0x2,
    /// The end: status code and reason, answered by a Close frame.
    Close = 0x8,
    /// To be answered by a Pong frame with the same payload.
    Ping = 0x9,
    /// The answer to a Ping, or a sign of life of its own accord.
    Pong = 0xa,
}

impl Opcode {
    /// RFC 6455 §5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
    /// Connection_."
    pub(crate) fn from_bits(bits: u8) -> Result<Opcode, FrameError> {
        Ok(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xa => Opcode::Pong,
            reserved => return Err(FrameError::ReservedOpcode(reserved)),
        })
    }

    /// Close, Ping and Pong. RFC 6455 §5.5: "Control frames are identified by opcodes where the most
    /// significant bit of the opcode is 1."
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Opcode::Continuation => "continuation",
            Opcode::Text => "text",
            Opcode::Binary => "binary",
            Opcode::Close => "close",
            Opcode::Ping => "ping",
            Opcode::Pong => "pong",
        })
    }
}

/// The three reserved bits of a frame. RFC 6455 §5.2: "MUST be 0 unless an extension is negotiated that
/// defines meanings for non-zero values."
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rsv(u8);

impl Rsv {
    /// All three 0.
    pub const NONE: Rsv = Rsv(0b000);
    /// Only the first 1: "this message is compressed" to permessage-deflate (RFC 7692 §6).
    pub const RSV1: Rsv = Rsv(0b100);
    /// Only the second 1.
    pub const RSV2: Rsv = Rsv(0b010);
    /// Only the third 1.
    pub const RSV3: Rsv = Rsv(0b001);

    /// Whether every bit that is 1 here is 1 in `allowed` too.
    pub const fn within(self, allowed: Rsv) -> bool {
        self.0 & !allowed.0 == 0
    }
}

impl std::ops::BitOr for Rsv {
    type Output = Rsv;
    fn bitor(self, other: Rsv) -> Rsv {
        Rsv(self.0 | other.0)
    }
}

/// The three bits as they stand on the wire, RSV1 first: `100`.
impl fmt::Display for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03b}", self.0)
    }
}

#[cfg(test)]
mod tests;
