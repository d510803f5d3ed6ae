//! Who watches one WebSocket: rates, and heartbeats.

use std::cmp::max;
use std::rc::Rc;
use std::time::{Duration, Instant};

use frames::Opcode;
use messages::{Due, Verdict, Watch, close_code};

use crate::address::Address;
use crate::counters::{Counters, Tally, add};
use crate::heartbeat::{Heartbeat, spread};
use crate::{Bucket, Limits};

/// The watch of one connection. It sees the messages, the Pongs and the bytes that come in.
///
/// **Who is over a rate is not read for a while, before anything worse happens.** The kernel's buffer fills, the
/// window closes, and an honest client, which merely had much to say, becomes slower by itself without losing
/// anything. Only who uses up its patience too is closed, with 1008.
pub struct Sentry {
    common: Rc<Common>,
    address: Rc<Address>,
    tally: Rc<Tally>,
    messages: Bucket,
    bytes: Bucket,
    patience: Bucket,
    paused_until: Instant,
    /// When the message began whose end has not come; later by as long as we did not read.
    begun: Option<Instant>,
    heartbeat: Heartbeat,
}

/// What all sentries share with the guard.
pub(crate) struct Common {
    pub limits: Limits,
    pub counters: Counters,
}

impl Sentry {
    pub(crate) fn new(common: Rc<Common>, address: Rc<Address>, tally: Rc<Tally>, now: Instant) -> Sentry {
        let limits = common.limits;
        let interval = spread(limits.ping_interval, common.counters.websockets.get());
        Sentry {
            address,
            tally,
            messages: Bucket::full(limits.message_rate, now),
            bytes: Bucket::full(limits.byte_rate, now),
            patience: Bucket::full(limits.patience_rate(), now),
            paused_until: now,
            begun: None,
            heartbeat: Heartbeat::new(interval, now),
            common,
        }
    }

    /// Makes the client wait, or gives it up.
    fn hold(&mut self, wait: Duration, now: Instant) -> Verdict {
        let until = now + wait;
        let longer = until.saturating_duration_since(max(self.paused_until, now));
        if longer > Duration::ZERO {
            let Common { limits, counters } = &*self.common;
            if self.patience.take(longer.as_secs_f64(), limits.patience_rate(), now).is_err() {
                counters.refuse("message rate");
                return Verdict::Close(close_code::POLICY, "you send too much, too fast");
            }
            if self.paused_until <= now {
                add(&counters.pauses, 1);
                add(&self.tally.pauses, 1);
            }
            self.paused_until = until;
            self.heartbeat.heard(until);
            self.begun = self.begun.map(|begun| begun + longer);
        }
        // Messages of one read are judged one by one, and what is judged later must not end the pause sooner.
        match self.paused_until.saturating_duration_since(now) {
            Duration::ZERO => Verdict::Pass,
            wait => Verdict::PauseFor(wait),
        }
    }
}

impl Watch for Sentry {
    fn bytes(&mut self, length: usize, in_message: bool, now: Instant) -> Verdict {
        self.heartbeat.heard(now);
        let Common { limits, counters } = &*self.common;
        self.begun = in_message.then(|| self.begun.unwrap_or(now));
        if self.begun.is_some_and(|begun| now >= begun + limits.message_time) {
            counters.refuse("message too slow");
            return Verdict::Close(close_code::POLICY, "your message takes too long");
        }
        add(&counters.bytes, length as u64);
        add(&self.tally.bytes, length as u64);
        let own = self.bytes.charge(length as f64, limits.byte_rate, now);
        let all =
            self.address.buckets.borrow_mut().bytes.charge(length as f64, limits.address_byte_rate, now);
        self.hold(max(own, all), now)
    }

    fn message(&mut self, opcode: Opcode, _: usize, now: Instant) -> Verdict {
        let Common { limits, counters } = &*self.common;
        if opcode == Opcode::Ping {
            add(&counters.pings, 1);
        } else {
            add(&counters.messages, 1);
            add(&self.tally.messages, 1);
            self.begun = None;
        }
        let own = self.messages.charge(1.0, limits.message_rate, now);
        let all = self.address.buckets.borrow_mut().messages.charge(1.0, limits.address_message_rate, now);
        self.hold(max(own, all), now)
    }

    fn pong(&mut self, payload: &[u8], now: Instant) {
        if let Some(latency) = self.heartbeat.pong(payload, now) {
            self.tally.latency.set(Some(latency));
            self.common.counters.latency.borrow_mut().add(latency);
        }
    }

    fn due(&mut self, now: Instant) -> Due {
        let Common { limits, counters } = &*self.common;
        let due = self.heartbeat.due(limits.pong_timeout, now);
        if let Due::Close(..) = due {
            counters.refuse("no pong");
        }
        due
    }
}

#[cfg(test)]
mod tests;
