//! What the server speaks, and the bytes that it understands. **Every path, cookie and field line that any client here
//! sends is chosen in this file.**

use std::io::{Error, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use harness::{Frame, ws};

use crate::talk::{Talk, connect};

/// The server, as the probe found it.
#[derive(Clone, Debug)]
pub struct Target {
    pub address: SocketAddr,
    pub speech: Speech,
    pub websocket: Option<Socket>,
    /// Where a form may be posted.
    pub post_path: String,
    /// The number of the rung, where it is one of ours.
    pub rung: Option<u32>,
    /// What is sent with each request: cookies and the like.
    pub fields: Vec<(String, String)>,
    /// Whose name is in the cookie. The chat of rung 12 lets nobody in by another.
    pub name: String,
    /// How long an honest client waits for its answer.
    pub honest: Duration,
    /// Where the next connections come from.
    pub from: Option<IpAddr>,
}

/// What is spoken on a fresh connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// All bytes come back (rungs 01 and 02).
    Echo,
    /// Lines, and a greeting (rung 03).
    Lines,
    Http,
}

/// The WebSocket of an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    pub path: String,
    pub talk: Application,
}

/// What a message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// It comes back.
    Echo,
    /// The chat of rung 11.
    Chat,
    /// Nobody knows, but Pings are answered.
    Unknown,
    /// No frames: bytes that nobody answers (rung 08).
    Bytes,
}

/// Every attacker's name, where one is needed.
pub const MALLORY: &str = "Mallory";

impl Target {
    pub fn is_http(&self) -> bool {
        self.speech == Speech::Http
    }

    /// There is a WebSocket that understands frames.
    pub fn has_frames(&self) -> bool {
        self.websocket.as_ref().is_some_and(|socket| socket.talk != Application::Bytes)
    }

    pub fn application(&self) -> Option<Application> {
        self.websocket.as_ref().map(|socket| socket.talk)
    }

    /// It ought to have deadlines. Rungs 01 to 04 teach something else and say so; any other HTTP server ought to.
    pub fn promises_deadlines(&self) -> bool {
        self.is_http() && self.rung.is_none_or(|rung| rung >= 5)
    }

    /// It ought to notice a silent WebSocket: rung 12 does. Of servers that are not ours nobody knows.
    pub fn promises_heartbeats(&self) -> bool {
        self.rung.is_some_and(|rung| rung >= 12)
    }

    /// What was found out, in a line or two.
    pub fn introduction(&self) -> String {
        let speech = match self.speech {
            Speech::Echo if self.rung == Some(1) => {
                "it sends all bytes back, to one client at a time: it cannot stand, and rung 02 says how to"
            }
            Speech::Echo => "it sends all bytes back",
            Speech::Lines => "it speaks lines",
            Speech::Http => "it speaks HTTP",
        };
        let socket = self.websocket.as_ref().map(|socket| {
            let talk = match socket.talk {
                Application::Echo => "messages come back",
                Application::Chat => "the chat of rung 11",
                Application::Unknown => "frames",
                Application::Bytes => "bytes, no frames",
            };
            format!(", WebSocket on {} ({talk})", socket.path)
        });
        let login = match self.fields.is_empty() {
            true => String::new(),
            false => {
                let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
                format!("; each request carries {}", names.join(", "))
            }
        };
        format!("  {speech}{}{login}", socket.unwrap_or_default())
    }

    /// The same for an attacker: attack number `number` comes from an address of its own, so that what one attack has
    /// used up of an address's allowance is not missing from the next, nor from the honest client.
    pub fn attacked_from(&self, number: usize) -> Target {
        let own = IpAddr::V4(Ipv4Addr::new(127, 0, 66, (number % 250) as u8 + 1));
        let from = Some(own).filter(|_| self.address.is_ipv4());
        // Not every system has all of 127.0.0.0/8.
        let from = from.filter(|&from| std::net::TcpListener::bind((from, 0)).is_ok());
        Target { from, ..self.clone() }
    }

    pub fn connect(&self, patience: Duration) -> Result<Talk> {
        Ok(Talk::new(connect(self.address, self.from)?, patience))
    }

    /// A request whose answer comes with a body.
    pub fn get(&self) -> String {
        self.request("GET", "/", &[])
    }

    /// The head of a request, its empty line included.
    pub fn request(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let own = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        own.chain(fields.iter().copied()).for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        head + "\r\n"
    }

    /// The head of a form of so many bytes.
    pub fn post(&self, length: usize) -> String {
        let length = length.to_string();
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        self.request("POST", &self.post_path, &[kind, ("Content-Length", &length)])
    }

    /// A WebSocket's handshake.
    pub fn handshake(&self, fields: &[(&str, &str)]) -> String {
        let path = self.websocket.as_ref().map_or("/", |socket| socket.path.as_str());
        let own = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = own.chain(fields.iter().copied()).collect();
        ws::handshake(&self.address.to_string(), path, &fields)
    }

    /// A connected WebSocket that has said nothing yet.
    pub fn switched(&self, patience: Duration) -> Result<Talk> {
        let mut talk = self.connect(patience)?;
        talk.send(self.handshake(&[]))?;
        match talk.head()?.status {
            101 => Ok(talk),
            status => Err(Error::other(format!("the handshake was answered {status}"))),
        }
    }

    /// A connected WebSocket; in a chat, one that has joined `room`.
    pub fn open(&self, room: &str, patience: Duration) -> Result<Talk> {
        let mut talk = self.switched(patience)?;
        if self.application() == Some(Application::Chat) {
            talk.send_frame(&self.join(room))?;
            talk.frame_with(harness::frame::TEXT, b"\"welcome\"")?;
        }
        Ok(talk)
    }

    /// The chat's first message.
    pub fn join(&self, room: &str) -> Frame {
        Frame::text(&format!(r#"{{"type":"join","name":"{}","room":"{room}"}}"#, self.name))
    }

    /// A message that is answered: the echo's, or something said in the chat.
    pub fn message(&self, text: &str) -> Frame {
        match self.application() {
            Some(Application::Chat) => Frame::text(&format!(r#"{{"type":"say","text":"{text}"}}"#)),
            _ => Frame::text(text),
        }
    }
}
