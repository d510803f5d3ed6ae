//! One connection of a member: every byte is counted, in both directions.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// A connection. It never waits.
pub(crate) struct Wire {
    socket: TcpStream,
    /// The port on our side.
    pub port: u16,
    /// Bytes that the kernel has taken.
    pub sent: u64,
    /// Bytes that have come.
    pub received: u64,
    /// What has come and was not understood yet.
    pub unread: Vec<u8>,
    unsent: Vec<u8>,
}

impl Wire {
    /// Connects, and watches the connection under this token.
    pub fn connect(to: SocketAddr, registry: &Registry, token: Token) -> Result<Wire, String> {
        let connect = || {
            let socket = std::net::TcpStream::connect(to)?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            let port = socket.local_addr()?.port();
            let mut socket = TcpStream::from_std(socket);
            registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok(Wire { socket, port, sent: 0, received: 0, unread: Vec::new(), unsent: Vec::new() })
        };
        connect().map_err(|error: std::io::Error| format!("cannot connect to {to}: {error}"))
    }

    /// Sends these bytes behind those that still wait.
    pub fn sends(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(count) => {
                    self.sent += count as u64;
                    self.unsent.drain(..count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // "writable" will come. What is broken is told by the next read.
                Err(_) => return,
            }
        }
    }

    /// Reads all that is there.
    pub fn reads(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Err("the server has closed a connection".into()),
                Ok(count) => {
                    self.received += count as u64;
                    self.unread.extend_from_slice(&buffer[..count]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot read: {error}")),
            }
        }
    }
}
