//! A protocol on its own, without a socket: bytes in, bytes out, and a clock that the test moves.

use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use crate::deadlines::Whose;
use crate::input::{Carry, READ_BUFFER, show_carry};
use crate::port::{Note, Phase, Port, Todo};
use crate::{ConnId, Entry, Io, Limits, Net, Opened, Stream};

/// One connection of a protocol, driven by hand. For unit tests, property tests and fuzzing.
///
/// It keeps the loop's promises: unused bytes are shown again, nothing is shown while the connection is
/// paused or its peer does not read, and nothing after it is closed.
pub struct Rehearsal<P: Entry> {
    /// What the connections of the server would share.
    pub world: P::World,
    protocol: P,
    net: Net,
    id: ConnId,
    carry: Carry,
    /// Bytes have come that were not shown yet.
    fresh: bool,
    /// The peer's FIN has come.
    fin: bool,
    /// ... and the protocol was told.
    ended: bool,
}

impl<P: Entry> Rehearsal<P> {
    /// An accepted connection from 127.0.0.1, with the default limits.
    pub fn new(world: P::World) -> Rehearsal<P> {
        Rehearsal::with_limits(world, Limits::default())
    }

    /// An accepted connection from 127.0.0.1.
    pub fn with_limits(mut world: P::World, limits: Limits) -> Rehearsal<P> {
        let mut net = Net::new(limits, Instant::now());
        let id = net.accepted();
        let opened = Opened::Accepted { peer: ([127, 0, 0, 1], 50000).into() };
        let protocol = P::open(opened, &mut world, &mut Io::new(&mut net, id));
        Rehearsal { world, protocol, net, id, carry: None, fresh: false, fin: false, ended: false }
    }

    /// The peer sends `bytes`, which arrive in one piece.
    pub fn receive(&mut self, bytes: &[u8]) {
        for mut piece in bytes.chunks(READ_BUFFER) {
            while self.carry.is_none()
                && !piece.is_empty()
                && !self.net.holds_back(self.id)
                && let Some(room) = self.protocol.room(&mut Io::new(&mut self.net, self.id))
            {
                let count = room.len().min(piece.len());
                room[..count].copy_from_slice(&piece[..count]);
                piece = &piece[count..];
                self.with_io(|protocol, world, io| protocol.filled(count, world, io));
                self.settle();
            }
            if piece.is_empty() {
                continue;
            }
            self.carry.get_or_insert_default().extend_from_slice(piece);
            self.fresh = true;
            self.settle();
        }
    }

    /// The peer sends its FIN.
    pub fn end(&mut self) {
        self.fin = true;
        self.settle();
    }

    /// The peer reads all that was sent. Returns it, and shows bytes that waited for that.
    pub fn sent(&mut self) -> Vec<u8> {
        let mut paper = Paper { taken: Vec::new(), room: usize::MAX };
        while let Some(port) = self.net.ports.get_mut(self.id)
            && port.phase != Phase::Aborted
            && let Some(mut queue) = port.queue.take()
        {
            let piled_up = port.take(Note::PiledUp) || queue.pending() > self.net.limits.pending;
            while queue.pending() > 0 {
                queue.flush(self.id, &mut paper).expect("paper takes all");
            }
            self.net.spare.give(queue);
            if piled_up && self.is_open() {
                self.with_io(|protocol, world, io| {
                    io.look_again();
                    protocol.drained(world, io);
                });
            }
            self.settle();
        }
        paper.taken
    }

    /// The peer reads so many bytes of what was sent, or all if that is less. The protocol does not hear of it.
    pub fn sent_at_most(&mut self, most: usize) -> Vec<u8> {
        let mut paper = Paper { taken: Vec::new(), room: most };
        if let Some(port) = self.net.ports.get_mut(self.id)
            && port.phase != Phase::Aborted
            && let Some(queue) = &mut port.queue
        {
            while paper.room > 0 && queue.pending() > 0 {
                queue.flush(self.id, &mut paper).expect("paper with room takes some");
            }
        }
        paper.taken
    }

    /// Lets time pass, and with it the deadlines.
    pub fn pass(&mut self, time: Duration) {
        self.net.now += time;
        while let Some(whose) = self.net.deadlines.pop_due(self.net.now) {
            if let Whose::Protocol(_, which) = whose
                && self.is_open()
            {
                self.with_io(|protocol, world, io| protocol.timeout(which, world, io));
            }
        }
        self.settle();
    }

    /// Runs a callback of the protocol, `P::woken` or `P::stop` say.
    pub fn call(&mut self, callback: impl FnOnce(&mut P, &mut P::World, &mut Io<'_>)) {
        self.with_io(callback);
        self.settle();
    }

    /// Whether somebody called [`Net::wake`] for this connection since this was asked last. The loop would now call
    /// `woken`; here that is left to the test.
    pub fn take_wake_up(&mut self) -> bool {
        let mut woken = Vec::new();
        self.net.take_planned(Todo::Hear, &mut woken);
        woken.contains(&self.id)
    }

    /// Whether the protocol has neither closed nor aborted the connection.
    pub fn is_open(&self) -> bool {
        self.net.ports.get(self.id).is_some_and(|port| port.phase == Phase::Open)
    }

    /// The connection's id.
    pub fn id(&self) -> ConnId {
        self.id
    }

    /// What the peer sent and the protocol has not used.
    pub fn unused(&self) -> &[u8] {
        self.carry.as_deref().map_or(&[], Vec::as_slice)
    }

    fn with_io(&mut self, callback: impl FnOnce(&mut P, &mut P::World, &mut Io<'_>)) {
        callback(&mut self.protocol, &mut self.world, &mut Io::new(&mut self.net, self.id));
    }

    /// What the loop's turns would do until nothing is left to do.
    fn settle(&mut self) {
        while !self.net.holds_back(self.id) {
            let again = self.port().is_some_and(|port| port.take(Note::LookAgain));
            if (std::mem::take(&mut self.fresh) || again) && self.carry.is_some() {
                let before = self.unused().len();
                let mut io = Io::new(&mut self.net, self.id);
                show_carry(&mut self.carry, |bytes| self.protocol.data(bytes, &mut self.world, &mut io));
                if self.unused().len() == before {
                    // Whatever it waits for, more of the same is not it.
                    if let Some(port) = self.port() {
                        port.take(Note::LookAgain);
                    }
                }
            } else if self.fin && !std::mem::replace(&mut self.ended, true) {
                self.with_io(P::ended);
            } else {
                break;
            }
        }
    }

    fn port(&mut self) -> Option<&mut Port> {
        self.net.ports.get_mut(self.id)
    }
}

/// A stream that takes what there is room for: the only method a queue needs is `write`.
struct Paper {
    taken: Vec<u8>,
    room: usize,
}

impl Stream for Paper {
    const SHORT_READ_DRAINS: bool = false;

    fn socket(&mut self) -> &mut TcpStream {
        unreachable!("a rehearsal has no socket")
    }

    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let before = self.room;
        for part in parts {
            let part = &part[..part.len().min(self.room)];
            self.taken.extend_from_slice(part);
            self.room -= part.len();
        }
        if before == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(before - self.room) }
    }
}

#[cfg(test)]
mod tests;
