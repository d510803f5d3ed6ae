//! A chat in the browser.

use std::process::ExitCode;

use accept::Usage;
use rooms::{Chat, Limits, SITE};

const USAGE: Usage = Usage {
    text: "A chat with rooms. Open it in two browser tabs, or talk to it by hand:\n\
           \n\
           websocat ws://127.0.0.1:8080/chat\n\
           {\"type\":\"join\",\"name\":\"Ada\"}\n\
           {\"type\":\"say\",\"text\":\"Hello\"}\n\
           \n\
           Environment: MAX_NAME (characters, 24), MAX_TEXT (characters, 2000), HISTORY (messages, 50), MAX_ROOMS (100),\n\
           TYPING_MS (4 s), SLOW_READER (disconnect, disconnect:1013, drop-newest or coalesce), MAX_MESSAGE (bytes,\n\
           64 KiB), CLOSE_TIMEOUT_MS (10 s), MAX_PENDING (bytes, 64 KiB), MAX_QUEUE (bytes, 1 MiB), MAX_HEAD,\n\
           MAX_TARGET, MAX_FIELD (bytes), MAX_FIELDS, HEAD_TIMEOUT_MS, IDLE_TIMEOUT_MS",
    switches: &[],
    values: &[],
};

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let chat = Chat::new(Limits::from_environment()?);
        SITE.serve(arguments.listen, chat)
    })
}
