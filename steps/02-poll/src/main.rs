//! Rung 02-poll.
fn main() {}
