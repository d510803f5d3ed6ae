//! The decoder: bytes in whatever pieces TCP brings them, frames out.

use crate::{FrameError, Header, Opcode, Rsv, mask};

/// Cuts a byte stream into frames. Its own state is 16 bytes and no buffer: what it cannot use yet, it
/// leaves in the input, and that is never more than a control frame short of its last byte, 130 bytes.
#[derive(Debug, Clone)]
pub struct Decoder {
    role: Role,
    /// The data frame whose payload is not all here yet. `left` and `key` speak of it, and mean nothing
    /// without it; side by side with it, not inside, they pack into 16 bytes.
    frame: Option<Frame>,
    /// Bytes of its payload still to come.
    left: u64,
    /// Its masking key, turned so that the next payload byte meets the first key byte. Zero: no mask.
    key: [u8; 4],
}

/// Which end of the connection reads. RFC 6455 §5.1: "a client MUST mask all frames that it sends to the
/// server", "A server MUST NOT mask any frames that it sends to the client."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads what a client sends: every frame must be masked.
    Server,
    /// Reads what a server sends: no frame may be masked.
    Client,
}

/// A part of one frame. A control frame always comes whole; a data frame comes in as many pieces as the
/// reads cut it into, and its first piece may be empty: the header is told as soon as it is known, so that
/// a length over a limit is refused before a byte of it is stored.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The frame is the last of its message.
    pub fin: bool,
    /// The frame's reserved bits.
    pub rsv: Rsv,
    /// The frame's opcode.
    pub opcode: Opcode,
    /// On the first piece of a frame the whole header, with the declared length; `None` on later ones.
    pub start: Option<Header>,
    /// Payload bytes, unmasked.
    pub payload: &'a [u8],
    /// Payload bytes of this frame still to come. 0: the frame ends with this piece.
    pub left: u64,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    fin: bool,
    rsv: Rsv,
    opcode: Opcode,
}

impl Decoder {
    /// The most payload bytes of a frame that has its length in its second byte (RFC 6455 §5.2).
    pub const SHORT: usize = 125;

    /// A decoder that stands before the first frame.
    pub const fn new(role: Role) -> Decoder {
        Decoder { role, frame: None, left: 0, key: [0; 4] }
    }

    /// Payload bytes still to come of the data frame that has begun; 0 between two frames.
    pub fn left(&self) -> u64 {
        if self.frame.is_some() { self.left } else { 0 }
    }

    /// Takes one piece off the front of `input` and unmasks it there. `None`: more bytes are needed; what
    /// is left of `input` has to be offered again, with more behind it.
    ///
    /// # Errors
    /// [`FrameError`]. The decoder is of no use afterwards.
    pub fn next<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Piece<'a>>, FrameError> {
        match self.frame {
            Some(frame) => Ok(self.go_on(frame, input)),
            None => self.begin(input),
        }
    }

    /// The usual frame, the short way: a whole text or binary message of at most [`SHORT`](Decoder::SHORT) bytes, masked, and all
    /// of it here. `None`, and nothing is used: it is another one, or wrong, and [`next`](Decoder::next) says what.
    pub fn short<'a>(&self, input: &mut &'a mut [u8]) -> Option<(Opcode, &'a [u8])> {
        let &[first, second, key @ ..] = input.first_chunk::<6>()?;
        let opcode = match first {
            0x81 => Opcode::Text,
            0x82 => Opcode::Binary,
            _ => return None,
        };
        // The mask bit counts as 128: without it, this wraps and is longer than any.
        let length = usize::from(second).wrapping_sub(128);
        if length > Decoder::SHORT
            || self.role != Role::Server
            || self.frame.is_some()
            || input.len() < 6 + length
        {
            return None;
        }
        let payload = &mut take(input, 6 + length)[6..];
        mask(payload, key, 0);
        Some((opcode, payload))
    }

    fn begin<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Piece<'a>>, FrameError> {
        let Some((header, used)) = Header::parse(input)? else { return Ok(None) };
        match (self.role, header.masking_key) {
            // RFC 6455 §5.1: "The server MUST close the connection upon receiving a frame that is not
            // masked."
            (Role::Server, None) => return Err(FrameError::Unmasked),
            // RFC 6455 §5.1: "A client MUST close a connection if it detects a masked frame."
            (Role::Client, Some(_)) => return Err(FrameError::Masked),
            _ => {}
        }
        let arrived = input.len() - used;
        if header.opcode.is_control() && (arrived as u64) < header.length {
            return Ok(None);
        }
        take(input, used);
        self.left = header.length;
        self.key = header.masking_key.unwrap_or_default();
        let frame = Frame { fin: header.fin, rsv: header.rsv, opcode: header.opcode };
        Ok(Some(self.piece(frame, Some(header), input)))
    }

    fn go_on<'a>(&mut self, frame: Frame, input: &mut &'a mut [u8]) -> Option<Piece<'a>> {
        (!input.is_empty()).then(|| self.piece(frame, None, input))
    }

    fn piece<'a>(&mut self, frame: Frame, start: Option<Header>, input: &mut &'a mut [u8]) -> Piece<'a> {
        let arrived = usize::try_from(self.left).map_or(input.len(), |left| left.min(input.len()));
        let payload = take(input, arrived);
        self.left -= arrived as u64;
        // ANCHOR: turn
        if self.role == Role::Server {
            mask(payload, self.key, 0);
            if self.left > 0 {
                self.key = mask::rotated(self.key, arrived as u64);
            }
        }
        // ANCHOR_END: turn
        let Frame { fin, rsv, opcode } = frame;
        self.frame = (self.left > 0).then_some(frame);
        Piece { fin, rsv, opcode, start, payload, left: self.left }
    }
}

/// Splits `n` bytes off the front of `input`.
fn take<'a>(input: &mut &'a mut [u8], n: usize) -> &'a mut [u8] {
    let (taken, rest) = std::mem::take(input).split_at_mut(n);
    *input = rest;
    taken
}

#[cfg(test)]
mod tests;
