//! The runner: teaching order, a hard limit for each test, and failures printed in full.
//!
//! libtest sorts by name and runs to the end; a student needs the simplest failure first.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, mpsc};
use std::time::{Duration, Instant};

use crate::options::Options;
use crate::story::{DoesNotApply, Record, Story, needs_a_server, tell_panics_to};
use crate::{process, show};

/// A test may take this long, unless `slow` says otherwise.
pub const LIMIT: Duration = Duration::from_secs(20);
/// As many descriptors as a test with thousands of clients needs, if the system lets us.
const DESCRIPTORS: u64 = 65_536;

/// One test of a suite. Made by [`tests!`](crate::tests).
#[derive(Debug, Clone, Copy)]
pub struct Test {
    /// The function's name.
    pub name: &'static str,
    /// The test itself.
    pub body: fn(&Story),
    /// When it is over, the test has failed.
    pub limit: Duration,
    /// Runs while no other test does: it measures time.
    pub alone: bool,
}

/// The tests of a suite, in teaching order: `tests![first, slow(60, second), alone(20, third)]`.
///
/// `slow(SECONDS, name)` changes the limit of 20 seconds. `alone(SECONDS, name)` is for a test that measures
/// time: no other test of the suite runs beside it.
#[macro_export]
macro_rules! tests {
    (@one slow($seconds:expr, $name:path)) => { $crate::tests!(@test $name, $seconds, false) };
    (@one alone($seconds:expr, $name:path)) => { $crate::tests!(@test $name, $seconds, true) };
    (@one $name:path) => { $crate::tests!(@test $name, $crate::LIMIT.as_secs(), false) };
    (@test $name:path, $seconds:expr, $alone:expr) => {
        $crate::Test {
            name: stringify!($name),
            body: $name,
            limit: ::std::time::Duration::from_secs($seconds),
            alone: $alone,
        }
    };
    (@list [$($done:tt)*]) => { ::std::vec::Vec::from([$($done)*]) };
    (@list [$($done:tt)*] slow($($slow:tt)*) $(, $($rest:tt)*)?) => {
        $crate::tests!(@list [$($done)* $crate::tests!(@one slow($($slow)*)),] $($($rest)*)?)
    };
    (@list [$($done:tt)*] alone($($alone:tt)*) $(, $($rest:tt)*)?) => {
        $crate::tests!(@list [$($done)* $crate::tests!(@one alone($($alone)*)),] $($($rest)*)?)
    };
    (@list [$($done:tt)*] $name:path $(, $($rest:tt)*)?) => {
        $crate::tests!(@list [$($done)* $crate::tests!(@one $name),] $($($rest)*)?)
    };
    ($($list:tt)*) => { $crate::tests!(@list [] $($list)*) };
}

/// Runs the tests of a rung as `cargo test` would: `NAME` is the rung's folder, `05-keep-alive`.
///
/// Takes libtest's arguments (filters, `--exact`, `--skip`, `--list`, `--test-threads`); `FAIL_FAST=1` stops
/// at the first failure in teaching order.
pub fn suite(name: &str, tests: Vec<Test>) -> ExitCode {
    let options = match Options::from_env() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    raise_descriptor_limit();
    end_children_on_signals();
    let wanted = !options.list && tests.iter().any(|test| options.selects(test.name));
    if wanted && std::env::var_os("SERVER").is_none() && crate::cargo::is_rung(name) {
        // Built before the first test, so that an error of the compiler is told once.
        if let Err(error) = crate::cargo::binary(name, false) {
            eprintln!("{error}\nerror: {name} does not build, so none of its tests ran");
            return ExitCode::from(101);
        }
    }
    match run(name, &tests, &options, &mut std::io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(101),
        Err(error) => {
            eprintln!("error: cannot print the results: {error}");
            ExitCode::from(101)
        }
    }
}

/// Runs the selected tests and prints the results in teaching order; true when none failed.
pub(crate) fn run(
    rung: &str,
    tests: &[Test],
    options: &Options,
    out: &mut impl Write,
) -> std::io::Result<bool> {
    let chosen: Vec<Test> = tests.iter().filter(|test| options.selects(test.name)).copied().collect();
    if options.list {
        chosen.iter().try_for_each(|test| writeln!(out, "{}: test", test.name))?;
        writeln!(out, "\n{} tests, 0 benchmarks", chosen.len())?;
        return Ok(true);
    }
    let start = Instant::now();
    let plural = if chosen.len() == 1 { "" } else { "s" };
    writeln!(out, "\nrunning {} test{plural}", chosen.len())?;

    let (stop, next, quiet) = (AtomicBool::new(false), AtomicUsize::new(0), RwLock::new(()));
    let (sender, results) = mpsc::channel();
    let mut failures: Vec<(&str, String)> = Vec::new();
    let (mut passed, mut ignored) = (0, 0);
    std::thread::scope(|scope| {
        for _ in 0..options.threads.min(chosen.len()) {
            let (sender, chosen, stop, next, quiet) = (sender.clone(), &chosen, &stop, &next, &quiet);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(test) = chosen.get(number) else { break };
                    let result = if test.alone {
                        let _nobody_else = quiet.write();
                        run_one(rung, test.limit, test.body)
                    } else {
                        let _with_others = quiet.read();
                        run_one(rung, test.limit, test.body)
                    };
                    // The receiver is gone when the suite stopped at a failure.
                    let _ = sender.send((number, result));
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        for (number, test) in chosen.iter().enumerate() {
            write!(out, "test {} ... ", test.name)?;
            out.flush()?;
            while !early.contains_key(&number) {
                let Ok((finished, result)) = results.recv() else { break };
                early.insert(finished, result);
            }
            match early.remove(&number).expect("each test sends one result") {
                Ok(Good::Passed) => {
                    writeln!(out, "ok")?;
                    passed += 1;
                }
                Ok(Good::Ignored(why)) => {
                    writeln!(out, "ignored, {why}")?;
                    ignored += 1;
                }
                Err(report) => {
                    writeln!(out, "FAILED")?;
                    failures.push((test.name, report));
                    if options.fail_fast {
                        stop.store(true, Ordering::Relaxed);
                        break;
                    }
                }
            }
        }
        Ok::<(), std::io::Error>(())
    })?;

    if !failures.is_empty() {
        writeln!(out, "\nfailures:")?;
        for (name, report) in &failures {
            writeln!(out, "\n---- {name} ----\n{report}")?;
        }
        writeln!(out, "\nfailures:")?;
        failures.iter().try_for_each(|(name, _)| writeln!(out, "    {name}"))?;
        if failures.iter().any(|(_, report)| needs_a_server(report)) {
            writeln!(out, "\nThe server for what is to try, in another terminal: {}", by_hand(rung))?;
        }
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    let (failed, filtered) = (failures.len(), tests.len() - chosen.len());
    let not_run = match chosen.len() - passed - ignored - failed {
        0 => String::new(),
        count => format!("{count} not run after the first failure; "),
    };
    writeln!(
        out,
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; \
         {filtered} filtered out; {not_run}finished in {:.2}s\n",
        start.elapsed().as_secs_f64()
    )?;
    Ok(failures.is_empty())
}

/// How the server under test is started by hand, so that it listens on 8080.
fn by_hand(rung: &str) -> String {
    let is_set = |name| std::env::var_os(name).is_some();
    match std::env::var("SERVER") {
        Ok(command) => format!("PORT=8080 {command}"),
        Err(_) => {
            let step = rung.split('-').next().unwrap_or(rung);
            let mine = if is_set("MINE") { " MINE=1" } else { "" };
            let own = if is_set("MINE") && is_set("OWN") { " OWN=1" } else { "" };
            format!("make run STEP={step}{mine}{own}")
        }
    }
}

/// How a test that did not fail has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Good {
    Passed,
    /// It does not apply here, and why. It has not passed.
    Ignored(&'static str),
}

/// Runs one test on a thread of its own. When it is over its limit its children are killed by their handles,
/// the thread is left to itself, and the story so far is the report.
pub(crate) fn run_one(
    rung: &str,
    limit: Duration,
    body: impl FnOnce(&Story) + Send + 'static,
) -> Result<Good, String> {
    let record = Record::new(rung, limit);
    let (sender, finished) = mpsc::channel();
    let story = Story { record: record.clone() };
    std::thread::spawn(move || {
        tell_panics_to(&story.record);
        // A story holds its lock only for a moment and its state is whole then.
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(&story)));
        let why = end.as_ref().err().and_then(|end| end.downcast_ref::<DoesNotApply>()).map(|end| end.0);
        if end.is_err() && why.is_none() {
            // A thread that the test started may have failed, and scope() only says that one did.
            let headline = "the test panicked".to_owned();
            story.record.blame(headline, Vec::new(), "an unknown place".into());
        }
        let _ = sender.send(why);
    });
    let ignored = wait(&finished, &record, limit);
    if !record.has_failed() {
        record.blame_broken_servers();
    }
    let outcome = match ignored {
        _ if record.has_failed() => Err(record.report()),
        Some(why) => Ok(Good::Ignored(why)),
        None => Ok(Good::Passed),
    };
    record.clean_up();
    outcome
}

/// Why the test does not apply, if it says so.
fn wait(
    finished: &mpsc::Receiver<Option<&'static str>>,
    record: &Arc<Record>,
    limit: Duration,
) -> Option<&'static str> {
    loop {
        let deadline = record.deadline();
        let left = deadline.saturating_duration_since(Instant::now());
        let end = finished.recv_timeout(left);
        let over = end == Err(mpsc::RecvTimeoutError::Timeout);
        // Cargo may have worked meanwhile, or still work: its time is added to the deadline.
        if !over || record.deadline() == deadline {
            if over {
                let headline = format!("the test is not finished after its limit of {}", show::time(limit));
                record.blame(
                    headline,
                    vec!["the last step above is what it waits behind".into()],
                    "the runner".into(),
                );
            }
            return end.ok().flatten();
        }
    }
}

/// The servers lead process groups of their own, so Ctrl-C in a terminal does not reach them.
///
/// A second reason: a background job of a shell starts with SIGINT ignored, and would hand that on to the
/// servers, which then could not be stopped. A handled signal is reset to its default by exec.
pub(crate) fn end_children_on_signals() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).expect("these two may be handled");
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            process::kill_all();
            std::process::exit(128 + signal);
        }
    });
}

/// Tests with many clients need many descriptors, and servers inherit the limit. Where the system says no,
/// the test that needs them fails with its own words.
pub fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(DESCRIPTORS).min(DESCRIPTORS);
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}
