//! A running server: how to stop it, what it printed, what it costs.

use std::fs;
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::process::Process;
use crate::show;
use crate::story::Record;

/// After Ctrl-C, until it has ended.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(5);
/// Until a line is in the log.
const LOG_LIMIT: Duration = Duration::from_secs(2);

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    record: Arc<Record>,
    process: Arc<Process>,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn new(record: Arc<Record>, process: Arc<Process>, address: SocketAddr) -> Server {
        Server { record, process, address }
    }

    #[cfg(test)]
    pub(crate) fn process(&self) -> &Arc<Process> {
        &self.process
    }

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

    /// Holds the server still, so that all that happens meanwhile is there at once when it goes on.
    #[track_caller]
    pub fn while_it_stands_still<T>(&self, happens: impl FnOnce() -> T) -> T {
        self.process.while_it_stands_still(&self.record, "the server", happens)
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
