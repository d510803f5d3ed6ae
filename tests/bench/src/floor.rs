//! The floor: what mio and the kernel cost when there is no protocol at all.
//!
//! Sends back what it reads; with `all`, to every connection; with `ANSWER`, the same HTTP response to whatever it reads. It has
//! no limits, no deadlines, no backpressure, no fairness: what a server costs above this is what it does for its users.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use accept::Usage;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const USAGE: Usage = Usage {
    text: "A bare echo: what mio and the kernel cost without any protocol. With --all, each read goes to everybody.\n\
           \n\
           Environment: ANSWER (bytes: instead, each read is answered by 200 and a body of so many)",
    switches: &["all"],
    values: &[],
};

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let listener = accept::listen(arguments.listen, true)?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let sends = match accept::setting("ANSWER", 0)? {
            0 if arguments.switch("all") => Sends::ToAll,
            0 => Sends::Back,
            length => Sends::Answer(bench::response(length)),
        };
        accept::announce("tcp", address);
        Ok(serve(TcpListener::from_std(listener), &sends)?)
    })
}

/// What a read makes it send.
enum Sends {
    /// The same bytes.
    Back,
    /// The same bytes to every connection.
    ToAll,
    /// These bytes.
    Answer(Vec<u8>),
}

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    socket: TcpStream,
    /// What the kernel did not take.
    rest: Vec<u8>,
}

fn serve(mut listener: TcpListener, sends: &Sends) -> io::Result<()> {
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
                        let read = &buffer[..length];
                        match sends {
                            Sends::Back => connection.sends(read),
                            Sends::ToAll => {
                                connections.iter_mut().flatten().for_each(|each| each.sends(read))
                            }
                            Sends::Answer(bytes) => connection.sends(bytes),
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
