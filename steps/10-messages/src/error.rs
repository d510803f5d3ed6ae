//! What can be wrong with a message, and what to tell the peer.

use std::fmt;

use frames::{FrameError, Opcode, Rsv};

use crate::close_code;

/// What makes an endpoint _Fail the WebSocket Connection_ (RFC 6455 §7.1.7): send a Close frame with
/// [`close_code`](MessageError::close_code), read no further, close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageError {
    /// A frame that is wrong by itself (rung 09).
    Frame(FrameError),
    /// A reserved bit that no negotiated extension gives a meaning on this frame (§5.2).
    Reserved(Opcode, Rsv),
    /// A continuation frame, and no message to continue (§5.4).
    NothingToContinue,
    /// A Text or Binary frame while the last message lacks its end (§5.4).
    MessageInsideMessage(Opcode),
    /// The frames of the message so far declare more bytes than the limit.
    TooBig {
        /// Bytes declared, or unpacked.
        length: u64,
        /// Bytes allowed.
        limit: usize,
    },
    /// A text message that is not UTF-8 (§8.1).
    NotUtf8,
    /// A Close payload of one byte: half a code (§5.5.1).
    HalfCloseCode,
    /// A close code that must not appear on the wire (§7.4).
    CloseCode(u16),
    /// A close reason that is not UTF-8 (§5.5.1).
    CloseReasonNotUtf8,
    /// A payload that the negotiated extension cannot unpack; the text is the extension's.
    CannotUnpack(&'static str),
}

impl MessageError {
    /// The status code of the Close frame to send (§7.4.1).
    pub fn close_code(&self) -> u16 {
        match self {
            Self::Frame(error) => error.close_code(),
            Self::Reserved(..)
            | Self::NothingToContinue
            | Self::MessageInsideMessage(_)
            | Self::HalfCloseCode
            | Self::CloseCode(_) => close_code::PROTOCOL_ERROR,
            // "received data within a message that was not consistent with the type of the message"
            Self::NotUtf8 | Self::CloseReasonNotUtf8 | Self::CannotUnpack(_) => close_code::INVALID_DATA,
            Self::TooBig { .. } => close_code::TOO_BIG,
        }
    }
}

/// Bytes that are not UTF-8. It says nothing else, so a message or this is as large as a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUtf8;

impl fmt::Display for NotUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not UTF-8")
    }
}

impl std::error::Error for NotUtf8 {}

impl From<NotUtf8> for MessageError {
    fn from(NotUtf8: NotUtf8) -> MessageError {
        MessageError::NotUtf8
    }
}

impl From<FrameError> for MessageError {
    fn from(error: FrameError) -> MessageError {
        MessageError::Frame(error)
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => error.fmt(f),
            Self::Reserved(opcode, rsv) => {
                write!(f, "RSV {rsv} on a {opcode} frame, and no extension for it (RFC 6455 §5.2)")
            }
            Self::NothingToContinue => {
                write!(f, "a continuation frame, but no message has begun (RFC 6455 §5.4)")
            }
            Self::MessageInsideMessage(opcode) => {
                write!(f, "a {opcode} frame inside a fragmented message (RFC 6455 §5.4)")
            }
            Self::TooBig { length, limit } => {
                write!(f, "a message of {length} bytes or more, {limit} are allowed (RFC 6455 §7.4.1)")
            }
            Self::NotUtf8 => write!(f, "a text message that is not UTF-8 (RFC 6455 §8.1)"),
            Self::HalfCloseCode => {
                write!(f, "a close payload of one byte, a code has two (RFC 6455 §5.5.1)")
            }
            Self::CloseCode(code) => write!(f, "close code {code} must not be sent (RFC 6455 §7.4)"),
            Self::CloseReasonNotUtf8 => write!(f, "a close reason that is not UTF-8 (RFC 6455 §5.5.1)"),
            Self::CannotUnpack(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for MessageError {}
