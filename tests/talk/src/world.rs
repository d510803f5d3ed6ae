//! What outlives a connection: who is talked to, what was typed and not yet read, how it all ends.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use poll::{ConnId, Handle, Net};

use crate::address::Scheme;
use crate::options::Options;
use crate::screen::Screen;

/// Where a WebSocket may be when nobody says where: rungs 11 and 12, then all others.
const PATHS: [&str; 2] = ["/chat", "/"];
/// A line is no longer than this; it would not be typed by hand.
const LINE: u64 = 64 << 20;
/// The loop's deadline that `/wait` sets.
pub(crate) const WAIT: u32 = 0;

/// The world that the loop shares with the connection.
pub(crate) struct Talk {
    pub options: Options,
    pub screen: Screen,
    handle: Handle,
    /// Not tried yet.
    addresses: VecDeque<SocketAddr>,
    /// The one that took us.
    address: Option<SocketAddr>,
    pub paths: VecDeque<String>,
    lines: Receiver<String>,
    /// Lines that came back: typed when no connection was there.
    again: VecDeque<String>,
    state: State,
    pub interactive: bool,
    /// Something did not end as it should.
    pub failed: bool,
    /// A line could not be understood.
    pub misuse: bool,
}

/// How far we are with connecting.
#[derive(Clone, Copy)]
enum State {
    Connecting,
    Open(ConnId),
    /// The next line opens a connection.
    Resting,
}

/// What stands next on the input.
pub(crate) enum Input {
    Line(String),
    /// Nothing more has been typed yet.
    Nothing,
    End,
}

impl Talk {
    pub fn new(options: Options, screen: Screen, handle: Handle, interactive: bool) -> Result<Talk, String> {
        let addresses = options.address.resolve()?.into();
        let paths = match &options.address.path {
            Some(path) => [path.clone()].into(),
            None => PATHS.map(String::from).into(),
        };
        let lines = read_lines(io::stdin(), handle.clone());
        Ok(Talk {
            options,
            screen,
            handle,
            addresses,
            address: None,
            paths,
            lines,
            again: VecDeque::new(),
            state: State::Resting,
            interactive,
            failed: false,
            misuse: false,
        })
    }

    /// 0, 1 or 2, as `--help` says.
    pub fn exit_code(&self) -> u8 {
        match (self.misuse, self.failed || self.screen.faults > 0) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    /// The next line. Behind the last there is only the end.
    pub fn next_line(&mut self) -> Input {
        if let Some(line) = self.again.pop_front() {
            return Input::Line(line);
        }
        match self.lines.try_recv() {
            Ok(line) => Input::Line(line),
            Err(mpsc::TryRecvError::Empty) => Input::Nothing,
            Err(mpsc::TryRecvError::Disconnected) => Input::End,
        }
    }

    pub fn opened(&mut self, id: ConnId) {
        self.state = State::Open(id);
    }

    /// Connects once more: the next path, or the next request.
    pub fn connect_again(&mut self, net: &mut Net) {
        self.addresses.extend(self.address);
        self.connect(net);
    }

    /// The connection is gone. The next line opens another.
    pub fn rest(&mut self, net: &mut Net) {
        self.state = State::Resting;
        if self.interactive {
            self.screen.notes("the next line that you type opens a new connection; /quit leaves");
        }
        self.look(net);
    }

    /// All is said.
    pub fn over(&mut self) {
        // Only a loop that has ended cannot be woken, and then there is nothing left to stop.
        let _ = self.handle.stop();
    }

    fn connect(&mut self, net: &mut Net) {
        let Some(address) = self.addresses.pop_front() else { return self.over() };
        self.address = Some(address);
        self.state = State::Connecting;
        net.connect(address, 0);
    }

    /// Something was typed, or a wait is over.
    fn look(&mut self, net: &mut Net) {
        match self.state {
            State::Connecting => {}
            State::Open(id) => net.wake(id),
            State::Resting => loop {
                match self.next_line() {
                    Input::Nothing => return,
                    Input::End => return self.over(),
                    Input::Line(line) if line == "/quit" => return self.over(),
                    // What it waits for can be the end that has come already.
                    Input::Line(line) if line.split(' ').next() == Some("/wait") => {}
                    Input::Line(line) => {
                        self.again.push_front(line);
                        return self.connect_again(net);
                    }
                }
            },
        }
    }
}

impl poll::World for Talk {
    fn start(&mut self, net: &mut Net) {
        self.connect(net);
    }

    fn woken(&mut self, net: &mut Net) {
        self.look(net);
    }

    fn timeout(&mut self, _: u32, net: &mut Net) {
        self.look(net);
    }

    fn connect_failed(&mut self, _: ConnId, _: u64, error: io::Error, net: &mut Net) {
        self.failed = true;
        let Some(address) = self.address.take() else { return self.over() };
        if !self.addresses.is_empty() {
            self.screen.notes(format!("{address}: {error}; there is one more address"));
            self.failed = false;
            return self.connect(net);
        }
        self.screen.warns(why_not(address, self.options.address.scheme, &error));
        self.over();
    }
}

/// Why nobody answers, and what to do.
pub(crate) fn why_not(address: SocketAddr, scheme: Scheme, error: &io::Error) -> String {
    let step = match scheme {
        Scheme::WebSocket => 10,
        Scheme::Http => 5,
        Scheme::Tcp => 2,
    };
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!("nobody listens on {address}: start a rung with make run STEP={step:02}")
        }
        ErrorKind::TimedOut => format!("{address} does not answer: a firewall, or no such machine"),
        _ => format!("{address}: {error}"),
    }
}

/// Reads lines on a thread of its own and wakes the loop for each: a terminal cannot be polled on every system
/// (kqueue takes none on macOS). The thread ends with the input, or with the process.
fn read_lines(input: impl Read + Send + 'static, handle: Handle) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let mut line = Vec::new();
            match input.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.strip_suffix('\n').unwrap_or(&line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            if sender.send(line.to_string()).is_err() || handle.wake().is_err() {
                return;
            }
        }
        drop(sender);
        // The loop has ended where it cannot be woken.
        let _ = handle.wake();
    });
    receiver
}

/// Between two looks at a connection that has not taken all our bytes yet.
pub(crate) const SOON: Duration = Duration::from_millis(10);
