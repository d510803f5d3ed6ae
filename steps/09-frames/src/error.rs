//! What can be wrong with a frame, and what to tell the peer.

use std::fmt;

use crate::Opcode;

/// A frame that breaks a rule of RFC 6455 §5. The connection cannot go on: where the next frame would
/// begin is no longer certain, or no longer worth knowing. Send a Close frame with [`close_code`], then
/// close.
///
/// [`close_code`]: FrameError::close_code
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// An opcode that no standard defines, 3 to 7 or 11 to 15 (§5.2).
    ReservedOpcode(u8),
    /// A Close, Ping or Pong frame without FIN (§5.5).
    FragmentedControl(Opcode),
    /// A Close, Ping or Pong frame whose length field says more than 125 bytes (§5.5).
    LongControl(Opcode),
    /// A length in 16 or 64 bits that would have fitted into fewer (§5.2).
    LengthNotMinimal(u64),
    /// A 64-bit length with its top bit set (§5.2).
    LengthTopBit(u64),
    /// A frame to the server without a masking key (§5.1).
    Unmasked,
    /// A frame to the client with a masking key (§5.1).
    Masked,
}

impl FrameError {
    /// The status code of the Close frame to answer with: always 1002, protocol error (§7.4.1).
    pub fn close_code(&self) -> u16 {
        1002
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedOpcode(opcode) => write!(f, "opcode {opcode:#x} is reserved (RFC 6455 §5.2)"),
            Self::FragmentedControl(opcode) => {
                write!(f, "a {opcode} frame must not be fragmented, FIN must be 1 (RFC 6455 §5.5)")
            }
            Self::LongControl(opcode) => {
                write!(f, "a {opcode} frame must not be longer than 125 bytes (RFC 6455 §5.5)")
            }
            Self::LengthNotMinimal(length) => {
                write!(f, "a payload of {length} bytes must use the shortest length field (RFC 6455 §5.2)")
            }
            Self::LengthTopBit(length) => {
                write!(f, "the top bit of the 64-bit length {length:#018x} must be 0 (RFC 6455 §5.2)")
            }
            Self::Unmasked => write!(f, "a frame from a client must be masked (RFC 6455 §5.1)"),
            Self::Masked => write!(f, "a frame from a server must not be masked (RFC 6455 §5.1)"),
        }
    }
}

impl std::error::Error for FrameError {}
