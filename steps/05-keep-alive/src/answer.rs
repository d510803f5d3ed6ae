//! How a request is answered: status, fields, and content that comes at once, from a file, or bit by bit.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use poll::{Chunk, Io, Timer};
use request::{Expectation, Method, Request, ResponseHead, Status, Version};

use crate::{BodyDecoder, Limits};

/// The answer to one request, as its handler sees it.
pub struct Answer<'a, 'io> {
    io: &'a mut Io<'io>,
    facts: &'a mut Facts,
}

/// The content of an answer. In an answer to HEAD it is only announced.
pub enum Content<'a> {
    /// No content.
    Empty,
    /// These bytes.
    Bytes(&'a [u8]),
    /// Plain text in UTF-8, with its Content-Type.
    Text(&'a str),
    /// Bytes that many answers share, uncopied.
    Shared(Arc<[u8]>),
    /// A part of a file, read when it is sent.
    File(Arc<File>, Range<u64>),
    /// These chunks, one behind the other: several parts of a file, say, and what stands between them.
    Chunks(Vec<Chunk>),
    /// Bytes that come later, by [`Answer::write`], until the handler returns [`Next::Done`](crate::Next::Done).
    Stream,
}

/// What must be known of a request until its answer is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    head_only: bool,
    /// HTTP/1.0: no chunks, no interim answers.
    pub http10: bool,
    /// Whether another request may follow on this connection.
    pub keep_alive: bool,
    /// The client may wait for `100 Continue` before it sends its body, and nothing was said to it yet.
    pub expects_continue: bool,
    /// The request announced a body.
    pub has_body: bool,
    /// The handler was shown the body's end.
    pub body_shown: bool,
    /// The handler was told that the client sends no more.
    pub end_told: bool,
    /// Bytes of the body that are known to come and were not read.
    pub unread: u64,
    /// More than this is not thrown away: [`Limits::drain`].
    drain: u64,
    pub progress: Progress,
    pub status: Option<Status>,
    /// The deadline that the handler set since this was last looked at.
    pub deadline: Option<Option<Duration>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    NotBegun,
    /// The head has been written, and content follows.
    Streaming(Coding),
    Complete,
}

/// How streamed content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Chunked,
    /// HTTP/1.0 knows no chunks: the content ends when the connection does.
    UntilClose,
    /// An answer to HEAD, or one with a status that allows no content.
    Nothing,
}

impl Facts {
    pub fn new(head: &Request<'_>, limits: &Limits) -> Facts {
        let body = BodyDecoder::new(head.framing);
        let http10 = head.version == Version::Http10;
        // Also beside an expectation that nobody knows, and in 1.0, where it has no effect on us: it can have one
        // on the client.
        let may_wait = body.is_some() && (http10 || head.expectation != Expectation::None);
        Facts {
            head_only: head.method == Method::Head,
            http10,
            keep_alive: head.keep_alive,
            expects_continue: may_wait && head.has_token("Expect", "100-continue"),
            has_body: body.is_some(),
            body_shown: false,
            end_told: false,
            unread: body.map_or(0, |body| body.announced()),
            drain: limits.drain,
            progress: Progress::NotBegun,
            status: None,
            deadline: None,
        }
    }

    /// Whether, at the moment of the answer, another request may follow.
    fn may_go_on(&self) -> bool {
        // Who waits for 100 and gets its answer instead may send the body all the same, or leave it out and go on as
        // if it had been sent (CVE-2024-24791, Go's client). So nobody knows what the next bytes are. RFC 9110
        // §10.1.1: "A server that responds with a final status code before reading the entire request content
        // SHOULD indicate whether it intends to close the connection".
        self.keep_alive && !self.expects_continue && self.unread <= self.drain
    }
}

impl<'a, 'io> Answer<'a, 'io> {
    pub(crate) fn new(io: &'a mut Io<'io>, facts: &'a mut Facts) -> Answer<'a, 'io> {
        Answer { io, facts }
    }

    /// Writes the answer's head, with the fields that `fields` adds, and its content. Head and content leave in
    /// one write. An answer that was begun already stays as it is: there is only one.
    pub fn send(
        &mut self,
        status: Status,
        content: Content<'_>,
        fields: impl FnOnce(ResponseHead<'_>) -> ResponseHead<'_>,
    ) {
        if self.is_begun() {
            log::error!("{} a second answer ({status}) to one request was left out", self.io.id());
            return;
        }
        if status == Status::SwitchingProtocols {
            // The deadline was HTTP's. The successor may set its own before it is handed over.
            self.io.set_timeout(Timer::Protocol, None);
        }
        let shown = status.allows_content() && !self.facts.head_only;
        let coding = match self.facts.http10 {
            _ if !shown => Coding::Nothing,
            true => Coding::UntilClose,
            false => Coding::Chunked,
        };
        let until_close = matches!(content, Content::Stream) && coding == Coding::UntilClose;
        self.facts.keep_alive = self.facts.may_go_on() && !until_close;
        let now = self.io.wall;
        let mut head = ResponseHead::new(self.io.out(), status, now);
        if !self.facts.keep_alive && !status.is_interim() {
            head = head.field("Connection", "close");
        } else if self.facts.http10 {
            // RFC 9112 §9.3: in 1.0 persistence is what must be said.
            head = head.field("Connection", "keep-alive");
        }
        let head = fields(head);
        self.facts.status = Some(status);
        self.facts.progress = Progress::Complete;
        match content {
            Content::Empty => head.empty(),
            Content::Bytes(bytes) if shown => head.body(bytes),
            Content::Bytes(bytes) => head.length(bytes.len() as u64),
            Content::Text(text) if shown => head.text(text),
            Content::Text(text) => {
                head.field("Content-Type", "text/plain; charset=utf-8").length(text.len() as u64);
            }
            Content::Shared(bytes) => {
                head.length(bytes.len() as u64);
                if shown {
                    self.io.push(Chunk::Shared(bytes));
                }
            }
            Content::File(file, range) => {
                head.length(range.end.saturating_sub(range.start));
                if shown {
                    self.io.push(Chunk::File { file, range });
                }
            }
            Content::Chunks(chunks) => {
                head.length(chunks.iter().map(Chunk::len).sum());
                if shown {
                    chunks.into_iter().for_each(|chunk| self.io.push(chunk));
                }
            }
            Content::Stream => {
                // RFC 9112 §6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the
                // corresponding request indicates HTTP/1.1".
                match self.facts.http10 {
                    true => head.until_close(),
                    false => head.chunked(),
                }
                self.facts.progress = Progress::Streaming(coding);
            }
        }
    }

    /// A short answer in plain text.
    pub fn text(&mut self, status: Status, text: &str) {
        self.send(status, Content::Text(text), |head| head);
    }

    /// 405, and what would be allowed: RFC 9110 §15.5.6 demands it. `allow` is a list such as `GET, HEAD`.
    pub fn method_not_allowed(&mut self, allow: &str) {
        let text = format!("This resource allows {allow}.\n");
        self.send(Status::MethodNotAllowed, Content::Text(&text), |head| head.field("Allow", allow));
    }

    /// Sends a piece of streamed content. It leaves when the turn ends.
    pub fn write(&mut self, bytes: &[u8]) {
        match self.facts.progress {
            // An empty chunk would be the last one (RFC 9112 §7.1).
            _ if bytes.is_empty() => {}
            Progress::Streaming(Coding::Chunked) => {
                let out = self.io.out();
                out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Progress::Streaming(Coding::UntilClose) => self.io.out().extend_from_slice(bytes),
            Progress::Streaming(Coding::Nothing) | Progress::NotBegun | Progress::Complete => {}
        }
    }

    /// Whether the head of the answer has been written.
    pub fn is_begun(&self) -> bool {
        self.facts.progress != Progress::NotBegun
    }

    /// Makes this the last answer on the connection. To be called before [`send`](Answer::send), which tells the
    /// client.
    pub fn close_after(&mut self) {
        self.facts.keep_alive = false;
    }

    /// When [`Event::Deadline`](crate::Event::Deadline) comes to a request that is answered later. Counts from the
    /// callback that returns [`Next::Later`](crate::Next::Later); until then, the body's own deadline stands.
    pub fn set_timeout(&mut self, after: Option<Duration>) {
        self.facts.deadline = Some(after);
    }

    /// The connection. Its output belongs to the answer: write there only as the successor of HTTP.
    pub fn io(&mut self) -> &mut Io<'io> {
        self.io
    }

    /// The answer is complete, as far as the handler goes: ends streamed content.
    pub(crate) fn finish(&mut self) {
        match self.facts.progress {
            Progress::NotBegun => {
                log::error!("{} the handler was done and had not answered", self.io.id());
                self.text(Status::InternalServerError, "The server found no answer.\n");
            }
            Progress::Streaming(Coding::Chunked) => self.io.out().extend_from_slice(b"0\r\n\r\n"),
            Progress::Streaming(Coding::UntilClose | Coding::Nothing) | Progress::Complete => {}
        }
        self.facts.progress = Progress::Complete;
    }
}
