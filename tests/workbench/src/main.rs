//! What `make start`, `make check` and their like call.

use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};
use workbench::{Course, Failure, adds, check, grade, ladder, mine, own, patch, solution, start, watch};

const USAGE: &str = "\
workbench COMMAND [RUNG]      made to be called by make, from the top of the repository

  start RUNG     a copy with holes, in mine/RUNG; after a pull: brings what is new into it
  check RUNG     its tests, in teaching order, up to the first that fails; with SERVER='...' those of any program
  hint RUNG      the next hint for the task that is next
  reset RUNG     begins anew; what was there is kept in mine/.backup
  watch RUNG     check, and again after each change
  run RUNG       the program of the copy, what follows -- are its arguments; with OWN=1 upon your own lower rungs
  solution RUNG  what the course does otherwise, after you have passed; with FORCE=1 before
  diff RUNG      what the rung adds to those below it: files and public items
  patch RUNG     what you have written, as tests/students keeps it
  grade          all rungs that were started, judged; JUnit in target/grade.xml
  ladder         how far you are
";

fn main() -> ExitCode {
    end_with_the_reader();
    match run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

/// `make diff STEP=02 | head` closes the pipe before all is said. That is no error, and no panic to be told.
fn end_with_the_reader() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str().is_some_and(|text| text.starts_with("failed printing to stdout")) {
            std::process::exit(0);
        }
        told(panic);
    }));
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
        ["watch", rung] => watch::watch(&course, rung),
        ["run", rung, arguments @ ..] => own::run(&course, rung, arguments),
        ["solution", rung] => solution::solution(&course, rung),
        ["diff", rung] => adds::show(&course, rung),
        ["patch", rung] => patch::show(&course, rung),
        ["grade"] => grade::grade(&course),
        ["ladder"] => ladder::show(&course),
        _ => Err(USAGE.into()),
    }
}
