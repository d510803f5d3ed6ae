//! What rung 08 promises any client: steps/08-upgrade/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("08-upgrade", harness::tests![starts_and_stops])
}
