//! A connection on its own, without a socket: bytes in, bytes out, and a clock that the test moves.

mod answers;
mod bodies;
mod deadlines;
mod later;
mod requests;

use std::time::Duration;

use poll::{Chunk, ConnId, Ended, Io, Net, Rehearsal, World};
use request::{Method, Request, Status};

use crate::{Answer, Body, Content, Event, Handler, Http, Limits, Next};

/// A server for the tests: its paths are what a handler may do.
#[derive(Default)]
struct Server {
    limits: Limits,
    /// What the handler was told, in order.
    told: Vec<String>,
}

impl World for Server {}

/// What the connection becomes after `/switch`: it shouts. A hyphen waits for what it joins, and behind `<` the next four
/// bytes go into a room of their own.
#[derive(Default)]
struct Shouting {
    room: Vec<u8>,
}

impl poll::Protocol for Shouting {
    type World = Server;

    fn data(&mut self, bytes: &mut [u8], _: &mut Server, io: &mut Io<'_>) -> usize {
        let used = bytes.len() - usize::from(bytes.ends_with(b"-"));
        io.out().extend_from_slice(bytes[..used].to_ascii_uppercase().as_slice());
        if bytes.ends_with(b"<") {
            self.room = vec![0; 4];
        }
        used
    }

    fn room(&mut self, _: &mut Io<'_>) -> Option<&mut [u8]> {
        Some(self.room.as_mut_slice()).filter(|room| !room.is_empty())
    }

    fn filled(&mut self, count: usize, server: &mut Server, io: &mut Io<'_>) {
        server.told.push(format!("successor filled {count}"));
        let filled: Vec<u8> = self.room.drain(..count).collect();
        io.out().extend_from_slice(&filled.to_ascii_uppercase());
    }

    fn ended(&mut self, server: &mut Server, io: &mut Io<'_>) {
        server.told.push("successor ended".into());
        io.close();
    }

    fn woken(&mut self, server: &mut Server, _: &mut Io<'_>) {
        server.told.push("successor woken".into());
    }

    fn drained(&mut self, server: &mut Server, _: &mut Io<'_>) {
        server.told.push("successor drained".into());
    }
}

impl Handler for Server {
    type Exchange = (String, Vec<u8>);
    type Successor = Shouting;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn disconnected(&mut self, _: ConnId, _: Ended, _: &mut Net) {
        self.told.push("disconnected".into());
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Server> {
        let path = head.target.path().to_owned();
        match path.as_str() {
            "/silent" => return Next::Done,
            "/close" => return Next::Close,
            "/switch" => return switch(answer),
            "/deadline-and-done" => {
                answer.set_timeout(Some(Duration::from_secs(1)));
                answer.text(Status::Ok, "done");
            }
            "/text" => answer.text(Status::Ok, "some text"),
            "/204" => answer.send(Status::NoContent, Content::Empty, |head| head),
            "/304" => answer.send(Status::NotModified, Content::Bytes(b"not sent"), |head| head),
            "/shared" => answer.send(Status::Ok, Content::Shared(b"shared"[..].into()), |head| head),
            "/chunks" => {
                let chunks = vec![Chunk::Owned(b"one, ".into()), Chunk::Shared(b"two"[..].into())];
                answer.send(Status::Ok, Content::Chunks(chunks), |head| head);
            }
            "/stream" => {
                answer.send(Status::Ok, Content::Stream, |head| head);
                answer.write(b"hello ");
                answer.write(b"");
                answer.write(b"world");
            }
            "/large" => answer.send(Status::Ok, Content::Bytes(&[b'x'; 100_000]), |head| head),
            path if path.starts_with("/later") => {
                if path == "/later-deadline" {
                    answer.set_timeout(Some(Duration::from_secs(100)));
                }
                return Next::Later((path.to_owned(), Vec::new()));
            }
            path if path.starts_with("/read") => return Next::Read((path.to_owned(), Vec::new())),
            _ => answer.text(Status::Ok, &format!("{} {path}", head.method)),
        }
        if head.method == Method::Delete {
            answer.text(Status::Ok, "a second answer");
        }
        Next::Done
    }

    fn body(
        &mut self,
        (path, mut so_far): (String, Vec<u8>),
        part: Body<'_>,
        answer: &mut Answer<'_, '_>,
    ) -> Next<Server> {
        if let Body::Data(bytes) = part {
            so_far.extend_from_slice(bytes);
        }
        match (path.as_str(), part) {
            ("/read-three", _) if so_far.len() >= 3 => {
                answer.text(Status::Ok, "three are enough");
                Next::Done
            }
            ("/read-on", _) => Next::Read((path, so_far)),
            ("/read-then-switch", Body::End) => switch(answer),
            ("/read-echo", Body::Data(bytes)) => {
                if !answer.is_begun() {
                    answer.send(Status::Ok, Content::Stream, |head| head);
                }
                answer.write(bytes);
                Next::Read((path, so_far))
            }
            ("/read-echo", Body::End) => Next::Done,
            ("/read-then-later" | "/read-later-more", Body::End) => Next::Later((path, so_far)),
            (_, Body::Data(_)) => {
                answer.set_timeout(Some(Duration::from_secs(1_000)));
                Next::Read((path, so_far))
            }
            (_, Body::End) => {
                answer.send(Status::Ok, Content::Bytes(&so_far), |head| head);
                Next::Done
            }
        }
    }

    fn later(
        &mut self,
        exchange: (String, Vec<u8>),
        event: Event,
        answer: &mut Answer<'_, '_>,
    ) -> Next<Server> {
        self.told.push(format!("{event:?}"));
        match (exchange.0.as_str(), event) {
            ("/later-read" | "/read-later-more", Event::Woken) => Next::Read(exchange),
            ("/later-switch", Event::Woken) => switch(answer),
            (_, Event::Woken | Event::Deadline | Event::Stopping) => {
                answer.send(Status::Ok, Content::Text(&format!("late: {event:?}")), |head| head);
                Next::Done
            }
            _ => Next::Later(exchange),
        }
    }

    fn gone(&mut self, (path, _): (String, Vec<u8>), _: &mut Net) {
        self.told.push(format!("gone {path}"));
    }
}

fn switch(answer: &mut Answer<'_, '_>) -> Next<Server> {
    answer.send(Status::SwitchingProtocols, Content::Empty, |head| head.field("Upgrade", "shouting"));
    Next::Switch(Shouting::default())
}

/// A client of it.
struct Client(Rehearsal<Http<Server>>);

fn client() -> Client {
    client_with(Limits::DEFAULT)
}

fn client_with(limits: Limits) -> Client {
    Client(Rehearsal::new(Server { limits, told: Vec::new() }))
}

impl Client {
    /// Sends it whole; what comes back, without the Date fields and with `\n` for CRLF.
    fn says(&mut self, bytes: impl AsRef<[u8]>) -> String {
        self.0.receive(bytes.as_ref());
        self.reads()
    }

    fn reads(&mut self) -> String {
        let text = String::from_utf8(self.0.sent()).expect("UTF-8").replace("\r\n", "\n");
        text.split_inclusive('\n').filter(|line| !line.starts_with("Date: ")).collect()
    }

    /// Ends its side; what comes back.
    fn ends(&mut self) -> String {
        self.0.end();
        self.reads()
    }

    fn waits(&mut self, seconds: u64) -> String {
        self.0.pass(Duration::from_secs(seconds));
        self.reads()
    }

    fn is_woken(&mut self) -> String {
        self.0.call(poll::Protocol::woken);
        self.reads()
    }

    fn told(&self) -> Vec<&str> {
        self.0.world.told.iter().map(String::as_str).collect()
    }

    fn is_open(&self) -> bool {
        self.0.is_open()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

fn post(path: &str, fields: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n{body}")
}

/// An answer of the server with this text.
fn ok(text: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\nContent-Length: {}\n\n{text}",
        text.len()
    )
}

fn bytes(text: &str) -> String {
    format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n{text}", text.len())
}

#[track_caller]
fn refused(answer: &str, status: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert!(answer.contains("\nConnection: close\n"), "{answer}");
}
