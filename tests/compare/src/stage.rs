//! Runs side by side, on one thread and one poll: who has to do what, when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use harness::Server;
use mio::{Events, Poll};

use crate::data::Row;
use crate::run::{Plan, Run};
use crate::way::Way;

/// Until all are there, and until the last message has come to everybody, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(15);
/// Tokens of one run.
const TOKENS: usize = 1 << 20;

pub(crate) struct Stage<'a> {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    runs: Vec<Run<'a>>,
    /// The soonest first; the number keeps the order of those at the same time.
    due: BinaryHeap<Reverse<(Instant, usize, Due)>>,
    number: usize,
    /// All have come: who has an answer asks again.
    plays: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A member of a run asks.
    Asks(usize, usize),
    /// Somebody in a run says something.
    Says(usize),
    /// What is measured begins, or ends.
    Marks(usize),
}

impl<'a> Stage<'a> {
    /// Everybody comes; returns when they are all there.
    pub fn opens(plans: &[(Plan, &'a Server)]) -> Result<Stage<'a>, String> {
        let failed = |error: std::io::Error| format!("cannot poll: {error}");
        let poll = Poll::new().map_err(failed)?;
        let mut runs = Vec::new();
        for (which, &(plan, server)) in plans.iter().enumerate() {
            let registry = poll.registry().try_clone().map_err(failed)?;
            runs.push(Run::opens(plan, server, registry, which * TOKENS)?);
        }
        let (events, buffer) = (Events::with_capacity(1024), vec![0; 64 * 1024]);
        let mut stage = Stage { poll, events, buffer, runs, due: BinaryHeap::new(), number: 0, plays: false };
        let end = Instant::now() + PATIENCE;
        while !stage.runs.iter().all(Run::is_ready) {
            stage.turn(end)?;
            stage.is_in_order(end, "not all have come")?;
        }
        Ok(stage)
    }

    /// People talk for as long as their plans say, then all that was said comes to everybody.
    pub fn plays(&mut self) -> Result<(), String> {
        self.plays = true;
        let now = Instant::now();
        let mut end = now;
        for which in 0..self.runs.len() {
            let plan = self.runs[which].plan;
            let (begins, ends) = (now + plan.warm_up(), now + plan.warm_up() + plan.window);
            end = end.max(ends);
            for member in 0..plan.members {
                match plan.way {
                    // Not all at once.
                    Way::ShortPoll(interval) => {
                        let after = interval.mul_f64(member as f64 / plan.members as f64);
                        self.is_due(now + after, Due::Asks(which, member));
                    }
                    _ => self.runs[which].members[member].asks(now),
                }
            }
            self.is_due(begins, Due::Marks(which));
            for number in 0.. {
                let at = now + Duration::from_secs(number) / plan.rate.max(1);
                if plan.rate == 0 || at >= ends {
                    break;
                }
                self.is_due(at, Due::Says(which));
            }
            self.is_due(ends, Due::Marks(which));
        }
        while !self.runs.iter().all(Run::is_measured) {
            self.turn(end)?;
        }
        let longest = self.runs.iter().map(|run| run.plan.way.interval()).max().unwrap_or_default();
        let end = end + longest + PATIENCE;
        while !self.runs.iter().all(Run::is_complete) {
            self.turn(end)?;
            self.is_in_order(end, "not all that was said has come")?;
        }
        Ok(())
    }

    /// What was measured, in the order of the plans.
    pub fn rows(self) -> Result<Vec<Row>, String> {
        self.runs.into_iter().map(Run::row).collect()
    }

    /// See [`Run::agrees_with_the_kernel`]. What is on its way is waited for; who polls always has something there, and is
    /// passed over.
    pub fn agrees_with_the_kernel(&mut self) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut quiet = self.runs.iter().filter(|run| run.plan.way.interval().is_zero());
            let agrees = quiet.try_for_each(|run| {
                run.agrees_with_the_kernel().map_err(|why| format!("{}: {why}", run.plan.way))
            });
            if agrees.is_ok() || Instant::now() > end {
                return agrees;
            }
            self.turn(Instant::now() + Duration::from_millis(50))?;
        }
    }

    fn is_due(&mut self, at: Instant, what: Due) {
        self.number += 1;
        self.due.push(Reverse((at, self.number, what)));
    }

    fn is_in_order(&self, end: Instant, late: &str) -> Result<(), String> {
        if let Some(run) = self.runs.iter().find(|run| !run.faults.is_empty()) {
            return Err(format!("{}: {}", run.plan.way, run.faults[0]));
        }
        if Instant::now() < end { Ok(()) } else { Err(late.into()) }
    }

    /// Does what is due, and looks once at what has happened; waits for it until then at most.
    fn turn(&mut self, until: Instant) -> Result<(), String> {
        while let Some(&Reverse((at, _, what))) = self.due.peek()
            && at <= Instant::now()
        {
            self.due.pop();
            match what {
                Due::Asks(which, member) => self.runs[which].members[member].asks(at),
                Due::Says(which) => self.runs[which].says(),
                Due::Marks(which) => self.runs[which].marks(),
            }
        }
        let next = self.due.peek().map_or(until, |&Reverse((at, ..))| at.min(until));
        let wait = next.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                return Err(format!("cannot poll: {error}"));
            }
            _ => {}
        }
        let mut answered = Vec::new();
        for event in &self.events {
            let which = event.token().0 / TOKENS;
            let run = &mut self.runs[which];
            if run.event(event.token(), event.is_writable(), &mut self.buffer) {
                answered.push((which, event.token().0 % TOKENS / 2));
            }
        }
        for (which, member) in answered {
            let run = &self.runs[which];
            if let (Way::ShortPoll(interval), true) = (run.plan.way, self.plays) {
                let at = (run.members[member].asked + interval).max(Instant::now());
                self.is_due(at, Due::Asks(which, member));
            }
        }
        Ok(())
    }
}
