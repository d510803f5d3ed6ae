//! What may be wrong with a request head.

use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use crate::{ResponseHead, Status};

/// A request that is refused, by its fault. Each knows the status of the answer; its text tells the sender
/// what was wrong and where to read. After each of them it is in doubt where the next request begins: the
/// connection closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseError {
    /// The first byte of a TLS handshake.
    Tls,
    /// More than one empty line before the request line.
    EmptyLines,
    /// Not three parts with one SP between each.
    RequestLine,
    /// The method is not a token.
    MethodToken,
    /// A method that is longer than any.
    MethodTooLong,
    /// The request target is over [`Limits::target`](crate::Limits::target).
    TargetTooLong,
    /// A byte in the target that is not visible ASCII.
    TargetBytes,
    /// `#` in the target.
    TargetFragment,
    /// None of the four forms, or not one that the method may have.
    TargetForm,
    /// The third part of the request line is not `HTTP/d.d`.
    Version,
    /// A major version other than 1.
    VersionNotSupported,
    /// LF without CR.
    BareLf,
    /// CR without LF.
    BareCr,
    /// A control character that no line may hold.
    Control(u8),
    /// White space at the start of a field line.
    Folded,
    /// White space between field name and colon.
    SpaceBeforeColon,
    /// A field line that begins with the colon.
    FieldNameEmpty,
    /// A field name that is not a token.
    FieldName,
    /// A field line without a colon.
    NoColon,
    /// A field line over [`Limits::field_line`](crate::Limits::field_line).
    FieldTooLarge,
    /// More field lines than [`Limits::fields`](crate::Limits::fields).
    TooManyFields,
    /// A head over [`Limits::head`](crate::Limits::head).
    HeadTooLarge,
    /// HTTP/1.1 without Host.
    HostMissing,
    /// Two Host lines.
    HostRepeated,
    /// Host is not `uri-host [ ":" port ]`.
    HostInvalid,
    /// Content-Length is not digits only.
    ContentLength,
    /// Content-Length does not fit into 64 bits.
    ContentLengthOverflow,
    /// Two Content-Length lines.
    ContentLengthRepeated,
    /// Content-Length and Transfer-Encoding in one request.
    LengthAndCoding,
    /// Transfer-Encoding in HTTP/1.0.
    TransferEncodingInHttp10,
    /// An empty element in Transfer-Encoding.
    TransferEncodingEmpty,
    /// A transfer coding other than chunked, before chunked.
    UnknownCoding,
    /// The last transfer coding is not chunked, or it is not the only chunked.
    ChunkedNotLast,
}

impl ParseError {
    /// The status of the answer.
    pub fn status(self) -> Status {
        match self {
            ParseError::TargetTooLong => Status::UriTooLong,
            ParseError::FieldTooLarge | ParseError::TooManyFields | ParseError::HeadTooLarge => {
                Status::RequestHeaderFieldsTooLarge
            }
            ParseError::MethodTooLong | ParseError::UnknownCoding => Status::NotImplemented,
            ParseError::VersionNotSupported => Status::HttpVersionNotSupported,
            _ => Status::BadRequest,
        }
    }

    /// Appends the last answer of the connection to `out`: what was wrong with the head that `bytes` begin with.
    pub fn answer(self, bytes: &[u8], out: &mut Vec<u8>, now: SystemTime) {
        let status = self.status();
        let text = format!("{status}: {self} ({}).\n", self.section());
        let head = ResponseHead::new(out, status, now).field("Connection", "close");
        // RFC 9110 §9.3.2: "the server MUST NOT send content in the response" to HEAD, not even to a bad one.
        match bytes.strip_prefix(b"\r\n").unwrap_or(bytes).starts_with(b"HEAD ") {
            true => head.field("Content-Type", "text/plain; charset=utf-8").length(text.len() as u64),
            false => head.text(&text),
        }
    }

    /// Where the rule stands.
    pub fn section(self) -> &'static str {
        match self {
            ParseError::Tls => "RFC 8446 §5.1",
            ParseError::EmptyLines | ParseError::BareLf | ParseError::BareCr => "RFC 9112 §2.2",
            ParseError::RequestLine | ParseError::MethodTooLong | ParseError::TargetTooLong => "RFC 9112 §3",
            ParseError::MethodToken => "RFC 9110 §9.1",
            ParseError::TargetBytes | ParseError::TargetFragment | ParseError::TargetForm => "RFC 9112 §3.2",
            ParseError::Version => "RFC 9112 §2.3",
            ParseError::VersionNotSupported => "RFC 9110 §2.5",
            ParseError::Control(_) => "RFC 9110 §5.5",
            ParseError::Folded => "RFC 9112 §5.2",
            ParseError::SpaceBeforeColon => "RFC 9112 §5.1",
            ParseError::FieldNameEmpty | ParseError::FieldName => "RFC 9110 §5.1",
            ParseError::NoColon => "RFC 9112 §5",
            ParseError::FieldTooLarge | ParseError::TooManyFields | ParseError::HeadTooLarge => "RFC 6585 §5",
            ParseError::HostMissing | ParseError::HostRepeated | ParseError::HostInvalid => "RFC 9112 §3.2",
            ParseError::ContentLength | ParseError::ContentLengthOverflow => "RFC 9110 §8.6",
            ParseError::ContentLengthRepeated | ParseError::ChunkedNotLast => "RFC 9112 §6.3",
            ParseError::LengthAndCoding
            | ParseError::TransferEncodingInHttp10
            | ParseError::TransferEncodingEmpty
            | ParseError::UnknownCoding => "RFC 9112 §6.1",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            ParseError::Tls => {
                "this is the start of a TLS handshake, but this port speaks plain http:// and ws://"
            }
            ParseError::EmptyLines => "only one empty line may come before the request line",
            ParseError::RequestLine => {
                "the request line is not method, target and version with one space between each"
            }
            ParseError::MethodToken => "the method holds a character that no token may hold",
            ParseError::MethodTooLong => "the method is longer than any that is known here",
            ParseError::TargetTooLong => "the request target is too long",
            ParseError::TargetBytes => {
                "the request target holds a byte that is not visible ASCII; percent-encode it"
            }
            ParseError::TargetFragment => {
                "the request target holds a fragment (#), which a client keeps to itself"
            }
            ParseError::TargetForm => "the request target has a form that this method may not have",
            ParseError::Version => "the version is not HTTP/, a digit, a dot and a digit",
            ParseError::VersionNotSupported => "only HTTP/1.x is spoken here",
            ParseError::BareLf => "a line ends with LF alone; it must end with CRLF",
            ParseError::BareCr => "a CR is not followed by LF",
            ParseError::Control(byte) => {
                return write!(f, "the head holds the control character 0x{byte:02x}");
            }
            ParseError::Folded => "a field line begins with white space: lines are not continued any more",
            ParseError::SpaceBeforeColon => "there is white space between a field name and its colon",
            ParseError::FieldNameEmpty => "a field line has no name before its colon",
            ParseError::FieldName => "a field name holds a character that no token may hold",
            ParseError::NoColon => "a field line has no colon",
            ParseError::FieldTooLarge => "a field line is too long",
            ParseError::TooManyFields => "there are too many field lines",
            ParseError::HeadTooLarge => "the request line and the fields together are too long",
            ParseError::HostMissing => "an HTTP/1.1 request must have a Host field",
            ParseError::HostRepeated => "there is more than one Host field",
            ParseError::HostInvalid => "the Host field is not a host and perhaps a port",
            ParseError::ContentLength => "Content-Length must be digits only",
            ParseError::ContentLengthOverflow => "Content-Length is too large to count",
            ParseError::ContentLengthRepeated => "there is more than one Content-Length field",
            ParseError::LengthAndCoding => "Content-Length and Transfer-Encoding contradict each other",
            ParseError::TransferEncodingInHttp10 => "HTTP/1.0 has no Transfer-Encoding",
            ParseError::TransferEncodingEmpty => "Transfer-Encoding has an empty element",
            ParseError::UnknownCoding => "the only transfer coding known here is chunked",
            ParseError::ChunkedNotLast => "chunked must be the last transfer coding, once",
        };
        f.write_str(why)
    }
}

impl Error for ParseError {}
