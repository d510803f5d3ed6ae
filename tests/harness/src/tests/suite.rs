use std::process::Command;
use std::sync::{Barrier, mpsc};
use std::time::Duration;

use super::{SHORT, fails_with};
use crate::options::Options;
use crate::process::Process;
use crate::story::{Lesson, Story};
use crate::suite::{Good, Test, run, run_one};

fn passing(_: &Story) {}

fn failing(story: &Story) {
    story.note("the first step");
    story.fails("it is wrong");
}

/// These two pass only side by side, and the one that stands first ends last.
static BOTH: Barrier = Barrier::new(2);

fn first(_: &Story) {
    BOTH.wait();
    std::thread::yield_now();
}

fn second(_: &Story) {
    BOTH.wait();
}

fn print(tests: &[Test], line: &str, fail_fast: bool) -> (bool, String) {
    let mut options = Options::parse(line.split_whitespace().map(str::to_owned)).unwrap();
    options.fail_fast = fail_fast;
    let mut out = Vec::new();
    let passed = run("a toy", tests, &options, &mut out).unwrap();
    (passed, String::from_utf8(out).unwrap())
}

#[test]
fn results_come_in_the_order_of_the_list_and_are_counted() {
    let (passed, text) = print(&crate::tests![first, second, slow(1, failing), alone(1, passing)], "", false);
    let shown: Vec<&str> = text.lines().filter(|line| line.starts_with("test ")).collect();
    assert!(!passed);
    assert_eq!(
        shown[..4],
        ["test first ... ok", "test second ... ok", "test failing ... FAILED", "test passing ... ok"]
    );
    assert!(
        shown[4]
            .starts_with("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; f")
    );
    assert!(text.contains("---- failing ----\n\n   1  the first step\n\n  it is wrong\n  at "), "{text}");
}

fn with_a_line_to_try(story: &Story) {
    story.teaches(Lesson { why: "You sent a J.", read: "RFC 862", hand: "nc 127.0.0.1 {port}" });
    story.fails("it is wrong");
}

fn with_a_line_that_needs_no_server(story: &Story) {
    story.teaches(Lesson { why: "You sent a J.", read: "RFC 862", hand: "make wire STEP=01" });
    story.fails("it is wrong");
}

#[test]
fn the_server_for_the_line_to_try_is_named() {
    let (_, text) = print(&crate::tests![with_a_line_to_try], "", false);
    assert!(
        text.contains("  try:  nc 127.0.0.1 8080\n") && text.contains("in another terminal: make run STEP="),
        "{text}"
    );
    let (_, text) = print(&crate::tests![with_a_line_that_needs_no_server, failing], "", false);
    assert!(text.contains("  try:  make wire") && !text.contains("in another terminal"), "{text}");
}

#[test]
fn the_first_failure_can_end_the_suite() {
    let (passed, text) = print(&crate::tests![passing, failing, passing, failing], "--test-threads 1", true);
    assert!(!passed);
    assert!(
        text.contains("1 passed; 1 failed;") && text.contains("2 not run after the first failure"),
        "{text}"
    );
    assert!(text.contains("running 4 tests") && text.matches("---- failing").count() == 1, "{text}");
}

#[test]
fn filters_count_what_they_leave_out_and_may_leave_nothing() {
    let tests = crate::tests![passing, failing];
    let (passed, text) = print(&tests, "pass", false);
    assert!(passed && text.contains("running 1 test\n"), "{text}");
    assert!(text.contains("ok. 1 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out;"), "{text}");
    let (passed, text) = print(&tests, "no-such-name", false);
    assert!(passed && text.contains("ok. 0 passed;") && text.contains("2 filtered out"), "{text}");
    assert_eq!(print(&tests, "--list", false).1, "passing: test\nfailing: test\n\n2 tests, 0 benchmarks\n");
}

#[test]
fn a_panic_is_told_with_its_story() {
    fails_with(&["1  a step", "left: 1\n", "right: 2", "src/tests/suite.rs:"], |story| {
        story.note("a step");
        assert_eq!(1, 2);
    });
    fails_with(&["it is wrong"], |story| {
        std::thread::scope(|scope| {
            scope.spawn(|| story.fails("it is wrong"));
        });
    });
}

#[test]
fn a_test_over_its_limit_fails_with_its_story_and_its_children_are_killed() {
    let (sender, processes) = mpsc::channel();
    let (_held, never) = mpsc::channel::<()>();
    let report = run_one("a toy", SHORT, move |story| {
        let child = story.program("sleep").arg("60").starts();
        sender.send(child.process().clone()).unwrap();
        let _ = never.recv();
    })
    .unwrap_err();
    assert!(report.contains("1  runs: sleep 60"), "{report}");
    assert!(report.contains("the test is not finished after its limit of 50 ms"), "{report}");
    let process = processes.recv().unwrap();
    assert!(process.wait(Duration::from_secs(1)).is_some(), "sleep was killed");
}

#[test]
fn a_server_that_ends_by_itself_fails_a_test_that_noticed_nothing() {
    let start = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("the server toy".into(), true, command).unwrap()
    };
    let expected =
        ["the server toy ended by itself with exit status: 101; its last lines:", "thread panicked at"];
    fails_with(&expected, move |story| {
        let process = start("echo thread panicked at >&2; exit 101");
        story.record.state().processes.push(process.clone());
        process.wait(Duration::from_secs(1)).unwrap();
    });
    fails_with(&["a thread of the server toy panicked"], move |story| {
        let process = start("echo thread panicked at >&2; exec sleep 60");
        story.record.state().processes.push(process.clone());
        assert!(process.output_contains_within("panicked", Duration::from_secs(1)));
    });
}

#[test]
fn a_directory_lasts_as_long_as_its_test() {
    let (sender, paths) = mpsc::channel();
    run_one("a toy", Duration::from_secs(1), move |story| {
        let path = story.directory();
        std::fs::write(path.join("file"), "x").unwrap();
        sender.send(path).unwrap();
    })
    .unwrap();
    assert!(!paths.recv().unwrap().exists());
}

#[test]
fn a_test_that_does_not_apply_has_not_passed() {
    let end = run_one("a toy", Duration::from_secs(1), |story| story.does_not_apply("there is no moon"));
    assert_eq!(end, Ok(Good::Ignored("there is no moon")));
}

#[test]
fn what_cargo_takes_is_not_the_tests_time() {
    // Twice the limit, by which the runner looks at the clock in the middle of it.
    let excused = |story: &Story| {
        let (_never, hears_nothing) = mpsc::channel::<()>();
        let late = story.record.excuse(|| hears_nothing.recv_timeout(20 * SHORT));
        story.expects(late.is_err(), "the time is over");
    };
    assert_eq!(run_one("a toy", 10 * SHORT, excused), Ok(Good::Passed));
    let over = move |story: &Story| {
        excused(story);
        let (_never, hears_nothing) = mpsc::channel::<()>();
        let _ = hears_nothing.recv_timeout(100 * SHORT);
    };
    let report = run_one("a toy", 10 * SHORT, over).unwrap_err();
    assert!(report.contains("not finished after its limit"), "{report}");
}
