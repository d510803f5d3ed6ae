//! Who comes, from where, into which room, and who talks.

use std::net::Ipv4Addr;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

/// How many people come, and how long they chat.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Connections, `LOAD_CONNECTIONS`, 10,000.
    pub connections: usize,
    /// Seconds during which people talk, `LOAD_SECONDS`, 60.
    pub seconds: u64,
}

/// Connections from one address, and so the server's own limit for one (`MAX_PER_ADDRESS`): nothing is raised for us,
/// and no address runs out of ports.
const PER_ADDRESS: usize = 100;
/// People in one room.
const PER_ROOM: usize = 100;
/// Every tenth member of a room talks.
const TALKS: usize = 10;
/// A delivery is noted with four bytes: ten times the usual size for ten minutes takes as much memory as one may take.
const MOST: (usize, u64) = (60_000, 600);

impl Default for Plan {
    fn default() -> Plan {
        Plan { connections: 10_000, seconds: 60 }
    }
}

impl Plan {
    /// How long after one message a talker sends the next. Longer than [`Plan::PING_INTERVAL`], so that talkers
    /// are pinged too.
    pub const SAYS_EVERY: Duration = Duration::from_secs(6);
    /// `PING_INTERVAL_MS` of the server: everybody is pinged some ten times in a minute.
    pub const PING_INTERVAL: Duration = Duration::from_secs(5);
    /// `PONG_TIMEOUT_MS` of the server.
    pub const PONG_TIMEOUT: Duration = Duration::from_secs(10);

    /// The usual plan, changed by the environment.
    ///
    /// # Errors
    /// When a variable is set to something that is no number, or to one that is too large.
    pub fn from_environment() -> Result<Plan, String> {
        let number = |name: &str, default: u64, most: u64| match std::env::var(name) {
            Err(_) => Ok(default),
            Ok(text) => match text.parse() {
                Ok(number) if (1..=most).contains(&number) => Ok(number),
                _ => Err(format!("{name} is a number from 1 to {most}, not {text:?}")),
            },
        };
        let usual = Plan::default();
        Ok(Plan {
            connections: number("LOAD_CONNECTIONS", usual.connections as u64, MOST.0 as u64)? as usize,
            seconds: number("LOAD_SECONDS", usual.seconds, MOST.1)?,
        })
    }

    /// Whether this process, and the server that it starts, may open as many files as it takes.
    ///
    /// # Errors
    /// One line that says how to allow it.
    pub fn is_possible(&self) -> Result<(), String> {
        // The server's own need beside its connections: steps/12-guard/src/descriptors.rs.
        let needed = self.connections as u64 + 600;
        let Some(limit) = getrlimit(Resource::Nofile).current.filter(|&limit| limit < needed) else {
            return Ok(());
        };
        Err(format!(
            "{} connections need {needed} open files in one process, {limit} are allowed (ulimit -Hn); to allow more: \
             sudo prlimit --pid $$ --nofile={needed}, in the shell that runs this",
            self.connections
        ))
    }

    /// The addresses people come from, in 127.0.0.0/8, all of which is this machine.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        (0..self.connections.div_ceil(PER_ADDRESS))
            .map(|number| Ipv4Addr::from_bits(0x7f01_0001 + number as u32))
    }

    /// How many rooms there are.
    pub fn rooms(&self) -> usize {
        self.connections.div_ceil(PER_ROOM)
    }

    /// How many fall silent at the end.
    pub fn silent(&self) -> usize {
        (0..self.connections).filter(|&number| self.seat(number).falls_silent).count()
    }

    /// Who the person with this number is.
    pub(crate) fn seat(&self, number: usize) -> Seat {
        // Not those of one address into one room: then a room would be as many addresses as possible.
        let (room, place) = (number % self.rooms(), number / self.rooms());
        let talker = (place % TALKS == 0).then_some(place / TALKS);
        // One in each room, none of the talkers, and not all of those who came at the same time.
        let falls_silent = place == TALKS * (room % TALKERS) + TALKS / 2;
        Seat { address: number / PER_ADDRESS, room, talker, falls_silent }
    }
}

/// Who somebody is in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Which of the addresses.
    pub address: usize,
    pub room: usize,
    /// Which of the talkers of the room, if one.
    pub talker: Option<usize>,
    /// At the end this one answers nothing any more.
    pub falls_silent: bool,
}

/// Talkers in one room.
pub(crate) const TALKERS: usize = PER_ROOM / TALKS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_rooms_of_a_hundred_people_from_a_hundred_addresses() {
        let plan = Plan::default();
        let seats: Vec<Seat> = (0..plan.connections).map(|number| plan.seat(number)).collect();
        let addresses: Vec<Ipv4Addr> = plan.addresses().collect();
        assert_eq!((addresses[0], addresses[99]), ([127, 1, 0, 1].into(), [127, 1, 0, 100].into()));
        assert_eq!((plan.rooms(), addresses.len()), (100, 100));
        for which in 0..100 {
            assert_eq!(seats.iter().filter(|seat| seat.address == which).count(), 100);
            let room = || seats.iter().filter(|seat| seat.room == which);
            let mut talkers: Vec<usize> = room().filter_map(|seat| seat.talker).collect();
            talkers.sort_unstable();
            assert_eq!((room().count(), talkers), (100, (0..TALKERS).collect()));
            assert_eq!(room().filter(|seat| seat.falls_silent && seat.talker.is_none()).count(), 1);
            let mut from: Vec<usize> = room().map(|seat| seat.address).collect();
            from.dedup();
            assert_eq!(from.len(), 100, "each of another address, and so with a name of its own");
        }
    }

    #[test]
    fn a_small_plan_has_everything_too() {
        for connections in [1, 7, 99, 101, 250, 12_345] {
            let plan = Plan { connections, seconds: 1 };
            let seats: Vec<Seat> = (0..connections).map(|number| plan.seat(number)).collect();
            assert!(seats.iter().all(|seat| seat.room < plan.rooms()));
            assert!(seats.iter().all(|seat| seat.address < plan.addresses().count()));
            assert!(seats.iter().all(|seat| seat.talker.is_none_or(|talker| talker < TALKERS)));
            assert!(
                (0..plan.rooms())
                    .all(|room| { seats.iter().any(|seat| seat.room == room && seat.talker == Some(0)) })
            );
        }
    }
}
