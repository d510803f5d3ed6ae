//! Rung 03-lines.
fn main() {}
