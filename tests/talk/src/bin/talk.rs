//! A client to play with by hand: `make talk`.

use std::process::ExitCode;

fn main() -> ExitCode {
    talk::talk()
}
