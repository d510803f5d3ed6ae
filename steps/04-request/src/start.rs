//! The request line: `method SP request-target SP HTTP-version` (RFC 9112 §3).

use std::fmt;

use crate::classes::{in_token, is_token};
use crate::{Limits, ParseError, Target};

/// The methods that this ladder knows: all of RFC 9110 §9, and PATCH of RFC 5789.
///
/// One that it does not know is a method too. It says nothing about where its request ends (RFC 9112 §6.3 decides
/// that without a look at the method), so it is answered with 501 like any other request, and costs no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Send a representation (§9.3.1).
    Get,
    /// As GET, without the content (§9.3.2).
    Head,
    /// Process the content (§9.3.3).
    Post,
    /// Replace by the content (§9.3.4).
    Put,
    /// Remove (§9.3.5).
    Delete,
    /// Open a tunnel (§9.3.6).
    Connect,
    /// Say what is possible (§9.3.7).
    Options,
    /// Send the request back (§9.3.8).
    Trace,
    /// Change a part (RFC 5789).
    Patch,
    /// Any other token. RFC 9110 §9.1: "An origin server that receives a request method that is unrecognized or
    /// not implemented SHOULD respond with the 501 (Not Implemented) status code."
    Unknown,
}

impl Method {
    /// The token on the wire; for [`Method::Unknown`] a word that is no token.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Connect => "CONNECT",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Patch => "PATCH",
            Method::Unknown => "(unknown)",
        }
    }

    /// RFC 9110 §9.1: "The method token is case-sensitive".
    pub(crate) fn known(token: &[u8]) -> Option<Method> {
        match token {
            b"GET" => Some(Method::Get),
            b"HEAD" => Some(Method::Head),
            b"POST" => Some(Method::Post),
            b"PUT" => Some(Method::Put),
            b"DELETE" => Some(Method::Delete),
            b"CONNECT" => Some(Method::Connect),
            b"OPTIONS" => Some(Method::Options),
            b"TRACE" => Some(Method::Trace),
            b"PATCH" => Some(Method::Patch),
            _ => None,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The versions that are served. RFC 9110 §2.5: a higher minor version is processed "as if it were in the
/// highest minor version within that major version to which the recipient is conformant", so 1.2 is served as
/// 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0: no chunks, no 100-continue, one request per connection unless asked otherwise.
    Http10,
    /// HTTP/1.1 and what else begins with `HTTP/1.`.
    Http11,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        })
    }
}

/// The first byte of a TLS record that carries a handshake (RFC 8446 §5.1): somebody tries `https://` on a
/// plain port.
pub(crate) const TLS_HANDSHAKE: u8 = 0x16;

/// The longest method that fits before a target of the greatest length, in bytes. The longest known one has 7.
const LONGEST_METHOD: usize = 54;

/// The longest request line that is judged whole, in bytes.
pub(crate) fn longest_line(limits: &Limits) -> usize {
    limits.target.saturating_add(LONGEST_METHOD + "  HTTP/1.1".len())
}

/// Which part of an over-long request line, whose end need not have come, is to blame.
///
/// RFC 9112 §3: "A server that receives a method longer than any that it implements SHOULD respond with a 501 (Not
/// Implemented) status code. A server that receives a request-target longer than any URI it wishes to parse MUST
/// respond with a 414 (URI Too Long) status code".
pub(crate) fn too_long(line: &[u8]) -> ParseError {
    let method = line.iter().take(LONGEST_METHOD + 1).take_while(|&&byte| in_token(byte)).count();
    match line.get(method) {
        _ if method > LONGEST_METHOD => ParseError::MethodTooLong,
        Some(b' ') if method > 0 => ParseError::TargetTooLong,
        _ => ParseError::MethodToken,
    }
}

/// The three parts of a request line.
pub(crate) type StartLine<'a> = (Method, Target<'a>, Version);

/// Judges a complete request line.
pub(crate) fn request_line<'a>(line: &'a [u8], limits: &Limits) -> Result<StartLine<'a>, ParseError> {
    // RFC 9112 §3: "Recipients of an invalid request-line SHOULD respond with either a 400 (Bad Request)
    // error". §3 allows to split at any whitespace; here it is exactly one SP, as the grammar says. The
    // version is the part of fixed length, yet the split goes from the left: a second SP shows up in the
    // version.
    if line.is_empty() {
        return Err(ParseError::EmptyLines);
    }
    let (method, rest) = split_at_space(line).ok_or(ParseError::RequestLine)?;
    let (target, version) = split_at_space(rest).ok_or(ParseError::RequestLine)?;
    if !is_token(method) {
        return Err(ParseError::MethodToken);
    }
    if target.len() > limits.target {
        return Err(ParseError::TargetTooLong);
    }
    if target.is_empty() {
        return Err(ParseError::RequestLine);
    }
    let version = parse_version(version)?;
    let method = Method::known(method).unwrap_or(Method::Unknown);
    let target = Target::parse(target, method)?;
    Ok((method, target, version))
}

/// RFC 9112 §2.3: `HTTP-version = HTTP-name "/" DIGIT "." DIGIT`, "HTTP-version is case-sensitive."
fn parse_version(version: &[u8]) -> Result<Version, ParseError> {
    match version {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            if *major == b'1' {
                Ok(Version::Http11)
            } else {
                Err(ParseError::VersionNotSupported)
            }
        }
        // A fourth part.
        _ if version.contains(&b' ') => Err(ParseError::RequestLine),
        _ => Err(ParseError::Version),
    }
}

fn split_at_space(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = bytes.iter().position(|&byte| byte == b' ')?;
    Some((&bytes[..space], &bytes[space + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(line: &str) -> Result<StartLine<'_>, ParseError> {
        request_line(line.as_bytes(), &Limits { target: 20, ..Limits::DEFAULT })
    }

    #[test]
    fn a_request_line_has_three_parts() {
        let target = Target::Origin { path: "/a", query: Some("b") };
        assert_eq!(judged("GET /a?b HTTP/1.1"), Ok((Method::Get, target, Version::Http11)));
        assert_eq!(judged("OPTIONS * HTTP/1.0"), Ok((Method::Options, Target::Asterisk, Version::Http10)));
        assert_eq!(judged("get /a?b HTTP/1.2"), Ok((Method::Unknown, target, Version::Http11)));
    }

    // Otherwise the log and the handlers name another request than the one that came.
    #[test]
    fn a_request_line_is_written_as_it_was_read() {
        for (line, path, query) in [
            ("GET /a?b HTTP/1.1", "/a", Some("b")),
            ("POST / HTTP/1.0", "/", None),
            ("GET http://a:80/p?q HTTP/1.1", "/p", Some("q")),
            ("CONNECT a:443 HTTP/1.1", "", None),
            ("OPTIONS * HTTP/1.1", "*", None),
        ] {
            let (method, target, version) = judged(line).unwrap();
            assert_eq!(format!("{method} {target} {version}"), line);
            assert_eq!((target.path(), target.query()), (path, query), "{line}");
        }
    }

    #[test]
    fn rfc_9112_3_what_is_no_request_line() {
        for (line, why) in [
            ("", ParseError::EmptyLines),
            ("GET", ParseError::RequestLine),
            ("GET /", ParseError::RequestLine),
            ("GET  HTTP/1.1", ParseError::RequestLine),
            ("GET  / HTTP/1.1", ParseError::RequestLine),
            ("GET /  HTTP/1.1", ParseError::RequestLine),
            ("GET / HTTP/1.1 ", ParseError::RequestLine),
            ("G@T / HTTP/1.1", ParseError::MethodToken),
            (" / HTTP/1.1", ParseError::MethodToken),
            ("GET /12345678901234567890 HTTP/1.1", ParseError::TargetTooLong),
            ("GET / HTTP/2.0", ParseError::VersionNotSupported),
            ("GET / http/1.1", ParseError::Version),
            // The HTTP/2 preface: the version says more than the target, which would be wrong too.
            ("PRI * HTTP/2.0", ParseError::VersionNotSupported),
            ("GET /#a HTTP/1.1", ParseError::TargetFragment),
        ] {
            assert_eq!(judged(line), Err(why), "{line:?}");
        }
    }
}
