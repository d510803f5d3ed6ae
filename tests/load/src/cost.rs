//! What a server costs at one moment.

use std::time::Duration;

use harness::Server;

/// What a server costs at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Bytes of its own.
    pub memory: u64,
    /// Bytes that the kernel has for all sockets and files of the machine, where it says so.
    pub kernel: Option<u64>,
    /// Processor time since its start.
    pub processor: Duration,
}

impl Cost {
    pub fn of(server: &Server) -> Cost {
        Cost { memory: server.memory_rss(), kernel: kernel_memory(), processor: server.cpu_time() }
    }
}

/// Slab holds the sockets, files and poll entries (proc(5), /proc/meminfo), sockstat's `mem` the pages of what is in
/// the sockets' buffers.
fn kernel_memory() -> Option<u64> {
    let number = |file: &str, before: &str| {
        let text = std::fs::read_to_string(file).ok()?;
        text.split_once(before)?.1.split_whitespace().next()?.parse::<u64>().ok()
    };
    let slab = number("/proc/meminfo", "Slab:")?;
    let sockets = number("/proc/net/sockstat", "alloc ").and(number("/proc/net/sockstat", " mem "))?;
    Some(slab * 1024 + sockets * rustix::param::page_size() as u64)
}
