//! What `make start`, `make check` and their like call.

use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};
use workbench::{Course, Failure, check, ladder, mine, start};

const USAGE: &str = "\
workbench COMMAND [RUNG]      made to be called by make, from the top of the repository

  start RUNG     a copy with holes, in mine/RUNG; after a pull: brings what is new into it
  check RUNG     its tests, in teaching order, up to the first that fails; with SERVER='...' those of any program
  hint RUNG      the next hint for the task that is next
  reset RUNG     begins anew; what was there is kept in mine/.backup
  ladder         how far you are
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let mut words = Vec::new();
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(word) => words.push(word.string()?),
            Arg::Short('h') | Arg::Long("help") => {
                print!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let course = Course::here()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["start", rung] => start::start(&course, rung),
        ["check", rung] => check::check(&course, rung),
        ["hint", rung] => mine::hint(&course, rung),
        ["reset", rung] => start::reset(&course, rung),
        ["ladder"] => ladder::show(&course),
        _ => Err(USAGE.into()),
    }
}
