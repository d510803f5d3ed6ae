//! From frames to messages: what RFC 6455 §5.4 to §5.6, §7 and §8.1 add to the frame of rung 09.
//!
//! - [`Assembler`]: bytes in, [`Event`]s out: whole messages, pings, pongs and the Close frame, fragments put
//!   together, control frames let through between them, UTF-8 checked as it comes.
//! - [`Close`] and [`close_code`]: how a connection ends.
//! - [`MessageError`]: what breaks a rule, and the code to close with.
//! - [`Unpack`] and [`Pack`]: where an extension plugs in (rung 14).

mod assembler;
mod close;
mod error;
mod extension;
mod message;
mod text;

pub use assembler::{Assembler, Event};
pub use close::{Close, close_code};
pub use error::MessageError;
pub use extension::{Pack, Unpack};
pub use message::Message;
