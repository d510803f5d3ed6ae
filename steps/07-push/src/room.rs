//! The room: what was said, and who waits for what is said next.
//!
//! **A wake-up carries nothing.** It says "look", and whoever looks finds in the history all that it has not
//! seen. So a wake-up that comes twice, or too late, does no harm.

use std::collections::HashSet;

use poll::{ConnId, Net};
use serde_json::{Value, json};

use crate::{Counters, History, Said, Way};

/// One chat room, the same for all three ways.
#[derive(Debug)]
pub struct Room {
    /// The last messages.
    pub history: History,
    /// What each way has cost so far.
    pub counters: Counters,
    long_polls: HashSet<ConnId>,
    event_streams: HashSet<ConnId>,
}

/// What came of a late answer when something happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It waits on.
    Waits,
    /// It is complete.
    Done,
    /// Nobody is there to get it.
    Gone,
}

impl Room {
    /// An empty room.
    pub fn new(history: History) -> Room {
        Room {
            history,
            counters: Counters::default(),
            long_polls: HashSet::new(),
            event_streams: HashSet::new(),
        }
    }

    /// Somebody says something: it goes into the history, and all who wait are woken. Returns its id.
    pub fn say(&mut self, said: Said, net: &mut Net) -> u64 {
        let id = self.history.push(said.name, said.text, net.now, net.wall);
        for &waiting in self.long_polls.iter().chain(&self.event_streams) {
            net.wake(waiting);
        }
        id
    }

    /// The connection waits from now on, for an answer to a long poll or for events.
    pub fn enters(&mut self, way: Way, id: ConnId) {
        if let Some(waiting) = self.waiting(way) {
            waiting.insert(id);
        }
    }

    /// The connection waits no more.
    pub fn leaves(&mut self, way: Way, id: ConnId) {
        if let Some(waiting) = self.waiting(way) {
            waiting.remove(&id);
        }
    }

    /// The counters, as `GET /stats` shows them.
    pub fn stats(&self) -> Value {
        json!({
            "last": self.history.last(),
            "poll": self.counters.json(Way::ShortPoll, 0),
            "wait": self.counters.json(Way::LongPoll, self.long_polls.len()),
            "events": self.counters.json(Way::EventStream, self.event_streams.len()),
            "dropped": self.counters.dropped,
        })
    }

    /// Nobody waits in short polling: that is what is wrong with it.
    fn waiting(&mut self, way: Way) -> Option<&mut HashSet<ConnId>> {
        match way {
            Way::ShortPoll => None,
            Way::LongPoll => Some(&mut self.long_polls),
            Way::EventStream => Some(&mut self.event_streams),
        }
    }
}
