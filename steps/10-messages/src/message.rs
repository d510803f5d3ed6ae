//! A message: what an application sends and receives.

use std::borrow::Cow;

use frames::Opcode;

/// A message, as RFC 6455 §5.6 knows two kinds. Borrowed: it came whole and is lent from the read buffer.
/// Owned: it came in parts and was collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// UTF-8, checked.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Message<'a> {
    /// The opcode of the message's first frame.
    pub fn opcode(&self) -> Opcode {
        match self {
            Message::Text(_) => Opcode::Text,
            Message::Binary(_) => Opcode::Binary,
        }
    }

    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// The payload; uncopied when it was collected.
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        match self {
            Message::Text(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
            Message::Text(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
            Message::Binary(bytes) => bytes,
        }
    }
}
