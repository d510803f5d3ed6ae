//! `uri-host [ ":" port ]`: what may stand in Host, and in the authority of a target (RFC 9110 §7.2).

use std::net::Ipv6Addr;

use crate::classes::in_host;
use crate::{ParseError, Target, Version};

/// Judges the Host field against the target, and says which authority counts.
///
/// RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message
/// that lacks a Host header field and to any request message that contains more than one Host header field
/// line or a Host header field with an invalid field value."
#[inline]
pub(crate) fn effective<'a>(
    field: Option<&'a [u8]>,
    target: &Target<'a>,
    version: Version,
) -> Result<Option<&'a [u8]>, ParseError> {
    let from_field = match field {
        None if version == Version::Http10 => None,
        None => return Err(ParseError::HostMissing),
        // RFC 9110 §7.2: empty where the target has no authority, which in plain HTTP is only `*`.
        Some(b"") if *target == Target::Asterisk => None,
        Some(value) if is_authority(value) => Some(value),
        Some(_) => return Err(ParseError::HostInvalid),
    };
    // RFC 9112 §3.2.2: "When an origin server receives a request with an absolute-form of request-target, the
    // origin server MUST ignore the received Host header field (if any) and instead use the host information
    // of the request-target."
    Ok(match *target {
        Target::Absolute { authority, .. } | Target::Authority(authority) => Some(authority.as_bytes()),
        Target::Origin { .. } | Target::Asterisk => from_field,
    })
}

/// A host, and perhaps a colon and a port. RFC 3986 §3.2.3 lets the port be empty.
pub(crate) fn is_authority(bytes: &[u8]) -> bool {
    match behind_host(bytes) {
        Some(b"" | b":") => true,
        Some([b':', port @ ..]) => is_port(port),
        _ => false,
    }
}

/// A host, a colon and a port: RFC 9112 §3.2.3, `authority-form = uri-host ":" port`.
pub(crate) fn is_authority_with_port(bytes: &[u8]) -> bool {
    matches!(behind_host(bytes), Some([b':', port @ ..]) if is_port(port))
}

/// What stands behind a valid host. RFC 3986 §3.2.2: an IPv6 address in brackets, or a name, of which an IPv4
/// address is one. RFC 9110 §4.2.1: not empty.
fn behind_host(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'[', rest @ ..] => behind_ipv6(rest),
        _ => behind_name(bytes),
    }
}

fn behind_name(bytes: &[u8]) -> Option<&[u8]> {
    let mut end = 0;
    loop {
        end += bytes[end..].iter().take_while(|&&byte| in_host(byte)).count();
        match &bytes[end..] {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => end += 3,
            _ => break,
        }
    }
    (end > 0).then(|| &bytes[end..])
}

/// `bytes` begin behind the bracket.
#[cold]
fn behind_ipv6(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| byte == b']')?;
    str::from_utf8(&bytes[..end]).ok()?.parse::<Ipv6Addr>().ok()?;
    Some(&bytes[end + 1..])
}

/// RFC 3986 §3.2.3, `port = *DIGIT`, but no more than TCP can address.
fn is_port(port: &[u8]) -> bool {
    let number = port.iter().try_fold(0, |number, &byte| {
        let number = 10 * number + u32::from(byte.wrapping_sub(b'0'));
        (byte.is_ascii_digit() && number <= u32::from(u16::MAX)).then_some(number)
    });
    !port.is_empty() && number.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_authorities() {
        for good in [
            "a",
            "a.example",
            "127.0.0.1:8080",
            "localhost:",
            "[::1]",
            "[2001:db8::1]:443",
            "a_b~c",
            "%C3%A4.example",
            "x:0",
        ] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn invalid_authorities() {
        for bad in [
            "",
            ":80",
            "a b",
            "a,b",
            "a, b",
            "me@a",
            "a/",
            "a/b",
            "a?b",
            "a#b",
            "a:b",
            "a:80:80",
            "a:65536",
            "a:+80",
            "a:-1",
            "[::1",
            "::1",
            "[]",
            "[::1]x",
            "[1.2.3.4]",
            "[fe80::1%25eth0]",
            "%",
            "%4",
            "%4g",
            "http://a",
            "a\\b",
            "ä",
            "<a>",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn authority_form_needs_the_port() {
        assert!(is_authority_with_port(b"a:443"));
        assert!(!is_authority_with_port(b"a"));
        assert!(!is_authority_with_port(b"a:"));
    }

    #[test]
    fn rfc_9112_3_2_host_and_target() {
        let origin = Target::Origin { path: "/", query: None };
        let absolute = Target::Absolute { scheme: "http", authority: "a", path: "/", query: None };
        let judged = |field: Option<&'static str>, target, version| {
            let host = effective(field.map(str::as_bytes), target, version)?;
            Ok(host.map(|host| str::from_utf8(host).unwrap()))
        };
        assert_eq!(judged(Some("b:80"), &origin, Version::Http11), Ok(Some("b:80")));
        assert_eq!(judged(Some("b"), &absolute, Version::Http11), Ok(Some("a")), "§3.2.2");
        assert_eq!(judged(Some("b"), &Target::Authority("a:443"), Version::Http11), Ok(Some("a:443")));
        assert_eq!(judged(Some(""), &Target::Asterisk, Version::Http11), Ok(None));
        assert_eq!(judged(None, &origin, Version::Http10), Ok(None));
        for target in [&origin, &absolute, &Target::Asterisk] {
            assert_eq!(judged(None, target, Version::Http11), Err(ParseError::HostMissing));
            assert_eq!(judged(Some("b c"), target, Version::Http10), Err(ParseError::HostInvalid));
        }
        assert_eq!(judged(Some(""), &origin, Version::Http11), Err(ParseError::HostInvalid));
    }
}
