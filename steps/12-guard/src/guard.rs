//! The guard: who comes in, and who they are.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use poll::{ConnId, Net};
use request::Request;

use crate::address::{Address, Addresses};
use crate::counters::{ClientReport, Counters, Report, Tally, add, milliseconds};
use crate::credentials::{self, UsedTickets};
use crate::seal::{Purpose, Seal};
use crate::sentry::{Common, Sentry};
use crate::{Denial, Limits, Origins, Proxies};

/// Decides over each connection, each request and each handshake of a server, and counts.
///
/// **Whoever it lets in has a seat, and whoever has a seat is counted at one address.** The steps, each cheaper for us
/// than the one behind it:
///
/// 1. [`admit`](Guard::admit): a connection was accepted. Is there room, here and at its address?
/// 2. [`request`](Guard::request): a request is complete. Whose is it? Does its address ask too often?
/// 3. [`handshake`](Guard::handshake): it is for a WebSocket. May this page? Who is it?
/// 4. [`Sentry`]: it sends messages. Too many? Is it still there?
pub struct Guard {
    common: Rc<Common>,
    rules: Rules,
    addresses: Addresses,
    seats: HashMap<ConnId, Seat>,
    websockets: usize,
    /// Connections that are not let in, but are still being told why.
    pub(crate) at_the_door: usize,
    used_tickets: UsedTickets,
}

/// What a server's guard goes by, beside its [`Limits`].
pub struct Rules {
    /// The pages that may open a WebSocket and post forms.
    pub origins: Origins,
    /// The proxies that are believed.
    pub proxies: Proxies,
    /// What signs the passes.
    pub seal: Seal,
    /// The name of the cookie with the session: [`COOKIE`](crate::COOKIE) or [`SECURE_COOKIE`](crate::SECURE_COOKIE).
    pub cookie: &'static str,
}

/// A server that has a guard. Its connections are [`Guarded`](crate::Guarded).
pub trait HasGuard {
    /// The guard.
    fn guard(&mut self) -> &mut Guard;
}

struct Seat {
    /// Who connected: the client itself, or a proxy.
    peer: IpAddr,
    /// Where the connection is counted.
    address: Rc<Address>,
    /// That of the last request: behind a proxy, each may be of another client.
    client: Rc<Address>,
    has_asked: Cell<bool>,
    member: Option<Member>,
}

/// Who opened a WebSocket.
struct Member {
    name: String,
    since: Instant,
    tally: Rc<Tally>,
}

impl Guard {
    /// A guard who has let nobody in yet.
    pub fn new(limits: Limits, rules: Rules) -> Guard {
        Guard {
            common: Rc::new(Common { limits, counters: Counters::default() }),
            rules,
            addresses: Addresses::new(),
            seats: HashMap::new(),
            websockets: 0,
            at_the_door: 0,
            used_tickets: UsedTickets::default(),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.common.limits
    }

    /// A connection was accepted.
    ///
    /// # Errors
    /// There is no room for it, or its address connects too often. It has no seat.
    pub fn admit(&mut self, id: ConnId, peer: IpAddr, now: Instant) -> Result<(), Denial> {
        let limits = self.common.limits;
        let address = self.addresses.get(peer, &limits, now);
        if self.seats.len() >= limits.connections {
            return Err(self.deny(Denial::Full));
        }
        // All clients behind a proxy have its address: theirs are looked at when they ask.
        if !self.rules.proxies.trust(peer) {
            self.room_at(&address, now)?;
        }
        address.connections.update(|count| count + 1);
        add(&self.common.counters.accepted, 1);
        let seat = Seat { peer, client: address.clone(), address, has_asked: Cell::new(false), member: None };
        self.seats.insert(id, seat);
        Ok(())
    }

    /// Whether an address may have one more connection.
    fn room_at(&self, address: &Address, now: Instant) -> Result<(), Denial> {
        let limits = &self.common.limits;
        if address.connections.get() >= limits.per_address {
            return Err(self.deny(Denial::AddressFull));
        }
        let bucket = &mut address.buckets.borrow_mut().connections;
        bucket.take(1.0, limits.connection_rate, now).map_err(|wait| self.deny(Denial::Connections(wait)))
    }

    /// A connection is gone. Nothing happens if it had no seat.
    pub fn gone(&mut self, id: ConnId) {
        if let Some(seat) = self.seats.remove(&id) {
            seat.address.connections.update(|count| count - 1);
            self.websockets -= usize::from(seat.member.is_some());
        }
    }

    /// Whether the connection has sent a complete request.
    pub fn has_asked(&self, id: ConnId) -> bool {
        self.seats.get(&id).is_some_and(|seat| seat.has_asked.get())
    }

    /// A request is complete: to be asked before anything else about it.
    ///
    /// # Errors
    /// A proxy leaves open whose it is, or its address asks too often.
    pub fn request(&mut self, head: &Request<'_>, id: ConnId, net: &Net) -> Result<(), Denial> {
        add(&self.common.counters.requests, 1);
        let limits = self.common.limits;
        let Some(seat) = self.seats.get_mut(&id) else { return Ok(()) };
        seat.has_asked.set(true);
        let Ok(client) = self.rules.proxies.client(head, seat.peer) else {
            return Err(self.deny(Denial::Forwarded));
        };
        let client = self.addresses.get(client, &limits, net.now);
        seat.client = client.clone();
        let bucket = &mut client.buckets.borrow_mut().requests;
        bucket.take(1.0, limits.request_rate, net.now).map_err(|wait| self.deny(Denial::Requests(wait)))
    }

    /// Somebody wants to log in.
    ///
    /// # Errors
    /// A page of somebody else made the browser ask, or the address has tried too often.
    pub fn login(&self, head: &Request<'_>, id: ConnId, net: &Net) -> Result<(), Denial> {
        self.post(head)?;
        let Some(seat) = self.seats.get(&id) else { return Ok(()) };
        let bucket = &mut seat.client.buckets.borrow_mut().logins;
        bucket
            .take(1.0, self.common.limits.login_rate, net.now)
            .map_err(|wait| self.deny(Denial::Logins(wait)))
    }

    /// Somebody posts something that has an effect.
    ///
    /// # Errors
    /// A page of somebody else made the browser do it.
    pub fn post(&self, head: &Request<'_>) -> Result<(), Denial> {
        if self.rules.origins.allow(head) { Ok(()) } else { Err(self.deny(Denial::Origin)) }
    }

    /// A pass for somebody who has logged in: the value of the cookie, or the bearer token.
    pub fn session(&self, name: &str, wall: SystemTime) -> String {
        self.rules.seal.issue(Purpose::Session, name, wall + self.common.limits.session)
    }

    /// A ticket for one WebSocket, to put into its address: `/chat?ticket=...`. For a page of another site: it can set
    /// no header field, and the cookie of this site is not sent along for it.
    pub fn ticket(&self, name: &str, wall: SystemTime) -> String {
        self.rules.seal.issue(Purpose::Ticket, name, wall + self.common.limits.ticket)
    }

    /// The Set-Cookie field for a session, or for none: `""`.
    ///
    /// No script reads it (HttpOnly, RFC 6265 §4.1.2.6), and it is not sent along with what pages of other sites post or
    /// load (SameSite, RFC 6265bis §4.1.2.7).
    pub fn cookie(&self, session: &str) -> String {
        let name = self.rules.cookie;
        let secure = if name == credentials::SECURE_COOKIE { "; Secure" } else { "" };
        let age = if session.is_empty() { 0 } else { self.common.limits.session.as_secs() };
        format!("{name}={session}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
    }

    /// Whether two secrets are the same: see [`Seal::same`].
    pub fn same_secret(&self, ours: &str, theirs: &str) -> bool {
        self.rules.seal.same(ours.as_bytes(), theirs.as_bytes())
    }

    /// Who makes a request, by cookie or bearer token.
    ///
    /// # Errors
    /// Nobody we know.
    pub fn who(&self, head: &Request<'_>, wall: SystemTime) -> Result<String, Denial> {
        let pass = credentials::session(head, &self.rules.seal, self.rules.cookie, wall);
        pass.map(|pass| pass.name).ok_or_else(|| self.deny(Denial::Unknown))
    }

    /// Whether somebody is logged in, without counting a refusal when not.
    pub fn knows(&self, head: &Request<'_>, wall: SystemTime) -> Option<String> {
        credentials::session(head, &self.rules.seal, self.rules.cookie, wall).map(|pass| pass.name)
    }

    /// A handshake that is right in all that rung 08 checks. Returns who it is, and the watch of the connection.
    ///
    /// # Errors
    /// The page may not, nobody knows who it is, or (behind a proxy) there is no room at its address.
    pub fn handshake(
        &mut self,
        head: &Request<'_>,
        id: ConnId,
        net: &Net,
    ) -> Result<(String, Sentry), Denial> {
        self.post(head)?;
        let name = match credentials::ticket(head, &self.rules.seal, net.wall) {
            Some(ticket) if self.used_tickets.use_up(&ticket, net.wall) => ticket.name,
            Some(_) => return Err(self.deny(Denial::TicketUsed)),
            None => self.who(head, net.wall)?,
        };
        self.sit_at_client(id, net.now)?;
        let seat = self.seats.get_mut(&id).ok_or(Denial::Full)?;
        let tally = Rc::new(Tally::default());
        seat.member = Some(Member { name: name.clone(), since: net.now, tally: tally.clone() });
        self.websockets += 1;
        add(&self.common.counters.websockets, 1);
        Ok((name, Sentry::new(self.common.clone(), seat.address.clone(), tally, net.now)))
    }

    /// Counts a proxy's connection at the client's address from now on: a WebSocket is one client's for good.
    fn sit_at_client(&mut self, id: ConnId, now: Instant) -> Result<(), Denial> {
        let Some(seat) = self.seats.get(&id).filter(|seat| !Rc::ptr_eq(&seat.address, &seat.client)) else {
            return Ok(());
        };
        self.room_at(&seat.client, now)?;
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.address.connections.update(|count| count - 1);
            seat.client.connections.update(|count| count + 1);
            seat.address = seat.client.clone();
        }
        Ok(())
    }

    /// Counts a refusal that somebody else decided: rung 08's of a handshake, say.
    pub fn count_refusal(&self, word: &'static str) {
        self.common.counters.refuse(word);
    }

    fn deny(&self, denial: Denial) -> Denial {
        self.common.counters.refuse(denial.word());
        denial
    }

    /// All counters.
    pub fn report(&self, now: Instant) -> Report {
        let counters = &self.common.counters;
        let mut clients: Vec<_> =
            self.seats.iter().filter_map(|(id, seat)| Some((id, seat, seat.member.as_ref()?))).collect();
        clients.sort_unstable_by_key(|(id, _, member)| (member.since, id.to_string()));
        clients.truncate(Report::CLIENTS);
        Report {
            connections: self.seats.len(),
            websockets: self.websockets,
            addresses: self.addresses.len(),
            accepted: counters.accepted.get(),
            requests: counters.requests.get(),
            handshakes: counters.websockets.get(),
            messages: counters.messages.get(),
            pings: counters.pings.get(),
            bytes: counters.bytes.get(),
            pauses: counters.pauses.get(),
            latency: counters.latency.borrow().report(),
            refused: counters.refused.borrow().clone(),
            clients: clients.into_iter().map(|(id, seat, member)| client(id, seat, member, now)).collect(),
        }
    }
}

fn client(id: &ConnId, seat: &Seat, member: &Member, now: Instant) -> ClientReport {
    let Tally { messages, bytes, pauses, latency } = &*member.tally;
    ClientReport {
        id: id.to_string(),
        name: member.name.clone(),
        address: seat.address.key.to_string(),
        seconds: now.saturating_duration_since(member.since).as_secs(),
        messages: messages.get(),
        bytes: bytes.get(),
        pauses: pauses.get(),
        latency_ms: latency.get().map(milliseconds),
    }
}

#[cfg(test)]
mod tests;
