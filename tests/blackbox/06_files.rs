//! What rung 06 promises any client: steps/06-files/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("06-files", harness::tests![starts_and_stops])
}
