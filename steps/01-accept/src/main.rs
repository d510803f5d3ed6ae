//! Rung 01-accept.
fn main() {}
