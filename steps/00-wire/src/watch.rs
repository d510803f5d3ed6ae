//! The kernel's packets, live: packet sockets (`man 7 packet`), which only Linux has.
//!
//! A packet socket gets a copy of each packet that an interface receives. Two of them, one for IPv4 and one for IPv6: a
//! socket for everything (ETH_P_ALL) would show each packet on loopback twice, once as it goes out and once as it comes in.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::packets;

/// Where there are no packet sockets, a capture made with another program can be read.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn packets(
    _port: u16,
    _stop: &std::sync::Arc<std::sync::atomic::AtomicBool>,
) -> std::io::Result<std::sync::mpsc::Receiver<std::io::Result<Packet>>> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "only Linux has packet sockets; capture with `sudo tcpdump -i lo0 -w FILE port 8080`, then read it with --read FILE",
    ))
}

/// A packet that the kernel has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When, since 1970, in whole microseconds as a capture file keeps them.
    pub at: std::time::Duration,
    /// From the IP header on.
    pub bytes: Vec<u8>,
}
