//! The WebSocket frame: what stands on the wire once the handshake of rung 08 is over (RFC 6455 §5.2).
//!
//! ```text
//!   0               1               2               3
//!   0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
//!  +-+-+-+-+-------+-+-------------+-------------------------------+
//!  |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
//!  |I|S|S|S|  (4)  |A|     (7)     |            (16/64)            |
//!  |N|V|V|V|       |S|             |  (if payload len is 126/127)  |
//!  | |1|2|3|       |K|             |                               |
//!  +-+-+-+-+-------+-+-------------+- - - - - - - - - - - - - - - -+
//!  |     Extended payload length continued, if payload len is 127  |
//!  + - - - - - - - - - - - - - - - +-------------------------------+
//!  |                               |  Masking-key, if MASK is 1    |
//!  +-------------------------------+-------------------------------+
//!  |     Masking-key (continued)   |          Payload Data         |
//!  +-------------------------------+ - - - - - - - - - - - - - - - +
//! ```
//!
//! Nothing here touches a socket: [`Decoder`] takes bytes and gives [`Piece`]s, [`write_frame`] appends
//! bytes to a buffer. A frame that breaks a rule of §5 is a [`FrameError`], which knows its close code.
//! Two rules are left to rung 10, which knows what a message is and what was negotiated: whether an RSV
//! bit may be set (§5.2), and in which order fragments may come (§5.4).

mod decoder;
mod describe;
mod error;
mod header;
mod mask;

pub use decoder::{Decoder, Piece, Role};
pub use describe::{Field, describe};
pub use error::FrameError;
pub use header::{Header, MAX_HEADER, Opcode, Rsv, write_frame};
pub use mask::mask;
