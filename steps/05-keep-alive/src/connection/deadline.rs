//! How long each state may last. **A deadline that stands is not moved by a byte that comes**: a client that
//! sends one now and then would hold its connection for ever (slowloris). When a body's deadline passes, what came
//! until then is weighed.

use poll::{Io, Timer};
use request::Status;

use super::Conversation;
use super::state::State;
use crate::{Event, Handler, Limits};

/// What the connection's timer is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    Unset,
    /// Nothing has come of the next request, or it waits for the client to read the last answer. `pending`: how
    /// much output was waiting when it was set.
    Idle {
        pending: u64,
    },
    Head,
    /// `seen`: how much content had come when it was set.
    Body {
        seen: u64,
    },
    /// The handler's own, while its answer comes later.
    Handler,
}

impl<H: Handler> Conversation<H> {
    /// Sets the deadline that belongs to the state. `unused`: what has come of the next request.
    pub(super) fn set_deadline(&mut self, unused: &[u8], limits: &Limits, io: &mut Io<'_>) {
        let idle = (Deadline::Idle { pending: io.pending() }, limits.idle);
        let (wanted, after) = match self.state {
            // Its answers pile up unread, so its next request is not looked at: that is not the head's delay.
            State::Head(_) if io.must_wait() => idle,
            // An empty line before a request line is no request yet (RFC 9112 §2.2).
            State::Head(_) if matches!(unused, b"" | b"\r" | b"\r\n") => idle,
            State::Head(_) => (Deadline::Head, limits.head_time),
            State::Body(_, ref body) | State::Drain(ref body, _) => {
                (Deadline::Body { seen: body.seen() }, limits.body_time)
            }
            State::Later(..) | State::Switched(_) | State::Busy(_) | State::Over => return,
        };
        let stands = match (self.deadline, wanted) {
            (Deadline::Idle { .. }, Deadline::Idle { .. })
            | (Deadline::Body { .. }, Deadline::Body { .. }) => true,
            (current, wanted) => current == wanted,
        };
        if !stands {
            self.deadline = wanted;
            io.set_timeout(Timer::Protocol, Some(after));
        }
    }

    /// The connection's timer has run out.
    pub(super) fn deadline_passed(&mut self, world: &mut H, io: &mut Io<'_>) {
        match std::mem::replace(&mut self.deadline, Deadline::Unset) {
            // The last answer is still on its way to a slow client: as long as it moves, all is well.
            Deadline::Idle { pending } if io.pending() > 0 && io.pending() != pending => {
                self.set_deadline(b"", world.limits(), io);
            }
            // A browser opens connections before it needs them. That is no request, so there is no 408.
            Deadline::Idle { .. } | Deadline::Unset => self.over(world, io),
            Deadline::Head => {
                self.refuse(Status::RequestTimeout, "The request's head took too long.\n", world, io);
            }
            Deadline::Body { seen } if world.limits().is_fast_enough(self.body_seen() - seen) => {
                self.set_deadline(b"", world.limits(), io);
            }
            Deadline::Body { .. } => {
                self.refuse(Status::RequestTimeout, "The request's body took too long.\n", world, io);
            }
            Deadline::Handler => self.later(Event::Deadline, world, io),
        }
    }

    /// How much content has come of the body that is being read.
    fn body_seen(&self) -> u64 {
        match &self.state {
            State::Body(_, body) | State::Drain(body, _) => body.seen(),
            State::Head(_) | State::Later(..) | State::Switched(_) | State::Busy(_) | State::Over => 0,
        }
    }
}
