//! One connection's share of a turn: read, show, write, and leave politely.

use std::io::ErrorKind;

use crate::deadlines::Whose;
use crate::event_loop::EventLoop;
use crate::input::{Carry, show_carry};
use crate::net::Phase;
use crate::output::Flushed;
use crate::{ConnId, Ended, Entry, Io, Protocol, Stream};

/// How many bytes one connection may bring in one turn before the others come first. Without a cap, one
/// peer that sends as fast as we read would keep the loop for itself (tokio-rs/mio#45).
const READ_BUDGET: usize = 256 * 1024;

/// What the loop owns for each connection, beside its port.
pub(crate) struct Connection<P, S> {
    stream: S,
    pub protocol: P,
    carry: Carry,
}

impl<P: Protocol, S: Stream> Connection<P, S> {
    pub fn new(stream: S, protocol: P) -> Connection<P, S> {
        Connection { stream, protocol, carry: None }
    }

    pub fn stream_holds_output(&self) -> bool {
        self.stream.holds_output()
    }
}

impl<P: Entry, S: Stream> EventLoop<P, S> {
    /// Step 7 of the turn: whatever this connection has to do, up to its budget.
    pub(crate) fn serve(&mut self, id: ConnId, world: &mut P::World) {
        let Some(port) = self.net.ports.get_mut(id) else { return };
        match port.phase {
            Phase::Connecting => self.connect_progress(id, world),
            Phase::Open => {
                if std::mem::take(&mut port.drained)
                    && let Some(Some(connection)) = self.connections.get_mut(id.slot())
                {
                    connection.protocol.drained(world, &mut Io::new(&mut self.net, id));
                }
                self.read(id, world);
            }
            Phase::Flushing | Phase::Lingering => self.discard(id, world),
            Phase::Aborted => self.remove(id, Ended::Aborted, world),
        }
    }

    fn read(&mut self, id: ConnId, world: &mut P::World) {
        let mut budget = READ_BUDGET;
        loop {
            let holds_back = self.net.holds_back(id);
            let Some(port) = self.net.ports.get_mut(id) else { return };
            let Some(Some(connection)) = self.connections.get_mut(id.slot()) else { return };
            if port.phase != Phase::Open && port.readable {
                // Closed by one of the callbacks below; what still comes is thrown away, next round.
                self.net.make_ready(id);
                return;
            }
            if holds_back {
                // `readable` stays as it is: resume(), or an emptied queue, brings us back here.
                return;
            }
            let Connection { stream, protocol, carry } = connection;
            if std::mem::take(&mut port.look_again) && carry.is_some() {
                show_carry(carry, |bytes| protocol.data(bytes, world, &mut Io::new(&mut self.net, id)));
                continue;
            }
            if !port.readable {
                return;
            }
            if budget == 0 {
                self.net.make_ready(id);
                return;
            }
            let fin_seen = port.fin_seen;
            let result = self
                .input
                .read(stream, carry, |bytes| protocol.data(bytes, world, &mut Io::new(&mut self.net, id)));
            let stream_has_output = stream.holds_output();
            let Some(port) = self.net.ports.get_mut(id) else { return };
            match result {
                Ok(arrived) if arrived.count > 0 => {
                    budget = budget.saturating_sub(arrived.count);
                    // A short read came to the end of what was there. New bytes are a new edge. Only a FIN
                    // that was already there when the event was made brings none.
                    if S::SHORT_READ_DRAINS && !arrived.filled && !fin_seen {
                        port.readable = false;
                    }
                }
                Ok(_) => {
                    port.readable = false;
                    if !std::mem::replace(&mut port.half_closed, true) {
                        log::debug!("{id} the peer sends no more");
                        protocol.ended(world, &mut Io::new(&mut self.net, id));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => port.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    log::debug!("{id} read: {error}");
                    self.remove(id, Ended::from_error(&error), world);
                    return;
                }
            }
            if stream_has_output {
                self.net.make_dirty(id);
            }
        }
    }

    /// Reads and throws away, on a connection that is closing.
    fn discard(&mut self, id: ConnId, world: &mut P::World) {
        let mut budget = READ_BUDGET;
        while let Some(port) = self.net.ports.get_mut(id)
            && port.readable
            && let Some(Some(connection)) = self.connections.get_mut(id.slot())
        {
            if budget == 0 {
                self.net.make_ready(id);
                return;
            }
            match self.input.discard(&mut connection.stream) {
                Ok(0) => {
                    port.half_closed = true;
                    port.readable = false;
                    if port.phase == Phase::Lingering {
                        self.remove(id, Ended::Closed, world);
                    }
                }
                Ok(count) => budget = budget.saturating_sub(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => port.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.remove(id, Ended::from_error(&error), world),
            }
        }
    }

    /// Step 9 of the turn: what is queued leaves, as far as the socket takes it.
    pub(crate) fn flush(&mut self, id: ConnId, world: &mut P::World) {
        let limit = self.net.limits.pending;
        let Some(port) = self.net.ports.get_mut(id) else { return };
        let Some(Some(connection)) = self.connections.get_mut(id.slot()) else { return };
        if port.phase == Phase::Aborted || !port.writable {
            return;
        }
        let before = port.pending();
        port.piled_up |= before > limit;
        let flushed = match port.queue_mut() {
            Some(queue) => queue.flush(&mut connection.stream),
            None => flush_stream(&mut connection.stream),
        };
        let flushed = match flushed {
            Ok(flushed) => flushed,
            Err(error) => {
                log::debug!("{id} write: {error}");
                self.remove(id, Ended::from_error(&error), world);
                return;
            }
        };
        let (after, phase) = (port.pending(), port.phase);
        match flushed {
            Flushed::All => {
                if std::mem::take(&mut port.piled_up) {
                    port.drained = true;
                }
                self.net.release_queue(id);
            }
            Flushed::Blocked => {
                port.writable = false;
                port.piled_up = true;
            }
            Flushed::Paused => self.net.make_dirty(id),
        }
        match phase {
            Phase::Open if before > limit && after <= limit => self.look_again(id),
            Phase::Open if flushed == Flushed::All && before > 0 => self.hear_drained(id),
            Phase::Flushing if flushed == Flushed::All => self.finish(id, world),
            // As long as the peer takes something, it may take its time.
            Phase::Flushing if after < before => {
                let at = self.net.now + self.net.limits.flush_timeout;
                self.net.deadlines.set(Whose::Closing(id), Some(at));
            }
            _ => {}
        }
    }

    /// Enough has left: bytes that were held back can be shown now, and the socket is looked at, since no
    /// edge will come for what stands in it already.
    fn look_again(&mut self, id: ConnId) {
        if let Some(port) = self.net.ports.get_mut(id) {
            port.look_again = true;
        }
        self.net.make_ready(id);
    }

    fn hear_drained(&mut self, id: ConnId) {
        if self.net.ports.get(id).is_some_and(|port| port.drained) {
            self.net.make_ready(id);
        }
    }

    /// All output has left: our FIN. If the peer's is here already, that was all.
    fn finish(&mut self, id: ConnId, world: &mut P::World) {
        let Some(port) = self.net.ports.get_mut(id) else { return };
        let Some(Some(connection)) = self.connections.get_mut(id.slot()) else { return };
        match connection.stream.finish() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                port.writable = false;
                return;
            }
            Err(error) => {
                self.remove(id, Ended::from_error(&error), world);
                return;
            }
        }
        if port.half_closed {
            self.remove(id, Ended::Closed, world);
            return;
        }
        port.phase = Phase::Lingering;
        let at = self.net.now + self.net.limits.linger_timeout;
        self.net.deadlines.set(Whose::Closing(id), Some(at));
        self.net.make_ready(id);
    }
}

/// The stream alone has something to say (a TLS handshake, a close_notify).
fn flush_stream<S: Stream>(stream: &mut S) -> std::io::Result<Flushed> {
    match stream.flush() {
        Ok(()) => Ok(Flushed::All),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Flushed::Blocked),
        Err(error) => Err(error),
    }
}
