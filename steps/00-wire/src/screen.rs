//! The terminal that the picture goes to, or the pipe.

use std::io::{self, IsTerminal, Write};

use crate::arguments::{Failure, NobodyReads};

/// How wide a picture may be where nobody says.
const WIDTH: usize = 100;

/// The width of the terminal; of a pipe or file the one in `COLUMNS`.
pub fn width() -> usize {
    let stdout = io::stdout();
    let columns = if stdout.is_terminal() {
        rustix::termios::tcgetwinsize(&stdout).ok().map(|size| usize::from(size.ws_col))
    } else {
        std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok())
    };
    // Some terminals say 0.
    columns.filter(|columns| *columns > 0).unwrap_or(WIDTH)
}

/// Prints at once, also into a pipe: the picture is live.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        other => Ok(other?),
    }
}
