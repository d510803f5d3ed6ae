//! Unit tests, run one after the other, and the first failure told shortly: libtest's own words are many.

use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A test program that is not finished then waits for what never comes, or goes in circles.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The first test that has failed.
#[derive(Debug, PartialEq, Eq)]
pub struct Failed {
    /// `mask::tests::masks`. Empty where the program ended before its first test.
    pub test: String,
    /// Where it panicked: `src/mask.rs:31`.
    pub place: Option<String>,
    /// What it said.
    pub message: String,
}

/// Runs the tests of a program whose names contain one of these; all, where there are none. `env` is set for it.
///
/// # Errors
/// The first that failed, and what is known of it.
pub fn run(
    program: &Path,
    home: &Path,
    names: &[&str],
    env: &[(&str, &str)],
    limit: Duration,
) -> Result<(), Failed> {
    let mut command = Command::new(program);
    command.args(names).arg("--test-threads=1").current_dir(home);
    // Where a test panicked is told; by which calls it came there is more than a beginner can read.
    command.env("RUST_BACKTRACE", "0").envs(env.iter().copied());
    let failed = |message: String| Failed { test: String::new(), place: None, message };
    let Ended { status, stdout, stderr } = ended(&mut command, limit).map_err(failed)?;
    let Some(status) = status else {
        let seconds = limit.as_secs();
        let message =
            format!("not finished after {seconds} s: it goes in circles, or waits for what never comes");
        return Err(Failed { test: unfinished(&stdout), place: None, message });
    };
    if status.success() {
        return Ok(());
    }
    Err(first_failure(&stdout).unwrap_or_else(|| {
        // What a test prints is kept from us until it is over, and this one never was. Once more, and nothing is kept.
        let again = ended(command.env("RUST_TEST_NOCAPTURE", "1"), limit).ok();
        let again = again.filter(|again| again.status == Some(status)).map(|again| again.stderr);
        let words = last_lines(&again.unwrap_or(stderr));
        let message = format!("{words}the test program ended with {status}");
        Failed { test: unfinished(&stdout), place: None, message }
    }))
}

/// How a program has ended, and what it has said. No status: it was ended at its limit.
struct Ended {
    status: Option<ExitStatus>,
    stdout: String,
    stderr: String,
}

/// Runs a program to its end, or to its limit.
fn ended(command: &mut Command, limit: Duration) -> Result<Ended, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("it cannot be run: {error}"))?;
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(2)),
            Ok(status) => break status,
            Err(error) => return Err(format!("it cannot be waited for: {error}")),
        }
    };
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let [stdout, stderr] = [stdout, stderr].map(|said| said.join().unwrap_or_default());
    Ok(Ended { status, stdout, stderr })
}

/// The last lines of what a program has said, each with its line end.
fn last_lines(said: &str) -> String {
    /// As many as a failure from outside shows of a server.
    const LINES: usize = 12;
    let lines: Vec<&str> = said.trim().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| format!("{line}\n")).collect()
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut said = Vec::new();
        // What came before an error is what there is to show.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut said));
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// The test that was begun last: `test NAME ... ` and no more.
fn unfinished(said: &str) -> String {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    line.map(|(name, _)| name.to_string()).unwrap_or_default()
}

/// The first of the blocks that libtest prints for those that failed.
fn first_failure(said: &str) -> Option<Failed> {
    let failed = said.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))?;
    // `test NAME - should panic ... FAILED`
    let test = failed.strip_suffix(" - should panic").unwrap_or(failed).to_string();
    let block = said.split(&format!("---- {test} stdout ----\n")).nth(1).unwrap_or_default();
    let ends = |line: &&str| !line.starts_with("---- ") && *line != "failures:";
    let (mut place, mut message) = (None, Vec::new());
    for line in block.lines().take_while(ends) {
        match panicked_at(line) {
            Some(at) if place.is_none() => place = Some(at.to_string()),
            _ if line.starts_with("note: run with `RUST_BACKTRACE") => {}
            _ => message.push(line),
        }
    }
    Some(Failed { test, place, message: message.join("\n").trim().to_string() })
}

/// `src/mask.rs:31` of `thread 'mask::tests::masks' (17) panicked at src/mask.rs:31:9:`.
fn panicked_at(line: &str) -> Option<&str> {
    let (_, place) = line.strip_prefix("thread '")?.split_once(" panicked at ")?;
    place.strip_suffix(':')?.rsplit_once(':').map(|(place, _column)| place)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    const SAID: &str = "
running 3 tests
test a::fits ... ok
test b::is_right ... FAILED
test c::is_wrong - should panic ... FAILED

failures:

---- b::is_right stdout ----

thread 'b::is_right' (17) panicked at src/b.rs:31:9:
assertion `left == right` failed: the first octet
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- c::is_wrong stdout ----
note: test did not panic as expected at src/c.rs:2:8

failures:
    b::is_right
    c::is_wrong

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    /// A test program that says this and ends so.
    fn program(name: &str, script: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("workbench-{}-{name}", std::process::id()));
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn runs(name: &str, script: &str, limit: Duration) -> Result<(), Failed> {
        // A shell reads the script: it need not be executed, so no other test's fork can hold it open meanwhile.
        let path = program(name, script);
        let result = run(Path::new("/bin/sh"), Path::new("/"), &[path.to_str().unwrap()], &[], limit);
        let _ = std::fs::remove_file(path);
        result
    }

    #[test]
    fn the_first_failure_is_told_and_no_other() {
        let failed = first_failure(SAID).unwrap();
        assert_eq!(failed.test, "b::is_right");
        assert_eq!(failed.place.as_deref(), Some("src/b.rs:31"));
        assert_eq!(failed.message, "assertion `left == right` failed: the first octet\n  left: 1\n right: 2");
    }

    #[test]
    fn a_panic_that_did_not_come_is_told_too() {
        let failed = first_failure(&SAID.replace("is_right ... FAILED", "is_right ... ok")).unwrap();
        assert_eq!((failed.test.as_str(), failed.place), ("c::is_wrong", None));
        assert!(failed.message.contains("did not panic"), "{}", failed.message);
    }

    #[test]
    fn what_ends_well_has_passed() {
        assert_eq!(runs("well", "echo 'test a ... ok'", LIMIT), Ok(()));
    }

    #[test]
    fn a_program_that_dies_is_told_with_its_last_words() {
        let failed =
            runs("dies", "printf 'test a ... ok\\ntest b ... '; echo overflowed >&2; kill -ABRT $$", LIMIT);
        let failed = failed.unwrap_err();
        assert_eq!(failed.test, "b");
        assert!(
            failed.message.starts_with("overflowed\nthe test program ended with signal: 6"),
            "{failed:?}"
        );
    }

    #[test]
    fn last_words_that_were_kept_from_us_are_asked_for_once_more() {
        let kept = "printf 'test a ... '; [ -z \"$RUST_TEST_NOCAPTURE\" ] || seq 1 20 >&2; exit 3";
        let failed = runs("exits", kept, LIMIT).unwrap_err();
        let lines: Vec<&str> = failed.message.lines().collect();
        assert_eq!((failed.test.as_str(), lines.len(), lines[0]), ("a", 13, "9"), "{failed:?}");
        assert_eq!(lines[11..], ["20", "the test program ended with exit status: 3"]);
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let failed =
            runs("never", "printf 'test a ... '; exec sleep 600", Duration::from_millis(300)).unwrap_err();
        assert_eq!(failed.test, "a");
        assert!(failed.message.starts_with("not finished"), "{failed:?}");
    }
}
