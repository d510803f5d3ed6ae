//! Accepting: until there is nobody left, and without spinning when there are no descriptors left.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};

use crate::deadlines::Whose;
use crate::event_loop::EventLoop;
use crate::{Entry, Opened, Stream};

/// How long accepting rests after the process ran out of descriptors, unless a connection closes before.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections one turn accepts before those that are already here get theirs.
const ACCEPT_BUDGET: usize = 256;

pub(crate) struct Listener {
    socket: TcpListener,
    /// An event came, and accept has not met WouldBlock since. As for reading, no further event will come.
    pub ready: bool,
    /// No descriptor, or no memory, was left. The waiting connection stays in the kernel's queue, so an
    /// edge-triggered loop is not told of it again and a level-triggered one is told without pause.
    starved: bool,
}

/// What one accept brought.
enum Accepted {
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

    fn accept(&mut self) -> Accepted {
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

impl<P: Entry, S: Stream> EventLoop<P, S> {
    pub(crate) fn note_listener(&mut self, index: usize) {
        if let Some(listener) = self.listeners.get_mut(index) {
            listener.ready = true;
        }
    }

    /// Step 6 of the turn. One event may stand for many connections: accept until there is nobody left.
    pub(crate) fn accept(&mut self, world: &mut P::World) {
        let mut budget = ACCEPT_BUDGET;
        for index in 0..self.listeners.len() {
            while self.listeners[index].ready && budget > 0 {
                budget -= 1;
                let listener = &mut self.listeners[index];
                match listener.accept() {
                    Accepted::Connection(socket, peer) => self.welcome(socket, peer, world),
                    Accepted::Retry => {}
                    Accepted::NobodyLeft => {
                        listener.ready = false;
                        listener.starved = false;
                    }
                    Accepted::Starved(error) => {
                        listener.ready = false;
                        if !std::mem::replace(&mut listener.starved, true) {
                            log::warn!("cannot accept: {error}; waiting until a connection closes");
                        }
                        self.net.deadlines.set(Whose::Accept, Some(self.net.now + ACCEPT_PAUSE));
                    }
                }
            }
        }
    }

    fn welcome(&mut self, mut socket: TcpStream, peer: SocketAddr, world: &mut P::World) {
        let id = self.net.accepted();
        let opened = self
            .register(&mut socket, id)
            .and_then(|()| self.open(id, socket, Opened::Accepted { peer }, world));
        if let Err(error) = opened {
            log::warn!("{id} cannot be served: {error}");
            self.net.remove(id);
        }
    }

    /// A descriptor may be free: try again those listeners that had none.
    pub(crate) fn retry_accept(&mut self) {
        for listener in self.listeners.iter_mut().filter(|listener| listener.starved) {
            listener.ready = true;
        }
    }
}
