//! One connection of the generator.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::script::Script;

/// Until an answer has come, where each one is looked at.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection. While it is timed, all its questions are the same and all its answers are of one length, so both
/// directions are counted, not read.
pub(crate) struct Member {
    pub socket: mio::net::TcpStream,
    /// Bytes of questions that are still to be sent.
    unsent: usize,
    /// How much of the question that is being sent has left.
    place: usize,
    /// How much of the answer that is coming has come.
    came: usize,
    /// When the questions were sent that are not answered yet: so many at that time.
    asked: VecDeque<(Instant, usize)>,
}

/// What the answers of one connection look like.
pub(crate) struct Opened {
    pub socket: TcpStream,
    /// The length of an answer, head and body.
    pub answer: usize,
}

impl Opened {
    /// Connects, opens, and asks once, as many questions as are in flight later; all answers are compared byte for byte.
    pub fn new(to: SocketAddr, script: &Script, depth: usize) -> Result<Opened, String> {
        let mut opened = Opened::waits(to, script)?;
        // More than the kernel's buffers hold is asked one by one: a server that answers as it reads would wait for us.
        let at_once = if depth * script.question.len() > 32 << 10 { 1 } else { depth };
        opened.asks(script, at_once)?;
        Ok(opened)
    }

    /// Connects and opens.
    pub fn waits(to: SocketAddr, script: &Script) -> Result<Opened, String> {
        let says = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
        let socket = TcpStream::connect_timeout(&to, PATIENCE).map_err(says("cannot connect"))?;
        socket.set_nodelay(true).map_err(says("TCP_NODELAY"))?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(says("SO_RCVTIMEO"))?;
        let mut opened = Opened { socket, answer: 0 };
        if let Some(opening) = &script.opening {
            opened.socket.write_all(opening.as_bytes()).map_err(says("the handshake is not sent"))?;
            opened.hears_101()?;
        }
        Ok(opened)
    }

    fn hears_101(&mut self) -> Result<(), String> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            // Byte by byte: what stands behind the head is not for here.
            self.socket
                .read_exact(&mut byte)
                .map_err(|error| format!("no answer to the handshake: {error}"))?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        let fits = head.starts_with("HTTP/1.1 101") && head.contains(harness::ws::ACCEPT);
        if fits { Ok(()) } else { Err(format!("the handshake is refused: {head}")) }
    }

    /// Sends so many questions and looks at their answers.
    pub fn asks(&mut self, script: &Script, count: usize) -> Result<(), String> {
        self.sends(&script.question.repeat(count))?;
        self.hears(script, count)
    }

    pub fn sends(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.socket.write_all(bytes).map_err(|error| format!("the question is not sent: {error}"))
    }

    /// So many answers come, and nothing behind them.
    pub fn hears(&mut self, script: &Script, mut count: usize) -> Result<(), String> {
        let (mut came, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
        while count > 0 {
            match self.socket.read(&mut buffer) {
                Ok(0) => return Err("the connection is closed".into()),
                Ok(length) => came.extend_from_slice(&buffer[..length]),
                Err(error) => return Err(format!("no answer: {error}")),
            }
            while count > 0
                && let Some(length) = script.answer.check(&came)?
            {
                if self.answer != 0 && self.answer != length {
                    return Err(format!("one answer has {} bytes, the next {length}", self.answer));
                }
                self.answer = length;
                came.drain(..length);
                count -= 1;
            }
        }
        if came.is_empty() { Ok(()) } else { Err(format!("{} bytes that nobody asked for", came.len())) }
    }

    /// From here on it is timed.
    pub fn member(self) -> io::Result<Member> {
        // The port is free at once, and the server does not keep TIME_WAIT either: an RST ends it.
        rustix::net::sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO))?;
        self.socket.set_nonblocking(true)?;
        let socket = mio::net::TcpStream::from_std(self.socket);
        Ok(Member { socket, unsent: 0, place: 0, came: 0, asked: VecDeque::new() })
    }
}

impl Member {
    /// Asks so many more; what the kernel does not take leaves later.
    pub fn asks(&mut self, count: usize, questions: &[u8], question: usize, now: Instant) -> io::Result<()> {
        self.asked.push_back((now, count));
        let waits = self.unsent > 0;
        self.unsent += count * question;
        if waits { Ok(()) } else { self.sends(questions, question) }
    }

    /// `questions` is one or more of them in a row, each of `question` bytes.
    pub fn sends(&mut self, questions: &[u8], question: usize) -> io::Result<()> {
        while self.unsent > 0 {
            let end = questions.len().min(self.place + self.unsent);
            match self.socket.write(&questions[self.place..end]) {
                Ok(length) => {
                    self.unsent -= length;
                    self.place = (self.place + length) % question;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what is there; how many answers are complete now.
    pub fn hears(&mut self, buffer: &mut [u8], answer: usize) -> io::Result<usize> {
        let before = self.came;
        let mut came = 0;
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    came += length;
                    // A short read has drained it; the next bytes make an event.
                    if length < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.came = (before + came) % answer;
        Ok((before + came) / answer)
    }

    /// So many of its questions are answered, the oldest first: when they were asked.
    pub fn answered(&mut self, mut count: usize, mut tell: impl FnMut(Instant, usize)) {
        while count > 0
            && let Some((asked, waiting)) = self.asked.front_mut()
        {
            let answered = count.min(*waiting);
            tell(*asked, answered);
            count -= answered;
            *waiting -= answered;
            if *waiting == 0 {
                self.asked.pop_front();
            }
        }
    }

    /// Back to looking at each answer. All that was asked has been answered.
    pub fn opened(self, answer: usize) -> io::Result<Opened> {
        let socket = TcpStream::from(self.socket);
        socket.set_nonblocking(false)?;
        Ok(Opened { socket, answer })
    }
}
