//! What stands on top of a WebSocket connection: an echo, a chat, a game.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use frames::{Header, MAX_HEADER, Opcode, Rsv, write_frame};
use poll::{Chunk, ConnId, Io, Net, World};

use crate::{Close, Limits, Message, Pack, Payload};

/// An application: the server's own type, which all its connections share.
///
/// **Each client is opened once and closed once**, whatever the peer, the network or the server does.
pub trait Application: World + Sized {
    /// What it keeps for each connection. The HTTP handler that accepts the handshake makes it.
    type Client;

    /// The limits of its connections. Asked often; answer from a field.
    fn limits(&self) -> Limits;

    /// The handshake is done. The first moment to send something.
    fn open(&mut self, _client: &mut Self::Client, _socket: &mut Socket<'_, '_>) {}

    /// A message came.
    fn message(&mut self, client: &mut Self::Client, message: Message<'_>, socket: &mut Socket<'_, '_>);

    /// The connection is over: nothing more will come, nothing more can be sent to it. `close` holds the
    /// peer's code, or ours if we said it first, or [`ABNORMAL`](crate::close_code::ABNORMAL) when nobody
    /// said anything.
    fn close(&mut self, _id: ConnId, _client: Self::Client, _close: Close<'_>, _net: &mut Net) {}

    /// Output had piled up because the peer read slowly; now all of it has left.
    fn drained(&mut self, _client: &mut Self::Client, _socket: &mut Socket<'_, '_>) {}

    /// Somebody called [`Net::wake`] for this connection: only its own callback may close it. A hint that
    /// carries nothing and may be spurious.
    fn woken(&mut self, _client: &mut Self::Client, _socket: &mut Socket<'_, '_>) {}
}

/// The connection that a callback is for, to answer on. Reaches [`Net`] by itself, and with it all others:
/// `socket.send_to(..)`, `socket.now`.
pub struct Socket<'a, 'io> {
    io: &'a mut Io<'io>,
    pack: Option<&'a mut dyn Pack>,
    /// The code of our Close frame, once it is sent.
    pub(crate) closed: Option<u16>,
}

/// From this size on a payload that we own is handed over instead of copied behind its header, so that a large
/// answer is not held twice. It saves memory only: measured up to 1 MiB, the time is the same.
const LARGE: usize = 64 * 1024;

impl<'a, 'io> Socket<'a, 'io> {
    pub(crate) fn new(io: &'a mut Io<'io>, pack: Option<&'a mut dyn Pack>) -> Socket<'a, 'io> {
        Socket { io, pack, closed: None }
    }

    /// The connection's id, for [`Net::send_to`] and for the log.
    pub fn id(&self) -> ConnId {
        self.io.id()
    }

    /// Sends a message. It leaves with all else when the turn ends; nothing is sent after
    /// [`close`](Socket::close).
    #[inline]
    pub fn send(&mut self, message: Message<'_>) {
        // Usually it is borrowed, and no extension has a say in it.
        let (opcode, payload) = match (message, &self.pack) {
            (Message::Text(Cow::Borrowed(text)), None) => (Opcode::Text, text.as_bytes()),
            (Message::Binary(Payload::Borrowed(bytes)), None) => (Opcode::Binary, bytes),
            (message, _) => return self.pack_or_hand_over(message),
        };
        self.copy(opcode, payload);
    }

    /// The payload, copied behind its header.
    fn copy(&mut self, opcode: Opcode, payload: &[u8]) {
        if self.closed.is_none() {
            write_frame(Header::new(opcode, 0), payload, self.io.out());
        }
    }

    /// The long way, which knows all that there can be.
    fn pack_or_hand_over(&mut self, message: Message<'_>) {
        if self.closed.is_some() {
            return;
        }
        let (opcode, payload) = (message.opcode(), message.into_payload());
        let (rsv, payload) = match &mut self.pack {
            Some(pack) => pack.pack(opcode, payload),
            None => (Rsv::NONE, payload),
        };
        let header = Header { rsv, ..Header::new(opcode, payload.len() as u64) };
        match payload {
            Payload::Owned(payload) if payload.len() >= LARGE => {
                header.write(self.io.out());
                self.io.push(Chunk::Large(payload));
            }
            payload => write_frame(header, &payload, self.io.out()),
        }
    }

    /// Sends a text message.
    pub fn text(&mut self, text: &str) {
        self.send(Message::Text(Cow::Borrowed(text)));
    }

    /// Sends a binary message.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.send(Message::Binary(bytes.into()));
    }

    /// Sends a Close frame; nothing can be sent after it, by nobody. [`Application::close`] follows when the
    /// callback returns. A `code` that must not be sent is left out of the frame: not 1000 to 1003, 1007 to 1014,
    /// 3000 to 4999.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.closed.is_none() {
            self.closed = Some(code);
            Close { code, reason }.write(self.io.out());
            self.io.seal();
        }
    }
}

impl Deref for Socket<'_, '_> {
    type Target = Net;

    fn deref(&self) -> &Net {
        self.io
    }
}

impl DerefMut for Socket<'_, '_> {
    fn deref_mut(&mut self) -> &mut Net {
        self.io
    }
}

/// Encodes a message once, to be sent to many: the whole frame. A small one is cheaper to copy
/// ([`Net::send_to`]), a large one to share ([`Chunk::Shared`]).
pub fn encode(message: &Message<'_>) -> Arc<[u8]> {
    let payload = message.as_bytes();
    let mut frame = Vec::with_capacity(MAX_HEADER + payload.len());
    write_frame(Header::new(message.opcode(), 0), payload, &mut frame);
    frame.into()
}
