//! `uri-host [ ":" port ]`: what may stand in Host, and in the authority of a target (RFC 9110 §7.2).

use std::net::Ipv6Addr;

use crate::classes::in_host;
use crate::{ParseError, Target, Version};

/// Judges the Host field against the target, and says which authority counts.
///
/// RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a
/// Host header field and to any request message that contains more than one Host header field line or a Host header field
/// with an invalid field value."
pub(crate) fn effective<'a>(
    field: Option<&'a [u8]>,
    target: &Target<'a>,
    version: Version,
) -> Result<Option<&'a str>, ParseError> {
    let from_field = match field {
        None if version == Version::Http10 => None,
        None => return Err(ParseError::HostMissing),
        // RFC 9110 §7.2: empty where the target has no authority, which in plain HTTP is only `*`.
        Some(b"") if *target == Target::Asterisk => None,
        Some(value) => {
            let text = str::from_utf8(value).map_err(|_| ParseError::HostInvalid)?;
            if !is_authority(text) {
                return Err(ParseError::HostInvalid);
            }
            Some(text)
        }
    };
    // RFC 9112 §3.2.2: "When an origin server receives a request with an absolute-form of request-target, the origin
    // server MUST ignore the received Host header field (if any) and instead use the host information of the
    // request-target."
    Ok(match *target {
        Target::Absolute { authority, .. } | Target::Authority(authority) => Some(authority),
        Target::Origin { .. } | Target::Asterisk => from_field,
    })
}

/// A host, and perhaps a colon and a port. RFC 3986 §3.2.3 lets the port be empty.
pub(crate) fn is_authority(text: &str) -> bool {
    split_port(text)
        .is_some_and(|(host, port)| is_host(host) && port.is_none_or(|port| port.is_empty() || is_port(port)))
}

/// A host, a colon and a port: RFC 9112 §3.2.3, `authority-form = uri-host ":" port`.
pub(crate) fn is_authority_with_port(text: &str) -> bool {
    split_port(text).is_some_and(|(host, port)| is_host(host) && port.is_some_and(is_port))
}

/// The host and what stands behind its colon. The colons within `[...]` are the address's own.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    let host_end =
        if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at(host_end);
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

/// RFC 3986 §3.2.2: an IPv6 address in brackets, or a name, of which an IPv4 address is one. RFC 9110 §4.2.1: not empty.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        let percent_encoded =
            byte == b'%' && (0..2).all(|_| bytes.next().is_some_and(|b| b.is_ascii_hexdigit()));
        if !in_host(byte) && !percent_encoded {
            return false;
        }
    }
    !host.is_empty()
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
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
            assert!(is_authority(good), "{good}");
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
            assert!(!is_authority(bad), "{bad}");
        }
    }

    #[test]
    fn authority_form_needs_the_port() {
        assert!(is_authority_with_port("a:443"));
        assert!(!is_authority_with_port("a"));
        assert!(!is_authority_with_port("a:"));
    }
}
