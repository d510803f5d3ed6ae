//! How the course does what the student has done.

use std::collections::BTreeSet;
use std::fs;
use std::io::IsTerminal;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::Failure;
use crate::anchors::without_anchors;
use crate::course::Course;
use crate::mine::number;

/// The same number on every system.
const SIGPIPE: i32 = 13;

/// Shows what differs between the student's files and the reference's, for each file that has a task. Only after the last
/// check has passed, or with `FORCE`.
///
/// # Errors
/// When the rung was not started, or git is missing.
pub fn solution(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let rung = course.rung(name)?;
    let mine = course.mine(name);
    mine.expect()?;
    if !mine.has_passed() && std::env::var_os("FORCE").is_none() {
        println!("{name} has not passed yet: make check STEP={0}. To look all the same:", number(name));
        println!("make solution STEP={} FORCE=1", number(name));
        return Ok(ExitCode::FAILURE);
    }
    let files: BTreeSet<&str> = rung.tasks.list.iter().map(|task| task.file.as_str()).collect();
    println!("- yours, + the course's\n");
    let mut differ = false;
    let place = reference_to_show(course, name, &files)?;
    for file in files {
        let colour = if std::io::stdout().is_terminal() { "--color=always" } else { "--color=never" };
        let status = Command::new("git")
            .args(["--no-pager", "diff", "--no-index", "--no-prefix", "--ignore-blank-lines", colour, "--"])
            .arg(format!("mine/{name}/{file}"))
            .arg(format!("steps/{name}/{file}"))
            .current_dir(&place)
            .status()
            .map_err(|error| format!("git diff: {error}"))?;
        match status.code() {
            Some(0) => {}
            Some(1) => differ = true,
            // `make solution STEP=05 | head`: the reader has seen enough.
            None if status.signal() == Some(SIGPIPE) => return Ok(ExitCode::SUCCESS),
            _ => return Err(format!("git diff ended with {status}").into()),
        }
    }
    if !differ {
        println!("Nothing differs.");
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder with the reference's files as the student's are: without the book's anchors. `mine` in it is the real one, so that
/// the paths in a comparison are right.
fn reference_to_show(course: &Course, name: &str, files: &BTreeSet<&str>) -> Result<PathBuf, Failure> {
    let place = course.root.join("target/solution");
    for file in files {
        let path = format!("steps/{name}/{file}");
        let copy = place.join(&path);
        fs::create_dir_all(copy.parent().expect("it stands below the place"))?;
        fs::write(copy, without_anchors(&fs::read_to_string(course.root.join(path))?))?;
    }
    let mine = place.join("mine");
    if mine.symlink_metadata().is_err() {
        symlink(course.root.join("mine"), mine)?;
    }
    Ok(place)
}
