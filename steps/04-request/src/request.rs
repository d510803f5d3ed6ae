//! The request head: what was asked, of whom, and where the request ends.

use crate::arrival::Next;
use crate::fields::{Fields, elements};
use crate::framing::{Expectation, Findings, Framing};
use crate::{Arrival, Limits, Method, ParseError, Target, Version, host, line};

/// One parsed request head. It borrows the bytes it was parsed from and owns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// What to do (RFC 9110 §9). Whether a resource allows it is the handler's decision: 405.
    pub method: Method,
    /// What to do it to (RFC 9112 §3.2).
    pub target: Target<'a>,
    /// The version the client speaks (RFC 9112 §2.3).
    pub version: Version,
    /// Where the body ends (RFC 9112 §6.3).
    pub framing: Framing,
    /// Whether the connection stays open after this request, as far as the client is concerned (RFC 9112
    /// §9.3).
    pub keep_alive: bool,
    /// What the client waits for before it sends the body (RFC 9110 §10.1.1).
    pub expectation: Expectation,
    /// How many bytes the head took, with its empty line, and with the one before it if there was one.
    pub length: usize,
    /// ASCII. It becomes text when somebody asks for it.
    host: Option<&'a [u8]>,
    fields: Fields<'a>,
}

impl<'a> Request<'a> {
    /// Parses the request head that `bytes` begin with. `Ok(None)`: all good so far, but the head is not
    /// complete. Otherwise the request, and how many bytes its head took; the body, or the next request,
    /// stands behind.
    ///
    /// **An answer never changes when more bytes come**: each line is judged when its end is there, in order,
    /// by its own bytes alone. So no answer depends on how the bytes were cut into packets.
    ///
    /// For a head that comes in pieces there is [`Arrival::parse`].
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Option<(Request<'a>, usize)>, ParseError> {
        Request::parse_with(&mut Arrival::default(), bytes, limits)
    }

    /// As [`Request::parse`]; `arrival`, a new one, tells afterwards how far it came.
    #[inline]
    pub(crate) fn parse_with(
        arrival: &mut Arrival,
        bytes: &'a [u8],
        limits: &Limits,
    ) -> Result<Option<(Request<'a>, usize)>, ParseError> {
        // ANCHOR: parse
        // 1. The request line.
        let Some((method, target, version)) = arrival.request_line(bytes, limits)? else { return Ok(None) };

        // 2. The field lines, up to the empty line. Those that say where the request ends are noted on the
        // way.
        let fields_start = arrival.at();
        let mut findings = Findings::default();
        loop {
            match arrival.field(bytes, limits)? {
                Next::Field(name, value) => findings.note(name, value),
                Next::End => break,
                Next::More => return Ok(None),
            }
        }
        let length = arrival.at();
        let fields = Fields::validated(&bytes[fields_start..length - line::CRLF]);

        // 3. What only the whole head can tell.
        let framing = findings.framing(version)?;
        let host = host::effective(findings.host(), &target, version)?;
        let keep_alive = findings.keep_alive(version);
        let expectation = findings.expectation(version);
        // ANCHOR_END: parse
        Ok(Some((
            Request { method, target, version, framing, keep_alive, expectation, length, host, fields },
            length,
        )))
    }

    /// The authority that the request is for, `host` or `host:port`: from an absolute-form or authority-form
    /// target, else from the Host field (RFC 9112 §3.3). `None`: an HTTP/1.0 request without Host, or an
    /// empty Host (allowed only with `*`).
    pub fn host(&self) -> Option<&'a str> {
        str::from_utf8(self.host?).ok()
    }

    /// All field lines in the order in which they came.
    pub fn fields(&self) -> Fields<'a> {
        self.fields
    }

    /// The value of the first field line with this name, in any case (RFC 9110 §5.1).
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields_named(name).next()
    }

    /// The values of all field lines with this name, in any case, in order.
    pub fn fields_named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.fields.named(name)
    }

    /// The elements of a comma-separated list that may stand in several field lines (RFC 9110 §5.6.1),
    /// trimmed, without the empty ones. Commas in quoted strings are not understood: use it for lists of
    /// tokens.
    pub fn list<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.fields_named(name).flat_map(elements).filter(|element| !element.is_empty())
    }

    /// Whether a list of tokens, such as Connection or Upgrade, names this one, in any case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
