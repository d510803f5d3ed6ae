//! Deadlines: what must happen by when, for ten thousand connections, without looking at each of them.
//!
//! The deadlines stand in order of time, so the loop looks at the first one only. Most deadlines are moved
//! to a later time again and again (each request gives its connection another minute) and few ever pass. So
//! moving one to a *later* time only notes the new time; the entry stays where it stands, and when its old
//! time comes it is put back at the new one. A thousand moves cost one re-insertion.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::{ConnId, Timer};

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Whose {
    /// The server's, with the key it chose.
    World(u32),
    /// A connection's own.
    Protocol(ConnId, Timer),
    /// The loop's, for a connection on its way in or out: see `Phase`.
    Phase(ConnId),
    /// The loop's: try to accept again (see listener.rs).
    Accept,
    /// The loop's: connections that have not said goodbye by now are dropped.
    Stop,
}

/// Milliseconds since the loop began: small, ordered, and precise enough for a timeout.
type Millis = u64;

pub(crate) struct Deadlines {
    began: Instant,
    /// The time of the last look. What is set from now on passes in a later turn, or a callback that sets a
    /// deadline of no length again and again would keep this turn from ending.
    looked: Millis,
    order: BTreeSet<(Millis, Whose)>,
    armed: HashMap<Whose, Armed>,
}

struct Armed {
    due: Millis,
    /// Where its entry stands in `order`: at `due` or before.
    queued: Millis,
}

/// So many deadlines' room is not worth giving back.
const FEW: usize = 1024;

impl Deadlines {
    pub fn new(began: Instant) -> Deadlines {
        Deadlines { began, looked: 0, order: BTreeSet::new(), armed: HashMap::new() }
    }

    /// Sets, moves, or (with `None`) clears the deadline of `whose`.
    pub fn set(&mut self, whose: Whose, at: Option<Instant>) {
        let Some(at) = at else { return self.clear(whose) };
        let due = self.millis(at).max(self.looked + 1);
        match self.armed.get_mut(&whose) {
            Some(armed) if due < armed.queued => {
                self.order.remove(&(armed.queued, whose));
                self.order.insert((due, whose));
                *armed = Armed { due, queued: due };
            }
            Some(armed) => armed.due = due,
            None => {
                self.order.insert((due, whose));
                self.armed.insert(whose, Armed { due, queued: due });
            }
        }
    }

    /// A cleared deadline leaves nothing behind. An entry in each list until its old time would cost an idle
    /// WebSocket more than all else that is kept for it: its connection had deadlines while it was HTTP.
    fn clear(&mut self, whose: Whose) {
        if let Some(armed) = self.armed.remove(&whose) {
            self.order.remove(&(armed.queued, whose));
        }
        // Ten thousand that came at once and were cleared give their room back. Halved, so that it is seldom done.
        if self.armed.capacity() > FEW.max(8 * self.armed.len()) {
            self.armed.shrink_to(self.armed.capacity() / 2);
        }
    }

    /// Forgets all deadlines of a connection that is gone.
    pub fn forget(&mut self, id: ConnId) {
        let protocol = Whose::Protocol(id, Timer::Protocol);
        for whose in [protocol, Whose::Protocol(id, Timer::Guard), Whose::Phase(id)] {
            self.clear(whose);
        }
    }

    /// Takes one deadline that has passed, if there is one.
    pub fn pop_due(&mut self, now: Instant) -> Option<Whose> {
        let now = now.saturating_duration_since(self.began).as_millis() as Millis;
        self.looked = now;
        loop {
            let &(queued, whose) = self.order.first()?;
            if queued > now {
                return None;
            }
            self.order.pop_first();
            let armed = self.armed.get_mut(&whose)?;
            if armed.due > now {
                armed.queued = armed.due;
                self.order.insert((armed.due, whose));
            } else {
                self.armed.remove(&whose);
                return Some(whose);
            }
        }
    }

    /// How long the loop may sleep; `None` if there is nothing to wait for.
    pub fn sleep(&self, now: Instant) -> Option<Duration> {
        let &(queued, _) = self.order.first()?;
        Some((self.began + Duration::from_millis(queued)).saturating_duration_since(now))
    }

    /// Rounded up: a deadline may pass a little late, never early.
    fn millis(&self, at: Instant) -> Millis {
        let after = at.saturating_duration_since(self.began);
        after.as_secs() * 1000 + Millis::from(after.subsec_nanos().div_ceil(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Whose = Whose::World(1);
    const B: Whose = Whose::World(2);

    fn at(deadlines: &Deadlines, ms: u64) -> Instant {
        deadlines.began + Duration::from_millis(ms)
    }

    fn due(deadlines: &mut Deadlines, ms: u64) -> Vec<Whose> {
        let now = at(deadlines, ms);
        std::iter::from_fn(|| deadlines.pop_due(now)).collect()
    }

    #[test]
    fn deadlines_pass_in_order_and_once() {
        let mut deadlines = Deadlines::new(Instant::now());
        deadlines.set(B, Some(at(&deadlines, 20)));
        deadlines.set(A, Some(at(&deadlines, 10)));
        assert_eq!(due(&mut deadlines, 9), []);
        assert_eq!(due(&mut deadlines, 25), [A, B]);
        assert_eq!(due(&mut deadlines, 30), []);
    }

    #[test]
    fn a_deadline_passes_late_rather_than_early() {
        let mut deadlines = Deadlines::new(Instant::now());
        deadlines.set(A, Some(at(&deadlines, 10)));
        assert_eq!(
            deadlines.pop_due(deadlines.began + Duration::from_micros(9_500)),
            None,
            "after 9.5 of 10 ms"
        );
    }

    #[test]
    fn a_deadline_moved_later_does_not_pass_at_its_old_time() {
        let mut deadlines = Deadlines::new(Instant::now());
        deadlines.set(A, Some(at(&deadlines, 10)));
        deadlines.set(A, Some(at(&deadlines, 50)));
        assert_eq!(due(&mut deadlines, 49), []);
        assert_eq!(due(&mut deadlines, 50), [A]);
    }

    #[test]
    fn a_deadline_moved_earlier_passes_at_its_new_time_only() {
        let mut deadlines = Deadlines::new(Instant::now());
        deadlines.set(A, Some(at(&deadlines, 50)));
        deadlines.set(A, Some(at(&deadlines, 10)));
        assert_eq!(due(&mut deadlines, 10), [A]);
        assert_eq!(due(&mut deadlines, 60), []);
    }

    #[test]
    fn a_cleared_deadline_does_not_pass_and_can_be_set_again() {
        let mut deadlines = Deadlines::new(Instant::now());
        deadlines.set(A, Some(at(&deadlines, 10)));
        deadlines.set(A, None);
        assert_eq!(due(&mut deadlines, 20), []);
        deadlines.set(A, Some(at(&deadlines, 30)));
        deadlines.set(A, None);
        deadlines.set(A, Some(at(&deadlines, 40)));
        assert_eq!(due(&mut deadlines, 35), []);
        assert_eq!(due(&mut deadlines, 40), [A]);
    }

    #[test]
    fn cleared_deadlines_leave_nothing_behind_but_room_for_a_few() {
        let mut deadlines = Deadlines::new(Instant::now());
        let whose = |number| Whose::Protocol(ConnId::from_u64(number), Timer::Protocol);
        let many = 0..10_000;
        many.clone().for_each(|number| deadlines.set(whose(number), Some(at(&deadlines, 10 + number))));
        many.clone().for_each(|number| deadlines.set(whose(number), None));
        assert_eq!((deadlines.order.len(), deadlines.armed.len()), (0, 0));
        let room = deadlines.armed.capacity();
        assert!(room <= 2 * FEW, "room for {room}");
        assert_eq!(deadlines.sleep(deadlines.began), None, "the loop sleeps until something else happens");
    }

    #[test]
    fn a_deadline_of_no_length_passes_in_the_next_turn() {
        let mut deadlines = Deadlines::new(Instant::now());
        for ms in 0..3 {
            let now = at(&deadlines, ms);
            deadlines.pop_due(now);
            deadlines.set(A, Some(now));
            assert_eq!(
                deadlines.pop_due(now),
                None,
                "set in this turn, it passes in this turn, again and again"
            );
            assert_eq!(deadlines.pop_due(now + Duration::from_millis(1)), Some(A));
        }
    }

    #[test]
    fn moving_a_deadline_a_thousand_times_leaves_one_entry() {
        let mut deadlines = Deadlines::new(Instant::now());
        for ms in 0..1000 {
            deadlines.set(A, Some(at(&deadlines, 10 + ms)));
            deadlines.set(A, Some(at(&deadlines, 10_000 - ms)));
        }
        assert_eq!((deadlines.order.len(), deadlines.armed.len()), (1, 1));
    }

    #[test]
    fn a_gone_connection_leaves_nothing_behind() {
        let mut deadlines = Deadlines::new(Instant::now());
        let id = ConnId::from_u64(7);
        deadlines.set(Whose::Protocol(id, Timer::Guard), Some(at(&deadlines, 10)));
        deadlines.set(Whose::Phase(id), Some(at(&deadlines, 20)));
        deadlines.forget(id);
        assert_eq!((deadlines.order.len(), deadlines.armed.len()), (0, 0));
        assert_eq!(deadlines.sleep(at(&deadlines, 0)), None);
    }

    #[test]
    fn the_loop_sleeps_until_the_first_deadline_rounded_up() {
        let mut deadlines = Deadlines::new(Instant::now());
        deadlines.set(A, Some(deadlines.began + Duration::from_micros(9_500)));
        assert_eq!(deadlines.sleep(deadlines.began), Some(Duration::from_millis(10)));
        assert_eq!(deadlines.sleep(at(&deadlines, 30)), Some(Duration::ZERO));
    }
}
