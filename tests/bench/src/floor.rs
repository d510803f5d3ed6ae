//! The floor: what mio and the kernel cost when there is no protocol at all.
//!
//! Sends back what it reads; with `all`, to every connection. It has no limits, no deadlines, no backpressure, no
//! fairness: what a server costs above this is what it does for its users.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use accept::Usage;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const USAGE: Usage = Usage {
    text: "A bare echo: what mio and the kernel cost without any protocol. With --all, each read goes to everybody.",
    switches: &["all"],
    values: &[],
};

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let listener = accept::listen(arguments.listen, true)?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        accept::announce("tcp", address);
        Ok(serve(TcpListener::from_std(listener), arguments.switch("all"))?)
    })
}

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    socket: TcpStream,
    /// What the kernel did not take.
    rest: Vec<u8>,
}

fn serve(mut listener: TcpListener, to_all: bool) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 64 << 10]);
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut free = Vec::new();
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, None) {
            // A debugger, or strace, has come.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut socket, _)) = listener.accept() {
                    socket.set_nodelay(true)?;
                    let slot = free.pop().unwrap_or(connections.len());
                    let interests = Interest::READABLE.add(Interest::WRITABLE);
                    poll.registry().register(&mut socket, Token(slot), interests)?;
                    connections.resize_with(connections.len().max(slot + 1), || None);
                    connections[slot] = Some(Connection { socket, rest: Vec::new() });
                }
                continue;
            }
            let slot = event.token().0;
            if event.is_writable()
                && let Some(connection) = &mut connections[slot]
                && !connection.rest.is_empty()
            {
                let rest = std::mem::take(&mut connection.rest);
                connection.sends(&rest);
            }
            while event.is_readable()
                && let Some(connection) = &mut connections[slot]
            {
                match connection.socket.read(&mut buffer) {
                    Ok(0) => {
                        connections[slot] = None;
                        free.push(slot);
                    }
                    Ok(length) => {
                        if to_all {
                            connections.iter_mut().flatten().for_each(|each| each.sends(&buffer[..length]));
                        } else {
                            connection.sends(&buffer[..length]);
                        }
                        if length < buffer.len() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => {
                        connections[slot] = None;
                        free.push(slot);
                    }
                }
            }
        }
    }
}

impl Connection {
    fn sends(&mut self, bytes: &[u8]) {
        if self.rest.is_empty() {
            // A connection that broke is found by the next read.
            let sent = self.socket.write(bytes).unwrap_or(0);
            self.rest.extend_from_slice(&bytes[sent..]);
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }
}
