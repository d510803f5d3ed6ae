//! The hub: who is connected, who is in which room, and how a message reaches them.

use std::collections::HashMap;
use std::mem;

use messages::{Message, Socket};
use poll::{ConnId, ConnMap, Net};

use crate::reader::{Frame, Reader};
use crate::slow::{Lost, SlowReader};

/// All members of an application and the rooms they are in. `M` is what the application knows of each.
///
/// **Nobody waits for a slow reader, and nobody's messages are lost in silence.** What becomes of a message for a member
/// who does not read is the application's choice, for the hub ([`Hub::new`]) or for one message
/// ([`Hub::when_slow`]); all that is left out is counted ([`Hub::lost`]). A member that does not read costs at most
/// `MAX_QUEUE` (1 MiB), 64 KiB of latest values, and, where it is closed, the time that a closing connection is given.
///
/// An application hands on three callbacks: `woken` to [`Hub::close_if_slow`], `drained` to [`Hub::drained`], `close` to
/// [`Hub::leave`].
pub struct Hub<M> {
    members: ConnMap<Member<M>>,
    /// Ids in the order of arrival. A room exists while somebody is in it.
    rooms: HashMap<String, Vec<ConnId>>,
    slow: SlowReader,
    /// So many messages may be on the way to a member who confirms them.
    window: u32,
    lost: Lost,
}

struct Member<M> {
    room: String,
    reader: Reader,
    of_application: M,
}

/// A slow reader is disconnected, with 1008.
impl<M> Default for Hub<M> {
    fn default() -> Hub<M> {
        Hub::new(SlowReader::default())
    }
}

/// Who is where.
impl<M> Hub<M> {
    /// A hub where nobody is. `slow` is what becomes of a message for a slow reader, unless the message has a choice
    /// of its own.
    pub fn new(slow: SlowReader) -> Hub<M> {
        let (members, rooms) = (ConnMap::default(), HashMap::new());
        Hub { members, rooms, slow, window: u32::MAX, lost: Lost::default() }
    }

    /// Puts somebody into a room, out of the one before.
    pub fn enter(&mut self, id: ConnId, room: &str, member: M) {
        // Who reads slowly does so in every room: what is held and what was missed go along.
        let reader =
            self.members.get_mut(&id).map(|member| mem::take(&mut member.reader)).unwrap_or_default();
        self.leave(id);
        self.rooms.entry(room.to_string()).or_default().push(id);
        let member = Member { room: room.to_string(), reader, of_application: member };
        self.members.insert(id, member);
    }

    /// Takes somebody out. `None`: was not here.
    pub fn leave(&mut self, id: ConnId) -> Option<M> {
        let member = self.members.remove(&id)?;
        if let Some(room) = self.rooms.get_mut(&member.room) {
            // Shifts at most all who came later: less work than telling them.
            room.retain(|&other| other != id);
            if room.is_empty() {
                self.rooms.remove(&member.room);
            }
        }
        Some(member.of_application)
    }

    /// What the application knows of a member.
    pub fn member(&self, id: ConnId) -> Option<&M> {
        self.members.get(&id).map(|member| &member.of_application)
    }

    /// The room that a member is in.
    pub fn room_of(&self, id: ConnId) -> Option<&str> {
        self.members.get(&id).map(|member| member.room.as_str())
    }

    /// Those in a room, in the order in which they came.
    pub fn members_of(&self, room: &str) -> impl Iterator<Item = (ConnId, &M)> {
        let ids = self.rooms.get(room).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|&id| Some((id, self.member(id)?)))
    }

    /// How many rooms have somebody in them.
    pub fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

/// Sending. A message is encoded once, however many get it.
impl<M> Hub<M> {
    /// Sends to one member.
    pub fn send_to_one(&mut self, id: ConnId, message: &Message<'_>, net: &mut Net) {
        self.when_slow(self.slow).send_to_one(id, message, net);
    }

    /// Sends to all members, in whichever room they are.
    pub fn send_to_all(&mut self, message: &Message<'_>, net: &mut Net) {
        self.when_slow(self.slow).send_to_all(message, net);
    }

    /// Sends to all in a room.
    pub fn send_to_room(&mut self, room: &str, message: &Message<'_>, net: &mut Net) {
        self.when_slow(self.slow).send_to_room(room, message, net);
    }

    /// Sends to all in the sender's room but the sender.
    pub fn send_to_others(&mut self, sender: ConnId, message: &Message<'_>, net: &mut Net) {
        self.when_slow(self.slow).send_to_others(sender, message, net);
    }

    /// Sends with another choice than the hub's: `hub.when_slow(SlowReader::DropNewest).send_to_all(..)`.
    pub fn when_slow(&mut self, slow: SlowReader) -> Sending<'_, M> {
        Sending { hub: self, slow }
    }
}

/// A message's own choice of what becomes of it where somebody reads slowly: [`Hub::when_slow`].
pub struct Sending<'a, M> {
    hub: &'a mut Hub<M>,
    slow: SlowReader,
}

impl<M> Sending<'_, M> {
    /// As [`Hub::send_to_one`].
    pub fn send_to_one(self, id: ConnId, message: &Message<'_>, net: &mut Net) {
        self.hub.give(id, &Frame::new(message), self.slow, net);
    }

    /// As [`Hub::send_to_all`].
    pub fn send_to_all(self, message: &Message<'_>, net: &mut Net) {
        let (frame, policy) = (Frame::new(message), (self.slow, self.hub.window));
        for (id, member) in self.hub.members.iter_mut() {
            member.reader.give(id, &frame, policy, net, &mut self.hub.lost);
        }
    }

    /// As [`Hub::send_to_room`].
    pub fn send_to_room(self, room: &str, message: &Message<'_>, net: &mut Net) {
        self.send_to_room_but(None, room, message, net);
    }

    /// As [`Hub::send_to_others`].
    pub fn send_to_others(self, sender: ConnId, message: &Message<'_>, net: &mut Net) {
        if let Some(room) = self.hub.room_of(sender).map(str::to_string) {
            self.send_to_room_but(Some(sender), &room, message, net);
        }
    }

    // ANCHOR: room
    fn send_to_room_but(self, but: Option<ConnId>, room: &str, message: &Message<'_>, net: &mut Net) {
        let Hub { members, rooms, window, lost, .. } = self.hub;
        let Some(ids) = rooms.get(room) else { return };
        let frame = Frame::new(message);
        for &id in ids.iter().filter(|&&id| Some(id) != but) {
            if let Some(member) = members.get_mut(&id) {
                member.reader.give(id, &frame, (self.slow, *window), net, lost);
            }
        }
    }
    // ANCHOR_END: room
}

/// Slow readers.
impl<M> Hub<M> {
    /// Members confirm what they get ([`Hub::confirm`]), and at most so many messages of the hub are on the way to one:
    /// more are left out or replaced. Those that disconnect are counted too, but never kept back.
    ///
    /// Between our queue and the reader's program stand two kernels' buffers, some megabytes, and a browser's. Who
    /// falls behind in there is not slow for the loop, and is shown old values for minutes. Only the reader knows.
    pub fn with_window(self, messages: u32) -> Hub<M> {
        Hub { window: messages, ..self }
    }

    /// The member says that it has got `count` more messages.
    pub fn confirm(&mut self, count: u32, socket: &mut Socket<'_, '_>) {
        self.go_on(socket, |reader| reader.confirm(count));
    }

    /// All that waited for the member has left: it is told the latest of what was held for it, and hears again what is
    /// sent. To be called from [`Application::drained`](messages::Application::drained).
    pub fn drained(&mut self, socket: &mut Socket<'_, '_>) {
        self.go_on(socket, Reader::drained);
    }

    /// How many messages the member has missed since this was asked last.
    pub fn take_missed(&mut self, id: ConnId) -> u64 {
        self.members.get_mut(&id).map_or(0, |member| member.reader.take_missed())
    }

    /// What slow readers have cost so far, all together.
    pub fn lost(&self) -> Lost {
        self.lost
    }

    /// Closes the connection if its member does not read and that is what [`SlowReader::Disconnect`] asks for. To be
    /// called from [`Application::woken`](messages::Application::woken). The Close frame stands behind what was queued:
    /// a reader that was only slow learns why.
    pub fn close_if_slow(&self, socket: &mut Socket<'_, '_>) {
        if let Some(code) = self.members.get(&socket.id()).and_then(|member| member.reader.refused) {
            socket.close(code, "you read too slowly");
        }
    }

    fn go_on(&mut self, socket: &mut Socket<'_, '_>, change: impl FnOnce(&mut Reader)) {
        let id = socket.id();
        let Some(member) = self.members.get_mut(&id) else { return };
        change(&mut member.reader);
        for (key, frame) in member.reader.release(self.window) {
            self.give(id, &frame, SlowReader::Coalesce { key }, socket);
        }
    }

    fn give(&mut self, id: ConnId, frame: &Frame, slow: SlowReader, net: &mut Net) {
        if let Some(member) = self.members.get_mut(&id) {
            member.reader.give(id, frame, (slow, self.window), net, &mut self.lost);
        }
    }
}

#[cfg(test)]
mod tests;
