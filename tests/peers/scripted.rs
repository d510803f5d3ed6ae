//! Clients in other languages: a script with a case for each thing they do, and a test for each case.
//!
//! `SCRIPT ADDRESS CASE` runs one case, prints `ok CASE` or `FAILED CASE: why` and exits with 0 or 1; `SCRIPT --list`
//! names them all. A case's name begins with the rung it is for. One that ends with `server_stops` says when it is
//! ready for that.

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Lesson, Program, Story};

/// What the beginning of a case's name stands for.
const RUNGS: &[(&str, &str)] =
    &[("raw_", "08-upgrade"), ("echo_", "10-messages"), ("chat_", "11-rooms"), ("guard_", "12-guard")];
/// What a script prints when its server may be stopped.
const READY_FOR_THE_STOP: &str = "stop the server now";
/// The scripts' own patience with one step is 10 s.
const LIMIT: Duration = Duration::from_secs(15);

/// A script, what runs it, and what it needs beside it.
pub struct Script {
    /// `node`, or a path below tests/peers.
    pub program: &'static str,
    /// Below tests/peers.
    pub file: &'static str,
    /// Where its packages are, below tests/peers.
    pub packages: &'static str,
}

impl Script {
    /// Runs one case against a server of its own.
    #[track_caller]
    pub fn runs(&self, story: &Story, case: &str, lesson: Lesson) {
        story.teaches(lesson);
        let rung = RUNGS.iter().find(|(beginning, _)| case.starts_with(beginning));
        let (_, rung) = rung.unwrap_or_else(|| story.fails(format!("{case} names no rung: {RUNGS:?}")));
        // Rung 12 alone has a heartbeat; a case that waits for one has not got 20 s.
        let server = story.server_with(|setup| setup.rung(rung).env("PING_INTERVAL_MS", 500));
        let running = self.program(story).args([&server.address().to_string(), case]).limit(LIMIT).starts();
        if case.ends_with("server_stops") {
            running.prints_eventually(READY_FOR_THE_STOP);
            server.interrupt();
        }
        let ran = running.ends();
        let text = ran.text();
        if let Some(failed) = text.lines().find(|line| line.starts_with("FAILED")) {
            story.fails(failed);
        }
        ran.succeeds().mentions(&format!("ok {case}"));
    }

    /// Fails unless these are the script's cases, all of them, in its order.
    #[track_caller]
    pub fn has_cases(&self, story: &Story, cases: &[&str]) {
        let listed = self.program(story).arg("--list").runs();
        let listed = listed.succeeds().text();
        let listed: Vec<&str> = listed.lines().collect();
        story.expects(
            listed == cases,
            format!("the tests are the cases of {}, they are {listed:?}", self.file),
        );
    }

    #[track_caller]
    fn program(&self, story: &Story) -> Program {
        let packages = here(self.packages);
        if !packages.exists() {
            story.fails(format!("{} is not there: tests/tools/need.sh installs it", packages.display()));
        }
        let program = if self.program.contains('/') {
            here(self.program).to_string_lossy().into_owned()
        } else {
            self.program.to_owned()
        };
        story.program(&program).arg(here(self.file))
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Defines a test for each case, and `cases()`, which holds them all behind one that compares the names with the
/// script's: `cases!(SCRIPT, LESSON, echo_text, echo_binary)`.
macro_rules! cases {
    ($script:expr, $lesson:expr, $($case:ident),* $(,)?) => {
        $(fn $case(story: &harness::Story) { $script.runs(story, stringify!($case), $lesson) })*

        fn every_case_is_a_test(story: &harness::Story) {
            story.teaches($lesson);
            $script.has_cases(story, &[$(stringify!($case)),*]);
        }

        fn cases() -> Vec<harness::Test> {
            harness::tests![every_case_is_a_test, $($case),*]
        }
    };
}
pub(crate) use cases;
