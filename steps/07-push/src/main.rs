//! Rung 07-push.
fn main() {}
