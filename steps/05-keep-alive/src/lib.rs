//! Rung 05: one connection, many requests.
//!
//! Rung 04 answered one request and closed. Here a connection goes on: the bytes behind a request are the
//! next request, so it must be exact where each one ends. The files, in reading order:
//!
//! - [`Handler`] (`handler.rs`): what a server says to a request.
//! - [`Answer`] (`answer.rs`): how it is said.
//! - [`Http`] (`connection.rs`): the state machine of one connection, all its legal moves in one place.
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
mod limits;
mod page;

pub use answer::{Answer, Content};
pub use body::{BodyDecoder, BodyError, Part};
pub use connection::Http;
pub use handler::{Body, Event, Handler, Next, NoSuccessor};
pub use limits::Limits;
pub use page::{Asset, Page};
