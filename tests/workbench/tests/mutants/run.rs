//! Runs the suite of a rung while one mistake is made, up to the first failure.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use workbench::{Course, judge};

use crate::table::{Made, Mistake, Mistakes};

/// No server may take more memory than this, in KiB, whatever it does wrong. (macOS knows no such limit.)
const MEMORY: usize = 4 << 20;

/// The suites, and the programs with all mistakes in them.
pub struct Runner {
    programs: PathBuf,
    /// By rung.
    pub suites: BTreeMap<String, PathBuf>,
}

/// What a student would read.
pub struct Told {
    /// The first test that failed.
    pub test: String,
    /// What it said.
    pub report: String,
}

impl Runner {
    /// Builds the suites that are needed.
    pub fn new(course: &Course, programs: PathBuf, mistakes: &Mistakes) -> Runner {
        let mut suites = BTreeMap::new();
        for mistake in &mistakes.list {
            suites.entry(mistake.suite.clone()).or_insert_with(|| {
                let suite = judge::suite(course, &mistake.suite).unwrap();
                PathBuf::from(suite.get_program())
            });
        }
        Runner { programs, suites }
    }

    /// Makes the mistake, and says how the suite told of it; or what was wrong with that.
    pub fn judged(&self, mistake: &Mistake) -> Result<Told, String> {
        let mut suite = self.suite(&mistake.suite);
        suite.env("FAIL_FAST", "1");
        match &mistake.made {
            Made::Changes(_) => suite.env("PROGRAMS", &self.programs).env("MISTAKE", &mistake.name),
            Made::Program { path } => {
                suite.env("SERVER", format!("exec python3 tests/mutants/{}", path.display()))
            }
        };
        let said = suite.output().map_err(|error| format!("{}: {error}", mistake.name))?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let name = &mistake.name;
        let told = first_failure(&said).ok_or_else(|| format!("{name}: no test fails\n{said}"))?;
        if told.test != mistake.test {
            return Err(format!("{name}: {} fails first, not {}\n{}", told.test, mistake.test, told.report));
        }
        // Wherever the lines end.
        let report: Vec<&str> = told.report.split_whitespace().collect();
        let report = report.join(" ");
        let missing = mistake.says.iter().find(|words| !report.contains(*words));
        match missing {
            Some(words) => Err(format!("{name}: {} does not say {words:?}\n{}", told.test, told.report)),
            None => Ok(told),
        }
    }

    /// Runs the tests that notice mistakes on a rung where none is made. What they say when one fails.
    pub fn fails_without(&self, rung: &str, mistakes: &Mistakes) -> Option<String> {
        let of = |program: bool| {
            let on_rung = mistakes.list.iter().filter(|mistake| mistake.suite == rung);
            on_rung.filter(move |mistake| matches!(mistake.made, Made::Program { .. }) == program)
        };
        let mut suites = Vec::new();
        if of(false).next().is_some() {
            let mut suite = self.suite(rung);
            suite.arg("--exact").args(of(false).map(|mistake| &mistake.test)).env("PROGRAMS", &self.programs);
            suites.push(suite);
        }
        for mistake in of(true) {
            let Made::Program { path } = &mistake.made else { continue };
            let mut suite = self.suite(rung);
            suite.args(["--exact", &mistake.test]).env("FIXED", "1");
            suite.env("SERVER", format!("exec python3 tests/mutants/{}", path.display()));
            suites.push(suite);
        }
        suites.into_iter().find_map(|mut suite| {
            let output = suite.output().unwrap();
            (!output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        })
    }

    fn suite(&self, rung: &str) -> Command {
        let mut suite = Command::new("sh");
        suite.args(["-c", &format!("ulimit -v {MEMORY} 2>/dev/null; exec \"$0\" \"$@\"")]);
        suite.arg(&self.suites[rung]);
        for name in ["SERVER", "MINE", "FIXED", "MISTAKE", "RUST_LOG", "RUST_BACKTRACE", "ALL", "FAIL_FAST"] {
            suite.env_remove(name);
        }
        suite
    }
}

/// The first block that the suite prints of a test that failed.
fn first_failure(said: &str) -> Option<Told> {
    let test = said.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))?;
    let (_, block) = said.split_once(&format!("---- {test} ----\n"))?;
    let (report, _) = block.rsplit_once("\nfailures:\n").unwrap_or((block, ""));
    Some(Told { test: test.to_string(), report: report.trim_end().to_string() })
}
