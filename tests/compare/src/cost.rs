//! What a server costs, and what the kernel has counted. From /proc and `ss`, so on Linux; elsewhere there is none.

use std::collections::HashMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::Server;

/// The processor time of the server's main thread, which does everything. In nanoseconds; `Server::cpu_time` has steps
/// of ten milliseconds, in which a quiet server does nothing at all.
pub(crate) fn processor(server: &Server) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{}/schedstat", server.pid())).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// Resident memory, in bytes.
pub(crate) fn memory(server: &Server) -> Option<u64> {
    fs::exists("/proc/self/status").is_ok_and(|exists| exists).then(|| server.memory_rss())
}

/// What the kernel has counted on the server's connections: an `ss` that was started at that moment.
pub(crate) struct Count(Option<Child>);

/// What went over one connection, seen from the server.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segments {
    /// Segments in and out: SYN, FIN and bare acknowledgements among them.
    pub segments: [u64; 2],
    /// Bytes in and out.
    pub bytes: [u64; 2],
}

impl Count {
    /// Counts now. That takes a process; its answer is read later, so that nobody waits.
    pub fn now(server: &Server) -> Count {
        let port = server.address().port();
        let ss = Command::new("ss")
            .args(["-HOtin", "state", "established", &format!("( sport = :{port} )")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Count(ss.ok())
    }

    /// By the client's port. Empty where there is no `ss`.
    pub fn read(mut self) -> HashMap<u16, Segments> {
        let output = self.0.take().and_then(|ss| ss.wait_with_output().ok());
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.unwrap_or_default().lines().filter_map(connection).collect()
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if let Some(mut ss) = self.0.take() {
            let _ = ss.kill();
            let _ = ss.wait();
        }
    }
}

/// `0 0 127.0.0.1:8080 127.0.0.1:50000 cubic ... bytes_sent:9 ... bytes_received:5 segs_out:3 segs_in:4 ...`; what is
/// zero is left out.
fn connection(line: &str) -> Option<(u16, Segments)> {
    let port = line.split_whitespace().nth(3)?.rsplit(':').next()?.parse().ok()?;
    let number = |name: &str| {
        let value = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let segments = [number("segs_in"), number("segs_out")];
    // What a busy machine made TCP send again was counted again.
    let sent = number("bytes_sent") - number("bytes_retrans");
    Some((port, Segments { segments, bytes: [number("bytes_received"), sent] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ss() {
        let line = "0      0          127.0.0.1:8080     127.0.0.1:41712 cubic wscale:10,10 rto:203 rtt:2.9/5.4 \
                    bytes_sent:15 bytes_retrans:2 bytes_acked:13 bytes_received:11 segs_out:3 segs_in:4 data_segs_out:1";
        let expected = Segments { segments: [4, 3], bytes: [11, 13] };
        assert_eq!(connection(line), Some((41712, expected)));
        assert_eq!(connection("0 0 127.0.0.1:8080 127.0.0.1:9 cubic"), Some((9, Segments::default())));
        assert_eq!(connection(""), None);
    }
}
