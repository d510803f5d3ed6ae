//! Rung 01: the six calls behind every TCP server, blocking, one client at a time.
//!
//! The files, in reading order:
//! - [`calls`]: `socket`, `bind`, `listen`, `accept`, `recv`, `send`, and what the standard library hides about each.
//! - [`kernel`]: what the kernel says about its sockets, so that one can see who waits.
//! - [`listen`]: the first three in a row, as every later rung starts.
//! - [`program`]: what every rung's binary shares: arguments, environment, log, exit code.

pub mod calls;
pub mod kernel;
mod listener;
mod program;
mod settings;

pub use listener::{explain, listen};
pub use program::{Arguments, Failure, Misuse, Usage, announce, program};
pub use settings::{milliseconds, setting};
