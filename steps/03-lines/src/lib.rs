//! Rung 03: messages are cut out of a byte stream; here each is a line.
//!
//! - [`Decoder`]: bytes in, whole lines out, with a limit. It knows nothing of sockets.
//! - [`printable`]: what a stranger sent, made fit for other people's terminals.
//!
//! The program is a chat for `nc`: `main.rs`, then `chat.rs` (one connection), `command.rs` (what a line may ask for)
//! and `room.rs` (what all connections share).

mod decoder;
mod text;

pub use decoder::{Decoder, TooLong};
pub use text::printable;
