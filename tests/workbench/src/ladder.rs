//! How far the student is.

use std::process::ExitCode;

use crate::Failure;
use crate::course::{Course, Rung};
use crate::mine::{Mine, number};

/// One line for each rung that was started, and what to do next: what `make` alone ends with.
///
/// # Errors
/// When the course cannot be read.
pub fn show(course: &Course) -> Result<ExitCode, Failure> {
    let mut states = Vec::new();
    for name in course.rungs()? {
        let (rung, mine) = (course.rung(&name)?, course.mine(&name));
        if mine.exists() {
            println!("  {name:14}  {}", progress(&rung, &mine));
        }
        let state = match (mine.exists(), mine.has_passed()) {
            (true, true) => State::Passed,
            (true, false) => State::Begun,
            _ if rung.tasks.list.is_empty() => State::NothingToDo,
            _ => State::Waiting,
        };
        states.push((name, state));
    }
    if let Some(next) = next(&states) {
        println!("\nNext: {next}");
    }
    Ok(ExitCode::SUCCESS)
}

fn progress(rung: &Rung, mine: &Mine) -> String {
    let all = rung.tasks.list.len();
    let written = rung.tasks.list.iter().filter(|task| !mine.is_open(task)).count();
    match (mine.has_passed(), mine.failed()) {
        (true, _) => "passed".to_string(),
        (false, Some(index)) => format!("{written} of {all} tasks written, task {} fails", index + 1),
        (false, None) => format!("{written} of {all} tasks written"),
    }
}

/// Where the student is with a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has no tasks.
    NothingToDo,
    /// Not started.
    Waiting,
    /// Started, and its last check has not passed.
    Begun,
    /// Its last check has passed.
    Passed,
}

/// What is begun is finished first; then comes the rung above the highest that has passed, then what was left out.
fn next(states: &[(String, State)]) -> Option<String> {
    let step = |at: usize| number(&states[at].0);
    let is = |wanted: State| (0..states.len()).filter(move |&at| states[at].1 == wanted);
    if let Some(begun) = is(State::Begun).next_back() {
        return Some(format!("make check STEP={}", step(begun)));
    }
    let highest = is(State::Passed).next_back();
    let waiting = is(State::Waiting).find(|&at| Some(at) > highest).or_else(|| is(State::Waiting).next());
    waiting.map(|at| format!("make start STEP={}", step(at)))
}

#[cfg(test)]
mod tests {
    use super::State::{Begun, NothingToDo, Passed, Waiting};
    use super::*;

    #[track_caller]
    fn is_next(states: &[State], expected: Option<&str>) {
        let states: Vec<(String, State)> =
            states.iter().enumerate().map(|(at, state)| (format!("0{}-name", at + 1), *state)).collect();
        assert_eq!(next(&states).as_deref(), expected, "{states:?}");
    }

    #[test]
    fn what_is_begun_comes_before_what_was_left_out() {
        is_next(&[Waiting, Waiting], Some("make start STEP=01"));
        is_next(&[Waiting, Begun, Waiting], Some("make check STEP=02"));
        is_next(&[Waiting, Passed, Waiting], Some("make start STEP=03"));
        is_next(&[Waiting, Passed, NothingToDo, Waiting], Some("make start STEP=04"));
        is_next(&[Waiting, Passed, NothingToDo], Some("make start STEP=01"));
        is_next(&[Passed, Passed, NothingToDo], None);
        is_next(&[], None);
    }
}
