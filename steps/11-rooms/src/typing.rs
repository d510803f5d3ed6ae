//! Who is typing. Nobody says when they stop, so it is over when they have said nothing of it for a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use poll::ConnId;

/// Those who are typing, each until a moment that every `typing` moves on.
#[derive(Debug)]
pub struct Typing {
    until: HashMap<ConnId, Instant>,
    lasts: Duration,
}

impl Typing {
    /// Typing is over when nothing more was heard of it for so long.
    pub fn new(lasts: Duration) -> Typing {
        Typing { until: HashMap::new(), lasts }
    }

    /// Somebody types. `true`: that is news. A key press of somebody who types already is none, so a thousand of
    /// them are one message to the others.
    pub fn begins(&mut self, id: ConnId, now: Instant) -> bool {
        self.until.insert(id, now + self.lasts).is_none()
    }

    /// Somebody has said what they typed, or is gone. `true`: was typing.
    pub fn ends(&mut self, id: ConnId) -> bool {
        self.until.remove(&id).is_some()
    }

    /// Whether somebody is typing.
    pub fn is_typing(&self, id: ConnId) -> bool {
        self.until.contains_key(&id)
    }

    /// Takes out those who have stopped.
    pub fn over(&mut self, now: Instant) -> Vec<ConnId> {
        self.until.extract_if(|_, until| *until <= now).map(|(id, _)| id).collect()
    }

    /// How long until there may be somebody to take out. `None`: nobody types.
    pub fn next(&self, now: Instant) -> Option<Duration> {
        self.until.values().min().map(|until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: ConnId = ConnId::from_u64(1);
    const GRACE: ConnId = ConnId::from_u64(2);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_the_beginning_is_news() {
        let now = Instant::now();
        let mut typing = Typing::new(5 * SECOND);
        assert_eq!(typing.next(now), None);
        assert!(typing.begins(ADA, now));
        assert!(!typing.begins(ADA, now + SECOND));
        assert!(typing.ends(ADA));
        assert!(!typing.ends(ADA));
        assert!(typing.begins(ADA, now + SECOND));
    }

    #[test]
    fn silence_ends_it_and_every_key_moves_the_end() {
        let now = Instant::now();
        let mut typing = Typing::new(5 * SECOND);
        typing.begins(ADA, now);
        typing.begins(GRACE, now + SECOND);
        typing.begins(ADA, now + 2 * SECOND);
        assert_eq!(typing.next(now + 2 * SECOND), Some(4 * SECOND));
        assert!(typing.over(now + 5 * SECOND).is_empty());
        assert_eq!(typing.over(now + 6 * SECOND), [GRACE]);
        assert!(typing.is_typing(ADA) && !typing.is_typing(GRACE));
        assert_eq!(typing.next(now + 6 * SECOND), Some(SECOND));
        assert_eq!(typing.over(now + 7 * SECOND), [ADA]);
    }
}
