//! What the binaries of all rungs share: arguments, environment, log, one clear line on failure, an exit code.

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use lexopt::{Arg, Parser};

use crate::settings;

/// What [`program`] must know of a rung's command line.
pub struct Usage {
    /// What the rung does, its own options and its own environment variables: the first part of `--help`.
    /// What all rungs have in common follows by itself.
    pub text: &'static str,
    /// The rung's own options without a value, without the dashes: `no-reuse-addr`.
    pub switches: &'static [&'static str],
    /// The rung's own options with a value, without the dashes: `root`.
    pub values: &'static [&'static str],
}

/// The command line as it was given, with the address that follows from it and from `PORT`.
#[derive(Debug)]
pub struct Arguments {
    /// Where to listen: `--listen`, else port `PORT` of 127.0.0.1, else 127.0.0.1:8080. Port 0 means any free port.
    pub listen: SocketAddr,
    switches: Vec<String>,
    values: Vec<(String, OsString)>,
}

/// What ends a program early; [`program`] prints it as one line.
pub type Failure = Box<dyn Error>;

/// A mistake of the person who started the program, said in one line. The exit code is 2, that of all other failures 1.
#[derive(Debug)]
pub struct Misuse(pub String);

/// Runs a rung: starts the log, reads the arguments, calls `body`, prints its failure as `01-accept: what is wrong`.
///
/// `--help` prints the usage instead. The exit code is 0, 2 after a [`Misuse`], 1 after any other [`Failure`].
pub fn program(usage: &Usage, body: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
    start_log();
    let mut parser = Parser::from_env();
    let path = PathBuf::from(parser.bin_name().unwrap_or("barewire"));
    let name = path.file_name().unwrap_or(path.as_os_str()).display();
    let ended = match Arguments::read(usage, &mut parser, env::var_os("PORT")) {
        Ok(Some(arguments)) => body(arguments),
        // Writing to a pipe that nobody reads any more (`--help | head -1`) is no failure of ours; `println!` panics.
        Ok(None) => {
            let _ = write!(io::stdout(), "Usage: {name} [OPTIONS]\n\n{}\n{COMMON}", usage.text.trim_end());
            Ok(())
        }
        Err(misuse) => Err(misuse.into()),
    };
    let Err(failure) = ended else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "{name}: {failure}");
    ExitCode::from(if failure.is::<Misuse>() { 2 } else { 1 })
}

/// Prints `listening on http://127.0.0.1:8080` as the first line of stdout, for people and for tests that wait for it.
///
/// Call it when connections are accepted, and with the address that the socket has, not the one that was asked for.
pub fn announce(scheme: &str, address: SocketAddr) {
    // Nobody may be reading stdout. That is no reason not to serve.
    let mut stdout = io::stdout();
    let _ = writeln!(stdout, "listening on {scheme}://{address}");
    let _ = stdout.flush();
}

/// The part of `--help` that all rungs share.
const COMMON: &str = "
Common to all rungs:
  --listen ADDR:PORT   where to listen; overrides PORT, port 0 picks a free one
  --help               this text
Environment:
  PORT                 the port on 127.0.0.1 to listen on, 8080 where it is not set; 0 picks a free one
  RUST_LOG             error, warn, info (the default), debug or trace
";

impl Arguments {
    /// Whether the option `--name` was given.
    pub fn switch(&self, name: &str) -> bool {
        self.switches.iter().any(|given| given == name)
    }

    /// The value of the option `--name`, the last one where it was given several times.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        self.values.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_os_str())
    }

    /// `None`: help was asked for.
    fn read(usage: &Usage, parser: &mut Parser, port: Option<OsString>) -> Result<Option<Self>, Misuse> {
        let misuse = |error: lexopt::Error| Misuse(format!("{error}; --help lists the options"));
        let (mut listen, mut switches, mut values) = (None, Vec::new(), Vec::new());
        while let Some(argument) = parser.next().map_err(misuse)? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("listen") => listen = Some(address(&parser.value().map_err(misuse)?)?),
                Arg::Long(name) if usage.switches.contains(&name) => switches.push(name.to_string()),
                Arg::Long(name) if usage.values.contains(&name) => {
                    let name = name.to_string();
                    values.push((name, parser.value().map_err(misuse)?));
                }
                unknown => return Err(misuse(unknown.unexpected())),
            }
        }
        let listen = match listen {
            Some(address) => address,
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, port_number(port)?)),
        };
        Ok(Some(Self { listen, switches, values }))
    }
}

fn port_number(port: Option<OsString>) -> Result<u16, Misuse> {
    match settings::parse("PORT", port) {
        Ok(number) => Ok(number.unwrap_or(8080)),
        Err(misuse) => Err(Misuse(format!("{misuse}; give a port from 1 to 65535, or 0 for a free one"))),
    }
}

fn address(given: &OsStr) -> Result<SocketAddr, Misuse> {
    given.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        Misuse(format!(
            "--listen {given:?}: give an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:0 or [::1]:8080"
        ))
    })
}

/// Lines such as `[   0.123] info  what happened` on stderr: seconds since the start, level, message.
fn start_log() {
    let start = Instant::now();
    let lines = env_logger::Env::default().default_filter_or("info");
    // An error would mean that a log is running already, which is as good.
    let _ = env_logger::Builder::from_env(lines)
        .format(move |out, record| {
            let level = record.level().as_str().to_ascii_lowercase();
            writeln!(out, "[{:8.3}] {level:<5} {}", start.elapsed().as_secs_f64(), record.args())
        })
        .try_init();
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Misuse {}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage { text: "", switches: &["verbose"], values: &["root"] };

    fn read(arguments: &[&str], port: Option<&str>) -> Result<Option<Arguments>, String> {
        let mut parser = Parser::from_args(arguments);
        Arguments::read(&USAGE, &mut parser, port.map(OsString::from)).map_err(|misuse| misuse.to_string())
    }

    fn address_of(arguments: &[&str], port: Option<&str>) -> String {
        read(arguments, port).unwrap().unwrap().listen.to_string()
    }

    #[test]
    fn the_address_is_listen_else_port_else_8080() {
        assert_eq!(address_of(&[], None), "127.0.0.1:8080");
        assert_eq!(address_of(&[], Some("81")), "127.0.0.1:81");
        assert_eq!(address_of(&["--listen", "0.0.0.0:0"], Some("81")), "0.0.0.0:0");
        assert_eq!(address_of(&["--listen=[::1]:443"], None), "[::1]:443");
    }

    #[test]
    fn listen_overrides_even_a_bad_port() {
        assert_eq!(address_of(&["--listen", "127.0.0.1:1"], Some("many")), "127.0.0.1:1");
    }

    #[test]
    fn a_bad_port_or_address_is_said_with_its_value() {
        assert_eq!(
            read(&[], Some("65536")).unwrap_err(),
            "PORT=\"65536\": number too large to fit in target type; give a port from 1 to 65535, or 0 for a free one"
        );
        let said = read(&["--listen", "8080"], None).unwrap_err();
        assert!(said.starts_with("--listen \"8080\": give an IP address and a port"), "{said}");
    }

    #[test]
    fn the_rungs_own_options_are_known_by_name() {
        let given = read(&["--verbose", "--root", "a", "--root=b"], None).unwrap().unwrap();
        assert!(given.switch("verbose"));
        assert!(!given.switch("quiet"));
        assert_eq!(given.value("root"), Some(OsStr::new("b")));
        assert_eq!(given.value("other"), None);
    }

    #[test]
    fn unknown_options_missing_values_and_plain_words_are_refused() {
        for (arguments, said) in [
            (vec!["--loud"], "invalid option '--loud'; --help lists the options"),
            (vec!["--root"], "missing argument for option '--root'; --help lists the options"),
            (
                vec!["--verbose=yes"],
                "unexpected argument for option '--verbose': \"yes\"; --help lists the options",
            ),
            (vec!["8080"], "unexpected argument \"8080\"; --help lists the options"),
        ] {
            assert_eq!(read(&arguments, None).unwrap_err(), said);
        }
    }

    #[test]
    fn help_comes_before_what_follows_it() {
        assert!(read(&["-h"], None).unwrap().is_none());
        assert!(read(&["--help", "--loud"], Some("many")).unwrap().is_none());
    }
}
