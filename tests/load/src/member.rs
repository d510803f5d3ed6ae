//! One member: a connection, from the first packet to the last, and what it has heard.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::{Shutdown, SocketAddr};
use std::time::Instant;

use harness::{Frame, frame, ws};
use mio::net::TcpStream;
use serde::Deserialize;
use serde_json::json;

use crate::http::first_line;
use crate::ledger::{Delivery, Ledger};
use crate::plan::Seat;
use crate::state::{Beats, End, State};
use crate::tally::{self, Tally};

/// A WebSocket client that chats. It never waits: the crowd tells it that there is something to read.
pub(crate) struct Member {
    socket: TcpStream,
    state: State,
    pub seat: Seat,
    /// The head of the handshake's answer, or half a frame.
    unread: Vec<u8>,
    /// What the kernel has not taken yet.
    unsent: Vec<u8>,
    /// Answers Pings. Who does not is gone, for all that the server can see.
    pub answers: bool,
    pub ledger: Ledger,
    pub beats: Beats,
}

/// What the server tells, as far as it matters here: steps/11-rooms/CONTRACT.md.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    id: Option<u64>,
}

/// What a member says, as text: which room, which talker, which of its messages, and when (microseconds since the
/// crowd began).
fn words(text: &str) -> Option<[u64; 4]> {
    let numbers: Vec<u64> = text.split(' ').map_while(|word| word.parse().ok()).collect();
    numbers.try_into().ok()
}

impl Member {
    pub fn new(socket: TcpStream, seat: Seat, now: Instant) -> Member {
        Member {
            socket,
            state: State::Connecting,
            seat,
            unread: Vec::new(),
            unsent: Vec::new(),
            answers: true,
            ledger: Ledger::default(),
            beats: Beats::new(now),
        }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// In its room.
    pub fn is_here(&self) -> bool {
        self.state == State::Here
    }

    /// Not connected any more.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone(_))
    }

    /// The socket can be written: TCP stands, or there is room again. `handshake` is what to say first.
    pub fn writable(&mut self, handshake: impl FnOnce() -> String, now: Instant) {
        if self.state == State::Connecting {
            match (self.socket.take_error(), self.socket.peer_addr()) {
                (Ok(None), Ok(_)) => {}
                (Ok(None), Err(error)) if error.kind() == ErrorKind::NotConnected => return,
                (Ok(Some(error)), _) | (Err(error), _) | (_, Err(error)) => {
                    return self.breaks(format!("cannot connect: {error}"));
                }
            }
            self.state = State::Shaking;
            self.sends(handshake().as_bytes(), now);
        } else {
            self.sends(b"", now);
        }
    }

    /// Says something in the room.
    pub fn says(&mut self, talker: usize, number: u32, tally: &Tally) {
        let now = Instant::now();
        let text = format!("{} {talker} {number} {}", self.seat.room, tally.micros(now));
        self.sends_text(&json!({ "type": "say", "text": text }).to_string(), now);
    }

    /// Reads all that is there. `is_end`: the event says that nothing more will come, and of that no other one will.
    pub fn readable(&mut self, is_end: bool, buffer: &mut [u8], tally: &mut Tally) {
        while !matches!(self.state, State::Connecting | State::Gone(_)) {
            match self.socket.read(buffer) {
                Ok(0) => return self.ends("FIN"),
                Ok(count) => {
                    self.unread.extend_from_slice(&buffer[..count]);
                    self.understands(tally);
                    // What comes from now on is another event.
                    if count < buffer.len() && !is_end {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.ends(&error.to_string()),
            }
        }
    }

    fn understands(&mut self, tally: &mut Tally) {
        let unread = mem::take(&mut self.unread);
        let mut rest = &unread[..];
        if self.state == State::Shaking {
            let Some(end) = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                self.unread = unread;
                return;
            };
            let head = String::from_utf8_lossy(&rest[..end]);
            if !head.starts_with("HTTP/1.1 101 ") || !head.contains(ws::ACCEPT) {
                return self.breaks(format!("the handshake is answered with {}", first_line(&head)));
            }
            rest = &rest[end + 4..];
            self.state = State::Joining;
            let join = json!({
                "type": "join", "name": tally::name(self.seat.address), "room": tally::room(self.seat.room),
            });
            self.sends_text(&join.to_string(), Instant::now());
        }
        while !self.is_gone()
            && let Some((frame, length)) = Frame::parse(rest)
        {
            rest = &rest[length..];
            self.hears(&frame, tally);
        }
        // A member that has understood all owns no buffer.
        self.unread = rest.to_vec();
    }

    fn hears(&mut self, frame: &Frame, tally: &mut Tally) {
        if !matches!(self.state, State::Joining | State::Here) {
            return self.breaks(format!("a {} frame came after the Close frame", frame.name()));
        }
        let now = Instant::now();
        match frame.opcode {
            _ if frame.fault().is_some() || frame.rsv != 0 || !frame.fin => {
                self.breaks(format!("a wrong frame came: {}", frame.fault().unwrap_or("RSV, or no FIN")));
            }
            frame::PING => {
                self.beats.pings += 1;
                if self.answers {
                    self.sends(&Frame::pong(&frame.payload).bytes(), now);
                }
            }
            frame::CLOSE => {
                let (code, reason) = frame.close_code();
                let end = End::Close(code, reason);
                if self.answers {
                    self.sends(&Frame::close(code, "").bytes(), now);
                    self.state = State::Leaving(end);
                } else {
                    self.goes(end);
                }
            }
            frame::TEXT => self.is_told(&frame.payload, tally, now),
            _ => self.breaks(format!("a {} frame came, which nobody has asked for", frame.name())),
        }
    }

    fn is_told(&mut self, text: &[u8], tally: &mut Tally, now: Instant) {
        let Ok(Event { kind, text: said, id }) = serde_json::from_slice(text) else {
            return self.breaks(format!("no event: {}", first_line(&String::from_utf8_lossy(text))));
        };
        match (&*kind, &self.state, said.as_deref().and_then(words), id) {
            ("welcome", State::Joining, ..) => self.state = State::Here,
            ("joined" | "left", ..) => {}
            ("said", State::Here, Some([room, talker, number, micros]), Some(id)) => {
                if room as usize != self.seat.room {
                    tally.strayed += 1;
                    return;
                }
                match self.ledger.note(talker as usize, number as u32, id) {
                    Delivery::Twice => tally.twice += 1,
                    Delivery::TooLate => tally.too_late += 1,
                    Delivery::Right => {}
                }
                tally.delays.push(tally.micros(now).saturating_sub(micros) as u32);
            }
            // Also a second welcome: it says that something was missed.
            _ => self.breaks(format!("not expected: {}", first_line(&String::from_utf8_lossy(text)))),
        }
    }

    fn sends_text(&mut self, text: &str, now: Instant) {
        self.sends(&Frame::text(text).bytes(), now);
    }

    fn sends(&mut self, bytes: &[u8], now: Instant) {
        if matches!(self.state, State::Connecting | State::Leaving(_) | State::Gone(_)) {
            return;
        }
        self.unsent.extend_from_slice(bytes);
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(count) => {
                    self.unsent.drain(..count);
                    self.beats.speaks(now);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // "writable" will come. What is broken is told by the next read.
                Err(_) => return,
            }
        }
        self.unsent = Vec::new();
    }

    fn breaks(&mut self, why: String) {
        self.goes(End::Broken(why));
    }

    fn ends(&mut self, how: &str) {
        match &self.state {
            State::Leaving(end) => self.goes(end.clone()),
            _ => self.breaks(format!("{how} without a Close frame")),
        }
    }

    fn goes(&mut self, end: End) {
        self.state = State::Gone(end);
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// Makes the connection's socket.
pub(crate) fn begin(socket: socket2::Socket, to: SocketAddr) -> io::Result<TcpStream> {
    socket.set_nonblocking(true)?;
    match socket.connect(&to.into()) {
        Ok(()) => {}
        // EINPROGRESS has a kind of its own on some systems only.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
        Err(error) => return Err(error),
    }
    let _ = socket.set_tcp_nodelay(true);
    Ok(TcpStream::from_std(socket.into()))
}
