//! Answers that no handler gives, and the end of a connection.

use poll::Io;
use request::{ParseError, ResponseHead, Status};

use super::Conversation;
use super::state::State;
use crate::Handler;
use crate::answer::Answer;
use crate::body::BodyError;

impl<H: Handler> Conversation<H> {
    /// Refuses the head that `bytes` begin with.
    pub(super) fn refuse_head(&mut self, fault: ParseError, bytes: &[u8], world: &mut H, io: &mut Io<'_>) {
        log::info!("{} -> {} {fault} ({})", io.id(), fault.status().code(), fault.section());
        let now = io.wall;
        fault.answer(bytes, io.out(), now);
        self.over(world, io);
    }

    pub(super) fn refuse_body(&mut self, fault: BodyError, world: &mut H, io: &mut Io<'_>) {
        let status = fault.status();
        self.refuse(status, &format!("{status}: {fault} ({}).\n", fault.section()), world, io);
    }

    /// Answers for the handler, unless it has answered, and closes: where the next request would begin is in
    /// doubt.
    pub(super) fn refuse(&mut self, status: Status, why: &str, world: &mut H, io: &mut Io<'_>) {
        log::info!("{} -> {} {}", io.id(), status.code(), why.trim_end());
        match &mut self.state {
            State::Body(exchange, _) => {
                exchange.facts.keep_alive = false;
                let mut answer = Answer::new(io, &mut exchange.facts);
                if !answer.is_begun() {
                    answer.text(status, why);
                }
            }
            State::Head(_) => {
                let now = io.wall;
                ResponseHead::new(io.out(), status, now).field("Connection", "close").text(why);
            }
            // There was an answer, or there is no HTTP any more.
            State::Later(..) | State::Drain(..) | State::Switched(_) | State::Busy(_) | State::Over => {}
        }
        self.over(world, io);
    }

    /// Closes politely: what is queued leaves, then our FIN, and what still comes is read (rung 02).
    pub(super) fn over(&mut self, world: &mut H, io: &mut Io<'_>) {
        let state = self.take();
        self.go(State::Over);
        if let State::Body(exchange, _) | State::Later(exchange, _) = state {
            world.gone(exchange.of_handler, io);
        }
        io.close();
    }
}
