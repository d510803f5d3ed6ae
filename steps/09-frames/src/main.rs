//! Rung 09-frames.
fn main() {}
