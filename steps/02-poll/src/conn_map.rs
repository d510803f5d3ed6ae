//! What somebody keeps for each connection: a hub its members, a guard its seats.

use crate::ConnId;

/// Values by [`ConnId`], with the calls of a `HashMap`. An id is its own place, so nothing is hashed, and who visits all goes
/// through memory from front to end, in the order in which the loop keeps its own side of the connections.
///
/// It is as long as the highest slot that it has seen: made for what most connections have.
#[derive(Debug)]
pub struct ConnMap<T> {
    entries: Vec<Option<(ConnId, T)>>,
    len: usize,
}

impl<T> Default for ConnMap<T> {
    fn default() -> ConnMap<T> {
        ConnMap { entries: Vec::new(), len: 0 }
    }
}

impl<T> ConnMap<T> {
    /// Puts a value in. What was there for this connection, or for one before it in the same slot, comes out.
    pub fn insert(&mut self, id: ConnId, value: T) -> Option<T> {
        if self.entries.len() <= id.slot() {
            self.entries.resize_with(id.slot() + 1, || None);
        }
        let before = self.entries[id.slot()].replace((id, value));
        self.len += usize::from(before.is_none());
        before.map(|(_, value)| value)
    }

    /// The value of this connection.
    pub fn get(&self, id: &ConnId) -> Option<&T> {
        let (of, value) = self.entries.get(id.slot())?.as_ref()?;
        (of == id).then_some(value)
    }

    /// The value of this connection, to change it.
    pub fn get_mut(&mut self, id: &ConnId) -> Option<&mut T> {
        let (of, value) = self.entries.get_mut(id.slot())?.as_mut()?;
        (of == id).then_some(value)
    }

    /// Takes the value of this connection out.
    pub fn remove(&mut self, id: &ConnId) -> Option<T> {
        let (_, value) = self.entries.get_mut(id.slot())?.take_if(|(of, _)| of == id)?;
        self.len -= 1;
        Some(value)
    }

    /// All of them, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (ConnId, &mut T)> {
        self.entries.iter_mut().flatten().map(|(id, value)| (*id, value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(slot: u64, generation: u64) -> ConnId {
        ConnId::from_u64(generation << 32 | slot)
    }

    #[test]
    fn each_connection_has_its_own_and_a_dead_one_finds_nothing() {
        let mut map = ConnMap::default();
        assert_eq!(map.get(&id(3, 1)), None, "beyond its end");
        assert_eq!(map.insert(id(3, 1), "alice"), None);
        assert_eq!(map.insert(id(0, 5), "bob"), None);
        assert_eq!((map.len(), map.get(&id(3, 1)), map.get(&id(3, 2))), (2, Some(&"alice"), None));
        assert_eq!(map.iter_mut().map(|(id, name)| (id.as_u64(), *name)).next(), Some((5 << 32, "bob")));
        assert_eq!(map.remove(&id(3, 2)), None);
        assert_eq!(map.insert(id(3, 2), "carol"), Some("alice"), "the slot is another's now");
        assert_eq!((map.remove(&id(3, 1)), map.len()), (None, 2));
        assert_eq!(map.get_mut(&id(3, 1)), None);
        assert_eq!((map.remove(&id(3, 2)), map.remove(&id(3, 2)), map.len()), (Some("carol"), None, 1));
        assert!(!map.is_empty());
    }
}
