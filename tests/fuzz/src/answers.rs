//! What an HTTP connection says, read as a client reads it.

use std::fmt;

use crate::cuts::shown;

/// One answer, without what may differ between two runs: its Date, and the `100 Continue` before it, which nobody needs
/// whose body is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status line's code.
    pub status: u16,
    /// The fields in order, without Date.
    pub fields: Vec<(String, String)>,
    /// The content, without its coding. With 101, all that comes behind.
    pub content: Vec<u8>,
}

impl Answer {
    /// The value of the first field with this name, as the server spells it.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.0 == name).map(|field| &*field.1)
    }

    /// Whether it says that it is the last one.
    pub fn is_last(&self) -> bool {
        self.field("Connection") == Some("close")
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.fields, shown(&self.content))
    }
}

/// The answers in `bytes`, all that a server has said on one connection; it has said it is done, if `closed`.
///
/// **Panics where that is no sequence of answers**: a client would be confused.
pub fn read(bytes: &[u8], closed: bool) -> Vec<Answer> {
    let (mut answers, mut rest) = (Vec::<Answer>::new(), bytes);
    while !rest.is_empty() {
        assert!(!answers.last().is_some_and(Answer::is_last), "behind the last answer: {}", shown(rest));
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut fields);
        let length = match head.parse(rest) {
            Ok(httparse::Status::Complete(length)) => length,
            other => panic!("no head of an answer ({other:?}): {}", shown(rest)),
        };
        let status = head.code.expect("a complete head has a status");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields: Vec<_> =
            head.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect();
        rest = &rest[length..];
        if status == 100 {
            assert!(fields.is_empty(), "a field in 100 Continue: {fields:?}");
            continue;
        }
        // RFC 9110 §6.6.1: "An origin server with a clock [...] MUST generate a Date header field in all 2xx
        // (Successful), 3xx (Redirection), and 4xx (Client Error) responses".
        let dates = fields.iter().filter(|field| field.0 == "Date").count();
        assert_eq!(dates, usize::from(status >= 200), "Date in {status}");
        let fields = fields.into_iter().filter(|field| field.0 != "Date").collect();
        let mut answer = Answer { status, fields, content: Vec::new() };
        let used = content(&mut answer, rest, closed);
        rest = &rest[used..];
        answers.push(answer);
    }
    answers
}

/// Reads the content of `answer` off `rest`; returns how many bytes that took (RFC 9112 §6.3).
fn content(answer: &mut Answer, rest: &[u8], closed: bool) -> usize {
    let length: Option<usize> = answer.field("Content-Length").map(|digits| digits.parse().expect("digits"));
    let coding = answer.field("Transfer-Encoding").is_some();
    assert!(!(coding && length.is_some()), "Content-Length and Transfer-Encoding: {answer:?}");
    let status = answer.status;
    // The handler of `http.rs` says what it was asked, and what everybody answers alike begins with no answer's head.
    let to_head = answer.field("X-Method") == Some("HEAD");
    let to_unknown =
        answer.field("X-Method").is_none() && (rest.is_empty() || rest.starts_with(b"HTTP/1.1 "));
    if status == 101 {
        answer.content = rest.to_vec();
        rest.len()
    } else if status == 204 || to_head || to_unknown {
        assert!(status != 204 || length.is_none(), "RFC 9110 §8.6: Content-Length in 204");
        0
    } else if let Some(length) = length {
        assert!(rest.len() >= length, "{length} bytes are promised, there are {}: {answer:?}", rest.len());
        answer.content = rest[..length].to_vec();
        length
    } else if coding {
        chunks(&mut answer.content, rest, closed)
    } else {
        // Until the end of the connection.
        assert!(answer.is_last(), "nothing says where the content ends: {answer:?}");
        answer.content = rest.to_vec();
        rest.len()
    }
}

/// Chunks as rung 05 writes them: no extensions, no trailers.
fn chunks(content: &mut Vec<u8>, rest: &[u8], closed: bool) -> usize {
    let mut at = 0;
    loop {
        let Some((size, line)) = size(&rest[at..]) else {
            assert!(closed && at == rest.len(), "no chunk: {}", shown(&rest[at..]));
            return at;
        };
        at += line;
        content.extend_from_slice(&rest[at..at + size]);
        at += size;
        assert!(rest[at..].starts_with(b"\r\n"), "no CRLF behind a chunk: {}", shown(&rest[at..]));
        at += 2;
        if size == 0 {
            return at;
        }
    }
}

/// A chunk's size, and the length of its line.
fn size(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let size = usize::from_str_radix(str::from_utf8(&bytes[..digits]).ok()?, 16).ok()?;
    bytes[digits..].starts_with(b"\r\n").then_some((size, digits + 2))
}
