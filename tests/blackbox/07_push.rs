//! What rung 07 promises any client: steps/07-push/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("07-push", harness::tests![starts_and_stops])
}
