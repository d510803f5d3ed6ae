//! The event loop: one thread, many connections.
//!
//! **Nothing in here blocks but the poll, and no connection is looked at that has nothing to do.**

use std::io;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::connection::Connection;
use crate::deadlines::Whose;
use crate::extras::Connecting;
use crate::input::Input;
use crate::listener::Listener;
use crate::port::{Phase, Todo};
use crate::{ConnId, Ended, Entry, Handle, Io, Limits, Net, Opened, Stream, World};

/// The waker's token. Connections have their [`ConnId`]; no slot is that large.
const WAKER: Token = Token(usize::MAX);
/// Tokens from here on are listeners.
const LISTENERS: usize = usize::MAX - 1024;

/// How many events one poll hands over. What does not fit comes with the next.
const EVENTS: usize = 1024;

/// So many connections have room in the lists from the start. It is room only: a page of it is memory when the first
/// connection in it comes.
const ROOM: usize = 16 * 1024;

/// What the kernel is asked to tell of a connection. Priority means urgent data (telnet sends some at Ctrl-C):
/// we throw that one byte away, as the kernel does, but must know that a read stops in front of it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Makes the stream that carries a new connection's bytes, from its socket.
type Wrap<S> = Box<dyn FnMut(TcpStream, &Opened) -> io::Result<S>>;

/// One thread that serves any number of connections, each understood by a `P` and carried by an `S`.
pub struct EventLoop<P: Entry, S: Stream = TcpStream> {
    pub(crate) poll: Poll,
    handle: Handle,
    wrap: Wrap<S>,
    pub(crate) listeners: Vec<Listener>,
    /// By the slot of the [`ConnId`]; `net.ports` knows who lives there.
    pub(crate) connections: Vec<Option<Connection<P, S>>>,
    pub(crate) connecting: Vec<Connecting>,
    pub(crate) net: Net,
    pub(crate) input: Input,
    round: Vec<ConnId>,
    over: bool,
}

impl<P: Entry> EventLoop<P> {
    /// A loop whose connections are plain TCP.
    ///
    /// # Errors
    /// When the kernel gives no epoll (or kqueue) descriptor.
    pub fn plain(limits: Limits) -> io::Result<EventLoop<P>> {
        EventLoop::new(limits, Box::new(|socket, _| Ok(socket)))
    }
}

impl<P: Entry, S: Stream> EventLoop<P, S> {
    /// A loop whose connections are carried by what `wrap` makes of a socket.
    ///
    /// # Errors
    /// When the kernel gives no epoll (or kqueue) descriptor.
    pub fn new(limits: Limits, wrap: Wrap<S>) -> io::Result<EventLoop<P, S>> {
        let poll = Poll::new()?;
        let handle = Handle::new(poll.registry(), WAKER)?;
        let mut net = Net::new(limits, Instant::now());
        net.ports.reserve(ROOM);
        Ok(EventLoop {
            poll,
            handle,
            wrap,
            listeners: Vec::new(),
            connections: Vec::with_capacity(ROOM),
            connecting: Vec::new(),
            net,
            input: Input::new(),
            round: Vec::new(),
            over: false,
        })
    }

    /// Accepts connections from `listener` too. mio's own `bind` would hide the calls of rung 01, so the
    /// socket comes from there.
    ///
    /// # Errors
    /// When the socket cannot be made non-blocking or registered.
    pub fn listen(&mut self, listener: std::net::TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let mut socket = TcpListener::from_std(listener);
        let token = Token(LISTENERS + self.listeners.len());
        self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
        self.listeners.push(Listener::new(socket));
        Ok(())
    }

    /// A remote control that works from any thread.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Takes turns until the loop was stopped and every goodbye is said.
    ///
    /// # Errors
    /// When the poll itself fails. An error of one connection ends that connection only.
    pub fn run(&mut self, world: &mut P::World) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        self.net.look_at_clock();
        world.start(&mut self.net);
        while !self.over {
            self.turn(&mut events, world)?;
        }
        Ok(())
    }

    /// One turn of the loop. The numbers are the chapter's.
    fn turn(&mut self, events: &mut Events, world: &mut P::World) -> io::Result<()> {
        // ANCHOR: sleep
        // 1. Sleep until something happens, unless somebody has something to do already.
        let busy = self.net.has_work() || self.listeners.iter().any(|listener| listener.ready);
        let sleep = if busy { Some(Duration::ZERO) } else { self.net.deadlines.sleep(Instant::now()) };
        match self.poll.poll(events, sleep) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
            other => other?,
        }
        // 2. Look at the clock once, for all.
        self.net.look_at_clock();
        // 3. Note what the kernel said. Nothing is read yet, so all of it is still true.
        let mut was_woken = false;
        for event in events.iter() {
            match event.token() {
                WAKER => was_woken = true,
                Token(token) if token >= LISTENERS => self.note_listener(token - LISTENERS),
                token => self.note(ConnId::from_token(token), event),
            }
        }
        // ANCHOR_END: sleep
        // 4. Hear what other threads said.
        if was_woken {
            world.woken(&mut self.net);
            if self.handle.is_stopping() && !self.net.is_stopping() {
                self.begin_stop(world);
            }
        }
        // 5. Deadlines that have passed.
        while let Some(whose) = self.net.deadlines.pop_due(self.net.now) {
            self.deadline(whose, world);
        }
        // 6. New connections, in and out.
        self.accept(world);
        self.connect(world);
        // 7. A bounded share for each connection that has something to do.
        let mut round = std::mem::take(&mut self.round);
        self.net.take_planned(Todo::Serve, &mut round);
        for &id in &round {
            self.serve(id, world);
        }
        // 8. Connections that the callbacks above woke.
        self.net.take_planned(Todo::Hear, &mut round);
        for &id in &round {
            self.callback(id, world, P::woken);
        }
        // 9. Output leaves: one write for each connection that has some.
        self.net.take_planned(Todo::Flush, &mut round);
        for &id in &round {
            self.flush(id, world);
        }
        self.round = round;
        self.over |= self.net.is_stopping() && self.net.connections() == 0;
        Ok(())
    }

    fn note(&mut self, id: ConnId, event: &Event) {
        let Some(port) = self.net.ports.get_mut(id) else { return };
        port.writable |= event.is_writable();
        // An error is told by the next read.
        port.readable |= event.is_readable() || event.is_error();
        port.stops_short |= event.is_read_closed() || event.is_priority() || event.is_error();
        port.broken |= event.is_error();
        // Whoever has nothing to read or to send finds that out without a system call.
        self.net.planned.add(Todo::Serve, port, id);
        self.net.planned.add(Todo::Flush, port, id);
    }

    fn deadline(&mut self, whose: Whose, world: &mut P::World) {
        match whose {
            Whose::World(key) => world.timeout(key, &mut self.net),
            Whose::Protocol(id, which) => {
                self.callback(id, world, |protocol, world, io| protocol.timeout(which, world, io));
            }
            Whose::Phase(id) => match self.net.ports.get(id).map(|port| port.phase) {
                Some(Phase::Connecting) => self.connect_failed(id, io::ErrorKind::TimedOut.into(), world),
                // We have said all; that the peer did not is its affair.
                Some(Phase::Lingering) => self.remove(id, Ended::Closed, world),
                _ => self.remove(id, Ended::Stuck, world),
            },
            Whose::Accept => self.retry_accept(),
            Whose::Stop => {
                for id in self.net.ports.ids() {
                    self.remove(id, Ended::Stopped, world);
                }
                self.over = true;
            }
        }
    }

    /// A connection stands; its port is in `net`, its socket registered.
    pub(crate) fn open(
        &mut self,
        id: ConnId,
        socket: TcpStream,
        opened: Opened,
        world: &mut P::World,
    ) -> io::Result<()> {
        log::debug!("{id} open, peer {}", opened.peer());
        // Without this, Nagle's algorithm and the peer's delayed acknowledgement together can hold back an
        // answer for 40 ms. We write once per turn, so there is nothing for Nagle to gather.
        if let Err(error) = socket.set_nodelay(true) {
            log::debug!("{id} TCP_NODELAY: {error}");
        }
        let stream = (self.wrap)(socket, &opened)?;
        let protocol = P::open(opened, world, &mut Io::new(&mut self.net, id));
        if self.connections.len() <= id.slot() {
            self.connections.resize_with(id.slot() + 1, || None);
        }
        self.connections[id.slot()] = Some(Connection::new(stream, protocol));
        // The stream may have to speak first (TLS), and bytes may have waited for the connection to stand.
        self.net.plan(Todo::Flush, id);
        Ok(())
    }

    /// Registers a new connection's socket: all interests, once, for good. Edge-triggered events cost
    /// nothing while nothing changes; a writable interest on a level-triggered poll would make it spin.
    pub(crate) fn register(&self, socket: &mut TcpStream, id: ConnId) -> io::Result<()> {
        self.poll.registry().register(socket, id.token(), INTERESTS)
    }

    /// Runs one callback of a connection that is open.
    pub(crate) fn callback(
        &mut self,
        id: ConnId,
        world: &mut P::World,
        call: impl FnOnce(&mut P, &mut P::World, &mut Io<'_>),
    ) {
        if self.net.ports.get(id).is_some_and(|port| port.phase == Phase::Open)
            && let Some(Some(connection)) = self.connections.get_mut(id.slot())
        {
            call(&mut connection.protocol, world, &mut Io::new(&mut self.net, id));
        }
    }

    /// The connection is gone: nothing of it stays, and its id finds nobody from now on.
    pub(crate) fn remove(&mut self, id: ConnId, why: Ended, world: &mut P::World) {
        if !self.net.remove(id) {
            return;
        }
        log::debug!("{id} gone: {why:?}");
        if let Some(mut connection) = self.connections.get_mut(id.slot()).and_then(Option::take) {
            connection.protocol.closed(id, why, world, &mut self.net);
            if matches!(why, Ended::Aborted | Ended::Stuck | Ended::Stopped) {
                connection.forget_unsent(id);
            }
        }
        self.retry_accept();
    }
}

#[cfg(test)]
mod tests;
