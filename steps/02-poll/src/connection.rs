//! One connection's share of a turn: read, show, write, and leave politely.

use std::io::ErrorKind;
use std::time::Duration;

use crate::deadlines::Whose;
use crate::event_loop::EventLoop;
use crate::input::{Carry, show_carry};
use crate::output::{Flushed, Queue};
use crate::port::{Fin, Note, Phase, Todo};
use crate::{ConnId, Ended, Entry, Io, Net, Protocol, Stream};

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

    /// The stream and the protocol, unless bytes wait that the protocol has not used.
    pub fn without_carry(&mut self) -> Option<(&mut S, &mut P)> {
        self.carry.is_none().then_some((&mut self.stream, &mut self.protocol))
    }

    /// Makes the kernel forget the connection with its socket: an RST, and no wait for a peer that may never
    /// read. Otherwise up to some megabytes of output stay in the kernel until it gives the peer up.
    pub fn forget_unsent(&mut self, id: ConnId) {
        if let Err(error) =
            rustix::net::sockopt::set_socket_linger(self.stream.socket(), Some(Duration::ZERO))
        {
            log::debug!("{id} SO_LINGER: {error}");
        }
    }
}

impl<P: Entry, S: Stream> EventLoop<P, S> {
    /// Step 7 of the turn: whatever this connection has to do, up to its budget.
    pub(crate) fn serve(&mut self, id: ConnId, world: &mut P::World) {
        match self.net.ports.get(id).map(|port| port.phase) {
            None => {}
            Some(Phase::Connecting) => self.connect_progress(id, world),
            Some(Phase::Open) => {
                self.read(id, world);
                self.send_large(id, world);
            }
            Some(Phase::Flushing | Phase::Lingering) => self.discard(id, world),
            Some(Phase::Aborted) => self.remove(id, Ended::Aborted, world),
        }
    }

    fn read(&mut self, id: ConnId, world: &mut P::World) {
        self.show_unused(id, world);
        let mut budget = READ_BUDGET;
        loop {
            let Some(port) = self.net.ports.get(id) else { return };
            if port.holds_back(&self.net.limits) {
                // `readable` stays as it is: resume(), or a queue that has emptied, brings us back here.
                if port.broken {
                    self.lost(id, world);
                }
                return;
            }
            if !port.readable {
                return;
            }
            if budget == 0 {
                self.net.plan(Todo::Serve, id);
                return;
            }
            let stops_short = port.stops_short;
            let result = self.read_into_room(id, world);
            let Some(Some(Connection { stream, protocol, carry })) = self.connections.get_mut(id.slot())
            else {
                return;
            };
            let result = result.unwrap_or_else(|| {
                self.input.read(id, stream, carry, |bytes| {
                    protocol.data(bytes, world, &mut Io::new(&mut self.net, id))
                })
            });
            // Decoding may have made an answer of the stream's own (TLS).
            if stream.holds_output() {
                self.net.plan(Todo::Flush, id);
            }
            let Some(port) = self.net.ports.get_mut(id) else { return };
            match result {
                // ANCHOR: edge
                Ok(arrived) if arrived.count > 0 => {
                    budget = budget.saturating_sub(arrived.count);
                    // A short read came to the end of what was there, and new bytes are a new edge. Unless
                    // it stopped at something that was there already when the event was made.
                    if S::SHORT_READ_DRAINS && !arrived.filled && !stops_short {
                        port.readable = false;
                    }
                }
                // Behind a FIN the kernel goes on to answer 0, also when an RST has come after it.
                Ok(_) if port.broken => return self.lost(id, world),
                Ok(_) => {
                    port.readable = false;
                    if !std::mem::replace(&mut port.half_closed, true) {
                        log::debug!("{id} the peer sends no more");
                        protocol.ended(world, &mut Io::new(&mut self.net, id));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => port.readable = false,
                // ANCHOR_END: edge
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    log::debug!("{id} read: {error}");
                    self.remove(id, Ended::from_error(&error), world);
                    return;
                }
            }
        }
    }

    /// Shows what is unused once more, if somebody asked for that and nothing holds it back now.
    fn show_unused(&mut self, id: ConnId, world: &mut P::World) {
        if let Some(port) = self.net.ports.get_mut(id)
            && !port.holds_back(&self.net.limits)
            && port.take(Note::LookAgain)
            && let Some(Some(Connection { protocol, carry, .. })) = self.connections.get_mut(id.slot())
        {
            show_carry(carry, |bytes| protocol.data(bytes, world, &mut Io::new(&mut self.net, id)));
        }
    }

    /// The kernel has given the connection up, and no read tells us: nothing will come of waiting.
    fn lost(&mut self, id: ConnId, world: &mut P::World) {
        let Some(Some(connection)) = self.connections.get_mut(id.slot()) else { return };
        let why = match connection.stream.socket().take_error() {
            Ok(Some(error)) => Ended::from_error(&error),
            _ => Ended::Reset,
        };
        self.remove(id, why, world);
    }

    /// Reads and throws away, on a connection that is closing.
    fn discard(&mut self, id: ConnId, world: &mut P::World) {
        let mut budget = READ_BUDGET;
        while let Some(port) = self.net.ports.get_mut(id)
            && port.readable
            && let Some(Some(connection)) = self.connections.get_mut(id.slot())
        {
            if budget == 0 {
                self.net.plan(Todo::Serve, id);
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
        let Net { ports, planned, spare, limits, .. } = &mut self.net;
        let Some(port) = ports.get_mut(id) else { return };
        let Some(Some(Connection { stream, protocol, .. })) = self.connections.get_mut(id.slot()) else {
            return;
        };
        if port.phase == Phase::Aborted || !port.writable {
            return;
        }
        let before = port.pending();
        let limit = limits.pending;
        if before > limit {
            port.note(Note::PiledUp);
        }
        let result = match &mut port.queue {
            Some(queue) => queue.flush(id, stream),
            // The stream may have something to say of its own.
            None => Queue::default().flush(id, stream),
        };
        let (after, phase, fin) = (port.pending(), port.phase, port.fin);
        if phase == Phase::Open && before > limit && after <= limit {
            // Bytes that were held back can be shown now, and the socket is looked at: no edge will come for
            // what stands in it already.
            port.note(Note::LookAgain);
            planned.add(Todo::Serve, port, id);
        }
        match result {
            Ok(Flushed::All) => {
                let piled_up = port.take(Note::PiledUp);
                port.release_queue(spare);
                if phase == Phase::Flushing || fin == Fin::Wanted {
                    return self.finish(id, world);
                }
                if phase == Phase::Open && piled_up {
                    protocol.drained(world, &mut Io::new(&mut self.net, id));
                }
            }
            Ok(Flushed::Blocked) => {
                port.writable = false;
                if after > 0 {
                    port.note(Note::PiledUp);
                }
            }
            Ok(Flushed::Paused) => planned.add(Todo::Flush, port, id),
            Err(error) => {
                log::debug!("{id} write: {error}");
                return self.remove(id, Ended::from_error(&error), world);
            }
        }
        if phase == Phase::Flushing && after < before {
            // As long as the peer takes something, it may take its time.
            let at = self.net.now + self.net.limits.flush_timeout;
            self.net.deadlines.set(Whose::Phase(id), Some(at));
        }
    }

    /// All output has left: our FIN. Who is closing then waits for the peer's, if that is not here already.
    fn finish(&mut self, id: ConnId, world: &mut P::World) {
        let Some(port) = self.net.ports.get_mut(id) else { return };
        let Some(Some(connection)) = self.connections.get_mut(id.slot()) else { return };
        if port.fin != Fin::Sent {
            match connection.stream.finish() {
                Ok(()) => port.fin = Fin::Sent,
                // The stream's own goodbye is not through yet.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    port.writable = false;
                    return;
                }
                Err(error) => return self.remove(id, Ended::from_error(&error), world),
            }
        }
        if port.phase != Phase::Flushing {
            return;
        }
        if port.half_closed {
            return self.remove(id, Ended::Closed, world);
        }
        port.phase = Phase::Lingering;
        let at = self.net.now + self.net.limits.linger_timeout;
        self.net.deadlines.set(Whose::Phase(id), Some(at));
        self.net.plan(Todo::Serve, id);
    }
}

#[cfg(test)]
mod tests {
    use mio::net::TcpStream;

    use super::Connection;

    /// In a release, where a socket is a descriptor, a WebSocket of 24 bytes makes 40 with these; its port of 16 and its
    /// generation of 4 make it 60. The goal is 64. (With debug assertions mio keeps 8 bytes more.)
    #[test]
    fn a_connection_is_its_socket_its_protocol_and_a_pointer() {
        let parts = size_of::<TcpStream>() + size_of::<[u64; 3]>() + size_of::<usize>();
        assert_eq!(size_of::<Option<Connection<[u64; 3], TcpStream>>>(), parts.next_multiple_of(8));
    }
}
