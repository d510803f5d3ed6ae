//! Who somebody is: the three places where a pass may stand.

use std::collections::HashMap;
use std::time::SystemTime;

use request::Request;

use crate::seal::{Pass, Purpose, Seal};

/// The name of the cookie. With `__Host-` in front, a browser keeps it only when it came encrypted, for this host and
/// all paths (RFC 6265bis §4.1.3): a page of a neighbour domain cannot set it.
pub const COOKIE: &str = "session";
/// The name where everything goes through TLS.
pub const SECURE_COOKIE: &str = "__Host-session";

/// Tickets that were used, until they are over anyway.
///
/// A ticket stands in an address, so it may be read later in a log. By then it is worth nothing.
#[derive(Default)]
pub(crate) struct UsedTickets {
    until: HashMap<u64, SystemTime>,
    sweep_at: usize,
}

impl UsedTickets {
    /// Uses a ticket. `false`: it was used before.
    pub fn use_up(&mut self, pass: &Pass, now: SystemTime) -> bool {
        if self.until.len() >= self.sweep_at {
            self.until.retain(|_, until| *until > now);
            self.sweep_at = 64.max(2 * self.until.len());
        }
        self.until.insert(pass.number, pass.until).is_none()
    }
}

/// The session that a request shows: in the cookie, which browsers send by themselves, or as a bearer token
/// (RFC 6750 §2.1), which programs send. `cookie` is the cookie's name.
pub(crate) fn session(head: &Request<'_>, seal: &Seal, cookie: &str, now: SystemTime) -> Option<Pass> {
    let check = |pass: &str| seal.check(Purpose::Session, pass, now);
    if let Some(authorization) = head.field("Authorization") {
        // Who says who they are is not somebody else because of an old cookie.
        let (scheme, pass) = str::from_utf8(authorization).ok()?.split_once(' ')?;
        return if scheme.eq_ignore_ascii_case("Bearer") { check(pass.trim()) } else { None };
    }
    cookies(head, cookie).find_map(check)
}

/// The ticket in the query: `/chat?ticket=...`.
pub(crate) fn ticket(head: &Request<'_>, seal: &Seal, now: SystemTime) -> Option<Pass> {
    let query = head.target.query()?;
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix("ticket="))?;
    seal.check(Purpose::Ticket, ticket, now)
}

/// The values of the cookies with this name (RFC 6265 §4.2.1: pairs stand between "; "). There may be several: one
/// that another path set, say.
fn cookies<'a>(head: &Request<'a>, name: &str) -> impl Iterator<Item = &'a str> {
    head.fields_named("Cookie")
        .filter_map(|value| str::from_utf8(value).ok())
        .flat_map(|value| value.split(';'))
        .filter_map(move |pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn with<R>(target: &str, fields: &str, look: impl FnOnce(&Request<'_>) -> R) -> R {
        let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        look(&Request::parse(head.as_bytes(), &request::Limits::DEFAULT).unwrap().unwrap().0)
    }

    fn name(pass: Option<Pass>) -> Option<String> {
        pass.map(|pass| pass.name)
    }

    #[test]
    fn a_session_is_in_the_cookie_or_behind_bearer() {
        let now = SystemTime::now();
        let seal = Seal::new(b"key", now);
        let later = now + Duration::from_secs(1);
        let ada = seal.issue(Purpose::Session, "Ada", later);
        let eve = seal.issue(Purpose::Session, "Eve", later);
        let ticket = seal.issue(Purpose::Ticket, "Ada", later);
        for (fields, expected) in [
            (String::new(), None),
            (format!("Cookie: session={ada}\r\n"), Some("Ada")),
            (format!("Cookie: theme=dark; session={ada}; x=y\r\n"), Some("Ada")),
            (format!("Cookie: theme=dark\r\nCookie: session={ada}\r\n"), Some("Ada")),
            (format!("Cookie: session=old; session={ada}\r\n"), Some("Ada")),
            (format!("Cookie: xsession={ada}\r\n"), None),
            (format!("Cookie: session={ticket}\r\n"), None),
            (format!("Authorization: Bearer {ada}\r\n"), Some("Ada")),
            (format!("Authorization: bEaReR {ada}\r\n"), Some("Ada")),
            (format!("Authorization: Basic {ada}\r\n"), None),
            (format!("Authorization: {ada}\r\n"), None),
            (format!("Authorization: Bearer {eve}\r\nCookie: session={ada}\r\n"), Some("Eve")),
            (format!("Authorization: Bearer wrong\r\nCookie: session={ada}\r\n"), None),
        ] {
            let pass = with("/", &fields, |head| session(head, &seal, COOKIE, now));
            assert_eq!(name(pass).as_deref(), expected, "{fields}");
        }
    }

    #[test]
    fn a_ticket_is_in_the_query_and_is_used_once() {
        let now = SystemTime::now();
        let seal = Seal::new(b"key", now);
        let ada = seal.issue(Purpose::Ticket, "Ada", now + Duration::from_secs(30));
        let target = format!("/chat?room=tea&ticket={ada}");
        let pass = with(&target, "", |head| ticket(head, &seal, now)).unwrap();
        let mut used = UsedTickets::default();
        assert!(used.use_up(&pass, now));
        assert!(!used.use_up(&pass, now));
        let session = seal.issue(Purpose::Session, "Ada", now + Duration::from_secs(30));
        assert_eq!(with(&format!("/chat?ticket={session}"), "", |head| ticket(head, &seal, now)), None);
        assert_eq!(with("/chat?ticket=", "", |head| ticket(head, &seal, now)), None);
    }

    #[test]
    fn used_tickets_are_forgotten_when_they_are_over() {
        let start = SystemTime::now();
        let mut used = UsedTickets::default();
        for number in 0..10_000 {
            let now = start + Duration::from_millis(number);
            let pass = Pass { name: String::new(), number, until: now + Duration::from_millis(10) };
            assert!(used.use_up(&pass, now));
        }
        assert!(used.until.len() <= 128, "{} are remembered", used.until.len());
    }
}
