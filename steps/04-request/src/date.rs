//! The Date field.

use std::cell::Cell;
use std::io::Write;
use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

/// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and the line's end: an IMF-fixdate has always the same length (RFC 9110 §5.6.7).
pub(crate) type DateLine = [u8; 37];

thread_local! {
    /// The last line made on this thread, and from when to when it is right. A date is good for a second, and a busy
    /// server writes thousands in one.
    static LAST: Cell<(SystemTime, SystemTime, DateLine)> = const {
        Cell::new((SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH, *b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"))
    };
}

/// The field line for `now`, in whole seconds.
#[inline]
pub(crate) fn line(now: SystemTime) -> DateLine {
    let (from, to, line) = LAST.get();
    if from <= now && now < to { line } else { make(now) }
}

/// Makes the line anew.
#[cold]
fn make(now: SystemTime) -> DateLine {
    // A clock before 1970 or after 9999 is broken, and no reason to stop: httpdate knows no such dates.
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let second = Duration::from_secs(since_epoch.as_secs().min(253_402_300_799));
    let from = SystemTime::UNIX_EPOCH + second;
    let (.., last) = LAST.get();
    let mut line = last;
    // Writing cannot fail, since the length is fixed; if it does, the last line is better than none.
    if write!(&mut line[..], "Date: {}\r\n", HttpDate::from(from)).is_err() {
        return last;
    }
    LAST.set((from, from + Duration::from_secs(1), line));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(now: SystemTime) -> String {
        let line = String::from_utf8_lossy(&line(now)).into_owned();
        line.strip_prefix("Date: ")
            .and_then(|line| line.strip_suffix("\r\n"))
            .expect("a field line")
            .to_owned()
    }

    fn at(second: u64) -> String {
        value(SystemTime::UNIX_EPOCH + Duration::from_secs(second))
    }

    #[test]
    fn rfc_9110_5_6_7_imf_fixdate() {
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT", "from the cache");
        let within = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_999);
        assert_eq!(value(within), "Sun, 06 Nov 1994 08:49:37 GMT", "the same second");
        assert_eq!(at(784_111_778), "Sun, 06 Nov 1994 08:49:38 GMT", "a second later");
        assert_eq!(value(within), "Sun, 06 Nov 1994 08:49:37 GMT", "a clock that was set back");
        assert_eq!(at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_broken_clock_is_no_panic() {
        assert_eq!(at(1 << 40), "Fri, 31 Dec 9999 23:59:59 GMT");
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(value(before), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
