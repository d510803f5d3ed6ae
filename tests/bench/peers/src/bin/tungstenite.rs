//! tungstenite on a mio poll loop: `/` echoes, `/all` sends to everyone.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response, ServerHandshake};
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

const LISTENER: Token = Token(usize::MAX);

fn main() -> io::Result<()> {
    let mut listener = TcpListener::from_std(bench_peers::listen()?);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server::default();
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept(&listener, &poll)?,
                Token(key) => server.turn(key, event),
            }
        }
        server.flush_members();
    }
}

#[derive(Default)]
struct Server {
    connections: Slab<Connection>,
    /// The keys of those at `/all`.
    members: Slab<usize>,
    /// The keys of those to whom something was sent in this turn by `/all`.
    unsent: Vec<usize>,
}

enum Connection {
    /// None only while it is continued.
    Opening(Option<MidHandshake<ServerHandshake<Socket, Path>>>, Path),
    Open(Peer),
}

struct Peer {
    socket: WebSocket<Socket>,
    /// The key in `Server::members`.
    member: Option<usize>,
    /// tungstenite holds output that the system did not take: a writable event will come.
    blocked: bool,
    /// Stands in `Server::unsent`.
    unsent: bool,
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        // One read takes at most so much, and before each tungstenite zeroes as much.
        let config = WebSocketConfig::default().read_buffer_size(16 << 10).max_frame_size(Some(64 << 20));
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    eprintln!("accept: {error}");
                    return Ok(());
                }
            };
            stream.set_nodelay(true)?;
            let entry = self.connections.vacant_entry();
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(entry.key()), both)?;
            let path = Path::default();
            let socket = Socket { stream, drained: false, ended: false };
            let handshake = ServerHandshake::start(socket, path.clone(), Some(config));
            entry.insert(Connection::Opening(Some(handshake), path));
        }
    }

    fn turn(&mut self, key: usize, event: &Event) {
        // It may have ended in this turn.
        let Some(connection) = self.connections.get_mut(key) else { return };
        if let Connection::Opening(opening, path) = connection {
            let Some(mut handshake) = opening.take() else { return };
            handshake.get_mut().get_mut().came(event);
            match handshake.handshake() {
                Ok(socket) => {
                    let member = path.0.get().then(|| self.members.insert(key));
                    *connection = Connection::Open(Peer { socket, member, blocked: false, unsent: false });
                }
                Err(HandshakeError::Interrupted(rest)) => *opening = Some(rest),
                Err(HandshakeError::Failure(_)) => drop(self.connections.remove(key)),
            }
        } else if let Connection::Open(peer) = connection {
            peer.socket.get_mut().came(event);
        }
        if self.read(key).is_err() {
            self.end(key);
        }
    }

    /// Reads and answers until nothing is left, or until the answers are not taken: then it goes on when they are.
    fn read(&mut self, key: usize) -> Result<(), Error> {
        while let Some(Connection::Open(peer)) = self.connections.get_mut(key) {
            if peer.blocked {
                peer.flush()?;
            }
            if peer.blocked {
                break;
            }
            match peer.socket.read() {
                Ok(message) if !(message.is_text() || message.is_binary()) => {}
                Ok(message) if peer.member.is_some() => self.send_to_all(&message),
                Ok(message) => peer.write(message)?,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return peer.flush(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The payload is shared; each connection copies it behind a header in its buffer, which leaves when the turn ends.
    fn send_to_all(&mut self, message: &Message) {
        for (_, &key) in &self.members {
            let Connection::Open(peer) = &mut self.connections[key] else { continue };
            // Where it fails, an event will say so.
            peer.write(message.clone()).ok();
            if !peer.unsent {
                peer.unsent = true;
                self.unsent.push(key);
            }
        }
    }

    fn flush_members(&mut self) {
        for key in self.unsent.drain(..) {
            if let Some(Connection::Open(peer)) = self.connections.get_mut(key) {
                peer.unsent = false;
                peer.flush().ok();
            }
        }
    }

    fn end(&mut self, key: usize) {
        if let Connection::Open(Peer { member: Some(member), .. }) = self.connections.remove(key) {
            self.members.remove(member);
        }
    }
}

impl Peer {
    /// Appends to tungstenite's buffer, which leaves at 128 KiB and with `flush`.
    fn write(&mut self, message: Message) -> Result<(), Error> {
        let written = self.socket.write(message);
        self.note(written)
    }

    fn flush(&mut self) -> Result<(), Error> {
        let flushed = self.socket.flush();
        self.note(flushed)
    }

    fn note(&mut self, outcome: Result<(), Error>) -> Result<(), Error> {
        self.blocked = matches!(&outcome, Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock);
        if self.blocked { Ok(()) } else { outcome }
    }
}

/// Whether it is `/all` that the client asked for.
#[derive(Clone, Default)]
struct Path(Rc<Cell<bool>>);

impl Callback for Path {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        self.0.set(request.uri().path() == "/all");
        Ok(response)
    }
}

/// A stream that knows when it is empty: a read that fills less than it could has taken all. epoll(7): "this can also be
/// detected by checking the amount of data read from / written to the target file descriptor". It saves one read for each
/// message.
struct Socket {
    stream: TcpStream,
    drained: bool,
    /// The end of the stream came with an event, and no other will tell of it: only a read does.
    ended: bool,
}

impl Socket {
    fn came(&mut self, event: &Event) {
        self.drained = false;
        self.ended |= event.is_read_closed() || event.is_error();
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.drained {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.stream.read(buffer)?;
        self.drained = count < buffer.len() && !self.ended;
        Ok(count)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
