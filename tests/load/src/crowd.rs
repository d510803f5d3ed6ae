//! All members, on one thread: they come, talk, listen, and go.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use harness::ws;
use mio::{Events, Interest, Poll, Token};

use crate::http::socket_from;
use crate::member::{Member, begin};
use crate::plan::{Plan, TALKERS};
use crate::state::{End, State};
use crate::tally::Tally;

/// So many are on their way in at a time. A listener's queue holds some thousands, but the kernel drops what comes
/// while it is full, and tries again after a second.
const ON_THE_WAY: usize = 256;

pub(crate) struct Crowd {
    plan: Plan,
    to: SocketAddr,
    from: Vec<Ipv4Addr>,
    /// The Cookie field of each address.
    cookies: Vec<String>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    members: Vec<Member>,
    pub tally: Tally,
    /// By room and talker: how many messages were said.
    said: Vec<[u32; TALKERS]>,
    here: usize,
    gone: usize,
}

/// Coming and going.
impl Crowd {
    pub fn new(plan: Plan, to: SocketAddr, cookies: Vec<String>) -> Result<Crowd, String> {
        Ok(Crowd {
            plan,
            to,
            from: plan.addresses().collect(),
            cookies,
            poll: Poll::new().map_err(|error| format!("cannot poll: {error}"))?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 64 * 1024],
            members: Vec::with_capacity(plan.connections),
            tally: Tally::new(Instant::now()),
            said: vec![[0; TALKERS]; plan.rooms()],
            here: 0,
            gone: 0,
        })
    }

    /// All come and enter their rooms; returns when all are there, when some were refused and the others are there,
    /// or after `limit`.
    pub fn comes(&mut self, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        while self.here + self.gone < self.plan.connections && Instant::now() < end {
            while self.members.len() < self.plan.connections
                && self.members.len() - self.here - self.gone < ON_THE_WAY
            {
                self.one_comes()?;
            }
            self.turn(end)?;
        }
        Ok(())
    }

    fn one_comes(&mut self) -> Result<(), String> {
        let number = self.members.len();
        let seat = self.plan.seat(number);
        let mut socket = begin(socket_from(self.from[seat.address])?, self.to)
            .map_err(|error| format!("connection {number} cannot connect: {error}"))?;
        let interests = Interest::READABLE.add(Interest::WRITABLE);
        let watched = self.poll.registry().register(&mut socket, Token(number), interests);
        watched.map_err(|error| format!("connection {number} cannot be watched: {error}"))?;
        self.members.push(Member::new(socket, seat, Instant::now()));
        Ok(())
    }

    /// Listens until nobody is left, or until `limit` is over.
    pub fn leaves(&mut self, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        while self.gone < self.members.len() && Instant::now() < end {
            self.turn(end)?;
        }
        Ok(())
    }
}

/// Being there.
impl Crowd {
    /// The talkers talk, one after the other at equal distances, everybody listens. Whoever is late talks at once:
    /// the pace does not depend on the server's.
    pub fn talks(&mut self) -> Result<(), String> {
        self.members.iter_mut().for_each(|member| member.beats.begins());
        let (begin, time) = (Instant::now(), Duration::from_secs(self.plan.seconds));
        let talkers: Vec<usize> =
            (0..self.members.len()).filter(|&number| self.members[number].seat.talker.is_some()).collect();
        for turn in 0.. {
            let after = Plan::SAYS_EVERY.mul_f64(turn as f64 / talkers.len() as f64);
            if after >= time {
                break;
            }
            self.listens(begin + after)?;
            self.says(talkers[turn % talkers.len()]);
        }
        self.listens(begin + time)
    }

    fn says(&mut self, number: usize) {
        let member = &mut self.members[number];
        if let (State::Here, Some(talker)) = (member.state(), member.seat.talker) {
            let said = &mut self.said[member.seat.room][talker];
            member.says(talker, *said, &self.tally);
            *said += 1;
        }
    }

    /// Everybody listens until then.
    pub fn listens(&mut self, until: Instant) -> Result<(), String> {
        loop {
            self.turn(until)?;
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// Listens until all that was said has come to everybody, or until `limit` is over.
    pub fn hears_the_rest(&mut self, limit: Duration) -> Result<(), String> {
        let (end, expected) = (Instant::now() + limit, self.expected());
        while (self.tally.delays.len() as u64) < expected && Instant::now() < end {
            self.turn(end)?;
        }
        Ok(())
    }

    /// Some fall silent: they answer nothing any more. Listens until the server has closed them, or until `limit` is
    /// over. Returns how long it took with each, as far as they were closed.
    pub fn some_fall_silent(&mut self, limit: Duration) -> Result<Vec<Duration>, String> {
        let begin = Instant::now();
        let mut open: Vec<usize> = (0..self.members.len())
            .filter(|&number| self.members[number].seat.falls_silent && self.members[number].is_here())
            .collect();
        open.iter().for_each(|&number| self.members[number].answers = false);
        let mut took = Vec::new();
        while !open.is_empty() && begin.elapsed() < limit {
            self.turn(begin + limit)?;
            let before = open.len();
            open.retain(|&number| self.members[number].is_here());
            took.resize(took.len() + before - open.len(), begin.elapsed());
        }
        Ok(took)
    }

    /// One look at what has happened; waits for it until then at most.
    fn turn(&mut self, until: Instant) -> Result<(), String> {
        let wait = until.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(format!("cannot poll: {error}"));
            }
            _ => {}
        }
        for event in &self.events {
            let member = &mut self.members[event.token().0];
            let (was_here, was_gone) = (member.is_here(), member.is_gone());
            if event.is_writable() {
                let (to, cookie) = (self.to, &self.cookies[member.seat.address]);
                let handshake = || ws::handshake(&to.to_string(), "/chat", &[("Cookie", cookie)]);
                member.writable(handshake, Instant::now());
            }
            let is_end = event.is_error() || event.is_read_closed();
            if event.is_readable() || is_end {
                member.readable(is_end, &mut self.buffer, &mut self.tally);
            }
            self.here = self.here + usize::from(member.is_here()) - usize::from(was_here);
            self.gone = self.gone + usize::from(member.is_gone()) - usize::from(was_gone);
        }
        Ok(())
    }
}

/// What came of it.
impl Crowd {
    /// How many messages were said.
    pub fn said(&self) -> u64 {
        self.said.iter().flatten().map(|&count| u64::from(count)).sum()
    }

    /// How many deliveries all that was said makes: one for each member of the room, the talker too.
    pub fn expected(&self) -> u64 {
        let said =
            |member: &Member| self.said[member.seat.room].iter().map(|&count| u64::from(count)).sum::<u64>();
        self.members.iter().map(said).sum()
    }

    /// Deliveries that have not come.
    pub fn lost(&self) -> u64 {
        self.members.iter().map(|member| member.ledger.lost(&self.said[member.seat.room])).sum()
    }

    /// Everybody's heartbeats since the talk began: Pings, and the longest silence.
    pub fn beats(&self) -> Vec<(u32, Duration)> {
        let now = Instant::now();
        self.members.iter().map(|member| (member.beats.pings, member.beats.longest(now))).collect()
    }

    /// How many are in their rooms.
    pub fn here(&self) -> usize {
        self.here
    }

    /// How the connections that are over have ended, and how many in each way.
    pub fn ends(&self) -> BTreeMap<End, usize> {
        let mut ends = BTreeMap::new();
        for member in &self.members {
            if let State::Leaving(end) | State::Gone(end) = member.state() {
                *ends.entry(end.clone()).or_default() += 1;
            }
        }
        ends
    }
}
