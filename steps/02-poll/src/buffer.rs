//! Where a large buffer begins in its page.
//!
//! The kernel keeps what is sent and received in pages of its own, from their beginning on, and copies between them and ours. A
//! processor tells a read from the writes before it by the last twelve bits of their addresses first, and waits where these
//! agree (Intel calls it 4K aliasing). Where both begin at the beginning of a page they nearly agree all along; half a page
//! apart, never. `notes/bench.md` has the measurement.

use std::ops::{Deref, DerefMut};

/// Bytes that are owned, and if they came from [`Buffer::new`] begin in the middle of a page.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    memory: Vec<u8>,
    /// What stands before it is never used.
    from: usize,
}

/// As large as an address's last twelve bits can tell apart, whatever the system's pages are.
const PAGE: usize = 4096;

impl Buffer {
    /// So many zeros.
    pub(crate) fn new(length: usize) -> Buffer {
        let mut memory = vec![0; PAGE + length];
        let from = (PAGE / 2).wrapping_sub(memory.as_ptr().addr()) % PAGE;
        memory.truncate(from + length);
        Buffer { memory, from }
    }

    /// Appends these bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.memory.extend_from_slice(bytes);
    }

    /// Keeps the first `length` bytes, where there are more.
    pub fn truncate(&mut self, length: usize) {
        self.memory.truncate(self.from + length);
    }

    /// Not so of one that was something else before.
    pub(crate) fn begins_in_the_middle(&self) -> bool {
        self.as_ptr().addr() % PAGE == PAGE / 2
    }

    #[cfg(test)]
    pub(crate) fn without_first(mut self) -> Buffer {
        self.from += 1;
        self
    }

    /// The memory that it takes.
    pub fn capacity(&self) -> usize {
        self.memory.capacity()
    }
}

/// As they are: small ones need no place of their own.
impl From<Vec<u8>> for Buffer {
    fn from(memory: Vec<u8>) -> Buffer {
        Buffer { memory, from: 0 }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.from..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_in_the_middle_of_a_page_and_grows_like_a_vec() {
        for length in [0, 1, 64 * 1024, 1_000_001] {
            let mut buffer = Buffer::new(length);
            assert!(buffer.len() == length && buffer.begins_in_the_middle());
            assert!(!Buffer::new(length + 1).without_first().begins_in_the_middle());
            buffer.truncate(1);
            buffer.iter_mut().for_each(|byte| *byte = 1);
            buffer.extend_from_slice(&[2, 3]);
            assert!(buffer.ends_with(&[2, 3]) && buffer.len() == length.min(1) + 2);
        }
        assert_eq!(*Buffer::from(vec![1, 2]), [1, 2]);
    }
}
