//! In small.
fn main() {}
