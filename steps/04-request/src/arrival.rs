//! A head that arrives in pieces.

use crate::line::{self, Cut};
use crate::start::{self, StartLine};
use crate::{Limits, ParseError, Request, fields, usual};

/// How far the head that is arriving on one connection has been judged.
///
/// [`Request::parse`] keeps no state: called for each new byte it would read a head of n bytes n times. This
/// keeps three numbers and goes on where it stopped.
///
/// **A head is searched once and parsed at most twice, whatever the pieces and whatever the limits.**
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Where the first line begins that is not judged yet.
    at: usize,
    /// How much of that line has been searched for its end.
    searched: usize,
    /// Lines judged: the request line and the field lines.
    lines: usize,
}

/// What stands next in a head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    /// Name and value of a field line.
    Field(&'a [u8], &'a [u8]),
    /// The empty line.
    End,
    /// The next line is not complete.
    More,
}

impl Arrival {
    /// Parses the head that `bytes` begin with, as [`Request::parse`] does and with the same answer. Call it
    /// with all bytes of the head that have come so far, from the first one each time. `Ok(None)`: not
    /// complete. After a request it is ready for the next one.
    #[inline]
    pub fn parse<'a>(
        &mut self,
        bytes: &'a [u8],
        limits: &Limits,
    ) -> Result<Option<(Request<'a>, usize)>, ParseError> {
        // Most heads come whole: then the first look is the parse itself, and nothing else is paid for.
        if *self != Arrival::default() && !self.advance(bytes, limits)? {
            return Ok(None);
        }
        *self = Arrival::default();
        let parsed = Request::parse_with(self, bytes, limits);
        if let Ok(Some(_)) = parsed {
            *self = Arrival::default();
        }
        parsed
    }

    /// Judges the lines that have come since the last look. Returns whether the head is complete.
    fn advance(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, ParseError> {
        if self.lines == 0 && self.any_request_line(bytes, limits)?.is_none() {
            return Ok(false);
        }
        loop {
            match self.any_field(bytes, limits)? {
                Next::Field(..) => {}
                Next::End => return Ok(true),
                Next::More => return Ok(false),
            }
        }
    }

    /// Judges the request line, if it is there. Called first.
    #[inline]
    pub(crate) fn request_line<'a>(
        &mut self,
        bytes: &'a [u8],
        limits: &Limits,
    ) -> Result<Option<StartLine<'a>>, ParseError> {
        match usual::request_line(self.rest(bytes, limits), limits) {
            Some((line, length)) => {
                self.judged(length);
                Ok(Some(line))
            }
            None => self.any_request_line(bytes, limits),
        }
    }

    /// Judges the next field line, if it is there. Called again after each [`Next::Field`].
    #[inline]
    pub(crate) fn field<'a>(&mut self, bytes: &'a [u8], limits: &Limits) -> Result<Next<'a>, ParseError> {
        match usual::field(self.rest(bytes, limits), limits) {
            Some((next, length)) if self.lines <= limits.fields => {
                self.judged(length);
                Ok(next)
            }
            _ => self.any_field(bytes, limits),
        }
    }

    /// The long way, which knows all that a request line can be.
    fn any_request_line<'a>(
        &mut self,
        bytes: &'a [u8],
        limits: &Limits,
    ) -> Result<Option<StartLine<'a>>, ParseError> {
        // RFC 9112 §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at
        // least one empty line (CRLF) received prior to the request-line." One, and no more.
        if self.at == 0 && bytes.starts_with(b"\r\n") {
            self.at = line::CRLF;
        }
        match self.cut(bytes, start::longest_line(limits), limits) {
            Ok(Cut::Line(line)) => start::request_line(line, limits).map(Some),
            Ok(Cut::Unfinished) => Ok(None),
            Ok(Cut::TooLong) => Err(start::too_long(&bytes[self.at..])),
            Err(_) if bytes.get(self.at) == Some(&start::TLS_HANDSHAKE) => Err(ParseError::Tls),
            Err(fault) => Err(fault),
        }
    }

    /// The long way, which knows all that a field line can be.
    fn any_field<'a>(&mut self, bytes: &'a [u8], limits: &Limits) -> Result<Next<'a>, ParseError> {
        match self.cut(bytes, limits.field_line, limits)? {
            Cut::Line(b"") => Ok(Next::End),
            // One of the lines is the request line.
            Cut::Line(_) if self.lines - 1 > limits.fields => Err(ParseError::TooManyFields),
            Cut::Line(line) => fields::split(line).map(|(name, value)| Next::Field(name, value)),
            Cut::Unfinished => Ok(Next::More),
            Cut::TooLong => Err(ParseError::FieldTooLarge),
        }
    }

    /// Where the line begins that comes next; after [`Next::End`], where the body begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn cut<'a>(&mut self, bytes: &'a [u8], longest: usize, limits: &Limits) -> Result<Cut<'a>, ParseError> {
        let rest = self.rest(bytes, limits);
        let cut = line::cut(rest, &mut self.searched, longest)?;
        match cut {
            Cut::Line(line) => self.judged(line.len() + line::CRLF),
            Cut::Unfinished if bytes.len() > limits.head => return Err(ParseError::HeadTooLarge),
            Cut::Unfinished | Cut::TooLong => {}
        }
        Ok(cut)
    }

    /// What has come behind the lines that were judged. Nothing behind the limit is looked at: what is not complete within
    /// it never will be.
    fn rest<'a>(&self, bytes: &'a [u8], limits: &Limits) -> &'a [u8] {
        bytes[..bytes.len().min(limits.head)].get(self.at..).unwrap_or_default()
    }

    /// A line of this length, its end included, was judged.
    fn judged(&mut self, length: usize) {
        self.at += length;
        self.lines += 1;
    }
}
