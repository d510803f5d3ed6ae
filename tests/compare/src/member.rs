//! One member of the chat: an ear, and a mouth where the ear cannot speak.

use std::net::SocketAddr;
use std::time::Instant;

use harness::Frame;
use load::Ledger;
use mio::{Registry, Token};
use serde_json::json;

use crate::reader::{Heard, Reader};
use crate::way::{Head, Way};
use crate::wire::Wire;

/// A client of one of the ways.
pub(crate) struct Member {
    way: Way,
    head: Head,
    host: SocketAddr,
    name: String,
    /// Where it hears. A WebSocket speaks here too.
    pub ear: Wire,
    reader: Reader,
    /// Where it speaks, from its first word on: `fetch` takes another connection while the first one waits.
    pub mouth: Option<Wire>,
    /// The id of the last message, to ask with.
    last: u64,
    /// When it asked, in short polling.
    pub asked: Instant,
    /// It would hear what is said now.
    pub is_ready: bool,
    pub ledger: Ledger,
    /// Questions for messages.
    pub requests: u64,
    /// Bytes of frames in which it spoke.
    pub spoken: u64,
}

impl Member {
    /// Connects, and says what a client of this way says first.
    pub fn comes(
        (way, head): (Way, Head),
        host: SocketAddr,
        name: String,
        cookie: Option<&str>,
        registry: &Registry,
        token: Token,
    ) -> Result<Member, String> {
        let ear = Wire::connect(host, registry, token)?;
        let (opening, reader) = match way {
            Way::ShortPoll(_) | Way::LongPoll => (head.get(host, "/poll?after=0"), Reader::Answers),
            Way::Events => (head.events(host), Reader::Opening(&Reader::Events)),
            Way::WebSocket | Way::Guarded => (head.handshake(host, cookie), Reader::Opening(&Reader::Frames)),
        };
        let mut member = Member {
            way,
            head,
            host,
            name,
            ear,
            reader,
            mouth: None,
            last: 0,
            asked: Instant::now(),
            is_ready: false,
            ledger: Ledger::default(),
            requests: 1,
            spoken: 0,
        };
        member.ear.sends(opening.as_bytes());
        Ok(member)
    }

    /// Asks for messages, where the way asks.
    pub fn asks(&mut self, now: Instant) {
        let path = match self.way {
            Way::ShortPoll(_) => "poll",
            Way::LongPoll => "wait",
            Way::Events | Way::WebSocket | Way::Guarded => return,
        };
        let question = self.head.get(self.host, &format!("/{path}?after={}", self.last));
        self.asked = now;
        self.requests += 1;
        self.ear.sends(question.as_bytes());
    }

    /// Says something to all.
    pub fn says(&mut self, text: &str, registry: &Registry, token: Token) -> Result<(), String> {
        if self.way.is_websocket() {
            let frame = Frame::text(&json!({ "type": "say", "text": text }).to_string()).bytes();
            self.spoken += frame.len() as u64;
            self.ear.sends(&frame);
            return Ok(());
        }
        if self.mouth.is_none() {
            self.mouth = Some(Wire::connect(self.host, registry, token)?);
        }
        if let Some(mouth) = &mut self.mouth {
            let body = json!({ "name": self.name, "text": text }).to_string();
            mouth.sends(self.head.post(self.host, &body).as_bytes());
        }
        Ok(())
    }

    /// Reads what has come to the ear, and does what a client of this way does about it.
    pub fn hears(&mut self, buffer: &mut [u8]) -> Result<Vec<Heard>, String> {
        self.ear.reads(buffer)?;
        let mut all = Vec::new();
        while let Some(heard) = self.reader.next(&mut self.ear.unread)? {
            for one in &heard {
                self.understands(one)?;
            }
            all.extend(heard);
        }
        Ok(all)
    }

    fn understands(&mut self, heard: &Heard) -> Result<(), String> {
        match heard {
            Heard::Answer { status: 101, .. } => {
                let join = json!({ "type": "join", "name": self.name }).to_string();
                self.ear.sends(&Frame::text(&join).bytes());
            }
            Heard::Answer { status: 200 | 204, last } => {
                self.last = last.unwrap_or(self.last);
                // The answer to the first question says where to begin; from then on the next one is asked at once.
                if self.way == Way::LongPoll && self.is_ready {
                    self.asks(Instant::now());
                }
                self.is_ready = true;
            }
            Heard::Answer { status, .. } => return Err(format!("{} is answered with {status}", self.way)),
            Heard::Welcome => self.is_ready = true,
            Heard::Ping(payload) => self.ear.sends(&Frame::pong(payload).bytes()),
            Heard::Message(_) | Heard::Joined => {}
        }
        Ok(())
    }

    /// Reads the answers to what was said.
    pub fn is_confirmed(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        let Some(mouth) = &mut self.mouth else { return Ok(()) };
        mouth.reads(buffer)?;
        while let Some(heard) = Reader::Answers.next(&mut mouth.unread)? {
            if !matches!(heard[..], [Heard::Answer { status: 200, .. }]) {
                return Err(format!("POST /say is answered with {heard:?}"));
            }
        }
        Ok(())
    }
}
