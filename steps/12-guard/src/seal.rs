//! Signed passes: what a client shows to prove that it has logged in.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Writes passes and reads them again. The server keeps nothing of them: **what stands in a pass is true because
/// nobody else has the key.**
///
/// A pass is `BASE64(content).BASE64(HMAC-SHA256(key, content))`, the content `session 1764000000000 17 Ada`: what for,
/// until when (milliseconds since 1970), its number, for whom. A JSON Web Token (RFC 7519) is the same idea with a
/// choice of algorithms; the choice was a source of holes (RFC 8725 §2.1), so there is none here.
pub struct Seal {
    mac: Hmac<Sha256>,
    last_number: Cell<u64>,
}

/// What a pass is good for. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A login: in a cookie or behind `Authorization: Bearer`.
    Session,
    /// To open one WebSocket, soon. It stands in an address, and addresses stand in logs and histories.
    Ticket,
}

/// A pass that is genuine and not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// For whom.
    pub name: String,
    /// No other pass has it.
    pub number: u64,
    /// Until when.
    pub until: SystemTime,
}

/// Longer ones are not even decoded. Browsers keep cookies of up to 4 KiB.
const LONGEST: usize = 1024;

impl Seal {
    /// A seal with this key: 32 random bytes, or a secret that several servers share. `now` makes the numbers of its
    /// passes differ from those before a restart.
    pub fn new(key: &[u8], now: SystemTime) -> Seal {
        let mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104 §3)");
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Seal { mac, last_number: Cell::new(since.as_nanos() as u64) }
    }

    /// A new pass.
    pub fn issue(&self, purpose: Purpose, name: &str, until: SystemTime) -> String {
        let number = self.last_number.get() + 1;
        self.last_number.set(number);
        let until = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let content = format!("{} {until} {number} {name}", purpose.word());
        let tag = self.mac.clone().chain_update(&content).finalize().into_bytes();
        format!("{}.{}", BASE64.encode(content), BASE64.encode(tag))
    }

    /// Reads a pass. `None`: not ours, for something else, or over.
    pub fn check(&self, purpose: Purpose, pass: &str, now: SystemTime) -> Option<Pass> {
        let (content, tag) = pass.split_once('.').filter(|_| pass.len() <= LONGEST)?;
        let (content, tag) = (BASE64.decode(content).ok()?, BASE64.decode(tag).ok()?);
        // In constant time: how long the comparison takes must not tell how much of a guess was right.
        self.mac.clone().chain_update(&content).verify_slice(&tag).ok()?;
        let content = String::from_utf8(content).ok()?;
        let mut words = content.splitn(4, ' ');
        let (word, until, number, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let until = UNIX_EPOCH + Duration::from_millis(until.parse().ok()?);
        let fits = word == purpose.word() && now < until;
        fits.then_some(Pass { name: name.to_string(), number: number.parse().ok()?, until })
    }

    /// Whether two secrets are the same, in a time that tells nothing of how alike they are, nor how long.
    pub fn same(&self, ours: &[u8], theirs: &[u8]) -> bool {
        let ours = self.mac.clone().chain_update(ours).finalize().into_bytes();
        self.mac.clone().chain_update(theirs).verify_slice(&ours).is_ok()
    }
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Purpose::Session => "session",
            Purpose::Ticket => "ticket",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_764_000_000)
    }

    /// A session is no ticket, and nothing is good for ever. At the very moment when it ends, it is over.
    #[test]
    fn a_pass_is_good_for_its_purpose_and_its_time() {
        let seal = Seal::new(b"key", now());
        let pass = seal.issue(Purpose::Session, "Ada Lovelace", now() + MINUTE);
        let read = seal.check(Purpose::Session, &pass, now()).unwrap();
        assert_eq!((read.name.as_str(), read.until), ("Ada Lovelace", now() + MINUTE));
        assert_eq!(seal.check(Purpose::Ticket, &pass, now()), None);
        assert!(seal.check(Purpose::Session, &pass, now() + MINUTE - Duration::from_millis(1)).is_some());
        assert_eq!(seal.check(Purpose::Session, &pass, now() + MINUTE), None);
    }

    #[test]
    fn no_two_passes_are_the_same() {
        let seal = Seal::new(b"key", now());
        let issue = || seal.issue(Purpose::Ticket, "Ada", now() + MINUTE);
        assert_ne!(issue(), issue());
    }

    /// What stands in a pass is true only because nobody else has the key. One changed character, a piece cut off or
    /// put on, or another key: no pass.
    #[test]
    fn who_changes_one_character_has_no_pass() {
        let seal = Seal::new(b"key", now());
        let pass = seal.issue(Purpose::Session, "Ada", now() + MINUTE);
        for at in 0..pass.len() {
            let mut changed = pass.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(seal.check(Purpose::Session, &changed, now()), None, "{changed}");
            assert_eq!(seal.check(Purpose::Session, &pass[..at], now()), None);
        }
        assert_eq!(Seal::new(b"another", now()).check(Purpose::Session, &pass, now()), None);
        assert_eq!(seal.check(Purpose::Session, &format!("{pass}A"), now()), None);
        assert_eq!(seal.check(Purpose::Session, &"A".repeat(10_000), now()), None);
        for nonsense in ["", ".", "..", "é.é", "c2Vzc2lvbg.", ".c2Vzc2lvbg"] {
            assert_eq!(seal.check(Purpose::Session, nonsense, now()), None, "{nonsense}");
        }
    }

    /// Whoever sends a long one costs us a look at its length, and no more.
    #[test]
    fn a_pass_that_is_too_long_is_none_though_it_is_ours() {
        let seal = Seal::new(b"key", now());
        for (length, good) in [(600, true), (1000, false)] {
            let pass = seal.issue(Purpose::Session, &"a".repeat(length), now() + MINUTE);
            assert_eq!(seal.check(Purpose::Session, &pass, now()).is_some(), good, "{} bytes", pass.len());
        }
    }

    #[test]
    fn secrets_are_compared() {
        let seal = Seal::new(b"key", now());
        assert!(seal.same(b"open sesame", b"open sesame"));
        assert!(
            !seal.same(b"open sesame", b"open")
                && !seal.same(b"open", b"open sesame")
                && !seal.same(b"", b"x")
        );
    }
}
