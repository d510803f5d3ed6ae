//! The load generator by hand, at any server on this machine.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use accept::{Failure, Misuse};
use bench::{Generator, Load, Talk};
use lexopt::{Arg, Parser, ValueExt};

const USAGE: &str = "\
Usage: generator [OPTIONS] ADDRESS:PORT

Asks as fast as it is answered, compares answers byte for byte before and after, and says how it went.

  --talk hello|file|echo|all|bare  GET /hello (13 bytes); GET /SIZE.bin; a WebSocket message that comes back (/);
                                   one that goes to all (/all); bytes that come back without any protocol (echo)
  --size BYTES                     of a message or a file (20)
  --connections N                  (100)
  --depth N                        questions of each connection that wait for an answer at a time (1)
  --seconds S                      (3)
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("generator: {failure}");
            ExitCode::from(if failure.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

fn run() -> Result<(), Failure> {
    let Some((load, bare, address, seconds)) = arguments(&mut Parser::from_env())
        .map_err(|error| Misuse(format!("{error}; --help lists the options")))?
    else {
        print!("{USAGE}");
        return Ok(());
    };
    if !address.ip().is_loopback() {
        return Err(
            Misuse(format!("{address} is not on this machine, and other people's are not for this")).into()
        );
    }
    harness::raise_descriptor_limit();
    let mut generator = Generator::new(load, address, bare)?;
    let measured = generator.runs(Duration::from_secs_f64(seconds), || {})?;
    generator.ends()?;
    let delay = |share| Duration::from_nanos(measured.delays.value_at_quantile(share));
    println!("{}", load.words());
    println!("{:.0} answers a second", measured.answers as f64 / measured.time.as_secs_f64());
    println!(
        "delay: half below {:.1?}, 99 % below {:.1?}, all below {:.1?}",
        delay(0.5),
        delay(0.99),
        delay(1.0)
    );
    Ok(())
}

type Wish = (Load, bool, SocketAddr, f64);

fn arguments(parser: &mut Parser) -> Result<Option<Wish>, lexopt::Error> {
    let (mut talk, mut size, mut connections, mut depth, mut seconds) = ("echo".to_owned(), 20, 100, 1, 3.0);
    let mut address = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long("talk") => talk = parser.value()?.string()?,
            Arg::Long("size") => size = parser.value()?.parse()?,
            Arg::Long("connections") => connections = parser.value()?.parse()?,
            Arg::Long("depth") => depth = parser.value()?.parse()?,
            Arg::Long("seconds") => seconds = parser.value()?.parse()?,
            Arg::Value(value) if address.is_none() => address = Some(value.parse()?),
            other => return Err(other.unexpected()),
        }
    }
    let address = address.ok_or("whose? Give an address, 127.0.0.1:8080")?;
    if connections == 0 || depth == 0 {
        return Err("at least one connection, and one question".into());
    }
    let bare = talk == "bare";
    let talk = match talk.as_str() {
        "hello" => Talk::Hello,
        "file" => Talk::File(size),
        "echo" | "bare" => Talk::Echo(size),
        "all" => Talk::All(size),
        other => return Err(format!("{other:?} is no talk").into()),
    };
    Ok(Some((Load { name: "by hand", talk, connections, depth }, bare, address, seconds)))
}
