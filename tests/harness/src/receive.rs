//! What a raw client expects of the bytes that come.

use std::time::{Duration, Instant};

use crate::client::{Arrival, Client, Ending, count};
use crate::show;

impl Client {
    /// Expects exactly these bytes next; what comes behind them stays for the next expectation.
    #[track_caller]
    pub fn receives_exactly(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let end = self.deadline();
        loop {
            let got = &self.pending()[..self.pending().len().min(expected.len())];
            if !expected.starts_with(got) {
                let details = show::difference(expected, got).expect("they differ");
                self.fails("these are not the bytes that were expected.".into(), details);
            }
            if got.len() == expected.len() {
                break;
            }
            match self.wait(end) {
                Arrival::Bytes => {}
                arrival => {
                    let details = show::difference(expected, self.pending()).unwrap_or_default();
                    self.fails(self.no_more(arrival), details)
                }
            }
        }
        self.take(expected.len());
        self.step(format!("receives {}", count(expected)), show::brief(expected));
    }

    /// Expects a line and returns it without its LF or CRLF.
    #[track_caller]
    pub fn receives_line(&mut self) -> String {
        let mut line = self.take_until(b"\n", "a line");
        line.pop_if(|byte| *byte == b'\n');
        line.pop_if(|byte| *byte == b'\r');
        let line = String::from_utf8_lossy(&line).into_owned();
        self.step(format!("receives the line {}", show::quoted(&line)), Vec::new());
        line
    }

    /// Expects this line, ended by LF or CRLF.
    #[track_caller]
    pub fn receives_the_line(&mut self, expected: &str) {
        let line = self.receives_line();
        if let Some(details) = show::difference(expected.as_bytes(), line.as_bytes()) {
            self.fails("this is not the line that was expected.".into(), details);
        }
    }

    /// Reads up to and with this mark and returns all of it.
    #[track_caller]
    pub fn receives_until(&mut self, mark: impl AsRef<[u8]>) -> Vec<u8> {
        let mark = mark.as_ref();
        let bytes = self.take_until(mark, &show::quoted(&String::from_utf8_lossy(mark)));
        self.step(format!("receives {}", count(&bytes)), show::brief(&bytes));
        bytes
    }

    /// Reads this many bytes, whatever they are.
    #[track_caller]
    pub fn receives_bytes(&mut self, wanted: usize) -> Vec<u8> {
        self.needs(wanted, &format!("{wanted} bytes"));
        let bytes = self.take(wanted);
        self.step(format!("receives {}", count(&bytes)), show::brief(&bytes));
        bytes
    }

    /// Reads until the server ends the connection politely and returns all of it.
    #[track_caller]
    pub fn receives_rest(&mut self) -> Vec<u8> {
        let end = self.deadline();
        loop {
            match self.wait(end) {
                Arrival::Bytes => {}
                Arrival::End(Ending::Fin) => break,
                arrival => self.fails(self.no_more(arrival), self.what_came()),
            }
        }
        let bytes = self.take(self.pending().len());
        self.step(format!("receives {}, then the end (FIN)", count(&bytes)), show::brief(&bytes));
        bytes
    }

    /// Expects silence for this long, on a connection that stays open.
    #[track_caller]
    pub fn receives_nothing_for(&mut self, duration: Duration) {
        let (arrival, time) = (self.wait(Instant::now() + duration), show::time(duration));
        if !self.pending().is_empty() {
            self.fails(format!("expected nothing for {time}, but something came."), self.what_came());
        }
        if let Arrival::End(ending) = arrival {
            let headline = format!("expected an open connection for {time}, but {}.", said(ending));
            self.fails(headline, Vec::new());
        }
        self.step(format!("receives nothing for {time}"), Vec::new());
    }

    /// Expects the end and nothing before it: FIN, not RST.
    #[track_caller]
    pub fn receives_end(&mut self) {
        match self.ending() {
            Ending::Fin => self.step("receives the end (FIN)".into(), Vec::new()),
            Ending::Reset => {
                let headline = "expected a polite end (FIN), but the server reset the connection (RST): \
                                what it had sent before may be lost.";
                self.fails(headline.into(), Vec::new());
            }
        }
    }

    /// Expects RST and nothing before it.
    #[track_caller]
    pub fn receives_reset(&mut self) {
        match self.ending() {
            Ending::Reset => self.step("receives a reset (RST)".into(), Vec::new()),
            Ending::Fin => {
                self.fails("expected a reset (RST), but a polite end (FIN) came.".into(), Vec::new())
            }
        }
    }

    /// Expects the end, FIN or RST, after whatever bytes; says which came.
    #[track_caller]
    pub fn receives_end_of_any_kind(&mut self) -> Ending {
        let end = self.deadline();
        loop {
            match self.wait(end) {
                Arrival::Bytes => {}
                Arrival::Nothing => self.fails(self.no_more(Arrival::Nothing), self.what_came()),
                Arrival::End(ending) => {
                    let bytes = self.take(self.pending().len());
                    let text = format!("receives {}, then the end ({ending:?})", count(&bytes));
                    self.step(text, show::brief(&bytes));
                    return ending;
                }
            }
        }
    }

    /// Waits until this many bytes stand in the buffer; `what` names them in a failure.
    #[track_caller]
    pub(crate) fn needs(&mut self, wanted: usize, what: &str) {
        let end = self.deadline();
        while self.pending().len() < wanted {
            match self.wait(end) {
                Arrival::Bytes => {}
                arrival => self.ends_early(what, arrival),
            }
        }
    }

    /// Takes everything up to and with the mark.
    #[track_caller]
    pub(crate) fn take_until(&mut self, mark: &[u8], what: &str) -> Vec<u8> {
        let (end, mut searched) = (self.deadline(), 0);
        loop {
            let found = self.pending()[searched..].windows(mark.len()).position(|part| part == mark);
            if let Some(at) = found {
                return self.take(searched + at + mark.len());
            }
            searched = (self.pending().len() + 1).saturating_sub(mark.len());
            match self.wait(end) {
                Arrival::Bytes => {}
                arrival => self.ends_early(what, arrival),
            }
        }
    }

    #[track_caller]
    pub(crate) fn ends_early(&self, what: &str, arrival: Arrival) -> ! {
        self.fails(format!("expected {what}. {}", self.no_more(arrival)), self.what_came())
    }

    /// Why nothing more came, as a sentence: timed out, closed or reset.
    pub(crate) fn no_more(&self, arrival: Arrival) -> String {
        let nothing = if self.pending().is_empty() { "No answer" } else { "No more" };
        match arrival {
            Arrival::End(ending) if self.pending().is_empty() => format!("No answer: {}.", said(ending)),
            Arrival::End(ending) => format!("Then {}.", said(ending)),
            _ => format!("{nothing} within {}; the connection is open.", show::time(self.patience())),
        }
    }

    #[track_caller]
    fn ending(&mut self) -> Ending {
        let arrival = self.wait(self.deadline());
        match arrival {
            Arrival::End(ending) if self.pending().is_empty() => ending,
            _ if self.pending().is_empty() => {
                let headline = "expected the end of the connection. It is still open after";
                self.fails(format!("{headline} {}.", show::time(self.patience())), Vec::new())
            }
            _ => self.fails("expected the end of the connection, but bytes came.".into(), self.what_came()),
        }
    }
}

fn said(ending: Ending) -> &'static str {
    match ending {
        Ending::Fin => "the server closed the connection (FIN)",
        Ending::Reset => "the server reset the connection (RST)",
    }
}
