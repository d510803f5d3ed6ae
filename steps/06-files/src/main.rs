//! Rung 06-files.
fn main() {}
