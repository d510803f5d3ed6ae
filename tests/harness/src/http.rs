//! HTTP answers, read by a parser of the harness's own: it shares no line with the rungs it tests.

use std::sync::Arc;

use serde_json::Value;

use crate::client::{Arrival, Client, Ending, count};
use crate::show;
use crate::story::Record;

/// An answer as it came: head, and the body without its framing.
#[derive(Debug)]
pub struct Response {
    record: Arc<Record>,
    who: String,
    /// `HTTP/1.1`
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The reason phrase; may be empty.
    pub reason: String,
    /// The field lines in their order, names as they were sent.
    pub fields: Vec<(String, String)>,
    /// The body, its chunks joined.
    pub body: Vec<u8>,
    /// The field lines behind the last chunk.
    pub trailers: Vec<(String, String)>,
}

impl Client {
    /// Sends a GET for this path, with Host, and receives the answer.
    #[track_caller]
    pub fn gets(&mut self, path: &str) -> Response {
        self.requests("GET", path, &[], b"")
    }

    /// Sends a request with these fields besides Host, a Content-Length when there is a body, and receives
    /// the answer.
    #[track_caller]
    pub fn requests(&mut self, method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host());
        fields.iter().for_each(|(name, value)| request += &format!("{name}: {value}\r\n"));
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        self.sends([request.as_bytes(), b"\r\n", body].concat());
        self.receives_response_to(method)
    }

    /// Reads one answer to a request that is no HEAD; what is behind it stays for the next.
    ///
    /// A 1xx is an answer of its own here: read the final one after it.
    #[track_caller]
    pub fn receives_response(&mut self) -> Response {
        self.receives_response_to("GET")
    }

    /// Reads one answer to this method: behind the head of an answer to HEAD stands no body.
    #[track_caller]
    pub fn receives_response_to(&mut self, method: &str) -> Response {
        let mut response = self.receives_head();
        if method != "HEAD" && !matches!(response.status, 100..=199 | 204 | 304) {
            self.reads_body(&mut response);
            let text = format!("receives the body, {}", count(&response.body));
            self.step(text, show::brief(&response.body));
        }
        response
    }

    /// Reads only the head of an answer; its body stays to be read as it comes (an event stream, say).
    #[track_caller]
    pub fn receives_head(&mut self) -> Response {
        let head = self.take_until(b"\r\n\r\n", "an HTTP answer, its head up to the empty line");
        self.step(format!("receives a head, {}", count(&head)), show::brief(&head));
        let text = String::from_utf8_lossy(&head[..head.len() - 4]).into_owned();
        let mut lines = text.split("\r\n");
        let (version, status, reason) = self.status_line(lines.next().unwrap_or_default());
        let fields = lines.map(|line| self.field(line)).collect();
        let (record, who) = (self.record.clone(), self.name.clone());
        Response { record, who, version, status, reason, fields, body: Vec::new(), trailers: Vec::new() }
    }

    /// `HTTP/1.1 200 OK`
    #[track_caller]
    fn status_line(&self, line: &str) -> (String, u16, String) {
        let mut parts = line.splitn(3, ' ');
        let (version, status, reason) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let code = status.filter(|s| s.len() == 3).and_then(|s| s.parse::<u16>().ok()).filter(|&s| s >= 100);
        match (version, code, reason) {
            ("HTTP/1.1" | "HTTP/1.0", Some(code), Some(reason)) => (version.into(), code, reason.into()),
            _ => {
                let headline = "the status line must be HTTP/1.1, a space, three digits, a space and a reason \
                                (which may be empty), RFC 9112 §4.";
                self.fails(headline.into(), vec![format!("it is {}", show::quoted(line))])
            }
        }
    }

    /// `Content-Length: 5`
    #[track_caller]
    fn field(&self, line: &str) -> (String, String) {
        let wrong = |rule: &str| -> ! {
            let headline = format!("{rule}, RFC 9112 §5.");
            self.fails(headline, vec![format!("the line is {}", show::quoted(line))])
        };
        if line.contains(['\r', '\n', '\0']) {
            wrong("each line of the head ends with CR LF, and no CR, LF or NUL stands within it");
        }
        let Some((name, value)) = line.split_once(':') else {
            wrong("a field line is a name, a colon and a value")
        };
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            wrong("a field name is a token and the colon follows it at once");
        }
        (name.into(), value.trim_matches([' ', '\t']).into())
    }

    /// RFC 9112 §6.3: chunked goes before Content-Length, and with neither the body ends with the connection.
    #[track_caller]
    fn reads_body(&mut self, response: &mut Response) {
        let lengths = response.headers("content-length");
        if let Some(coding) = response.header("transfer-encoding") {
            if !coding.eq_ignore_ascii_case("chunked") || !lengths.is_empty() {
                let headline = "an answer with Transfer-Encoding has chunked alone, and no Content-Length.";
                self.fails(headline.into(), vec![format!("{:?}", response.fields)]);
            }
            self.reads_chunks(response);
        } else if let [length] = lengths[..] {
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            let Some(length) = length.parse().ok().filter(|_| digits) else {
                self.fails(format!("Content-Length must be digits, it is {length:?}"), Vec::new());
            };
            self.needs(length, &format!("a body of {length} bytes (its Content-Length)"));
            response.body = self.take(length);
        } else if lengths.is_empty() {
            let end = self.deadline();
            loop {
                match self.wait(end) {
                    Arrival::Bytes => {}
                    Arrival::End(Ending::Fin) => break,
                    arrival => self.ends_early(
                        "a body that ends with the connection, since neither Content-Length nor chunked was told",
                        arrival,
                    ),
                }
            }
            response.body = self.take(self.pending().len());
        } else {
            self.fails("the answer has more than one Content-Length.".into(), Vec::new());
        }
    }

    /// RFC 9112 §7.1: size in hex, CRLF, the bytes, CRLF; a chunk of size 0, then trailers and an empty line.
    #[track_caller]
    fn reads_chunks(&mut self, response: &mut Response) {
        loop {
            let line = self.take_until(b"\r\n", "a chunk's size and CRLF");
            let line = String::from_utf8_lossy(&line).into_owned();
            let digits = line.split(';').next().unwrap_or_default().trim();
            let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let Some(size) = usize::from_str_radix(digits, 16).ok().filter(|_| hex) else {
                self.fails(
                    format!("a chunk's size must be hex digits, its line is {}", show::quoted(&line)),
                    vec![],
                );
            };
            if size == 0 {
                break;
            }
            self.needs(size + 2, &format!("a chunk of {size} bytes and CRLF"));
            response.body.extend(self.take(size));
            if self.take(2) != b"\r\n" {
                self.fails(format!("behind a chunk's {size} bytes CRLF must come."), self.what_came());
            }
        }
        loop {
            let line = self.take_until(b"\r\n", "the empty line behind the last chunk");
            if line == b"\r\n" {
                return;
            }
            let line = String::from_utf8_lossy(&line[..line.len() - 2]).into_owned();
            response.trailers.push(self.field(&line));
        }
    }
}

impl Response {
    /// The first value of a field; names are compared in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }

    /// All values of a field, in their order.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => self.fails(format!("expected a body of JSON: {error}"), show::brief(&self.body)),
        }
    }

    /// Expects this status.
    #[track_caller]
    pub fn has_status(&self, expected: u16) -> &Response {
        if self.status != expected {
            let came = format!("expected status {expected}, it is {} {}.", self.status, self.reason);
            self.fails(came, show::brief(&self.body));
        }
        self
    }

    /// Expects one field of this name, with exactly this value.
    #[track_caller]
    pub fn has_field(&self, name: &str, expected: &str) -> &Response {
        match self.headers(name)[..] {
            [value] if value == expected => self,
            [value] => {
                let details = show::difference(expected.as_bytes(), value.as_bytes());
                self.fails(format!("{name} has another value."), details.unwrap_or_default())
            }
            [] => self
                .fails(format!("expected the field {name}: {expected}, it is missing."), self.field_lines()),
            _ => self.fails(format!("expected {name} once."), self.field_lines()),
        }
    }

    /// Expects a field whose comma-separated list holds this token, in any case: `Connection: close`.
    #[track_caller]
    pub fn has_token(&self, name: &str, token: &str) -> &Response {
        let values = self.headers(name);
        let mut tokens = values.iter().flat_map(|value| value.split(',')).map(str::trim);
        if !tokens.any(|other| other.eq_ignore_ascii_case(token)) {
            self.fails(format!("expected {token} in the list of {name}."), self.field_lines());
        }
        self
    }

    /// Expects no field of this name.
    #[track_caller]
    pub fn has_no_field(&self, name: &str) -> &Response {
        if !self.headers(name).is_empty() {
            self.fails(format!("expected no field {name}."), self.field_lines());
        }
        self
    }

    /// Expects exactly this body.
    #[track_caller]
    pub fn has_body(&self, expected: impl AsRef<[u8]>) -> &Response {
        if let Some(details) = show::difference(expected.as_ref(), &self.body) {
            self.fails("this is not the body that was expected.".into(), details);
        }
        self
    }

    /// Expects this text somewhere in the body.
    #[track_caller]
    pub fn body_contains(&self, text: &str) -> &Response {
        if !self.text().contains(text) {
            self.fails(format!("expected {} in the body.", show::quoted(text)), show::brief(&self.body));
        }
        self
    }

    fn field_lines(&self) -> Vec<String> {
        let lines =
            self.fields.iter().map(|(name, value)| show::escape(format!("{name}: {value}").as_bytes()));
        std::iter::once("the fields are".into()).chain(lines.map(|line| format!("  {line}"))).collect()
    }

    #[track_caller]
    fn fails(&self, headline: String, details: Vec<String>) -> ! {
        self.record.fail(format!("{}: {headline}", self.who), details)
    }
}
