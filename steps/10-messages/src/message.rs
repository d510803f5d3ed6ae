//! A message: what an application sends and receives.

use std::borrow::Cow;
use std::ops::Deref;

use frames::Opcode;
use poll::Buffer;

/// A message, as RFC 6455 §5.6 knows two kinds. Borrowed: it came whole and is lent from the read buffer.
/// Owned: it came in parts and was collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// UTF-8, checked.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Payload<'a>),
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
    pub fn into_payload(self) -> Payload<'a> {
        match self {
            Message::Text(Cow::Borrowed(text)) => Payload::Borrowed(text.as_bytes()),
            Message::Text(Cow::Owned(text)) => Payload::Owned(text.into_bytes().into()),
            Message::Binary(bytes) => bytes,
        }
    }
}

/// The bytes of a message: as a `Cow<[u8]>`, but what is owned stands where the kernel copies it fast.
#[derive(Debug, Clone)]
pub enum Payload<'a> {
    /// In the read buffer.
    Borrowed(&'a [u8]),
    /// Collected.
    Owned(Buffer),
}

impl Payload<'_> {
    /// The same, with bytes of its own.
    pub fn into_owned(self) -> Payload<'static> {
        match self {
            Payload::Borrowed(bytes) => Payload::Owned(bytes.to_vec().into()),
            Payload::Owned(buffer) => Payload::Owned(buffer),
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Payload::Borrowed(bytes) => bytes,
            Payload::Owned(buffer) => buffer,
        }
    }
}

impl PartialEq for Payload<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload<'_> {}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Payload::Borrowed(bytes)
    }
}

impl From<Vec<u8>> for Payload<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Payload::Owned(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever compares two messages asks what they say, and not who owns the bytes.
    #[test]
    fn payloads_are_equal_by_their_bytes() {
        let lent = Payload::Borrowed(b"same");
        assert_eq!(lent, Payload::Borrowed(b"same").into_owned());
        assert_ne!(lent, Payload::Borrowed(b"some"));
    }
}
