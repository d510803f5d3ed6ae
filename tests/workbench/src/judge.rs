//! What the tests say of a student's copy: task by task, then all unit tests, then the tests from outside.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::cargo;
use crate::course::{Course, Rung};
use crate::libtest::{self, Failed};
use crate::mine::Mine;
use crate::own;
use crate::shorten::shortened;

/// A copy that compiles, with its tests built.
pub struct Judge<'a> {
    course: &'a Course,
    rung: &'a Rung,
    mine: Mine,
    /// Where it is built: in the copy, or upon the student's own lower rungs.
    place: PathBuf,
    programs: Vec<PathBuf>,
    /// What the compiler only warned of.
    pub warnings: usize,
}

/// The answer to one question.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is right.
    Passed,
    /// The body is still `todo!()`.
    Open,
    /// It is wrong, and how.
    Failed(String),
}

impl<'a> Judge<'a> {
    /// Builds a copy, where [`own::place`] says. `Err` in `Ok`: what the
    /// compiler said.
    ///
    /// # Errors
    /// When the rung was not started, or cargo cannot build anything.
    pub fn build(course: &'a Course, rung: &'a Rung) -> Result<Result<Judge<'a>, Vec<String>>, Failure> {
        let mine = course.mine(&rung.name);
        let place = own::place(course, &rung.name)?;
        let package = format!("step-{}", rung.name);
        let built = cargo::build_tests(cargo::in_copy(&place), &["--package", &package, "--lib", "--bins"])?;
        if !built.errors.is_empty() {
            return Ok(Err(built.errors.iter().map(|error| located(course, &place, error)).collect()));
        }
        let programs = built.programs.into_iter().map(|(_, program)| program).collect();
        Ok(Ok(Judge { course, rung, mine, place, programs, warnings: built.warnings }))
    }

    /// One task, by its own tests, in the order in which they are named.
    pub fn task(&self, index: usize) -> Outcome {
        let task = &self.rung.tasks.list[index];
        if self.mine.is_open(task) {
            return Outcome::Open;
        }
        let failed = task.tests.iter().find_map(|test| self.run(&[test]).err());
        failed.map_or(Outcome::Passed, |failed| Outcome::Failed(self.told(&failed)))
    }

    /// All unit tests of the rung.
    pub fn unit_tests(&self) -> Outcome {
        match self.run(&[]) {
            Ok(()) => Outcome::Passed,
            Err(failed) => Outcome::Failed(self.told(&failed)),
        }
    }

    /// The black-box tests. With `shown` they print as they run, else what they printed is in the outcome.
    ///
    /// # Errors
    /// When they cannot be built.
    pub fn from_outside(&self, shown: bool) -> Result<Outcome, Failure> {
        let mut suite = suite(self.course, &self.rung.name)?;
        suite.env("MINE", &self.place);
        if shown {
            return Ok(if suite.status()?.success() {
                Outcome::Passed
            } else {
                Outcome::Failed(String::new())
            });
        }
        let output = suite.stderr(Stdio::inherit()).output()?;
        Ok(match output.status.success() {
            true => Outcome::Passed,
            false => Outcome::Failed(String::from_utf8_lossy(&output.stdout).into_owned()),
        })
    }

    fn run(&self, names: &[&str]) -> Result<(), Failed> {
        self.programs
            .iter()
            .try_for_each(|program| libtest::run(program, &self.mine.home, names, &[], libtest::LIMIT))
    }

    /// A failure as a student reads it.
    fn told(&self, failed: &Failed) -> String {
        let name = failed.test.rsplit("::").next().unwrap_or_default();
        let mut text = match name {
            "" => "The tests of this rung end before the first.\n".to_string(),
            _ => format!("A test fails: {}\n", name.replace('_', " ")),
        };
        for line in words_above(&self.mine.home, name) {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
        match failed.message.as_str() {
            "not yet implemented" => text.push_str("    It has come to a body that is still todo!().\n"),
            message => shortened(message).lines().for_each(|line| text.push_str(&format!("    {line}\n"))),
        }
        if let Some(place) = &failed.place {
            let place = from_top(self.course, &self.place, place);
            let _ = writeln!(text, "    at {place}");
            for line in asked(&self.course.root, &place) {
                let _ = writeln!(text, "       {line}");
            }
        }
        let _ = write!(text, "\nOnly this one: (cd mine/{} && cargo test {})", self.rung.name, failed.test);
        text
    }
}

/// An error of the compiler, with its paths from the top of the repository, so that a terminal or an editor opens
/// them.
fn located(course: &Course, place: &Path, error: &str) -> String {
    let mut text = String::new();
    for line in error.lines() {
        // Between the arrow and the path may stand the end of a colour.
        let path = line.find("--> ").map(|at| at + 4);
        let path = path.map(|at| if line[at..].starts_with("\u{1b}[0m") { at + 4 } else { at });
        match path {
            Some(at) => text.push_str(&format!("{}{}\n", &line[..at], from_top(course, place, &line[at..]))),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

/// `src/mask.rs:31`, as somebody in `place` says it, from the top of the repository.
fn from_top(course: &Course, place: &Path, said: &str) -> String {
    let (file, line) = said.split_once(':').unwrap_or((said, ""));
    // Cargo names files from the top of the workspace; upon own rungs, that is one above.
    let tops = [Some(place), place.parent()];
    let path = tops.into_iter().flatten().find_map(|top| top.join(file).canonicalize().ok());
    let path = path.as_deref().and_then(|path| path.strip_prefix(&course.root).ok());
    path.map_or_else(|| said.to_string(), |path| format!("{}:{line}", path.display()))
}

/// The statement that begins at a place. It says which of two values the test had expected, and which came.
fn asked(root: &Path, place: &str) -> Vec<String> {
    /// More than that is no assertion, but a function.
    const LINES: usize = 8;
    let Some((file, line)) = place.split_once(':') else { return Vec::new() };
    let Ok(text) = fs::read_to_string(root.join(file)) else { return Vec::new() };
    let first = line.parse::<usize>().unwrap_or(0).saturating_sub(1);
    let mut lines: Vec<&str> = text.lines().skip(first).take(LINES).collect();
    match lines.iter().position(|line| line.ends_with([';', '}', ','])) {
        // A list that is longer has inner lines that end with a comma.
        Some(0) => lines.truncate(1),
        Some(_) => match lines.iter().position(|line| line.ends_with(';')) {
            Some(last) => lines.truncate(last + 1),
            None => lines.truncate(1),
        },
        None => lines.truncate(1),
    }
    let indent = lines.first().map_or(0, |line| line.len() - line.trim_start().len());
    lines.iter().map(|line| line.get(indent..).unwrap_or_default().to_string()).collect()
}

/// The black-box suite of a rung, built and ready to run; it stops at the first failure, unless `ALL` is set.
///
/// # Errors
/// When it cannot be built.
pub fn suite(course: &Course, name: &str) -> Result<Command, Failure> {
    let built = cargo::build_tests(cargo::in_course(&course.root), &["--test", name])?;
    let program = match built.programs.first() {
        Some((_, program)) if built.errors.is_empty() => program,
        _ => return Err(format!("the tests do not compile:\n{}", built.errors.join("\n")).into()),
    };
    let mut suite = Command::new(program);
    suite.current_dir(course.root.join("tests/blackbox"));
    if std::env::var_os("ALL").is_none() {
        suite.env("FAIL_FAST", "1");
    }
    Ok(suite)
}

/// What stands above a test in its file.
fn words_above(home: &Path, test: &str) -> Vec<String> {
    let mut files = crate::start::Files::new();
    if test.is_empty() || crate::start::collect(&home.join("src"), Path::new(""), &mut files).is_err() {
        return Vec::new();
    }
    let start = format!("fn {test}(");
    for path in files.keys() {
        let Ok(text) = fs::read_to_string(home.join("src").join(path)) else { continue };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        if let Some(at) = lines.iter().position(|line| line.starts_with(&start)) {
            let above =
                lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
            let mut words: Vec<String> = above
                .filter(|line| line.starts_with("//"))
                .map(|line| line.trim_start_matches('/').trim().into())
                .collect();
            words.reverse();
            return words;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_from_the_top() {
        let course = Course::here().unwrap();
        let place = course.root.join("steps/09-frames");
        assert_eq!(from_top(&course, &place, "src/mask.rs:31"), "steps/09-frames/src/mask.rs:31");
        let upon_own = "08-upgrade/../../steps/09-frames/src/mask.rs:3:1";
        assert_eq!(from_top(&course, &place, upon_own), "steps/09-frames/src/mask.rs:3:1");
        for elsewhere in ["src/no-such-file.rs:1", "/rustc/5980/library/core/src/ops/arith.rs:99:8"] {
            assert_eq!(from_top(&course, &place, elsewhere), elsewhere);
        }
    }

    #[test]
    fn an_error_names_its_file_from_the_top_in_colour_too() {
        let course = Course::here().unwrap();
        let place = course.root.join("steps/09-frames");
        let error = "error: no\n  \u{1b}[94m--> \u{1b}[0msrc/mask.rs:3:1\n  --> src/mask.rs:4:2\n";
        let expected = "error: no\n  \u{1b}[94m--> \u{1b}[0msteps/09-frames/src/mask.rs:3:1\n  --> steps/09-frames/src/mask.rs:4:2\n";
        assert_eq!(located(&course, &place, error), expected);
    }

    #[test]
    fn what_a_test_asked_is_shown_whole() {
        let root = std::env::temp_dir().join(format!("workbench-asked-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let text = "fn t() {\n    assert_eq!(a(), 1);\n    assert_eq!(\n        lines(b\"x\"),\n        [1]\n    );\n    x(|| panic!(\"no\"))\n}\n";
        fs::write(root.join("t.rs"), text).unwrap();
        assert_eq!(asked(&root, "t.rs:2"), ["assert_eq!(a(), 1);"]);
        assert_eq!(asked(&root, "t.rs:3"), ["assert_eq!(", "    lines(b\"x\"),", "    [1]", ");"]);
        assert_eq!(asked(&root, "t.rs:7"), ["x(|| panic!(\"no\"))"]);
        assert_eq!(asked(&root, "t.rs:99"), [""; 0]);
        assert_eq!(asked(&root, "/rustc/5980/ops.rs:9"), [""; 0]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_stands_above_a_test_is_found() {
        let home = std::env::temp_dir().join(format!("workbench-judge-{}", std::process::id()));
        fs::create_dir_all(home.join("src")).unwrap();
        let text = "/// Not this.\nfn other() {}\n\n/// RFC 6455 §5.3.\n// Why.\n#[test]\nfn masks() {}\n";
        fs::write(home.join("src/tests.rs"), text).unwrap();
        assert_eq!(words_above(&home, "masks"), ["RFC 6455 §5.3.", "Why."]);
        assert_eq!(words_above(&home, "mask"), [""; 0]);
        fs::remove_dir_all(home).unwrap();
    }
}
