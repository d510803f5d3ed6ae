//! Rung 08-upgrade.
fn main() {}
