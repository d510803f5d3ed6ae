//! Where an extension plugs in (RFC 6455 §9). Without one, `()` stands in both places and costs nothing.

use frames::{Opcode, Rsv};

use crate::{MessageError, Payload};

/// The reading half of an extension: turns payload as it stood on the wire into what the peer meant.
///
/// Two traits and not one, because a message that is being read borrows the first while the answer is
/// written with the second.
pub trait Unpack {
    /// The reserved bits that, on the first frame of a message, say that the message is packed. Any other
    /// reserved bit, on any frame, is an error.
    fn rsv(&self) -> Rsv;

    /// Unpacks one piece of a packed message and hands the result to `sink`, in parts of any size. `last`:
    /// the message ends with this piece. An error of `sink` (too big, not UTF-8) is to be passed on at once,
    /// so that a small payload which unpacks to a huge one costs no more than the limit.
    ///
    /// # Errors
    /// [`MessageError::CannotUnpack`], or what `sink` returned.
    fn unpack(
        &mut self,
        payload: &[u8],
        last: bool,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), MessageError>,
    ) -> Result<(), MessageError>;
}

/// The writing half.
pub trait Pack {
    /// Itself, if there is anything to do. Without an extension there is not, and what is sent takes the short way.
    fn active(&mut self) -> Option<&mut dyn Pack>
    where
        Self: Sized,
    {
        Some(self)
    }

    /// What the payload of a message becomes on the wire, and the reserved bits that say so.
    fn pack<'a>(&'a mut self, opcode: Opcode, payload: Payload<'a>) -> (Rsv, Payload<'a>);
}

impl Unpack for () {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn unpack(
        &mut self,
        payload: &[u8],
        _last: bool,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), MessageError>,
    ) -> Result<(), MessageError> {
        sink(payload)
    }
}

impl Pack for () {
    fn active(&mut self) -> Option<&mut dyn Pack> {
        None
    }

    fn pack<'a>(&'a mut self, _opcode: Opcode, payload: Payload<'a>) -> (Rsv, Payload<'a>) {
        (Rsv::NONE, payload)
    }
}
