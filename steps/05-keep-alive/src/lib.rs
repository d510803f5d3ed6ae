//! Rung 05: one connection, many requests.
//!
//! Rung 04 answered one request and closed. Here a connection goes on: the bytes behind a request are the
//! next request, so it must be exact where each one ends. The files, in reading order:
//!
//! - [`Handler`] (`handler.rs`): what a server says to a request.
//! - [`Answer`] (`answer.rs`): how it is said.
//! - [`Http`] (`http.rs`, `connection.rs`): a connection until 101 and behind it; its state machine, all legal moves in
//!   one place.
//! - `for_all.rs`: what is answered alike everywhere.
//! - [`BodyDecoder`] (`body.rs`, `chunked.rs`): where a body ends.
//! - [`Limits`] (`limits.rs`): how much, how long.
//! - [`Page`] (`page.rs`): the browser page that a rung carries with it, and its [`Asset`]s.

mod answer;
mod body;
mod chunked;
mod connection;
mod for_all;
mod handler;
mod http;
mod limits;
mod page;

pub use answer::{Answer, Content};
pub use body::{BodyDecoder, BodyError, Part};
pub use handler::{Body, Event, Handler, Next, NoSuccessor};
pub use http::Http;
pub use limits::Limits;
pub use page::{Asset, Page};
