//! Long polling: the client asks once, and the server answers when there is something to say.
//!
//! **The question stays open until there is news, until its deadline, or until the client is gone.** After
//! each answer the client asks again, with the id of what it got; what was said in between is there at once.

use std::time::Duration;

use keep_alive::{Answer, Content, Event};
use request::Status;

use crate::{Room, Step, Way, short_poll};

/// A question that is still open.
#[derive(Debug)]
pub struct LongPoll {
    after: u64,
}

impl LongPoll {
    /// A question for what came after message `after`, to be answered after `deadline` at the latest. 0: for
    /// all there is, or comes first.
    pub fn begin(after: u64, deadline: Duration, answer: &mut Answer<'_, '_>) -> LongPoll {
        answer.set_timeout(Some(deadline));
        LongPoll { after }
    }

    /// Is there an answer now? To be asked at once, with [`Event::Woken`], and after each event.
    pub fn goes_on(&mut self, event: Event, room: &mut Room, answer: &mut Answer<'_, '_>) -> Step {
        let has_news = room.history.after(self.after).next().is_some();
        // ANCHOR: when
        match event {
            // It may have closed its half only. But an answer that may never come is not worth the wait.
            Event::HalfClosed => Step::Gone,
            _ if has_news => {
                short_poll::send_news(Way::LongPoll, self.after, room, answer);
                Step::Done
            }
            // RFC 9110 §15.3.5: "there is no additional content to send". The client asks again.
            Event::Deadline | Event::Stopping => {
                answer
                    .send(Status::NoContent, Content::Empty, |head| head.field("Cache-Control", "no-store"));
                Step::Done
            }
            Event::Woken | Event::Drained => {
                // It has seen all there is, so what comes now finds it waiting.
                self.after = room.history.last();
                Step::Waits
            }
        }
        // ANCHOR_END: when
    }
}
