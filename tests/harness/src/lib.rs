//! The black-box tests' vocabulary: start a rung, or any program, and talk to it over real sockets.
//!
//! A test tells a story: a server starts, alice connects, she sends, she receives. Each step is remembered,
//! and a test that fails prints them, with what was expected, what came and a caret under the first wrong
//! byte, and then what the student needs: the likely cause, where to read, and a line to try by hand.
//!
//! # A suite
//!
//! One file per rung, `tests/blackbox/05_keep_alive.rs`, named in `tests/blackbox/Cargo.toml` as a `[[test]]`
//! with `harness = false`. The list in `main` is the teaching order: results come in it, whatever ran in
//! parallel, and `FAIL_FAST=1` stops at the first failure.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use std::time::Duration;
//!
//! use harness::{Lesson, Story, starts_and_stops, tests};
//!
//! fn main() -> ExitCode {
//!     harness::suite("05-keep-alive", tests![
//!         starts_and_stops,
//!         pipelined_requests_are_answered_in_order,
//!         slow(60, an_idle_connection_is_closed),
//!     ])
//! }
//!
//! fn pipelined_requests_are_answered_in_order(story: &Story) {
//!     story.teaches(Lesson {
//!         why: "The second request came in the same packet. You dropped what stood behind the first: keep it, \
//!               and parse again as soon as the first answer is done.",
//!         read: "RFC 9112 §9.3.2, notes/05-keep-alive.md",
//!         hand: r"printf 'GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
//!     });
//!     let server = story.server();
//!     let mut alice = story.client("alice", &server);
//!     alice.sends("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2");
//!     alice.receives_response().has_status(200).has_body("1");
//!     alice.receives_response().has_status(200).has_body("2");
//! }
//!
//! fn an_idle_connection_is_closed(story: &Story) {
//!     let server = story.server_with(|setup| setup.env("IDLE_TIMEOUT_MS", 200));
//!     let mut alice = story.client("alice", &server);
//!     alice.gets("/").has_status(200);
//!     alice.within(Duration::from_secs(1)).receives_end();
//! }
//! ```
//!
//! Run it: `cargo test --test 05-keep-alive [FILTER]`. With `SERVER='python3 server.py'` that
//! program is tested instead of our rung. It listens on `127.0.0.1:$PORT`.
//!
//! # Rules
//!
//! - No sleeping. Wait for what must come (`receives_*`, `log_contains_eventually`), with a deadline, or expect
//!   silence for a while (`receives_nothing_for`). Shorten the server's own times by its environment variables.
//! - A test fails by the vocabulary (`receives_*`, `has_*`, `story.expects`), not by `assert!`: a panic is
//!   caught and told with its story too, but it has nothing to show.
//! - Only what CONTRACT.md promises is tested, so that a server in any language can pass.
//! - A failure of one server in the background is a failure of the test: one that exits by itself, or has
//!   "panicked at" in its output.
//! - A stub server of a test reads the whole request before it closes; else the kernel sends RST and the test
//!   fails now and then.

mod cargo;
mod client;
mod common;
pub mod frame;
mod http;
mod launch;
mod options;
mod other;
mod process;
mod program;
mod receive;
mod send;
mod server;
pub mod show;
mod story;
mod suite;
#[cfg(test)]
mod tests;
pub mod ws;

pub use cargo::{binary, is_rung};
pub use client::{Client, Ending, PATIENCE};
pub use common::{starts_and_stops, traced_writes};
pub use frame::Frame;
pub use http::Response;
pub use launch::Setup;
pub use program::{Program, Ran, Running};
pub use server::Server;
pub use story::{Lesson, Story};
pub use suite::{LIMIT, Test, raise_descriptor_limit, suite};
pub use ws::WebSocket;
