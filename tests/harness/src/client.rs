//! A raw TCP client: one connection, and everything that came and was not yet expected.

use std::io::{ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, SockRef, Socket, Type};

use crate::show;
use crate::story::{Record, Story};

/// How long a client waits for what it expects, unless `within` says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(2);

impl Story {
    /// Connects a client. The name is how the story calls it: alice, bob, a slow reader.
    #[track_caller]
    pub fn client(&self, name: &str, to: impl Into<SocketAddr>) -> Client {
        self.client_with(name, to, |_| Ok(()))
    }

    /// Connects a client whose socket is prepared first: `|socket| socket.set_recv_buffer_size(4096)`.
    #[track_caller]
    pub fn client_with(
        &self,
        name: &str,
        to: impl Into<SocketAddr>,
        prepare: impl FnOnce(&Socket) -> std::io::Result<()>,
    ) -> Client {
        let client = self.connect(name, to.into(), prepare);
        self.record.step(format!("{name} connects to {}", client.address), Vec::new());
        client
    }

    /// Connects many clients, `fan 1`, `fan 2` and so on, as one step of the story.
    #[track_caller]
    pub fn clients(&self, name: &str, count: usize, to: impl Into<SocketAddr>) -> Vec<Client> {
        let address = to.into();
        let connect = |number| self.connect(&format!("{name} {number}"), address, |_| Ok(()));
        let clients = (1..=count).map(connect).collect();
        self.record.step(format!("{name} 1 to {count} connect to {address}"), Vec::new());
        clients
    }

    #[track_caller]
    fn connect(
        &self,
        name: &str,
        address: SocketAddr,
        prepare: impl FnOnce(&Socket) -> std::io::Result<()>,
    ) -> Client {
        let stream = || {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            prepare(&socket)?;
            socket.connect_timeout(&address.into(), PATIENCE)?;
            // Each send is a packet of its own, now: nothing waits for an acknowledgement (Nagle).
            socket.set_tcp_nodelay(true)?;
            // Waiting is done by poll(), which knows a deadline.
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(TcpStream::from(socket))
        };
        match stream() {
            Ok(stream) => Client {
                record: self.record.clone(),
                name: name.into(),
                address,
                stream: Some(stream),
                pending: Vec::new(),
                ended: None,
                patience: PATIENCE,
            },
            Err(error) => {
                self.record.fail(format!("{name} cannot connect to {address}: {error}"), Vec::new())
            }
        }
    }
}

/// One TCP connection to the server, with everything that came and was not yet expected.
///
/// Dropped, it closes; what it had not read makes that a reset, as everywhere.
#[derive(Debug)]
pub struct Client {
    pub(crate) record: Arc<Record>,
    pub(crate) name: String,
    address: SocketAddr,
    /// `None` after `closes` or `resets`.
    stream: Option<TcpStream>,
    pending: Vec<u8>,
    ended: Option<Ending>,
    patience: Duration,
}

/// How the other side ended its sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// FIN: a polite close, or a half close.
    Fin,
    /// RST: what was under way is lost.
    Reset,
}

/// What one wait brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    Bytes,
    End(Ending),
    Nothing,
}

impl Client {
    /// From here on each expectation may take this long (2 s at first).
    pub fn within(&mut self, patience: Duration) -> &mut Client {
        self.patience = patience;
        self
    }

    /// The server's address, as `Host` wants it.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// This end's address: what the server sees as its peer.
    pub fn local_address(&self) -> SocketAddr {
        self.socket().local_addr().expect("a connected socket has an address")
    }

    /// The socket itself, for what this vocabulary cannot say. It is non-blocking.
    pub fn socket(&self) -> &TcpStream {
        self.stream.as_ref().expect("the test closed this client before")
    }

    /// What came and was not yet expected.
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Sends FIN: no more will be sent, answers are still read.
    #[track_caller]
    pub fn half_closes(&mut self) {
        self.step("half closes (FIN), and still reads".into(), Vec::new());
        if let Err(error) = self.socket().shutdown(Shutdown::Write) {
            self.fails(format!("the half close failed: {error}"), Vec::new());
        }
    }

    /// Closes the socket. When unread bytes wait in it the kernel sends RST, else FIN.
    pub fn closes(&mut self) {
        self.step("closes".into(), Vec::new());
        self.stream = None;
    }

    /// Sends RST (SO_LINGER 0): the cable is cut, the program died.
    pub fn resets(&mut self) {
        self.step("resets the connection (RST)".into(), Vec::new());
        SockRef::from(self.socket()).set_linger(Some(Duration::ZERO)).expect("the socket is open");
        self.stream = None;
    }

    pub(crate) fn step(&self, text: String, details: Vec<String>) {
        self.record.step(format!("{} {text}", self.name), details);
    }

    #[track_caller]
    pub(crate) fn fails(&self, headline: String, details: Vec<String>) -> ! {
        self.record.fail(format!("{}: {headline}", self.name), details)
    }

    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn ended(&self) -> Option<Ending> {
        self.ended
    }

    /// The first bytes of what came are used up.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        self.pending.drain(..count).collect()
    }

    /// What a failure shows when something else than bytes was expected.
    pub(crate) fn what_came(&self) -> Vec<String> {
        if self.pending.is_empty() {
            return Vec::new();
        }
        let mut details = vec![format!("what came: {}", count(&self.pending))];
        details.extend(show::brief(&self.pending).into_iter().map(|line| format!("  {line}")));
        details
    }

    /// Waits for bytes or the end, until the deadline. An end, once seen, stays.
    pub(crate) fn wait(&mut self, until: Instant) -> Arrival {
        let mut buffer = [0; 64 << 10];
        loop {
            if let Some(ending) = self.ended {
                return Arrival::End(ending);
            }
            match self.socket().read(&mut buffer) {
                Ok(0) => self.ended = Some(Ending::Fin),
                Ok(count) => {
                    self.pending.extend_from_slice(&buffer[..count]);
                    return Arrival::Bytes;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if Instant::now() >= until {
                        return Arrival::Nothing;
                    }
                    self.poll(PollFlags::IN, until);
                }
                // ECONNRESET, or EPIPE and its like after it.
                Err(_) => self.ended = Some(Ending::Reset),
            }
        }
    }

    pub(crate) fn poll(&self, flags: PollFlags, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("a test waits seconds, not ages");
        // Whatever ends the wait, the caller looks at the socket and at the clock again.
        let _ = poll(&mut [PollFd::new(self.socket(), flags)], Some(&left));
    }
}

pub(crate) fn count(bytes: &[u8]) -> String {
    if bytes.len() == 1 { "1 byte".into() } else { format!("{} bytes", bytes.len()) }
}
