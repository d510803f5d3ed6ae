//! Rung 05-keep-alive.
fn main() {}
