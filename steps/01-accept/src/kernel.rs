//! What the kernel says about its TCP sockets: the rows of `/proc/net/tcp` and `/proc/net/tcp6` on Linux.
//!
//! A server that sleeps in `recv` knows nothing of the clients that wait. The kernel does, and shows it to everybody.
//! `ss` and `netstat` print the same lists; systems without `/proc` have only those, see [`LOOK`].

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One TCP socket of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The address on this side.
    pub local: SocketAddr,
    /// The address on the other side; all zeros for a socket in [`State::Listen`].
    pub remote: SocketAddr,
    /// Where the connection stands in its life.
    pub state: State,
    /// Bytes sent that the other side has not acknowledged yet.
    pub send_queue: u32,
    /// Bytes received that the program has not read yet; a FIN counts as one more.
    /// For [`State::Listen`]: connections that nobody has accepted yet.
    pub receive_queue: u32,
    /// The number of the socket's file; 0 when no program holds it: not accepted yet, or closed already.
    pub inode: u64,
}

/// The states of RFC 9293 §3.3.2, in the order in which Linux numbers them (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Both sides may send.
    Established,
    /// `connect` was called: SYN sent, no answer yet.
    SynSent,
    /// SYN received, SYN-ACK sent.
    SynReceived,
    /// We closed first: FIN sent, not acknowledged.
    FinWait1,
    /// Our FIN is acknowledged, the peer may still send.
    FinWait2,
    /// Closed on both sides, we closed first: the address pair is kept for a minute.
    TimeWait,
    /// No connection. The list does not contain it.
    Closed,
    /// The peer closed, this program has not yet.
    CloseWait,
    /// The peer closed first, then we: our FIN is not acknowledged.
    LastAck,
    /// `listen` was called: waits for connections.
    Listen,
    /// Both sides closed at the same moment.
    Closing,
}

/// The command that shows a person the TCP sockets of the machine.
pub const LOOK: &str = if cfg!(target_os = "linux") { "ss -tan" } else { "netstat -an -p tcp" };

/// All TCP sockets of this machine (of this network namespace) with addresses of the family of `like`.
///
/// # Errors
/// `NotFound` where there is no `/proc/net/tcp`, so everywhere but on Linux; look with [`LOOK`] there.
pub fn sockets(like: SocketAddr) -> io::Result<Vec<Row>> {
    let path = if like.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    // The first line names the columns.
    Ok(std::fs::read_to_string(path)?.lines().skip(1).filter_map(Row::parse).collect())
}

impl Row {
    /// One line, such as
    /// `   0: 0100007F:1F90 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 4711 ...`.
    ///
    /// The columns: number, local, remote, state, send queue and receive queue, timer, retransmits, user, timeouts,
    /// inode. `None` when the line is none of these.
    pub fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split_ascii_whitespace();
        let local = address(columns.nth(1)?)?;
        let remote = address(columns.next()?)?;
        let state = State::from_number(u8::from_str_radix(columns.next()?, 16).ok()?)?;
        let (send_queue, receive_queue) = columns.next()?.split_once(':')?;
        Some(Self {
            local,
            remote,
            state,
            send_queue: u32::from_str_radix(send_queue, 16).ok()?,
            receive_queue: u32::from_str_radix(receive_queue, 16).ok()?,
            inode: columns.nth(4)?.parse().ok()?,
        })
    }

    /// Whether this is the socket that listens on `address`. The list does not contain the scope of an IPv6 address.
    pub fn listens_on(&self, address: SocketAddr) -> bool {
        self.state == State::Listen && self.local.ip() == address.ip() && self.local.port() == address.port()
    }
}

/// `0100007F:1F90`: the address in 32-bit words as they lie in memory, the port as a number.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(ip.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let ip = match ip.len() {
        8 => IpAddr::from(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut octets = [0; 16];
            for (i, four) in octets.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(i * 8)?);
            }
            IpAddr::from(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

impl State {
    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            // 12 is a request that has no socket of its own yet; `ss` calls both SYN-RECV.
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Closed,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Established => "ESTABLISHED",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::TimeWait => "TIME-WAIT",
            Self::Closed => "CLOSED",
            Self::CloseWait => "CLOSE-WAIT",
            Self::LastAck => "LAST-ACK",
            Self::Listen => "LISTEN",
            Self::Closing => "CLOSING",
        })
    }
}

#[cfg(test)]
mod tests;
