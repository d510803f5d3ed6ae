//! Which pages may speak to this server.

use request::Request;

/// The pages that may open a WebSocket or post a form here.
///
/// A browser lets any page open a WebSocket to any server, and sends the cookies along: the same-origin policy does
/// not hold for WebSockets. So a page of somebody else could speak in the name of whoever looks at it, if the server
/// did not look at Origin (RFC 6455 §10.2; "cross-site WebSocket hijacking"). SameSite keeps the cookie from other sites
/// only: another port of the same host, or a neighbour domain, is the same site.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Origins allowed beside the server's own, such as `https://chat.example`.
    allowed: Vec<String>,
    /// Whether a request without Origin is refused too.
    required: bool,
}

impl Origins {
    /// The server's own pages, and those of `allowed`: a list with commas, such as
    /// `https://chat.example,http://localhost:3000`. `required`: who sends no Origin is refused. Programs that are no
    /// browser send none, and no page can make a browser leave it out, so by default they pass.
    ///
    /// # Errors
    /// The first one that is no origin: scheme, host, and port where it is not the usual one, without a path.
    pub fn new(allowed: &str, required: bool) -> Result<Origins, String> {
        let allowed = allowed.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let allowed = allowed.map(|origin| match origin.split_once("://") {
            Some(("http" | "https", host))
                if !host.is_empty() && !host.contains(['/', '@', '?', '#', '*']) =>
            {
                Ok(origin.to_ascii_lowercase())
            }
            _ => Err(format!("{origin} is no origin: it is written as https://chat.example, without a path")),
        });
        Ok(Origins { allowed: allowed.collect::<Result<_, _>>()?, required })
    }

    /// Whether the page that made this request may.
    ///
    /// The server's own page is one whose origin has the host and port that the request is for. Whether it came by
    /// http or https only the proxy in front of us knows, so both are its own.
    // ANCHOR: allow
    pub fn allow(&self, head: &Request<'_>) -> bool {
        let mut origins = head.fields_named("Origin");
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return head.field("Origin").is_none() && !self.required;
        };
        // "null" is a page that hides where it comes from, a sandboxed frame for example: it is nobody's own.
        let Ok(origin) = str::from_utf8(origin).map(str::to_ascii_lowercase) else { return false };
        let own = origin.strip_prefix("http://").or(origin.strip_prefix("https://"));
        let host = head.host().map(str::to_ascii_lowercase);
        (own.is_some() && own == host.as_deref()) || self.allowed.contains(&origin)
    }
    // ANCHOR_END: allow
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, fields: &str) -> bool {
        let head = format!("GET / HTTP/1.1\r\nHost: chat.example:8080\r\n{fields}\r\n");
        let (head, _) = Request::parse(head.as_bytes(), &request::Limits::DEFAULT).unwrap().unwrap();
        origins.allow(&head)
    }

    /// All of the origin counts: scheme, host and port. Whoever compares its beginning, its end, or only the host lets
    /// a page of somebody else in.
    #[test]
    fn rfc_6455_10_2_only_pages_that_may() {
        let origins = Origins::new("https://friend.example, http://localhost:3000", false).unwrap();
        for (fields, expected) in [
            ("", true),
            ("Origin: http://chat.example:8080\r\n", true),
            ("Origin: https://CHAT.example:8080\r\n", true),
            ("Origin: https://friend.example\r\n", true),
            ("Origin: http://localhost:3000\r\n", true),
            ("Origin: http://friend.example\r\n", false),
            ("Origin: https://friend.example:444\r\n", false),
            ("Origin: http://chat.example\r\n", false),
            ("Origin: http://evil.example\r\n", false),
            ("Origin: http://chat.example:8080.evil.example\r\n", false),
            ("Origin: http://evil.example/chat.example:8080\r\n", false),
            ("Origin: http://x@chat.example:8080\r\n", false),
            ("Origin: ftp://chat.example:8080\r\n", false),
            ("Origin: chat.example:8080\r\n", false),
            ("Origin: null\r\n", false),
            ("Origin:\r\n", false),
            ("Origin: \u{e9}\r\n", false),
            ("Origin: http://chat.example:8080\r\nOrigin: http://evil.example\r\n", false),
            ("Origin: http://chat.example:8080\r\nOrigin: http://chat.example:8080\r\n", false),
        ] {
            assert_eq!(allows(&origins, fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn an_origin_can_be_required() {
        let origins = Origins::new("", true).unwrap();
        assert!(!allows(&origins, ""));
        assert!(allows(&origins, "Origin: http://chat.example:8080\r\n"));
    }

    #[test]
    fn what_is_no_origin_is_refused_when_the_server_starts() {
        for wrong in [
            "friend.example",
            "https://",
            "https://*.example",
            "https://a.example/",
            "null",
            "ws://a.example",
        ] {
            assert!(Origins::new(wrong, false).is_err(), "{wrong}");
        }
        assert!(Origins::new(" , ", false).unwrap().allowed.is_empty());
    }
}
