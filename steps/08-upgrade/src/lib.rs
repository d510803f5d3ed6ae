//! Rung 08: 101 Switching Protocols. A connection that began as HTTP becomes a WebSocket.
//!
//! The files, in reading order:
//! - [`Handshake`] (`handshake.rs`): what RFC 6455 §4.2 asks of the client's request, checked in order, and
//!   the 101.
//! - [`Refusal`] (`refusal.rs`): what may be wrong with it, and the answer that says so.
//! - [`accept_key`] (`accept_key.rs`): the proof that this server knows WebSocket.
//! - `subprotocols.rs`: which language is spoken inside.
//! - [`Extension`] (`extensions.rs`): what the client would change in the protocol itself.
//!
//! Handing over the bytes is HTTP's own business and stands in rung 05: `Next::Switch`.

mod accept_key;
mod extensions;
mod handshake;
mod refusal;
mod subprotocols;

pub use accept_key::accept_key;
pub use extensions::Extension;
pub use handshake::{Handshake, is_asked_for};
pub use refusal::Refusal;
