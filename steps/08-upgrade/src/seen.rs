//! What the page shows: the handshake of its connection and the first bytes behind it.

use std::collections::VecDeque;
use std::fmt::Write;

use poll::ConnId;
use upgrade::{Extension, Handshake, accept_key};

/// The latest connections that switched.
#[derive(Default)]
pub struct Seen {
    latest: VecDeque<Switched>,
}

/// How many connections are remembered.
const REMEMBERED: usize = 100;
/// How many bytes of each.
const KEPT: usize = 64;

struct Switched {
    id: ConnId,
    tab: String,
    key: String,
    accept: String,
    subprotocol: Option<&'static str>,
    extensions: String,
    count: usize,
    first: Vec<u8>,
}

impl Seen {
    pub fn switched(
        &mut self,
        id: ConnId,
        tab: &str,
        handshake: &Handshake<'_>,
        subprotocol: Option<&'static str>,
    ) {
        if self.latest.len() == REMEMBERED {
            self.latest.pop_back();
        }
        self.latest.push_front(Switched {
            id,
            tab: tab.to_owned(),
            key: String::from_utf8_lossy(handshake.key()).into_owned(),
            accept: accept_key(handshake.key()),
            subprotocol,
            extensions: match handshake.extensions() {
                [] => "none".to_owned(),
                offered => offered.iter().map(Extension::to_string).collect::<Vec<_>>().join(", "),
            },
            count: 0,
            first: Vec::new(),
        });
    }

    pub fn came(&mut self, id: ConnId, bytes: &[u8]) {
        if let Some(switched) = self.latest.iter_mut().find(|switched| switched.id == id) {
            switched.count += bytes.len();
            let room = KEPT - switched.first.len();
            switched.first.extend_from_slice(&bytes[..room.min(bytes.len())]);
        }
    }

    /// The latest connection of this tab, as text: `name: value` lines, an empty one, and one line for each
    /// byte.
    pub fn of_tab(&self, tab: &str) -> Option<String> {
        let Switched { key, accept, subprotocol, extensions, count, first, .. } =
            self.latest.iter().find(|switched| switched.tab == tab)?;
        let subprotocol = subprotocol.unwrap_or("none");
        let mut text = format!(
            "key: {key}\naccept: {accept}\nsubprotocol: {subprotocol}\nextensions: {extensions}\nbytes: {count}\n\n"
        );
        for byte in first {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{byte:02x} {byte:08b}");
        }
        Some(text)
    }
}
