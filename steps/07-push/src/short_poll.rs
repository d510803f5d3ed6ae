//! Short polling: the client asks at intervals whether there is news, and mostly there is none.
//!
//! The simplest way, and the only one that asks nothing of the server. Its delay is half the interval on
//! average; its cost is the same whether anything is said or not. To halve the one is to double the other.

use keep_alive::{Answer, Content};
use request::Status;
use serde_json::{Value, json};

use crate::{Message, Room, Way};

/// Answers with what came after message `after`, which may be nothing. 0: all there is.
pub fn answer(after: u64, room: &mut Room, answer: &mut Answer<'_, '_>) {
    send_news(Way::ShortPoll, after, room, answer);
}

/// Answers with what came after message `after`, and counts it.
pub(crate) fn send_news(way: Way, after: u64, room: &mut Room, answer: &mut Answer<'_, '_>) {
    let now = answer.io().now;
    for message in room.history.after(after) {
        room.counters.handed_over(way, after, now.saturating_duration_since(message.arrived));
    }
    send_json(&news(after, room), answer);
}

/// `{"last": 7, "messages": [...]}`; `last` is what to ask with the next time.
pub fn news(after: u64, room: &Room) -> Value {
    let messages: Vec<Value> = room.history.after(after).map(Message::json).collect();
    json!({ "last": room.history.last(), "messages": messages })
}

/// Answers 200 with JSON that nobody may keep: the next question has another answer.
pub fn send_json(value: &Value, answer: &mut Answer<'_, '_>) {
    answer.send(Status::Ok, Content::Bytes(value.to_string().as_bytes()), |head| {
        head.field("Content-Type", "application/json").field("Cache-Control", "no-store")
    });
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, UNIX_EPOCH};

    use super::*;
    use crate::History;

    /// `last` is what to ask with the next time: the newest id, also where nothing is new. Asked with it, the client gets
    /// each message once.
    #[test]
    fn the_news_are_what_came_after_and_what_to_ask_with_next() {
        let mut room = Room::new(History::new(10, UNIX_EPOCH));
        assert_eq!(news(0, &room), json!({ "last": 0, "messages": [] }));
        for text in ["one", "two"] {
            room.history.push("Ada".into(), text.into(), Instant::now(), UNIX_EPOCH);
        }
        let two = json!({ "id": 2, "at": 0, "name": "Ada", "text": "two" });
        assert_eq!(news(1, &room), json!({ "last": 2, "messages": [two] }));
        assert_eq!(news(2, &room), json!({ "last": 2, "messages": [] }));
    }
}
