//! What rung 09 promises any client: steps/09-frames/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("09-frames", harness::tests![starts_and_stops])
}
