//! What a callback may do: [`Net`] reaches every connection, [`Io`] is the one the callback is for.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant, SystemTime};

use crate::deadlines::{Deadlines, Whose};
use crate::output::{Chunk, Queue, Spare};
use crate::table::Table;
use crate::{ConnId, Limits, Sent, Timer};

/// The side of the loop that callbacks see.
///
/// All output stands here, apart from the protocols, so a callback for one connection may fill any other's.
/// Nothing is written at once: what a turn queued leaves in one write per connection when the turn ends.
pub struct Net {
    /// The time at the beginning of this turn.
    pub now: Instant,
    /// The wall clock at the beginning of this turn, for a Date field or a chat line.
    pub wall: SystemTime,
    pub(crate) limits: Limits,
    pub(crate) ports: Table<Port>,
    pub(crate) deadlines: Deadlines,
    /// Connections that have something to do and need no event for it.
    pub(crate) ready: Vec<ConnId>,
    /// Connections with output that leaves when the turn ends.
    pub(crate) dirty: Vec<ConnId>,
    pub(crate) woken: Vec<ConnId>,
    pub(crate) connects: Vec<Connect>,
    spare: Spare,
}

/// An outgoing connection that was asked for.
pub(crate) struct Connect {
    pub id: ConnId,
    pub to: SocketAddr,
    pub tag: u64,
}

/// One connection's state as far as callbacks can change it. Small: an idle connection is nothing else.
pub(crate) struct Port {
    queue: Option<Box<Queue>>,
    pub phase: Phase,
    /// An event said "readable", and no read has come to the end of it since. No further event will come.
    pub readable: bool,
    /// No write has met WouldBlock since the last "writable".
    pub writable: bool,
    /// The peer's FIN stands in the receive queue, behind the bytes or alone.
    pub fin_seen: bool,
    /// The peer's FIN was read: it sends no more.
    pub half_closed: bool,
    pub paused: bool,
    pub sealed: bool,
    /// Held back bytes are to be looked at again, though none have come.
    pub look_again: bool,
    /// Output has piled up; `drained` is called when it has left.
    pub piled_up: bool,
    pub drained: bool,
    in_ready: bool,
    in_dirty: bool,
    in_woken: bool,
}

/// How far a connection is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// `connect` was called; the answer is not here.
    Connecting,
    /// Callbacks run.
    Open,
    /// Closed by the protocol: output is leaving, then comes our FIN. Input is thrown away.
    Flushing,
    /// Our FIN is sent. We wait for the peer's, a bounded time, and read on.
    Lingering,
    /// To be dropped at once.
    Aborted,
}

impl Port {
    fn new(phase: Phase) -> Port {
        Port {
            queue: None,
            phase,
            readable: false,
            // A new socket has room. If not, the first write finds out.
            writable: true,
            fin_seen: false,
            half_closed: false,
            paused: false,
            sealed: false,
            look_again: false,
            piled_up: false,
            drained: false,
            in_ready: false,
            in_dirty: false,
            in_woken: false,
        }
    }

    pub fn pending(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.pending())
    }

    pub fn queue_mut(&mut self) -> Option<&mut Queue> {
        self.queue.as_deref_mut()
    }

    fn takes_output(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Open) && !self.sealed
    }
}

impl Net {
    pub(crate) fn new(limits: Limits, now: Instant) -> Net {
        Net {
            now,
            wall: SystemTime::now(),
            limits,
            ports: Table::new(),
            deadlines: Deadlines::new(now),
            ready: Vec::new(),
            dirty: Vec::new(),
            woken: Vec::new(),
            connects: Vec::new(),
            spare: Spare::default(),
        }
    }

    /// Queues `bytes` for another connection, or for this one. All of them or none.
    pub fn send_to(&mut self, to: ConnId, bytes: &[u8]) -> Sent {
        self.queue_for(to, bytes.len() as u64, |queue| queue.tail().extend_from_slice(bytes))
    }

    /// Queues a chunk, uncopied, for another connection, or for this one.
    pub fn push_to(&mut self, to: ConnId, chunk: Chunk) -> Sent {
        self.queue_for(to, chunk.len(), |queue| queue.push(chunk))
    }

    /// Calls `woken` for another connection's protocol, later in this turn or in the next.
    pub fn wake(&mut self, who: ConnId) {
        if let Some(port) = self.ports.get_mut(who)
            && !std::mem::replace(&mut port.in_woken, true)
        {
            self.woken.push(who);
        }
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

    /// How many bytes wait to be sent to `who`, those in unread files included.
    pub fn pending_of(&self, who: ConnId) -> u64 {
        self.ports.get(who).map_or(0, Port::pending)
    }

    /// How many connections there are, closing ones included.
    pub fn connections(&self) -> usize {
        self.ports.len()
    }

    fn queue_for(&mut self, to: ConnId, length: u64, add: impl FnOnce(&mut Queue)) -> Sent {
        let limits = self.limits;
        let Some(port) = self.ports.get_mut(to).filter(|port| port.takes_output()) else {
            return Sent::Gone;
        };
        let pending = port.pending() + length;
        if pending > limits.queue && length > 0 {
            return Sent::Dropped;
        }
        add(self.queue_of(to));
        if pending > limits.pending { Sent::Slow } else { Sent::Queued }
    }

    /// The output of a connection that exists; it will be written when the turn ends.
    fn queue_of(&mut self, id: ConnId) -> &mut Queue {
        let port = self.ports.get_mut(id).expect("the caller has just looked it up");
        if !std::mem::replace(&mut port.in_dirty, true) {
            self.dirty.push(id);
        }
        port.queue.get_or_insert_with(|| self.spare.take())
    }

    pub(crate) fn accepted(&mut self) -> ConnId {
        self.ports.insert(Port::new(Phase::Open))
    }

    /// Gives this connection a place in the next round of the loop, event or not.
    pub(crate) fn make_ready(&mut self, id: ConnId) {
        if let Some(port) = self.ports.get_mut(id)
            && !std::mem::replace(&mut port.in_ready, true)
        {
            self.ready.push(id);
        }
    }

    pub(crate) fn make_dirty(&mut self, id: ConnId) {
        if let Some(port) = self.ports.get_mut(id)
            && !std::mem::replace(&mut port.in_dirty, true)
        {
            self.dirty.push(id);
        }
    }

    /// Whether the next turn has something to do without any event.
    pub(crate) fn has_work(&self) -> bool {
        !(self.ready.is_empty() && self.dirty.is_empty() && self.woken.is_empty() && self.connects.is_empty())
    }

    /// Swaps the list of the ready into `round`. What becomes ready from now on waits for the next round.
    pub(crate) fn take_ready(&mut self, round: &mut Vec<ConnId>) {
        swap_list(&mut self.ready, round);
        round.iter().for_each(|&id| self.unmark(id, |port| port.in_ready = false));
    }

    pub(crate) fn take_woken(&mut self, round: &mut Vec<ConnId>) {
        swap_list(&mut self.woken, round);
        round.iter().for_each(|&id| self.unmark(id, |port| port.in_woken = false));
    }

    pub(crate) fn take_dirty(&mut self, round: &mut Vec<ConnId>) {
        swap_list(&mut self.dirty, round);
        round.iter().for_each(|&id| self.unmark(id, |port| port.in_dirty = false));
    }

    fn unmark(&mut self, id: ConnId, unmark: impl FnOnce(&mut Port)) {
        if let Some(port) = self.ports.get_mut(id) {
            unmark(port);
        }
    }

    /// Whether the connection's protocol must not be shown any bytes now.
    pub(crate) fn holds_back(&self, id: ConnId) -> bool {
        self.ports.get(id).is_none_or(|port| {
            port.phase != Phase::Open || port.paused || port.pending() > self.limits.pending
        })
    }

    /// The queue is empty: its buffer serves another connection.
    pub(crate) fn release_queue(&mut self, id: ConnId) {
        if let Some(queue) = self.ports.get_mut(id).and_then(|port| port.queue.take()) {
            self.spare.give(queue);
        }
    }

    pub(crate) fn remove(&mut self, id: ConnId) {
        self.release_queue(id);
        self.deadlines.forget(id);
        self.ports.remove(id);
    }
}

/// Two vectors that change places keep their memory: no turn allocates.
fn swap_list(list: &mut Vec<ConnId>, round: &mut Vec<ConnId>) {
    round.clear();
    std::mem::swap(list, round);
}

/// What a callback may do with its own connection. Reaches [`Net`] by itself: `io.now`, `io.send_to(..)`.
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
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.net.queue_of(self.id).tail()
    }

    /// Queues a chunk, uncopied, behind what was queued before. Its own answer is never dropped.
    pub fn push(&mut self, chunk: Chunk) {
        self.net.queue_of(self.id).push(chunk);
    }

    /// How many bytes wait to be sent, those in unread files included.
    pub fn pending(&self) -> u64 {
        self.net.pending_of(self.id)
    }

    /// Whether a loop over many messages in one `data` call should stop and return what it has used:
    /// too much output is waiting, or the connection is paused or closing. The rest is shown again when
    /// that has passed.
    pub fn must_wait(&self) -> bool {
        self.net.holds_back(self.id)
    }

    /// Stops reading: no `data` until [`resume`](Io::resume). The peer's bytes fill the kernel's buffer,
    /// then its window closes, and it must wait. That is backpressure, and it costs us nothing.
    pub fn pause(&mut self) {
        self.port().paused = true;
    }

    /// Reads on. Bytes that were held back are shown again at once, though no new ones have come.
    pub fn resume(&mut self) {
        let port = self.port();
        if std::mem::replace(&mut port.paused, false) {
            self.look_again();
        }
    }

    /// Asks for the unused bytes to be shown again, though no new ones came: what stopped the protocol from
    /// using them has passed.
    pub fn look_again(&mut self) {
        self.port().look_again = true;
        self.net.make_ready(self.id);
    }

    /// From now on `send_to` for this connection answers [`Sent::Gone`]; only [`out`](Io::out) still
    /// works. For a goodbye after which nothing may be sent (RFC 6455 §5.5.1).
    pub fn seal(&mut self) {
        self.port().sealed = true;
    }

    /// Closes politely: what is queued leaves, then our FIN; what still comes is read and thrown away until
    /// the peer's FIN, a bounded time. Closing with bytes unread would make the kernel send an RST, which
    /// can destroy our last answer before the peer has read it (RFC 9112 §9.6).
    pub fn close(&mut self) {
        let at = self.net.now + self.net.limits.flush_timeout;
        let port = self.port();
        if port.phase == Phase::Open {
            port.phase = Phase::Flushing;
            self.net.deadlines.forget(self.id);
            self.net.deadlines.set(Whose::Closing(self.id), Some(at));
            self.net.make_dirty(self.id);
        }
    }

    /// Drops the connection at once, with all that is queued.
    pub fn abort(&mut self) {
        self.port().phase = Phase::Aborted;
        self.net.make_ready(self.id);
    }

    /// Whether [`close`](Io::close) or [`abort`](Io::abort) was called.
    pub fn is_closing(&self) -> bool {
        self.net.ports.get(self.id).is_none_or(|port| port.phase != Phase::Open)
    }

    /// Sets one of the connection's two deadlines, or clears it. `after` counts from [`Net::now`].
    pub fn set_timeout(&mut self, which: Timer, after: Option<Duration>) {
        if !self.is_closing() {
            let at = after.map(|after| self.net.now + after);
            self.net.deadlines.set(Whose::Protocol(self.id, which), at);
        }
    }

    fn port(&mut self) -> &mut Port {
        self.net.ports.get_mut(self.id).expect("a connection outlives its callbacks")
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
