//! Real programs beside the server: curl, nc. A missing one is a failure that names its package, never a skip.

use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::process::Process;
use crate::server::STOP_LIMIT;
use crate::show;
use crate::story::{Record, Story};

/// A program that runs longer has failed, unless `limit` says otherwise.
const LIMIT: Duration = Duration::from_secs(10);

/// Where programs come from, on Debian and Ubuntu. Others are called as their package is.
const PACKAGES: &[(&str, &str)] = &[
    ("nc", "netcat-openbsd"),
    ("chromium", "chromium"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("wrk", "wrk"),
    ("openssl", "openssl"),
];

impl Story {
    /// Runs curl with these arguments and waits for its end; its exit status is the test's to judge.
    #[track_caller]
    pub fn curl<S: Into<OsString>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        // -q: not as ~/.curlrc says; -sS: no progress bar, but errors.
        self.program("curl").args(["-q", "-sS"]).args(args).runs()
    }

    /// Prepares any program: `story.program("nc").args(["127.0.0.1", &port]).stdin("hello\n").runs()`.
    pub fn program(&self, name: &str) -> Program {
        let (record, name) = (self.record.clone(), name.into());
        // The server is on this machine: no proxy stands before it.
        let env = ["no_proxy", "NO_PROXY"].map(|name| (name.into(), "*".into())).into();
        Program { record, name, args: Vec::new(), env, stdin: Vec::new(), limit: LIMIT }
    }
}

/// A program that is about to run.
#[derive(Debug)]
pub struct Program {
    record: Arc<Record>,
    name: String,
    args: Vec<OsString>,
    env: Vec<(String, String)>,
    stdin: Vec<u8>,
    limit: Duration,
}

impl Program {
    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Program {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Program {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl ToString) -> Program {
        self.env.push((name.into(), value.to_string()));
        self
    }

    /// What it reads; then its input ends.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Program {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// It may run this long (10 s).
    pub fn limit(mut self, limit: Duration) -> Program {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn runs(self) -> Ran {
        self.starts().ends()
    }

    /// Starts it, to run beside the test.
    #[track_caller]
    pub fn starts(self) -> Running {
        let words: Vec<String> = self.args.iter().map(|arg| shell_word(&arg.to_string_lossy())).collect();
        let line = format!("{} {}", self.name, words.join(" "));
        self.record.step(format!("runs: {line}"), show::brief(&self.stdin));
        let mut command = Command::new(&self.name);
        command.args(&self.args).envs(self.env.iter().cloned()).stdin(Stdio::piped());
        let process = match Process::start(self.name.clone(), false, command) {
            Ok(process) => process,
            Err(error) => cannot_run(&self.record, &self.name, &error),
        };
        self.record.state().processes.push(process.clone());
        if let Some(mut stdin) = process.take_stdin() {
            let bytes = self.stdin;
            // A program that does not read all of its input has its reasons.
            std::thread::spawn(move || stdin.write_all(&bytes));
        }
        Running { record: self.record, process, limit: self.limit }
    }
}

/// Fails the test: the program is missing, and where to get it, or what the system says.
#[track_caller]
pub(crate) fn cannot_run(record: &Record, name: &str, error: &std::io::Error) -> ! {
    if error.kind() != std::io::ErrorKind::NotFound {
        record.fail(format!("cannot run {name}: {error}"), Vec::new());
    }
    let package = PACKAGES.iter().find(|(program, _)| *program == name).map_or(name, |(_, package)| package);
    let headline = format!("this test needs {name}, which is not installed.");
    record.fail(headline, vec![format!("on Debian and Ubuntu: apt install {package}")])
}

/// A program that runs beside the test. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    record: Arc<Record>,
    process: Arc<Process>,
    limit: Duration,
}

impl Running {
    #[cfg(test)]
    pub(crate) fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Waits until it has printed this, on stdout or stderr; fails when the limit is over.
    #[track_caller]
    pub fn prints_eventually(&self, text: &str) {
        if !self.process.output_contains_within(text, self.limit) {
            let headline = format!("expected {} to print {}", self.process.name, show::quoted(text));
            self.record.fail(headline, self.process.last_lines(20));
        }
        self.record.step(format!("{} prints {}", self.process.name, show::quoted(text)), Vec::new());
    }

    /// Sends SIGINT and returns at once.
    pub fn interrupt(&self) {
        self.record.step(format!("{} gets SIGINT (Ctrl-C)", self.process.name), Vec::new());
        self.process.interrupt();
    }

    /// Holds it still, so that all that happens meanwhile is there at once when it goes on.
    #[track_caller]
    pub fn while_it_stands_still<T>(&self, happens: impl FnOnce() -> T) -> T {
        self.process.while_it_stands_still(&self.record, &self.process.name, happens)
    }

    /// Waits until what it has printed on stdout is enough for `look`, or until it has ended, or the limit is over. What it has
    /// printed then.
    pub fn prints_until(&self, limit: Duration, look: impl FnMut(&str) -> bool) -> String {
        self.process.prints_until(limit, look)
    }

    /// Ctrl-C in a terminal: SIGINT to it and to all that it has started. Waits for the end, and kills what does not hear.
    pub fn is_interrupted(&self) {
        self.process.interrupt_group();
        if self.process.wait(STOP_LIMIT).is_none() {
            self.process.kill();
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ends(self) -> Ran {
        let name = &self.process.name;
        let Some((status, [stdout, stderr])) = self.process.wait_for_output(self.limit) else {
            let headline = format!("{name} is not finished after its limit of {}", show::time(self.limit));
            self.record.fail(headline, self.process.last_lines(20));
        };
        self.record.step(
            format!("{name} ends with {status}"),
            [show::brief(&stdout), show::brief(&stderr)].concat(),
        );
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ran { record: self.record.clone(), name: name.clone(), status, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ran {
    record: Arc<Record>,
    name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ran {
    /// stdout as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Expects exit status 0.
    #[track_caller]
    pub fn succeeds(&self) -> &Ran {
        if !self.status.success() {
            self.record.fail(format!("{} ended with {}.", self.name, self.status), Vec::new());
        }
        self
    }

    /// Expects exactly this on stdout.
    #[track_caller]
    pub fn prints(&self, expected: impl AsRef<[u8]>) -> &Ran {
        if let Some(details) = show::difference(expected.as_ref(), &self.stdout) {
            self.record.fail(format!("{} printed something else on stdout.", self.name), details);
        }
        self
    }

    /// Expects this text somewhere in stdout or stderr.
    #[track_caller]
    pub fn mentions(&self, text: &str) -> &Ran {
        if !self.text().contains(text) && !self.stderr.contains(text) {
            self.record.fail(format!("expected {} to print {}.", self.name, show::quoted(text)), Vec::new());
        }
        self
    }
}

/// The argument as one would type it.
fn shell_word(arg: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./:=,@%+".contains(char);
    if !arg.is_empty() && arg.chars().all(plain) {
        arg.into()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}
