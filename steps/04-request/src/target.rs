//! The request target in its four forms (RFC 9112 §3.2).

use std::fmt;

use crate::classes::in_target;
use crate::{Method, ParseError, host};

/// What the request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// `/path?query`: the form that nearly every request has (§3.2.1).
    Origin {
        /// From the first `/` up to `?`, percent-encoded as it came.
        path: &'a str,
        /// Behind the first `?`, if there is one.
        query: Option<&'a str>,
    },
    /// `http://host/path?query`: meant for proxies, but "a server MUST accept the absolute-form" (§3.2.2).
    Absolute {
        /// `http` or `https`, in the case in which it came.
        scheme: &'a str,
        /// `host` or `host:port`. It counts, and Host does not.
        authority: &'a str,
        /// As in [`Target::Origin`]; `/` where the target has none.
        path: &'a str,
        /// As in [`Target::Origin`].
        query: Option<&'a str>,
    },
    /// `host:port`: only with CONNECT, and always so there (§3.2.3).
    Authority(&'a str),
    /// `*`: the server as a whole, only with OPTIONS (§3.2.4).
    Asterisk,
}

impl<'a> Target<'a> {
    /// The path, percent-encoded as it came; `*` in asterisk-form; empty in authority-form, which has none.
    pub fn path(&self) -> &'a str {
        match *self {
            Target::Origin { path, .. } | Target::Absolute { path, .. } => path,
            Target::Authority(_) => "",
            Target::Asterisk => "*",
        }
    }

    /// What stands behind the first `?`, if there is one.
    pub fn query(&self) -> Option<&'a str> {
        match *self {
            Target::Origin { query, .. } | Target::Absolute { query, .. } => query,
            Target::Authority(_) | Target::Asterisk => None,
        }
    }

    /// Judges a target. An unknown method counts as one of the usual ones.
    pub(crate) fn parse(bytes: &'a [u8], method: Method) -> Result<Target<'a>, ParseError> {
        match bytes.iter().find(|&&byte| !in_target(byte)) {
            None => {}
            // §3.2: no form has a fragment; a client keeps it to itself (RFC 9110 §7.1).
            Some(b'#') => return Err(ParseError::TargetFragment),
            Some(_) => return Err(ParseError::TargetBytes),
        }
        // Visible ASCII, as was just proved.
        let text = str::from_utf8(bytes).map_err(|_| ParseError::TargetBytes)?;
        match method {
            Method::Connect if host::is_authority_with_port(bytes) => Ok(Target::Authority(text)),
            Method::Connect => Err(ParseError::TargetForm),
            Method::Options if text == "*" => Ok(Target::Asterisk),
            _ if text.starts_with('/') => {
                let (path, query) = split_query(text);
                Ok(Target::Origin { path, query })
            }
            _ => absolute(text),
        }
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Origin { .. } => {}
            Target::Absolute { scheme, authority, .. } => write!(f, "{scheme}://{authority}")?,
            Target::Authority(authority) => f.write_str(authority)?,
            Target::Asterisk => {}
        }
        f.write_str(self.path())?;
        self.query().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

/// `http` or `https`, `://`, an authority without userinfo, and a path that may be missing (RFC 9110 §4.2).
fn absolute(text: &str) -> Result<Target<'_>, ParseError> {
    let (scheme, rest) = text.split_once("://").ok_or(ParseError::TargetForm)?;
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return Err(ParseError::TargetForm);
    }
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path_and_query) = rest.split_at(authority_end);
    if !host::is_authority(authority.as_bytes()) {
        return Err(ParseError::TargetForm);
    }
    let (path, query) = split_query(path_and_query);
    // RFC 9110 §4.2.3: "an empty path component is equivalent to an absolute path of "/"".
    Ok(Target::Absolute { scheme, authority, path: if path.is_empty() { "/" } else { path }, query })
}

fn split_query(text: &str) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == b'?') {
        Some(mark) => (&text[..mark], Some(&text[mark + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Result<Target<'_>, ParseError> {
        Target::parse(target.as_bytes(), Method::Get)
    }

    #[test]
    fn origin_form_is_path_and_query() {
        assert_eq!(get("/"), Ok(Target::Origin { path: "/", query: None }));
        assert_eq!(get("/a/b?c=d?e"), Ok(Target::Origin { path: "/a/b", query: Some("c=d?e") }));
        assert_eq!(get("/?"), Ok(Target::Origin { path: "/", query: Some("") }));
        assert_eq!(get("//double"), Ok(Target::Origin { path: "//double", query: None }));
        assert_eq!(get("/http://x/"), Ok(Target::Origin { path: "/http://x/", query: None }));
    }

    #[test]
    fn rfc_9112_3_2_2_absolute_form() {
        let absolute =
            |scheme, authority, path, query| Ok(Target::Absolute { scheme, authority, path, query });
        assert_eq!(get("http://a.example/p?q"), absolute("http", "a.example", "/p", Some("q")));
        assert_eq!(get("HTTPS://a:8443"), absolute("HTTPS", "a:8443", "/", None));
        assert_eq!(get("http://[::1]:80?q"), absolute("http", "[::1]:80", "/", Some("q")));
        for wrong in
            ["ftp://a/", "http:/a", "http://", "http:///p", "http://me@a/", "http://a:b/", "://a/", "x"]
        {
            assert_eq!(get(wrong), Err(ParseError::TargetForm), "{wrong}");
        }
    }

    #[test]
    fn rfc_9112_3_2_3_authority_form_belongs_to_connect() {
        let connect = |target: &'static str| Target::parse(target.as_bytes(), Method::Connect);
        assert_eq!(connect("a.example:443"), Ok(Target::Authority("a.example:443")));
        for wrong in ["a.example", "a.example:", "/", "*", "http://a.example:443/"] {
            assert_eq!(connect(wrong), Err(ParseError::TargetForm), "{wrong}");
        }
        assert_eq!(get("a.example:443"), Err(ParseError::TargetForm));
    }

    #[test]
    fn rfc_9112_3_2_4_asterisk_form_belongs_to_options() {
        assert_eq!(Target::parse(b"*", Method::Options), Ok(Target::Asterisk));
        assert_eq!(Target::parse(b"/", Method::Options), Ok(Target::Origin { path: "/", query: None }));
        assert_eq!(Target::parse(b"**", Method::Options), Err(ParseError::TargetForm));
        assert_eq!(get("*"), Err(ParseError::TargetForm));
    }

    #[test]
    fn only_visible_ascii_and_no_fragment() {
        for byte in (0..=b' ').chain([0x7f]) {
            let target = [b'/', byte];
            assert_eq!(Target::parse(&target, Method::Get), Err(ParseError::TargetBytes), "{byte:#x}");
        }
        assert_eq!(get("/ä"), Err(ParseError::TargetBytes));
        assert_eq!(get("/a#b"), Err(ParseError::TargetFragment));
        assert!(get("/!\"$%&'()*+,-.:;<=>?@[\\]^_`{|}~").is_ok());
    }
}
