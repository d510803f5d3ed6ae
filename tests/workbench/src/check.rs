//! The tests of a rung against the student's copy, in the order in which it is written.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::Failure;
use crate::course::{Course, Rung};
use crate::mine::{Mine, headline, number};
use crate::tasks::wrapped;

/// Runs the tests up to the first that fails: the unit tests task by task, then the black-box tests. With `SERVER` set,
/// only those, against that program.
pub fn check(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let rung = course.rung(name)?;
    if std::env::var_os("SERVER").is_some() {
        return Ok(black_box(course, name, None)?.into());
    }
    let mine = course.mine(name);
    mine.expect()?;
    for kept in ["failed", "passed"] {
        mine.keep(kept, "")?;
    }
    if !cargo(&mine.home, &["build", "--quiet"])? {
        println!("\nmine/{name} does not compile; the first error is the one to look at.");
        return Ok(ExitCode::FAILURE);
    }
    let (all, mut right) = (rung.tasks.list.len(), 0);
    for (index, task) in rung.tasks.list.iter().enumerate() {
        if mine.is_open(task) {
            println!("{right} of {all} tasks are right so far.\n\n{}\n", headline(&rung, index));
            println!("{}\n", wrapped(&task.task, 90));
            println!("Write it, then: make check STEP={0}. Stuck: make hint STEP={0}", number(name));
            return Ok(ExitCode::FAILURE);
        }
        if !task.tests.is_empty() && !unit_tests(&mine, &task.tests)? {
            return fails(&rung, &mine, Some(index));
        }
        right += 1;
    }
    println!("All {all} tasks are written. Now all unit tests, then the tests from outside.");
    if !cargo(&mine.home, &["test", "--quiet"])? {
        return fails(&rung, &mine, None);
    }
    if !black_box(course, name, Some(&mine.home))?.0 {
        return fails(&rung, &mine, None);
    }
    mine.keep("passed", "yes")?;
    println!("\n{name} is yours: all tests pass. What others wrote: make solution STEP={}", number(name));
    Ok(ExitCode::SUCCESS)
}

/// A run of the black-box tests; true: all passed.
struct Passed(bool);

impl From<Passed> for ExitCode {
    fn from(Passed(passed): Passed) -> ExitCode {
        if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn fails(rung: &Rung, mine: &Mine, task: Option<usize>) -> Result<ExitCode, Failure> {
    if let Some(index) = task {
        mine.keep("failed", &index.to_string())?;
        println!("\n{}", headline(rung, index));
    }
    let step = number(&rung.name);
    println!("Stuck: make hint STEP={step}. Again: make check STEP={step}");
    Ok(ExitCode::FAILURE)
}

/// One after the other, so that the first failure is the first one.
fn unit_tests(mine: &Mine, names: &[String]) -> Result<bool, Failure> {
    let mut arguments = vec!["test", "--quiet", "--lib", "--bins", "--", "--test-threads=1"];
    arguments.extend(names.iter().map(String::as_str));
    cargo(&mine.home, &arguments)
}

/// The suite of the rung; against our own server it knows where to build it.
fn black_box(course: &Course, name: &str, home: Option<&PathBuf>) -> Result<Passed, Failure> {
    let mut command = Command::new("cargo");
    command.args(["test", "--quiet", "--package", "harness", "--test", name]).current_dir(&course.root);
    if std::env::var_os("ALL").is_none() {
        command.env("FAIL_FAST", "1");
    }
    if let Some(home) = home {
        command.env("MINE", home);
    }
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    Ok(Passed(status.success()))
}

fn cargo(home: &Path, arguments: &[&str]) -> Result<bool, Failure> {
    let mut command = Command::new("cargo");
    // Where a test panicked is told; by which calls it came there is more than a beginner can read.
    command.args(arguments).current_dir(home).env("RUST_BACKTRACE", "0");
    let status = command.status();
    Ok(status.map_err(|error| format!("cannot run cargo: {error}"))?.success())
}
