//! The story of one test: every step it took, and what it teaches when it fails.

use std::cell::RefCell;
use std::panic::{Location, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::show;

/// Of a long story the first and the last steps are kept.
const FIRST_STEPS: usize = 8;
const LAST_STEPS: usize = 12;
/// How many of a server's last lines a failure shows.
const LAST_LINES: usize = 12;

/// Where a server listens that is started by hand.
const HAND_PORT: &str = "8080";
/// What stands before the line to try by hand.
const TRY: &str = "  try:  ";

/// Does the line to try by hand of this report need a server that was started before?
pub(crate) fn needs_a_server(report: &str) -> bool {
    let hand = report.rsplit_once(TRY).map_or("", |(_, hand)| hand);
    ["127.0.0.1:", "127.0.0.1 ", "PORT="].iter().any(|before| hand.contains(&format!("{before}{HAND_PORT}")))
}

/// What a test says when it fails. A student who does not know the answer reads it.
///
/// In each text `{port}` stands for 8080, where `make run` listens: when somebody reads it the test's own server is gone.
#[derive(Debug, Clone, Copy)]
pub struct Lesson {
    /// The likely cause, in plain words: one to three sentences.
    pub why: &'static str,
    /// Where to read: section and chapter, `RFC 9112 §9.3.2, notes/05-keep-alive.md`.
    pub read: &'static str,
    /// A line to reproduce it by hand: curl, or `printf ... | nc 127.0.0.1 {port}`.
    pub hand: &'static str,
}

/// One test's story: it starts servers, connects clients, and remembers every step.
#[derive(Debug)]
pub struct Story {
    pub(crate) record: Arc<Record>,
}

impl Story {
    /// What to say when this test fails. Call it first; a later call replaces the earlier one.
    pub fn teaches(&self, lesson: Lesson) {
        self.record.state().lesson = Some(lesson);
    }

    /// Adds a step in the test's own words: "the clients answer in reverse order".
    pub fn note(&self, text: impl Into<String>) {
        self.record.step(text.into(), Vec::new());
    }

    /// Ends the test: it is about barewire's own program (its options, its words), and `$SERVER` runs another.
    /// The runner counts it as ignored and says so: it has not passed.
    pub fn needs_our_program(&self) {
        if std::env::var_os("SERVER").is_some() {
            self.does_not_apply("it is about barewire's own program, not about $SERVER");
        }
    }

    /// Ends the test: what it is about does not exist here. It counts as ignored, and the runner says `why`.
    pub fn does_not_apply(&self, why: &'static str) -> ! {
        std::panic::resume_unwind(Box::new(DoesNotApply(why)))
    }

    /// Fails the test unless `condition` holds; `expectation` says what had to be true, with the figures:
    /// `format!("at most 5 % of one core while idle, it was {percent} %")`.
    #[track_caller]
    pub fn expects(&self, condition: bool, expectation: impl Into<String>) {
        if !condition {
            self.record.fail(format!("expected: {}", expectation.into()), Vec::new());
        }
    }

    /// Fails the test with these words.
    #[track_caller]
    pub fn fails(&self, headline: impl Into<String>) -> ! {
        self.record.fail(headline.into(), Vec::new())
    }

    /// A new empty directory of this test's own, removed when the test is over.
    #[track_caller]
    pub fn directory(&self) -> PathBuf {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("barewire-{}-{number}", std::process::id()));
        if let Err(error) = std::fs::create_dir(&path) {
            self.record.fail(format!("cannot create {}: {error}", path.display()), Vec::new());
        }
        self.record.state().directories.push(path.clone());
        path
    }
}

/// What a story remembers; clients, servers and responses share it.
#[derive(Debug)]
pub(crate) struct Record {
    /// The rung under test, `05-keep-alive`.
    pub(crate) rung: String,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) lesson: Option<Lesson>,
    pub(crate) processes: Vec<Arc<Process>>,
    /// Number, text and details; the middle of a long story is forgotten.
    steps: Vec<(usize, String, Vec<String>)>,
    count: usize,
    directories: Vec<PathBuf>,
    failure: Option<Failure>,
    /// When the test is over its limit. Time spent in cargo is added: it is not the test's.
    deadline: Instant,
    /// Since when cargo is at work.
    excused_since: Option<Instant>,
}

/// Why a test failed: a sentence, what explains it line by line, and the place in the test.
#[derive(Debug, Clone)]
struct Failure {
    headline: String,
    details: Vec<String>,
    place: String,
    last_words: String,
}

/// What unwinds a failed test. The failure itself stands in its record.
#[derive(Debug)]
pub(crate) struct Failed;

impl Record {
    pub(crate) fn new(rung: &str, limit: Duration) -> Arc<Record> {
        let state = State {
            lesson: None,
            processes: Vec::new(),
            steps: Vec::new(),
            count: 0,
            directories: Vec::new(),
            failure: None,
            deadline: Instant::now() + limit,
            excused_since: None,
        };
        Arc::new(Record { rung: rung.into(), state: Mutex::new(state) })
    }

    /// A thread that failed while it held the lock left nothing half done.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn step(&self, text: String, details: Vec<String>) {
        let mut state = self.state();
        state.count += 1;
        let number = state.count;
        state.steps.push((number, text, details));
        if state.steps.len() > FIRST_STEPS + LAST_STEPS {
            state.steps.remove(FIRST_STEPS);
        }
    }

    /// Ends the test: records why and unwinds, past the panic hook, up to the runner.
    #[track_caller]
    pub(crate) fn fail(&self, headline: String, details: Vec<String>) -> ! {
        self.blame(headline, details, Location::caller().to_string());
        resume_unwind(Box::new(Failed))
    }

    /// Records why the test failed. The first failure counts: the later ones follow from it.
    ///
    /// It also asks the servers for their last words, now: unwinding will kill them.
    pub(crate) fn blame(&self, headline: String, details: Vec<String>, place: String) {
        if self.has_failed() {
            return;
        }
        let processes = self.state().processes.clone();
        let servers: Vec<_> = processes.iter().filter(|process| process.is_server).collect();
        // A test may have stopped some before: those have nothing to do with it.
        let (last, earlier) = servers.split_last().map_or((None, &[][..]), |(last, all)| (Some(last), all));
        let concerned = earlier.iter().filter(|server| !server.was_stopped()).chain(last);
        let last_words = concerned.map(|process| last_words(process)).collect();
        self.state().failure.get_or_insert(Failure { headline, details, place, last_words });
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state().failure.is_some()
    }

    /// When the test is over its limit. It moves while time is excused.
    pub(crate) fn deadline(&self) -> Instant {
        let state = self.state();
        state.deadline + state.excused_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Does work whose time is not the test's: cargo's. It may take longer than the test's limit.
    pub(crate) fn excuse<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        // Another thread of the test may be excused already.
        let counts = self.state().excused_since.is_none();
        if counts {
            self.state().excused_since = Some(start);
        }
        let done = work();
        if counts {
            let mut state = self.state();
            state.excused_since = None;
            state.deadline += start.elapsed();
        }
        done
    }

    /// The test is over, perhaps by its limit: kills what it started, by handle, and removes its directories.
    pub(crate) fn clean_up(&self) {
        let mut state = self.state();
        state.processes.drain(..).for_each(|process| process.kill());
        for path in state.directories.drain(..) {
            // What cannot be removed stays in the system's temporary directory.
            let _ = std::fs::remove_dir_all(path);
        }
    }

    /// A server that ended by itself, or panicked in a thread, fails a test that noticed nothing.
    pub(crate) fn blame_broken_servers(&self) {
        let processes = self.state().processes.clone();
        for process in processes {
            let what = &process.name;
            if let Some(status) = process.ended_by_itself() {
                let headline = format!("{what} ended by itself with {status}");
                self.blame(headline, Vec::new(), "after the test's last step".into());
            } else if process.output_contains("panicked at") {
                let headline = format!("a thread of {what} panicked");
                self.blame(headline, Vec::new(), "after the test's last step".into());
            }
        }
    }

    /// The whole failure, as a student reads it.
    pub(crate) fn report(&self) -> String {
        let state = self.state();
        let mut text = String::from("\n");
        let mut last = 0;
        for (number, step, details) in &state.steps {
            if *number > last + 1 {
                text += &format!("      ... {} steps left out ...\n", number - last - 1);
            }
            last = *number;
            text += &format!("{number:>4}  {step}\n");
            details.iter().for_each(|line| text += &format!("        {line}\n"));
        }
        if let Some(failure) = &state.failure {
            text += &format!("\n  {}\n", failure.headline.replace('\n', "\n  "));
            failure.details.iter().for_each(|line| text += &format!("    {line}\n"));
            text += &format!("  at {}\n{}", failure.place, failure.last_words);
        }
        if let Some(lesson) = state.lesson {
            let fill = |line: &str| line.replace("{port}", HAND_PORT);
            text += &format!("\n  why:  {}\n", wrap(&fill(lesson.why)));
            text += &format!("  read: {}\n", wrap(&fill(lesson.read)));
            text += &format!("{TRY}{}\n", fill(lesson.hand));
        }
        text
    }
}

fn last_words(process: &Process) -> String {
    // A server that dies closes its connections a moment before it can be seen to be dead.
    let status = process.wait(Duration::from_millis(100)).and_then(|_| process.ended_by_itself());
    let lines = process.last_lines(LAST_LINES);
    let mut text = match status {
        Some(status) => format!("\n  {} ended by itself with {status}", process.name),
        None => format!("\n  {}", process.name),
    };
    text += if lines.is_empty() { " (it printed nothing)\n" } else { "; its last lines:\n" };
    lines.iter().for_each(|line| text += &format!("    {}\n", show::escape(line.as_bytes())));
    text
}

/// Breaks a text into lines that stand below each other behind `why:  `.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("it starts with one line");
        if line.is_empty() {
            *line = word.into();
        } else if line.chars().count() + 1 + word.chars().count() <= 92 {
            *line = format!("{line} {word}");
        } else {
            lines.push(word.into());
        }
    }
    lines.join("\n        ")
}

thread_local! {
    /// The story that runs on this thread, so that a panic (assert!) finds it.
    static CURRENT: RefCell<Option<Arc<Record>>> = const { RefCell::new(None) };
}

/// What [`Story::does_not_apply`] unwinds with.
pub(crate) struct DoesNotApply(pub &'static str);

/// Makes this thread's panics part of the story. The hook of other threads stays as it was.
pub(crate) fn tell_panics_to(record: &Arc<Record>) {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let Some(record) = CURRENT.with_borrow(Option::clone) else { return before(info) };
            let text = info.payload_as_str().unwrap_or("the test panicked").to_owned();
            let place = info.location().map_or("an unknown place".into(), Location::to_string);
            record.blame(text, Vec::new(), place);
        }));
    });
    CURRENT.set(Some(record.clone()));
}
