//! The server that is attacked: a rung that is started for it, or one that already runs.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::gauge::Gauge;
use crate::options::{Options, Whom};

/// Short deadlines and small limits, so that an attack sees in seconds what else takes minutes. A rung passes over
/// what it does not know.
const SETTINGS: &[(&str, &str)] = &[
    ("HEAD_TIMEOUT_MS", "800"),
    ("BODY_TIMEOUT_MS", "800"),
    ("IDLE_TIMEOUT_MS", "1000"),
    ("HANDSHAKE_TIMEOUT_MS", "1000"),
    ("PING_INTERVAL_MS", "500"),
    ("PONG_TIMEOUT_MS", "500"),
    ("PATIENCE_MS", "500"),
    ("CLOSE_TIMEOUT_MS", "300"),
    ("FLUSH_TIMEOUT_MS", "800"),
    ("LINGER_TIMEOUT_MS", "300"),
    ("MAX_MESSAGE", "65536"),
    ("RUST_LOG", "warn"),
];

/// From its start until it listens.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How many of its last lines are shown when it has died.
const LAST_LINES: usize = 8;

/// The server under attack. One that was started here is killed with it.
pub struct Server {
    pub name: String,
    pub address: SocketAddr,
    pub gauge: Gauge,
    /// The number of the rung, where it is one of ours.
    pub rung: Option<u32>,
    child: Option<Child>,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Server {
    /// Starts the rung, or looks who listens at the address.
    pub fn reach(options: &Options) -> Result<Server, String> {
        match &options.whom {
            Whom::Rung(name) => Server::start(name),
            &Whom::Address(address) => Ok(Server {
                name: "the server".into(),
                address,
                gauge: Gauge::of_listener(address),
                rung: None,
                child: None,
                log: Arc::default(),
            }),
        }
    }

    fn start(rung: &str) -> Result<Server, String> {
        println!("building {rung}");
        let binary = harness::binary(rung, false)?;
        let mut command = Command::new(binary);
        command.env("PORT", "0").envs(SETTINGS.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("cannot start {rung}: {error}"))?;
        end_with_us(&child);
        let log = Arc::default();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut server = Server {
            name: rung.to_string(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            gauge: Gauge::of(vec![child.id()]),
            rung: rung.split('-').next().and_then(|number| number.parse().ok()),
            child: Some(child),
            log,
        };
        keep_last_lines(stderr.expect("stderr is piped"), &server.log);
        server.address = announced(stdout.expect("stdout is piped"))
            .ok_or_else(|| format!("{rung} did not say where it listens\n{}", server.last_lines()))?;
        Ok(server)
    }

    /// Whom, where, with which settings.
    pub fn introduction(&self) -> String {
        let pids: Vec<String> = self.gauge.pids().iter().map(u32::to_string).collect();
        let process = match pids.is_empty() {
            true => "its process cannot be seen, so its memory is not measured".to_string(),
            false => format!("process {}", pids.join(", ")),
        };
        let mut text = format!("\nattacking {} at {}, {process}\n", self.name, self.address);
        if self.child.is_some() {
            let settings: Vec<String> =
                SETTINGS.iter().map(|(name, value)| format!("{name}={value}")).collect();
            for line in settings.chunks(4) {
                text += &format!("  {}\n", line.join(" "));
            }
        }
        text.trim_end().to_string()
    }

    /// How it ended, if it did. A server that was not started here is asked by its process id.
    pub fn death(&mut self) -> Option<String> {
        let status: Option<ExitStatus> = match &mut self.child {
            Some(child) => child.try_wait().ok().flatten(),
            None if self.gauge.is_gone() => return Some("its process is gone".into()),
            None => None,
        };
        status.map(|status| format!("it ended with {status}"))
    }

    /// Whether it has said that a thread panicked: it may live on without that thread.
    pub fn panicked(&self) -> bool {
        self.lines().iter().any(|line| line.contains("panicked at"))
    }

    /// Its newest lines on stderr.
    pub fn last_lines(&self) -> String {
        let lines = self.lines();
        let skipped = lines.len().saturating_sub(LAST_LINES);
        lines.iter().skip(skipped).map(|line| format!("    {line}\n")).collect()
    }

    fn lines(&self) -> VecDeque<String> {
        self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The address from the first line of stdout, `listening on http://127.0.0.1:PORT`.
fn announced(stdout: ChildStdout) -> Option<SocketAddr> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let _ = sender.send(lines.next());
        // Who stops reading makes the server's next line an error, or makes it wait.
        lines.for_each(drop);
    });
    match receiver.recv_timeout(START_LIMIT) {
        Ok(line) => line?.strip_prefix("listening on ")?.split_once("://")?.1.parse().ok(),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

fn keep_last_lines(stderr: ChildStderr, log: &Arc<Mutex<VecDeque<String>>>) {
    let log = log.clone();
    std::thread::spawn(move || {
        // Garbage from clients may stand in it, so bytes, not lines of UTF-8.
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let mut log = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            // A panic stays: it is what one looks for.
            if log.len() == 200
                && let Some(at) = log.iter().position(|line| !line.contains("panicked at"))
            {
                log.remove(at);
            }
            log.push_back(String::from_utf8_lossy(&line).into_owned());
        }
    });
}

/// Ctrl-C, or a `kill`, ends the server too.
fn end_with_us(child: &Child) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let pid = Pid::from_child(child);
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            std::process::exit(128 + signal);
        }
    });
}
