//! Sends a file of bytes in chosen pieces: `make replay FILE=...`.

use std::process::ExitCode;

fn main() -> ExitCode {
    talk::replay()
}
