//! What has happened so far, for the page and for a monitor.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

/// What all connections count together.
#[derive(Default)]
pub(crate) struct Counters {
    pub accepted: Cell<u64>,
    pub requests: Cell<u64>,
    pub websockets: Cell<u64>,
    pub messages: Cell<u64>,
    pub pings: Cell<u64>,
    pub bytes: Cell<u64>,
    pub pauses: Cell<u64>,
    /// Round trips of Ping and Pong, the last ones.
    pub latency: RefCell<Latency>,
    /// By the word of the reason.
    pub refused: RefCell<BTreeMap<&'static str, u64>>,
}

/// What one connection counts for itself.
#[derive(Default)]
pub(crate) struct Tally {
    pub messages: Cell<u64>,
    pub bytes: Cell<u64>,
    pub pauses: Cell<u64>,
    pub latency: Cell<Option<Duration>>,
}

/// Adds to a counter.
pub(crate) fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get().wrapping_add(more));
}

impl Counters {
    pub fn refuse(&self, word: &'static str) {
        *self.refused.borrow_mut().entry(word).or_default() += 1;
    }
}

/// The last round trips: enough that one in a hundred means something.
#[derive(Default)]
pub(crate) struct Latency(VecDeque<Duration>);

const REMEMBERED: usize = 1000;

impl Latency {
    pub fn add(&mut self, time: Duration) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(time);
    }

    pub fn report(&self) -> LatencyReport {
        let mut sorted: Vec<Duration> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let at = |share: usize| sorted.get(sorted.len() * share / 100).copied().map(milliseconds);
        LatencyReport { pongs: sorted.len(), median_ms: at(50), p99_ms: at(99) }
    }
}

/// In milliseconds, with microseconds behind the point.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// All counters at one moment: `/counters.json`. Numbers grow from the start of the server on, but for those that say
/// otherwise.
#[derive(Serialize)]
pub struct Report {
    /// Connections that are open now.
    pub connections: usize,
    /// Those of them that are WebSockets.
    pub websockets: usize,
    /// Addresses that are remembered now.
    pub addresses: usize,
    /// Connections that were let in.
    pub accepted: u64,
    /// Requests, handshakes among them.
    pub requests: u64,
    /// Handshakes that were right.
    pub handshakes: u64,
    /// Messages received.
    pub messages: u64,
    /// Pings received.
    pub pings: u64,
    /// Bytes received in frames.
    pub bytes: u64,
    /// How often a client was made to wait.
    pub pauses: u64,
    /// Between a Ping of ours and its Pong.
    pub latency: LatencyReport,
    /// Connections, requests and handshakes that were refused, and connections that were closed for what they did:
    /// how many, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// The WebSockets that are open now, at most [`Report::CLIENTS`] of them, the oldest first.
    pub clients: Vec<ClientReport>,
}

impl Report {
    /// How many clients a report lists.
    pub const CLIENTS: usize = 100;
}

/// The last 1,000 round trips.
#[derive(Serialize)]
pub struct LatencyReport {
    /// How many there are.
    pub pongs: usize,
    /// Half of them took no longer, in milliseconds.
    pub median_ms: Option<f64>,
    /// All but one in a hundred took no longer, in milliseconds.
    pub p99_ms: Option<f64>,
}

/// One WebSocket.
#[derive(Serialize)]
pub struct ClientReport {
    /// Its connection's id, as in the log.
    pub id: String,
    /// Who it is.
    pub name: String,
    /// The address it is limited by.
    pub address: String,
    /// How long it has been open, in seconds.
    pub seconds: u64,
    /// Messages received from it.
    pub messages: u64,
    /// Bytes received from it in frames.
    pub bytes: u64,
    /// How often it was made to wait.
    pub pauses: u64,
    /// Its last round trip, in milliseconds.
    pub latency_ms: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_that_of_the_last_thousand() {
        let mut latency = Latency::default();
        let report = latency.report();
        assert_eq!((report.pongs, report.median_ms, report.p99_ms), (0, None, None));
        for n in 0..3000 {
            latency.add(Duration::from_micros(n));
        }
        let report = latency.report();
        assert_eq!((report.pongs, report.median_ms, report.p99_ms), (1000, Some(2.5), Some(2.99)));
    }
}
