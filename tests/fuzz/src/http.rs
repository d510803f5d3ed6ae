//! A whole HTTP connection: rung 05 on rung 02's rehearsal, without a socket.
//!
//! An input: a byte whose bits choose what else happens (see `Script`), the cuts, then what the client sends. The
//! server's answers must be the same whatever the cuts, whenever the client reads, whenever it is woken.

use std::sync::Arc;

use arbitrary::Unstructured;
use keep_alive::{Body, Content, Event, Handler, Http, Limits, Next, NoSuccessor};
use poll::{Io, Net, Rehearsal, World};
use request::{Method, Request, Status};

use crate::answers::{self, Answer};
use crate::cuts::{Cuts, Every, byte, if_it_can, shown};

struct Input<'a> {
    script: Script,
    cuts: Cuts,
    bytes: &'a [u8],
}

/// What happens beside bytes that come.
#[derive(Debug, Clone, Copy)]
struct Script {
    /// When the client reads what it was sent.
    client_reads: Every,
    /// When the server is woken.
    wakes: Every,
    /// The client's FIN comes at once, not when all is answered.
    fin_at_once: bool,
    /// Bodies that nobody reads may be longer than [`Server::small`] says.
    patient: bool,
}

impl<'a> Input<'a> {
    fn new(data: &'a [u8]) -> Input<'a> {
        let mut data = Unstructured::new(data);
        let bits = byte(&mut data);
        let script = Script {
            client_reads: Every::of(bits),
            wakes: Every::of(bits >> 2),
            fin_at_once: bits & 0x40 != 0,
            patient: bits & 0x20 != 0,
        };
        Input { script, cuts: Cuts::take(&mut data), bytes: data.take_rest() }
    }
}

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    let Input { script, cuts, bytes } = Input::new(data);
    let whole = Script { client_reads: Every::READ, wakes: Every::READ, ..script };
    let outcome = if_it_can(|| run(whole, &Cuts::none(), bytes).to_string());
    format!("A connection, {cuts}, {script:?}:\n{}\nUncut, it is\n{outcome}", shown(bytes))
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let Input { script, cuts, bytes } = Input::new(data);
    let whole = run(Script { client_reads: Every::READ, wakes: Every::READ, ..script }, &Cuts::none(), bytes);
    let cut = run(script, &cuts, bytes);
    assert_eq!(cut.answers, whole.answers, "the answers depend on how the bytes are cut");
    assert_eq!(cut.stayed, whole.stayed, "whether it closes depends on how the bytes are cut");
    if whole.stayed {
        assert_eq!(cut.used, whole.used, "what is used depends on how the bytes are cut");
    }
    assert_eq!(cut.asked, whole.asked, "what the handler sees depends on how the bytes are cut");
}

/// What became of a connection.
struct Outcome {
    answers: Vec<Answer>,
    /// It was open before the client's FIN.
    stayed: bool,
    /// Bytes that were used.
    used: usize,
    /// What the handler was asked.
    asked: Vec<String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "asked: {:#?}", self.asked)?;
        write!(
            f,
            "answered: {:#?}, {}",
            self.answers,
            if self.stayed { "and stayed open" } else { "and closed" }
        )
    }
}

fn run(script: Script, cuts: &Cuts, bytes: &[u8]) -> Outcome {
    // A client that reads slowly is met after a few hundred bytes of answers.
    let limits = poll::Limits { pending: 300, ..poll::Limits::default() };
    let mut connection = Rehearsal::<Http<Server>>::with_limits(Server::new(script.patient), limits);
    let mut sent = Vec::new();
    for (count, piece) in (1..).zip(cuts.pieces(bytes)) {
        connection.receive(piece);
        if script.wakes.is_due(count) {
            connection.call(poll::Protocol::woken);
        }
        if script.client_reads.is_due(count) {
            sent.extend(connection.sent());
        }
    }
    if script.fin_at_once {
        connection.end();
    }
    settle(&mut connection, &mut sent);
    let (stayed, unused) = (connection.is_open(), connection.unused().len());
    let said_goodbye = answers::read(&sent, !stayed).last().is_some_and(Answer::is_last);
    assert!(!(stayed && said_goodbye), "it said Connection: close, and stayed open");
    connection.end();
    settle(&mut connection, &mut sent);
    assert!(!connection.is_open(), "the client's FIN did not end it");
    gone(&mut connection);

    let answers = answers::read(&sent, true);
    Outcome { answers, stayed, used: bytes.len() - unused, asked: connection.world.asked }
}

/// The client reads, and the server is woken, until nothing more happens.
fn settle(connection: &mut Rehearsal<Http<Server>>, sent: &mut Vec<u8>) {
    loop {
        let before = (sent.len(), connection.unused().len(), connection.world.callbacks);
        sent.extend(connection.sent());
        connection.call(poll::Protocol::woken);
        sent.extend(connection.sent());
        if before == (sent.len(), connection.unused().len(), connection.world.callbacks) {
            return;
        }
    }
}

/// The socket is gone: every request was answered, or its handler hears that it will not be.
fn gone(connection: &mut Rehearsal<Http<Server>>) {
    let id = connection.id();
    connection.call(|http, server, io| poll::Protocol::closed(http, id, poll::Ended::Closed, server, io));
    assert_eq!(connection.world.open, 0, "a request was neither answered nor given up");
}

/// Answers at once, after the body, after a part of it, later, or never.
struct Server {
    limits: Limits,
    /// What it was asked, with the bodies.
    asked: Vec<String>,
    /// Requests that wait for their answer.
    open: usize,
    callbacks: usize,
}

/// A request that waits.
struct Waits {
    path: String,
    method: Method,
    body: Vec<u8>,
    /// How often it has to be woken before it answers.
    wakes: usize,
    streaming: bool,
}

impl Server {
    fn new(patient: bool) -> Server {
        let drain = if patient { 1 << 30 } else { 100 };
        let limits = Limits { body: 100, drain, trailers: 60, ..Limits::DEFAULT };
        Server { limits, asked: Vec::new(), open: 0, callbacks: 0 }
    }

    fn patient(&self) -> bool {
        self.limits.drain > 100
    }

    fn done(&mut self) -> Next<Server> {
        self.open -= 1;
        Next::Done
    }

    fn answers(&mut self, waits: Waits, answer: &mut keep_alive::Answer<'_, '_>) -> Next<Server> {
        let text = format!("{} {} {}", waits.method, waits.path, shown(&waits.body));
        says(waits.method, answer, Content::Text(&text));
        self.asked.push(text);
        self.done()
    }
}

/// Answers, and tells a client that only sees the answers what it was asked.
fn says(method: Method, answer: &mut keep_alive::Answer<'_, '_>, content: Content<'_>) {
    answer.send(Status::Ok, content, |head| head.field("X-Method", method));
}

impl World for Server {}

impl Handler for Server {
    type Exchange = Waits;
    type Successor = NoSuccessor<Server>;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut keep_alive::Answer<'_, '_>) -> Next<Server> {
        self.callbacks += 1;
        self.open += 1;
        let (method, path) = (head.method, head.target.path().to_owned());
        let waits = |wakes| Waits { path: path.clone(), method, body: Vec::new(), wakes, streaming: false };
        match &*path {
            "/read" | "/read/later" | "/part" => Next::Read(waits(0)),
            "/later" => Next::Later(waits(1)),
            "/much" => {
                says(method, answer, Content::Bytes(&[b'x'; 1000]));
                self.done()
            }
            "/shared" => {
                says(method, answer, Content::Shared(Arc::from([b'y'; 1000])));
                self.done()
            }
            "/stream" => {
                says(method, answer, Content::Stream);
                answer.write(b"one ");
                Next::Later(Waits { streaming: true, ..waits(2) })
            }
            "/none" => {
                answer.send(Status::NoContent, Content::Empty, |head| head);
                self.done()
            }
            "/last" => {
                answer.close_after();
                self.answers(waits(0), answer)
            }
            "/close" => {
                self.open -= 1;
                Next::Close
            }
            _ => self.answers(waits(0), answer),
        }
    }

    fn body(
        &mut self,
        mut waits: Waits,
        part: Body<'_>,
        answer: &mut keep_alive::Answer<'_, '_>,
    ) -> Next<Server> {
        self.callbacks += 1;
        match part {
            // Where a part ends means nothing, so nothing may follow from it; but that what is left unread is drained,
            // which has its limit, depends on it.
            Body::Data(bytes) if waits.path == "/part" && self.patient() => {
                waits.body.extend_from_slice(bytes);
                waits.body.truncate(3);
                if waits.body.len() == 3 { self.answers(waits, answer) } else { Next::Read(waits) }
            }
            Body::Data(bytes) => {
                waits.body.extend_from_slice(bytes);
                Next::Read(waits)
            }
            Body::End if waits.path == "/read/later" => Next::Later(Waits { wakes: 1, ..waits }),
            Body::End => self.answers(waits, answer),
        }
    }

    fn later(
        &mut self,
        mut waits: Waits,
        event: Event,
        answer: &mut keep_alive::Answer<'_, '_>,
    ) -> Next<Server> {
        // When the other events come is a matter of the script.
        if event != Event::Woken {
            return Next::Later(waits);
        }
        self.callbacks += 1;
        waits.wakes -= 1;
        if waits.streaming {
            answer.write(b"more ");
        }
        match (waits.wakes, waits.streaming) {
            (0, true) => self.done(),
            (0, false) => self.answers(waits, answer),
            _ => Next::Later(waits),
        }
    }

    fn gone(&mut self, _: Waits, _: &mut Net) {
        self.open -= 1;
    }

    fn connected(&mut self, _: std::net::SocketAddr, _: &mut Io<'_>) {}
}
