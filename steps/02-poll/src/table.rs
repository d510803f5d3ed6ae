//! Who is who: a small number for each connection that can never be mistaken for another's.
//!
//! The kernel reuses descriptors at once, and a list of slots is reused just as fast. So an id is a slot
//! *and* a generation: when a slot is given away again its generation has moved on, and a late event or a
//! late answer for the dead connection finds nobody (tokio-rs/mio#172 is what happens without).

use std::fmt;

use mio::Token;

/// Names one connection for as long as the server lives. Cheap to copy, to compare and to send.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId {
    slot: u32,
    generation: u32,
}

// The id travels through the kernel as epoll's 64-bit user data.
const _: () = assert!(usize::BITS == 64, "barewire's tokens need a 64-bit machine");

impl ConnId {
    /// The id as one number, for a log line or a message.
    pub fn as_u64(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.slot)
    }

    /// The connection that has the number of [`as_u64`](ConnId::as_u64), if there is still one.
    pub const fn from_u64(number: u64) -> ConnId {
        ConnId { slot: number as u32, generation: (number >> 32) as u32 }
    }

    pub(crate) fn slot(self) -> usize {
        self.slot as usize
    }

    pub(crate) fn token(self) -> Token {
        Token(self.as_u64() as usize)
    }

    pub(crate) fn from_token(token: Token) -> ConnId {
        ConnId::from_u64(token.0 as u64)
    }
}

/// Written `#3.1`: slot 3, the first connection that has it.
impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.slot, self.generation)
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Values by [`ConnId`]: insert, look up and remove in constant time.
pub(crate) struct Table<T> {
    /// By slot, as the values: which generation has it, or had it last. A list of its own, for side by side with a
    /// value of 8, 16 or 24 bytes the number would take 8 bytes.
    generations: Vec<u32>,
    values: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Table<T> {
    pub fn new() -> Table<T> {
        Table { generations: Vec::new(), values: Vec::new(), free: Vec::new() }
    }

    /// Makes room for so many at once. A list that grows leaves its old copies behind, as memory that few others can
    /// use; room that is not used costs nothing.
    pub fn reserve(&mut self, slots: usize) {
        self.generations.reserve(slots);
        self.values.reserve(slots);
    }

    pub fn len(&self) -> usize {
        self.values.len() - self.free.len()
    }

    pub fn insert(&mut self, value: T) -> ConnId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.generations.push(0);
            self.values.push(None);
            (self.values.len() - 1) as u32
        });
        let generation = &mut self.generations[slot as usize];
        // A wrapped generation would need four thousand million connections in this one slot.
        *generation = generation.wrapping_add(1);
        self.values[slot as usize] = Some(value);
        ConnId { slot, generation: *generation }
    }

    pub fn get(&self, id: ConnId) -> Option<&T> {
        if self.is_current(id) { self.values[id.slot()].as_ref() } else { None }
    }

    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut T> {
        if self.is_current(id) { self.values[id.slot()].as_mut() } else { None }
    }

    /// The value of a connection that is there: it asks in its own callback, and nobody else can have its slot meanwhile.
    #[inline]
    pub fn own(&self, id: ConnId) -> &T {
        debug_assert!(self.is_current(id), "{id} is gone");
        self.values[id.slot()].as_ref().expect("a connection outlives its callbacks")
    }

    /// As [`own`](Table::own), to change it.
    #[inline]
    pub fn own_mut(&mut self, id: ConnId) -> &mut T {
        debug_assert!(self.is_current(id), "{id} is gone");
        self.values[id.slot()].as_mut().expect("a connection outlives its callbacks")
    }

    /// Whether the slot is still this connection's, or free since it left.
    fn is_current(&self, id: ConnId) -> bool {
        self.generations.get(id.slot()) == Some(&id.generation)
    }

    pub fn remove(&mut self, id: ConnId) -> Option<T> {
        if !self.is_current(id) {
            return None;
        }
        let value = self.values[id.slot()].take()?;
        self.free.push(id.slot);
        Some(value)
    }

    pub fn ids(&self) -> Vec<ConnId> {
        let occupied = self.values.iter().enumerate().filter(|(_, value)| value.is_some());
        occupied.map(|(slot, _)| ConnId { slot: slot as u32, generation: self.generations[slot] }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_slot_of_its_own() {
        let mut table = Table::new();
        let ids: Vec<ConnId> = ["a", "b", "c"].into_iter().map(|value| table.insert(value)).collect();
        assert_eq!(ids.iter().map(|id| id.slot()).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(
            ids.iter().map(|&id| table.get(id).copied()).collect::<Vec<_>>(),
            ["a", "b", "c"].map(Some)
        );
        assert_ne!(ids[0].as_u64(), 0, "generations begin at 1, so no id is 0");
    }

    #[test]
    fn an_id_of_a_dead_connection_finds_nobody_when_its_slot_is_reused() {
        let mut table = Table::new();
        let first = table.insert("first");
        assert_eq!(table.remove(first), Some("first"));
        let second = table.insert("second");
        assert_eq!(first.slot(), second.slot(), "the slot is reused");
        assert_eq!(table.get_mut(first), None, "{first} is out of date");
        assert_eq!(table.remove(first), None, "{first} is out of date");
        assert_eq!(table.get(second), Some(&"second"));
    }

    #[test]
    fn an_id_survives_the_way_through_the_kernel() {
        let mut table = Table::new();
        for _ in 0..3 {
            let id = table.insert(());
            assert_eq!(ConnId::from_token(id.token()), id);
            table.remove(id);
        }
    }

    #[test]
    fn the_ids_are_those_of_the_living() {
        let mut table = Table::new();
        let (a, b, c) = (table.insert('a'), table.insert('b'), table.insert('c'));
        table.remove(b);
        assert_eq!(table.ids(), vec![a, c]);
        assert_eq!(table.len(), 2);
    }
}
