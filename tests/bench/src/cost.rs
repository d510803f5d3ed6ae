//! What a server costs, as Linux counts it.

use std::fs;
use std::time::Duration;

use harness::{Server, Story};

/// The processor time of all its threads so far. The scheduler's own figure, in nanoseconds:
/// <https://docs.kernel.org/scheduler/sched-stats.html>.
pub(crate) fn processor(server: &Server) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{}/task", server.pid())).ok()?;
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(nanoseconds.sum()))
}

/// Counts a server's system calls from now on, until [`Calls::end`]: strace, which makes each of them slow.
pub(crate) struct Calls(harness::Running);

impl Calls {
    pub fn of(story: &Story, server: &Server) -> Calls {
        let strace =
            story.program("strace").args(["-f", "-c", "-U", "calls,name", "-p", &server.pid().to_string()]);
        let strace = strace.limit(Duration::from_secs(60)).starts();
        strace.prints_eventually("attached");
        Calls(strace)
    }

    /// How many there were, and which: the most frequent first.
    pub fn end(self) -> (u64, Vec<(String, u64)>) {
        self.0.interrupt();
        summary(&self.0.ends().stderr)
    }
}

/// `calls` and `syscall`, a line each, and the sum with the name "total".
fn summary(text: &str) -> (u64, Vec<(String, u64)>) {
    let lines = text.lines().filter_map(|line| {
        let (calls, name) = line.trim().split_once(' ')?;
        Some((name.trim().to_owned(), calls.parse().ok()?))
    });
    let (total, mut each): (Vec<_>, Vec<_>) = lines.partition(|(name, _)| name == "total");
    each.sort_by_key(|&(_, calls)| std::cmp::Reverse(calls));
    (total.first().map_or(0, |&(_, calls)| calls), each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strace_prints() {
        let text = "strace: Process 7 attached\n    calls syscall\n--------- ----------------\n      100 recvfrom\n       \
                    120 sendto\n--------- ----------------\n      220 total\n";
        let each = vec![("sendto".to_owned(), 120), ("recvfrom".to_owned(), 100)];
        assert_eq!(summary(text), (220, each));
    }
}
