//! The command line of `talk`.

use std::time::Duration;

use lexopt::{Arg, Parser};

use crate::address::Address;

/// How to talk, and to whom.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub address: Address,
    /// Further field lines of the handshake, and of a request that has a word of its own: `Name: value`.
    pub fields: Vec<String>,
    pub subprotocols: Vec<String>,
    pub quiet: bool,
    pub bits: bool,
    /// How long the end of a connection may take.
    pub patience: Duration,
}

/// What `make run` listens on.
pub(crate) const DEFAULT: &str = "ws://127.0.0.1:8080";

const USAGE: &str = "\
Usage: talk [OPTIONS] [ADDRESS]        make talk ADDRESS=... ARGS='OPTIONS'

Talks to a server by hand, and shows each frame, line and chunk that passes.

  ws://127.0.0.1:8080/chat    a WebSocket; without a path /chat is tried, then /
  http://127.0.0.1:8080       HTTP: type a request, or /get /
  tcp://127.0.0.1:8080        bytes: rungs 01 to 03
                              without an address: ws://127.0.0.1:8080

  --header 'NAME: VALUE'      one more field line in the handshake, or in /get, /post ...
  --origin URL                the field Origin, as a browser's page at URL would send it
  --subprotocol NAME          offers it; may be given more than once
  --quiet                     answers neither Ping nor Close
  --bits                      draws each frame bit by bit
  --patience SECONDS          how long the end of a connection may take (5)
  --help                      this text; /help, once connected, shows what can be typed

It reads a pipe too, up to its end, then closes: printf 'hello\\n/close 1000\\n' | talk ws://127.0.0.1:8080/
The exit code is 0 when the connection ended cleanly and the server broke no rule, 1 when not, and 2 when a line or
an option was wrong. Colour only on a terminal, and not where NO_COLOR is set.
";

impl Options {
    /// Reads a command line. `Ok(Err(text))`: this text was asked for.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn read(mut parser: Parser) -> Result<Result<Options, &'static str>, String> {
        let mut address = None;
        let (mut fields, mut subprotocols, mut quiet, mut bits) = (Vec::new(), Vec::new(), false, false);
        let mut patience = 5.0;
        let misuse = |error: lexopt::Error| format!("{error}; --help lists the options");
        while let Some(argument) = parser.next().map_err(misuse)? {
            let name = match argument {
                Arg::Value(value) if address.is_none() => {
                    address = Some(value.into_string().map_err(|value| format!("{value:?} is not UTF-8"))?);
                    continue;
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(Err(USAGE)),
                Arg::Long("quiet") => {
                    quiet = true;
                    continue;
                }
                Arg::Long("bits") => {
                    bits = true;
                    continue;
                }
                Arg::Long(name @ ("header" | "origin" | "subprotocol" | "patience")) => name.to_string(),
                unknown => return Err(misuse(unknown.unexpected())),
            };
            let value = parser.value().map_err(misuse)?;
            let value = value.into_string().map_err(|value| format!("{value:?} is not UTF-8"))?;
            match name.as_str() {
                _ if value.contains(['\r', '\n']) => return Err(format!("--{name}: one line only")),
                "header" => fields.push(field(&value)?),
                "origin" => fields.push(format!("Origin: {value}")),
                "subprotocol" if request::is_token(value.as_bytes()) => subprotocols.push(value),
                "subprotocol" => return Err(format!("--subprotocol {value:?}: a token, such as chat.v1")),
                _ => {
                    let seconds = value.parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
                    patience = seconds.ok_or_else(|| format!("--patience {value}: 0 to 3600 seconds"))?;
                }
            }
        }
        let address = Address::parse(address.as_deref().unwrap_or(DEFAULT))?;
        let patience = Duration::from_secs_f64(patience);
        Ok(Ok(Options { address, fields, subprotocols, quiet, bits, patience }))
    }
}

/// `NAME: VALUE`
fn field(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((name, value)) if request::is_token(name.as_bytes()) => Ok(format!("{name}: {}", value.trim())),
        _ => Err(format!("--header {text:?}: write 'NAME: VALUE'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Options, String> {
        Options::read(Parser::from_args(line))?.map_err(str::to_string)
    }

    #[test]
    fn what_is_given_is_taken() {
        let line =
            ["--header", "Cookie:a=b", "--origin=http://x", "--subprotocol", "one", "--subprotocol", "two"];
        let options =
            read(&[&line[..], &["http://y/", "--patience", "0.5", "--bits"]].concat()).expect("a good line");
        assert_eq!(options.fields, ["Cookie: a=b", "Origin: http://x"]);
        assert_eq!(options.subprotocols, ["one", "two"]);
        assert_eq!((options.address.host.as_str(), options.patience), ("y", Duration::from_millis(500)));
        assert!(options.bits && !options.quiet);
        let default = read(&[]).expect("no argument is needed");
        assert_eq!((default.address.port, default.address.path), (8080, None));
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        for (line, why) in [
            (&["--loud"][..], "--help"),
            (&["ws://x", "ws://y"], "--help"),
            (&["wss://x"], "TLS"),
            (&["--header", "x"], "NAME: VALUE"),
            (&["--header", "a b: c"], "NAME: VALUE"),
            (&["--header", "a: b\r\nc: d"], "one line"),
            (&["--subprotocol", "a b"], "a token"),
            (&["--patience", "soon"], "0 to 3600"),
            (&["--patience", "-1"], "0 to 3600"),
            (&["--patience"], "--help"),
        ] {
            let said = read(line).expect_err("a wrong line");
            assert!(said.contains(why) && said.lines().count() == 1, "{line:?}: {said}");
        }
        assert!(read(&["--help"]).expect_err("a text").starts_with("Usage: talk"));
    }
}
