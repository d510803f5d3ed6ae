//! What came of it, and what is wrong in it.

mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cost::Cost;
use crate::crowd::Crowd;
use crate::plan::Plan;
use crate::state::End;

/// On a machine that does other things too all is late. A Ping that is later than this was left out.
const LATE: Duration = Plan::PING_INTERVAL;
/// The server may have sent a Ping already that we have not read when somebody falls silent.
const EARLY: Duration = Duration::from_secs(2);
/// Bytes of the server's memory for one connection, rung 12 in release. Measured: 1,800; 3,500 where the server had
/// stood still for six seconds and then had something for everybody. A buffer of 4 KiB for each would be over it.
const PER_CONNECTION: u64 = 4000;
/// Among fewer, what the server takes for itself would count too much.
const MANY: usize = 10_000;
const NO_PONG: u16 = 1011;
const GOING_AWAY: u16 = 1001;

#[derive(Default)]
pub(crate) struct Report {
    plan: Plan,
    /// How many came into their rooms, and how long that took.
    pub here: usize,
    pub coming: Duration,
    /// Of each member while people talked: Pings, and the longest silence.
    pub beats: Vec<(u32, Duration)>,
    /// Before the first came, when all were there, when all was said.
    pub costs: Vec<Cost>,
    /// How connections had ended: when all was said, when the silent ones were found, when the server had stopped.
    pub closed: BTreeMap<End, usize>,
    pub closed_later: BTreeMap<End, usize>,
    pub ends: BTreeMap<End, usize>,
    /// `/counters.json`, when all was said.
    pub counters: String,
    /// How long it took to find each of the silent ones.
    pub silent: Vec<Duration>,
    pub stopping: Duration,
    said: u64,
    expected: u64,
    lost: u64,
    twice: u64,
    too_late: u64,
    strayed: u64,
    /// Of each delivery, in microseconds, the shortest first.
    delays: Vec<u32>,
}

impl Report {
    pub fn new(plan: Plan) -> Report {
        Report { plan, ..Report::default() }
    }

    /// Takes over what all members have heard.
    pub fn deliveries(&mut self, crowd: &mut Crowd) {
        (self.said, self.expected, self.lost) = (crowd.said(), crowd.expected(), crowd.lost());
        let tally = &mut crowd.tally;
        (self.twice, self.too_late, self.strayed) = (tally.twice, tally.too_late, tally.strayed);
        self.delays = std::mem::take(&mut tally.delays);
        self.delays.sort_unstable();
    }

    /// What is wrong, each in one line.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut expects = |holds: bool, otherwise: String| {
            if !holds {
                faults.push(otherwise);
            }
        };
        let Plan { connections, .. } = self.plan;
        expects(
            self.here == connections,
            format!("{} of {connections} are in their rooms after {}", self.here, seconds(self.coming)),
        );
        for (end, count) in &self.closed {
            expects(false, format!("{count} connections ended while people talked: {end}"));
        }
        expects(self.expected > 0, "nothing was said".into());
        for (count, what) in [
            (self.lost, "were lost"),
            (self.twice, "came twice"),
            (self.too_late, "came behind a later one"),
            (self.strayed, "went into another room"),
        ] {
            expects(count == 0, format!("{count} of {} deliveries {what}", self.expected));
        }

        let longest = self.beats.iter().map(|beats| beats.1).max().unwrap_or_default();
        let most = Plan::PING_INTERVAL + LATE;
        expects(
            longest <= most,
            format!(
                "{} of {connections} connections waited longer than {} for a Ping, one of them {}; \
                 after {} of silence it is due",
                self.beats.iter().filter(|beats| beats.1 > most).count(),
                seconds(most),
                seconds(longest),
                seconds(Plan::PING_INTERVAL)
            ),
        );
        let (fewest, _, many) = self.pings();
        // The server may ping an eighth earlier; and the first comes after a second, so one more than intervals begin.
        let talk = Duration::from_secs(self.plan.seconds);
        let most_pings = talk.div_duration_f64(Plan::PING_INTERVAL * 7 / 8) as u64 + 2;
        let due = self.plan.seconds / most.as_secs()..=most_pings;
        expects(
            due.contains(&fewest.into()) && due.contains(&many.into()),
            format!(
                "connections got {fewest} to {many} Pings in {} s, {} to {} are due",
                self.plan.seconds,
                due.start(),
                due.end()
            ),
        );

        let silent = self.plan.silent();
        let (first, last) = self.found();
        let (soonest, latest) = (Plan::PONG_TIMEOUT, Plan::PING_INTERVAL + Plan::PONG_TIMEOUT + LATE);
        expects(
            self.silent.len() == silent,
            format!("{} of {silent} that answered no Ping any more were closed", self.silent.len()),
        );
        expects(
            self.silent.is_empty() || (soonest <= first + EARLY && last <= latest),
            format!(
                "who answers no Ping is closed after {} to {}; it has to be after {} to {}",
                seconds(first),
                seconds(last),
                seconds(soonest),
                seconds(latest)
            ),
        );
        for (end, count) in since(&self.closed_later, &self.closed) {
            expects(
                end.has_code(NO_PONG) && count == silent,
                format!(
                    "{silent} fell silent and had to be closed with {NO_PONG}; {count} connections ended: {end}"
                ),
            );
        }
        let left = connections - self.closed_later.values().sum::<usize>();
        let told = since(&self.ends, &self.closed_later);
        for (end, count) in &told {
            expects(
                end.has_code(GOING_AWAY),
                format!("{count} connections ended when the server stopped: {end}"),
            );
        }
        let told: usize = told.iter().map(|(_, count)| count).sum();
        expects(told == left, format!("{told} of {left} were told that the server stops"));

        if let Some(per_connection) = self.per_connection().filter(|_| std::env::var_os("SERVER").is_none()) {
            expects(
                per_connection <= PER_CONNECTION || connections < MANY,
                format!(
                    "one connection takes {per_connection} bytes of the server, {PER_CONNECTION} are allowed"
                ),
            );
        }
        faults
    }

    fn pings(&self) -> (u32, u32, u32) {
        let mut pings: Vec<u32> = self.beats.iter().map(|beats| beats.0).collect();
        pings.sort_unstable();
        let at = |index: usize| pings.get(index).copied().unwrap_or_default();
        (at(0), at(pings.len() / 2), at(pings.len().saturating_sub(1)))
    }

    /// The soonest and the latest that a silent one was found.
    fn found(&self) -> (Duration, Duration) {
        let (first, last) = (self.silent.iter().min(), self.silent.iter().max());
        (first.copied().unwrap_or_default(), last.copied().unwrap_or_default())
    }

    fn per_connection(&self) -> Option<u64> {
        let [empty, .., full] = &self.costs[..] else { return None };
        Some(full.memory.saturating_sub(empty.memory) / self.here.max(1) as u64)
    }

    fn delay(&self, share: f64) -> String {
        let last = self.delays.len().saturating_sub(1);
        let micros = self.delays.get((last as f64 * share) as usize).copied().unwrap_or_default();
        format!("{:.1} ms", f64::from(micros) / 1000.0)
    }
}

/// What has ended between two moments.
fn since(later: &BTreeMap<End, usize>, before: &BTreeMap<End, usize>) -> Vec<(End, usize)> {
    let more = |(end, count): (&End, &usize)| (end.clone(), count - before.get(end).copied().unwrap_or(0));
    later.iter().map(more).filter(|&(_, count)| count > 0).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests;
