//! A TCP proxy: for each client one connection to the server behind, and the bytes of each handed to the other.
//!
//! It holds at most what the loop lets it: who sends faster than the other side takes is paused until that
//! side has drained.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, Sent, World};

/// Who is connected through to whom.
pub struct Pairs {
    /// The server behind the proxy.
    pub upstream: SocketAddr,
    sides: HashMap<ConnId, Side>,
}

/// One side of a pair, as the other needs to know it.
struct Side {
    other: ConnId,
    /// Its peer sends no more.
    ended: bool,
    /// It was paused because the other was slow.
    waits: bool,
}

/// One connection of a pair: the client's, or the one to the server behind. Both do the same.
pub enum Proxy {
    /// The client's connection.
    Front,
    /// The connection to the server behind.
    Back,
}

impl Pairs {
    /// Nobody is connected yet.
    pub fn new(upstream: SocketAddr) -> Pairs {
        Pairs { upstream, sides: HashMap::new() }
    }
}

impl World for Pairs {
    fn connect_failed(&mut self, back: ConnId, tag: u64, _: io::Error, net: &mut Net) {
        let front = ConnId::from_u64(tag);
        self.sides.remove(&back);
        // It hears that its other side is gone.
        net.wake(front);
    }
}

impl Entry for Proxy {
    fn open(opened: Opened, pairs: &mut Pairs, io: &mut Io<'_>) -> Proxy {
        let Opened::Accepted { .. } = opened else {
            // The client may have ended or left meanwhile; wake-ups before now were not heard.
            let back = io.id();
            io.wake(back);
            return Proxy::Back;
        };
        let front = io.id();
        let back = io.connect(pairs.upstream, front.as_u64());
        for (id, other) in [(front, back), (back, front)] {
            pairs.sides.insert(id, Side { other, ended: false, waits: false });
        }
        Proxy::Front
    }
}

impl Protocol for Proxy {
    type World = Pairs;

    fn data(&mut self, bytes: &mut [u8], pairs: &mut Pairs, io: &mut Io<'_>) -> usize {
        let Some(side) = pairs.sides.get_mut(&io.id()) else { return bytes.len() };
        let sent = io.send_to(side.other, bytes);
        if matches!(sent, Sent::Slow | Sent::Dropped) {
            side.waits = true;
            io.pause();
        }
        // What was dropped is shown again. Where the other side is gone, we shall hear of that.
        if sent == Sent::Dropped { 0 } else { bytes.len() }
    }

    fn drained(&mut self, pairs: &mut Pairs, io: &mut Io<'_>) {
        if let Some(side) = pairs.sides.get(&io.id()) {
            io.wake(side.other);
        }
    }

    fn ended(&mut self, pairs: &mut Pairs, io: &mut Io<'_>) {
        if let Some(side) = pairs.sides.get_mut(&io.id()) {
            side.ended = true;
            io.wake(side.other);
            let me = io.id();
            io.wake(me);
        }
    }

    /// Something has changed on the other side.
    fn woken(&mut self, pairs: &mut Pairs, io: &mut Io<'_>) {
        let me = io.id();
        let Some(side) = pairs.sides.get(&me) else { return };
        match pairs.sides.get(&side.other) {
            Some(other) if !other.ended => {}
            Some(_) if !side.ended => io.half_close(),
            // Both have said all, or the other is gone.
            _ => io.close(),
        }
        if side.waits && io.pending_of(side.other) == 0 {
            pairs.sides.entry(me).and_modify(|side| side.waits = false);
            io.resume();
        }
    }

    fn closed(&mut self, id: ConnId, _: Ended, pairs: &mut Pairs, net: &mut Net) {
        if let Some(side) = pairs.sides.remove(&id) {
            net.wake(side.other);
        }
    }
}
