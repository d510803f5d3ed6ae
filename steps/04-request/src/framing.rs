//! Where does this request end, and what comes after it? The one place that answers. Two programs that answer
//! differently let a request be smuggled past one of them, so whatever is in doubt is refused.

use crate::fields::elements;
use crate::{ParseError, Version};

/// Where the body ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Neither Content-Length nor Transfer-Encoding: there is no body (case 7).
    None,
    /// A body of so many bytes, perhaps zero (case 6).
    Length(u64),
    /// Chunks, up to the one of length zero and its trailers (case 4).
    Chunked,
}

/// What the Expect field asks for (RFC 9110 §10.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing, or HTTP/1.0, where it is ignored.
    None,
    /// `100-continue`: the client waits for our interim answer before it sends the body.
    Continue,
    /// Something else: the answer is 417. The framing is not in doubt, so the connection stays usable.
    Unknown,
}

/// What the field lines say about the connection, noted line by line and judged at the end of the head.
#[derive(Debug, Default)]
pub(crate) struct Findings<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    coding: Coding,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    expects_unknown: bool,
    /// The first thing wrong.
    fault: Option<ParseError>,
}

/// The transfer codings so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Coding {
    #[default]
    Absent,
    Unknown,
    Chunked,
    UnknownThenChunked,
}

impl<'a> Findings<'a> {
    pub(crate) fn note(&mut self, name: &[u8], value: &'a [u8]) {
        if let Err(fault) = self.judge(name, value) {
            self.fault.get_or_insert(fault);
        }
    }

    fn judge(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), ParseError> {
        // The length tells nearly all other names apart, for the price of one jump.
        let is = |field: &str| name.eq_ignore_ascii_case(field.as_bytes());
        match name.len() {
            4 if is("Host") && self.host.replace(value).is_some() => Err(ParseError::HostRepeated),
            6 if is("Expect") => {
                // RFC 9110 §5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list
                // elements".
                for expectation in elements(value).filter(|expectation| !expectation.is_empty()) {
                    let known = expectation.eq_ignore_ascii_case(b"100-continue");
                    self.expects_continue |= known;
                    self.expects_unknown |= !known;
                }
                Ok(())
            }
            10 if is("Connection") => {
                for option in elements(value) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
                Ok(())
            }
            14 if is("Content-Length") => {
                // RFC 9112 §6.3 allows a list of equal values to pass for one; no honest client sends it.
                match self.length.replace(content_length(value)?) {
                    Some(_) => Err(ParseError::ContentLengthRepeated),
                    None => Ok(()),
                }
            }
            17 if is("Transfer-Encoding") => elements(value).try_for_each(|coding| self.note_coding(coding)),
            _ => Ok(()),
        }
    }

    fn note_coding(&mut self, coding: &[u8]) -> Result<(), ParseError> {
        let chunked = coding.eq_ignore_ascii_case(b"chunked");
        self.coding = match self.coding {
            // RFC 9110 §5.6.1.2 would ignore empty elements. A proxy may judge "chunked," in another way: no.
            _ if coding.is_empty() => return Err(ParseError::TransferEncodingEmpty),
            // RFC 9112 §6.1: "A sender MUST NOT apply the chunked transfer coding more than once to a message
            // body".
            Coding::Chunked | Coding::UnknownThenChunked => return Err(ParseError::ChunkedNotLast),
            Coding::Absent if chunked => Coding::Chunked,
            Coding::Unknown if chunked => Coding::UnknownThenChunked,
            Coding::Absent | Coding::Unknown => Coding::Unknown,
        };
        Ok(())
    }

    /// The value of the Host field, if there is one.
    pub(crate) fn host(&self) -> Option<&'a [u8]> {
        self.host
    }

    /// RFC 9112 §6.3, the cases that a request can meet.
    pub(crate) fn framing(&self, version: Version) -> Result<Framing, ParseError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // ANCHOR: framing
        match (self.coding, self.length) {
            (Coding::Absent, None) => Ok(Framing::None),
            (Coding::Absent, Some(length)) => Ok(Framing::Length(length)),
            // §6.1: "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding
            // header field MUST treat the message as if the framing is faulty, even if a Content-Length is
            // present, and close".
            _ if version == Version::Http10 => Err(ParseError::TransferEncodingInHttp10),
            // §6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding".
            (_, Some(_)) => Err(ParseError::LengthAndCoding),
            (Coding::Chunked, None) => Ok(Framing::Chunked),
            // §6.1: "A server that receives a request message with a transfer coding it does not understand
            // SHOULD respond with 501 (Not Implemented)."
            (Coding::UnknownThenChunked, None) => Err(ParseError::UnknownCoding),
            // §6.3, case 4: "If a Transfer-Encoding header field is present in a request and the chunked
            // transfer coding is not the final encoding, the message body length cannot be determined
            // reliably; the server MUST respond with the 400 (Bad Request) status code and then close the
            // connection."
            (Coding::Unknown, None) => Err(ParseError::ChunkedNotLast),
        }
        // ANCHOR_END: framing
    }

    /// RFC 9112 §9.3: `close` decides, then the version, then `keep-alive`.
    pub(crate) fn keep_alive(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }

    pub(crate) fn expectation(&self, version: Version) -> Expectation {
        // RFC 9110 §10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST
        // ignore that expectation."
        match version {
            Version::Http10 => Expectation::None,
            Version::Http11 if self.expects_unknown => Expectation::Unknown,
            Version::Http11 if self.expects_continue => Expectation::Continue,
            Version::Http11 => Expectation::None,
        }
    }
}

/// RFC 9110 §8.6: `Content-Length = 1*DIGIT`. "a recipient MUST anticipate potentially large decimal numerals
/// and prevent parsing errors due to integer conversion overflows".
fn content_length(value: &[u8]) -> Result<u64, ParseError> {
    if value.is_empty() {
        return Err(ParseError::ContentLength);
    }
    value.iter().try_fold(0u64, |length, &byte| {
        if !byte.is_ascii_digit() {
            return Err(ParseError::ContentLength);
        }
        let shifted = length.checked_mul(10).ok_or(ParseError::ContentLengthOverflow)?;
        shifted.checked_add(u64::from(byte - b'0')).ok_or(ParseError::ContentLengthOverflow)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Version::{Http10, Http11};

    #[test]
    fn rfc_9110_8_6_a_length_is_digits_and_fits() {
        assert_eq!(content_length(b"0"), Ok(0));
        assert_eq!(content_length(b"007"), Ok(7));
        assert_eq!(content_length(b"18446744073709551615"), Ok(u64::MAX));
        for too_large in ["18446744073709551616", "99999999999999999999", "184467440737095516150"] {
            assert_eq!(content_length(too_large.as_bytes()), Err(ParseError::ContentLengthOverflow));
        }
        for bad in ["", "+1", "-1", "1_0", "0x1", "1 0", "1,1", "1.0", "1e3", "\u{ff11}"] {
            assert_eq!(content_length(bad.as_bytes()), Err(ParseError::ContentLength), "{bad:?}");
        }
    }

    #[test]
    fn rfc_9112_6_3_where_a_body_ends() {
        let length = |value| ("content-length", value);
        let coding = |value| ("Transfer-Encoding", value);
        let framing = |version, fields: &[(&str, &'static str)]| {
            let mut findings = Findings::default();
            fields.iter().for_each(|(name, value)| findings.note(name.as_bytes(), value.as_bytes()));
            findings.framing(version)
        };
        assert_eq!(framing(Http11, &[]), Ok(Framing::None));
        assert_eq!(framing(Http10, &[length("5")]), Ok(Framing::Length(5)));
        assert_eq!(framing(Http11, &[coding("chunked")]), Ok(Framing::Chunked));
        let both = [length("5"), coding("chunked")];
        for (version, fields, why) in [
            (Http11, &both[..], ParseError::LengthAndCoding),
            (Http10, &both, ParseError::TransferEncodingInHttp10),
            (Http10, &[coding("chunked")], ParseError::TransferEncodingInHttp10),
            (Http11, &[coding("gzip")], ParseError::ChunkedNotLast),
            (Http11, &[coding("gzip, br")], ParseError::ChunkedNotLast),
            (Http11, &[coding("gzip, chunked")], ParseError::UnknownCoding),
            // The first thing wrong decides.
            (Http11, &[length("x"), coding("chunked")], ParseError::ContentLength),
        ] {
            assert_eq!(framing(version, fields), Err(why), "{version} {fields:?}");
        }
    }

    // Otherwise a field that says nothing of the body or of the connection decides where the next request begins.
    #[test]
    fn rfc_9112_6_3_a_field_with_a_name_of_the_same_length_says_nothing() {
        let mut findings = Findings::default();
        for (name, value) in [
            ("Date", "a.example"),
            ("Cookie", "100-continue"),
            ("User-Agent", "close"),
            ("Accept-Charset", "5"),
            ("If-Modified-Since", "chunked"),
        ] {
            findings.note(name.as_bytes(), value.as_bytes());
        }
        assert_eq!(findings.host(), None);
        assert_eq!(findings.framing(Http11), Ok(Framing::None));
        assert_eq!(findings.expectation(Http11), Expectation::None);
        assert!(findings.keep_alive(Http11));
    }
}
