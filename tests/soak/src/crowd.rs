//! The crowd: connections that do something at random, one step at a time, and never wait.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use crate::{Chance, Traffic};

pub(crate) struct Crowd {
    pub size: usize,
    /// How many connections there were, and what they sent.
    pub connections: u64,
    pub sent: u64,
    address: SocketAddr,
    traffic: Traffic,
    chance: Chance,
    members: Vec<Member>,
    buffer: Vec<u8>,
}

struct Member {
    socket: TcpStream,
    /// What it has left to say.
    rest: Vec<u8>,
    /// One in some never reads.
    reads: bool,
}

impl Crowd {
    pub fn new(size: usize, address: SocketAddr, traffic: Traffic, chance: Chance) -> Crowd {
        let (members, buffer) = (Vec::new(), vec![0; 64 * 1024]);
        Crowd { size, connections: 0, sent: 0, address, traffic, chance, members, buffer }
    }

    /// One of them does something.
    ///
    /// # Errors
    /// When the server takes no connection any more.
    pub fn acts(&mut self) -> Result<(), String> {
        if self.members.is_empty() || (self.members.len() < self.size && self.chance.once_in(4)) {
            return self.comes();
        }
        let index = self.chance.below(self.members.len());
        let member = &mut self.members[index];
        let alive = match self.chance.below(20) {
            0 => {
                // RST.
                let _ = SockRef::from(&member.socket).set_linger(Some(Duration::ZERO));
                false
            }
            // Close: a FIN, or an RST where something was left unread.
            1 => false,
            2 => member.socket.shutdown(Shutdown::Write).is_ok(),
            3..8 => !member.reads || reads(&mut member.socket, &mut self.buffer),
            _ => {
                let count = self.chance.length(member.rest.len());
                match member.socket.write(&member.rest[..count]) {
                    Ok(count) => {
                        self.sent += count as u64;
                        member.rest.drain(..count);
                        // Who has said all may stay for a while, and listen.
                        !member.rest.is_empty() || !self.chance.once_in(10)
                    }
                    Err(error) => error.kind() == ErrorKind::WouldBlock,
                }
            }
        };
        if !alive {
            self.members.swap_remove(index);
        }
        Ok(())
    }

    fn comes(&mut self) -> Result<(), String> {
        let socket = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))
            .map_err(|error| format!("the server takes no connection any more: {error}"))?;
        socket.set_nonblocking(true).map_err(|error| error.to_string())?;
        // Without it most pieces would be glued together again.
        let _ = socket.set_nodelay(true);
        let rest = self.traffic.conversation(&mut self.chance);
        let reads = !self.chance.once_in(5);
        self.members.push(Member { socket, rest, reads });
        self.connections += 1;
        Ok(())
    }

    /// All of them go; by RST, so that their ports are free again.
    pub fn leaves(&mut self) {
        for member in self.members.drain(..) {
            let _ = SockRef::from(&member.socket).set_linger(Some(Duration::ZERO));
        }
    }
}

/// Reads what is there, a bounded amount; false when that was the end.
fn reads(socket: &mut TcpStream, buffer: &mut [u8]) -> bool {
    match socket.read(buffer) {
        Ok(count) => count > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}
