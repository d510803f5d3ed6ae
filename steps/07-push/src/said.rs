//! What a client may say: a name and a text, in one of three formats.

use std::fmt;

use percent_encoding::percent_decode;
use request::Status;
use serde_json::Value;

/// Something that a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who says it: 1 to 32 characters, no controls, nothing but itself on its line.
    pub name: String,
    /// What: not empty, at most `MAX_TEXT` bytes; its lines end with LF.
    pub text: String,
}

/// Why something cannot be said. All of it is the client's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SayError {
    /// None of the three formats.
    MediaType,
    /// It is not what its Content-Type says.
    Malformed,
    /// No name, one that is too long, or one with controls in it.
    Name,
    /// No text.
    Empty,
    /// More than `MAX_TEXT` bytes.
    TooLong,
}

/// A longer name does not fit beside its message. IRC allows 9 (RFC 2812 §1.2.1), Discord 32.
const MAX_NAME: usize = 32;

impl Said {
    /// Reads a body of `application/json` (`{"name": .., "text": ..}`), `application/x-www-form-urlencoded`
    /// (`name=..&text=..`) or `text/plain` (the text; the name stands in the query, `?name=..`).
    ///
    /// Any page in the world can make a browser send the last two here, as if its user had said it. Rung 12
    /// looks at Origin.
    ///
    /// # Errors
    /// When it is none of these, or when name or text are missing or too long.
    pub fn parse(
        content_type: &str,
        query: Option<&str>,
        body: &[u8],
        max_text: usize,
    ) -> Result<Said, SayError> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (name, text) = match media_type.as_str() {
            "application/json" => {
                let json: Value = serde_json::from_slice(body).map_err(|_| SayError::Malformed)?;
                let member = |name: &str| json[name].as_str().map(str::to_owned);
                (member("name"), member("text"))
            }
            "application/x-www-form-urlencoded" => (form_value(body, b"name")?, form_value(body, b"text")?),
            "text/plain" => {
                let name = form_value(query.unwrap_or_default().as_bytes(), b"name")?;
                (name, Some(String::from_utf8(body.to_vec()).map_err(|_| SayError::Malformed)?))
            }
            _ => return Err(SayError::MediaType),
        };
        let name = name.unwrap_or_default().trim().to_owned();
        // A form's text comes with CRLF (WHATWG HTML §4.10.21.4), a script's with LF.
        let text = text.unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            Err(SayError::Name)
        } else if text.trim_start().is_empty() {
            Err(SayError::Empty)
        } else if text.len() > max_text {
            Err(SayError::TooLong)
        } else {
            Ok(Said { name, text })
        }
    }
}

impl SayError {
    /// The status of the answer.
    pub fn status(self) -> Status {
        match self {
            SayError::MediaType => Status::UnsupportedMediaType,
            SayError::TooLong => Status::ContentTooLarge,
            SayError::Malformed | SayError::Name | SayError::Empty => Status::BadRequest,
        }
    }
}

impl fmt::Display for SayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SayError::MediaType => {
                "say it as application/json, application/x-www-form-urlencoded or text/plain"
            }
            SayError::Malformed => "the content is not what its Content-Type says, in UTF-8",
            SayError::Name => "a name has 1 to 32 characters, and none of them is a control",
            SayError::Empty => "there is no text",
            SayError::TooLong => "the text is too long",
        })
    }
}

impl std::error::Error for SayError {}

/// The first value of this name in `a=b&c=d`, decoded.
fn form_value(form: &[u8], name: &[u8]) -> Result<Option<String>, SayError> {
    let Some(value) = form.split(|&byte| byte == b'&').find_map(|pair| {
        let (its_name, value) = pair.split_at(pair.iter().position(|&byte| byte == b'=')?);
        (its_name == name).then(|| &value[1..])
    }) else {
        return Ok(None);
    };
    // In a form, and only there, a plus sign is a space.
    let spaced: Vec<u8> = value.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(Some(text.into_owned())),
        Err(_) => Err(SayError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(content_type: &str, query: Option<&str>, body: &str) -> Result<Said, SayError> {
        Said::parse(content_type, query, body.as_bytes(), 20)
    }

    fn said(name: &str, text: &str) -> Result<Said, SayError> {
        Ok(Said { name: name.into(), text: text.into() })
    }

    #[test]
    fn the_three_formats() {
        let json = r#"{"name": "Zoë", "text": "one\ntwo", "more": 1}"#;
        assert_eq!(parse("application/json", None, json), said("Zoë", "one\ntwo"));
        let form = "text=a+b%26c%3D%0D%0Ad&x&name=Zo%C3%AB";
        assert_eq!(parse("application/x-www-form-urlencoded", None, form), said("Zoë", "a b&c=\nd"));
        assert_eq!(
            parse("Text/Plain; charset=UTF-8", Some("x=y&name=Ada"), " as it is+"),
            said("Ada", " as it is+")
        );
    }

    #[test]
    fn line_ends_are_lf_whatever_came() {
        assert_eq!(parse("text/plain", Some("name=A"), "a\r\nb\rc\nd\r\n"), said("A", "a\nb\nc\nd"));
    }

    #[test]
    fn what_cannot_be_said() {
        for (content_type, body, fault) in [
            ("", "x", SayError::MediaType),
            ("multipart/form-data", "x", SayError::MediaType),
            ("application/json", "{", SayError::Malformed),
            ("application/json", r#""text""#, SayError::Name),
            ("application/json", r#"{"name": 7, "text": "x"}"#, SayError::Name),
            ("application/json", r#"{"name": "a\nb", "text": "x"}"#, SayError::Name),
            ("application/json", r#"{"name": " ", "text": "x"}"#, SayError::Name),
            ("application/json", r#"{"name": "A", "text": " \n"}"#, SayError::Empty),
            ("application/json", r#"{"name": "A"}"#, SayError::Empty),
            ("application/x-www-form-urlencoded", "name=%ff&text=x", SayError::Malformed),
            ("application/x-www-form-urlencoded", "name=A&text=012345678901234567890", SayError::TooLong),
            ("text/plain", "nobody", SayError::Name),
        ] {
            assert_eq!(parse(content_type, None, body), Err(fault), "{content_type}: {body}");
        }
        assert_eq!(Said::parse("text/plain", Some("name=A"), b"\xff", 20), Err(SayError::Malformed));
        let long = "ä".repeat(33);
        assert_eq!(parse("text/plain", Some(&format!("name={long}")), "x"), Err(SayError::Name));
        assert!(parse("text/plain", Some(&format!("name={}", &long[2..])), "x").is_ok());
    }
}
