//! Sec-WebSocket-Extensions: what the client would change in the protocol itself.

use std::fmt;

use request::{Request, is_token};

use crate::Refusal;

/// One extension as a client offers it (RFC 6455 §9.1): `permessage-deflate; client_max_window_bits`. Whether
/// its parameters make sense is the extension's own affair (rung 14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension<'a> {
    /// A token. In any case, as it came.
    pub name: &'a str,
    /// Names and values, in their order; a name may come more than once, and may come without a value.
    pub parameters: Vec<(&'a str, Option<String>)>,
}

/// The extensions that the client offers, in its order. None where it says nothing.
///
/// RFC 6455 §9.1: "If a value is received by either the client or the server during negotiation that does not
/// conform to the ABNF below, the recipient of such malformed data MUST immediately _Fail the WebSocket
/// Connection_."
pub(crate) fn offered<'a>(head: &Request<'a>) -> Result<Vec<Extension<'a>>, Refusal> {
    // Cut at every comma, one between quotes too: a value with a comma is no token, so it is wrong anyway.
    let elements = head.list("Sec-WebSocket-Extensions").map(extension);
    let offered: Vec<_> = elements.collect::<Option<_>>().ok_or(Refusal::Extensions)?;
    // `extension-list = 1#extension`: a field without any is none.
    if offered.is_empty() && head.field("Sec-WebSocket-Extensions").is_some() {
        return Err(Refusal::Extensions);
    }
    Ok(offered)
}

/// `extension = extension-token *( ";" extension-param )`
fn extension(element: &[u8]) -> Option<Extension<'_>> {
    let mut parts = element.split(|&byte| byte == b';');
    let name = token(parts.next()?)?;
    let parameters = parts.map(parameter).collect::<Option<_>>()?;
    Some(Extension { name, parameters })
}

/// `extension-param = token [ "=" (token | quoted-string) ]`
fn parameter(part: &[u8]) -> Option<(&str, Option<String>)> {
    let Some(equals) = part.iter().position(|&byte| byte == b'=') else { return Some((token(part)?, None)) };
    let value = part[equals + 1..].trim_ascii();
    let value = match value {
        [b'"', quoted @ .., b'"'] => unquoted(quoted)?,
        value => token(value)?.to_owned(),
    };
    Some((token(&part[..equals])?, Some(value)))
}

/// "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the
/// 'token' ABNF."
fn unquoted(quoted: &[u8]) -> Option<String> {
    let mut value = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(&byte) = bytes.next() {
        value.push(if byte == b'\\' { *bytes.next()? } else { byte });
    }
    token_exactly(&value).map(str::to_owned)
}

/// A token with white space around it: this grammar is that of RFC 2616, with its "implied *LWS rule".
fn token(bytes: &[u8]) -> Option<&str> {
    token_exactly(bytes.trim_ascii())
}

fn token_exactly(bytes: &[u8]) -> Option<&str> {
    // A token is ASCII.
    is_token(bytes).then(|| str::from_utf8(bytes).ok())?
}

/// As in the field: `permessage-deflate; client_max_window_bits`.
impl fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.parameters.iter().try_for_each(|(name, value)| match value {
            Some(value) => write!(f, "; {name}={value}"),
            None => write!(f, "; {name}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use request::Limits;

    /// What is read from these values, one line for each, written out again.
    fn read(values: &[&str]) -> Result<Vec<String>, Refusal> {
        let lines: String =
            values.iter().map(|value| format!("Sec-WebSocket-Extensions: {value}\r\n")).collect();
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let (head, _) = Request::parse(bytes.as_bytes(), &Limits::DEFAULT).expect("valid").expect("whole");
        Ok(offered(&head)?.iter().map(Extension::to_string).collect())
    }

    fn seen(extensions: &[&str]) -> Result<Vec<String>, Refusal> {
        Ok(extensions.iter().map(ToString::to_string).collect())
    }

    /// An extension may have many parameters, each with a value or without; white space around names and values is no part
    /// of them.
    #[test]
    fn rfc_6455_9_1_a_list_over_one_line_or_several() {
        assert_eq!(read(&[]), seen(&[]));
        assert_eq!(read(&["deflate-stream"]), seen(&["deflate-stream"]));
        let mux = "mux; max-channels=4; flow-control";
        assert_eq!(
            read(&["mux; max-channels=4; flow-control,  deflate-stream"]),
            seen(&[mux, "deflate-stream"])
        );
        assert_eq!(read(&["foo", "bar; baz=2"]), read(&["foo, bar; baz=2"]));
        assert_eq!(read(&["", ", foo ,"]), seen(&["foo"]));
        assert_eq!(read(&["foo ;\tbar = 2;baz"]), seen(&["foo; bar=2; baz"]));
    }

    /// Quotes are a way to write a token here, no way to write more than that: what they hold must be a token.
    #[test]
    fn rfc_6455_9_1_a_quoted_value_is_a_token_without_its_quotes() {
        assert_eq!(read(&[r#"foo; bar="10""#]), seen(&["foo; bar=10"]));
        assert_eq!(read(&[r#"foo; bar="\1\0""#]), seen(&["foo; bar=10"]));
        let wrong = [
            r#""""#, r#"""#, r#""a b""#, r#"" a""#, r#""a,b""#, r#""a;b""#, r#""a"#, r#"a""#, r#""a\""#,
            r#""a"b"#,
        ];
        for value in wrong {
            assert_eq!(read(&[&format!("foo; bar={value}")]), Err(Refusal::Extensions), "{value}");
        }
    }

    /// An empty name, an empty value, a second `=`, two words: RFC 6455 wants the connection failed for each of them.
    #[test]
    fn rfc_6455_9_1_what_is_no_list_of_extensions_is_refused() {
        for wrong in [
            "", ",", ";", "; a", "a;", "a; ; b", "a b", "a; =1", "a; b=", "a; b=1=2", "a; b c", "a, @",
            "a/1", "\u{e4}",
        ] {
            assert_eq!(read(&[wrong]), Err(Refusal::Extensions), "{wrong:?}");
            assert_eq!(read(&["good", &format!("good, {wrong} x y")]), Err(Refusal::Extensions), "{wrong:?}");
        }
    }
}
