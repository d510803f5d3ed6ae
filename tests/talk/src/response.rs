//! HTTP answers as they come: each line and each chunk is shown, and where the body ends is explained.

mod asked;

use std::time::Instant;

use harness::show;
use keep_alive::{Body, BodyDecoder, Limits};
use request::line::{CRLF, Cut, cut};
use request::{Field, Framing, elements};

use crate::screen::{Screen, Way};
use asked::Asked;

/// The longest line of a head. Apache and nginx send at most 8 KiB of it.
const LINE: usize = 64 * 1024;

/// What has come on one connection.
#[derive(Default)]
pub(crate) struct Responses {
    bytes: Vec<u8>,
    at: At,
    asked: Asked,
    /// Bytes of the body so far.
    body: u64,
}

#[derive(Default)]
enum At {
    #[default]
    Head,
    Body {
        decoder: BodyDecoder,
        chunked: bool,
        close: bool,
    },
    /// The body ends with the connection.
    UntilEnd,
    /// Not HTTP, or not any more: shown as bytes.
    Lost,
}

/// What an answer comes to.
pub(crate) enum Arrived {
    /// A final answer is whole.
    Answer { head: Head },
    /// 101: other bytes follow.
    Switch(Head),
    /// What comes from here on is no HTTP: where an answer would begin is not known.
    Lost,
}

/// What follows the head of a final answer.
enum Begun {
    /// No body: it is whole.
    Whole,
    Body,
    /// Nobody can say where it ends.
    Lost,
}

/// The head of an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub status: u16,
    version: u8,
    fields: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// The values of the fields with this name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice())
    }

    /// Whether the list in this field holds this token.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name).flat_map(elements).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}

impl Responses {
    /// These bytes were sent: how many answers may come, and to which of them no body belongs.
    pub fn sent(&mut self, bytes: &[u8]) {
        self.asked.push(bytes);
    }

    /// How many requests have no final answer yet.
    pub fn unanswered(&self) -> usize {
        self.asked.methods.len() + usize::from(!matches!(self.at, At::Head | At::Lost))
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What has come of something that is not whole.
    pub fn unfinished(&self) -> &[u8] {
        &self.bytes
    }

    /// Shows what has come, up to the end of one answer. `None`: more bytes are needed.
    pub fn next(&mut self, now: Instant, head: &mut Head, screen: &mut Screen) -> Option<Arrived> {
        loop {
            match &mut self.at {
                At::Head => match self.head(now, screen)? {
                    Ok(found) if (100..200).contains(&found.status) && found.status != 101 => {
                        screen.notes("an interim answer; the final one follows (RFC 9110 §15.2)");
                    }
                    Ok(found) if found.status == 101 => {
                        self.asked.methods.pop_front();
                        return Some(Arrived::Switch(found));
                    }
                    Ok(found) => {
                        *head = found;
                        match self.begin(head, screen) {
                            Begun::Whole => return Some(Arrived::Answer { head: head.clone() }),
                            Begun::Body => {}
                            Begun::Lost => return Some(Arrived::Lost),
                        }
                    }
                    Err(()) => {
                        self.at = At::Lost;
                        return Some(Arrived::Lost);
                    }
                },
                &mut At::Body { ref mut decoder, chunked, close } => {
                    let part = match decoder.next(&self.bytes, &Limits::DEFAULT) {
                        Ok(part) => part?,
                        Err(fault) => {
                            screen.blames(format!("{fault} ({})", fault.section()));
                            self.at = At::Lost;
                            return Some(Arrived::Lost);
                        }
                    };
                    match part.body {
                        Some(Body::Data(data)) => {
                            self.body += data.len() as u64;
                            screen.shows(Way::In, now, show::brief(data));
                        }
                        None if self.bytes.starts_with(b"\r\n") => {}
                        None => screen.shows(Way::In, now, [chunk_line(&self.bytes[..part.used])]),
                        Some(Body::End) => {}
                    }
                    let over = part.body == Some(Body::End);
                    self.bytes.drain(..part.used);
                    if over {
                        let chunks = if chunked { ", behind its last chunk and an empty line" } else { "" };
                        whole(&format!("{} bytes of body{chunks}", self.body), close, screen);
                        self.at = At::Head;
                        return Some(Arrived::Answer { head: std::mem::take(head) });
                    }
                }
                At::UntilEnd | At::Lost => {
                    let bytes = std::mem::take(&mut self.bytes);
                    if !bytes.is_empty() {
                        self.body += bytes.len() as u64;
                        screen.shows(Way::In, now, show::brief(&bytes));
                    }
                    return None;
                }
            }
        }
    }

    /// The server's FIN has come. Whether it cut nothing off.
    pub fn ends(&mut self, screen: &mut Screen) -> bool {
        match self.at {
            At::Head if self.bytes.is_empty() && self.asked.methods.is_empty() => true,
            At::Head if self.bytes.is_empty() => {
                let count = self.asked.methods.len();
                screen.warns(format!("the server closed; not answered: {count} of the requests"));
                false
            }
            At::UntilEnd => {
                screen
                    .notes(format!("the end of the connection is the end of the body: {} bytes", self.body));
                self.at = At::Head;
                true
            }
            At::Lost => true,
            At::Head | At::Body { .. } => {
                // RFC 9112 §8: "A client that receives an incomplete response message, which can occur when a
                // connection is closed prematurely or when decoding a supposedly chunked transfer coding fails,
                // MUST record the message as incomplete."
                screen.blames("the connection ends in the middle of an answer (RFC 9112 §8)");
                false
            }
        }
    }

    /// A whole head, shown. `None`: its empty line has not come. An error was told.
    fn head(&mut self, now: Instant, screen: &mut Screen) -> Option<Result<Head, ()>> {
        let mut at = 0;
        let mut lines = Vec::new();
        loop {
            match cut(&self.bytes[at..], &mut 0, LINE) {
                Ok(Cut::Line(line)) => {
                    at += line.len() + CRLF;
                    lines.push(line);
                    // What has no status line is no HTTP; whether an empty line follows is no question.
                    let first = lines.len() == 1;
                    if first && status_line(line).is_none() {
                        no_http(screen);
                        return Some(Err(()));
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                Ok(Cut::Unfinished) => return None,
                Ok(Cut::TooLong) => {
                    screen.blames(format!("a line of an answer's head is over {LINE} bytes"));
                    return Some(Err(()));
                }
                Err(_) if lines.is_empty() && !b"HTTP/".iter().eq(self.bytes.iter().take(5)) => {
                    no_http(screen);
                    return Some(Err(()));
                }
                Err(fault) => {
                    screen.blames(format!("{fault} ({})", fault.section()));
                    return Some(Err(()));
                }
            }
        }
        lines.pop();
        let (version, status) = status_line(lines.first()?)?;
        let mut head = Head { status, version, fields: Vec::new() };
        screen.shows(Way::In, now, show::brief(&self.bytes[..at]));
        for line in &lines[1..] {
            match Field::parse(line) {
                Ok(field) => head.fields.push((field.name.to_string(), field.value.to_vec())),
                Err(fault) => screen.blames(format!("{fault} ({})", fault.section())),
            }
        }
        self.bytes.drain(..at);
        Some(Ok(head))
    }

    /// Decides where the body of a final answer ends (RFC 9112 §6.3), and says why.
    fn begin(&mut self, head: &Head, screen: &mut Screen) -> Begun {
        let to_head = self.asked.methods.pop_front();
        if to_head.is_none() {
            screen.notes("nobody asked for this answer: the server says it of its own accord");
        }
        // RFC 9112 §9.3: "If the "close" connection option is present (Section 9.6), the connection will not
        // persist after the current response".
        let close = head.has_token("Connection", "close")
            || (head.version == 0 && !head.has_token("Connection", "keep-alive"));
        let lengths: Vec<&[u8]> = head.values("Content-Length").collect();
        let coded = head.values("Transfer-Encoding").next().is_some();
        self.body = 0;
        if to_head == Some(true) || matches!(head.status, 204 | 304) {
            let why = if to_head == Some(true) { "the request was HEAD" } else { "this status has none" };
            whole(&format!("no body, {why} (RFC 9110 §6.4.1)"), close, screen);
            return Begun::Whole;
        }
        if coded && !lengths.is_empty() {
            screen.blames("Content-Length beside Transfer-Encoding (RFC 9112 §6.2)");
        }
        let framing = if head.has_token("Transfer-Encoding", "chunked") {
            screen.notes("the body comes in chunks, each behind its size in hex (RFC 9112 §7.1)");
            Framing::Chunked
        } else if let (false, Some(first)) = (coded, lengths.first()) {
            if lengths.iter().any(|length| length != first) {
                screen.blames("two lengths that contradict each other (RFC 9112 §6.3)");
            }
            match str::from_utf8(first).ok().and_then(|length| length.parse().ok()) {
                Some(length) => {
                    screen.notes(format!("Content-Length: the body has {length} bytes (RFC 9112 §6.3)"));
                    Framing::Length(length)
                }
                None => {
                    screen.blames("Content-Length is no number (RFC 9110 §8.6)");
                    self.at = At::Lost;
                    return Begun::Lost;
                }
            }
        } else {
            screen.notes(
                "neither Content-Length nor chunks: the body ends with the connection (RFC 9112 §6.3)",
            );
            self.at = At::UntilEnd;
            return Begun::Body;
        };
        let Some(decoder) = BodyDecoder::new(framing) else {
            whole("a body of 0 bytes", close, screen);
            return Begun::Whole;
        };
        self.at = At::Body { decoder, chunked: framing == Framing::Chunked, close };
        Begun::Body
    }
}

/// What comes is no HTTP.
fn no_http(screen: &mut Screen) {
    screen.blames(STATUS_LINE);
    screen
        .notes("a server that speaks bytes, as rungs 01 to 03 do? Then talk to it at tcp:// and its address");
}

const STATUS_LINE: &str = "an answer begins with HTTP/1.1, a space, three digits and a space (RFC 9112 §4)";

fn whole(what: &str, close: bool, screen: &mut Screen) {
    let then = if close { "the server closes the connection now" } else { "the connection stays open" };
    screen.notes(format!("the answer is whole: {what}; {then}"));
}

/// `HTTP/1.1 200 OK`: the minor version and the status.
fn status_line(line: &[u8]) -> Option<(u8, u16)> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = rest.split_first()?;
    let (status, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let status = str::from_utf8(status).ok()?.parse().ok()?;
    (minor.is_ascii_digit() && rest.starts_with(b" ")).then_some((minor - b'0', status))
}

/// A chunk's line or a trailer, and what it means.
fn chunk_line(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    let size = line.split(|byte| *byte == b';').next().and_then(|size| str::from_utf8(size).ok());
    let meaning = match size.and_then(|size| u64::from_str_radix(size, 16).ok()) {
        Some(0) => "    the last chunk".to_string(),
        Some(size) => format!("    a chunk of {size} bytes"),
        None => "    a trailer field".to_string(),
    };
    show::escape(line) + &meaning
}

#[cfg(test)]
mod tests;
