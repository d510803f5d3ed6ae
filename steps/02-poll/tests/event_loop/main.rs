//! The whole loop, on real sockets, with protocols of a few lines.
//!
//! Nothing here sleeps to let something happen: each test waits, a bounded time, for what must come.

mod closing;
mod connecting;
mod reading;
mod sending;
mod stage;
mod stopping;
mod streams;
mod timing;
