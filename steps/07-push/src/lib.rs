//! Rung 07: real time on plain HTTP: responses that come later.
//!
//! HTTP knows only questions and answers, and a chat must tell what nobody asked for. Three ways around that,
//! which share one room and one history. The files, in reading order:
//!
//! - [`History`] (`history.rs`): the last messages, with ids. Who says what it saw last gets the rest.
//! - [`short_poll`]: ask again and again.
//! - [`LongPoll`] (`long_poll.rs`): ask once; the answer comes when there is one.
//! - [`EventStream`] (`event_stream.rs`): ask once; the answer never ends (Server-Sent Events).
//! - [`Room`] (`room.rs`): who waits, and how a new message reaches them.
//! - [`Counters`] (`counters.rs`): what each way costs.
//! - [`Said`] (`said.rs`): what a client may say.
//! - [`Limits`] (`limits.rs`): how much, how long.

mod counters;
mod event_stream;
mod history;
mod limits;
mod long_poll;
mod room;
mod said;
pub mod short_poll;

pub use counters::{Counters, Way};
pub use event_stream::{EventStream, write_comment, write_event, write_retry};
pub use history::{History, Message};
pub use limits::Limits;
pub use long_poll::LongPoll;
pub use room::{Room, Step};
pub use said::{Said, SayError};
