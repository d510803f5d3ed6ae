//! Who has sent how much to whom: relative sequence numbers, what is sent again, who closed.
//!
//! Each side numbers its own bytes. The numbers begin anywhere (an attacker shall not guess them, RFC 9293 §3.4.1) and
//! wrap around after 4 GiB. Here they are told from the initial sequence number on, as 64 bits: SYN is 0, the first
//! byte 1. SYN and FIN take a number each, because they too must be acknowledged.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::notes::{End, Note, Side};
use crate::segment::Segment;
use crate::tcp::Flags;
use crate::way::Way;
use crate::words::{self, Reader};

/// So many conversations are remembered; when there are more, those that have ended are forgotten, then all.
const REMEMBERED: usize = 10_000;

/// All conversations that were seen.
#[derive(Debug, Default)]
pub struct Tracker {
    server_port: Option<u16>,
    by_ends: HashMap<(SocketAddr, SocketAddr), Conversation>,
    begun: usize,
}

/// What a segment means in its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The number of the conversation, from 1 on.
    pub conversation: usize,
    /// Who sent this segment.
    pub from: Side,
    /// The client's address.
    pub client: SocketAddr,
    /// The server's address.
    pub server: SocketAddr,
    /// Where it begins, relative.
    pub sequence_number: i64,
    /// What it acknowledges, relative; `None` without ACK.
    pub acknowledgment_number: Option<i64>,
    /// The window in bytes, scaled where both sides said so.
    pub window: u64,
    /// What is in the payload; empty when there is none, or when it was not captured, was sent before or comes late.
    pub words: String,
    /// What else is worth saying.
    pub notes: Vec<Note>,
    /// With the segment that ends the conversation: how.
    pub end: Option<End>,
}

#[derive(Debug)]
struct Conversation {
    number: usize,
    client: SocketAddr,
    server: SocketAddr,
    /// What the client sends, what the server sends.
    ways: [Way; 2],
    first_fin: Option<Side>,
    /// The second FIN was sent before the first had come.
    together: bool,
    end: Option<End>,
}

impl Tracker {
    /// `server_port` tells who is the server in a conversation whose beginning was not seen.
    pub fn new(server_port: Option<u16>) -> Self {
        Self { server_port, ..Self::default() }
    }

    /// Takes the next segment in the order in which they were seen.
    pub fn take(&mut self, segment: &Segment<'_>) -> Seen {
        let (source, destination) = (segment.source, segment.destination);
        let ends = if source <= destination { (source, destination) } else { (destination, source) };
        if self.by_ends.len() >= REMEMBERED && !self.by_ends.contains_key(&ends) {
            self.forget();
        }
        let known = self.by_ends.get(&ends).is_some_and(|known| !known.is_over_before(segment));
        if !known {
            self.begun += 1;
            let new = Conversation::new(self.begun, segment, self.server_port);
            self.by_ends.insert(ends, new);
        }
        self.by_ends.get_mut(&ends).expect("it is there, or was put there").take(segment)
    }

    /// How many conversations have begun and not ended.
    pub fn open(&self) -> usize {
        self.by_ends.values().filter(|conversation| conversation.end.is_none()).count()
    }

    fn forget(&mut self) {
        self.by_ends.retain(|_, conversation| conversation.end.is_none());
        if self.by_ends.len() >= REMEMBERED {
            self.by_ends.clear();
        }
    }
}

impl Conversation {
    fn new(number: usize, segment: &Segment<'_>, server_port: Option<u16>) -> Self {
        let flags = segment.header.flags;
        let from_client = if flags.has(Flags::SYN) {
            !flags.has(Flags::ACK)
        } else {
            // Nobody can know. The port that was asked for is the server's; else the lower one mostly is.
            match server_port {
                Some(port) => segment.source.port() != port,
                None => segment.source.port() > segment.destination.port(),
            }
        };
        let (client, server) = if from_client {
            (segment.source, segment.destination)
        } else {
            (segment.destination, segment.source)
        };
        Self { number, client, server, ways: Default::default(), first_fin: None, together: false, end: None }
    }

    /// Whether this segment begins a new conversation between the same two addresses: a SYN with another number.
    fn is_over_before(&self, segment: &Segment<'_>) -> bool {
        let flags = segment.header.flags;
        let way = &self.ways[self.side_of(segment) as usize];
        flags.has(Flags::SYN)
            && !flags.has(Flags::ACK)
            && way.initial.is_some_and(|initial| initial != segment.header.sequence_number)
    }

    fn side_of(&self, segment: &Segment<'_>) -> Side {
        // An address that talks to itself (simultaneous open) is the client.
        if segment.source == self.client { Side::Client } else { Side::Server }
    }

    fn take(&mut self, segment: &Segment<'_>) -> Seen {
        let from = self.side_of(segment);
        let flags = segment.header.flags;
        let mut notes = Vec::new();

        let sequence_number = self.place(from, segment, &mut notes);
        let acknowledgment_number =
            flags.has(Flags::ACK).then(|| self.acknowledge(from, segment, &mut notes));
        let no_room = self.ways[from.other() as usize].window == Some(0);
        let new = self.ways[from as usize].advance(sequence_number, segment, no_room, &mut notes);
        let window = self.window(from, segment, &mut notes);
        let words = self.words(from, segment, new);
        self.endings(from, sequence_number, acknowledgment_number, segment, &mut notes);
        let end = self.judge_end(from, segment);

        Seen {
            conversation: self.number,
            from,
            client: self.client,
            server: self.server,
            sequence_number,
            acknowledgment_number,
            window,
            words,
            notes,
            end,
        }
    }

    /// The relative sequence number; the first segment of a side tells where its numbers begin.
    fn place(&mut self, from: Side, segment: &Segment<'_>, notes: &mut Vec<Note>) -> i64 {
        let header = &segment.header;
        let seen_nothing = self.ways.iter().all(|way| way.initial.is_none());
        let way = &mut self.ways[from as usize];
        if header.flags.has(Flags::SYN) && way.initial.is_none() {
            way.initial = Some(header.sequence_number);
            way.window_scale = header.options.window_scale;
        }
        if way.initial.is_none() && header.flags.has(Flags::RST) {
            return 0; // Who refuses has no numbers of its own.
        }
        if way.initial.is_none() {
            way.initial = Some(header.sequence_number.wrapping_sub(1));
            way.next = 1;
            way.acknowledged = 1;
            if seen_nothing {
                notes.push(Note::JoinedLate);
            }
        }
        way.relative(header.sequence_number)
    }

    /// The relative acknowledgment number. It counts the other side's bytes.
    fn acknowledge(&mut self, from: Side, segment: &Segment<'_>, notes: &mut Vec<Note>) -> i64 {
        let number = segment.header.acknowledgment_number;
        let window = segment.header.window;
        let same_window = self.ways[from as usize].window == Some(self.scaled(from, segment));
        let fin_or_rst = segment.header.flags.0 & (Flags::FIN.0 | Flags::RST.0 | Flags::SYN.0) != 0;
        let way = &mut self.ways[from.other() as usize];
        if way.initial.is_none() {
            way.initial = Some(number.wrapping_sub(1));
            way.next = 1;
            way.acknowledged = 1;
        }
        let relative = way.relative(number);
        if relative > way.next {
            notes.push(Note::AcknowledgesUnseen(relative - way.next));
            way.next = relative;
            way.reader.lose();
        }
        let nothing_new = segment.length == 0 && !fin_or_rst && relative == way.acknowledged;
        if nothing_new && way.next > way.acknowledged && same_window && window > 0 {
            notes.push(Note::DuplicateAck);
        }
        way.acknowledged = way.acknowledged.max(relative);
        relative
    }

    /// The window as it is meant: RFC 7323 §2.2 scales it in all segments but those with SYN, if both sides said so.
    fn scaled(&self, from: Side, segment: &Segment<'_>) -> u64 {
        let [client, server] = [self.ways[0].window_scale, self.ways[1].window_scale];
        let shift = match (client, server) {
            (Some(_), Some(_)) if !segment.header.flags.has(Flags::SYN) => {
                self.ways[from as usize].window_scale.unwrap_or(0)
            }
            _ => 0,
        };
        u64::from(segment.header.window) << shift
    }

    fn window(&mut self, from: Side, segment: &Segment<'_>, notes: &mut Vec<Note>) -> u64 {
        let window = self.scaled(from, segment);
        if !segment.header.flags.has(Flags::RST) {
            let before = self.ways[from as usize].window.replace(window);
            match (before, window) {
                (Some(0), 0) => {}
                (_, 0) => notes.push(Note::WindowClosed),
                (Some(0), _) => notes.push(Note::WindowOpens),
                _ => {}
            }
        }
        window
    }

    /// The first word about the payload, where it goes on: `new`, neither sent before nor late.
    fn words(&mut self, from: Side, segment: &Segment<'_>, new: bool) -> String {
        let way = &mut self.ways[from as usize];
        if segment.length == 0 || !new {
            return String::new();
        }
        let words = way.reader.read(segment.payload);
        if segment.payload.len() < segment.length {
            way.reader.lose();
        }
        if let (Side::Server, Reader::Text, Some(behind)) =
            (from, &way.reader, words::switches_protocols(segment.payload))
        {
            self.ways.iter_mut().for_each(|way| way.reader.upgrade());
            if !behind.is_empty() {
                let frames = self.ways[from as usize].reader.read(behind);
                return format!("{words}; {frames}");
            }
        }
        words
    }

    fn endings(
        &mut self,
        from: Side,
        sequence_number: i64,
        acknowledgment_number: Option<i64>,
        segment: &Segment<'_>,
        notes: &mut Vec<Note>,
    ) {
        let flags = segment.header.flags;
        if flags.has(Flags::FIN) && self.ways[from as usize].fin.is_none() {
            self.ways[from as usize].fin = Some(sequence_number + segment.length as i64);
            if self.first_fin.is_none() {
                self.first_fin = Some(from);
                notes.push(Note::HalfClose(from));
            } else {
                let others = self.ways[from.other() as usize].fin;
                self.together =
                    others.is_some_and(|fin| acknowledgment_number.is_none_or(|number| number <= fin));
            }
        }
        let nothing_from_server = self.ways[Side::Server as usize].fin.is_none()
            && self.ways[Side::Server as usize].window.is_none();
        if flags.has(Flags::RST) && from == Side::Server && nothing_from_server {
            notes.push(Note::ConnectionRefused);
        }
    }

    /// Whether this segment is the end. Told once.
    fn judge_end(&mut self, from: Side, segment: &Segment<'_>) -> Option<End> {
        if self.end.is_some() {
            return None;
        }
        let [client, server] = &self.ways;
        let acknowledged = |way: &Way| way.fin.is_some_and(|fin| way.acknowledged > fin);
        self.end = if segment.header.flags.has(Flags::RST) {
            Some(End::Reset(from))
        } else if acknowledged(client) && acknowledged(server) {
            self.first_fin.map(|first| End::Closed { first, together: self.together })
        } else {
            None
        };
        self.end
    }
}

#[cfg(test)]
mod tests;
