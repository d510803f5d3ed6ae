//! What rung 02 promises any client: steps/02-poll/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("02-poll", harness::tests![starts_and_stops])
}
