//! Whether somebody is still there, and how far away.

use std::time::{Duration, Instant};

use messages::{Due, close_code};

/// Pings after a silence, and gives up when nothing follows.
///
/// TCP does not notice that a peer has vanished (a cable, a phone in a tunnel) as long as nobody sends anything; and
/// when somebody does, Linux tries for a quarter of an hour.
///
/// **Any byte of a payload is a sign of life, not only the Pong**: while a large message is on its way, no Pong can come
/// in the middle of its frame. Half a frame header is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    /// So long a silence is followed by a Ping.
    interval: Duration,
    /// When the last bytes came. In the future while we ourselves do not read.
    heard: Instant,
    /// When the Ping left that was not answered yet.
    pinged: Option<Instant>,
    /// That of the last Ping, which is its payload.
    number: u64,
}

/// A new connection is pinged so soon whether it is silent or not: then its latency is known.
const FIRST: Duration = Duration::from_secs(1);

impl Heartbeat {
    pub fn new(interval: Duration, now: Instant) -> Heartbeat {
        // An Instant near the start of the machine may have nothing before it.
        let heard = now.checked_sub(interval.saturating_sub(FIRST)).unwrap_or(now);
        Heartbeat { interval, heard, pinged: None, number: 0 }
    }

    /// Bytes came, or will be looked at only from `at` on.
    pub fn heard(&mut self, at: Instant) {
        if self.number > 0 {
            self.heard = self.heard.max(at);
        }
    }

    /// A Pong came. Returns the round trip, if it answers our last Ping.
    pub fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        // Its bytes are noted behind it, and before that `due` is asked: it would ping again at once.
        self.heard(now);
        if payload != self.number.to_be_bytes() {
            return None; // RFC 6455 §5.5.3: one may come unasked.
        }
        self.pinged.take().map(|pinged| now.saturating_duration_since(pinged))
    }

    pub fn due(&mut self, timeout: Duration, now: Instant) -> Due {
        if let Some(pinged) = self.pinged.filter(|&pinged| self.heard <= pinged) {
            return match pinged + timeout {
                at if at <= now => Due::Close(close_code::INTERNAL_ERROR, "no Pong came"),
                at => Due::At(at),
            };
        }
        match self.heard + self.interval {
            at if at <= now => {
                self.pinged = Some(now);
                self.number += 1;
                Due::Ping(self.number.to_be_bytes())
            }
            at => Due::At(at),
        }
    }
}

/// The interval of one connection, the `number`th: up to an eighth shorter than `interval`, and no two alike.
///
/// Each Ping comes so long after the Pong before. Connections that were pinged in the same moment once, because the
/// machine had slept say, would be pinged together forever: ten thousand of them at once make everybody else wait for
/// a tenth of a second, every time. So they drift apart.
pub(crate) fn spread(interval: Duration, number: u64) -> Duration {
    /// Its multiples fill 0 to 1 evenly, however many there are: Knuth, The Art of Computer Programming 3, §6.4.
    const GOLDEN: f64 = 0.618_033_988_749_895;
    interval - interval.mul_f64((number as f64 * GOLDEN).fract() / 8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn due(heartbeat: &mut Heartbeat, now: Instant) -> Due {
        heartbeat.due(10 * SECOND, now)
    }

    /// The first Ping comes a second after the start, the next ones after a silence; each has so long for an answer.
    #[test]
    fn a_silence_is_followed_by_a_ping_and_no_answer_by_the_end() {
        let start = Instant::now() + 100 * SECOND;
        let mut heartbeat = Heartbeat::new(20 * SECOND, start);
        assert_eq!(due(&mut heartbeat, start), Due::At(start + SECOND), "the first comes soon");
        let pinged = start + SECOND;
        assert_eq!(due(&mut heartbeat, pinged), Due::Ping(1_u64.to_be_bytes()));
        assert_eq!(due(&mut heartbeat, pinged), Due::At(pinged + 10 * SECOND));
        assert_eq!(due(&mut heartbeat, pinged + 10 * SECOND), Due::Close(1011, "no Pong came"));
    }

    #[test]
    fn the_first_ping_does_not_wait_for_a_silence() {
        let start = Instant::now() + 100 * SECOND;
        let mut heartbeat = Heartbeat::new(20 * SECOND, start);
        heartbeat.heard(start + SECOND / 2);
        assert_eq!(due(&mut heartbeat, start + SECOND / 2), Due::At(start + SECOND));
        assert_eq!(due(&mut heartbeat, start + SECOND), Due::Ping(1_u64.to_be_bytes()));
    }

    /// Only the payload of our last Ping is a round trip, and only once. The next silence begins with the answer.
    #[test]
    fn who_answers_is_pinged_again_after_the_next_silence() {
        let start = Instant::now() + 100 * SECOND;
        let mut heartbeat = Heartbeat::new(20 * SECOND, start);
        let pinged = start + SECOND;
        assert_eq!(due(&mut heartbeat, pinged), Due::Ping(1_u64.to_be_bytes()));
        let answered = pinged + SECOND / 4;
        heartbeat.heard(answered);
        assert_eq!(heartbeat.pong(b"unasked", answered), None);
        assert_eq!(heartbeat.pong(&1_u64.to_be_bytes(), answered), Some(SECOND / 4));
        assert_eq!(heartbeat.pong(&1_u64.to_be_bytes(), answered), None, "once");
        assert_eq!(due(&mut heartbeat, answered), Due::At(answered + 20 * SECOND));
        assert_eq!(due(&mut heartbeat, answered + 20 * SECOND), Due::Ping(2_u64.to_be_bytes()));
    }

    #[test]
    fn a_pong_is_a_sign_of_life_before_its_bytes_are_counted() {
        let start = Instant::now() + 100 * SECOND;
        let mut heartbeat = Heartbeat::new(20 * SECOND, start);
        let pinged = start + SECOND;
        assert_eq!(due(&mut heartbeat, pinged), Due::Ping(1_u64.to_be_bytes()));
        let answered = pinged + SECOND / 4;
        assert_eq!(heartbeat.pong(&1_u64.to_be_bytes(), answered), Some(SECOND / 4));
        assert_eq!(due(&mut heartbeat, answered), Due::At(answered + 20 * SECOND));
        assert_eq!(heartbeat.pong(b"unasked", answered + SECOND), None);
        assert_eq!(due(&mut heartbeat, answered + SECOND), Due::At(answered + 21 * SECOND));
    }

    /// In the middle of a large frame there is no place for a Pong. Who demands one throws out everybody who uploads
    /// over a slow line.
    #[test]
    fn who_sends_something_else_is_alive() {
        let start = Instant::now() + 100 * SECOND;
        let mut heartbeat = Heartbeat::new(20 * SECOND, start);
        let pinged = start + SECOND;
        assert_eq!(due(&mut heartbeat, pinged), Due::Ping(1_u64.to_be_bytes()));
        heartbeat.heard(pinged + 9 * SECOND);
        assert_eq!(due(&mut heartbeat, pinged + 10 * SECOND), Due::At(pinged + 29 * SECOND));
    }

    /// While we do not read, for the client sends too fast, its Pong waits too: that is our doing. The time of the last
    /// sign of life may lie in the future.
    #[test]
    fn who_is_not_read_is_not_missed() {
        let start = Instant::now() + 100 * SECOND;
        let mut heartbeat = Heartbeat::new(20 * SECOND, start);
        let pinged = start + SECOND;
        assert_eq!(due(&mut heartbeat, pinged), Due::Ping(1_u64.to_be_bytes()));
        heartbeat.heard(pinged + 60 * SECOND);
        assert_eq!(due(&mut heartbeat, pinged + 60 * SECOND), Due::At(pinged + 80 * SECOND));
    }

    #[test]
    fn intervals_are_spread_evenly_over_an_eighth() {
        let mut spread: Vec<u128> =
            (0..10_000).map(|number| spread(16 * SECOND, number).as_micros()).collect();
        spread.sort_unstable();
        assert!(spread[0] >= 14_000_000 && spread[9_999] == 16_000_000);
        let most = spread.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(most <= Some(1000), "200 us would be even, the largest gap is {most:?} us");
    }
}
