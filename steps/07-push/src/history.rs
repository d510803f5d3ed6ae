//! The last messages of the room. All three ways read from here and from nowhere else.
//!
//! **A message has an id, ids only grow, and a client says which one it saw last.** So it does not matter
//! whether a wake-up was lost, came twice, or came while the client was between two connections: what it has
//! not seen follows from the id.

use std::collections::vec_deque::{Iter, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Larger than that of every message before, also of those before a restart. Never 0.
    pub id: u64,
    /// When it came, on the clock that never jumps.
    pub arrived: Instant,
    /// When it came, on the wall clock.
    pub at: SystemTime,
    /// Who said it.
    pub name: String,
    /// What was said; lines end with LF.
    pub text: String,
}

/// The last messages, a bounded number of them.
#[derive(Debug)]
pub struct History {
    messages: VecDeque<Message>,
    capacity: usize,
    last: u64,
}

impl History {
    /// Remembers `capacity` messages. Ids begin with the milliseconds since 1970 at the start of the server:
    /// after a restart they go on above the old ones, unless more than a thousand messages a second were said
    /// all the time. A server with a disk would store the last one.
    pub fn new(capacity: usize, start: SystemTime) -> History {
        History { messages: VecDeque::new(), capacity, last: milliseconds(start) }
    }

    /// Adds a message, and forgets the oldest if there are too many. Returns its id.
    pub fn push(&mut self, name: String, text: String, arrived: Instant, at: SystemTime) -> u64 {
        self.last += 1;
        self.messages.push_back(Message { id: self.last, arrived, at, name, text });
        if self.messages.len() > self.capacity {
            self.messages.pop_front();
        }
        self.last
    }

    /// What came after message `id`, oldest first; what has been forgotten is left out. 0: everything.
    ///
    /// An id that was not given out yet: everything, too. Somebody has set the clock back before a restart.
    // ANCHOR: after
    pub fn after(&self, id: u64) -> Iter<'_, Message> {
        let id = if id > self.last { 0 } else { id };
        // The ids stand without a gap, so the place follows from the id.
        let first = self.last - self.messages.len() as u64;
        self.messages.range(id.saturating_sub(first) as usize..)
    }
    // ANCHOR_END: after

    /// The id of the newest message, or what stands for it before the first.
    pub fn last(&self) -> u64 {
        self.last
    }
}

impl Message {
    /// As the two kinds of polling show it. `at` is in milliseconds since 1970.
    pub fn json(&self) -> Value {
        json!({ "id": self.id, "at": milliseconds(self.at), "name": self.name, "text": self.text })
    }
}

fn milliseconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(capacity: usize, messages: usize) -> History {
        let mut history = History::new(capacity, UNIX_EPOCH);
        for n in 1..=messages {
            history.push("Ada".into(), format!("message {n}"), Instant::now(), UNIX_EPOCH);
        }
        history
    }

    fn ids(history: &History, after: u64) -> Vec<u64> {
        history.after(after).map(|message| message.id).collect()
    }

    /// After 0 everything, after the last one nothing, oldest first.
    #[test]
    fn what_came_after_an_id() {
        let history = history(10, 3);
        assert_eq!(ids(&history, 0), [1, 2, 3]);
        assert_eq!(ids(&history, 2), [3]);
        assert_eq!(ids(&history, 3), [] as [u64; 0]);
        assert_eq!(history.last(), 3);
    }

    /// What was forgotten is left out; the ids of the others stay what they were.
    #[test]
    fn the_oldest_is_forgotten_and_ids_go_on() {
        let history = history(3, 7);
        assert_eq!(ids(&history, 0), [5, 6, 7]);
        assert_eq!(ids(&history, 2), [5, 6, 7]);
        assert_eq!(ids(&history, 4), [5, 6, 7]);
        assert_eq!(ids(&history, 5), [6, 7]);
        assert_eq!(ids(&history, 7), [] as [u64; 0]);
    }

    /// Ids begin with the clock, so a client that saw message 57 of the run before misses nothing.
    #[test]
    fn ids_go_on_after_a_restart() {
        let start = UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_000);
        let mut history = History::new(3, start);
        assert_eq!(ids(&history, history.last()), [] as [u64; 0]);
        assert_eq!(history.push("Ada".into(), "x".into(), Instant::now(), start), 1_700_000_000_001);
        assert_eq!(ids(&history, 57), [1_700_000_000_001]);
    }

    /// Better a message twice than one never: somebody has set the clock back.
    #[test]
    fn an_id_that_was_not_given_out_yet_is_no_reason_to_miss_anything() {
        assert_eq!(ids(&history(3, 2), 57), [1, 2]);
        assert_eq!(ids(&history(3, 0), u64::MAX), [] as [u64; 0]);
    }

    /// `HISTORY=0` is a setting like any other: no message, and no panic.
    #[test]
    fn a_room_may_have_no_memory() {
        assert_eq!(ids(&history(0, 4), 0), [] as [u64; 0]);
        assert_eq!(ids(&history(0, 4), 3), [] as [u64; 0]);
    }
}
