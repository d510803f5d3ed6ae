//! The chat: an application on the hub.

use std::collections::HashSet;

use lines::printable;
use messages::{Application, Close, Message, Socket, close_code};
use poll::{ConnId, Net, World};

use crate::history::{History, Said};
use crate::hub::Hub;
use crate::ids::{Ids, milliseconds};
use crate::limits::Limits;
use crate::people::{Person, check_name, check_room, fold, free_name};
use crate::protocol::{Event, Request};
use crate::slow::Lost;
use crate::typing::Typing;

/// A chat with rooms: names, presence, who is typing, history.
///
/// Who speaks is told too, like everybody else in the room. That confirms it, and it is what holds back a fast
/// talker: whose own queue is full is not read until it has left (rung 02), so the queues of those who read as fast
/// as they can never grow much over `MAX_PENDING`, however much one or many talk.
///
/// Simplified: anybody may connect, from any page, under any name, and say as much as they like. Rung 12 checks the
/// origin and who it is, limits how much one may say, and finds those who vanished without a word.
pub struct Chat {
    hub: Hub<Person>,
    history: History,
    typing: Typing,
    ids: Ids,
    limits: Limits,
}

/// The longest mark of a message, in bytes: a UUID has 36.
const MAX_KEY: usize = 64;

impl Chat {
    /// The key of the chat's one deadline; a server that has others must not use it.
    pub const TIMEOUT: u32 = 11;

    /// A chat where nobody is.
    pub fn new(limits: Limits) -> Chat {
        Chat {
            hub: Hub::new(limits.slow),
            history: History::new(limits.history, limits.rooms),
            typing: Typing::new(limits.typing),
            ids: Ids::default(),
            limits,
        }
    }

    /// Who a connection has joined as. `None`: it has not.
    pub fn person(&self, id: ConnId) -> Option<&Person> {
        self.hub.member(id)
    }

    /// What slow readers have cost so far.
    pub fn lost(&self) -> Lost {
        self.hub.lost()
    }

    fn obey(&mut self, request: Request, socket: &mut Socket<'_, '_>) -> Result<(), String> {
        match (request, self.hub.member(socket.id()).cloned()) {
            (Request::Join { name, room }, None) => self.join(&name, room.as_deref(), socket),
            (Request::Join { .. }, Some(person)) => Err(format!("you are here already, as {}", person.name)),
            (Request::Say { text, key }, Some(person)) => self.say(person, &text, key, socket),
            (Request::Typing, Some(person)) => {
                self.types(&person, socket);
                Ok(())
            }
            (Request::Say { .. } | Request::Typing, None) => Err("say who you are first: join".to_string()),
        }
    }

    fn join(&mut self, wish: &str, room: Option<&str>, socket: &mut Socket<'_, '_>) -> Result<(), String> {
        let name = check_name(wish, self.limits.name)?;
        let room = check_room(room, self.limits.name)?;
        // Looked through once: a thousand of the same name would make the thousand and first ask a million times.
        let taken: HashSet<String> = self.hub.members_of(&room).map(|(_, other)| fold(&other.name)).collect();
        let name = free_name(name, self.limits.name, |name| taken.contains(name));
        let you = Person { id: self.ids.next(socket.wall), name };
        self.hub.enter(socket.id(), &room, you.clone());
        log::info!("{} {} joined {room}, {} here", socket.id(), you.name, self.hub.members_of(&room).count());
        self.welcome(0, socket);
        self.hub.send_to_others(socket.id(), &Event::Joined(&you).message(), socket);
        Ok(())
    }

    /// Says how it stands: to who joins, and to who has missed something.
    fn welcome(&self, missed: u64, socket: &mut Socket<'_, '_>) {
        let id = socket.id();
        let (Some(you), Some(room)) = (self.hub.member(id), self.hub.room_of(id)) else { return };
        let people = self.hub.members_of(room).map(|(_, person)| person).collect();
        let history = self.history.of(room).collect();
        socket.send(Event::Welcome { you, room, people, history, missed }.message());
        let types = |&(other, _): &(ConnId, _)| other != id && self.typing.is_typing(other);
        for (_, person) in self.hub.members_of(room).filter(types) {
            socket.send(Event::Typing { id: person.id, typing: true }.message());
        }
    }

    fn say(
        &mut self,
        person: Person,
        text: &str,
        key: Option<String>,
        socket: &mut Socket<'_, '_>,
    ) -> Result<(), String> {
        let id = socket.id();
        if text.trim().is_empty() {
            return Err("there is nothing in it".to_string());
        }
        if text.chars().count() > self.limits.text {
            return Err(format!("say it in at most {} characters", self.limits.text));
        }
        if key.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
            return Err(format!("a key has at most {MAX_KEY} bytes"));
        }
        let room = self.hub.room_of(id).unwrap_or_default().to_string();
        if let Some(before) = key.as_ref().and_then(|key| self.history.with_key(&room, key)) {
            socket.send(Event::Said { said: before, key: key.as_deref() }.message());
            return Ok(());
        }
        // Another page than ours may show it in a terminal; see rung 03. Only line breaks stay.
        let text = text.split('\n').map(|line| printable(line.as_bytes())).collect::<Vec<_>>().join("\n");
        let said = Said {
            id: self.ids.next(socket.wall),
            from: person.id,
            name: person.name,
            text,
            time: milliseconds(socket.wall),
            key,
        };
        log::debug!("{id} {} says {:?}", said.name, said.text);
        self.typing.ends(id);
        socket.send(Event::Said { said: &said, key: said.key.as_deref() }.message());
        self.hub.send_to_others(id, &Event::Said { said: &said, key: None }.message(), socket);
        self.history.add(&room, said);
        Ok(())
    }

    fn types(&mut self, person: &Person, socket: &mut Socket<'_, '_>) {
        if self.typing.begins(socket.id(), socket.now) {
            self.hub.send_to_others(
                socket.id(),
                &Event::Typing { id: person.id, typing: true }.message(),
                socket,
            );
            self.set_timeout(socket);
        }
    }

    fn set_timeout(&self, net: &mut Net) {
        net.set_timeout(Chat::TIMEOUT, self.typing.next(net.now));
    }
}

impl World for Chat {
    fn timeout(&mut self, key: u32, net: &mut Net) {
        if key != Chat::TIMEOUT {
            return;
        }
        for id in self.typing.over(net.now) {
            if let Some(person) = self.hub.member(id) {
                let event = Event::Typing { id: person.id, typing: false };
                self.hub.send_to_others(id, &event.message(), net);
            }
        }
        self.set_timeout(net);
    }
}

impl Application for Chat {
    type Client = ();

    fn limits(&self) -> messages::Limits {
        self.limits.websocket
    }

    fn message(&mut self, (): &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
        let Message::Text(text) = message else {
            return socket.close(close_code::UNSUPPORTED, "this chat is text");
        };
        let request = Request::parse(&text);
        let key = request.as_ref().ok().and_then(Request::key).map(str::to_string);
        if let Err(why) = request.and_then(|request| self.obey(request, socket)) {
            log::debug!("{} is told: {why}", socket.id());
            socket.send(Event::Error { why: &why, key: key.as_deref() }.message());
        }
    }

    fn woken(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.hub.close_if_slow(socket);
    }

    fn drained(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.hub.drained(socket);
        let missed = self.hub.take_missed(socket.id());
        if missed > 0 {
            log::info!("{} reads again, and has missed {missed} messages", socket.id());
            self.welcome(missed, socket);
        }
    }

    fn close(&mut self, id: ConnId, (): (), close: Close<'_>, net: &mut Net) {
        self.typing.ends(id);
        let Some(room) = self.hub.room_of(id).map(str::to_string) else { return };
        let Some(person) = self.hub.leave(id) else { return };
        log::info!("{id} {} left {room} ({})", person.name, close.code);
        if net.is_stopping() {
            // Each would be told of each: a room of a thousand, half a million times.
            return;
        }
        self.hub.send_to_room(&room, &Event::Left(&person).message(), net);
    }
}

#[cfg(test)]
mod tests;
