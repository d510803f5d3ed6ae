//! Rung 11-rooms.
fn main() {}
