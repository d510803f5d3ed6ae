//! What the loop keeps for each connection beside its stream and its protocol: where it is in its life, what
//! the kernel said last, what it has to do.

use crate::output::{Queue, Spare};
use crate::{ConnId, Limits};

/// One connection's state as far as callbacks can change it. Small, 16 bytes: an idle connection is nothing else.
pub(crate) struct Port {
    pub phase: Phase,
    /// What waits to be sent; nobody owns a buffer who has nothing to say.
    pub queue: Option<Box<Queue>>,
    /// An event said "readable", and no read has come to the end of it since. No further event will come.
    pub readable: bool,
    /// No write has met WouldBlock since the last "writable".
    pub writable: bool,
    /// A FIN or urgent data stand in the receive queue. A read stops there although more is behind it.
    pub stops_short: bool,
    /// The peer's FIN was read: it sends no more.
    pub half_closed: bool,
    /// The kernel has given the connection up (an RST, a timeout).
    pub broken: bool,
    /// Our own FIN.
    pub fin: Fin,
    /// A set of [`Note`], a bit each.
    notes: u8,
}

/// How far a connection is on its way in or out.
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

/// Whether we have said that we send no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fin {
    No,
    /// As soon as the queue is empty.
    Wanted,
    Sent,
}

/// What a connection has to do in this turn or the next, whether an event comes or not. Each is a step of
/// the turn with a list of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Todo {
    /// Step 7: read, or whatever its phase asks for.
    Serve,
    /// Step 8: hear that somebody woke it.
    Hear,
    /// Step 9: send.
    Flush,
}

/// By [`Todo`]: the connections that have it to do, each once.
#[derive(Default)]
pub(crate) struct Planned([Vec<ConnId>; 3]);

impl Planned {
    /// Notes that a connection, whose port this is, has something to do, unless that is noted already.
    pub fn add(&mut self, todo: Todo, port: &mut Port, id: ConnId) {
        if port.note(Note::Planned(todo)) {
            self.0[todo as usize].push(id);
        }
    }

    /// The output of a connection, whose port this is, to append to; it will be written when the turn ends.
    #[inline]
    pub fn output<'a>(&mut self, port: &'a mut Port, id: ConnId, spare: &mut Spare) -> &'a mut Queue {
        self.add(Todo::Flush, port, id);
        port.queue.get_or_insert_with(|| spare.take())
    }

    /// Moves a list into `round`. Two vectors that change places keep their memory: no turn allocates.
    pub fn take(&mut self, todo: Todo, round: &mut Vec<ConnId>) {
        round.clear();
        std::mem::swap(&mut self.0[todo as usize], round);
    }

    /// Whether nobody has anything to do.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }
}

/// What somebody has asked for a connection, or what is to be remembered of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Note {
    /// It stands in the list of this.
    Planned(Todo),
    Paused,
    Sealed,
    /// Unused bytes are to be shown again, though none have come.
    LookAgain,
    /// Output has piled up; `drained` is called when it has left.
    PiledUp,
}

impl Note {
    fn bit(self) -> u8 {
        let place = match self {
            Note::Planned(todo) => todo as u8,
            Note::Paused => 3,
            Note::Sealed => 4,
            Note::LookAgain => 5,
            Note::PiledUp => 6,
        };
        1 << place
    }
}

impl Port {
    pub fn new(phase: Phase) -> Port {
        Port {
            phase,
            queue: None,
            readable: false,
            // A new socket has room. If not, the first write finds out.
            writable: true,
            stops_short: false,
            half_closed: false,
            broken: false,
            fin: Fin::No,
            notes: 0,
        }
    }

    /// `false`: that was noted before.
    pub fn note(&mut self, note: Note) -> bool {
        let is_new = !self.has(note);
        self.notes |= note.bit();
        is_new
    }

    pub fn has(&self, note: Note) -> bool {
        self.notes & note.bit() != 0
    }

    /// Takes a note away. `false`: there was none.
    pub fn take(&mut self, note: Note) -> bool {
        let was_there = self.has(note);
        self.notes &= !note.bit();
        was_there
    }

    /// The queue is empty: its buffer serves another connection.
    pub fn release_queue(&mut self, spare: &mut Spare) {
        if let Some(queue) = self.queue.take() {
            spare.give(queue);
        }
    }

    pub fn pending(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.pending())
    }

    /// Whether its protocol must not be shown any bytes now.
    // ANCHOR: holds_back
    pub fn holds_back(&self, limits: &Limits) -> bool {
        self.phase != Phase::Open || self.has(Note::Paused) || self.pending() > limits.pending
    }
    // ANCHOR_END: holds_back

    /// Whether others may send to it.
    pub fn takes_output(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Open) && !self.has(Note::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_note_is_a_bit_of_its_own() {
        let todos = [Todo::Serve, Todo::Hear, Todo::Flush].map(Note::Planned);
        let notes = todos.into_iter().chain([Note::Paused, Note::Sealed, Note::LookAgain, Note::PiledUp]);
        let mut port = Port::new(Phase::Open);
        for note in notes.clone() {
            assert!(!port.has(note) && !port.take(note), "{note:?} was noted by another");
            assert!(port.note(note) && !port.note(note), "{note:?} is new once");
        }
        for note in notes {
            assert!(port.has(note) && port.take(note) && !port.has(note), "{note:?}");
        }
    }

    #[test]
    fn a_port_is_small() {
        assert_eq!(size_of::<Option<Port>>(), 16);
    }
}
