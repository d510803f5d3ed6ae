//! What rung 10 promises any client: steps/10-messages/CONTRACT.md.

use std::process::ExitCode;

use harness::starts_and_stops;

fn main() -> ExitCode {
    harness::suite("10-messages", harness::tests![starts_and_stops])
}
