//! Runs tests while some holes are open.

use std::path::{Path, PathBuf};
use std::process::Command;

use workbench::course::Rung;
use workbench::holes::switch;
use workbench::libtest::{self, Failed};
use workbench::workspace::Workspace;
use workbench::{Course, judge};

/// Which holes are open: the value of the environment variable `HOLES`.
pub struct Holes(String);

impl Holes {
    /// One task is not done.
    pub fn only(rung: &Rung, index: usize) -> Holes {
        Holes(name(rung, index))
    }

    /// All tasks behind this one are not done.
    pub fn after(rung: &Rung, index: usize) -> Holes {
        let later: Vec<String> = (index + 1..rung.tasks.list.len()).map(|later| name(rung, later)).collect();
        Holes(later.join(","))
    }

    /// The expression that says whether a hole is open.
    pub fn condition(rung: &Rung, index: usize) -> String {
        switch("HOLES", &name(rung, index))
    }
}

fn name(rung: &Rung, index: usize) -> String {
    format!("{}:{index}", rung.name)
}

/// Whether a program has a test whose name contains this.
pub fn has(program: &Path, home: &Path, test: &str) -> bool {
    let output = Command::new(program).args(["--list", test]).current_dir(home).output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().any(|line| line.ends_with(": test"))
}

/// Runs these tests with these holes open. The error tells of the first that failed.
pub fn pass(programs: &[PathBuf], home: &Path, tests: &[String], holes: &Holes) -> Result<(), String> {
    let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
    let told = |failed: Failed| format!("{}: {}", failed.test, failed.message);
    let env = [("HOLES", holes.0.as_str())];
    programs
        .iter()
        .try_for_each(|program| libtest::run(program, home, &tests, &env, libtest::LIMIT).map_err(told))
}

/// Whether all black-box tests of a rung pass with these holes open; `None`: they did not run.
pub fn passes_from_outside(
    course: &Course,
    switched: &Workspace,
    rung: &Rung,
    holes: &Holes,
) -> Option<bool> {
    let mut suite = judge::suite(course, &rung.name).unwrap();
    suite.env("MINE", switched.rung(&rung.name)).env("HOLES", &holes.0);
    let output = suite.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    said.contains("test result: ").then(|| output.status.success())
}
