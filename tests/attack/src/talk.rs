//! One connection, one thing after the other: connect, send, wait for what must come.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use harness::Frame;
use harness::frame::{CLOSE, PING};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// The kernel takes a connection at once, unless the backlog is full.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// More than this of an answer is not kept.
const MAX_ANSWER: usize = 16 << 20;

/// A blocking client. Each wait has an end, which is an error of [`ErrorKind::TimedOut`].
#[derive(Debug)]
pub struct Talk {
    pub socket: TcpStream,
    /// What came and was not looked at yet.
    pub buffer: Vec<u8>,
    /// How long to wait for what must come.
    pub patience: Duration,
}

/// The head of an HTTP answer.
#[derive(Debug)]
pub struct Head {
    pub status: u16,
    pub fields: Vec<(String, String)>,
}

/// A TCP connection from this address, where the system has it; on Linux all of 127.0.0.0/8 is this machine, and a
/// server that counts by address can tell an attacker from an honest client.
pub fn connect(to: SocketAddr, from: Option<IpAddr>) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    if let Some(from) = from {
        socket.bind(&SockAddr::from(SocketAddr::new(from, 0)))?;
    }
    socket.connect_timeout(&SockAddr::from(to), CONNECT_LIMIT)?;
    // Without it the kernel would glue the small pieces of an attack together again.
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}

impl Talk {
    pub fn new(socket: TcpStream, patience: Duration) -> Talk {
        Talk { socket, buffer: Vec::new(), patience }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.socket.set_write_timeout(Some(self.patience))?;
        self.socket.write_all(bytes.as_ref()).map_err(told)
    }

    /// Waits for more bytes: how many came, 0 at the end.
    pub fn more(&mut self, until: Instant) -> Result<usize> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(told(ErrorKind::TimedOut.into()));
        }
        self.socket.set_read_timeout(Some(left))?;
        let mut piece = [0; 64 * 1024];
        let count = self.socket.read(&mut piece).map_err(told)?;
        if self.buffer.len() + count > MAX_ANSWER {
            return Err(Error::other("an answer of over 16 MiB"));
        }
        self.buffer.extend_from_slice(&piece[..count]);
        Ok(count)
    }

    /// Everything up to and with this mark.
    pub fn until(&mut self, mark: &[u8]) -> Result<Vec<u8>> {
        let end = Instant::now() + self.patience;
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|window| window == mark) {
                return Ok(self.buffer.drain(..at + mark.len()).collect());
            }
            if self.more(end)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// So many bytes.
    pub fn exactly(&mut self, count: usize) -> Result<Vec<u8>> {
        let end = Instant::now() + self.patience;
        while self.buffer.len() < count {
            if self.more(end)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// The head of an answer; its body stays.
    pub fn head(&mut self) -> Result<Head> {
        let head = self.until(b"\r\n\r\n")?;
        Head::parse(&head).ok_or_else(|| Error::other("what came is no HTTP"))
    }

    /// A whole answer: its head, and its body thrown away.
    pub fn answer(&mut self) -> Result<Head> {
        let head = self.head()?;
        match head.field("content-length").and_then(|length| length.parse().ok()) {
            Some(length) => drop(self.exactly(length)?),
            None => {
                let end = Instant::now() + self.patience;
                while self.more(end)? > 0 {}
            }
        }
        Ok(head)
    }

    /// The next frame, whole. A Ping is answered and passed over.
    pub fn frame(&mut self) -> Result<Frame> {
        let end = Instant::now() + self.patience;
        loop {
            if let Some((frame, used)) = Frame::parse(&self.buffer) {
                self.buffer.drain(..used);
                if frame.opcode != PING {
                    return Ok(frame);
                }
                self.send_frame(&Frame::pong(&frame.payload))?;
            } else if self.more(end)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Frames until one has this opcode and holds these bytes; a Close frame before it is an error.
    pub fn frame_with(&mut self, opcode: u8, part: &[u8]) -> Result<Frame> {
        let end = Instant::now() + self.patience;
        while Instant::now() < end {
            let frame = self.frame()?;
            if frame.opcode == opcode && frame.payload.windows(part.len().max(1)).any(|window| window == part)
            {
                return Ok(frame);
            }
            if frame.opcode == CLOSE {
                return Err(Error::other(format!("Close {}", frame.close_code().0)));
            }
        }
        Err(told(ErrorKind::TimedOut.into()))
    }

    pub fn send_frame(&mut self, frame: &Frame) -> Result<()> {
        self.send(frame.bytes())
    }
}

impl Head {
    /// Of these bytes, the empty line included.
    pub fn parse(head: &[u8]) -> Option<Head> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        let field = |line: &str| {
            line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
        };
        Some(Head { status, fields: lines.filter_map(field).collect() })
    }

    /// The first value of the field; the name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// The system says "resource temporarily unavailable" where a wait is over.
fn told(error: Error) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::new(ErrorKind::TimedOut, "no answer in time"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read() {
        let head =
            Head::parse(b"HTTP/1.1 303 See Other\r\nLocation: /\r\nSet-Cookie: s=1; Path=/\r\n\r\n").unwrap();
        assert_eq!((head.status, head.field("set-cookie")), (303, Some("s=1; Path=/")));
        assert!(Head::parse(b"220 ready\r\n\r\n").is_none());
        assert!(Head::parse(b"HTTP/1.1 x").is_none());
    }
}
