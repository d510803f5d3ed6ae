//! The command line of `replay`.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use lexopt::{Arg, Parser};

use crate::address::Address;
use crate::options::DEFAULT;
use crate::script::{Script, duration};

/// What is sent, how, and to whom.
#[derive(Debug)]
pub(crate) struct Options {
    pub script: Script,
    pub address: Address,
    pub pieces: Pieces,
    /// Between two pieces.
    pub pause: Duration,
    /// An answer is over when nothing has come for so long.
    pub quiet: Duration,
    /// How long to wait for what must come.
    pub patience: Duration,
}

/// Where the bytes are cut.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pieces {
    AsWritten,
    At(Vec<usize>),
    /// In two, at each offset, on a connection of its own.
    Every,
}

/// As many connections one after the other are enough for a lesson.
const MOST: usize = 10_000;
/// How large a file may be.
const MAX_FILE: u64 = 64 << 20;

const USAGE: &str = "\
Usage: replay [OPTIONS] FILE [ADDRESS]        make replay FILE=... ADDRESS=... ARGS='OPTIONS'

Sends the bytes of a file to a server (127.0.0.1:8080), and shows what comes back. The file holds all of it, a
handshake too. One that ends with .replay is text: bytes in hex and in quotes, and the lines split, pause 50ms, wait
and end; tests/talk/examples has some. Another is sent as it is; - is the standard input.

  --split N            cuts the bytes into pieces of N
  --at 17,80           cuts them behind byte 17 and behind byte 80
  --every-split        one connection for each offset, cut in two there: are all answers the same?
  --pause 20ms         waits so long between two pieces
  --silence 300ms      takes an answer for whole when nothing has come for so long
  --help               this text

These cuts replace those of a .replay file. The exit code is 0; 1 when nobody listens, the server cut the connection
off, or a cut changed the answer; 2 when an option or the file was wrong. Colour only on a terminal, and not where
NO_COLOR is set.
";

impl Options {
    /// Reads a command line, and the file. `Ok(Err(text))`: this text was asked for.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn read(mut parser: Parser) -> Result<Result<Options, &'static str>, String> {
        let (mut file, mut address, mut cut) = (None, None, None);
        let (mut pause, mut quiet) = (Duration::from_millis(20), Duration::from_millis(300));
        let misuse = |error: lexopt::Error| format!("{error}; --help lists the options");
        while let Some(argument) = parser.next().map_err(misuse)? {
            let name = match argument {
                Arg::Value(value) if file.is_none() => {
                    file = Some(value);
                    continue;
                }
                Arg::Value(value) if address.is_none() => {
                    address = Some(value.into_string().map_err(|value| format!("{value:?} is not UTF-8"))?);
                    continue;
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(Err(USAGE)),
                Arg::Long(name @ ("split" | "at" | "every-split" | "pause" | "silence")) => name.to_string(),
                unknown => return Err(misuse(unknown.unexpected())),
            };
            let mut value = || {
                let value = parser.value().map_err(misuse)?;
                value.into_string().map_err(|value| format!("{value:?} is not UTF-8"))
            };
            let told = |why| format!("--{name}: {why}");
            match name.as_str() {
                "pause" => pause = duration(&value()?).map_err(told)?,
                "silence" => quiet = duration(&value()?).map_err(told)?,
                _ if cut.is_some() => return Err("one of --split, --at and --every-split is enough".into()),
                "split" => cut = Some(Cut::Of(numbers(&name, &value()?)?[0])),
                "at" => cut = Some(Cut::At(numbers(&name, &value()?)?)),
                _ => cut = Some(Cut::Every),
            }
        }
        let file = file
            .ok_or("which file? replay FILE, or make replay FILE=tests/talk/examples/two-requests.replay")?;
        let script = read_file(&file)?;
        let bytes = script.bytes();
        if bytes.is_empty() {
            return Err(format!("{}: there is nothing to send", file.display()));
        }
        let pieces = match cut {
            None => Pieces::AsWritten,
            Some(Cut::Of(count)) => Pieces::At((1..bytes.len()).filter(|at| at % count == 0).collect()),
            Some(Cut::At(at)) => match at.iter().find(|at| **at >= bytes.len()) {
                Some(at) => return Err(format!("--at {at}: there are only {} bytes", bytes.len())),
                None => Pieces::At(at),
            },
            Some(Cut::Every) if bytes.len() > MOST => {
                return Err(format!("--every-split: {} connections are too many; use --at", bytes.len()));
            }
            Some(Cut::Every) => Pieces::Every,
        };
        let address = Address::parse(address.as_deref().unwrap_or(DEFAULT))?;
        if address.path.as_deref().is_some_and(|path| path != "/") {
            return Err("the path stands in the file; end the address behind the port".into());
        }
        Ok(Ok(Options { script, address, pieces, pause, quiet, patience: Duration::from_secs(5) }))
    }
}

enum Cut {
    Of(usize),
    At(Vec<usize>),
    Every,
}

/// Numbers that grow, with commas in between; one at least.
fn numbers(name: &str, text: &str) -> Result<Vec<usize>, String> {
    let wrong = || format!("--{name} {text}: numbers from 1 on that grow, such as 17,80");
    let numbers: Vec<usize> =
        text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let grows = numbers.is_sorted_by(|a, b| a < b) && numbers[0] > 0;
    match numbers.len() {
        2.. if name == "split" => Err(format!("--split {text}: one number")),
        _ if grows => Ok(numbers),
        _ => Err(wrong()),
    }
}

fn read_file(name: &OsStr) -> Result<Script, String> {
    let path = Path::new(name);
    let mut bytes = Vec::new();
    let read = match path == "-" {
        true => std::io::stdin().take(MAX_FILE).read_to_end(&mut bytes),
        false => std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes)),
    };
    read.map_err(|error| format!("{}: {error}", path.display()))?;
    if path.extension().is_none_or(|extension| extension != "replay") {
        return Ok(Script::whole(bytes, false));
    }
    let text =
        String::from_utf8(bytes).map_err(|_| format!("{}: a .replay file is UTF-8", path.display()))?;
    Script::parse(&text).map_err(|why| format!("{}, {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/two-requests.replay");

    fn read(line: &[&str]) -> Result<Options, String> {
        Options::read(Parser::from_args(line))?.map_err(str::to_string)
    }

    #[test]
    fn what_is_given_is_taken() {
        let options = read(&[FILE]).expect("a good line");
        assert_eq!(
            (options.pieces, options.address.port, options.pause.as_millis()),
            (Pieces::AsWritten, 8080, 20)
        );
        let options = read(&[FILE, "tcp://x:1", "--at", "1,5", "--pause", "1s"]).expect("a good line");
        assert_eq!(
            (options.pieces, options.address.port, options.pause.as_secs()),
            (Pieces::At(vec![1, 5]), 1, 1)
        );
        let bytes = options.script.bytes().len();
        let options = read(&["--split=1", FILE]).expect("a good line");
        assert_eq!(options.pieces, Pieces::At((1..bytes).collect()));
        assert_eq!(read(&["--every-split", FILE]).expect("a good line").pieces, Pieces::Every);
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        for (line, why) in [
            (&[][..], "which file?"),
            (&["/no/such/file"], "/no/such/file: "),
            (&["/dev/null"], "nothing to send"),
            (&[FILE, "http://x/path"], "stands in the file"),
            (&[FILE, "https://x"], "TLS"),
            (&[FILE, "x", "y"], "--help"),
            (&[FILE, "--split", "0"], "from 1 on"),
            (&[FILE, "--split", "1,2"], "one number"),
            (&[FILE, "--at", "5,5"], "that grow"),
            (&[FILE, "--at", "x"], "that grow"),
            (&[FILE, "--at", "99999"], "there are only"),
            (&[FILE, "--at", "1", "--every-split"], "is enough"),
            (&[FILE, "--pause", "50"], "50ms or 0.5s"),
            (&[FILE, "--loud"], "--help"),
        ] {
            let said = read(line).expect_err("a wrong line");
            assert!(said.contains(why) && said.lines().count() == 1, "{line:?}: {said}");
        }
        assert!(read(&["--help"]).expect_err("a text").starts_with("Usage: replay"));
    }
}
