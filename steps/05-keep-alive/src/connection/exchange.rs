//! One request, from its head to the end of its answer: what the handler is told, and what it says comes next.

use std::fmt;

use poll::{Io, Timer};
use request::{Request, ResponseHead, Status};

use super::Conversation;
use super::deadline::Deadline;
use super::state::{Exchange, State};
use crate::answer::{Answer, Facts, Progress};
use crate::body::{BodyDecoder, BodyError};
use crate::for_all::answered_for_all;
use crate::{Body, Event, Handler, Next};

impl<H: Handler> Conversation<H> {
    /// A head is complete.
    pub(super) fn request(&mut self, head: &Request<'_>, world: &mut H, io: &mut Io<'_>) {
        let mut facts = Facts::new(head, world.limits());
        let body = BodyDecoder::new(head.framing);
        let mut answer = Answer::new(io, &mut facts);
        let next = match answered_for_all(head, &mut answer) {
            true => Next::Done,
            false => world.request(head, &mut answer),
        };
        log::info!("{} {} {} {}", io.id(), head.method, head.target, Outcome(facts.status));
        self.proceed(next, facts, body, world, io);
    }

    /// A part of the body is here.
    pub(super) fn body(&mut self, part: Body<'_>, world: &mut H, io: &mut Io<'_>) {
        let (exchange, decoder) = match self.take() {
            State::Body(exchange, decoder) => (exchange, decoder),
            other => return self.state = other,
        };
        let Exchange { of_handler, mut facts } = *exchange;
        let rest = if part == Body::End { None } else { Some(decoder) };
        facts.unread = decoder.announced();
        facts.body_shown = part == Body::End;
        let next = world.body(of_handler, part, &mut Answer::new(io, &mut facts));
        if facts.status.is_some() && !matches!(next, Next::Read(_)) {
            log::info!("{} {}", io.id(), Outcome(facts.status));
        }
        self.proceed(next, facts, rest, world, io);
    }

    /// Something happened while the answer was still to come; otherwise it is too late, or too early, to matter.
    pub(super) fn later(&mut self, event: Event, world: &mut H, io: &mut Io<'_>) {
        let (exchange, body) = match self.take() {
            State::Later(exchange, body) => (exchange, body),
            other => return self.state = other,
        };
        let Exchange { of_handler, mut facts } = *exchange;
        let next = world.later(of_handler, event, &mut Answer::new(io, &mut facts));
        if matches!(next, Next::Done | Next::Switch(_)) {
            log::info!("{} {}", io.id(), Outcome(facts.status));
        }
        self.proceed(next, facts, body, world, io);
        if matches!(self.state, State::Later(..) | State::Over) {
            return;
        }
        self.set_deadline(b"", world.limits(), io);
        io.resume();
        if self.behind {
            // Bytes that came meanwhile are looked at now; none may come any more.
            io.look_again();
        } else if self.fin_waits {
            poll::Protocol::ended(self, world, io);
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
        if let (Next::Read(_), None, false) = (&next, &body, facts.body_shown)
            && let Next::Read(of_handler) = next
        {
            // There is no body, so this is its end.
            facts.body_shown = true;
            next = world.body(of_handler, Body::End, &mut Answer::new(io, &mut facts));
        }
        match (next, body) {
            (Next::Done, rest) => {
                Answer::new(io, &mut facts).finish();
                match rest {
                    _ if !facts.keep_alive => self.over(world, io),
                    // It would be over in the end: at once is sooner.
                    Some(rest) if rest.announced() > world.limits().drain => self.over(world, io),
                    Some(rest) => {
                        self.go(State::Drain(rest, world.limits().drain));
                        self.deadline = Deadline::Unset;
                    }
                    None => self.next_request(),
                }
            }
            (Next::Read(of_handler), Some(decoder)) => {
                let too_large = decoder.seen().saturating_add(decoder.announced()) > world.limits().body;
                // RFC 9110 §10.1.1: "A server MAY omit sending a 100 (Continue) response if it has already
                // received some or all of the content". Who got an answer does not wait any more.
                let waits = std::mem::take(&mut facts.expects_continue)
                    && !facts.http10
                    && !self.behind
                    && facts.progress == Progress::NotBegun;
                self.go(State::Body(Box::new(Exchange { of_handler, facts }), decoder));
                if too_large {
                    self.refuse_body(BodyError::TooLarge, world, io);
                } else if waits {
                    let now = io.wall;
                    ResponseHead::new(io.out(), Status::Continue, now).empty();
                }
            }
            (Next::Later(of_handler), rest) => {
                let asked = facts.deadline.take();
                if asked.is_some() || self.deadline != Deadline::Handler {
                    io.set_timeout(Timer::Protocol, asked.flatten());
                    self.deadline = Deadline::Handler;
                }
                self.go(State::Later(Box::new(Exchange { of_handler, facts }), rest));
            }
            (Next::Switch(_), _) if facts.has_body => {
                // The successor could take the body for its own bytes.
                log::error!("{} an upgrade with a body was accepted; closing", io.id());
                self.over(world, io);
            }
            (Next::Switch(successor), _) => self.go(State::Switched(successor)),
            (Next::Read(of_handler), None) => {
                log::error!("{} the handler wanted more of a body that had ended; closing", io.id());
                world.gone(of_handler, io);
                facts.keep_alive = false;
                if facts.progress == Progress::NotBegun {
                    Answer::new(io, &mut facts).finish();
                }
                self.over(world, io);
            }
            (Next::Close, _) => self.over(world, io),
        }
    }
}

/// The end of a log line.
struct Outcome(Option<Status>);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(f, "-> {}", status.code()),
            None => f.write_str("-> later"),
        }
    }
}
