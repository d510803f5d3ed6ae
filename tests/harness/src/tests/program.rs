use std::sync::mpsc;
use std::time::Duration;

use super::{SHORT, fails_with, passes};

#[test]
fn a_program_is_given_input_and_its_output_is_kept() {
    passes(|story| {
        let ran =
            story.program("sh").args(["-c", "cat; echo \"$A\" >&2; exit 3"]).env("A", "b").stdin("hi").runs();
        assert_eq!(
            (ran.status.code(), ran.stdout.as_slice(), ran.stderr.as_str()),
            (Some(3), &b"hi"[..], "b\n")
        );
        ran.prints("hi").mentions("b");
    });
    fails_with(&["runs: sh -c 'exit 3'", "sh ended with exit status: 3."], |story| {
        story.program("sh").args(["-c", "exit 3"]).runs().succeeds();
    });
}

#[test]
fn a_missing_program_names_its_package() {
    fails_with(&["this test needs no-such-thing", "apt install no-such-thing"], |story| {
        story.program("no-such-thing").runs();
    });
}

#[test]
fn a_program_that_takes_too_long_is_told_and_killed_with_its_group() {
    let (sender, processes) = mpsc::channel();
    fails_with(&["sh is not finished after its limit of 50 ms", "waiting"], move |story| {
        let shell =
            story.program("sh").args(["-c", "echo waiting; sleep 60 | sleep 60"]).limit(SHORT).starts();
        shell.prints_eventually("waiting");
        sender.send(shell.process().clone()).unwrap();
        shell.ends();
    });
    let process = processes.recv().unwrap();
    assert!(process.wait_for_output(Duration::from_secs(1)).is_some(), "both ends of its output are closed");
}
