//! Starts the server under test: our rung, or any program that listens on `$PORT`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::server::{STOP_LIMIT, Server};
use crate::story::{Record, Story};
use crate::{cargo, process, show};

/// A program that has to compile its own start gets this long, until it listens.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How to start a server: environment, arguments, and what to run it under.
#[derive(Debug)]
pub struct Setup {
    rung: String,
    env: Vec<(String, String)>,
    args: Vec<OsString>,
    wrapper: Vec<OsString>,
    other: Option<(String, Vec<OsString>)>,
    release: bool,
}

impl Setup {
    /// Sets an environment variable: `s.env("IDLE_TIMEOUT_MS", 300)`.
    pub fn env(mut self, name: &str, value: impl ToString) -> Setup {
        self.env.push((name.into(), value.to_string()));
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Setup {
        self.args.push(arg.as_ref().into());
        self
    }

    /// Runs the server as the last arguments of another command: `s.under(["strace", "-f", "-c"])`, or
    /// `s.under(["sh", "-c", "ulimit -n 32; exec \"$0\" \"$@\""])`.
    pub fn under<S: AsRef<OsStr>>(mut self, command: impl IntoIterator<Item = S>) -> Setup {
        self.wrapper = command.into_iter().map(|part| part.as_ref().into()).collect();
        self
    }

    /// Starts the rung as it is built for use, not for the student who waits for the build.
    pub fn release(mut self) -> Setup {
        self.release = true;
        self
    }

    /// Starts an example of the rung, by its folder's name. `SERVER` does not replace it.
    pub fn example(mut self, name: &str) -> Setup {
        self.rung = format!("{}/{name}", self.rung);
        self
    }

    /// Starts another program, which listens on `$PORT` as it is told: the name it has in the story, and its words.
    /// `SERVER` does not replace it.
    pub fn program<S: AsRef<OsStr>>(mut self, name: &str, words: impl IntoIterator<Item = S>) -> Setup {
        self.other = Some((name.into(), words.into_iter().map(|word| word.as_ref().into()).collect()));
        self
    }

    /// Starts another rung than the suite's, by its folder's name. `SERVER` does not replace that one.
    pub fn rung(mut self, name: &str) -> Setup {
        self.rung = name.into();
        self
    }
}

impl Story {
    /// Starts the rung under test, or `$SERVER` in its place, and waits until it listens.
    #[track_caller]
    pub fn server(&self) -> Server {
        self.server_with(|setup| setup)
    }

    /// Starts it with environment, arguments or a wrapper: `story.server_with(|s| s.env("HEAD_TIMEOUT_MS", 200))`.
    #[track_caller]
    pub fn server_with(&self, describe: impl FnOnce(Setup) -> Setup) -> Server {
        let record = &self.record;
        let (process, port) = self.launch(describe);
        let address = match port {
            None => announced(&process),
            Some(port) => listening(&process, port).map(|()| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        };
        let address = address.unwrap_or_else(|headline| record.fail(headline, Vec::new()));
        record.step(format!("{} listens on {address}", process.name), Vec::new());
        Server::new(record.clone(), process, address)
    }

    /// Starts it although it must not come up (a bad argument, a port in use) and waits for its end.
    /// Returns its exit status, stdout and stderr.
    #[track_caller]
    pub fn server_that_ends(&self, describe: impl FnOnce(Setup) -> Setup) -> (ExitStatus, String, String) {
        let (process, _) = self.launch(describe);
        process.expect_end_from_the_start();
        let Some((status, output)) = process.wait_for_output(STOP_LIMIT) else {
            let headline = format!(
                "{} had to end with an error within {}; it still runs",
                process.name,
                show::time(STOP_LIMIT)
            );
            self.record.fail(headline, Vec::new());
        };
        let [stdout, stderr] = output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let printed = stdout.lines().chain(stderr.lines()).map(|line| show::escape(line.as_bytes()));
        self.record.step(format!("{} ends with {status}", process.name), printed.collect());
        (status, stdout, stderr)
    }

    /// Starts the process; a port is returned when the program was told one.
    #[track_caller]
    fn launch(&self, describe: impl FnOnce(Setup) -> Setup) -> (Arc<Process>, Option<u16>) {
        let record = &self.record;
        let (env, args, wrapper) = (Vec::new(), Vec::new(), Vec::new());
        let setup =
            describe(Setup { rung: record.rung.clone(), env, args, wrapper, other: None, release: false });
        let foreign = std::env::var("SERVER").ok().filter(|_| setup.rung == record.rung).map(|command| {
            // "$@" hands the arguments through the shell unharmed.
            let words = ["sh", "-c", &format!("{command} \"$@\""), "sh"].map(OsString::from);
            (format!("the server '{command}'"), words.to_vec())
        });
        let mut words = setup.wrapper.clone();
        let (name, port) = match setup.other.clone().or(foreign) {
            Some((name, program)) => {
                words.extend(program);
                // A test that wants a port of its own choice sets PORT.
                let told = setup.env.iter().rfind(|(name, _)| name == "PORT");
                let port = told.and_then(|(_, port)| port.parse().ok()).unwrap_or_else(free_port);
                (name, Some(port))
            }
            None => {
                words.push(built(record, &setup).into());
                (format!("the server {}", setup.rung), None)
            }
        };
        words.extend(setup.args.iter().cloned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(cargo::workspace()).stdin(std::process::Stdio::null());
        command.env("PORT", port.unwrap_or(0).to_string()).envs(setup.env.iter().cloned());
        let with: Vec<String> = (setup.env.iter().map(|(name, value)| format!("{name}={value}")))
            .chain(setup.args.iter().chain(&setup.wrapper).map(|arg| arg.to_string_lossy().into_owned()))
            .collect();
        let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(" ")) };
        record.step(format!("{name} is started{with}"), Vec::new());
        match Process::start(name, true, command) {
            Ok(process) => {
                record.state().processes.push(process.clone());
                (process, port)
            }
            Err(error) => {
                // The same error comes where the folder is gone: `target` was moved here with the repository.
                let folder = format!("in {}", cargo::workspace().display());
                record.fail(format!("cannot start {}: {error}", words[0].display()), vec![folder])
            }
        }
    }
}

/// Builds the rung. Cargo's time is not the test's.
#[track_caller]
fn built(record: &Record, Setup { rung, release, .. }: &Setup) -> std::path::PathBuf {
    let binary = record.excuse(|| cargo::binary(rung, *release));
    binary.unwrap_or_else(|error| record.fail(format!("{rung} does not build:\n{error}"), Vec::new()))
}

/// The address from the first line of stdout, `listening on http://127.0.0.1:PORT`.
fn announced(process: &Process) -> Result<SocketAddr, String> {
    let Some(line) = process.first_line(START_LIMIT) else {
        return Err(match process.wait(Duration::ZERO) {
            Some(status) => format!("{} ended with {status} before it listened", process.name),
            None => format!("{} printed no line on stdout within {}", process.name, show::time(START_LIMIT)),
        });
    };
    let address = line.strip_prefix("listening on ").and_then(|url| url.split_once("://"));
    address.and_then(|(_, address)| address.parse().ok()).ok_or_else(|| {
        let wanted = "the first line on stdout had to be \"listening on http://127.0.0.1:PORT\"";
        format!("{wanted}, it was {}", show::quoted(&line))
    })
}

/// Waits until the program listens. Looks at the kernel's table first: a connection made only to find out
/// would be a client that the test does not know of.
fn listening(process: &Process, port: u16) -> Result<(), String> {
    let start = Instant::now();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    while start.elapsed() < START_LIMIT {
        // An interpreter on a busy machine takes its time to start.
        let patient = start.elapsed() < START_LIMIT / 2;
        match listed(port) {
            Some(true) => return Ok(()),
            Some(false) if patient => {}
            // No such table (macOS), or the program runs in a network of its own.
            _ if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() => return Ok(()),
            _ => {}
        }
        if let Some(status) = process.wait(Duration::from_millis(5)) {
            return Err(format!("{} ended with {status} before it listened on $PORT ({port})", process.name));
        }
    }
    Err(format!(
        "{} did not listen on 127.0.0.1:$PORT ({port}) within {}",
        process.name,
        show::time(START_LIMIT)
    ))
}

/// Is there a socket in LISTEN (0A) on this port? `None` where /proc does not say.
fn listed(port: u16) -> Option<bool> {
    let mut table = fs::read_to_string("/proc/net/tcp").ok()?;
    table += &fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    let port = format!(":{port:04X}");
    let listens = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&port)) && fields.nth(1) == Some("0A")
    };
    Some(table.lines().any(listens))
}

/// A port that nobody listens on, and that no other test of this process was given.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<Vec<u16>> = Mutex::new(Vec::new());
    let mut given = GIVEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    loop {
        // A program that starts now would inherit the listener, and keep the port taken, until its exec.
        let _nobody_starts = process::starting();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the kernel has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        if !given.contains(&port) {
            given.push(port);
            return port;
        }
    }
}
