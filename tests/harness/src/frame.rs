//! One WebSocket frame, right or wrong: whatever a test wants to send can be said.
//!
//! Written for the tests alone. It shares no line with rung 09, which it checks.

use crate::show;

/// The frame's fields, RFC 6455 §5.2. The default is a final, masked, empty text frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The last frame of its message.
    pub fin: bool,
    /// RSV1, RSV2 and RSV3 as three bits: `0b100` is RSV1.
    pub rsv: u8,
    /// Four bits: [`CONTINUATION`], [`TEXT`], [`BINARY`], [`CLOSE`], [`PING`], [`PONG`], or a reserved one.
    pub opcode: u8,
    /// The masking key; `None` is an unmasked frame.
    pub mask: Option<[u8; 4]>,
    /// How many bits the length is written with.
    pub length: Length,
    /// The length that the header tells, when it is not the payload's.
    pub declared: Option<u64>,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

/// How a payload length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As the RFC wants it: the minimal number of bytes.
    Minimal,
    /// In the 7 bits of the second byte.
    Bits7,
    /// 126 and two bytes.
    Bits16,
    /// 127 and eight bytes.
    Bits64,
}

/// A frame that continues a message.
pub const CONTINUATION: u8 = 0x0;
/// A text message, or its first frame.
pub const TEXT: u8 = 0x1;
/// A binary message, or its first frame.
pub const BINARY: u8 = 0x2;
/// The close handshake.
pub const CLOSE: u8 = 0x8;
/// A ping.
pub const PING: u8 = 0x9;
/// A pong.
pub const PONG: u8 = 0xA;

/// The masking key of RFC 6455 §5.7: one that shows in a hex dump.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Frame {
    /// A final, masked frame.
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Frame {
        let (mask, payload) = (Some(MASK), payload.as_ref().to_vec());
        Frame { fin: true, rsv: 0, opcode, mask, length: Length::Minimal, declared: None, payload }
    }

    /// A text frame.
    pub fn text(text: &str) -> Frame {
        Frame::new(TEXT, text)
    }

    /// A binary frame.
    pub fn binary(bytes: impl AsRef<[u8]>) -> Frame {
        Frame::new(BINARY, bytes)
    }

    /// A continuation frame, the last of its message unless `not_final`.
    pub fn continuation(bytes: impl AsRef<[u8]>) -> Frame {
        Frame::new(CONTINUATION, bytes)
    }

    /// A ping.
    pub fn ping(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(PING, payload)
    }

    /// A pong.
    pub fn pong(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(PONG, payload)
    }

    /// A Close frame with a code and a reason.
    pub fn close(code: u16, reason: &str) -> Frame {
        Frame::new(CLOSE, [&code.to_be_bytes(), reason.as_bytes()].concat())
    }

    /// FIN is 0: more frames follow.
    pub fn not_final(mut self) -> Frame {
        self.fin = false;
        self
    }

    /// Sets the RSV bits: `0b100` is RSV1.
    pub fn rsv(mut self, bits: u8) -> Frame {
        self.rsv = bits;
        self
    }

    /// MASK is 0, as in a server's frames.
    pub fn unmasked(mut self) -> Frame {
        self.mask = None;
        self
    }

    /// Another masking key.
    pub fn masked_with(mut self, key: [u8; 4]) -> Frame {
        self.mask = Some(key);
        self
    }

    /// Writes the length with this many bits, minimal or not.
    pub fn length_in(mut self, length: Length) -> Frame {
        self.length = length;
        self
    }

    /// Tells a length that is not the payload's: the header of a frame whose payload never comes.
    pub fn declaring(mut self, length: u64) -> Frame {
        self.declared = Some(length);
        self
    }

    /// The frame as it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let length = self.declared.unwrap_or(self.payload.len() as u64);
        let mask = if self.mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![u8::from(self.fin) << 7 | (self.rsv & 7) << 4 | self.opcode & 15];
        match (self.length, length) {
            (Length::Bits7, _) | (Length::Minimal, 0..=125) => bytes.push(mask | (length & 0x7f) as u8),
            (Length::Bits16, _) | (Length::Minimal, 126..=0xffff) => {
                bytes.push(mask | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            (Length::Bits64, _) | (Length::Minimal, _) => {
                bytes.push(mask | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
        let key = self.mask.unwrap_or_default();
        bytes.extend(self.mask.iter().flatten());
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    /// The first frame of these bytes and how long it is; `None` while its end has not come.
    pub fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (length, size) = match second & 0x7f {
            126 => (Length::Bits16, rest.get(..2)?),
            127 => (Length::Bits64, rest.get(..8)?),
            _ => (Length::Bits7, &[second & 0x7f][..]),
        };
        let count = size.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        let start = if length == Length::Bits7 { 2 } else { 2 + size.len() };
        let masked = second & 0x80 != 0;
        let mask: Option<[u8; 4]> = match masked {
            true => Some(bytes.get(start..start + 4)?.try_into().ok()?),
            false => None,
        };
        let start = start + if masked { 4 } else { 0 };
        let end = start.checked_add(usize::try_from(count).ok()?)?;
        let key = mask.unwrap_or_default();
        let payload =
            bytes.get(start..end)?.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        let (fin, rsv, opcode) = (first & 0x80 != 0, first >> 4 & 7, first & 15);
        Some((Frame { fin, rsv, opcode, mask, length, declared: None, payload }, end))
    }

    /// The payload of a Close frame: code (1005 when there is none) and reason.
    pub fn close_code(&self) -> (u16, String) {
        match &self.payload[..] {
            [high, low, reason @ ..] => {
                (u16::from_be_bytes([*high, *low]), String::from_utf8_lossy(reason).into_owned())
            }
            _ => (1005, String::new()),
        }
    }

    /// The rule that a server's frame breaks, if any.
    pub fn fault(&self) -> Option<&'static str> {
        let minimal = match self.length {
            Length::Minimal | Length::Bits7 => true,
            Length::Bits16 => self.payload.len() > 125,
            Length::Bits64 => self.payload.len() > 0xffff,
        };
        if self.mask.is_some() {
            Some("a server must not mask its frames, RFC 6455 §5.1")
        } else if !minimal {
            Some("the length must be written with the minimal number of bytes, RFC 6455 §5.2")
        } else if !matches!(self.opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
            Some("this opcode is reserved, RFC 6455 §5.2")
        } else if self.opcode >= CLOSE && (!self.fin || self.payload.len() > 125) {
            Some("a control frame is final and holds at most 125 bytes, RFC 6455 §5.5")
        } else if self.opcode == CLOSE && self.payload.len() == 1 {
            Some("a Close payload is empty or begins with a code of two bytes, RFC 6455 §5.5.1")
        } else {
            None
        }
    }

    /// The fields by name, in bits, and the payload.
    pub fn fields(&self) -> Vec<String> {
        let length = self.declared.unwrap_or(self.payload.len() as u64);
        let bits = match (self.length, length) {
            (Length::Bits7, _) | (Length::Minimal, 0..=125) => 7,
            (Length::Bits16, _) | (Length::Minimal, 126..=0xffff) => 16,
            _ => 64,
        };
        let mut header = format!(
            "FIN={} RSV={:03b} opcode={:04b} ({}) MASK={} length={length} ({bits} bits)",
            u8::from(self.fin),
            self.rsv,
            self.opcode,
            self.name(),
            u8::from(self.mask.is_some()),
        );
        if let Some(key) = self.mask {
            header += &format!(" masking key={}", show::hex(&key));
        }
        let mut fields = vec![header];
        match self.opcode {
            CLOSE if self.payload.len() >= 2 => {
                let (code, reason) = self.close_code();
                fields.push(format!("code={code} reason={}", show::quoted(&reason)));
            }
            _ => fields.extend(show::brief(&self.payload).iter().map(|line| format!("payload  {line}"))),
        }
        fields
    }

    /// The name of the opcode: `text`, `ping`.
    pub fn name(&self) -> &'static str {
        match self.opcode {
            CONTINUATION => "continuation",
            TEXT => "text",
            BINARY => "binary",
            CLOSE => "close",
            PING => "ping",
            PONG => "pong",
            _ => "reserved",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §5.7, Examples.
    #[test]
    fn the_examples_of_the_rfc() {
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(Frame::text("Hello").bytes(), hello);
        assert_eq!(Frame::text("Hel").unmasked().not_final().bytes(), [0x01, 0x03, 0x48, 0x65, 0x6c]);
        assert_eq!(Frame::continuation("lo").unmasked().bytes(), [0x80, 0x02, 0x6c, 0x6f]);
        assert_eq!(Frame::ping("Hello").unmasked().bytes()[..2], [0x89, 0x05]);
        assert_eq!(Frame::binary([0; 256]).unmasked().bytes()[..4], [0x82, 0x7e, 0x01, 0x00]);
        let large = Frame::binary(vec![0; 65_536]).unmasked().bytes();
        assert_eq!(large[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn what_is_written_is_read_byte_by_byte_and_with_bytes_behind_it() {
        for length in [Length::Bits7, Length::Bits16, Length::Bits64] {
            let frame = Frame::text("Hello").length_in(length).rsv(0b101);
            let mut bytes = frame.bytes();
            (0..bytes.len()).for_each(|end| assert_eq!(Frame::parse(&bytes[..end]), None));
            let end = bytes.len();
            bytes.push(0x88);
            assert_eq!(Frame::parse(&bytes), Some((frame, end)));
        }
    }

    #[test]
    fn faults_of_a_server_are_named() {
        assert!(Frame::text("a").fault().unwrap().contains("mask"));
        assert!(Frame::text("a").unmasked().length_in(Length::Bits16).fault().unwrap().contains("minimal"));
        assert!(Frame::new(3, "").unmasked().fault().unwrap().contains("reserved"));
        assert!(Frame::ping([0; 126]).unmasked().fault().unwrap().contains("125"));
        assert!(Frame::new(CLOSE, "x").unmasked().fault().unwrap().contains("two bytes"));
        assert_eq!(Frame::close(1000, "bye").unmasked().fault(), None);
    }
}
