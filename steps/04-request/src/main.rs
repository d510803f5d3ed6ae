//! Rung 04-request.
fn main() {}
