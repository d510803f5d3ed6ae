//! Rung 03: a chat for nc, in lines.

mod chat;
mod command;
mod room;

use std::process::ExitCode;

use accept::{Usage, program, setting};

use chat::Chat;
use room::Room;

/// How many bytes a line may have where `MAX_LINE` is not set. IRC allows 510 (RFC 2812 §2.3), SMTP 998
/// (RFC 5321 §4.5.3.1.6), both without CRLF.
const MAX_LINE: usize = 1024;

const USAGE: Usage = Usage {
    text: "\
A chat in lines. Start `nc 127.0.0.1 8080` in several terminals and type.

  /nick NAME           be called so
  /who                 who is here
  /say TEXT            say TEXT, also when it begins with a slash
  /quit                leave
  anything else        is said to all others

Environment of this rung:
  MAX_LINE             bytes in a line, 1024; a longer one ends the connection
  MAX_PENDING          bytes waiting for one reader, 64 KiB; above it, those who talk slow down
  MAX_QUEUE            bytes waiting for one reader, 1 MiB; above it, the reader has to go
  FLUSH_TIMEOUT_MS, LINGER_TIMEOUT_MS, STOP_TIMEOUT_MS
                       how long a goodbye may take: 60000, 2000, 5000",
    switches: &[],
    values: &[],
};

fn main() -> ExitCode {
    program(&USAGE, |arguments| {
        let room = Room::new(setting("MAX_LINE", MAX_LINE)?);
        poll::serve::<Chat>("tcp", arguments.listen, |_| room)
    })
}
