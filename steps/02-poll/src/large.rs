//! Large messages: read to where they belong, sent at once, and their buffers used again. An extra: a loop without it is right, and
//! slower.
//!
//! What is read goes through the shared buffer, 64 KiB at a time, and a protocol that waits for a megabyte copies it out of
//! there. While it is known that the next bytes are the rest of one message, that copy is for nothing: the protocol offers
//! room, and the bytes are read into it.
//!
//! A new buffer of a megabyte is 256 pages that the kernel has to find, clear and map, and does so at each page's first use. That
//! costs more than the copy. So a buffer whose message has left waits here for the next message.
//!
//! Where in its page a message begins counts too: `buffer.rs`.
//!
//! And where four connections bring a megabyte each in one turn, the first one's bytes are no longer in the processor's cache when
//! the turn ends. So what is large does not wait for that.

use std::io;

use crate::buffer::Buffer;
use crate::event_loop::EventLoop;
use crate::input::{Arrived, log_bytes};
use crate::{ConnId, Entry, Io, Stream};

/// The most that one read brings. A connection that gets this much has had its share of the turn.
const MOST: usize = 1024 * 1024;
/// The most memory that waits here, in all.
const SPARE_BYTES: usize = 8 * 1024 * 1024;
/// Smaller ones come cheap from the allocator.
const LARGE: usize = 64 * 1024;

impl<P: Entry, S: Stream> EventLoop<P, S> {
    /// One read into the protocol's own room. `None`: it has none, or bytes that it could not use come first.
    pub(crate) fn read_into_room(&mut self, id: ConnId, world: &mut P::World) -> Option<io::Result<Arrived>> {
        let connection = self.connections.get_mut(id.slot())?.as_mut()?;
        let (stream, protocol) = connection.without_carry()?;
        let room = protocol.room(&mut Io::new(&mut self.net, id))?;
        let length = room.len().min(MOST);
        let room = &mut room[..length];
        let result = stream.read(room);
        if let Ok(count @ 1..) = result {
            log_bytes(id, "in ", &room[..count]);
            protocol.filled(count, world, &mut Io::new(&mut self.net, id));
        }
        Some(result.map(|count| Arrived { count, filled: count == length }))
    }

    /// A large answer leaves at once, and not when the turn ends: it is in the processor's cache still, and its buffer is free for
    /// the next connection.
    pub(crate) fn send_large(&mut self, id: ConnId, world: &mut P::World) {
        if self.net.pending_of(id) >= LARGE as u64 {
            self.flush(id, world);
        }
    }
}

/// Large buffers to hand out again. What is in them is rubbish, but initialised: to clear a megabyte costs too.
#[derive(Default)]
pub(crate) struct Large {
    buffers: Vec<Buffer>,
    bytes: usize,
}

impl Large {
    /// A buffer of `length` bytes or more.
    pub fn take(&mut self, length: usize) -> Buffer {
        let fits = self.buffers.iter().position(|buffer| buffer.len() >= length);
        let Some(fits) = fits else { return Buffer::new(length) };
        let buffer = self.buffers.swap_remove(fits);
        self.bytes -= buffer.capacity();
        buffer
    }

    /// A buffer whose bytes have left. Kept, if it is large and well placed.
    pub fn give(&mut self, buffer: Buffer) {
        if buffer.len() >= LARGE
            && buffer.begins_in_the_middle()
            && self.bytes + buffer.capacity() <= SPARE_BYTES
        {
            self.bytes += buffer.capacity();
            self.buffers.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_serves_again_and_the_memory_that_waits_is_bounded() {
        let mut large = Large::default();
        let (first, second) = (large.take(LARGE), large.take(2 * LARGE));
        let places = [first.as_ptr(), second.as_ptr()];
        large.give(first);
        large.give(second);
        let again = [large.take(LARGE + 1), large.take(1)];
        assert_eq!(again[0].as_ptr(), places[1], "the first one that is long enough");
        assert_eq!(again[1].as_ptr(), places[0]);
        assert_eq!(large.bytes, 0);

        large.give(Buffer::new(LARGE - 1));
        large.give(Buffer::new(SPARE_BYTES + 1));
        large.give(Buffer::new(2 * LARGE).without_first());
        assert!(
            large.buffers.is_empty(),
            "neither small ones, nor one that is all too large, nor what was made elsewhere"
        );
        (0..1000).for_each(|_| large.give(Buffer::new(LARGE)));
        assert!(large.bytes <= SPARE_BYTES && large.bytes > SPARE_BYTES - 2 * LARGE);
    }
}
