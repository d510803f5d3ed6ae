//! The Date field.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

/// The field line of one second.
struct Second {
    begins: SystemTime,
    ends: SystemTime,
    /// An IMF-fixdate has always the same length (RFC 9110 §5.6.7).
    line: [u8; "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".len()],
}

thread_local! {
    /// The last one made on this thread: a busy server writes thousands in a second. Empty as yet: it begins when it ends.
    static LAST: RefCell<Second> = const {
        RefCell::new(Second {
            begins: SystemTime::UNIX_EPOCH,
            ends: SystemTime::UNIX_EPOCH,
            line: *b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
        })
    };
}

/// Appends the field line for `now`, in whole seconds.
#[inline]
pub(crate) fn append_line(now: SystemTime, out: &mut Vec<u8>) {
    LAST.with_borrow_mut(|last| {
        if now < last.begins || last.ends <= now {
            last.become_that_of(now);
        }
        out.extend_from_slice(&last.line);
    });
}

impl Second {
    #[cold]
    fn become_that_of(&mut self, now: SystemTime) {
        // A clock before 1970 or after 9999 is broken, and no reason to stop: httpdate knows no such dates.
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let second = Duration::from_secs(since_epoch.as_secs().min(253_402_300_799));
        self.begins = SystemTime::UNIX_EPOCH + second;
        self.ends = self.begins + Duration::from_secs(1);
        // Writing cannot fail, since the length is fixed.
        let _ = write!(&mut self.line[..], "Date: {}\r\n", HttpDate::from(self.begins));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(now: SystemTime) -> String {
        let mut line = Vec::new();
        append_line(now, &mut line);
        let line = String::from_utf8(line).expect("ASCII");
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
