//! What a raw client sends.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use crate::client::{Arrival, Client, count};
use crate::show;

/// Between the two parts of a split: long enough for a server on the same machine to have its turn.
const SPLIT_PAUSE: Duration = Duration::from_millis(2);

impl Client {
    /// Sends all of it; fails when the server does not take it in time or has closed.
    #[track_caller]
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.step(format!("sends {}", count(bytes)), show::brief(bytes));
        self.write_all(bytes);
    }

    /// Sends text; `\r\n` must be in it.
    #[track_caller]
    pub fn sends_text(&mut self, text: &str) {
        self.sends(text);
    }

    /// Sends the bytes in two packets, cut at `at`.
    ///
    /// What it guarantees: two `send` calls with TCP_NODELAY, and on loopback the first packet stands in the
    /// server's receive queue when its `send` returns. Between them the client waits 2 ms, or until an answer
    /// comes: in that time a server that is awake has read the first part alone. A server that was held
    /// back longer sees both at once: that makes the test easier for it, never wrong.
    #[track_caller]
    pub fn sends_split(&mut self, bytes: impl AsRef<[u8]>, at: usize) {
        let bytes = bytes.as_ref();
        let details =
            [show::brief(&bytes[..at]), vec!["--- cut ---".into()], show::brief(&bytes[at..])].concat();
        self.step(format!("sends {}, cut at byte {at}", count(bytes)), details);
        self.write_all(&bytes[..at]);
        self.wait(Instant::now() + SPLIT_PAUSE);
        self.write_all(&bytes[at..]);
    }

    /// Like `sends_split`, and fails when the server answers (or leaves) after the first part already.
    #[track_caller]
    pub fn sends_split_unanswered(&mut self, bytes: impl AsRef<[u8]>, at: usize) {
        let bytes = bytes.as_ref();
        let before = self.pending().len();
        self.sends_split(bytes, at);
        if self.pending().len() > before || self.ended().is_some() {
            let headline =
                format!("You answered after {at} of {} bytes: TCP has no message boundaries.", bytes.len());
            self.fails(headline, self.what_came());
        }
    }

    /// Sends all of it and reads meanwhile, for answers so large that both sides would wait for each other.
    #[track_caller]
    pub fn sends_while_receiving(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.step(format!("sends {} and reads meanwhile", count(bytes)), show::brief(bytes));
        let (end, mut sent) = (self.deadline(), 0);
        while sent < bytes.len() {
            sent += self.write_some(&bytes[sent..], end, true);
            if Instant::now() > end {
                self.not_taken(sent, bytes.len());
            }
            while self.ended().is_none() && self.wait(Instant::now()) == Arrival::Bytes {}
        }
    }

    /// Sends this again and again, never reading, until the server has taken nothing for 200 ms (returns how
    /// many bytes went out) or `limit` bytes are out (returns that).
    #[track_caller]
    pub fn sends_until_it_blocks(&mut self, bytes: impl AsRef<[u8]>, limit: usize) -> usize {
        let (bytes, mut sent) = (bytes.as_ref(), 0);
        while sent < limit {
            let rest = &bytes[sent % bytes.len()..];
            match self.write_some(rest, Instant::now() + Duration::from_millis(200), false) {
                0 => break,
                written => sent += written,
            }
        }
        self.step(format!("sends until nothing more is taken: {sent} bytes"), Vec::new());
        sent
    }

    /// Sends what it can to a server that may have closed already; true when all of it went out.
    pub fn tries_to_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let (bytes, end, mut sent) = (bytes.as_ref(), self.deadline(), 0);
        while sent < bytes.len() && Instant::now() < end {
            match self.socket().write(&bytes[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.poll(PollFlags::OUT, end),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.step(format!("sends {sent} of {}", count(bytes)), show::brief(bytes));
        sent == bytes.len()
    }

    #[track_caller]
    pub(crate) fn write_all(&mut self, bytes: &[u8]) {
        let (end, mut sent) = (self.deadline(), 0);
        while sent < bytes.len() {
            match self.write_some(&bytes[sent..], end, false) {
                0 => self.not_taken(sent, bytes.len()),
                written => sent += written,
            }
        }
    }

    /// One write, waiting for room until `end`; 0 when there was none. With `or_input` it stops waiting when
    /// something can be read.
    #[track_caller]
    fn write_some(&mut self, bytes: &[u8], end: Instant, or_input: bool) -> usize {
        loop {
            match self.socket().write(bytes) {
                Ok(written) => return written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if Instant::now() >= end {
                        return 0;
                    }
                    let wanted = if or_input { PollFlags::OUT | PollFlags::IN } else { PollFlags::OUT };
                    self.poll(wanted, end);
                    if or_input && self.wait(Instant::now()) != Arrival::Nothing {
                        return 0;
                    }
                }
                Err(error) => {
                    while self.wait(Instant::now()) == Arrival::Bytes {}
                    let why = match error.kind() {
                        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                            "the server has closed, and what comes for it now is answered by a reset (RST)"
                                .into()
                        }
                        _ => error.to_string(),
                    };
                    self.fails(format!("cannot send: {why}."), self.what_came());
                }
            }
        }
    }

    #[track_caller]
    fn not_taken(&self, sent: usize, all: usize) -> ! {
        let headline = format!(
            "The server took {sent} of {all} bytes within {} and no more.",
            show::time(self.patience())
        );
        self.fails(headline, self.what_came());
    }
}
