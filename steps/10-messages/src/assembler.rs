//! The assembler: pieces of frames in, messages and control frames out.

use std::borrow::Cow;

use frames::{Decoder, Header, Opcode, Piece, Role, Rsv};
use poll::Buffer;

use crate::bytes::Bytes;
use crate::text::{Text, as_text};
use crate::{Close, Message, MessageError, NotUtf8, Payload, Unpack};

/// Puts messages together. It owns nothing while no message is half read: one that came whole is lent from
/// the input, only one that came in parts is collected.
///
/// ```
/// use frames::Role;
/// use messages::{Assembler, Event, Message};
///
/// // A ping between the two fragments of "Hello", from a server, so without masks (RFC 6455 §5.7).
/// let mut wire = *b"\x01\x03Hel\x89\x00\x80\x02lo";
/// let mut input = &mut wire[..];
/// let mut assembler = Assembler::new(Role::Client, ());
/// assert_eq!(assembler.next(&mut input, 1024), Ok(Some(Event::Ping(b""))));
/// assert_eq!(assembler.next(&mut input, 1024), Ok(Some(Event::Message(Message::Text("Hello".into())))));
/// assert_eq!(assembler.next(&mut input, 1024), Ok(None));
/// ```
#[derive(Debug)]
pub struct Assembler<U = ()> {
    role: Role,
    unfinished: Option<Box<Unfinished>>,
    unpack: U,
}

/// What the peer sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message(Message<'a>),
    /// To be answered by a Pong with the same payload (RFC 6455 §5.5.2).
    Ping(&'a [u8]),
    /// An answer to a Ping of ours, or a sign of life (RFC 6455 §5.5.3).
    Pong(&'a [u8]),
    /// The peer's last word. Whatever follows it is not to be looked at (RFC 6455 §5.5.1).
    Close(Close<'a>),
}

/// A message whose end has not come.
#[derive(Debug)]
struct Unfinished {
    /// In its frames. Between two messages a decoder has nothing to remember, so ten thousand idle connections do not
    /// each keep one.
    decoder: Decoder,
    collected: Collected,
    /// Payload bytes that its frames have declared so far, come or not.
    declared: u64,
    /// It has to go through the extension.
    packed: bool,
}

#[derive(Debug)]
enum Collected {
    Text(Text),
    Binary(Bytes),
}

impl<U: Unpack> Assembler<U> {
    /// An assembler for one end of a fresh connection.
    pub fn new(role: Role, unpack: U) -> Assembler<U> {
        Assembler { role, unfinished: None, unpack }
    }

    /// The usual message, the short way: it stands whole in one short frame, no other has begun, and the limit lets all short
    /// ones in. `None`, and nothing is used: it is another one, or wrong, and [`next`](Assembler::next) says what.
    #[inline]
    pub fn short<'a>(&self, input: &mut &'a mut [u8], limit: usize) -> Option<Result<Message<'a>, NotUtf8>> {
        if self.unfinished.is_some() || limit < Decoder::SHORT {
            return None;
        }
        let (opcode, payload) = Decoder::new(self.role).short(input)?;
        Some(lent(opcode, payload))
    }

    /// Takes the next event off the front of `input`. `None`: more bytes are needed; what is left of `input`
    /// has to be offered again, with more behind it. A message may have `limit` bytes. (An argument, so that
    /// ten thousand idle connections do not each keep a copy of the same number.)
    ///
    /// # Errors
    /// [`MessageError`]: the peer broke a rule. The assembler is of no use afterwards, nor after a Close.
    pub fn next<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limit: usize,
    ) -> Result<Option<Event<'a>>, MessageError> {
        let mut fresh = Decoder::new(self.role);
        loop {
            let decoder = match &mut self.unfinished {
                Some(unfinished) => &mut unfinished.decoder,
                None => &mut fresh,
            };
            let Some(piece) = decoder.next(input)? else { return Ok(None) };
            if let Some(header) = &piece.start {
                self.judge(header, limit)?;
            }
            match piece.opcode {
                Opcode::Ping => return Ok(Some(Event::Ping(piece.payload))),
                Opcode::Pong => return Ok(Some(Event::Pong(piece.payload))),
                Opcode::Close => return Ok(Some(Event::Close(Close::parse(piece.payload)?))),
                Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                    let begins = self.unfinished.is_none();
                    if let Some(message) = self.collect(piece, limit)? {
                        return Ok(Some(Event::Message(message)));
                    }
                    // The frame goes on: where it stands is the message's affair from now on.
                    if begins && let Some(unfinished) = &mut self.unfinished {
                        unfinished.decoder = fresh.clone();
                    }
                }
            }
        }
    }

    /// Room for the bytes that come next, if they are the payload of a large binary message. To be asked when `next` has used
    /// all of its input. `buffer` makes one of the length that it is told, or longer. (A text is looked at as it comes, and
    /// copied meanwhile: what was found to be text, Rust knows only as a `String`.)
    pub fn room(&mut self, buffer: impl FnOnce(usize) -> Buffer) -> Option<&mut [u8]> {
        match self.unfinished.as_deref_mut()? {
            Unfinished { decoder, collected: Collected::Binary(bytes), packed: false, .. } => {
                bytes.room(decoder.left(), buffer)
            }
            _ => None,
        }
    }

    /// So many bytes have come into the room. The message, if that was its end.
    ///
    /// # Errors
    /// As [`next`](Assembler::next).
    pub fn filled(&mut self, count: usize) -> Result<Option<Message<'static>>, MessageError> {
        let Some(Unfinished { decoder, collected: Collected::Binary(bytes), .. }) =
            self.unfinished.as_deref_mut()
        else {
            return Ok(None);
        };
        let Some(piece) = decoder.next(&mut bytes.filled(count))? else { return Ok(None) };
        let ends = piece.fin && piece.left == 0;
        match self.unfinished.take_if(|_| ends) {
            Some(whole) => whole.collected.finish().map(Some),
            None => Ok(None),
        }
    }

    /// Whether a message has begun whose end has not come.
    pub fn is_in_message(&self) -> bool {
        self.unfinished.is_some()
    }

    /// What can be said of a frame before its payload is here.
    fn judge(&mut self, header: &Header, limit: usize) -> Result<(), MessageError> {
        let Header { opcode, rsv, length, .. } = *header;
        let begins = matches!(opcode, Opcode::Text | Opcode::Binary);
        // RFC 6455 §5.2: "If a nonzero value is received and none of the negotiated extensions defines the
        // meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_."
        let allowed = if begins { self.unpack.rsv() } else { Rsv::NONE };
        if !rsv.within(allowed) {
            return Err(MessageError::Reserved(opcode, rsv));
        }
        if opcode.is_control() {
            return Ok(());
        }
        // RFC 6455 §5.4: a fragmented message is one frame with an opcode, then continuation frames, and
        // "The fragments of one message MUST NOT be interleaved between the fragments of another message".
        // ANCHOR: order
        let declared = match &mut self.unfinished {
            Some(_) if begins => return Err(MessageError::MessageInsideMessage(opcode)),
            None if !begins => return Err(MessageError::NothingToContinue),
            Some(unfinished) => {
                unfinished.declared = unfinished.declared.saturating_add(length);
                unfinished.declared
            }
            None => length,
        };
        within(declared, limit)
        // ANCHOR_END: order
    }

    /// Adds a piece to the message it belongs to. The message, if that was its end.
    fn collect<'a>(&mut self, piece: Piece<'a>, limit: usize) -> Result<Option<Message<'a>>, MessageError> {
        let ends = piece.fin && piece.left == 0;
        let packed = piece.rsv != Rsv::NONE;
        // ANCHOR: lent
        if self.unfinished.is_none() && ends && !packed {
            return Ok(Some(lent(piece.opcode, piece.payload)?));
        }
        // ANCHOR_END: lent
        let unfinished = self.unfinished.get_or_insert_with(|| {
            let declared = piece.start.map_or(0, |header| header.length);
            let (decoder, collected) = (Decoder::new(self.role), Collected::new(piece.opcode));
            Box::new(Unfinished { decoder, collected, declared, packed })
        });
        let Unfinished { collected, packed, .. } = &mut **unfinished;
        if *packed {
            self.unpack.unpack(piece.payload, ends, &mut |bytes| {
                within((collected.len() + bytes.len()) as u64, limit)?;
                collected.push(bytes)
            })?;
        } else {
            collected.push(piece.payload)?;
        }
        match self.unfinished.take_if(|_| ends) {
            Some(whole) => whole.collected.finish().map(Some),
            None => Ok(None),
        }
    }
}

/// A message that stands whole in the read buffer.
#[inline(always)] // In the short way it is known that the message is borrowed.
fn lent(opcode: Opcode, payload: &[u8]) -> Result<Message<'_>, NotUtf8> {
    if opcode == Opcode::Text {
        as_text(payload).map(|text| Message::Text(Cow::Borrowed(text)))
    } else {
        Ok(Message::Binary(payload.into()))
    }
}

fn within(length: u64, limit: usize) -> Result<(), MessageError> {
    if length > limit as u64 { Err(MessageError::TooBig { length, limit }) } else { Ok(()) }
}

impl Collected {
    fn new(opcode: Opcode) -> Collected {
        match opcode {
            Opcode::Text => Collected::Text(Text::default()),
            _ => Collected::Binary(Bytes::default()),
        }
    }

    /// The buffer grows with what has come, by doubling, and never with what a header promises: a peer that
    /// declares 16 MiB and sends ten bytes costs ten bytes.
    fn push(&mut self, bytes: &[u8]) -> Result<(), MessageError> {
        match self {
            Collected::Text(text) => text.push(bytes),
            Collected::Binary(all) => {
                all.push(bytes);
                Ok(())
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Collected::Text(text) => text.len(),
            Collected::Binary(all) => all.len(),
        }
    }

    fn finish<'a>(self) -> Result<Message<'a>, MessageError> {
        match self {
            Collected::Text(text) => Ok(Message::Text(Cow::Owned(text.finish()?))),
            Collected::Binary(all) => Ok(Message::Binary(Payload::Owned(all.finish()))),
        }
    }
}

#[cfg(test)]
mod tests;
