//! What one connection understands, and what all connections share.
//!
//! **A protocol touches no socket and no clock.** Bytes come in by argument, answers are queued with
//! [`Io`], time is [`Net::now`]. That is why a whole HTTP or WebSocket connection can be tested without
//! a socket (see [`Rehearsal`](crate::Rehearsal)), and why TLS can be slipped underneath later.

use std::io;
use std::net::SocketAddr;

use crate::{ConnId, Io, Net};

/// The server's own type: what all its connections share (a chat room, a file cache, a counter).
///
/// There is one thread, so there is one `&mut World`, handed to each callback in turn: no lock anywhere.
pub trait World {
    /// The loop is about to take its first turn.
    fn start(&mut self, _net: &mut Net) {}

    /// Another thread called [`Handle::wake`](crate::Handle::wake). Several wake-ups may arrive as one.
    fn woken(&mut self, _net: &mut Net) {}

    /// A deadline set with [`Net::set_timeout`] has passed.
    fn timeout(&mut self, _key: u32, _net: &mut Net) {}

    /// [`Net::connect`] failed: `id` never opened and never will.
    fn connect_failed(&mut self, _id: ConnId, _tag: u64, _error: io::Error, _net: &mut Net) {}
}

impl World for () {}

/// What one connection understands. The loop owns one value of this type for each open connection.
pub trait Protocol {
    /// What all connections of this server share.
    type World: World;

    /// Bytes have come. `bytes` is everything not used yet, lent so that it may be changed in place.
    ///
    /// Returns how many bytes were used. The loop keeps the rest and shows it again, with more behind it.
    /// TCP is a stream: one call may hold half a message, or three and a half.
    fn data(&mut self, bytes: &mut [u8], world: &mut Self::World, io: &mut Io<'_>) -> usize;

    /// Room for the next bytes, if they belong together and there are many: the rest of a large message. They are then
    /// read into it, and [`filled`](Protocol::filled) is called in place of [`data`](Protocol::data). Asked before each
    /// read, unless bytes wait that were not used. Most protocols have none: see `large.rs`.
    fn room(&mut self, _io: &mut Io<'_>) -> Option<&mut [u8]> {
        None
    }

    /// So many bytes have come into the room that was offered, from its beginning.
    fn filled(&mut self, _count: usize, _world: &mut Self::World, _io: &mut Io<'_>) {}

    /// The peer will send no more (its FIN came). It may still read: an answer under way can be finished.
    fn ended(&mut self, _world: &mut Self::World, io: &mut Io<'_>) {
        io.close();
    }

    /// A deadline set with [`Io::set_timeout`] has passed.
    fn timeout(&mut self, _which: Timer, _world: &mut Self::World, _io: &mut Io<'_>) {}

    /// Somebody called [`Net::wake`] for this connection. A hint that carries nothing and may be spurious.
    fn woken(&mut self, _world: &mut Self::World, _io: &mut Io<'_>) {}

    /// Output had piled up because the peer read slowly; now all of it has left.
    fn drained(&mut self, _world: &mut Self::World, _io: &mut Io<'_>) {}

    /// The server is stopping: say goodbye, finish what is under way, then [`Io::close`].
    fn stop(&mut self, _world: &mut Self::World, io: &mut Io<'_>) {
        io.close();
    }

    /// The connection `id` is gone. There is no [`Io`] any more: nothing can be written.
    fn closed(&mut self, _id: ConnId, _why: Ended, _world: &mut Self::World, _net: &mut Net) {}
}

/// A protocol that a connection can begin with. HTTP is one; a WebSocket is none, for it takes over a
/// connection that began as HTTP.
pub trait Entry: Protocol + Sized {
    /// A connection has been accepted, or an outgoing one established.
    fn open(opened: Opened, world: &mut Self::World, io: &mut Io<'_>) -> Self;
}

/// How a connection came to be. Keep the peer's address if you need it: the loop does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The peer connected to us.
    Accepted {
        /// The peer's address, as `accept` gave it.
        peer: SocketAddr,
    },
    /// We connected to the peer with [`Net::connect`].
    Connected {
        /// The address we connected to.
        peer: SocketAddr,
        /// The number given to [`Net::connect`].
        tag: u64,
    },
}

impl Opened {
    /// The peer's address.
    pub fn peer(&self) -> SocketAddr {
        match *self {
            Opened::Accepted { peer } | Opened::Connected { peer, .. } => peer,
        }
    }
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// We closed it, and all our output was handed to the kernel.
    Closed,
    /// The peer reset it (`ECONNRESET`), or vanished and the kernel gave up (`EPIPE`, `ETIMEDOUT`).
    Reset,
    /// We dropped it with [`Io::abort`]; queued output is lost.
    Aborted,
    /// We closed it, but the peer took no more bytes for [`Limits::flush_timeout`](crate::Limits).
    Stuck,
    /// The encrypted stream ended without its own goodbye: it may have been cut off (TLS, RFC 8446 §6.1).
    Truncated,
    /// The server stopped before the goodbye was through.
    Stopped,
    /// The socket, or a file being sent, failed in another way.
    Failed(io::ErrorKind),
}

impl Ended {
    pub(crate) fn from_error(error: &io::Error) -> Ended {
        match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::TimedOut => Ended::Reset,
            io::ErrorKind::UnexpectedEof => Ended::Truncated,
            kind => Ended::Failed(kind),
        }
    }
}

/// The two deadlines that a connection may have at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// The protocol's own: a head that must be complete, a Close frame that must be answered.
    Protocol,
    /// That of a layer around the protocol (rung 12): it must not disturb the inner one.
    Guard,
}

/// What became of bytes given to [`Net::send_to`] or [`Io::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a slow or vanished reader is the caller's to handle"]
pub enum Sent {
    /// Queued; it leaves when the turn ends.
    Queued,
    /// Queued, but the peer reads too slowly: more than [`Limits::pending`](crate::Limits) is waiting. When all
    /// of it has left, [`Protocol::drained`] is called.
    Slow,
    /// Not queued: [`Limits::queue`](crate::Limits) would be exceeded. Nothing was sent, not even a part. When all
    /// that waits has left, [`Protocol::drained`] is called.
    Dropped,
    /// Not queued: the connection is closed, closing, or sealed.
    Gone,
}
