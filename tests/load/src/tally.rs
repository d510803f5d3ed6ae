//! What all members count together, and the names that they share.

use std::time::Instant;

#[derive(Debug)]
pub(crate) struct Tally {
    began: Instant,
    /// Of each delivery, from the talker's write to the member's read, in microseconds.
    pub delays: Vec<u32>,
    /// Deliveries that had come before.
    pub twice: u64,
    /// Deliveries behind a later one.
    pub too_late: u64,
    /// Deliveries of another room.
    pub strayed: u64,
}

impl Tally {
    pub fn new(now: Instant) -> Tally {
        Tally { began: now, delays: Vec::new(), twice: 0, too_late: 0, strayed: 0 }
    }

    /// Microseconds since the beginning.
    pub fn micros(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_micros() as u64
    }
}

/// Whom everybody from an address logs in as.
pub(crate) fn name(address: usize) -> String {
    format!("Guest-{address}")
}

/// What a room is called.
pub(crate) fn room(room: usize) -> String {
    format!("room-{room}")
}
