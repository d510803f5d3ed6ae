//! The hub: who is connected, who is in which room, and how a message reaches them.

use std::collections::HashMap;

use messages::{Message, Socket, close_code, encode};
use poll::{Chunk, ConnId, Net, Sent};

/// All members of an application and the rooms they are in. `M` is what the application knows of each.
///
/// **Nobody waits for a slow reader, and nobody's messages are lost in silence.** A member for whom more would
/// be waiting than the loop keeps (`MAX_QUEUE`, 1 MiB) is told nothing more: what it got has no hole in it. It
/// is woken, and its own callback closes it ([`Hub::close_if_slow`]). So a member that does not read costs at
/// most `MAX_QUEUE` and the time that a closing connection is given.
///
/// There is one answer to a slow reader here. Rung 12 lets the application choose: leave out the newest message,
/// replace the last one, or disconnect.
pub struct Hub<M> {
    members: HashMap<ConnId, Member<M>>,
    /// Ids in the order of arrival. A room exists while somebody is in it.
    rooms: HashMap<String, Vec<ConnId>>,
}

struct Member<M> {
    room: String,
    too_slow: bool,
    of_application: M,
}

impl<M> Default for Hub<M> {
    fn default() -> Hub<M> {
        Hub { members: HashMap::new(), rooms: HashMap::new() }
    }
}

/// Who is where.
impl<M> Hub<M> {
    /// Puts somebody into a room, out of the one before.
    pub fn enter(&mut self, id: ConnId, room: &str, member: M) {
        self.leave(id);
        self.rooms.entry(room.to_string()).or_default().push(id);
        self.members.insert(id, Member { room: room.to_string(), too_slow: false, of_application: member });
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

/// From this size on members share a frame; below it each gets a copy, behind what else it is sent, so that all
/// leaves in one part of one write. Chosen for memory's sake: copies of a megabyte for a thousand slow readers would
/// be a gigabyte. Rung 10 hands over instead of copying from 64 KiB on, where only speed counts.
const SHARED: usize = 16 * 1024;

/// Sending. A message is encoded once, however many get it.
impl<M> Hub<M> {
    /// Sends to one member.
    pub fn send_to_one(&mut self, id: ConnId, message: &Message<'_>, net: &mut Net) {
        if let Some(member) = self.members.get_mut(&id) {
            member.give(id, &Frame::new(message), net);
        }
    }

    /// Sends to all members, in whichever room they are.
    pub fn send_to_all(&mut self, message: &Message<'_>, net: &mut Net) {
        let frame = Frame::new(message);
        for (&id, member) in &mut self.members {
            member.give(id, &frame, net);
        }
    }

    /// Sends to all in a room.
    pub fn send_to_room(&mut self, room: &str, message: &Message<'_>, net: &mut Net) {
        self.send_to_room_but(None, room, message, net);
    }

    /// Sends to all in the sender's room but the sender.
    pub fn send_to_others(&mut self, sender: ConnId, message: &Message<'_>, net: &mut Net) {
        if let Some(room) = self.room_of(sender).map(str::to_string) {
            self.send_to_room_but(Some(sender), &room, message, net);
        }
    }

    fn send_to_room_but(&mut self, but: Option<ConnId>, room: &str, message: &Message<'_>, net: &mut Net) {
        let Some(ids) = self.rooms.get(room) else { return };
        let frame = Frame::new(message);
        for &id in ids.iter().filter(|&&id| Some(id) != but) {
            if let Some(member) = self.members.get_mut(&id) {
                member.give(id, &frame, net);
            }
        }
    }

    /// Closes the connection if its member does not read. To be called from
    /// [`Application::woken`](messages::Application::woken). 1008 stands behind what was queued: a reader that was
    /// only slow learns why.
    pub fn close_if_slow(&self, socket: &mut Socket<'_, '_>) {
        if self.members.get(&socket.id()).is_some_and(|member| member.too_slow) {
            socket.close(close_code::POLICY, "you read too slowly");
        }
    }
}

/// A message as it stands on the wire.
struct Frame(std::sync::Arc<[u8]>);

impl Frame {
    fn new(message: &Message<'_>) -> Frame {
        Frame(encode(message))
    }
}

impl<M> Member<M> {
    fn give(&mut self, id: ConnId, Frame(frame): &Frame, net: &mut Net) {
        if self.too_slow {
            return;
        }
        let sent = match frame.len() {
            ..SHARED => net.send_to(id, frame),
            _ => net.push_to(id, Chunk::Shared(frame.clone())),
        };
        match sent {
            // Gone: its Close frame is out, and nothing may follow it. Its own callback comes soon.
            Sent::Queued | Sent::Slow | Sent::Gone => {}
            Sent::Dropped => {
                self.too_slow = true;
                net.wake(id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
