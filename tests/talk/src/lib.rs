//! Two clients to play with by hand.
//!
//! [`talk`] speaks WebSocket, HTTP or plain bytes, shows all that passes with its fields, and sends what a browser
//! cannot. [`replay`] sends a file of bytes in chosen pieces, with chosen pauses. `notes/talk.md` shows both.
//!
//! The files, in reading order:
//! - `address.rs`, `options.rs`: whom to talk to, and how.
//! - `command.rs` (frames), `typed.rs` (HTTP), `bytes.rs`: what can be typed.
//! - `screen.rs`: how it looks.
//! - `handshake.rs`, `response.rs`, `flow.rs`, `websocket.rs`: what is spoken, each part without a socket.
//! - `conversation.rs`, `world.rs`: the two halves that the loop of rung 02 runs.
//! - `script.rs`, `replay_options.rs`, `replay.rs`: a file of bytes.

mod address;
mod bytes;
mod command;
mod conversation;
mod flow;
mod handshake;
mod options;
mod replay;
mod replay_options;
mod response;
mod screen;
mod script;
mod typed;
mod websocket;
mod world;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use lexopt::Parser;
use poll::{EventLoop, Limits};

use conversation::Conversation;
use options::Options;
use screen::Screen;
use world::Talk;

/// The program `talk`. The exit code: `talk --help` says.
pub fn talk() -> ExitCode {
    program("talk", Options::read(Parser::from_env()), run)
}

/// The program `replay`. The exit code: `replay --help` says.
pub fn replay() -> ExitCode {
    program("replay", replay_options::Options::read(Parser::from_env()), |options| {
        let well = replay::replay(&options, &mut screen())?;
        Ok(u8::from(!well))
    })
}

/// What both have in common: help, a wrong command line, a failure, each said in one line.
fn program<O>(
    name: &str,
    options: Result<Result<O, &'static str>, String>,
    run: impl FnOnce(O) -> Result<u8, String>,
) -> ExitCode {
    // Nobody may be reading (`--help | head -1`), and `println!` would panic.
    let says = |mut to: Box<dyn Write>, text: &str| drop(to.write_all(text.as_bytes()));
    match options {
        Ok(Ok(options)) => match run(options) {
            Ok(code) => ExitCode::from(code),
            Err(why) => {
                says(Box::new(io::stderr()), &format!("{name}: {why}\n"));
                ExitCode::FAILURE
            }
        },
        Ok(Err(text)) => {
            says(Box::new(io::stdout()), text);
            ExitCode::SUCCESS
        }
        Err(why) => {
            says(Box::new(io::stderr()), &format!("{name}: {why}\n"));
            ExitCode::from(2)
        }
    }
}

fn run(options: Options) -> Result<u8, String> {
    let limits = Limits {
        // What we send must not keep us from reading: an echo server would wait for us, and we for it.
        pending: u64::MAX,
        queue: u64::MAX,
        connect_timeout: options.patience.max(Duration::from_millis(1)),
        flush_timeout: options.patience,
        linger_timeout: Duration::from_millis(200),
        stop_timeout: options.patience + Duration::from_secs(1),
    };
    let told = |error: io::Error| error.to_string();
    let mut event_loop = EventLoop::<Conversation>::plain(limits).map_err(told)?;
    let handle = event_loop.handle();
    handle.stop_on_signals().map_err(told)?;
    let mut talk = Talk::new(options, screen(), handle, io::stdin().is_terminal())?;
    event_loop.run(&mut talk).map_err(told)?;
    Ok(talk.exit_code())
}

/// stdout, in colour where that is wanted (<https://no-color.org>).
fn screen() -> Screen {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Screen::new(Box::new(io::stdout()), io::stdout().is_terminal() && !plain)
}
