//! A login by form: who somebody says they are, and what they know.

use std::fmt;

use request::{Request, Status};

/// What a login form holds: `name=Ada&password=open+sesame`.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Who it is, as it was typed.
    pub name: String,
    /// The password; empty where none was asked for.
    pub password: String,
}

/// Why a form is no login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// Its Content-Type is not that of a form.
    ContentType,
    /// No field `name`.
    NoName,
    /// The name is none; why, in words for the one who wants it.
    Name(String),
    /// The password is wrong, or missing.
    Password,
}

impl Login {
    /// Whether the body of this request is a form as HTML sends it. Any page can make a browser post one without asking
    /// the server first, so this proves nothing of who sends it.
    ///
    /// # Errors
    /// [`LoginError::ContentType`]
    pub fn expect_form(head: &Request<'_>) -> Result<(), LoginError> {
        let kind = head.field("Content-Type").and_then(|kind| kind.split(|&byte| byte == b';').next());
        match kind.map(<[u8]>::trim_ascii) {
            Some(kind) if kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") => Ok(()),
            _ => Err(LoginError::ContentType),
        }
    }

    /// Reads the body.
    ///
    /// # Errors
    /// [`LoginError::NoName`]
    pub fn read(body: &[u8]) -> Result<Login, LoginError> {
        let field = |wanted: &str| {
            form_urlencoded::parse(body).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let name = field("name").ok_or(LoginError::NoName)?;
        Ok(Login { name, password: field("password").unwrap_or_default() })
    }
}

impl LoginError {
    /// The status of the answer.
    pub fn status(&self) -> Status {
        match self {
            LoginError::ContentType => Status::UnsupportedMediaType,
            LoginError::NoName | LoginError::Name(_) => Status::BadRequest,
            LoginError::Password => Status::Forbidden,
        }
    }

    /// The word under which it is counted. Many wrong passwords are somebody who guesses.
    pub fn word(&self) -> &'static str {
        match self {
            LoginError::Password => "wrong password",
            LoginError::ContentType | LoginError::NoName | LoginError::Name(_) => "login form",
        }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoginError::ContentType => f.write_str("a login is a form: application/x-www-form-urlencoded"),
            LoginError::NoName => f.write_str("the form has no field \"name\""),
            LoginError::Name(why) => f.write_str(why),
            LoginError::Password => f.write_str("this is not the password"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read() {
        for (body, name, password) in [
            ("name=Ada&password=open+sesame", "Ada", "open sesame"),
            ("password=%C3%A9%26%3D&name=Ada%20L.", "Ada L.", "é&="),
            ("name=Ada", "Ada", ""),
            ("name=&x=1", "", ""),
            ("name=a&name=b", "a", ""),
        ] {
            let login = Login::read(body.as_bytes()).unwrap_or_else(|why| panic!("{body}: {why}"));
            assert_eq!((login.name.as_str(), login.password.as_str()), (name, password), "{body}");
        }
        for body in ["", "nam=Ada", "password=x", "\u{0}"] {
            assert_eq!(Login::read(body.as_bytes()).err(), Some(LoginError::NoName), "{body}");
        }
    }

    #[test]
    fn only_a_form_is_a_form() {
        for (fields, expected) in [
            ("Content-Type: application/x-www-form-urlencoded\r\n", true),
            ("Content-Type: Application/X-WWW-Form-Urlencoded ; charset=utf-8\r\n", true),
            ("Content-Type: text/plain\r\n", false),
            ("", false),
        ] {
            let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
            let (head, _) = Request::parse(head.as_bytes(), &request::Limits::DEFAULT).unwrap().unwrap();
            assert_eq!(Login::expect_form(&head).is_ok(), expected, "{fields}");
        }
    }
}
