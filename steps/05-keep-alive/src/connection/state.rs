//! Where a connection can be, and all legal moves from there.

use request::Arrival;

use super::Conversation;
use super::deadline::Deadline;
use crate::Handler;
use crate::answer::Facts;
use crate::body::BodyDecoder;

/// Where the connection is. Each state holds only what is valid in it.
///
/// ```text
///          ┌─────────── next request ──────────┐
///          ▼                                   │
/// ──────► Head ──► Body ◄─► Later ──► Drain ───┤      from everywhere: Over
///          │        │                  ▲       │
///          │        └──────────────────┘       │
///          └──► Switched (101)                 │
/// ```
pub(super) enum State<H: Handler> {
    /// Between two requests, or in the middle of a head.
    Head(Arrival),
    /// The handler reads the body.
    Body(Box<Exchange<H>>, BodyDecoder),
    /// The answer comes later. What is left of the body waits.
    Later(Box<Exchange<H>>, Option<BodyDecoder>),
    /// The answer is complete; what is left of the body is thrown away, so many bytes of the connection at most.
    Drain(BodyDecoder, u64),
    /// HTTP is over, the successor has the bytes.
    Switched(H::Successor),
    /// For the length of a call: the handler has the exchange. Where it was taken from.
    Busy(Place),
    /// The connection is closing.
    Over,
}

/// A request that is not answered yet.
pub(super) struct Exchange<H: Handler> {
    pub of_handler: H::Exchange,
    pub facts: Facts,
}

/// A [`State`] without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Head,
    Body,
    Later,
    Drain,
    Switched,
    Over,
}

/// Every legal move. What is not here does not happen: `go` is the only place that moves, and checks.
#[rustfmt::skip]
pub(super) const MOVES: &[(Place, Place)] = {
    use Place::*;
    &[
        (Head, Head),       // a request without a body is answered at once
        (Head, Body),       // the handler reads the body
        (Head, Later),      // the answer comes later
        (Head, Drain),      // answered, and nobody reads the body
        (Head, Switched),   // 101
        (Head, Over),       // refused, the last answer, idle for too long, FIN
        (Body, Body),       // a part of the body, not the last
        (Body, Head),       // the body was read and the answer is out
        (Body, Later),      // the body was read, or enough of it
        (Body, Drain),      // answered before the body's end
        (Body, Over),       // refused, the last answer, too slow, FIN
        (Later, Later),     // something happened, but not the answer
        (Later, Head),      // the answer is out
        (Later, Body),      // the handler reads on
        (Later, Drain),     // the answer is out, and nobody reads the body
        (Later, Switched),  // 101, after some thought
        (Later, Over),      // the last answer, or none
        (Drain, Head),      // that was all of the body
        (Drain, Over),      // there was more than we throw away, too slow, FIN
        (Over, Over),       // closing is closing
    ]
};

impl<H: Handler> State<H> {
    pub fn place(&self) -> Place {
        match self {
            State::Head(_) => Place::Head,
            State::Body(..) => Place::Body,
            State::Later(..) => Place::Later,
            State::Drain(..) => Place::Drain,
            State::Switched(_) => Place::Switched,
            State::Busy(from) => *from,
            State::Over => Place::Over,
        }
    }
}

impl<H: Handler> Conversation<H> {
    /// The one place where the state changes.
    // ANCHOR: go
    pub(super) fn go(&mut self, to: State<H>) {
        let step = (self.state.place(), to.place());
        debug_assert!(MOVES.contains(&step), "{step:?} is no legal move");
        self.state = to;
    }
    // ANCHOR_END: go

    /// Takes the state, for a call of the handler. [`go`](Conversation::go) must follow.
    pub(super) fn take(&mut self) -> State<H> {
        let busy = State::Busy(self.state.place());
        std::mem::replace(&mut self.state, busy)
    }

    /// The answer is out, and the body is behind us: what comes now is a head, with a deadline of its own.
    pub(super) fn next_request(&mut self) {
        self.go(State::Head(Arrival::default()));
        self.deadline = Deadline::Unset;
    }
}

#[cfg(test)]
mod tests {
    use super::{MOVES, Place};

    /// The chapter's diagram is this list. It changes only together with the diagram.
    #[test]
    fn the_moves_that_are_legal() {
        use Place::*;
        let places = [Head, Body, Later, Drain, Switched, Over];
        let to = |from| places.into_iter().filter(|&to| MOVES.contains(&(from, to))).collect::<Vec<_>>();
        assert_eq!(to(Head), [Head, Body, Later, Drain, Switched, Over]);
        assert_eq!(to(Body), [Head, Body, Later, Drain, Over], "a request with a body is not switched");
        assert_eq!(to(Later), [Head, Body, Later, Drain, Switched, Over]);
        assert_eq!(to(Drain), [Head, Over]);
        assert_eq!(to(Switched), [], "HTTP never comes back; the successor closes");
        assert_eq!(to(Over), [Over]);
        let mut unique = MOVES.to_vec();
        unique.dedup();
        assert_eq!(unique.len(), MOVES.len());
    }
}
