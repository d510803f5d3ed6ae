//! Rung 10-messages.
fn main() {}
