//! What a callback may do with its own connection.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::deadlines::Whose;
use crate::output::{Chunk, Queue};
use crate::port::{Fin, Note, Phase, Port, Todo};
use crate::{ConnId, Net, Timer};

/// One connection, for the length of a callback. Reaches [`Net`] by itself: `io.now`, `io.send_to(..)`.
pub struct Io<'a> {
    net: &'a mut Net,
    id: ConnId,
}

impl<'a> Io<'a> {
    pub(crate) fn new(net: &'a mut Net, id: ConnId) -> Io<'a> {
        Io { net, id }
    }

    /// The connection's id.
    pub fn id(&self) -> ConnId {
        self.id
    }

    /// The output, to append to. It leaves in one write when the turn ends.
    #[inline]
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.queue().tail()
    }

    /// Queues a chunk, uncopied, behind what was queued before. Its own answer is never dropped.
    pub fn push(&mut self, chunk: Chunk) {
        self.queue().push(chunk);
    }

    /// How many bytes wait to be sent, those in unread files included.
    pub fn pending(&self) -> u64 {
        self.net.pending_of(self.id)
    }

    /// Whether a loop over many messages in one `data` call should stop and return what it has used:
    /// too much output is waiting, or the connection is paused or closing. The rest is shown again when
    /// that has passed.
    pub fn must_wait(&self) -> bool {
        self.net.ports.own(self.id).holds_back(&self.net.limits)
    }

    /// Stops reading: no `data` until [`resume`](Io::resume). The peer's bytes fill the kernel's buffer,
    /// then its window closes, and it must wait. That is backpressure, and it costs us nothing.
    ///
    /// Who does not read does not meet the peer's FIN either. A protocol that waits for something else and
    /// wants to know when the peer leaves (a long poll) pauses only when bytes come that it cannot use yet.
    pub fn pause(&mut self) {
        self.port().note(Note::Paused);
    }

    /// Reads on. Bytes that were held back are shown again at once, though no new ones have come.
    pub fn resume(&mut self) {
        if self.port().take(Note::Paused) {
            self.look_again();
        }
    }

    /// Asks for the unused bytes to be shown again, though no new ones came: what stopped the protocol from
    /// using them has passed.
    pub fn look_again(&mut self) {
        self.port().note(Note::LookAgain);
        self.net.plan(Todo::Serve, self.id);
    }

    /// From now on `send_to` for this connection answers [`Sent::Gone`](crate::Sent::Gone); only
    /// [`out`](Io::out) and [`push`](Io::push) still work. For a goodbye after which nothing may be sent
    /// (RFC 6455 §5.5.1).
    pub fn seal(&mut self) {
        self.port().note(Note::Sealed);
    }

    /// Says that we send no more, once what is queued has left: our FIN, while reading goes on. For a proxy
    /// that passes on a half close. From now on `send_to` answers [`Sent::Gone`](crate::Sent::Gone), and
    /// nothing may be appended to [`out`](Io::out).
    pub fn half_close(&mut self) {
        let port = self.port();
        if port.fin == Fin::No {
            port.fin = Fin::Wanted;
            port.note(Note::Sealed);
            self.net.plan(Todo::Flush, self.id);
        }
    }

    /// Closes politely: what is queued leaves, then our FIN; what still comes is read and thrown away until
    /// the peer's FIN, a bounded time. Closing with bytes unread would make the kernel send an RST, which
    /// can destroy our last answer before the peer has read it (RFC 9112 §9.6).
    pub fn close(&mut self) {
        if self.is_closing() {
            return;
        }
        let port = self.port();
        port.phase = Phase::Flushing;
        let readable = port.readable;
        self.net.deadlines.forget(self.id);
        let at = self.net.now + self.net.limits.flush_timeout;
        self.net.deadlines.set(Whose::Phase(self.id), Some(at));
        self.net.plan(Todo::Flush, self.id);
        if readable {
            // A peer that sends everything before it reads must be read, or it never comes to our answer.
            self.net.plan(Todo::Serve, self.id);
        }
    }

    /// Drops the connection at once, with all that is queued here and in the kernel: the peer sees an RST.
    pub fn abort(&mut self) {
        self.port().phase = Phase::Aborted;
        self.net.plan(Todo::Serve, self.id);
    }

    /// Whether [`close`](Io::close) or [`abort`](Io::abort) was called.
    pub fn is_closing(&self) -> bool {
        self.net.ports.own(self.id).phase != Phase::Open
    }

    /// Sets one of the connection's two deadlines, or clears it. `after` counts from [`Net::now`].
    pub fn set_timeout(&mut self, which: Timer, after: Option<Duration>) {
        if !self.is_closing() {
            let at = after.map(|after| self.net.now + after);
            self.net.deadlines.set(Whose::Protocol(self.id, which), at);
        }
    }

    #[inline]
    fn queue(&mut self) -> &mut Queue {
        let Net { ports, planned, spare, .. } = &mut *self.net;
        planned.output(ports.own_mut(self.id), self.id, spare)
    }

    fn port(&mut self) -> &mut Port {
        self.net.ports.own_mut(self.id)
    }
}

impl Deref for Io<'_> {
    type Target = Net;

    fn deref(&self) -> &Net {
        self.net
    }
}

impl DerefMut for Io<'_> {
    fn deref_mut(&mut self) -> &mut Net {
        self.net
    }
}
