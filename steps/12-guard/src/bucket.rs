//! The token bucket: how much somebody may do, on average and at once.

use std::str::FromStr;
use std::time::{Duration, Instant};

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens that come back in a second.
    pub per_second: f64,
    /// Tokens that a full bucket holds: what may be used at once after a rest.
    pub burst: f64,
}

/// Tokens that somebody has left. **It fills with time, not with turns**: nobody who is not there costs anything.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// At `at`. Negative: more was used than was there, and time has to make it good.
    level: f64,
    at: Instant,
}

impl Bucket {
    /// A bucket that is full.
    pub fn full(rate: Rate, now: Instant) -> Bucket {
        Bucket { level: rate.burst, at: now }
    }

    /// Takes tokens if they are there.
    ///
    /// # Errors
    /// When too few are there: how long it takes until they are. Nothing was taken.
    // ANCHOR: take
    pub fn take(&mut self, tokens: f64, rate: Rate, now: Instant) -> Result<(), Duration> {
        self.fill(rate, now);
        if self.level < tokens {
            return Err(wait(tokens - self.level, rate));
        }
        self.level -= tokens;
        Ok(())
    }
    // ANCHOR_END: take

    /// Takes tokens for what has happened already, whether they are there or not. Returns how long one must rest
    /// until the debt is paid; zero when there is none.
    pub fn charge(&mut self, tokens: f64, rate: Rate, now: Instant) -> Duration {
        self.fill(rate, now);
        self.level -= tokens;
        if self.level < 0.0 { wait(-self.level, rate) } else { Duration::ZERO }
    }

    /// Whether all tokens have come back: whoever it belongs to could as well be new.
    pub fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        self.level >= rate.burst
    }

    // ANCHOR: fill
    fn fill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * rate.per_second).min(rate.burst);
        self.at = now.max(self.at);
    }
    // ANCHOR_END: fill
}

/// The longest wait that is told: a rate of next to nothing must not become a time that no clock can hold.
const LONGEST: f64 = 24.0 * 60.0 * 60.0;

fn wait(tokens: f64, rate: Rate) -> Duration {
    Duration::from_secs_f64((tokens / rate.per_second).min(LONGEST))
}

/// `30,120`: 30 in a second, 120 at once.
impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Rate, Self::Err> {
        const WHY: &str =
            "a rate is PER_SECOND,BURST such as 30,120: a number above 0, and one of at least 1";
        let (per_second, burst) = text.split_once(',').ok_or(WHY)?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match (number(per_second), number(burst)) {
            (Some(per_second), Some(burst)) if per_second > 0.0 && burst >= 1.0 => {
                Ok(Rate { per_second, burst })
            }
            _ => Err(WHY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10.0, burst: 3.0 };
    const TENTH: Duration = Duration::from_millis(100);

    /// Time that is counted twice, or a bucket that grows beyond the burst, gives away what nobody has waited for. A
    /// clock that goes back must neither take tokens nor, when it comes forward again, give the same ones anew.
    #[test]
    fn it_fills_with_the_time_that_has_passed_and_no_further_than_the_burst() {
        let start = Instant::now();
        let mut bucket = Bucket { level: -1.0, at: start };
        let mut level = |at| {
            bucket.fill(RATE, at);
            bucket.level
        };
        assert_eq!(level(start), -1.0);
        assert_eq!(level(start + TENTH), 0.0, "ten in a second are one in a tenth");
        assert_eq!(level(start + TENTH), 0.0, "this tenth is counted");
        assert_eq!(level(start), 0.0, "the clock went back");
        assert_eq!(level(start + TENTH), 0.0, "and forward, to where it had been");
        assert_eq!(level(start + Duration::from_secs(1000)), 3.0);
    }

    #[test]
    fn what_is_there_can_be_taken_at_once_and_comes_back_with_time() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        for _ in 0..3 {
            assert_eq!(bucket.take(1.0, RATE, start), Ok(()));
        }
        assert_eq!(bucket.take(1.0, RATE, start), Err(TENTH));
        assert_eq!(bucket.take(1.0, RATE, start + TENTH / 2), Err(TENTH / 2));
        assert_eq!(bucket.take(1.0, RATE, start + TENTH), Ok(()));
        assert_eq!(bucket.take(1.0, RATE, start + TENTH), Err(TENTH));
    }

    #[test]
    fn it_never_holds_more_than_the_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        let later = start + Duration::from_secs(1000);
        assert_eq!(bucket.take(4.0, RATE, later), Err(TENTH), "more than it ever holds");
        assert_eq!(bucket.take(3.0, RATE, later), Ok(()));
        assert!(!bucket.is_full(RATE, later + TENTH));
        assert!(bucket.is_full(RATE, later + 3 * TENTH));
    }

    #[test]
    fn what_has_happened_is_charged_and_the_debt_is_a_time_to_rest() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        assert_eq!(bucket.charge(3.0, RATE, start), Duration::ZERO);
        assert_eq!(bucket.charge(5.0, RATE, start), 5 * TENTH);
        assert_eq!(bucket.charge(0.0, RATE, start + 2 * TENTH), 3 * TENTH);
        assert_eq!(bucket.take(1.0, RATE, start + 5 * TENTH), Err(TENTH));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_and_takes_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start + TENTH);
        assert_eq!(bucket.charge(4.0, RATE, start), TENTH);
        assert_eq!(bucket.charge(0.0, RATE, start + 2 * TENTH), Duration::ZERO);
    }

    #[test]
    fn a_rate_is_two_numbers() {
        assert_eq!("30,120".parse(), Ok(Rate { per_second: 30.0, burst: 120.0 }));
        assert_eq!("0.5, 2".parse(), Ok(Rate { per_second: 0.5, burst: 2.0 }));
        for text in ["", "30", "30,", "0,5", "-1,5", "1,0", "inf,5", "1,NaN", "1,2,3"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_of_next_to_nothing_waits_a_day() {
        let rate = Rate { per_second: 1e-300, burst: 1.0 };
        let mut bucket = Bucket::full(rate, Instant::now());
        assert_eq!(bucket.charge(2.0, rate, Instant::now()), Duration::from_secs(24 * 60 * 60));
    }
}
