//! From frames to messages: what RFC 6455 §5.4 to §5.6, §7 and §8.1 add to the frame of rung 09.
//!
//! - [`Assembler`]: bytes in, [`Event`]s out: whole messages, pings, pongs and the Close frame, fragments put
//!   together, control frames let through between them, UTF-8 checked as it comes.
//! - [`Close`] and [`close_code`]: how a connection ends.
//! - [`MessageError`]: what breaks a rule, and the code to close with.
//! - [`WebSocket`]: the connection as the loop of rung 02 runs it, for an [`Application`] on top of it.
//! - [`Unpack`] and [`Pack`]: where an extension plugs in (rung 14).
//! - [`Watch`]: where rate limits and heartbeats plug in (rung 12).

mod application;
mod assembler;
mod bytes;
mod close;
mod connection;
mod error;
mod extension;
mod limits;
#[cfg(test)]
mod linear;
mod message;
mod text;
mod watch;

pub use application::{Application, Socket, encode};
pub use assembler::{Assembler, Event};
pub use close::{Close, close_code};
pub use connection::WebSocket;
pub use error::{MessageError, NotUtf8};
pub use extension::{Pack, Unpack};
pub use limits::Limits;
pub use message::{Message, Payload};
pub use text::as_text;
pub use watch::{Due, Verdict, Watch};
