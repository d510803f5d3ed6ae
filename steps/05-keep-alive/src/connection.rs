//! One HTTP connection: a state machine that knows, at every byte, whose it is.
//!
//! **Each byte belongs to exactly one of: a head, a body, the successor. When that is in doubt, the connection
//! closes.** If we and a proxy in front of us disagreed, one client's body could become another client's request.

use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, Timer};
use request::{Arrival, Expectation, Method, ParseError, Request, ResponseHead, Status, Target};

use crate::answer::{Answer, Facts, Progress};
use crate::body::{BodyDecoder, BodyError};
use crate::{Body, Event, Handler, Limits, Next};

/// A connection that speaks HTTP/1.1, and after 101 whatever its handler's successor speaks.
pub struct Http<H: Handler> {
    state: State<H>,
    deadline: Deadline,
}

/// Where the connection is. Each state holds only what is valid in it.
///
/// ```text
///          ┌─────────── next request ──────────┐
///          ▼                                   │
/// ──────► Head ──► Body ──► Later ──► Drain ───┤      from everywhere: Over
///          │        │                  ▲       │
///          │        └──────────────────┘       │
///          └──► Switched (101)                 │
/// ```
enum State<H: Handler> {
    /// Between two requests, or in the middle of a head.
    Head(Arrival),
    /// The handler reads the body.
    Body(Box<Exchange<H>>, BodyDecoder),
    /// The answer comes later. What is left of the body waits in the socket.
    Later(Box<Exchange<H>>, Option<BodyDecoder>),
    /// The answer is complete; what is left of the body is thrown away.
    Drain(BodyDecoder),
    /// HTTP is over, the successor has the bytes.
    Switched(H::Successor),
    /// The connection is closing.
    Over,
}

/// A request that is not answered yet.
struct Exchange<H: Handler> {
    of_handler: H::Exchange,
    facts: Facts,
}

/// What the connection's timer is set to. A deadline that stands is not moved by a byte that comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deadline {
    Unset,
    /// Nothing has come of the next request. `pending`: how much output was waiting when it was set.
    Idle {
        pending: u64,
    },
    Head,
    Body,
    /// The handler's own, while its answer comes later.
    Handler,
}

/// What one step over the bytes came to.
enum Step {
    /// So many bytes were used, and there may be more to do.
    Used(usize),
    /// Nothing can be done before more bytes come, or before something else happens.
    Wait,
}

impl<H: Handler> Entry for Http<H> {
    fn open(opened: Opened, world: &mut H, io: &mut Io<'_>) -> Http<H> {
        world.connected(opened.peer(), io);
        let mut http = Http { state: State::Head(Arrival::default()), deadline: Deadline::Unset };
        http.set_deadline(true, world.limits(), io);
        http
    }
}

impl<H: Handler> Protocol for Http<H> {
    type World = H;

    fn data(&mut self, bytes: &mut [u8], world: &mut H, io: &mut Io<'_>) -> usize {
        let mut used = 0;
        while !io.must_wait() {
            if let State::Switched(successor) = &mut self.state {
                return used
                    + if used < bytes.len() { successor.data(&mut bytes[used..], world, io) } else { 0 };
            }
            match self.step(&bytes[used..], world, io) {
                Step::Used(count) => used += count,
                Step::Wait => break,
            }
        }
        let limits = *world.limits();
        if matches!(self.state, State::Later(..)) && bytes.len() - used > limits.head.head {
            // Pipelined requests behind one whose answer comes later: they can wait in the kernel.
            io.pause();
        }
        self.set_deadline(used == bytes.len(), &limits, io);
        used
    }

    fn ended(&mut self, world: &mut H, io: &mut Io<'_>) {
        match &mut self.state {
            State::Switched(successor) => successor.ended(world, io),
            State::Later(..) => self.later(Event::HalfClosed, world, io),
            // In the middle of a request: its rest will never come.
            State::Head(_) if self.deadline == Deadline::Head => {
                self.refuse(Status::BadRequest, "The request ended in the middle of its head.\n", world, io);
            }
            State::Body(..) => {
                self.refuse(Status::BadRequest, "The request ended in the middle of its body.\n", world, io);
            }
            State::Head(_) | State::Drain(_) | State::Over => self.over(world, io),
        }
    }

    fn timeout(&mut self, which: Timer, world: &mut H, io: &mut Io<'_>) {
        if let State::Switched(successor) = &mut self.state {
            return successor.timeout(which, world, io);
        }
        let passed = std::mem::replace(&mut self.deadline, Deadline::Unset);
        match (which, passed) {
            (Timer::Guard, _) => self.deadline = passed,
            // The last answer is still on its way to a slow client: as long as it moves, all is well.
            (_, Deadline::Idle { pending }) if io.pending() > 0 && io.pending() != pending => {
                self.set_deadline(true, world.limits(), io);
            }
            // A browser opens connections before it needs them. That is no request, so there is no 408.
            (_, Deadline::Idle { .. } | Deadline::Unset) => self.over(world, io),
            (_, Deadline::Head) => {
                self.refuse(Status::RequestTimeout, "The request's head took too long.\n", world, io);
            }
            (_, Deadline::Body) => {
                self.refuse(Status::RequestTimeout, "The request's body took too long.\n", world, io);
            }
            (_, Deadline::Handler) => self.later(Event::Deadline, world, io),
        }
    }

    fn woken(&mut self, world: &mut H, io: &mut Io<'_>) {
        match &mut self.state {
            State::Switched(successor) => successor.woken(world, io),
            _ => self.later(Event::Woken, world, io),
        }
    }

    fn drained(&mut self, world: &mut H, io: &mut Io<'_>) {
        match &mut self.state {
            State::Switched(successor) => successor.drained(world, io),
            _ => self.later(Event::Drained, world, io),
        }
    }

    fn stop(&mut self, world: &mut H, io: &mut Io<'_>) {
        match &mut self.state {
            State::Switched(successor) => successor.stop(world, io),
            // A request under way is answered, and it is the last one.
            State::Body(exchange, _) => exchange.facts.keep_alive = false,
            State::Later(exchange, _) => {
                exchange.facts.keep_alive = false;
                self.later(Event::Stopping, world, io);
            }
            State::Head(_) | State::Drain(_) | State::Over => self.over(world, io),
        }
    }

    fn closed(&mut self, id: ConnId, why: Ended, world: &mut H, net: &mut Net) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Switched(mut successor) => successor.closed(id, why, world, net),
            State::Body(exchange, _) | State::Later(exchange, _) => world.gone(exchange.of_handler, net),
            State::Head(_) | State::Drain(_) | State::Over => {}
        }
        world.disconnected(id, why, net);
    }
}

impl<H: Handler> Http<H> {
    /// Looks at the bytes as the state says whose they are.
    fn step(&mut self, bytes: &[u8], world: &mut H, io: &mut Io<'_>) -> Step {
        match &mut self.state {
            State::Head(arrival) => {
                if bytes.is_empty() {
                    return Step::Wait;
                }
                match arrival.parse(bytes, &world.limits().head) {
                    Ok(None) => Step::Wait,
                    Ok(Some((head, used))) => {
                        self.request(&head, world, io);
                        Step::Used(used)
                    }
                    Err(fault) => {
                        self.refuse_head(fault, world, io);
                        Step::Wait
                    }
                }
            }
            State::Body(_, decoder) => match decoder.next(bytes, world.limits()) {
                Ok(None) => Step::Wait,
                Ok(Some(part)) => {
                    if let Some(body) = part.body {
                        self.body(body, world, io);
                    }
                    Step::Used(part.used)
                }
                Err(fault) => {
                    self.refuse_body(fault, world, io);
                    Step::Wait
                }
            },
            State::Drain(decoder) => match decoder.next(bytes, world.limits()) {
                Ok(None) => Step::Wait,
                Ok(Some(part)) => {
                    if part.body == Some(Body::End) {
                        self.state = State::Head(Arrival::default());
                        self.deadline = Deadline::Unset;
                    } else if decoder.seen() > world.limits().drain {
                        self.over(world, io);
                    }
                    Step::Used(part.used)
                }
                // The answer is written, there can be no second one.
                Err(fault) => {
                    log::info!("{} {fault} ({}); closing", io.id(), fault.section());
                    self.over(world, io);
                    Step::Wait
                }
            },
            State::Later(..) | State::Switched(_) | State::Over => Step::Wait,
        }
    }

    fn request(&mut self, head: &Request<'_>, world: &mut H, io: &mut Io<'_>) {
        let mut facts = Facts::new(head, world.limits());
        let body = BodyDecoder::new(head.framing);
        let mut answer = Answer::new(io, &mut facts);
        let next = match answered_for_all(head, &mut answer) {
            true => Next::Done,
            false => world.request(head, &mut answer),
        };
        log::info!("{} {} {} {}", io.id(), head.method, head.target, Outcome(facts.status));
        if matches!(next, Next::Switch(_)) && body.is_some() {
            // The successor would take the body for its own bytes.
            log::error!("{} an upgrade with a body was accepted; closing", io.id());
            return self.over(world, io);
        }
        self.proceed(next, facts, body, world, io);
    }

    fn body(&mut self, part: Body<'_>, world: &mut H, io: &mut Io<'_>) {
        let State::Body(exchange, decoder) = std::mem::replace(&mut self.state, State::Over) else { return };
        let Exchange { of_handler, mut facts } = *exchange;
        if decoder.seen() > world.limits().body {
            world.gone(of_handler, io);
            return self.refuse_unless_begun(&facts, BodyError::TooLarge, world, io);
        }
        let rest = if part == Body::End { None } else { Some(decoder) };
        let next = world.body(of_handler, part, &mut Answer::new(io, &mut facts));
        self.proceed(next, facts, rest, world, io);
    }

    /// Something happened while the answer was still to come; otherwise it is too late, or too early, to matter.
    fn later(&mut self, event: Event, world: &mut H, io: &mut Io<'_>) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Later(exchange, body) => {
                let Exchange { of_handler, mut facts } = *exchange;
                let next = world.later(of_handler, event, &mut Answer::new(io, &mut facts));
                self.proceed(next, facts, body, world, io);
                if !matches!(self.state, State::Later(..) | State::Over) {
                    log::info!("{} {}", io.id(), Outcome(facts.status));
                    // Bytes that came meanwhile are looked at now; none may come any more.
                    io.resume();
                    io.look_again();
                    self.set_deadline(true, world.limits(), io);
                }
            }
            other => self.state = other,
        }
    }

    /// The handler has said what comes next. `body` is what is left of the request's.
    fn proceed(
        &mut self,
        mut next: Next<H>,
        mut facts: Facts,
        body: Option<BodyDecoder>,
        world: &mut H,
        io: &mut Io<'_>,
    ) {
        loop {
            match (next, body) {
                (Next::Done, rest) => {
                    Answer::new(io, &mut facts).finish();
                    self.state = match rest {
                        _ if !facts.keep_alive => return self.over(world, io),
                        Some(rest) => State::Drain(rest),
                        None => State::Head(Arrival::default()),
                    };
                    self.deadline = Deadline::Unset;
                    return;
                }
                // There is no body, so this is its end.
                (Next::Read(of_handler), None) => {
                    next = world.body(of_handler, Body::End, &mut Answer::new(io, &mut facts));
                }
                (Next::Read(of_handler), Some(decoder)) => {
                    if decoder.seen() + decoder.announced() > world.limits().body {
                        world.gone(of_handler, io);
                        return self.refuse_unless_begun(&facts, BodyError::TooLarge, world, io);
                    }
                    // RFC 9110 §10.1.1; a client that got its answer already does not wait any more.
                    if std::mem::take(&mut facts.expects_continue) && facts.progress == Progress::NotBegun {
                        let now = io.wall;
                        ResponseHead::new(io.out(), Status::Continue, now).empty();
                    }
                    self.state = State::Body(Box::new(Exchange { of_handler, facts }), decoder);
                    return;
                }
                (Next::Later(of_handler), rest) => {
                    if std::mem::take(&mut facts.set_deadline) {
                        self.deadline = Deadline::Handler;
                    } else if self.deadline != Deadline::Handler {
                        io.set_timeout(Timer::Protocol, None);
                        self.deadline = Deadline::Handler;
                    }
                    self.state = State::Later(Box::new(Exchange { of_handler, facts }), rest);
                    return;
                }
                (Next::Switch(successor), _) => {
                    self.state = State::Switched(successor);
                    return;
                }
                (Next::Close, _) => return self.over(world, io),
            }
        }
    }

    /// Sets the deadline that belongs to the state. `all_used`: nothing of a next request is here yet.
    fn set_deadline(&mut self, all_used: bool, limits: &Limits, io: &mut Io<'_>) {
        let (wanted, after) = match self.state {
            State::Head(_) if all_used => (Deadline::Idle { pending: io.pending() }, limits.idle),
            State::Head(_) => (Deadline::Head, limits.head_time),
            State::Body(..) | State::Drain(_) => (Deadline::Body, limits.body_time),
            State::Later(..) | State::Switched(_) | State::Over => return,
        };
        let stands = match (self.deadline, wanted) {
            (Deadline::Idle { .. }, Deadline::Idle { .. }) => true,
            (current, wanted) => current == wanted,
        };
        if !stands {
            self.deadline = wanted;
            io.set_timeout(Timer::Protocol, Some(after));
        }
    }

    fn refuse_head(&mut self, fault: ParseError, world: &mut H, io: &mut Io<'_>) {
        self.refuse(
            fault.status(),
            &format!("{}: {fault} ({}).\n", fault.status(), fault.section()),
            world,
            io,
        );
    }

    fn refuse_body(&mut self, fault: BodyError, world: &mut H, io: &mut Io<'_>) {
        self.refuse(
            fault.status(),
            &format!("{}: {fault} ({}).\n", fault.status(), fault.section()),
            world,
            io,
        );
    }

    fn refuse_unless_begun(&mut self, facts: &Facts, fault: BodyError, world: &mut H, io: &mut Io<'_>) {
        match facts.progress {
            Progress::NotBegun => self.refuse_body(fault, world, io),
            _ => self.over(world, io),
        }
    }

    /// Answers for the handler, and closes: where the next request would begin is in doubt.
    fn refuse(&mut self, status: Status, why: &str, world: &mut H, io: &mut Io<'_>) {
        log::info!("{} {} {}", io.id(), Outcome(Some(status)), why.trim_end());
        let begun = match &self.state {
            State::Body(exchange, _) => exchange.facts.progress != Progress::NotBegun,
            _ => false,
        };
        if !begun {
            let now = io.wall;
            ResponseHead::new(io.out(), status, now).field("Connection", "close").text(why);
        }
        self.over(world, io);
    }

    fn over(&mut self, world: &mut H, io: &mut Io<'_>) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Body(exchange, _) | State::Later(exchange, _) => world.gone(exchange.of_handler, io),
            State::Head(_) | State::Drain(_) | State::Switched(_) | State::Over => {}
        }
        io.close();
    }
}

/// What every server answers in the same way.
fn answered_for_all(head: &Request<'_>, answer: &mut Answer<'_, '_>) -> bool {
    const SERVED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    if head.expectation == Expectation::Unknown {
        // RFC 9110 §10.1.1: "A server that receives an Expect field value containing a member other than
        // 100-continue MAY respond with a 417".
        answer.text(Status::ExpectationFailed, "The only expectation known here is 100-continue.\n");
    } else if head.target == Target::Asterisk {
        // RFC 9110 §9.3.7: "An OPTIONS request with an asterisk ("*") as the request target applies to the server
        // in general rather than to a specific resource."
        answer.send(Status::NoContent, crate::Content::Empty, |head| head.field("Allow", SERVED));
    } else if matches!(head.method, Method::Trace | Method::Connect) {
        // TRACE would send cookies back to a script that must not see them; CONNECT is for proxies.
        answer.method_not_allowed(SERVED);
    } else {
        return false;
    }
    true
}

/// The end of a log line.
struct Outcome(Option<Status>);

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(status) => write!(f, "-> {}", status.code()),
            None => f.write_str("-> later"),
        }
    }
}
