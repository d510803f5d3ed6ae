//! Rung 04: bytes become an HTTP/1.1 request, parsed by hand, and a response becomes bytes.
//!
//! Nothing here reads a socket or a clock: bytes and times come in as arguments, so every case is a plain
//! test.
//!
//! The files, in reading order:
//! - [`Request`] (`request.rs`): the whole parse, top to bottom, stateless, without a copy and without
//!   allocation.
//! - [`line`]: cutting lines at CRLF, the one place that knows "not all bytes are here yet".
//! - `start.rs`: the request line, its [`Method`] and its [`Version`]; `target.rs`: the four forms of a
//!   [`Target`]; `host.rs`: what a host may look like.
//! - `fields.rs`: one [`Field`] line, and walking over all of them.
//! - `framing.rs`: the few fields that decide where this request ends, judged in one place.
//! - `usual.rs`: the lines that nearly every request has, read in one pass.
//! - `arrival.rs`: a head that comes in pieces is searched once, not again and again.
//! - [`ParseError`] (`error.rs`), [`Limits`] (`limits.rs`), `classes.rs`: what may go wrong, how much is too
//!   much, which byte is allowed where.
//! - [`ResponseHead`] (`response.rs`), [`Status`] (`status.rs`), `date.rs`: the answer.

mod arrival;
mod classes;
mod date;
mod error;
mod fields;
mod framing;
mod host;
mod limits;
pub mod line;
mod request;
mod response;
mod start;
mod status;
mod target;
mod usual;

pub use arrival::Arrival;
pub use classes::is_token;
pub use error::ParseError;
pub use fields::{Field, Fields, elements};
pub use framing::{Expectation, Framing};
pub use limits::Limits;
pub use request::Request;
pub use response::{Lines, ResponseHead};
pub use start::{Method, Version};
pub use status::Status;
pub use target::Target;
