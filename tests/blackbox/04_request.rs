//! What rung 04 promises any client: steps/04-request/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("04-request", harness::tests![starts_and_stops])
}
