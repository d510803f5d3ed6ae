//! What rung 05 promises any client: steps/05-keep-alive/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("05-keep-alive", harness::tests![starts_and_stops])
}
