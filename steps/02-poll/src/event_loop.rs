//! The event loop: one thread, many connections.
//!
//! **Nothing in here blocks but the poll, and no connection is looked at that has nothing to do.**

use std::io;
use std::time::{Duration, Instant, SystemTime};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::connection::Connection;
use crate::deadlines::Whose;
use crate::extras::is_connected;
use crate::input::Input;
use crate::listener::{ACCEPT_BUDGET, ACCEPT_PAUSE, Accepted, Listener};
use crate::net::{Connect, Phase};
use crate::{ConnId, Ended, Entry, Handle, Io, Limits, Net, Opened, Stream, World};

/// The waker's token. Connections have their [`ConnId`]; no slot is that large.
const WAKER: Token = Token(usize::MAX);
/// Tokens from here on are listeners.
const LISTENERS: usize = usize::MAX - 1024;

/// How many events one poll hands over. What does not fit comes with the next.
const EVENTS: usize = 1024;

/// Makes the stream that carries a new connection's bytes, from its socket.
type Wrap<S> = Box<dyn FnMut(TcpStream, &Opened) -> io::Result<S>>;

/// One thread that serves any number of connections, each understood by a `P` and carried by an `S`.
pub struct EventLoop<P: Entry, S: Stream = TcpStream> {
    poll: Poll,
    handle: Handle,
    wrap: Wrap<S>,
    listeners: Vec<Listener>,
    /// By the slot of the [`ConnId`]; `net.ports` knows who lives there.
    pub(crate) connections: Vec<Option<Connection<P, S>>>,
    /// Outgoing connections that do not stand yet: few, and never for long.
    connecting: Vec<(ConnId, TcpStream, Opened)>,
    pub(crate) net: Net,
    pub(crate) input: Input,
    round: Vec<ConnId>,
    stopping: bool,
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
        Ok(EventLoop {
            poll,
            handle,
            wrap,
            listeners: Vec::new(),
            connections: Vec::new(),
            connecting: Vec::new(),
            net: Net::new(limits, Instant::now()),
            input: Input::new(),
            round: Vec::new(),
            stopping: false,
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
        world.start(&mut self.net);
        while !self.over {
            self.turn(&mut events, world)?;
        }
        Ok(())
    }

    /// One turn of the loop. The numbers are the chapter's.
    fn turn(&mut self, events: &mut Events, world: &mut P::World) -> io::Result<()> {
        // 1. Sleep until something happens, unless somebody is still ready from the last turn.
        let busy = self.net.has_work() || self.listeners.iter().any(|listener| listener.ready);
        let sleep = if busy { Some(Duration::ZERO) } else { self.net.deadlines.sleep(Instant::now()) };
        match self.poll.poll(events, sleep) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
            other => other?,
        }
        // 2. Look at the clock once, for all.
        self.net.now = Instant::now();
        self.net.wall = SystemTime::now();
        // 3. Note what the kernel said. Nothing is read yet, so all of it is still true.
        let mut was_woken = false;
        for event in events.iter() {
            match event.token() {
                WAKER => was_woken = true,
                Token(token) if token >= LISTENERS => self.listeners[token - LISTENERS].ready = true,
                token => self.note(ConnId::from_token(token), event),
            }
        }
        // 4. Hear what other threads said.
        if was_woken {
            world.woken(&mut self.net);
            if self.handle.is_stopping() && !self.stopping {
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
        self.net.take_ready(&mut round);
        for &id in &round {
            self.serve(id, world);
        }
        // 8. Connections that the callbacks above woke.
        self.net.take_woken(&mut round);
        for &id in &round {
            self.callback(id, world, P::woken);
        }
        // 9. Output leaves: one write for each connection that has some.
        self.net.take_dirty(&mut round);
        for &id in &round {
            self.flush(id, world);
        }
        self.round = round;
        self.over = self.stopping && self.net.connections() == 0;
        Ok(())
    }

    fn note(&mut self, id: ConnId, event: &Event) {
        let Some(port) = self.net.ports.get_mut(id) else { return };
        // An error is told by the next read.
        port.readable |= event.is_readable() || event.is_error();
        port.fin_seen |= event.is_read_closed() || event.is_error();
        port.writable |= event.is_writable();
        let has_output = port.pending() > 0 || port.phase == Phase::Flushing;
        let has_work = port.readable || port.phase == Phase::Connecting;
        if has_output && port.writable {
            self.net.make_dirty(id);
        }
        if has_work {
            self.net.make_ready(id);
        }
        if let Some(Some(connection)) = self.connections.get(id.slot())
            && connection.stream_holds_output()
        {
            self.net.make_dirty(id);
        }
    }

    fn accept(&mut self, world: &mut P::World) {
        let mut budget = ACCEPT_BUDGET;
        for index in 0..self.listeners.len() {
            while self.listeners[index].ready && budget > 0 {
                budget -= 1;
                match self.listeners[index].accept() {
                    Accepted::Connection(socket, peer) => {
                        let id = self.net.accepted();
                        self.open(id, socket, Opened::Accepted { peer }, world);
                    }
                    Accepted::Retry => {}
                    Accepted::NobodyLeft => {
                        self.listeners[index].ready = false;
                        self.listeners[index].starved = false;
                    }
                    Accepted::Starved(error) => {
                        let listener = &mut self.listeners[index];
                        if !std::mem::replace(&mut listener.starved, true) {
                            log::warn!("cannot accept: {error}; waiting until a connection closes");
                        }
                        listener.ready = false;
                        self.net.deadlines.set(Whose::Accept, Some(self.net.now + ACCEPT_PAUSE));
                    }
                }
            }
        }
    }

    /// A descriptor may be free: try again those listeners that had none.
    fn retry_accept(&mut self) {
        for listener in self.listeners.iter_mut().filter(|listener| listener.starved) {
            listener.ready = true;
        }
    }

    /// Begins the outgoing connections that callbacks asked for.
    fn connect(&mut self, world: &mut P::World) {
        for Connect { id, to, tag } in std::mem::take(&mut self.net.connects) {
            let begun = TcpStream::connect(to).and_then(|mut socket| {
                let both = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut socket, id.token(), both)?;
                Ok(socket)
            });
            match begun {
                Ok(socket) => self.connecting.push((id, socket, Opened::Connected { peer: to, tag })),
                Err(error) => self.connect_failed(id, tag, error, world),
            }
        }
    }

    fn connect_failed(&mut self, id: ConnId, tag: u64, error: io::Error, world: &mut P::World) {
        self.net.remove(id);
        world.connect_failed(id, tag, error, &mut self.net);
    }

    /// An event came for an outgoing connection that did not stand yet.
    pub(crate) fn connect_progress(&mut self, id: ConnId, world: &mut P::World) {
        let Some(index) = self.connecting.iter().position(|(connecting, ..)| *connecting == id) else {
            return;
        };
        match is_connected(&self.connecting[index].1) {
            Ok(false) => {}
            Ok(true) => {
                let (_, socket, opened) = self.connecting.swap_remove(index);
                if let Some(port) = self.net.ports.get_mut(id) {
                    port.phase = Phase::Open;
                }
                self.open(id, socket, opened, world);
                self.net.make_ready(id);
                self.net.make_dirty(id);
            }
            Err(error) => {
                let (_, _, opened) = self.connecting.swap_remove(index);
                if let Opened::Connected { tag, .. } = opened {
                    self.connect_failed(id, tag, error, world);
                }
            }
        }
    }

    /// A new connection, its port already in `net`.
    fn open(&mut self, id: ConnId, mut socket: TcpStream, opened: Opened, world: &mut P::World) {
        log::debug!("{id} open, peer {}", opened.peer());
        // Without this, Nagle's algorithm and the peer's delayed acknowledgement together can hold back an
        // answer for 40 ms. We write once per turn, so there is nothing for Nagle to gather.
        if let Err(error) = socket.set_nodelay(true) {
            log::debug!("{id} TCP_NODELAY: {error}");
        }
        let registered = match opened {
            // Both interests, once, for good: edge-triggered events cost nothing while nothing changes.
            Opened::Accepted { .. } => {
                let both = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut socket, id.token(), both)
            }
            Opened::Connected { .. } => Ok(()),
        };
        let stream = match registered.and_then(|()| (self.wrap)(socket, &opened)) {
            Ok(stream) => stream,
            Err(error) => {
                log::warn!("{id} cannot be served: {error}");
                self.net.remove(id);
                return;
            }
        };
        let protocol = P::open(opened, world, &mut Io::new(&mut self.net, id));
        if self.connections.len() <= id.slot() {
            self.connections.resize_with(id.slot() + 1, || None);
        }
        self.connections[id.slot()] = Some(Connection::new(stream, protocol));
    }

    /// Runs one callback of a connection that is open.
    fn callback(
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

    fn deadline(&mut self, whose: Whose, world: &mut P::World) {
        match whose {
            Whose::World(key) => world.timeout(key, &mut self.net),
            Whose::Protocol(id, which) => {
                self.callback(id, world, |protocol, world, io| protocol.timeout(which, world, io));
            }
            Whose::Closing(id) => match self.net.ports.get(id).map(|port| port.phase) {
                // We have said all; that the peer did not is its affair.
                Some(Phase::Lingering) => self.remove(id, Ended::Closed, world),
                _ => self.remove(id, Ended::Stuck, world),
            },
            Whose::Accept => self.retry_accept(),
            Whose::Stop => {
                for id in self.net.ports.ids() {
                    self.remove(id, Ended::Stopped, world);
                }
            }
        }
    }

    fn begin_stop(&mut self, world: &mut P::World) {
        self.stopping = true;
        // First the listeners: who connects now is refused at once and can try elsewhere.
        self.listeners.clear();
        self.net.deadlines.set(Whose::Stop, Some(self.net.now + self.net.limits.stop_timeout));
        let ids = self.net.ports.ids();
        log::info!("stopping, {} connections open", ids.len());
        for id in ids {
            match self.net.ports.get(id).map(|port| port.phase) {
                Some(Phase::Connecting) => self.remove(id, Ended::Stopped, world),
                _ => self.callback(id, world, P::stop),
            }
        }
    }

    /// The connection is gone: nothing of it stays, and its id finds nobody from now on.
    pub(crate) fn remove(&mut self, id: ConnId, why: Ended, world: &mut P::World) {
        log::debug!("{id} gone: {why:?}");
        self.connecting.retain(|(connecting, ..)| *connecting != id);
        self.net.remove(id);
        if let Some(mut connection) = self.connections.get_mut(id.slot()).and_then(Option::take) {
            connection.protocol.closed(why, world, &mut self.net);
        }
        self.retry_accept();
    }
}
