//! Output and backpressure: what a connection still has to send, and how it leaves.
//!
//! A write to a socket takes as many bytes as the kernel has room for, which may be some or none. The rest
//! waits here with its offset. `write_all` would be wrong twice: it spins or blocks on a peer that does not
//! read, and it forgets how far it came.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice};
use std::ops::Range;
use std::sync::Arc;

use crate::ConnId;
use crate::buffer::Buffer;
use crate::input::log_bytes;
use crate::large::Large;
use crate::stream::Stream;

/// A piece of output that is not copied into the connection's own buffer.
pub enum Chunk {
    /// Bytes that this connection owns.
    Owned(Vec<u8>),
    /// The same in a buffer from [`Net::large_buffer`](crate::Net::large_buffer), which serves again afterwards.
    Large(Buffer),
    /// Bytes that many connections send, encoded once (a large message to a room).
    Shared(Arc<[u8]>),
    /// A part of a file. It is read only when it is sent, so a large file costs no memory. If the file
    /// turns out shorter, the connection is cut: what was promised can no longer be kept.
    File {
        /// The file, open for reading. The offset of its descriptor is neither used nor moved.
        file: Arc<File>,
        /// The bytes to send.
        range: Range<u64>,
    },
}

impl Chunk {
    /// The chunk's length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Chunk::Owned(bytes) => bytes.len() as u64,
            Chunk::Large(bytes) => bytes.len() as u64,
            Chunk::Shared(bytes) => bytes.len() as u64,
            Chunk::File { range, .. } => range.end.saturating_sub(range.start),
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, unless they are still in a file.
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Chunk::Owned(bytes) => Some(bytes),
            Chunk::Large(bytes) => Some(bytes),
            Chunk::Shared(bytes) => Some(bytes),
            Chunk::File { .. } => None,
        }
    }
}

/// All that waits to be sent on one connection, in order: the chunks, then the tail.
#[derive(Default)]
pub(crate) struct Queue {
    chunks: VecDeque<Chunk>,
    /// Small answers are appended here, one behind the other, so that they leave in one write.
    tail: Vec<u8>,
    /// How much of the first part has left already.
    sent: u64,
    /// The largest buffer that has left, for the next large message (see `large.rs`).
    left: Buffer,
    /// Bytes in `chunks`, sent ones included.
    in_chunks: u64,
}

/// How far a flush came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// All of it: the queue is empty.
    All,
    /// The socket is full; an event will come when there is room.
    Blocked,
    /// The connection's share of this turn is used up; no event will come.
    Paused,
}

/// As many parts as one vectored write takes. Most answers are one or two; a longer list goes around again.
const PARTS: usize = 16;

/// How many bytes one connection may send at a time before the others come first. A reader on the same
/// machine can empty the socket as fast as we fill it, and would keep the loop for itself.
const WRITE_BUDGET: u64 = 1024 * 1024;

/// Less than this is moved to the front of its buffer at each write that meets a full socket.
const CHEAP_TO_MOVE: u64 = 256 * 1024;

impl Queue {
    pub fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.tail
    }

    pub fn push(&mut self, chunk: Chunk) {
        if chunk.is_empty() {
            return;
        }
        if !self.tail.is_empty() {
            let before = Chunk::Owned(std::mem::take(&mut self.tail));
            self.in_chunks += before.len();
            self.chunks.push_back(before);
        }
        self.in_chunks += chunk.len();
        self.chunks.push_back(chunk);
    }

    /// Bytes that have not left yet, those still in files included.
    pub fn pending(&self) -> u64 {
        self.in_chunks + self.tail.len() as u64 - self.sent
    }

    /// Writes until the queue is empty, the socket is full, or the budget is used up.
    pub fn flush<S: Stream>(&mut self, id: ConnId, stream: &mut S) -> io::Result<Flushed> {
        let mut budget = WRITE_BUDGET;
        // ANCHOR: flush
        while self.pending() > 0 {
            if budget == 0 {
                return Ok(Flushed::Paused);
            }
            match self.write_once(id, stream, budget) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.advance(written as u64);
                    budget = budget.saturating_sub(written as u64);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.give_back_memory();
                    return Ok(Flushed::Blocked);
                }
                Err(error) => return Err(error),
            }
        }
        // ANCHOR_END: flush
        match stream.flush() {
            Ok(()) => Ok(Flushed::All),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Flushed::Blocked),
            Err(error) => Err(error),
        }
    }

    fn write_once<S: Stream>(&mut self, id: ConnId, stream: &mut S, budget: u64) -> io::Result<usize> {
        if let Some(Chunk::File { file, range }) = self.chunks.front() {
            let (from, left) = (range.start + self.sent, range.end - range.start - self.sent);
            let sent = stream.send_file(file, from, left.min(budget) as usize)?;
            if sent == 0 {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "the file became shorter while it was sent",
                ));
            }
            log::trace!("{id} out {sent} bytes of a file");
            return Ok(sent);
        }
        if self.chunks.is_empty() {
            // One small answer, or some, as nearly always: nothing to collect.
            let part = [IoSlice::new(&self.tail[self.sent as usize..])];
            let written = stream.write(&part)?;
            log_written(id, &part, written);
            return Ok(written);
        }
        let in_memory = self.chunks.iter().map_while(Chunk::bytes).take(PARTS);
        let many = in_memory.clone().count();
        let reaches_tail = many == self.chunks.len() && !self.tail.is_empty();
        let tail = reaches_tail.then_some(self.tail.as_slice());
        let mut parts = [IoSlice::new(&[]); PARTS];
        let mut count = 0;
        for (part, bytes) in parts.iter_mut().zip(in_memory.chain(tail)) {
            // Only the first part can have been sent in part.
            let skip = if count == 0 { self.sent as usize } else { 0 };
            *part = IoSlice::new(&bytes[skip..]);
            count += 1;
        }
        // A file comes behind them: its first bytes and these share a segment.
        let written = match self.chunks.get(many) {
            Some(Chunk::File { .. }) => stream.write_more(&parts[..count])?,
            _ => stream.write(&parts[..count])?,
        };
        log_written(id, &parts[..count], written);
        Ok(written)
    }

    /// Marks `written` bytes as sent and drops the parts that have left wholly.
    fn advance(&mut self, written: u64) {
        self.sent += written;
        while let Some(first) = self.chunks.front() {
            let length = first.len();
            if self.sent < length {
                return;
            }
            self.sent -= length;
            self.in_chunks -= length;
            if let Some(Chunk::Large(buffer)) = self.chunks.pop_front()
                && buffer.len() > self.left.len()
            {
                self.left = buffer;
            }
        }
        if self.sent == self.tail.len() as u64 {
            self.tail.clear();
            self.sent = 0;
        }
    }

    /// What a dead connection left unsent must never leave on another.
    fn forget(&mut self) {
        if self.pending() > 0 {
            self.chunks.clear();
            self.tail.clear();
            (self.sent, self.in_chunks) = (0, 0);
        }
    }

    /// The peer is slow, so these bytes may stay for long: drop the sent part and the unused capacity.
    fn give_back_memory(&mut self) {
        self.left = Buffer::default();
        if !self.chunks.is_empty() {
            return;
        }
        // Moving costs as much as what is left. So move little, or what frees more than it moves: a large
        // answer that leaves in a thousand writes must not be moved a thousand times.
        let left = self.tail.len() as u64 - self.sent;
        if left <= CHEAP_TO_MOVE.max(self.sent) {
            self.tail.drain(..self.sent as usize);
            self.tail.shrink_to_fit();
            self.sent = 0;
        }
    }
}

fn log_written(id: ConnId, parts: &[IoSlice<'_>], mut written: usize) {
    for part in parts {
        let left = written.min(part.len());
        log_bytes(id, "out", &part[..left]);
        written -= left;
    }
}

/// Empty queues to hand out again, so that a message costs no allocation, and an idle connection no buffer.
#[derive(Default)]
pub(crate) struct Spare {
    // A pointer moves between here and the connection's port; a bare Queue would be 80 bytes in each.
    #[expect(clippy::vec_box)]
    queues: Vec<Box<Queue>>,
    bytes: usize,
    pub large: Large,
}

/// The most memory that waits for reuse, in all. A turn that sends to a thousand uses as many queues at once, a few kilobytes
/// each; what did not fit here would be freed, and made anew in the next.
const SPARE_BYTES: usize = 4 * 1024 * 1024;
/// A queue that grew beyond this (one large answer) is freed instead of kept.
const SPARE_QUEUE_BYTES: usize = 128 * 1024;

impl Spare {
    pub fn take(&mut self) -> Box<Queue> {
        let Some(queue) = self.queues.pop() else { return Box::default() };
        self.bytes -= cost(&queue);
        queue
    }

    pub fn give(&mut self, mut queue: Box<Queue>) {
        if !queue.left.is_empty() {
            self.large.give(std::mem::take(&mut queue.left));
        }
        queue.forget();
        let cost = cost(&queue);
        if cost <= SPARE_QUEUE_BYTES && self.bytes + cost <= SPARE_BYTES {
            self.bytes += cost;
            self.queues.push(queue);
        }
    }
}

fn cost(queue: &Queue) -> usize {
    size_of::<Queue>() + queue.tail.capacity() + queue.chunks.capacity() * size_of::<Chunk>()
}

#[cfg(test)]
mod tests;
