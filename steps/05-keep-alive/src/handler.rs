//! What a server says to a request.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::net::SocketAddr;

use poll::{ConnId, Ended, Io, Net, Protocol, World};
use request::Request;

use crate::{Answer, Limits};

/// A server's own type: it gets each request, and says what comes next.
///
/// **A request is answered exactly once**: now, after its body, or later. What must be remembered until then is
/// the [`Exchange`](Handler::Exchange); the connection keeps it, so a late answer can never reach a later request.
pub trait Handler: World + Sized {
    /// A request that waits for its body or its answer.
    type Exchange;

    /// What the connection becomes after 101 (rung 08); [`NoSuccessor`] where it stays HTTP.
    type Successor: Protocol<World = Self>;

    /// The limits of every connection.
    fn limits(&self) -> &Limits {
        &Limits::DEFAULT
    }

    /// A client connected. It may never ask anything: browsers open connections ahead of need.
    fn connected(&mut self, peer: SocketAddr, io: &mut Io<'_>) {
        log::info!("{} connected from {peer}", io.id());
    }

    /// A client's connection is gone, whatever it was by then.
    fn disconnected(&mut self, id: ConnId, why: Ended, _net: &mut Net) {
        log::info!("{id} gone ({why:?})");
    }

    /// The head of a request is here.
    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Self>;

    /// A part of the body that [`Next::Read`] asked for, or its end.
    fn body(
        &mut self,
        exchange: Self::Exchange,
        _part: Body<'_>,
        _answer: &mut Answer<'_, '_>,
    ) -> Next<Self> {
        Next::Read(exchange)
    }

    /// Something happened to a request whose answer comes later.
    fn later(&mut self, exchange: Self::Exchange, _event: Event, _answer: &mut Answer<'_, '_>) -> Next<Self> {
        Next::Later(exchange)
    }

    /// The connection died before the request was answered.
    fn gone(&mut self, _exchange: Self::Exchange, _net: &mut Net) {}
}

/// What comes after a callback of the [`Handler`].
// ANCHOR: next
pub enum Next<H: Handler> {
    /// The answer is complete. What the handler did not read of the body is thrown away.
    Done,
    /// Show me (more of) the body. A client that waits for `100 Continue` is told to go on.
    Read(H::Exchange),
    /// The answer, or its rest, comes later. Until then no further request of this connection is looked at.
    Later(H::Exchange),
    /// The answer was 101: the bytes from here on are the successor's (RFC 9110 §7.8).
    Switch(H::Successor),
    /// There is no answer, or no end to the one begun: close the connection.
    Close,
}
// ANCHOR_END: next

/// What a handler is shown of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Some bytes of it, chunked coding removed. Where they are cut means nothing.
    Data(&'a [u8]),
    /// That was all.
    End,
}

/// What may happen while an answer is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody called [`Net::wake`] for the connection. A hint: look whether there is something to say.
    Woken,
    /// The time set with [`Answer::set_timeout`] has passed.
    Deadline,
    /// Output had piled up and has now left.
    Drained,
    /// The client sends no more. It may still be reading (`nc -N`), but a browser that left looks the same: an
    /// answer that may never come should be given up.
    HalfClosed,
    /// The server stops: answer now, if possible.
    Stopping,
}

/// For a handler whose connections stay HTTP: there is no value of this type.
pub struct NoSuccessor<W> {
    never: Infallible,
    world: PhantomData<W>,
}

impl<W: World> Protocol for NoSuccessor<W> {
    type World = W;

    fn data(&mut self, _: &mut [u8], _: &mut W, _: &mut Io<'_>) -> usize {
        match self.never {}
    }
}
