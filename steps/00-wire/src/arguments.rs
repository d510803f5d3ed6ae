//! The command line. The rungs above share theirs (rung 01, `program`), but that one is a server's: it says where to
//! listen. This program listens nowhere.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::{Arg, Parser};

const USAGE: &str = "\
Usage: 00-wire [OPTIONS]

Watches one port on loopback and draws what TCP sends, or draws a capture. Watching needs Linux and the right
CAP_NET_RAW; `make wire STEP=05` starts a rung and watches its first request, mostly without that right.

  --port N             the port to watch; overrides PORT. With --read: only what concerns this port
  --once               end when the first conversation is over
  --pcap FILE          write what is drawn to FILE, which Wireshark opens
  --read FILE          draw a capture instead: one of --pcap, or `tcpdump -w FILE`. Works everywhere
  --verbose            each field of the headers as it was sent, and the options of each segment
  --help               this text
Environment:
  PORT                 the port to watch, 8080 where it is not set
  COLUMNS              how wide to draw where the output is no terminal; 100 where it is not set
";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `--port`.
    pub port: Option<u16>,
    /// `--once`.
    pub once: bool,
    /// `--pcap`.
    pub pcap: Option<PathBuf>,
    /// `--read`.
    pub read: Option<PathBuf>,
    /// `--verbose`.
    pub verbose: bool,
}

/// What ends the program early, told in one line.
pub type Failure = Box<dyn Error>;

/// A mistake of the person who started the program: exit code 2, where all other failures have 1.
#[derive(Debug)]
pub struct Misuse(String);

/// Whoever read our output has left (`| head -1`): an end, but no failure.
#[derive(Debug)]
pub struct NobodyReads;

/// Reads the arguments, calls `body`, says what went wrong as `00-wire: ...`.
pub fn program(body: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
    let ended = match Arguments::parse(&mut Parser::from_env()) {
        Ok(Some(arguments)) => body(arguments),
        Ok(None) => crate::screen::print(USAGE),
        Err(misuse) => Err(misuse.into()),
    };
    match ended {
        Err(failure) if !failure.is::<NobodyReads>() => {
            let _ = writeln!(io::stderr(), "00-wire: {failure}");
            ExitCode::from(if failure.is::<Misuse>() { 2 } else { 1 })
        }
        _ => ExitCode::SUCCESS,
    }
}

impl Arguments {
    /// `None`: help was asked for.
    fn parse(parser: &mut Parser) -> Result<Option<Self>, Misuse> {
        let misuse = |error: lexopt::Error| Misuse(format!("{error}; --help lists the options"));
        let mut given = Self::default();
        while let Some(argument) = parser.next().map_err(misuse)? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("once") => given.once = true,
                Arg::Long("verbose") => given.verbose = true,
                Arg::Long("port") => given.port = Some(port("--port ", &parser.value().map_err(misuse)?)?),
                Arg::Long("pcap") => given.pcap = Some(parser.value().map_err(misuse)?.into()),
                Arg::Long("read") => given.read = Some(parser.value().map_err(misuse)?.into()),
                unknown => return Err(misuse(unknown.unexpected())),
            }
        }
        if let (Some(read), Some(pcap)) = (&given.read, &given.pcap)
            && is_same_file(read, pcap)
        {
            return Err(Misuse("--read and --pcap name the same file, which would be emptied".into()));
        }
        Ok(Some(given))
    }

    /// `--port`, else `PORT`, else 8080.
    ///
    /// # Errors
    /// When `PORT` is no port.
    pub fn port_to_watch(&self) -> Result<u16, Misuse> {
        self.port_or(std::env::var_os("PORT"))
    }

    fn port_or(&self, from_environment: Option<OsString>) -> Result<u16, Misuse> {
        match (self.port, from_environment.filter(|value| !value.is_empty())) {
            (Some(port), _) => Ok(port),
            (None, Some(value)) => port("PORT=", &value),
            (None, None) => Ok(8080),
        }
    }
}

fn port(name: &str, given: &OsStr) -> Result<u16, Misuse> {
    let number = given.to_str().and_then(|text| text.parse().ok()).filter(|port| *port > 0);
    number.ok_or_else(|| Misuse(format!("{name}{given:?}: give a port from 1 to 65535")))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Misuse {}

impl fmt::Display for NobodyReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the output any more")
    }
}

impl Error for NobodyReads {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Option<Arguments>, String> {
        Arguments::parse(&mut Parser::from_args(arguments)).map_err(|misuse| misuse.to_string())
    }

    #[test]
    fn the_port_is_port_else_the_environments_else_8080() {
        let port = |given: &[&str], environment: Option<&str>| {
            let given = parse(given).unwrap().unwrap();
            given.port_or(environment.map(OsString::from)).map_err(|misuse| misuse.to_string())
        };
        assert_eq!(port(&[], None), Ok(8080));
        assert_eq!(port(&[], Some("")), Ok(8080));
        assert_eq!(port(&[], Some("81")), Ok(81));
        assert_eq!(port(&["--port", "82"], Some("many")), Ok(82));
        assert_eq!(port(&[], Some("0")), Err("PORT=\"0\": give a port from 1 to 65535".into()));
    }

    #[test]
    fn all_options_are_taken() {
        let given = parse(&["--once", "--verbose", "--port=1", "--pcap", "a", "--read=b"]).unwrap().unwrap();
        let (pcap, read) = (Some("a".into()), Some("b".into()));
        assert_eq!(given, Arguments { port: Some(1), once: true, pcap, read, verbose: true });
        assert_eq!(parse(&["--once", "--help", "--loud"]), Ok(None));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (arguments, said) in [
            (&["--port", "65536"][..], "--port \"65536\": give a port from 1 to 65535"),
            (&["--port", "0"], "--port \"0\": give a port from 1 to 65535"),
            (&["--loud"], "invalid option '--loud'; --help lists the options"),
            (&["8080"], "unexpected argument \"8080\"; --help lists the options"),
            (&["--read"], "missing argument for option '--read'; --help lists the options"),
            (
                &["--read", "src/main.rs", "--pcap", "./src/main.rs"],
                "--read and --pcap name the same file, which would be emptied",
            ),
        ] {
            assert_eq!(parse(arguments), Err(said.to_string()));
        }
    }
}
