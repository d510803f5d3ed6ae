//! The server under test: our rung, or any program that listens on `$PORT`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::process::Process;
use crate::story::{Lesson, Record, Story};
use crate::{cargo, process, show};

/// A program that has to compile its own start gets this long, until it listens.
const START_LIMIT: Duration = Duration::from_secs(10);
/// After Ctrl-C, until it has ended.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// Until a line is in the log.
const LOG_LIMIT: Duration = Duration::from_secs(2);

/// How to start a server: environment, arguments, and what to run it under.
#[derive(Debug)]
pub struct Setup {
    rung: String,
    env: Vec<(String, String)>,
    args: Vec<OsString>,
    wrapper: Vec<OsString>,
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
        record.state().address = Some(address);
        record.step(format!("{} listens on {address}", process.name), Vec::new());
        Server { record: record.clone(), process, address }
    }

    /// Starts it although it must not come up (a bad argument, a port in use) and waits for its end.
    /// Returns its exit status, stdout and stderr.
    #[track_caller]
    pub fn server_that_ends(&self, describe: impl FnOnce(Setup) -> Setup) -> (ExitStatus, String, String) {
        let (process, _) = self.launch(describe);
        process.expect_end();
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
        let own = Setup { rung: record.rung.clone(), env: Vec::new(), args: Vec::new(), wrapper: Vec::new() };
        let setup = describe(own);
        let foreign = std::env::var("SERVER").ok().filter(|_| setup.rung == record.rung);
        let mut words = setup.wrapper.clone();
        let (name, port) = match foreign {
            Some(command) => {
                // "$@" hands the arguments through the shell unharmed.
                words.extend(["sh", "-c", &format!("{command} \"$@\""), "sh"].map(OsString::from));
                (format!("the server '{command}'"), Some(free_port()))
            }
            None => {
                words.push(built(record, &setup.rung).into());
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
            Err(error) => record.fail(format!("cannot start {}: {error}", words[0].display()), Vec::new()),
        }
    }
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    record: Arc<Record>,
    process: Arc<Process>,
    address: SocketAddr,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the server itself, also where a shell or strace runs it.
    pub fn pid(&self) -> u32 {
        let mut pid = self.process.pid();
        // A wrapper has one child; the last of the chain is the server. Without /proc it is the first.
        while let Ok(name) = fs::read_to_string(format!("/proc/{pid}/comm")) {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            let child = children.split_whitespace().next().and_then(|child| child.parse().ok());
            match child {
                Some(child) if ["sh", "dash", "bash", "strace", "timeout"].contains(&name.trim()) => {
                    pid = child
                }
                _ => break,
            }
        }
        pid
    }

    /// Ctrl-C: sends SIGINT, waits for the end, returns how it ended. Fails when it takes more than 5 s.
    #[track_caller]
    pub fn stop(&self) -> ExitStatus {
        self.interrupt();
        self.ends(STOP_LIMIT)
    }

    /// Sends SIGINT and returns at once.
    pub fn interrupt(&self) {
        self.process.expect_end();
        self.record.step(format!("{} gets SIGINT (Ctrl-C)", self.process.name), Vec::new());
        if let Some(pid) = Pid::from_raw(self.pid() as i32) {
            // A server that has just ended by itself is told by its exit status.
            let _ = rustix::process::kill_process(pid, Signal::INT);
        }
    }

    /// Waits for the end, with a limit, and for the rest of its output.
    #[track_caller]
    pub fn ends(&self, limit: Duration) -> ExitStatus {
        let name = &self.process.name;
        let Some((status, _)) = self.process.wait_for_output(limit) else {
            self.record
                .fail(format!("{name} had to end within {}; it still runs", show::time(limit)), Vec::new());
        };
        self.record.step(format!("{name} ends with {status}"), Vec::new());
        status
    }

    /// Waits until stdout or stderr holds this text; fails after 2 s.
    #[track_caller]
    pub fn log_contains_eventually(&self, text: &str) {
        if !self.process.output_contains_within(text, LOG_LIMIT) {
            let headline = format!("expected {} in the log of {}", show::quoted(text), self.process.name);
            self.record.fail(headline, Vec::new());
        }
        self.record.step(format!("{} logs {}", self.process.name, show::quoted(text)), Vec::new());
    }

    /// What it has printed so far: stdout, then stderr.
    pub fn output(&self) -> [String; 2] {
        self.process.output()
    }

    /// The processor time it has used, user and system, all threads; from /proc, in steps of (mostly) 10 ms.
    #[track_caller]
    pub fn cpu_time(&self) -> Duration {
        let stat = self.proc("stat");
        // The name, in parentheses, may hold spaces. Behind it: state is field 3, utime 14, stime 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<u64>().ok());
        let (Some(user), Some(system)) = (ticks(14), ticks(15)) else {
            self.record.fail(format!("/proc/PID/stat is not understood: {stat}"), Vec::new());
        };
        Duration::from_secs_f64((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Memory in use now (VmRSS), in bytes; from /proc.
    #[track_caller]
    pub fn memory_rss(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most memory that was ever in use (VmHWM), in bytes; from /proc.
    #[track_caller]
    pub fn memory_peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// How many descriptors are open; from /proc.
    #[track_caller]
    pub fn open_descriptors(&self) -> usize {
        match fs::read_dir(format!("/proc/{}/fd", self.pid())) {
            Ok(entries) => entries.count(),
            Err(error) => self.no_proc("fd", &error),
        }
    }

    #[track_caller]
    fn memory(&self, name: &str) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        let Some(kilobytes) = kilobytes else {
            self.record.fail(format!("/proc/PID/status has no {name}"), Vec::new());
        };
        kilobytes * 1024
    }

    #[track_caller]
    fn proc(&self, file: &str) -> String {
        match fs::read_to_string(format!("/proc/{}/{file}", self.pid())) {
            Ok(text) => text,
            Err(error) => self.no_proc(file, &error),
        }
    }

    #[track_caller]
    fn no_proc(&self, file: &str, error: &std::io::Error) -> ! {
        let headline = format!("this test reads /proc/PID/{file} (Linux) of a running server: {error}");
        self.record.fail(headline, Vec::new())
    }
}

/// The first test of each rung: the server says where it listens, takes a client, and Ctrl-C ends it, with
/// exit status 0 where it is our own.
pub fn starts_and_stops(story: &Story) {
    story.teaches(Lesson {
        why: "A server binds to 127.0.0.1:$PORT, listens, and lives until SIGINT (Ctrl-C) asks it to end. Then it \
              closes its listener first and its connections after that.",
        read: "notes/01-accept.md",
        hand: "PORT=8080 cargo run --bin NAME, then Ctrl-C; echo $?",
    });
    let server = story.server();
    story.client("alice", &server);
    let status = server.stop();
    let ours = std::env::var_os("SERVER").is_none();
    story.expects(!ours || status.success(), format!("exit status 0 after Ctrl-C, it is {status}"));
}

impl From<&Server> for SocketAddr {
    fn from(server: &Server) -> SocketAddr {
        server.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// Builds the rung. Cargo's time is not the test's.
#[track_caller]
fn built(record: &Record, rung: &str) -> std::path::PathBuf {
    let start = Instant::now();
    let binary = cargo::binary(rung);
    record.excuse(start.elapsed());
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
        let patient = start.elapsed() < Duration::from_secs(1);
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
fn free_port() -> u16 {
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
