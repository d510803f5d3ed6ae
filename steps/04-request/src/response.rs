//! Writing a response head. Head and body go into the same buffer, so that they leave in one write: in two,
//! the second would wait for the acknowledgement of the first (Nagle's algorithm meets the delayed ACK: 44 ms
//! measured).

use std::fmt::{self, Display, Write};
use std::time::SystemTime;

use crate::classes::{is_token, line_length};
use crate::{Status, date};

/// A response head that is being appended to a buffer: status line, Date, then
/// [`field`](ResponseHead::field)s.
///
/// It ends with one of [`body`](ResponseHead::body), [`text`](ResponseHead::text),
/// [`length`](ResponseHead::length), [`chunked`](ResponseHead::chunked),
/// [`until_close`](ResponseHead::until_close) and [`empty`](ResponseHead::empty), which write what says where
/// the body ends, and the empty line. One that is dropped instead ends as by `empty`: half a head never
/// leaves, and no field can be added too late.
#[derive(Debug)]
#[must_use = "say how the body ends: body, text, length, chunked, until_close or empty"]
pub struct ResponseHead<'o> {
    out: &'o mut Vec<u8>,
    /// `None`: the head has ended. (Two words, and no third: so a head goes from call to call in registers.)
    status: Option<Status>,
}

impl<'o> ResponseHead<'o> {
    /// Appends the status line and the date. `now` is the wall clock.
    ///
    /// RFC 9110 §6.6.1: "An origin server with a clock [...] MUST generate a Date header field in all 2xx
    /// (Successful), 3xx (Redirection), and 4xx (Client Error) responses"; for 5xx it may, and 1xx has no use
    /// for it.
    pub fn new(out: &'o mut Vec<u8>, status: Status, now: SystemTime) -> ResponseHead<'o> {
        out.extend_from_slice(status.line().as_bytes());
        if !status.is_interim() {
            date::append_line(now, out);
        }
        ResponseHead { out, status: Some(status) }
    }

    /// Appends a field line.
    ///
    /// A value may come from a peer; whatever it holds, it cannot end the line: RFC 9110 §5.5 lets "each of
    /// those characters" (CR, LF, NUL) be replaced "with SP", and here that happens to every control but
    /// HTAB. A name is part of the program, hence `'static`; it is not one of Date, Content-Length and
    /// Transfer-Encoding, which are written here.
    pub fn field(mut self, name: &'static str, value: impl Display) -> Self {
        debug_assert!(is_token(name.as_bytes()), "{name:?} is no field name");
        debug_assert!(
            !["Date", "Content-Length", "Transfer-Encoding"].iter().any(|own| own.eq_ignore_ascii_case(name)),
            "{name} is written by the response head itself"
        );
        self.line(name, value);
        self
    }

    /// Appends field lines that were written before.
    pub fn lines(self, lines: &Lines) -> Self {
        self.out.extend_from_slice(&lines.0);
        self
    }

    /// Ends the head and appends the body. A status that allows no content gets none: `content` is then left
    /// out.
    pub fn body(mut self, content: &[u8]) {
        let status = self.status;
        self.length_line(content.len() as u64);
        self.end();
        if status.is_some_and(Status::allows_content) {
            self.out.extend_from_slice(content);
        }
    }

    /// As [`body`](ResponseHead::body), for plain text in UTF-8, with its Content-Type.
    pub fn text(self, content: &str) {
        self.out.extend_from_slice(b"Content-Type: text/plain; charset=utf-8\r\n");
        self.body(content.as_bytes());
    }

    /// Ends the head with `Content-Length: length`. The caller appends so many bytes; in an answer to HEAD
    /// none (RFC 9110 §9.3.2), and with 304 none either: there it is the length that 200 would have had
    /// (§8.6).
    pub fn length(mut self, length: u64) {
        self.length_line(length);
        self.end();
    }

    /// Ends the head with `Transfer-Encoding: chunked`. The caller appends chunks, the last of length zero;
    /// in an answer to HEAD, or with a status that allows no content, none at all. Never in an answer to
    /// HTTP/1.0 (RFC 9112 §6.1).
    pub fn chunked(mut self) {
        // RFC 9112 §6.1: "A server MUST NOT send a Transfer-Encoding header field in any response with a
        // status code of 1xx (Informational) or 204 (No Content)."
        if self.status.is_some_and(Status::allows_content) {
            self.line("Transfer-Encoding", "chunked");
        }
        self.end();
    }

    /// Ends the head without saying how long the body is: it ends when the connection does (RFC 9112 §6.3,
    /// case 8). The only way to send a body of unknown length to HTTP/1.0.
    pub fn until_close(mut self) {
        self.end();
    }

    /// Ends the head of an answer without content: with `Content-Length: 0`, or with no length where the
    /// status says it all (1xx, 204, 304).
    pub fn empty(mut self) {
        self.end_empty();
    }

    fn end_empty(&mut self) {
        if self.status.is_some_and(Status::allows_content) {
            self.length_line(0);
        }
        self.end();
    }

    /// RFC 9110 §8.6: "A server MUST NOT send a Content-Length header field in any response with a status
    /// code of 1xx (Informational) or 204 (No Content)."
    #[inline]
    fn length_line(&mut self, length: u64) {
        if self.status.is_some_and(|status| !status.is_interim() && status != Status::NoContent) {
            decimal_line(b"Content-Length: ", length, self.out);
        }
    }

    fn line(&mut self, name: &str, value: impl Display) {
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        // A Display that fails leaves a shorter value; the line ends all the same.
        let _ = write!(FieldValue(self.out), "{value}");
        self.out.extend_from_slice(b"\r\n");
    }

    fn end(&mut self) {
        self.status = None;
        self.out.extend_from_slice(b"\r\n");
    }
}

impl Drop for ResponseHead<'_> {
    fn drop(&mut self) {
        if self.status.is_some() {
            self.end_empty();
        }
    }
}

/// Field lines that many answers have in common, written once.
#[derive(Debug, Clone)]
pub struct Lines(Vec<u8>);

impl Lines {
    /// The lines that `fields` adds to a head.
    pub fn new(fields: impl FnOnce(ResponseHead<'_>) -> ResponseHead<'_>) -> Lines {
        let mut out = Vec::new();
        // What ends a head is not among them.
        drop(fields(ResponseHead { out: &mut out, status: None }));
        Lines(out)
    }
}

/// Appends a field line whose value is a number. Every answer has one, and `write!` takes five times as long.
fn decimal_line(name_and_colon: &[u8], number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(name_and_colon);
    decimal(number, out);
    out.extend_from_slice(b"\r\n");
}

/// Two digits at a time, as most lengths have more than one.
fn decimal(number: u64, out: &mut Vec<u8>) {
    if number >= 100 {
        decimal(number / 100, out);
    }
    let digit = |number: u64| b'0' + (number % 10) as u8;
    if number < 10 {
        out.push(digit(number));
    } else {
        out.extend_from_slice(&[digit(number / 10), digit(number)]);
    }
}

/// Takes the text of a field value and lets nothing through that could end its line.
struct FieldValue<'o>(&'o mut Vec<u8>);

impl fmt::Write for FieldValue<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        loop {
            let (clean, behind) = rest.split_at(line_length(rest));
            self.0.extend_from_slice(clean);
            let Some((_, behind)) = behind.split_first() else { return Ok(()) };
            self.0.push(b' ');
            rest = behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The answer with this status that `write` writes, at the RFC's own example time.
    fn written(status: Status, write: impl FnOnce(ResponseHead<'_>)) -> String {
        let mut out = b"before|".to_vec();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        write(ResponseHead::new(&mut out, status, now));
        let text = String::from_utf8(out).expect("UTF-8");
        text.strip_prefix("before|").expect("what stood in the buffer stays").replace("\r\n", "\n")
    }

    #[test]
    fn head_and_body_stand_in_one_buffer() {
        assert_eq!(
            written(Status::Ok, |head| head.field("X-Count", 7).text("hä?")),
            "HTTP/1.1 200 OK\nDate: Sun, 06 Nov 1994 08:49:37 GMT\nX-Count: 7\n\
             Content-Type: text/plain; charset=utf-8\nContent-Length: 4\n\nhä?"
        );
    }

    #[test]
    fn each_way_to_end_a_head() {
        let last = |write: fn(ResponseHead<'_>)| {
            let head = written(Status::NotFound, write);
            head.split_once("GMT\n").expect("a date").1.to_owned()
        };
        assert_eq!(last(|head| head.body(b"abc")), "Content-Length: 3\n\nabc");
        assert_eq!(last(|head| head.length(9)), "Content-Length: 9\n\n");
        assert_eq!(last(|head| head.chunked()), "Transfer-Encoding: chunked\n\n");
        assert_eq!(last(|head| head.until_close()), "\n");
        assert_eq!(last(|head| head.empty()), "Content-Length: 0\n\n");
        assert_eq!(last(|head| drop(head.field("A", "b"))), "A: b\nContent-Length: 0\n\n", "dropped");
    }

    #[test]
    fn lengths_are_decimal() {
        for length in [0, 7, 10, 99, 100, 101, 1009, 12_345, u64::MAX] {
            let answer = written(Status::Ok, |head| head.length(length));
            assert!(answer.ends_with(&format!("GMT\nContent-Length: {length}\n\n")), "{answer}");
        }
    }

    #[test]
    fn lines_written_before_are_the_same_lines() {
        let lines = Lines::new(|head| head.field("A", 1).field("B", "x\r\ny"));
        let answer = written(Status::Ok, |head| head.lines(&lines).body(b"c"));
        assert_eq!(answer, written(Status::Ok, |head| head.field("A", 1).field("B", "x\r\ny").body(b"c")));
    }

    #[test]
    fn rfc_9110_8_6_no_length_and_no_content_with_1xx_204_304() {
        assert_eq!(written(Status::Continue, |head| head.empty()), "HTTP/1.1 100 Continue\n\n");
        assert_eq!(
            written(Status::SwitchingProtocols, |head| head.field("Upgrade", "x").empty()),
            "HTTP/1.1 101 Switching Protocols\nUpgrade: x\n\n"
        );
        for status in [Status::NoContent, Status::NotModified] {
            let date = format!("HTTP/1.1 {status}\nDate: Sun, 06 Nov 1994 08:49:37 GMT\n");
            assert_eq!(written(status, |head| head.empty()), format!("{date}\n"));
            assert_eq!(written(status, |head| head.chunked()), format!("{date}\n"));
        }
        assert!(written(Status::NoContent, |head| head.body(b"x")).ends_with("GMT\n\n"));
        assert!(written(Status::NotModified, |head| head.body(b"x")).ends_with("Content-Length: 1\n\n"));
    }

    #[test]
    fn a_value_from_a_peer_cannot_end_its_line() {
        let answer =
            written(Status::Ok, |head| head.field("Location", "/\r\nSet-Cookie: a=b\r\n\r\n<p>\0").empty());
        assert!(answer.contains("\nLocation: /  Set-Cookie: a=b    <p> \n"), "{answer}");
    }
}
