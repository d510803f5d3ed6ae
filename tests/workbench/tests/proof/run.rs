//! Runs tests while some holes are open.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use workbench::Course;
use workbench::course::Rung;

use crate::workspace::Workspace;

/// Some tests work for a second. A hole may leave one waiting for what never comes. Then it has not passed.
const LIMIT: Duration = Duration::from_secs(20);

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

    /// The expression that says whether a hole is open. It asks once: some functions run for every byte.
    pub fn condition(rung: &Rung, index: usize) -> String {
        let name = name(rung, index);
        format!(
            "{{ static OPEN: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| std::env::var(\"HOLES\")\
             .is_ok_and(|holes| holes.split(',').any(|hole| hole == {name:?}))); *OPEN }}"
        )
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

/// Runs these tests with these holes open. The error names those that failed.
pub fn pass(programs: &[PathBuf], home: &Path, tests: &[String], holes: &Holes) -> Result<(), String> {
    for program in programs {
        let mut command = Command::new(program);
        command.args(tests).current_dir(home);
        ends_well(command, holes, LIMIT)?;
    }
    Ok(())
}

/// Runs the black-box tests of a rung with these holes open, up to the first that fails.
pub fn pass_from_outside(
    course: &Course,
    switched: &Workspace,
    rung: &Rung,
    holes: &Holes,
) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["test", "--quiet", "--offline", "--package", "harness", "--test", &rung.name])
        .current_dir(&course.root)
        .env("MINE", switched.rung(&rung.name))
        .env("FAIL_FAST", "1");
    ends_well(command, holes, 9 * LIMIT)
}

fn ends_well(mut command: Command, holes: &Holes, limit: Duration) -> Result<(), String> {
    command.env("HOLES", &holes.0).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().expect("it was piped above");
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        stdout.read_to_end(&mut said).map(|_| String::from_utf8_lossy(&said).into_owned())
    });
    let start = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            None if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
            status => break status,
        }
    };
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("not finished within {} s", limit.as_secs()));
    }
    if status.is_some_and(|status| status.success()) {
        return Ok(());
    }
    let said = reader.join().expect("it does not panic").unwrap_or_default();
    let failed = said.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    Err(failed.collect::<Vec<_>>().join(", "))
}
