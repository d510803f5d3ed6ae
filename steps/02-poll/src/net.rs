//! What a callback can reach: all connections' output, deadlines, wake-ups, new connections.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use crate::buffer::Buffer;
use crate::deadlines::{Deadlines, Whose};
use crate::output::{Chunk, Queue, Spare};
use crate::port::{Note, Phase, Planned, Port, Todo};
use crate::table::Table;
use crate::{ConnId, Limits, Sent};

/// The side of the loop that callbacks see.
///
/// All output stands here, apart from the protocols, so a callback for one connection may fill any other's.
/// Nothing is written at once: what a turn queued leaves in one write per connection when the turn ends. (An answer of 64 KiB
/// or more leaves when its connection has been served: `large.rs`.)
pub struct Net {
    /// The time at the beginning of this turn.
    pub now: Instant,
    /// The wall clock at the beginning of this turn, for a Date field or a chat line.
    pub wall: SystemTime,
    pub(crate) limits: Limits,
    pub(crate) stopping: bool,
    pub(crate) ports: Table<Port>,
    pub(crate) deadlines: Deadlines,
    pub(crate) connects: Vec<Connect>,
    pub(crate) planned: Planned,
    pub(crate) spare: Spare,
}

/// An outgoing connection that was asked for.
pub(crate) struct Connect {
    pub id: ConnId,
    pub to: SocketAddr,
    pub tag: u64,
}

impl Net {
    /// Queues `bytes` for another connection, or for this one. All of them or none.
    pub fn send_to(&mut self, to: ConnId, bytes: &[u8]) -> Sent {
        self.queue_for(to, bytes.len() as u64, |queue| queue.tail().extend_from_slice(bytes))
    }

    /// Queues a chunk, uncopied, for another connection, or for this one.
    pub fn push_to(&mut self, to: ConnId, chunk: Chunk) -> Sent {
        self.queue_for(to, chunk.len(), |queue| queue.push(chunk))
    }

    /// Calls `woken` for another connection's protocol, later in this turn or in the next. A connection that
    /// is not open yet hears nothing: its `open` comes later and can look for itself.
    pub fn wake(&mut self, who: ConnId) {
        self.plan(Todo::Hear, who);
    }

    /// Sets a deadline of the World's own, or clears it. `World::timeout` gets its key.
    pub fn set_timeout(&mut self, key: u32, after: Option<Duration>) {
        self.deadlines.set(Whose::World(key), after.map(|after| self.now + after));
    }

    /// Connects to another server. `Protocol::open` is called when the connection stands, and
    /// `World::connect_failed` when it does not come about. Bytes sent to it meanwhile wait.
    pub fn connect(&mut self, to: SocketAddr, tag: u64) -> ConnId {
        let id = self.ports.insert(Port::new(Phase::Connecting));
        self.connects.push(Connect { id, to, tag });
        id
    }

    /// A buffer of `length` bytes or more, for a large message: one whose message has left, if there is one, with whatever is in
    /// it. Given to [`Io::push`](crate::Io::push) as [`Chunk::Large`], it comes back here.
    pub fn large_buffer(&mut self, length: usize) -> Buffer {
        self.spare.large.take(length)
    }

    /// How many bytes wait to be sent to `who`, those in unread files included.
    pub fn pending_of(&self, who: ConnId) -> u64 {
        self.ports.get(who).map_or(0, Port::pending)
    }

    /// How many connections there are, closing ones included.
    pub fn connections(&self) -> usize {
        self.ports.len()
    }

    /// Whether the server stops: all connections are about to end, so nobody need be told that another did.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    fn queue_for(&mut self, to: ConnId, length: u64, add: impl FnOnce(&mut Queue)) -> Sent {
        let Some(port) = self.ports.get_mut(to).filter(|port| port.takes_output()) else {
            return Sent::Gone;
        };
        let pending = port.pending() + length;
        if pending > self.limits.queue && length > 0 {
            // Also where the limit is so low, or the message so large, that nothing has piled up: whoever waits
            // for `drained` must not wait in vain.
            port.note(Note::PiledUp);
            self.planned.output(port, to, &mut self.spare);
            return Sent::Dropped;
        }
        add(self.planned.output(port, to, &mut self.spare));
        if pending > self.limits.pending { Sent::Slow } else { Sent::Queued }
    }
}

/// The loop's own side.
impl Net {
    pub(crate) fn new(limits: Limits, now: Instant) -> Net {
        Net {
            now,
            wall: SystemTime::now(),
            limits,
            stopping: false,
            ports: Table::new(),
            deadlines: Deadlines::new(now),
            connects: Vec::new(),
            planned: Planned::default(),
            spare: Spare::default(),
        }
    }

    /// The time stands still for the length of a turn: one look at the clock serves all.
    pub(crate) fn look_at_clock(&mut self) {
        self.now = Instant::now();
        self.wall = SystemTime::now();
    }

    pub(crate) fn accepted(&mut self) -> ConnId {
        self.ports.insert(Port::new(Phase::Open))
    }

    /// Notes that a connection has something to do, unless that is noted already.
    pub(crate) fn plan(&mut self, todo: Todo, id: ConnId) {
        if let Some(port) = self.ports.get_mut(id) {
            self.planned.add(todo, port, id);
        }
    }

    /// Moves a list into `round`. What is planned from now on waits for the next round.
    pub(crate) fn take_planned(&mut self, todo: Todo, round: &mut Vec<ConnId>) {
        self.planned.take(todo, round);
        for &id in round.iter() {
            if let Some(port) = self.ports.get_mut(id) {
                port.take(Note::Planned(todo));
            }
        }
    }

    /// Whether the next turn has something to do without any event.
    pub(crate) fn has_work(&self) -> bool {
        !self.connects.is_empty() || !self.planned.is_empty()
    }

    /// Whether the connection's protocol must not be shown any bytes now.
    pub(crate) fn holds_back(&self, id: ConnId) -> bool {
        self.ports.get(id).is_none_or(|port| port.holds_back(&self.limits))
    }

    /// Forgets a connection. `false`: it was forgotten before.
    pub(crate) fn remove(&mut self, id: ConnId) -> bool {
        self.deadlines.forget(id);
        let port = self.ports.remove(id);
        // Its queue serves another connection.
        port.map(|mut port| port.release_queue(&mut self.spare)).is_some()
    }
}

#[cfg(test)]
mod tests;
