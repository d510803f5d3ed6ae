//! How far the student is.

use std::process::ExitCode;

use crate::Failure;
use crate::course::Course;
use crate::mine::number;

/// One line for each rung that was started, and what to do next: what `make` alone ends with.
pub fn show(course: &Course) -> Result<ExitCode, Failure> {
    let mut next = None;
    let mut any = false;
    for name in course.rungs()? {
        let rung = course.rung(&name)?;
        let mine = course.mine(&name);
        if !mine.exists() {
            if !rung.tasks.list.is_empty() && next.is_none() {
                next = Some(format!("make start STEP={}", number(&name)));
            }
            continue;
        }
        any = true;
        let all = rung.tasks.list.len();
        let done = rung.tasks.list.iter().filter(|task| !mine.is_open(task)).count();
        let state = match (mine.has_passed(), mine.failed()) {
            (true, _) => "passed".to_string(),
            (false, Some(index)) => format!("{done} of {all} tasks written, task {} fails", index + 1),
            (false, None) => format!("{done} of {all} tasks written"),
        };
        println!("  {name:14}  {state}");
        if !mine.has_passed() && next.is_none() {
            next = Some(format!("make check STEP={}", number(&name)));
        }
    }
    if !any {
        println!("  You have no rung of your own yet.");
    }
    if let Some(next) = next {
        println!("\nNext: {next}");
    }
    Ok(ExitCode::SUCCESS)
}
