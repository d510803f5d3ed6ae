//! What client and server say to each other: JSON, one object in each text message, its kind in `type`.
//! `CONTRACT.md` describes it for clients in other languages.

use std::borrow::Cow;

use messages::Message;
use serde::{Deserialize, Serialize};

use crate::history::Said;
use crate::people::Person;

/// From a client. Fields that are not known are passed over, so that a newer client can talk to an older server.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Request {
    /// The first message: who I am, and which room I want to be in (`lobby` if none is named).
    Join {
        /// The name that I would like to have.
        name: String,
        /// The room.
        room: Option<String>,
    },
    /// Says something to all in the room, me included.
    Say {
        /// What is said.
        text: String,
        /// A mark of my own choice, at most 64 bytes. Comes back to me only. What is said under a mark that the history
        /// still knows is not said again: who lost the connection before the answer came may send it once more.
        key: Option<String>,
    },
    /// I am typing. To be repeated every second or two for as long as that is true.
    Typing,
}

/// From the server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event<'a> {
    /// The answer to a join. Again, without being asked for, when the member has missed something because it did not
    /// read: here is how it stands now.
    Welcome {
        /// Who the client is now; the name may be another than the one asked for.
        you: &'a Person,
        /// The room.
        room: &'a str,
        /// All who are here, in the order in which they came, the client too.
        people: Vec<&'a Person>,
        /// What was said lately, oldest first.
        history: Vec<&'a Said>,
        /// How many messages of all kinds were left out. The history may hold some of what was said.
        #[serde(skip_serializing_if = "is_none")]
        missed: u64,
    },
    /// Somebody else came.
    Joined(&'a Person),
    /// Somebody else left.
    Left(&'a Person),
    /// Somebody said something.
    Said {
        /// What was said, by whom, when.
        #[serde(flatten)]
        said: &'a Said,
        /// The sender's own mark.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<&'a str>,
    },
    /// Somebody else began or stopped typing. Who says something has stopped, without a message for that.
    Typing {
        /// The person's id.
        id: u64,
        /// Began or stopped.
        typing: bool,
    },
    /// The last message was not understood or not allowed. The connection goes on.
    Error {
        /// In words for a person.
        why: &'a str,
        /// The mark of the message that was not said.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<&'a str>,
    },
}

fn is_none(missed: &u64) -> bool {
    *missed == 0
}

impl Request {
    /// Reads a client's message.
    ///
    /// # Errors
    /// Where it is no JSON, or which kind or field was expected, in words for whoever writes a client.
    pub fn parse(text: &str) -> Result<Request, String> {
        serde_json::from_str(text).map_err(|error| {
            let why = error.to_string();
            // It may quote the client's own words, which may be long.
            format!("this is not a message of this chat: {}", &why[..why.floor_char_boundary(200)])
        })
    }

    /// The sender's own mark.
    pub fn key(&self) -> Option<&str> {
        match self {
            Request::Say { key, .. } => key.as_deref(),
            Request::Join { .. } | Request::Typing => None,
        }
    }
}

impl Event<'_> {
    /// As a text message, to send.
    pub fn message(&self) -> Message<'static> {
        // Fails only for maps whose keys are no strings, and for writers that fail: there is neither.
        let json = serde_json::to_string(self).expect("structs and strings become JSON");
        Message::Text(Cow::Owned(json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let join = |name: &str, room: Option<&str>| Request::Join {
            name: name.to_string(),
            room: room.map(str::to_string),
        };
        let say = |text: &str, key: Option<&str>| Request::Say {
            text: text.to_string(),
            key: key.map(str::to_string),
        };
        for (json, expected) in [
            (r#"{"type":"join","name":"Ada"}"#, join("Ada", None)),
            (r#"{"name":"Ada","room":"tea","type":"join","new":[{}]}"#, join("Ada", Some("tea"))),
            (r#" { "type" : "say", "text" : "a\n\u00e4" } "#, say("a\nä", None)),
            (r#"{"type":"say","text":"","key":"k"}"#, say("", Some("k"))),
            (r#"{"type":"typing"}"#, Request::Typing),
        ] {
            assert_eq!(Request::parse(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said_in_a_few_words() {
        for (json, why) in [
            ("", "EOF"),
            ("hello", "expected value"),
            (r#"{"type":"say"}"#, "missing field `text`"),
            (r#"{"type":"say","text":5}"#, "invalid type"),
            (r#"{"text":"x"}"#, "missing field `type`"),
            (r#"{"type":"dance"}"#, "unknown variant `dance`, expected one of `join`, `say`, `typing`"),
            (r#"{"type":"typing"}{}"#, "trailing characters"),
            (&format!(r#"{{"x":{}"#, "[".repeat(60_000)), "recursion limit"),
            (&format!(r#"{{"type":"{}"}}"#, "ä".repeat(1000)), "unknown variant"),
        ] {
            let said = Request::parse(json).unwrap_err();
            assert!(said.contains(why) && said.len() < 300, "{said}");
        }
    }

    #[test]
    fn events_are_written_as_the_contract_says() {
        let ada = Person { id: 7, name: "Ada".into() };
        let said = Said {
            id: 9,
            from: 7,
            name: "Ada".into(),
            text: "<b>\"hi\"".into(),
            time: 8,
            key: Some("secret".into()),
        };
        let event =
            Event::Welcome { you: &ada, room: "tea", people: vec![&ada], history: vec![&said], missed: 0 };
        let again = Event::Welcome { you: &ada, room: "tea", people: vec![], history: vec![], missed: 5 };
        for (event, json) in [
            (
                again,
                r#"{"type":"welcome","you":{"id":7,"name":"Ada"},"room":"tea","people":[],"history":[],"missed":5}"#,
            ),
            (
                event,
                r#"{"type":"welcome","you":{"id":7,"name":"Ada"},"room":"tea","people":[{"id":7,"name":"Ada"}],"history":[{"id":9,"from":7,"name":"Ada","text":"<b>\"hi\"","time":8}]}"#,
            ),
            (Event::Joined(&ada), r#"{"type":"joined","id":7,"name":"Ada"}"#),
            (Event::Left(&ada), r#"{"type":"left","id":7,"name":"Ada"}"#),
            (
                Event::Said { said: &said, key: None },
                r#"{"type":"said","id":9,"from":7,"name":"Ada","text":"<b>\"hi\"","time":8}"#,
            ),
            (
                Event::Said { said: &said, key: Some("k") },
                r#"{"type":"said","id":9,"from":7,"name":"Ada","text":"<b>\"hi\"","time":8,"key":"k"}"#,
            ),
            (Event::Typing { id: 7, typing: true }, r#"{"type":"typing","id":7,"typing":true}"#),
            (Event::Error { why: "no", key: None }, r#"{"type":"error","why":"no"}"#),
            (Event::Error { why: "no", key: Some("k") }, r#"{"type":"error","why":"no","key":"k"}"#),
        ] {
            assert_eq!(event.message().as_bytes(), json.as_bytes());
        }
    }
}
