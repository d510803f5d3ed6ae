//! The Date field's value.

use std::cell::Cell;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

/// `Sun, 06 Nov 1994 08:49:37 GMT`: an IMF-fixdate has always this length (RFC 9110 §5.6.7).
pub(crate) type ImfFixdate = [u8; 29];

thread_local! {
    /// The last date made on this thread. A date is good for a second, and a busy server writes thousands in
    /// one.
    static LAST: Cell<(u64, ImfFixdate)> = const { Cell::new((0, *b"Thu, 01 Jan 1970 00:00:00 GMT")) };
}

/// `now` as an IMF-fixdate, in whole seconds.
pub(crate) fn imf_fixdate(now: SystemTime) -> ImfFixdate {
    // A clock before 1970 or after 9999 is broken, and no reason to stop: httpdate knows no such dates.
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let second = since_epoch.as_secs().min(253_402_300_799);
    let (last_second, last) = LAST.get();
    if second == last_second {
        return last;
    }
    let mut text = String::with_capacity(last.len());
    let date = HttpDate::from(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
    // Writing to a String cannot fail, and the length is fixed; if not, the last date is better than none.
    let made = write!(text, "{date}").ok().and_then(|()| text.as_bytes().try_into().ok()).unwrap_or(last);
    LAST.set((second, made));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> String {
        let date = imf_fixdate(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
        String::from_utf8_lossy(&date).into_owned()
    }

    #[test]
    fn rfc_9110_5_6_7_imf_fixdate() {
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT", "from the cache");
        assert_eq!(at(784_111_778), "Sun, 06 Nov 1994 08:49:38 GMT", "a second later");
        assert_eq!(at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_broken_clock_is_no_panic() {
        assert_eq!(at(1 << 40), "Fri, 31 Dec 9999 23:59:59 GMT");
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(&imf_fixdate(before), b"Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
