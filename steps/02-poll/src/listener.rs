//! Accepting: until there is nobody left, and without spinning when there are no descriptors left.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};

/// How long accepting rests after the process ran out of descriptors, unless a connection closes before.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections one turn accepts before those that are already here get theirs.
pub(crate) const ACCEPT_BUDGET: usize = 256;

pub(crate) struct Listener {
    pub socket: TcpListener,
    /// An event came, and accept has not met WouldBlock since. As for reading, no further event will come.
    pub ready: bool,
    /// No descriptor, or no memory, was left. The waiting connection stays in the kernel's queue, so an
    /// edge-triggered loop is not told of it again and a level-triggered one is told without pause.
    pub starved: bool,
}

/// What one accept brought.
pub(crate) enum Accepted {
    Connection(TcpStream, SocketAddr),
    /// This one is lost, the next may come.
    Retry,
    NobodyLeft,
    /// We are out of descriptors or memory.
    Starved(io::Error),
}

impl Listener {
    pub fn new(socket: TcpListener) -> Listener {
        Listener { socket, ready: true, starved: false }
    }

    pub fn accept(&mut self) -> Accepted {
        match self.socket.accept() {
            Ok((stream, peer)) => Accepted::Connection(stream, peer),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => Accepted::NobodyLeft,
                // The peer was gone before we came to it.
                ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {
                    Accepted::Retry
                }
                // EMFILE, ENFILE, ENOBUFS, ENOMEM. Linux also hands over network errors of the peer that
                // way (accept(2), "Error handling"): to rest for a moment is right for these as well.
                _ => Accepted::Starved(error),
            },
        }
    }
}
