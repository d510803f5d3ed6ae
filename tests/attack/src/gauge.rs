//! What a server costs: memory, descriptors, processor time. From /proc, so on Linux, and of processes that are ours.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The processes of one server; none where they cannot be seen.
#[derive(Clone, Debug)]
pub struct Gauge {
    pids: Vec<u32>,
}

/// What all its processes have at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Resident memory, bytes.
    pub memory: u64,
    pub descriptors: usize,
    /// User and system, all threads.
    pub cpu: Duration,
}

impl Gauge {
    pub fn of(pids: Vec<u32>) -> Gauge {
        Gauge { pids }
    }

    /// Whoever has the listening socket open: nginx's workers all have.
    pub fn of_listener(address: SocketAddr) -> Gauge {
        let sockets = listening_inodes(address.port());
        let mut pids = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // Another user's process does not let us look.
            let open = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten();
            let targets = open.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
            if targets.into_iter().any(|target| sockets.iter().any(|socket| target.to_str() == Some(socket)))
            {
                pids.push(pid);
            }
        }
        Gauge { pids }
    }

    pub fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// There was a process, and now there is none.
    pub fn is_gone(&self) -> bool {
        !self.pids.is_empty() && self.read().is_none()
    }

    /// The sums over all processes that still live; `None` where there is none, or no /proc.
    pub fn read(&self) -> Option<Reading> {
        let readings: Vec<Reading> = self.pids.iter().filter_map(|&pid| read_one(pid)).collect();
        let sum = |sum: Reading, one: &Reading| Reading {
            memory: sum.memory + one.memory,
            descriptors: sum.descriptors + one.descriptors,
            cpu: sum.cpu + one.cpu,
        };
        (!readings.is_empty()).then(|| readings.iter().fold(Reading::default(), sum))
    }

    /// Watches the memory from now on.
    pub fn watch(&self) -> Watch {
        let (gauge, peak, over) =
            (self.clone(), Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (highest, stop) = (peak.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let Some(reading) = gauge.read() else { break };
                highest.fetch_max(reading.memory, Ordering::Relaxed);
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        Watch { peak, over, thread }
    }
}

/// A thread that remembers the most memory in use; looks every 10 ms.
pub struct Watch {
    peak: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// The most, bytes, and the end of it.
    pub fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        // The thread cannot panic; if it did, what it has seen still counts.
        let _ = self.thread.join();
        self.peak.load(Ordering::Relaxed)
    }
}

fn read_one(pid: u32) -> Option<Reading> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    // A zombie has no memory.
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold spaces. Behind it: state is field 3, utime 14, stime 15.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(14 - 3);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    Some(Reading {
        memory: kilobytes * 1024,
        descriptors: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count(),
        cpu: Duration::from_secs_f64((user + system) as f64 / ticks),
    })
}

/// `socket:[INODE]` of each socket in LISTEN (0A) on this port.
fn listening_inodes(port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines());
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&port) && *fields.get(3)? == "0A";
        listens.then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
    };
    lines.filter_map(inode).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_listens_is_found_and_measured() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gauge = Gauge::of_listener(listener.local_addr().unwrap());
        assert!(gauge.pids().contains(&std::process::id()), "{gauge:?}");
        let reading = gauge.read().unwrap();
        assert!(reading.memory > 100_000 && reading.descriptors >= 4, "{reading:?}");
        assert!(!gauge.is_gone());
    }

    #[test]
    fn who_is_gone_is_gone() {
        let gauge = Gauge::of(vec![u32::MAX]);
        assert_eq!((gauge.read(), gauge.is_gone()), (None, true));
        let nobody = Gauge::of(Vec::new());
        assert_eq!((nobody.read(), nobody.is_gone()), (None, false));
    }

    #[test]
    fn the_peak_is_remembered() {
        let watch = Gauge::of(vec![std::process::id()]).watch();
        let before = seen(&watch, 1);
        let much = std::hint::black_box(vec![1_u8; 32 << 20]);
        seen(&watch, before + (16 << 20));
        drop(much);
        assert!(watch.end() >= before + (16 << 20));
    }

    /// Waits until it has seen at least so much.
    fn seen(watch: &Watch, least: u64) -> u64 {
        loop {
            let peak = watch.peak.load(Ordering::Relaxed);
            if peak >= least {
                return peak;
            }
            std::thread::yield_now();
        }
    }
}
