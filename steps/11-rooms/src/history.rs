//! What was said lately, for the newcomer and for whoever comes back.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

/// One thing that somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Grows from message to message.
    pub id: u64,
    /// The person's id.
    pub from: u64,
    /// The person's name then.
    pub name: String,
    /// What was said.
    pub text: String,
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// The sender's own mark, told to nobody else: who knew it could say something under it first.
    #[serde(skip)]
    pub key: Option<String>,
}

/// The last messages of each room, in memory: a server that is started anew knows nothing.
#[derive(Debug)]
pub struct History {
    rooms: HashMap<String, VecDeque<Said>>,
    /// How many messages of each room.
    messages: usize,
    /// How many rooms.
    most_rooms: usize,
}

impl History {
    /// Keeps `messages` of each of `most_rooms` rooms.
    pub fn new(messages: usize, most_rooms: usize) -> History {
        History { rooms: HashMap::new(), messages, most_rooms }
    }

    /// Adds a message, and forgets the oldest one if there are too many. A room that is one too many takes the place
    /// of the one where nobody has said anything for the longest time.
    pub fn add(&mut self, room: &str, said: Said) {
        if self.messages == 0 {
            return;
        }
        if !self.rooms.contains_key(room) {
            while self.rooms.len() >= self.most_rooms.max(1) {
                let last_word = |said: &VecDeque<Said>| said.back().map(|said| said.id);
                let quietest = self.rooms.iter().min_by_key(|(_, said)| last_word(said));
                let Some(quietest) = quietest.map(|(name, _)| name.clone()) else { break };
                self.rooms.remove(&quietest);
            }
        }
        let kept = self.rooms.entry(room.to_string()).or_default();
        if kept.len() == self.messages {
            kept.pop_front();
        }
        kept.push_back(said);
    }

    /// The last messages of a room, oldest first.
    pub fn of(&self, room: &str) -> impl Iterator<Item = &Said> {
        self.rooms.get(room).into_iter().flatten()
    }

    /// The message that was sent with this key, if it is not too long ago.
    pub fn with_key(&self, room: &str, key: &str) -> Option<&Said> {
        self.of(room).find(|said| said.key.as_deref() == Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: u64) -> Said {
        let key = Some(format!("key {id}"));
        Said { id, from: 1, name: "Ada".into(), text: "hello".into(), time: id, key }
    }

    fn ids(history: &History, room: &str) -> Vec<u64> {
        history.of(room).map(|said| said.id).collect()
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut history = History::new(3, 10);
        assert!(ids(&history, "lobby").is_empty());
        (1..=5).for_each(|id| history.add("lobby", said(id)));
        assert_eq!(ids(&history, "lobby"), [3, 4, 5]);
        assert!(history.with_key("lobby", "key 2").is_none());
        assert_eq!(history.with_key("lobby", "key 3").map(|said| said.id), Some(3));
        assert!(history.with_key("elsewhere", "key 3").is_none());
    }

    #[test]
    fn the_quietest_room_is_forgotten_first() {
        let mut history = History::new(3, 2);
        history.add("a", said(1));
        history.add("b", said(2));
        history.add("a", said(3));
        history.add("c", said(4));
        assert_eq!(
            (ids(&history, "a"), ids(&history, "b"), ids(&history, "c")),
            (vec![1, 3], vec![], vec![4])
        );
    }

    #[test]
    fn none_is_kept_where_none_is_wanted() {
        let mut history = History::new(0, 0);
        history.add("a", said(1));
        assert!(ids(&history, "a").is_empty());
        let mut history = History::new(1, 0);
        history.add("a", said(1));
        assert_eq!(ids(&history, "a"), [1]);
    }
}
