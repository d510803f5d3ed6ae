//! One run: the members of one way and their server, what they did and what that cost.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use harness::Server;
use load::Delivery;
use mio::{Registry, Token};

use crate::cost::{Count, Segments, memory, processor};
use crate::data::Row;
use crate::member::Member;
use crate::reader::{Heard, Message};
use crate::way::{Head, Way};

/// What one run does.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How messages come.
    pub way: Way,
    /// What stands in the requests.
    pub head: Head,
    /// How many people are in the room.
    pub members: usize,
    /// Messages a second, from all together.
    pub rate: u32,
    /// How long is measured.
    pub window: Duration,
}

impl Plan {
    /// Before it is measured, people talk as they will: then as much is on its way when it begins as when it ends.
    /// In silence deadlines of 15 s and 25 s fall into the minute, and not on its ends.
    pub(crate) fn warm_up(&self) -> Duration {
        match self.rate {
            0 => self.window / 12,
            _ => self.way.interval().max(Duration::from_millis(200)),
        }
    }
}

/// Rung 12 lets nobody join under another name than the login's.
const GUEST: &str = "Guest";

pub(crate) struct Run<'a> {
    pub plan: Plan,
    server: &'a Server,
    pub members: Vec<Member>,
    registry: Registry,
    first_token: usize,
    began: Instant,
    empty: Option<u64>,
    /// By talker: how many messages were said.
    said: Vec<u32>,
    joined: usize,
    sums: Sums,
    /// Of each delivery, in microseconds.
    delays: Vec<u32>,
    marks: Vec<Mark>,
    pub faults: Vec<String>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    words: u64,
    encoded: u64,
    requests: u64,
    hearing: [u64; 2],
    speaking: [u64; 2],
}

/// All counters at one moment.
struct Mark {
    sums: Sums,
    said: u32,
    delays: usize,
    processor: Option<Duration>,
    count: Count,
}

impl<'a> Run<'a> {
    /// All members connect. Their tokens begin with this one; two for each.
    pub fn opens(
        plan: Plan,
        server: &'a Server,
        registry: Registry,
        first_token: usize,
    ) -> Result<Run<'a>, String> {
        let address = server.address();
        let empty = memory(server);
        let cookie = match plan.way {
            Way::Guarded => Some(load::log_in([127, 0, 0, 1].into(), address, GUEST)?),
            _ => None,
        };
        let members = (0..plan.members).map(|number| {
            let token = Token(first_token + 2 * number);
            let name = if cookie.is_some() { GUEST.to_owned() } else { format!("Member {number:03}") };
            Member::comes((plan.way, plan.head), address, name, cookie.as_deref(), &registry, token)
        });
        Ok(Run {
            plan,
            server,
            members: members.collect::<Result<_, _>>()?,
            registry,
            first_token,
            began: Instant::now(),
            empty,
            said: vec![0; plan.members],
            joined: 0,
            sums: Sums::default(),
            delays: Vec::new(),
            marks: Vec::new(),
            faults: Vec::new(),
        })
    }

    /// Everybody would hear what is said now, and nothing else is on its way.
    pub fn is_ready(&self) -> bool {
        let pairs = self.plan.members * (self.plan.members - 1) / 2;
        let joined = if self.plan.way.is_websocket() { pairs } else { 0 };
        self.joined == joined && self.members.iter().all(|member| member.is_ready)
    }

    /// Who comes next says something.
    pub fn says(&mut self) {
        let count = self.said.iter().sum::<u32>() as usize;
        // Not those who came at the same time.
        let talker = count * 37 % self.plan.members;
        let number = self.said[talker];
        self.said[talker] += 1;
        let micros = self.began.elapsed().as_micros();
        let text = format!("{talker:03} {number:04} {micros:010} good morning");
        let token = Token(self.first_token + 2 * talker + 1);
        if let Err(why) = self.members[talker].says(&text, &self.registry, token) {
            self.faults.push(why);
        }
    }

    /// Something has happened on a connection. True when a question was answered.
    pub fn event(&mut self, token: Token, writable: bool, buffer: &mut [u8]) -> bool {
        let number = token.0 - self.first_token;
        let (which, is_mouth) = (number / 2, number % 2 == 1);
        let member = &mut self.members[which];
        if writable {
            member.ear.sends(b"");
            member.mouth.iter_mut().for_each(|mouth| mouth.sends(b""));
        }
        let heard = match is_mouth {
            true => member.is_confirmed(buffer).map(|()| Vec::new()),
            false => member.hears(buffer),
        };
        let heard = heard.unwrap_or_else(|why| {
            self.faults.push(format!("member {which}: {why}"));
            Vec::new()
        });
        let mut answered = false;
        for one in heard {
            match one {
                Heard::Message(message) => self.notes(which, &message),
                Heard::Joined => self.joined += 1,
                Heard::Answer { .. } => answered = true,
                Heard::Welcome | Heard::Ping(_) => {}
            }
        }
        answered
    }

    fn notes(&mut self, which: usize, message: &Message) {
        let now = self.began.elapsed().as_micros() as u64;
        let mut numbers = message.text.split(' ').map_while(|word| word.parse::<u64>().ok());
        let (Some(talker), Some(number), Some(micros)) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return self.faults.push(format!("nobody has said {:?}", message.text));
        };
        match self.members[which].ledger.note(talker as usize, number as u32, message.id) {
            Delivery::Right => {}
            wrong => self.faults.push(format!("message {number} of {talker} at {which}: {wrong:?}")),
        }
        self.sums.words += message.words;
        self.sums.encoded += message.encoded;
        self.delays.push(now.saturating_sub(micros) as u32);
    }

    /// Remembers all counters: at the beginning of what is measured, and at its end.
    pub fn marks(&mut self) {
        let mut sums = self.sums;
        for member in &self.members {
            sums.requests += member.requests;
            let hearing = [member.ear.sent - member.spoken, member.ear.received];
            let mouth = member.mouth.as_ref().map_or([0; 2], |mouth| [mouth.sent, mouth.received]);
            for way in [0, 1] {
                sums.hearing[way] += hearing[way];
                sums.speaking[way] += mouth[way];
            }
            sums.speaking[0] += member.spoken;
        }
        self.marks.push(Mark {
            sums,
            said: self.said.iter().sum(),
            delays: self.delays.len(),
            processor: processor(self.server),
            count: Count::now(self.server),
        });
    }

    /// What is measured has begun and ended.
    pub fn is_measured(&self) -> bool {
        self.marks.len() == 2
    }

    /// All that was said has come to everybody.
    pub fn is_complete(&self) -> bool {
        self.delays.len() == self.said.iter().sum::<u32>() as usize * self.plan.members
    }

    /// What was measured. Fails for what was lost, came twice or out of order.
    pub fn row(mut self) -> Result<Row, String> {
        let lost: u64 = self.members.iter().map(|member| member.ledger.lost(&self.said)).sum();
        if lost > 0 {
            self.faults.push(format!("{lost} deliveries are lost"));
        }
        let name = self.plan.way.to_string();
        if !self.faults.is_empty() {
            self.faults.truncate(10);
            return Err(format!("{name}:\n{}", self.faults.join("\n")));
        }
        let memory = memory(self.server);
        let [begin, end] = <[Mark; 2]>::try_from(self.marks)
            .map_err(|marks| format!("{name}: {} marks, not two", marks.len()))?;
        let mut delays = self.delays[begin.delays..end.delays].to_vec();
        delays.sort_unstable();
        let at = |share: f64| delays.get((delays.len() as f64 * share) as usize).copied().unwrap_or(0);
        let of = |sum: fn(&Sums) -> u64| sum(&end.sums) - sum(&begin.sums);
        let (begin_count, end_count) = (begin.count.read(), end.count.read());
        let ears: Vec<u16> = self.members.iter().map(|member| member.ear.port).collect();
        let packets = between(&ears, &begin_count, &end_count).map(|segments| segments.segments);
        Ok(Row {
            way: name,
            head: self.plan.head.name().into(),
            rate: self.plan.rate,
            members: self.plan.members as u64,
            seconds: self.plan.window.as_secs_f64(),
            said: u64::from(end.said - begin.said),
            deliveries: delays.len() as u64,
            words: of(|sums| sums.words),
            encoded: of(|sums| sums.encoded),
            requests: of(|sums| sums.requests),
            up: of(|sums| sums.hearing[0]),
            down: of(|sums| sums.hearing[1]),
            say_up: of(|sums| sums.speaking[0]),
            say_down: of(|sums| sums.speaking[1]),
            packets_up: packets.map(|packets| packets[0]),
            packets_down: packets.map(|packets| packets[1]),
            median_us: at(0.5),
            p99_us: at(0.99),
            processor_us: end
                .processor
                .zip(begin.processor)
                .map(|(end, begin)| (end - begin).as_micros() as u64),
            memory: memory.zip(self.empty).map(|(full, empty)| full.saturating_sub(empty)),
        })
    }

    /// Holds our count of bytes against the kernel's, in and out on each ear; without `ss` there is nothing to hold.
    /// Only while nothing is on its way.
    pub fn agrees_with_the_kernel(&self) -> Result<(), String> {
        let counted = Count::now(self.server).read();
        let differs = self.members.iter().find_map(|member| {
            let bytes = counted.get(&member.ear.port)?.bytes;
            let ours = [member.ear.sent, member.ear.received];
            (bytes != ours).then(|| format!("the kernel has counted {bytes:?} bytes, we {ours:?}"))
        });
        differs.map_or(Ok(()), Err)
    }
}

/// What went over these connections between two moments.
fn between(ports: &[u16], begin: &HashMap<u16, Segments>, end: &HashMap<u16, Segments>) -> Option<Segments> {
    let mut sum = Segments::default();
    for port in ports {
        let (begin, end) = (begin.get(port)?, end.get(port)?);
        for way in [0, 1] {
            sum.segments[way] += end.segments[way] - begin.segments[way];
            sum.bytes[way] += end.bytes[way] - begin.bytes[way];
        }
    }
    Some(sum)
}
