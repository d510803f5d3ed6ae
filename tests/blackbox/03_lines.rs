//! What rung 03 promises any client: steps/03-lines/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("03-lines", harness::tests![starts_and_stops])
}
