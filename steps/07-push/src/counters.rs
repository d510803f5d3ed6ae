//! What each way costs: requests, bytes on the wire, delay.

use std::time::Duration;

use serde_json::{Value, json};

/// A way to get messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Ask again and again.
    ShortPoll,
    /// Ask once; the answer comes when there is one.
    LongPoll,
    /// Ask once; the answer never ends.
    EventStream,
}

/// The counters of the three ways, of all clients together.
#[derive(Debug, Default)]
pub struct Counters {
    ways: [Counter; 3],
    /// Event streams ended because their reader was too slow.
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct Counter {
    requests: u64,
    bytes_in: u64,
    bytes_out: u64,
    messages: u64,
    /// Messages whose delay is known, and the sum of these delays.
    delayed: u32,
    delay: Duration,
}

impl Counters {
    /// A request came, whose head was `head` bytes long.
    pub fn asked(&mut self, way: Way, head: u64) {
        let counter = &mut self.ways[way as usize];
        counter.requests += 1;
        counter.bytes_in += head;
    }

    /// So many bytes of an answer were queued, its head and the chunks' lines included.
    pub fn sent(&mut self, way: Way, bytes: u64) {
        self.ways[way as usize].bytes_out += bytes;
    }

    /// A message was written to one client, so long after it came. Whoever comes anew (`after` is 0) also
    /// gets what was said before: that was not late.
    ///
    /// The loop looks at the clock once per turn: a message that leaves in the turn in which it came has no
    /// delay.
    pub fn handed_over(&mut self, way: Way, after: u64, delay: Duration) {
        let counter = &mut self.ways[way as usize];
        counter.messages += 1;
        if after > 0 {
            counter.delayed += 1;
            counter.delay += delay;
        }
    }

    /// One way's figures. `waiting`: how many clients of it wait at this moment.
    pub fn json(&self, way: Way, waiting: usize) -> Value {
        let counter = &self.ways[way as usize];
        let mean = counter.delay.checked_div(counter.delayed).map(|mean| mean.as_micros() as f64 / 1000.0);
        json!({
            "requests": counter.requests,
            "bytesIn": counter.bytes_in,
            "bytesOut": counter.bytes_out,
            "messages": counter.messages,
            "meanDelayMs": mean,
            "waiting": waiting,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_those_delays_that_are_known() {
        let mut counters = Counters::default();
        assert_eq!(counters.json(Way::LongPoll, 0)["meanDelayMs"], Value::Null);
        counters.handed_over(Way::LongPoll, 0, Duration::from_secs(9));
        counters.handed_over(Way::LongPoll, 7, Duration::from_millis(1));
        counters.handed_over(Way::LongPoll, 8, Duration::from_millis(4));
        let json = counters.json(Way::LongPoll, 0);
        assert_eq!(json["meanDelayMs"], 2.5);
        assert_eq!(json["messages"], 3);
        assert_eq!(counters.json(Way::ShortPoll, 0)["messages"], 0);
    }
}
