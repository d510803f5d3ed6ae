//! Whom to talk to: `ws://127.0.0.1:8080/chat`.

use std::net::{SocketAddr, ToSocketAddrs};

/// What is spoken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    WebSocket,
    Http,
    /// Bytes and nothing else: rungs 01 to 03.
    Tcp,
}

/// An address as it was typed, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub scheme: Scheme,
    /// A name or an IP address, an IPv6 one without its brackets.
    pub host: String,
    pub port: u16,
    /// Path and query; `None` where nothing was typed behind the port.
    pub path: Option<String>,
}

/// RFC 6455 §3: "the default for "ws" is port 80"; RFC 9110 §4.2.1 says the same of "http".
const HTTP_PORT: u16 = 80;

impl Address {
    /// Takes an address apart. Without a scheme it is a WebSocket's.
    pub fn parse(text: &str) -> Result<Address, String> {
        let wrong = |why: &str| Err(format!("{text}: {why}"));
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::WebSocket, text),
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "ws" => (Scheme::WebSocket, rest),
                "http" => (Scheme::Http, rest),
                "tcp" => (Scheme::Tcp, rest),
                "wss" | "https" => return wrong("talk has no TLS yet; use ws:// or http://"),
                _ => return wrong("an address begins with ws://, http:// or tcp://"),
            },
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return wrong("a user name is not sent; use --header 'Authorization: ...'");
        }
        // RFC 6455 §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be
        // used on these URIs."
        if rest.contains('#') {
            return wrong("a fragment (#) is never sent to a server; leave it out");
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return wrong("a path holds visible ASCII only; percent-encode the rest");
        }
        if scheme == Scheme::Tcp && !matches!(path, "" | "/") {
            return wrong("TCP knows no path; end the address behind the port");
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => match literal.split_once(']') {
                Some((host, port)) => (host, port.strip_prefix(':').or(port.is_empty().then_some(""))),
                None => return wrong("an IPv6 address ends with ]"),
            },
            None => match authority.rsplit_once(':') {
                Some((host, _)) if host.contains(':') => {
                    return wrong("an IPv6 address stands in brackets: ws://[::1]:8080/");
                }
                Some((host, port)) => (host, Some(port)),
                None => (authority, Some("")),
            },
        };
        if host.is_empty() || host.contains(char::is_whitespace) {
            return wrong("a host is missing, such as 127.0.0.1");
        }
        let port = match (port, scheme) {
            (Some(""), Scheme::Tcp) => return wrong("a port is missing, such as :8080"),
            (Some(""), _) => HTTP_PORT,
            (Some(port), _) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return wrong("a port is a number from 1 to 65535"),
            },
            (None, _) => return wrong("behind ] stands : and a port, or nothing"),
        };
        let path = match path {
            "" => None,
            query if query.starts_with('?') => Some(format!("/{query}")),
            path => Some(path.to_string()),
        };
        Ok(Address { scheme, host: host.to_string(), port, path })
    }

    /// What stands in the Host field (RFC 9110 §7.2).
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == HTTP_PORT && self.scheme != Scheme::Tcp {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// The socket addresses that the host has, in the order in which to try them.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, String> {
        match (self.host.as_str(), self.port).to_socket_addrs() {
            Ok(found) => Ok(found.collect()),
            Err(error) => Err(format!("{}: no such host ({error})", self.host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Scheme, String, u16, Option<String>) {
        let Address { scheme, host, port, path } = Address::parse(text).expect(text);
        (scheme, host, port, path)
    }

    #[test]
    fn an_address_is_taken_apart() {
        use Scheme::*;
        let path = |path: &str| Some(path.to_string());
        assert_eq!(parts("ws://127.0.0.1:8080/chat"), (WebSocket, "127.0.0.1".into(), 8080, path("/chat")));
        assert_eq!(parts("WS://localhost"), (WebSocket, "localhost".into(), 80, None));
        assert_eq!(parts("localhost:9000"), (WebSocket, "localhost".into(), 9000, None));
        assert_eq!(parts("http://[::1]:8080/a?b=c"), (Http, "::1".into(), 8080, path("/a?b=c")));
        assert_eq!(parts("ws://[2001:db8::7]/"), (WebSocket, "2001:db8::7".into(), 80, path("/")));
        assert_eq!(parts("http://example.org?x"), (Http, "example.org".into(), 80, path("/?x")));
        assert_eq!(parts("tcp://127.0.0.1:7/"), (Tcp, "127.0.0.1".into(), 7, path("/")));
    }

    #[test]
    fn the_host_field_has_brackets_and_no_default_port() {
        for (text, host) in [
            ("ws://[::1]:8080/", "[::1]:8080"),
            ("http://example.org/", "example.org"),
            ("http://example.org:80/", "example.org"),
            ("ws://example.org:81", "example.org:81"),
        ] {
            assert_eq!(Address::parse(text).expect(text).authority(), host);
        }
    }

    #[test]
    fn a_wrong_address_is_told_in_one_line() {
        for (text, why) in [
            ("wss://example.org/", "no TLS yet"),
            ("https://example.org/", "no TLS yet"),
            ("ftp://example.org/", "begins with ws://"),
            ("ws://", "a host is missing"),
            ("ws:///chat", "a host is missing"),
            ("ws://a b/", "a host is missing"),
            ("ws://x:0/", "1 to 65535"),
            ("ws://x:99999/", "1 to 65535"),
            ("ws://x:port/", "1 to 65535"),
            ("ws://::1:8080/", "in brackets"),
            ("ws://[::1/", "ends with ]"),
            ("ws://[::1]8080/", "behind ]"),
            ("ws://me@x/", "user name"),
            ("ws://x/#top", "fragment"),
            ("ws://x/a b", "percent-encode"),
            ("tcp://x", "a port is missing"),
            ("tcp://x:1/path", "no path"),
        ] {
            let said = Address::parse(text).expect_err(text);
            assert!(said.contains(why) && said.lines().count() == 1, "{text}: {said}");
        }
    }
}
