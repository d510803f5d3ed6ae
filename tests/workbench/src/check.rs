//! The tests of a rung against the student's copy, in the order in which it is written.

use std::process::ExitCode;

use crate::Failure;
use crate::course::{Course, Rung};
use crate::judge::{Judge, Outcome, suite};
use crate::mine::{Mine, headline, number};
use crate::start::starter;
use crate::tasks::wrapped;
use crate::update::behind;

/// Runs the tests up to the first that fails: the unit tests task by task, then the black-box tests. With `SERVER` set,
/// only those, against that program; with `OWN` set, on the student's own lower rungs.
///
/// # Errors
/// When the rung was not started, or cargo cannot be run.
pub fn check(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let rung = course.rung(name)?;
    if std::env::var_os("SERVER").is_some() {
        let passed = suite(course, name)?.status()?.success();
        return Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mine = course.mine(name);
    mine.expect()?;
    if passes(course, &rung, &mine)? {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(since) = behind(&mine, &starter(course, &rung)?)? {
        println!(
            "The course has changed this rung since your copy was made ({since}): make start STEP={} brings it in.",
            number(name)
        );
    }
    Ok(ExitCode::FAILURE)
}

/// Whether a copy passes all of its tests; what is wrong is told.
fn passes(course: &Course, rung: &Rung, mine: &Mine) -> Result<bool, Failure> {
    let name = &rung.name;
    let step = number(name);
    for kept in ["failed", "passed"] {
        mine.keep(kept, "")?;
    }
    let again =
        format!("make check STEP={step}{}", if std::env::var_os("OWN").is_some() { " OWN=1" } else { "" });
    let stuck = format!("Stuck: make hint STEP={step}. Again: {again}");
    let judge = match Judge::build(course, rung)? {
        Ok(judge) => judge,
        Err(errors) => {
            // Those behind the first one often come from it.
            println!("{}", errors.first().map_or("", String::as_str));
            match errors.len() {
                1 => println!("mine/{name} does not compile. Again: {again}"),
                many => println!(
                    "mine/{name} does not compile: {many} errors; (cd mine/{name} && cargo check) shows all. \
                     This was the first one. Again: {again}"
                ),
            }
            return Ok(false);
        }
    };
    if judge.warnings > 0 {
        println!("The compiler has warnings: (cd mine/{name} && cargo check) shows them.\n");
    }
    let all = rung.tasks.list.len();
    for (index, task) in rung.tasks.list.iter().enumerate() {
        match judge.task(index) {
            Outcome::Passed => println!("  right  {}", task.function),
            Outcome::Open => {
                println!("\n{}\n\n{}\n", headline(rung, index), wrapped(&task.task, 90));
                println!("Write it, then: make check STEP={step}. Stuck: make hint STEP={step}");
                return Ok(false);
            }
            Outcome::Failed(told) => {
                mine.keep("failed", &index.to_string())?;
                println!("  wrong  {}\n\n{}\n\n{told}\n{stuck}", task.function, headline(rung, index));
                return Ok(false);
            }
        }
    }
    println!("\nAll {all} tasks are right. Now all unit tests, then the tests from outside.");
    if let Outcome::Failed(told) = judge.unit_tests() {
        println!("\n{told}\n{stuck}");
        return Ok(false);
    }
    if judge.from_outside(true)? != Outcome::Passed {
        println!("This was a test from outside: it knows nothing of your code.");
        println!("`cargo run --bin {name}` in it is `make run STEP={step} MINE=1` for yours.");
        println!("The hints of a task: make hint STEP={step} TASK={all}. Again: {again}");
        return Ok(false);
    }
    mine.keep("passed", "yes")?;
    if let Some(left) = left(mine) {
        println!("{left}");
    }
    println!("{name} is yours: all tests pass. How the course does it: make solution STEP={step}");
    Ok(true)
}

/// What is left to do when all tests pass.
pub(crate) fn left(mine: &Mine) -> Option<String> {
    let files = mine.loose_ends();
    (!files.is_empty()).then(|| {
        format!(
            "One thing is left: take the lines about `#![allow(dead_code, ..)]` out of {}, so that\n\
             the compiler warns you again.",
            files.join(" and ")
        )
    })
}
