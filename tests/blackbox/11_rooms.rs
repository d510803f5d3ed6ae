//! What rung 11 promises any client: steps/11-rooms/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("11-rooms", harness::tests![starts_and_stops])
}
