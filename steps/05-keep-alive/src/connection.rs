//! One connection as long as it speaks HTTP: a state machine that knows, at every byte, whose it is.
//!
//! **Each byte belongs to exactly one of: a head, a body, the successor. When that is in doubt, the connection
//! closes.** If we and a proxy in front of us disagreed, one client's body could become another client's request.
//!
//! This file shows what comes in: bytes, their end, time, wake-ups. The parts stand behind it:
//!
//! - `state.rs`: where a connection can be, and all legal moves.
//! - `exchange.rs`: one request, from its head to the end of its answer.
//! - `deadline.rs`: how long each state may last.
//! - `refusal.rs`: answers that no handler gives, and the end.

mod deadline;
mod exchange;
mod refusal;
mod state;

use poll::{ConnId, Ended, Io, Net, Protocol, Timer};
use request::{Arrival, Status};

use crate::{Body, BodyError, Event, Handler};
use deadline::Deadline;
use state::State;

/// A connection that speaks HTTP/1.1.
pub(crate) struct Conversation<H: Handler> {
    state: State<H>,
    deadline: Deadline,
    /// Bytes stand behind what has been used.
    behind: bool,
    /// The client's FIN came while an answer was still to come. It is looked at when that is out.
    fin_waits: bool,
}

/// What one step over the bytes came to.
enum Step {
    /// So many bytes were used, and there may be more to do.
    Used(usize),
    /// Nothing can be done before more bytes come, or before something else happens.
    Wait,
}

/// What is left when HTTP has ended with 101.
pub(crate) struct HandOver<S> {
    pub successor: S,
    /// Bytes wait for it.
    pub behind: bool,
    /// The client's FIN waits for it.
    pub fin_waits: bool,
}

impl<H: Handler> Conversation<H> {
    /// One that begins, with the deadline for its first request.
    pub fn new(world: &H, io: &mut Io<'_>) -> Conversation<H> {
        let mut conversation = Conversation {
            state: State::Head(Arrival::default()),
            deadline: Deadline::Unset,
            behind: false,
            fin_waits: false,
        };
        conversation.set_deadline(b"", world.limits(), io);
        conversation
    }

    /// What goes to the successor, when the handler has switched. The conversation is of no use afterwards.
    pub fn hand_over(&mut self) -> Option<HandOver<H::Successor>> {
        let State::Switched(_) = self.state else { return None };
        let Conversation { behind, fin_waits, .. } = *self;
        match std::mem::replace(&mut self.state, State::Over) {
            State::Switched(successor) => Some(HandOver { successor, behind, fin_waits }),
            _ => None,
        }
    }
}

impl<H: Handler> Protocol for Conversation<H> {
    type World = H;

    fn data(&mut self, bytes: &mut [u8], world: &mut H, io: &mut Io<'_>) -> usize {
        let mut used = 0;
        // ANCHOR: loop
        // Where all bytes are used there may still be something to do with none: the end of a body is told, however much
        // output waits.
        while !io.must_wait() || used == bytes.len() {
            match self.step(&bytes[used..], world, io) {
                Step::Used(count) => used += count,
                Step::Wait => break,
            }
        }
        // ANCHOR_END: loop
        let rest = &bytes[used..];
        self.behind = !rest.is_empty();
        if matches!(self.state, State::Later(..)) && rest.len() > world.limits().head.head {
            // Pipelined requests behind one whose answer comes later: they can wait in the kernel.
            io.pause();
        }
        self.set_deadline(rest, world.limits(), io);
        if self.fin_waits && !io.must_wait() {
            self.ended(world, io);
        }
        used
    }

    fn ended(&mut self, world: &mut H, io: &mut Io<'_>) {
        match &mut self.state {
            State::Later(exchange, _) if exchange.facts.end_told => {}
            State::Later(exchange, _) => {
                exchange.facts.end_told = true;
                self.fin_waits = true;
                self.later(Event::HalfClosed, world, io);
            }
            // In the middle of a request: its rest will never come.
            State::Head(_) if self.deadline == Deadline::Head => {
                self.refuse(Status::BadRequest, "The request ended in the middle of its head.\n", world, io);
            }
            State::Body(..) => {
                self.refuse(Status::BadRequest, "The request ended in the middle of its body.\n", world, io);
            }
            // Told when it is handed over.
            State::Switched(_) => {}
            State::Head(_) | State::Drain(..) | State::Busy(_) | State::Over => self.over(world, io),
        }
    }

    fn timeout(&mut self, which: Timer, world: &mut H, io: &mut Io<'_>) {
        match which {
            Timer::Protocol => self.deadline_passed(world, io),
            // That of a layer around us.
            Timer::Guard => {}
        }
    }

    fn woken(&mut self, world: &mut H, io: &mut Io<'_>) {
        self.later(Event::Woken, world, io);
    }

    fn drained(&mut self, world: &mut H, io: &mut Io<'_>) {
        self.later(Event::Drained, world, io);
        if self.fin_waits && !self.behind {
            // The last answer is out, and no byte will come that would remind us of their FIN.
            self.ended(world, io);
        }
    }

    fn stop(&mut self, world: &mut H, io: &mut Io<'_>) {
        match &mut self.state {
            // A request under way is answered, and it is the last one.
            State::Body(exchange, _) => exchange.facts.keep_alive = false,
            State::Later(exchange, _) => {
                exchange.facts.keep_alive = false;
                self.later(Event::Stopping, world, io);
            }
            State::Switched(_) => {}
            State::Head(_) | State::Drain(..) | State::Busy(_) | State::Over => self.over(world, io),
        }
    }

    fn closed(&mut self, _: ConnId, _: Ended, world: &mut H, net: &mut Net) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Body(exchange, _) | State::Later(exchange, _) => world.gone(exchange.of_handler, net),
            State::Head(_) | State::Drain(..) | State::Switched(_) | State::Busy(_) | State::Over => {}
        }
    }
}

impl<H: Handler> Conversation<H> {
    /// Looks at the bytes as the state says whose they are.
    fn step(&mut self, bytes: &[u8], world: &mut H, io: &mut Io<'_>) -> Step {
        match &mut self.state {
            State::Head(_) if bytes.is_empty() => Step::Wait,
            State::Head(arrival) => match arrival.parse(bytes, &world.limits().head) {
                Ok(None) => Step::Wait,
                Ok(Some((head, used))) => {
                    self.behind = bytes.len() > used;
                    self.request(&head, world, io);
                    Step::Used(used)
                }
                Err(fault) => {
                    self.refuse_head(fault, bytes, world, io);
                    Step::Wait
                }
            },
            State::Body(_, decoder) => match decoder.next(bytes, world.limits()) {
                Ok(None) => Step::Wait,
                Ok(Some(part)) => {
                    let known = decoder.seen().saturating_add(decoder.announced());
                    match part.body {
                        Some(body) => {
                            self.behind = bytes.len() > part.used;
                            self.body(body, world, io);
                        }
                        // A chunk's line says how long the chunk is. Judged here, before a byte of it is shown: a
                        // handler that needs only a few would otherwise be asked or not, as the reads cut them.
                        None if known > world.limits().body => {
                            self.refuse_body(BodyError::TooLarge, world, io)
                        }
                        None => {}
                    }
                    Step::Used(part.used)
                }
                Err(fault) => {
                    self.refuse_body(fault, world, io);
                    Step::Wait
                }
            },
            State::Drain(decoder, left) => match decoder.next(bytes, world.limits()) {
                Ok(None) => Step::Wait,
                Ok(Some(part)) if part.body == Some(Body::End) => {
                    self.next_request();
                    Step::Used(part.used)
                }
                Ok(Some(part)) => {
                    match left.checked_sub(part.used as u64) {
                        Some(less) => *left = less,
                        None => self.over(world, io),
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
            State::Later(..) | State::Switched(_) | State::Busy(_) | State::Over => Step::Wait,
        }
    }
}

#[cfg(test)]
mod tests;
