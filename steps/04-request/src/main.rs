//! Shows each request back as it was parsed.

use std::fmt;
use std::net::SocketAddr;
use std::process::ExitCode;

use accept::Usage;
use poll::{Entry, Io, Opened, Protocol, World};
use request::{Arrival, Expectation, Framing, Limits, Method, Request, ResponseHead, Status, Target};

const USAGE: Usage = Usage {
    text: "Parses one HTTP request per connection and shows it back. Bodies are not read.\n\
           Try it with `curl -v 'http://127.0.0.1:8080/a/path?a=query'`, or by hand with `nc -C 127.0.0.1 8080`.\n\
           \n\
           Environment: MAX_TARGET, MAX_FIELD, MAX_HEAD (bytes), MAX_FIELDS",
    switches: &[],
    values: &[],
};

/// What the answer to another method says in Allow.
const ALLOW: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let limits = Limits::from_environment()?;
        poll::serve::<Connection>("http", arguments.listen, |_| Server { limits })
    })
}

struct Server {
    limits: Limits,
}

impl World for Server {}

/// One connection, one request.
///
/// Simplified: after the answer the connection closes, whatever the client would like, and a body is thrown
/// away unread. A client that never finishes its head stays as long as it likes. Rung 05 lifts all three.
struct Connection {
    peer: SocketAddr,
    arrival: Arrival,
}

impl Entry for Connection {
    fn open(opened: Opened, _: &mut Server, _: &mut Io<'_>) -> Connection {
        Connection { peer: opened.peer(), arrival: Arrival::default() }
    }
}

impl Protocol for Connection {
    type World = Server;

    fn data(&mut self, bytes: &mut [u8], server: &mut Server, io: &mut Io<'_>) -> usize {
        match self.arrival.parse(bytes, &server.limits) {
            // The loop keeps what came and shows it again, with more behind it.
            Ok(None) => return 0,
            Ok(Some((request, _))) => {
                let status = answer(&request, io);
                log::info!(
                    "{} {} {} {}: {status}",
                    self.peer,
                    request.method,
                    request.target,
                    request.version
                );
            }
            Err(error) => {
                let now = io.wall;
                error.answer(bytes, io.out(), now);
                log::info!("{} {}: {error} ({})", self.peer, error.status(), error.section());
            }
        }
        // What still comes is read and thrown away by the loop, so that no RST destroys the answer (RFC 9112
        // §9.6).
        io.close();
        bytes.len()
    }

    fn ended(&mut self, _: &mut Server, io: &mut Io<'_>) {
        // RFC 9112 §8: an answer to half a request is optional. Nobody waits for it.
        log::info!("{} left without a request", self.peer);
        io.close();
    }
}

fn answer(request: &Request<'_>, io: &mut Io<'_>) -> Status {
    let (status, text) = match request {
        Request { method: Method::Unknown, .. } => {
            (Status::NotImplemented, "501 Not Implemented: methods are case-sensitive.\n".into())
        }
        Request { method: Method::Connect | Method::Trace, .. } => {
            (Status::MethodNotAllowed, format!("405 Method Not Allowed: here are {ALLOW}.\n"))
        }
        Request { expectation: Expectation::Unknown, .. } => (
            Status::ExpectationFailed,
            "417 Expectation Failed: the only one known is 100-continue.\n".into(),
        ),
        _ => (Status::Ok, Shown(request).to_string()),
    };
    let now = io.wall;
    let mut head = ResponseHead::new(io.out(), status, now).field("Connection", "close");
    // RFC 9110 §15.5.6: with 405 "the origin server MUST generate an Allow header field".
    if status == Status::MethodNotAllowed || request.method == Method::Options {
        head = head.field("Allow", ALLOW);
    }
    match request.method {
        // RFC 9110 §9.3.2: the same fields as for GET, without the content.
        Method::Head => head.field("Content-Type", "text/plain; charset=utf-8").length(text.len() as u64),
        _ => head.text(&text),
    }
    status
}

/// A request as the parser saw it.
struct Shown<'r, 'a>(&'r Request<'a>);

impl fmt::Display for Shown<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.0;
        let form = match request.target {
            Target::Origin { .. } => "origin",
            Target::Absolute { .. } => "absolute",
            Target::Authority(_) => "authority",
            Target::Asterisk => "asterisk",
        };
        writeln!(f, "method: {}", request.method)?;
        writeln!(f, "target: {}, in {form}-form", request.target)?;
        writeln!(f, "path: {}", request.target.path())?;
        writeln!(f, "query: {}", request.target.query().unwrap_or("none"))?;
        writeln!(f, "version: {}", request.version)?;
        writeln!(f, "host: {}", request.host().unwrap_or("none"))?;
        match request.framing {
            Framing::None => writeln!(f, "body: none")?,
            Framing::Length(length) => writeln!(f, "body: {length} bytes")?,
            Framing::Chunked => writeln!(f, "body: chunks")?,
        }
        let wish = if request.keep_alive { "keep it open" } else { "close it" };
        writeln!(f, "connection: the client would {wish}")?;
        writeln!(f)?;
        for field in request.fields() {
            writeln!(f, "{}: {}", field.name, String::from_utf8_lossy(field.value))?;
        }
        Ok(())
    }
}
