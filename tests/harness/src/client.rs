//! A raw TCP client that says what it does.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, SockRef, Socket, Type};

use crate::show;
use crate::story::{Record, Story};

/// How long a client waits for what it expects, unless `within` says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Between the two parts of a split: long enough for a server on the same machine to have its turn.
const SPLIT_PAUSE: Duration = Duration::from_millis(2);

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
        self.record.state().address.get_or_insert(address);
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

    /// Sends all of it; fails when the server does not take it in time or has closed.
    #[track_caller]
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.step(format!("sends {}", count(bytes)), show::brief(bytes));
        self.write_all(bytes);
    }

    /// Sends text; `\r\n` must be in it.
    #[track_caller]
    pub fn sends_text(&mut self, text: &str) {
        self.sends(text);
    }

    /// Sends the bytes in two packets, cut at `at`.
    ///
    /// What it guarantees: two `send` calls with TCP_NODELAY, and on loopback the first packet stands in the
    /// server's receive queue when its `send` returns. Between them the client waits 2 ms, or until an answer
    /// comes: in that time a server that is awake has read the first part alone. A server that was held
    /// back longer sees both at once: that makes the test easier for it, never wrong.
    #[track_caller]
    pub fn sends_split(&mut self, bytes: impl AsRef<[u8]>, at: usize) {
        let bytes = bytes.as_ref();
        let details =
            [show::brief(&bytes[..at]), vec!["--- cut ---".into()], show::brief(&bytes[at..])].concat();
        self.step(format!("sends {}, cut at byte {at}", count(bytes)), details);
        self.write_all(&bytes[..at]);
        self.wait(Instant::now() + SPLIT_PAUSE);
        self.write_all(&bytes[at..]);
    }

    /// Like `sends_split`, and fails when the server answers (or leaves) after the first part already.
    #[track_caller]
    pub fn sends_split_unanswered(&mut self, bytes: impl AsRef<[u8]>, at: usize) {
        let bytes = bytes.as_ref();
        let before = self.pending.len();
        self.sends_split(bytes, at);
        if self.pending.len() > before || self.ended.is_some() {
            let headline =
                format!("You answered after {at} of {} bytes: TCP has no message boundaries.", bytes.len());
            self.fails(headline, self.what_came());
        }
    }

    /// Sends all of it and reads meanwhile, for answers so large that both sides would wait for each other.
    #[track_caller]
    pub fn sends_while_receiving(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.step(format!("sends {} and reads meanwhile", count(bytes)), show::brief(bytes));
        let (end, mut sent) = (self.deadline(), 0);
        while sent < bytes.len() {
            sent += self.write_some(&bytes[sent..], end, true);
            if Instant::now() > end {
                self.not_taken(sent, bytes.len());
            }
            while self.ended.is_none() && self.wait(Instant::now()) == Arrival::Bytes {}
        }
    }

    /// Sends this again and again, never reading, until the server has taken nothing for 200 ms (returns how
    /// many bytes went out) or `limit` bytes are out (returns that).
    #[track_caller]
    pub fn sends_until_it_blocks(&mut self, bytes: impl AsRef<[u8]>, limit: usize) -> usize {
        let (bytes, mut sent) = (bytes.as_ref(), 0);
        while sent < limit {
            let rest = &bytes[sent % bytes.len()..];
            match self.write_some(rest, Instant::now() + Duration::from_millis(200), false) {
                0 => break,
                written => sent += written,
            }
        }
        self.step(format!("sends until nothing more is taken: {sent} bytes"), Vec::new());
        sent
    }

    /// Sends what it can to a server that may have closed already; true when all of it went out.
    pub fn tries_to_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let (bytes, end, mut sent) = (bytes.as_ref(), self.deadline(), 0);
        while sent < bytes.len() && Instant::now() < end {
            match self.socket().write(&bytes[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.poll(PollFlags::OUT, end),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.step(format!("sends {sent} of {}", count(bytes)), show::brief(bytes));
        sent == bytes.len()
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

    /// The first bytes of what came are used up.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        self.pending.drain(..count).collect()
    }

    /// What a failure shows when something else than bytes was expected.
    pub(crate) fn what_came(&self) -> Vec<String> {
        if self.pending.is_empty() {
            return vec!["what came: nothing".into()];
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

    #[track_caller]
    pub(crate) fn write_all(&mut self, bytes: &[u8]) {
        let (end, mut sent) = (self.deadline(), 0);
        while sent < bytes.len() {
            match self.write_some(&bytes[sent..], end, false) {
                0 => self.not_taken(sent, bytes.len()),
                written => sent += written,
            }
        }
    }

    /// One write, waiting for room until `end`; 0 when there was none. With `or_input` it stops waiting when
    /// something can be read.
    #[track_caller]
    fn write_some(&mut self, bytes: &[u8], end: Instant, or_input: bool) -> usize {
        loop {
            match self.socket().write(bytes) {
                Ok(written) => return written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if Instant::now() >= end {
                        return 0;
                    }
                    let wanted = if or_input { PollFlags::OUT | PollFlags::IN } else { PollFlags::OUT };
                    self.poll(wanted, end);
                    if or_input && self.wait(Instant::now()) != Arrival::Nothing {
                        return 0;
                    }
                }
                Err(error) => {
                    while self.wait(Instant::now()) == Arrival::Bytes {}
                    self.fails(format!("cannot send, the server has closed: {error}"), self.what_came());
                }
            }
        }
    }

    #[track_caller]
    fn not_taken(&self, sent: usize, all: usize) -> ! {
        let headline = format!(
            "The server took {sent} of {all} bytes within {} and no more.",
            show::time(self.patience)
        );
        self.fails(headline, self.what_came());
    }

    fn poll(&self, flags: PollFlags, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("a test waits seconds, not ages");
        // Whatever ends the wait, the caller looks at the socket and at the clock again.
        let _ = poll(&mut [PollFd::new(self.socket(), flags)], Some(&left));
    }
}

pub(crate) fn count(bytes: &[u8]) -> String {
    if bytes.len() == 1 { "1 byte".into() } else { format!("{} bytes", bytes.len()) }
}
