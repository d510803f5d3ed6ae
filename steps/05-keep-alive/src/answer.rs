//! How a request is answered: status, fields, and content that comes at once, from a file, or bit by bit.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use poll::{Chunk, Io, Timer};
use request::{Framing, Method, Request, ResponseHead, Status, Version};

use crate::Limits;

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
    /// Bytes that come later, by [`Answer::write`], until the handler returns [`Next::Done`](crate::Next::Done).
    Stream,
}

/// What must be known of a request until its answer is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    head_only: bool,
    http10: bool,
    /// Whether another request may follow on this connection.
    pub keep_alive: bool,
    pub expects_continue: bool,
    pub progress: Progress,
    pub status: Option<Status>,
    /// The handler set a deadline since this was last looked at.
    pub set_deadline: bool,
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
        // A body longer than we are ready to throw away ends the connection, and the answer should say so.
        let unread = matches!(head.framing, Framing::Length(length) if length > limits.drain);
        Facts {
            head_only: head.method == Method::Head,
            http10: head.version == Version::Http10,
            keep_alive: head.keep_alive && !unread,
            expects_continue: head.expectation == request::Expectation::Continue,
            progress: Progress::NotBegun,
            status: None,
            set_deadline: false,
        }
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
        let now = self.io.wall;
        let mut head = ResponseHead::new(self.io.out(), status, now);
        if !self.facts.keep_alive && !status.is_interim() {
            head = head.field("Connection", "close");
        } else if self.facts.http10 {
            // RFC 9112 §9.3: in 1.0 persistence is what must be said.
            head = head.field("Connection", "keep-alive");
        }
        let head = fields(head);
        let shown = status.allows_content() && !self.facts.head_only;
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
            Content::Stream => {
                let coding = if !shown {
                    Coding::Nothing
                } else if self.facts.http10 {
                    Coding::UntilClose
                } else {
                    Coding::Chunked
                };
                match coding {
                    Coding::UntilClose => head.until_close(),
                    _ => head.chunked(),
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

    /// When [`Event::Deadline`](crate::Event::Deadline) comes to a request that is answered later.
    pub fn set_timeout(&mut self, after: Option<Duration>) {
        self.facts.set_deadline = true;
        self.io.set_timeout(Timer::Protocol, after);
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
            Progress::Streaming(Coding::UntilClose) => self.facts.keep_alive = false,
            Progress::Streaming(Coding::Nothing) | Progress::Complete => {}
        }
        self.facts.progress = Progress::Complete;
    }
}
