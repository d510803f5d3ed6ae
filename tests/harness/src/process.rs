//! A program that a test started: its output is captured, its end is noticed, and it is killed by its handle.

use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::story::Record;

/// Output beyond this is read and thrown away.
const MAX_OUTPUT: usize = 64 << 20;

/// So long until a process that got SIGSTOP stands still.
const STILL_LIMIT: Duration = Duration::from_secs(5);

/// A running program, leader of a process group of its own: a wrapper (`sh -c`, `strace`) and what it
/// started die together.
#[derive(Debug)]
pub(crate) struct Process {
    /// How the story calls it: `the server 05-keep-alive`.
    pub(crate) name: String,
    /// A server runs until it is stopped, and its last lines belong to a failure.
    pub(crate) is_server: bool,
    pid: Pid,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    child: Child,
    output: [Vec<u8>; 2],
    open_outputs: usize,
    status: Option<ExitStatus>,
    /// A signal was sent, or the test expects the end: then an exit is not the program's own fault.
    asked_to_end: bool,
    ended_by_itself: Option<ExitStatus>,
}

impl Process {
    /// Starts it, with output captured. Fails with the reason of the system: the program is missing, say.
    pub(crate) fn start(
        name: String,
        is_server: bool,
        mut command: Command,
    ) -> std::io::Result<Arc<Process>> {
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Between fork and exec a child holds copies of all descriptors of this process, a listener too.
        let nobody_else = starting();
        let mut child = command.spawn()?;
        let pid = Pid::from_child(&child);
        let stdout = child.stdout.take().expect("stdout was piped above");
        let stderr = child.stderr.take().expect("stderr was piped above");
        let output = [Vec::new(), Vec::new()];
        let state = State {
            child,
            output,
            open_outputs: 2,
            status: None,
            asked_to_end: !is_server,
            ended_by_itself: None,
        };
        let process =
            Arc::new(Process { name, is_server, pid, state: Mutex::new(state), changed: Condvar::new() });
        live().push(Arc::downgrade(&process));
        drop(nobody_else);
        spawn(&process, move |process| process.capture(0, stdout));
        spawn(&process, move |process| process.capture(1, stderr));
        spawn(&process, move |process| process.reap());
        Ok(process)
    }

    /// The id of what was started: the wrapper's, where there is one.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get() as u32
    }

    /// Its stdin, where that was piped, once.
    pub(crate) fn take_stdin(&self) -> Option<ChildStdin> {
        self.state().child.stdin.take()
    }

    /// Ends the whole group at once. Nothing happens when it has ended.
    pub(crate) fn kill(&self) {
        let mut state = self.state();
        if state.status.is_none() {
            state.asked_to_end = true;
            // Not reaped yet, so the id is still its own; a group that is gone needs no killing.
            let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
        }
    }

    /// Sends SIGINT to what was started, not to the rest of its group. Nothing happens when it has ended.
    pub(crate) fn interrupt(&self) {
        let state = self.state();
        if state.status.is_none() {
            let _ = rustix::process::kill_process(self.pid, Signal::INT);
        }
    }

    /// Stops it, lets this happen, and lets it go on.
    #[track_caller]
    pub(crate) fn while_it_stands_still<T>(
        &self,
        record: &Record,
        who: &str,
        happens: impl FnOnce() -> T,
    ) -> T {
        let signal = |signal, step| {
            record.step(format!("{who} {step}"), Vec::new());
            if let Err(error) = rustix::process::kill_process(self.pid, signal) {
                record.fail(format!("{who} cannot be signalled: {error}"), Vec::new());
            }
        };
        signal(Signal::STOP, "is stopped (SIGSTOP)");
        // Sent, the signal is not yet there, and a SIGCONT right behind it would take it back.
        let end = Instant::now() + STILL_LIMIT;
        let runs = |stat: String| !stat.rsplit(')').next().is_some_and(|fields| fields.starts_with(" T"));
        let stat = format!("/proc/{}/stat", self.pid.as_raw_nonzero());
        while fs::read_to_string(&stat).is_ok_and(runs) && Instant::now() < end {
            std::thread::yield_now();
        }
        let result = happens();
        signal(Signal::CONT, "goes on (SIGCONT)");
        result
    }

    /// Ctrl-C in a terminal: SIGINT to the whole group.
    pub(crate) fn interrupt_group(&self) {
        let mut state = self.state();
        if state.status.is_none() {
            state.asked_to_end = true;
            let _ = rustix::process::kill_process_group(self.pid, Signal::INT);
        }
    }

    /// From here on its exit is no failure.
    pub(crate) fn expect_end(&self) {
        self.state().asked_to_end = true;
    }

    /// No exit of it is a failure, also not one that came before this call.
    pub(crate) fn expect_end_from_the_start(&self) {
        let mut state = self.state();
        state.asked_to_end = true;
        state.ended_by_itself = None;
    }

    /// Waits for the end, at most this long.
    pub(crate) fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        self.wait_until(limit, |state| state.status)
    }

    /// Waits for the end and for all of its output.
    pub(crate) fn wait_for_output(&self, limit: Duration) -> Option<(ExitStatus, [Vec<u8>; 2])> {
        self.wait_until(limit, |state| {
            let status = state.status.filter(|_| state.open_outputs == 0)?;
            Some((status, state.output.clone()))
        })
    }

    /// Waits for the first line on stdout, without its line end. `None`: the limit is over, or stdout is.
    pub(crate) fn first_line(&self, limit: Duration) -> Option<String> {
        self.wait_until(limit, |state| {
            let end = state.output[0].iter().position(|&byte| byte == b'\n');
            let line = end.map(|end| String::from_utf8_lossy(&state.output[0][..end]).trim_end().to_owned());
            (line.is_some() || state.status.is_some()).then_some(line)
        })
        .flatten()
    }

    /// Waits until the text stands in stdout or stderr; false when it does not come in time.
    pub(crate) fn output_contains_within(&self, text: &str, limit: Duration) -> bool {
        self.wait_until(limit, |state| contains(state, text).then_some(())).is_some()
    }

    /// Waits until one of the texts stands in stdout or stderr, and says which; none when it has ended without,
    /// or when the limit is over.
    pub(crate) fn prints_one_of(&self, texts: &[&str], limit: Duration) -> Option<usize> {
        let found = self.wait_until(limit, |state| {
            let which = texts.iter().position(|text| contains(state, text));
            (which.is_some() || (state.status.is_some() && state.open_outputs == 0)).then_some(which)
        });
        found.flatten()
    }

    /// Waits until `look` is content with stdout so far, or all of it is there, or the limit is over; stdout then.
    pub(crate) fn prints_until(&self, limit: Duration, mut look: impl FnMut(&str) -> bool) -> String {
        self.wait_until(limit, |state| {
            let ended = state.status.is_some() && state.open_outputs == 0;
            (ended || look(&String::from_utf8_lossy(&state.output[0]))).then_some(())
        });
        let [stdout, _] = self.output();
        stdout
    }

    pub(crate) fn output_contains(&self, text: &str) -> bool {
        contains(&self.state(), text)
    }

    /// All of stdout and all of stderr so far.
    pub(crate) fn output(&self) -> [String; 2] {
        let state = self.state();
        [0, 1].map(|stream| String::from_utf8_lossy(&state.output[stream]).into_owned())
    }

    /// The last lines that it printed, stdout before stderr. Of one that has ended they may still be in the pipe: they are
    /// waited for, but not long, since a child of its own may hold the pipe open.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<String> {
        let limit = Duration::from_millis(500);
        self.wait_until(limit, |state| (state.status.is_none() || state.open_outputs == 0).then_some(()));
        let [out, err] = self.output();
        let lines: Vec<&str> = out.lines().chain(err.lines()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|&line| line.to_owned()).collect()
    }

    /// Whether it was asked to end, and had not ended before.
    pub(crate) fn was_stopped(&self) -> bool {
        let state = self.state();
        state.asked_to_end && state.ended_by_itself.is_none()
    }

    /// How it ended, when nobody had asked it to.
    pub(crate) fn ended_by_itself(&self) -> Option<ExitStatus> {
        self.state().ended_by_itself
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait_until<T>(&self, limit: Duration, mut look: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let end = Instant::now() + limit;
        let mut state = self.state();
        loop {
            if let Some(found) = look(&state) {
                return Some(found);
            }
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }

    fn capture(&self, stream: usize, mut from: impl Read) {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let mut state = self.state();
            let room = MAX_OUTPUT - state.output[stream].len();
            state.output[stream].extend_from_slice(&buffer[..count.min(room)]);
            self.changed.notify_all();
        }
        self.state().open_outputs -= 1;
        self.changed.notify_all();
    }

    /// Waits for the end in two moves, so that the id stays the child's own until the lock is held: first
    /// see it dead (NOWAIT leaves it a zombie), then end the rest of its group and reap it.
    fn reap(&self) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(rustix::process::waitid(WaitId::Pid(self.pid), options), Err(rustix::io::Errno::INTR))
        {
        }
        let mut state = self.state();
        let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
        let status = state.child.wait().expect("it has ended and nobody else reaps it");
        state.status = Some(status);
        if !state.asked_to_end {
            state.ended_by_itself = Some(status);
        }
        self.changed.notify_all();
    }
}

/// Ends everything that this process has started: it is about to end itself.
pub(crate) fn kill_all() {
    // Held for good: a test that fails because its server was killed must not let the next one start.
    std::mem::forget(starting());
    live().iter().filter_map(Weak::upgrade).for_each(|process| process.kill());
}

fn live() -> MutexGuard<'static, Vec<Weak<Process>>> {
    static LIVE: Mutex<Vec<Weak<Process>>> = Mutex::new(Vec::new());
    LIVE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// While this is held no program is being started.
pub(crate) fn starting() -> MutexGuard<'static, ()> {
    static STARTING: Mutex<()> = Mutex::new(());
    STARTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn contains(state: &State, text: &str) -> bool {
    state.output.iter().any(|output| output.windows(text.len().max(1)).any(|part| part == text.as_bytes()))
}

fn spawn(process: &Arc<Process>, work: impl FnOnce(&Process) + Send + 'static) {
    let process = process.clone();
    std::thread::spawn(move || work(&process));
}
