//! How one member reads, and what is done with a message for it.

use std::mem;
use std::sync::Arc;

use messages::{Message, encode};
use poll::{Chunk, ConnId, Net, Sent};

use crate::slow::{Lost, SlowReader};

/// From this size on members share a frame; below it each gets a copy, behind what else it is sent, so that all
/// leaves in one part of one write. Chosen for memory's sake: copies of a megabyte for a thousand slow readers would
/// be a gigabyte. Rung 10 hands over instead of copying from 64 KiB on, where only speed counts.
pub(crate) const SHARED: usize = 16 * 1024;

/// So many bytes of latest messages are held for one member, or one message if it is larger. As much as the loop
/// lets wait before it calls a reader slow (`MAX_PENDING`).
const HELD: usize = 64 * 1024;

/// A message as it stands on the wire, encoded once.
#[derive(Clone)]
pub(crate) struct Frame(pub(crate) Arc<[u8]>);

impl Frame {
    pub fn new(message: &Message<'_>) -> Frame {
        Frame(encode(message))
    }

    fn send(&self, id: ConnId, net: &mut Net) -> Sent {
        match self.0.len() {
            ..SHARED => net.send_to(id, &self.0),
            _ => net.push_to(id, Chunk::Shared(self.0.clone())),
        }
    }
}

/// What the hub knows of how a member reads. Nothing of it owns memory while the member reads.
///
/// ```text
///            more than MAX_PENDING waits        no room (MAX_QUEUE)
///   Reads -----------------------------> Slow ----------------------> Full
///     ^                                   |                            |
///     +-----------------------------------+----------------------------+
///                          drained: all of it has left
/// ```
#[derive(Default)]
pub(crate) struct Reader {
    backlog: Backlog,
    /// Messages on the way, where members confirm them.
    unconfirmed: u32,
    /// The latest messages that wait, by key.
    held: Vec<(u32, Frame)>,
    /// Messages that this member did not get and has not been told of.
    missed: u64,
    /// It is told nothing more, and closed with this code.
    pub refused: Option<u16>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Backlog {
    #[default]
    Reads,
    Slow,
    Full,
}

impl Reader {
    /// Sends, holds, leaves out, or gives the member up.
    pub fn give(
        &mut self,
        id: ConnId,
        frame: &Frame,
        (slow, window): (SlowReader, u32),
        net: &mut Net,
        lost: &mut Lost,
    ) {
        if self.refused.is_some() {
            return;
        }
        // ANCHOR: slow
        let has_window = self.unconfirmed < window;
        match slow {
            SlowReader::DropNewest if self.backlog < Backlog::Full && has_window => {}
            SlowReader::DropNewest => return self.miss(&mut lost.dropped),
            SlowReader::Coalesce { .. } if self.backlog < Backlog::Slow && has_window => {}
            SlowReader::Coalesce { key } => return self.hold(key, frame, lost),
            SlowReader::Disconnect { .. } => {}
        }
        // ANCHOR_END: slow
        match (frame.send(id, net), slow) {
            (Sent::Queued, _) => self.unconfirmed = self.unconfirmed.saturating_add(1),
            (Sent::Slow, _) => {
                self.unconfirmed = self.unconfirmed.saturating_add(1);
                self.backlog = self.backlog.max(Backlog::Slow);
            }
            // Its Close frame is out, and nothing may follow it. Its own callback comes soon.
            (Sent::Gone, _) => {}
            (Sent::Dropped, SlowReader::Disconnect { code }) => {
                self.refused = Some(code);
                self.held = Vec::new();
                lost.disconnected += 1;
                net.wake(id);
            }
            (Sent::Dropped, SlowReader::Coalesce { key }) if net.pending_of(id) > 0 => {
                self.backlog = Backlog::Full;
                self.hold(key, frame, lost);
            }
            // Also what is larger than the whole queue: it would wait forever.
            (Sent::Dropped, _) => {
                self.backlog = Backlog::Full;
                self.miss(&mut lost.dropped);
            }
        }
    }

    /// All that waited has left.
    pub fn drained(&mut self) {
        self.backlog = Backlog::Reads;
    }

    /// The member says that it has got so many more.
    pub fn confirm(&mut self, count: u32) {
        self.unconfirmed = self.unconfirmed.saturating_sub(count);
    }

    /// What was held, to be given again; nothing while the member is still behind.
    pub fn release(&mut self, window: u32) -> Vec<(u32, Frame)> {
        if self.backlog > Backlog::Reads || self.unconfirmed >= window {
            return Vec::new();
        }
        mem::take(&mut self.held)
    }

    /// How many messages the member has missed since this was asked last.
    pub fn take_missed(&mut self) -> u64 {
        mem::take(&mut self.missed)
    }

    fn hold(&mut self, key: u32, frame: &Frame, lost: &mut Lost) {
        // A few keys: a search is as fast as a map, and an empty vector owns nothing.
        if let Some((_, held)) = self.held.iter_mut().find(|(other, _)| *other == key) {
            *held = frame.clone();
            self.miss(&mut lost.replaced);
        } else {
            self.held.push((key, frame.clone()));
        }
        while self.held.iter().map(|(_, frame)| frame.0.len()).sum::<usize>() > HELD {
            // The oldest, but never the one that came just now: it may stand where an old one of its key stood.
            let Some(oldest) = self.held.iter().position(|(other, _)| *other != key) else { break };
            self.held.remove(oldest);
            self.miss(&mut lost.dropped);
        }
    }

    fn miss(&mut self, counter: &mut u64) {
        self.missed += 1;
        *counter += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize) -> Frame {
        Frame::new(&Message::Binary(vec![0; length].into()))
    }

    /// Of each key only the latest is of use; but what it replaces was a message too, and is counted. How many keys
    /// there are, the application says, perhaps one for each client: so the bytes are bounded.
    #[test]
    fn of_each_key_the_latest_is_held_and_all_that_goes_is_counted() {
        let (mut reader, mut lost) = (Reader::default(), Lost::default());
        for (key, length) in [(1, 10), (2, 20), (1, 30)] {
            reader.hold(key, &frame(length), &mut lost);
        }
        let held = |reader: &Reader| {
            reader.held.iter().map(|(key, frame)| (*key, frame.0.len())).collect::<Vec<_>>()
        };
        // Two bytes of header.
        assert_eq!(held(&reader), [(1, 32), (2, 22)]);
        assert_eq!((lost.replaced, lost.dropped, reader.take_missed()), (1, 0, 1));
        // These two are as much as may be held, headers included.
        reader.hold(3, &frame(HELD - 102 - 4), &mut lost);
        reader.hold(4, &frame(100), &mut lost);
        assert_eq!(
            held(&reader).iter().map(|(key, _)| *key).collect::<Vec<_>>(),
            [3, 4],
            "the oldest go first"
        );
        assert_eq!((lost.replaced, lost.dropped, reader.take_missed()), (1, 2, 2));
        reader.hold(5, &frame(2 * HELD), &mut lost);
        assert_eq!(held(&reader).len(), 1, "one is held, however large it is");
    }

    /// A message that replaces one of its key stands in its place, which may be the oldest. It is the newest all the same.
    #[test]
    fn what_came_just_now_is_never_what_goes() {
        let (mut reader, mut lost) = (Reader::default(), Lost::default());
        for (key, length) in [(1, 10), (2, HELD - 1000), (1, 2000)] {
            reader.hold(key, &frame(length), &mut lost);
        }
        assert_eq!(reader.held.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [1]);
        assert_eq!((lost.replaced, lost.dropped), (1, 1));
    }
}
