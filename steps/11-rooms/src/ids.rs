//! Numbers for messages and people.

use std::time::{Duration, SystemTime};

/// Gives numbers that grow, also when the server is started anew: microseconds since 1970, moved up where two
/// fall into the same one. Milliseconds would not do: a burst runs ahead of them.
///
/// So a page that reconnects can tell what it has from what is new, though the server that it now talks to has
/// forgotten everything. Simplified: a clock that is set back, or more than a million numbers a second for
/// long, could give a number twice. They stay below 2^53, which is as far as JavaScript counts.
#[derive(Debug, Default)]
pub struct Ids {
    last: u64,
}

impl Ids {
    /// The next number.
    pub fn next(&mut self, wall: SystemTime) -> u64 {
        let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        self.last = (since.as_micros() as u64).max(self.last + 1);
        self.last
    }
}

/// Milliseconds since 1970, as JavaScript counts time.
pub fn milliseconds(wall: SystemTime) -> u64 {
    wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_and_follow_the_clock() {
        let at = |us| SystemTime::UNIX_EPOCH + Duration::from_micros(us);
        let mut ids = Ids::default();
        let given = [1000, 1000, 1000, 1001, 5000, 4000].map(|us| ids.next(at(us)));
        assert_eq!(given, [1000, 1001, 1002, 1003, 5000, 5001]);
    }
}
