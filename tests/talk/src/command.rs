//! What can be typed once frames are spoken, and what it does.

use std::time::Duration;

use harness::Frame;
use harness::frame::{BINARY, CLOSE, CONTINUATION, Length, PING, PONG, TEXT};

use crate::bytes;

/// One line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// These frames, in one write.
    Frames(Vec<Frame>),
    /// These bytes.
    Bytes(Vec<u8>),
    /// The first half of this frame now, the rest with `/rest`.
    Half(Frame),
    Rest,
    Repeat(usize, Box<Command>),
    /// One more line of a request head.
    Line(String),
    /// The request head that was typed; with the empty line that ends it, or as it stands.
    Send {
        end: bool,
    },
    /// Whether Pings and Close frames are left unanswered.
    Quiet(bool),
    /// Whether each frame is drawn bit by bit.
    Bits(bool),
    /// The next line waits until something comes, at most so long.
    Wait(Duration),
    End,
    Reset,
    Quit,
    Help,
}

/// What `/help` shows.
pub(crate) const HELP: &str = "\
hello                       a text message; /text /hello where it begins with a slash
/json {\"type\":\"typing\"}     a text message, checked to be JSON
/binary 00 ff \"abc\"         a binary message: hex, and text in quotes
/ping [TEXT]  /pong [TEXT]  a control frame; a Ping is answered by a Pong with the same text
/close [CODE [REASON]]      the close handshake: /close 1000 bye
/fragment a | b | c         one message in three frames; /fragment a | /ping x | b puts a Ping in between
What a browser cannot send:
/unmasked TEXT              a frame without its mask, which §5.1 forbids to clients
/half TEXT                  the first half of a frame; /rest sends the other half
/frame FIELD=VALUE ...      any frame, right or wrong: fin=0 rsv=4 opcode=3 mask=off length=500 payload=hello
                            mask=off or 4 bytes of hex; rsv=4 is RSV1; bits=16 or 64: a length longer than it
                            need be; length= may lie; payload= comes last (hex=00ff: the same in hex)
/raw 81 85 \"text\"           any bytes
And:
/repeat N LINE              the same line N times, in one write
/wait [SECONDS]             the next line waits until an answer has come (5 s at most)
/quiet [off]                answer neither Ping nor Close; off: answer again
/bits [off]                 draw each frame bit by bit
/end  /reset                end our side (FIN); cut the connection off (RST)
/quit                       close with 1000 and leave; so does Ctrl-D";

/// How long `/wait` waits at most, unless it is told.
pub(crate) const WAIT: Duration = Duration::from_secs(5);
/// More than this is no play any more.
const MOST: usize = 100_000;

impl Command {
    /// Understands a line.
    ///
    /// # Errors
    /// What is wrong with it, in one line, with an example.
    pub fn parse(line: &str) -> Result<Command, String> {
        let Some(command) = line.strip_prefix('/') else { return Ok(frame(Frame::text(line))) };
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let nothing = |command| match rest.trim() {
            "" => Ok(command),
            _ => Err(format!("/{name} stands alone")),
        };
        match name {
            "text" => Ok(frame(Frame::text(rest))),
            "json" => match serde_json::from_str::<serde_json::Value>(rest) {
                Ok(_) => Ok(frame(Frame::text(rest))),
                Err(error) => Err(format!("/json: this is no JSON: {error}")),
            },
            "binary" => Ok(frame(Frame::binary(bytes::parse(rest)?))),
            "ping" => Ok(frame(Frame::ping(rest))),
            "pong" => Ok(frame(Frame::pong(rest))),
            "close" => close(rest).map(frame),
            "fragment" => fragments(rest),
            "unmasked" => Ok(frame(Frame::text(rest).unmasked())),
            "half" => Ok(Command::Half(Frame::text(rest))),
            "rest" => nothing(Command::Rest),
            "frame" => any_frame(rest),
            "raw" => match bytes::parse(rest)? {
                bytes if bytes.is_empty() => Err("/raw: which bytes? such as /raw 81 85 \"text\"".into()),
                bytes => Ok(Command::Bytes(bytes)),
            },
            "repeat" => repeat(rest, Command::parse),
            "quiet" => switch(name, rest).map(Command::Quiet),
            "bits" => switch(name, rest).map(Command::Bits),
            "wait" => wait(rest).map(Command::Wait),
            "end" => nothing(Command::End),
            "reset" => nothing(Command::Reset),
            "quit" => nothing(Command::Quit),
            "help" => nothing(Command::Help),
            _ => Err(format!(
                "there is no /{name}; /help shows what there is, /text /{name} sends it as it is"
            )),
        }
    }

    /// Understands a line where bytes are spoken, no frames: a line of text ends with LF.
    pub fn parse_line(line: &str) -> Result<Command, String> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        match name {
            "/repeat" => repeat(rest, Command::parse_line),
            "/text" => Ok(Command::Bytes(format!("{rest}\n").into_bytes())),
            "/raw" | "/wait" | "/end" | "/reset" | "/quit" | "/help" => Command::parse(line),
            name if name.starts_with('/') => {
                Err(format!("there is no {name} for bytes; /help shows what there is, /text {name} sends it"))
            }
            _ => Ok(Command::Bytes(format!("{line}\n").into_bytes())),
        }
    }
}

fn frame(frame: Frame) -> Command {
    Command::Frames(vec![frame])
}

/// `N LINE`
pub(crate) fn repeat(rest: &str, parse: impl Fn(&str) -> Result<Command, String>) -> Result<Command, String> {
    let (count, line) =
        rest.split_once(' ').ok_or("/repeat: how often, and what? such as /repeat 3 hello")?;
    let count: usize = count.parse().map_err(|_| format!("/repeat {count}: a number comes first"))?;
    if !(1..=MOST).contains(&count) {
        return Err(format!("/repeat: 1 to {MOST} times"));
    }
    Ok(Command::Repeat(count, Box::new(parse(line)?)))
}

/// Nothing, or `off`.
fn switch(name: &str, rest: &str) -> Result<bool, String> {
    match rest.trim() {
        "" | "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("/{name}, or /{name} off")),
    }
}

/// Seconds.
fn wait(rest: &str) -> Result<Duration, String> {
    if rest.trim().is_empty() {
        return Ok(WAIT);
    }
    let seconds = rest.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let limited = seconds.filter(|time| time.as_secs() <= 3600);
    limited.ok_or_else(|| format!("/wait {}: seconds, 3600 at most, such as /wait 0.5", rest.trim()))
}

/// `CODE REASON`. Any code, also one that nobody may send.
fn close(rest: &str) -> Result<Frame, String> {
    if rest.is_empty() {
        return Ok(Frame::new(CLOSE, ""));
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let code =
        code.parse().map_err(|_| format!("/close {code}: a code is 0 to 65535, such as /close 1000 bye"))?;
    Ok(Frame::close(code, reason))
}

/// `a | /ping x | b`: the parts without a slash are one message, the others stand between its frames.
fn fragments(rest: &str) -> Result<Command, String> {
    let parts: Vec<&str> = rest.split('|').map(str::trim).collect();
    let is_data = |part: &&str| !part.starts_with('/');
    let last = parts.iter().filter(|part| is_data(part)).count();
    if last < 2 {
        return Err("/fragment: two parts at least, such as /fragment Hel | /ping | lo".into());
    }
    let (mut frames, mut sent) = (Vec::new(), 0);
    for part in parts {
        if !is_data(&part) {
            match Command::parse(part)? {
                Command::Frames(control) if control.iter().all(|frame| frame.opcode >= CLOSE) => {
                    frames.extend(control)
                }
                _ => {
                    return Err(format!(
                        "/fragment: {part} is no control frame; /ping, /pong and /close are"
                    ));
                }
            }
            continue;
        }
        let fragment = if sent == 0 { Frame::text(part) } else { Frame::continuation(part) };
        sent += 1;
        frames.push(if sent == last { fragment } else { fragment.not_final() });
    }
    Ok(Command::Frames(frames))
}

/// `fin=0 rsv=4 opcode=3 mask=off length=500 payload=hello`
fn any_frame(rest: &str) -> Result<Command, String> {
    let (mut frame, mut keyed) = (Frame::text(""), false);
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let (name, behind) =
            rest.split_once('=').ok_or_else(|| format!("/frame: {rest}: write FIELD=VALUE"))?;
        let (value, next) = match name {
            "payload" | "hex" => (behind, ""),
            _ => behind.split_once(' ').unwrap_or((behind, "")),
        };
        let wrong = |what: &str| format!("/frame: {name}={value}: {what}");
        match name {
            "fin" => frame.fin = bit(value).ok_or_else(|| wrong("0 or 1"))?,
            "rsv" => {
                let bits = value.parse().ok().filter(|bits| *bits < 8);
                frame.rsv = bits.ok_or_else(|| wrong("0 to 7; RSV1 is 4, RSV2 is 2, RSV3 is 1"))?;
            }
            "opcode" => {
                frame.opcode = opcode(value).ok_or_else(|| wrong("0 to 15, or a name such as ping"))?
            }
            "mask" => {
                frame.mask = match value {
                    "off" | "0" => None,
                    "on" | "1" => frame.mask,
                    key => match <[u8; 4]>::try_from(bytes::parse(key).unwrap_or_default()) {
                        Ok(key) => {
                            keyed = true;
                            Some(key)
                        }
                        Err(_) => return Err(wrong("on, off, or a key of 4 bytes in hex, such as 01020304")),
                    },
                }
            }
            "length" => frame.declared = Some(value.parse().map_err(|_| wrong("a number of bytes"))?),
            "bits" => {
                frame.length = match value {
                    "7" => Length::Bits7,
                    "16" => Length::Bits16,
                    "64" => Length::Bits64,
                    _ => return Err(wrong("7, 16 or 64, where the length stands")),
                }
            }
            "payload" => frame.payload = value.as_bytes().to_vec(),
            "hex" => frame.payload = bytes::parse(value).map_err(|error| wrong(&error))?,
            _ => {
                return Err(wrong("the fields are fin, rsv, opcode, mask, length, bits, and payload or hex"));
            }
        }
        rest = next.trim_start();
    }
    let most = match frame.length {
        Length::Bits7 => 125,
        Length::Bits16 => 0xffff,
        Length::Minimal | Length::Bits64 => u64::MAX,
    };
    match frame.declared.unwrap_or(frame.payload.len() as u64) {
        length if length > most => Err(format!("/frame: a length of {length} does not fit into these bits")),
        // A key that was chosen stays; other frames get a fresh one when they leave.
        _ if keyed => Ok(Command::Bytes(frame.bytes())),
        _ => Ok(self::frame(frame)),
    }
}

fn bit(value: &str) -> Option<bool> {
    match value {
        "0" | "off" => Some(false),
        "1" | "on" => Some(true),
        _ => None,
    }
}

fn opcode(value: &str) -> Option<u8> {
    let known = [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG];
    let named = known.into_iter().find(|&opcode| Frame::new(opcode, "").name() == value);
    named.or_else(|| value.parse().ok().filter(|opcode| *opcode < 16))
}

#[cfg(test)]
mod tests;
