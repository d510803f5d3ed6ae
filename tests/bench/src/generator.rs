//! The generator: all connections of a load in one thread and one poll, as fast as they are answered.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use crate::load::{Load, Talk};
use crate::member::{Member, Opened};
use crate::script::Script;

/// Before the clock runs, of the time that is measured: a server's buffers and caches, and a just-in-time compiler.
const WARM: f64 = 0.25;
/// From one answer to the next, when nothing more is asked.
const REST: Duration = Duration::from_secs(10);
/// Questions in a row are sent from one buffer of about this size.
const BUFFER: usize = 64 << 10;

/// What came of it.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Answers; with [`Talk::All`], deliveries.
    pub answers: u64,
    /// In this time.
    pub time: Duration,
    /// From question to answer, in nanoseconds; with [`Talk::All`], until it has come to all.
    pub delays: Histogram<u64>,
}

/// The connections of a load, opened and checked.
pub struct Generator {
    load: Load,
    script: Script,
    /// The question, some times in a row.
    questions: Vec<u8>,
    answer: usize,
    members: Vec<Member>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    /// With [`Talk::All`]: how many have heard each of the messages in flight, the oldest first, and how many of those
    /// each member has heard.
    heard: VecDeque<usize>,
    ahead: Vec<usize>,
    /// Questions that are not answered by all yet.
    in_flight: usize,
    measured: Measured,
    asks_on: bool,
}

impl Generator {
    /// Connects all and looks at an answer of each, byte for byte. `bare`: the server knows no protocol.
    ///
    /// # Errors
    /// When a connection fails or an answer is wrong: in words.
    pub fn new(load: Load, to: SocketAddr, bare: bool) -> Result<Generator, String> {
        Generator::with(load, to, Script::new(&load, bare, &to.to_string()))
    }

    /// The same with these bytes.
    pub(crate) fn with(load: Load, to: SocketAddr, script: Script) -> Result<Generator, String> {
        let mut opened = Vec::with_capacity(load.connections);
        for number in 0..load.connections {
            let one = match load.talk {
                // Here one question is answered to everybody, so it is asked when all have come.
                Talk::All(_) => Opened::waits(to, &script),
                _ => Opened::new(to, &script, load.depth),
            };
            opened.push(one.map_err(|why| format!("connection {number}: {why}"))?);
        }
        let mut generator = Generator {
            load,
            questions: script.question.repeat((BUFFER / script.question.len()).max(1)),
            script,
            answer: 0,
            members: Vec::new(),
            poll: Poll::new().map_err(|error| format!("cannot poll: {error}"))?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 << 10],
            heard: VecDeque::new(),
            ahead: vec![0; load.connections],
            in_flight: 0,
            measured: nothing(),
            asks_on: false,
        };
        generator.looks(&mut opened)?;
        generator.begins(opened).map_err(|error| format!("cannot watch the connections: {error}"))?;
        Ok(generator)
    }

    /// Looks at answers; all connections are idle.
    fn looks(&mut self, opened: &mut [Opened]) -> Result<(), String> {
        if let Talk::All(_) = self.load.talk {
            let all = self.script.question.repeat(self.load.depth);
            opened[0].sends(&all)?;
            for (number, one) in opened.iter_mut().enumerate() {
                let heard = one.hears(&self.script, self.load.depth);
                heard.map_err(|why| format!("connection {number}: {why}"))?;
            }
        }
        self.answer = opened[0].answer;
        match opened.iter().find(|one| one.answer != self.answer) {
            Some(other) => Err(format!("one answer has {} bytes, another {}", self.answer, other.answer)),
            None => Ok(()),
        }
    }

    fn begins(&mut self, opened: Vec<Opened>) -> io::Result<()> {
        for (number, one) in opened.into_iter().enumerate() {
            let mut member = one.member()?;
            let interests = Interest::READABLE.add(Interest::WRITABLE);
            self.poll.registry().register(&mut member.socket, Token(number), interests)?;
            self.members.push(member);
        }
        Ok(())
    }

    /// Asks for so long. `at` is called at the beginning and at the end of what is measured.
    ///
    /// # Errors
    /// When a connection breaks, or an answer is missing at the end.
    pub fn runs(&mut self, time: Duration, mut at: impl FnMut()) -> Result<Measured, String> {
        self.all_ask()?;
        self.turns(time.mul_f64(WARM))?;
        self.measured = nothing();
        at();
        let begin = Instant::now();
        self.turns(time)?;
        self.measured.time = begin.elapsed();
        at();
        let measured = std::mem::replace(&mut self.measured, nothing());
        self.rests()?;
        Ok(measured)
    }

    /// Asks for so long, waits for the rest, and says how many answers that were in all: for who counts what the server
    /// does from one silence to the next.
    ///
    /// # Errors
    /// As [`Generator::runs`].
    pub fn counts(&mut self, time: Duration) -> Result<u64, String> {
        self.measured = nothing();
        self.all_ask()?;
        self.turns(time)?;
        self.rests()?;
        Ok(self.measured.answers)
    }

    fn all_ask(&mut self) -> Result<(), String> {
        self.asks_on = true;
        let askers = if let Talk::All(_) = self.load.talk { 1 } else { self.members.len() };
        (0..askers).try_for_each(|number| self.asks(number, self.load.depth, Instant::now())).map_err(broken)
    }

    fn rests(&mut self) -> Result<(), String> {
        self.asks_on = false;
        let (mut end, mut answers) = (Instant::now() + REST, self.measured.answers);
        while self.in_flight > 0 && Instant::now() < end {
            self.turn(end).map_err(broken)?;
            // Whoever is watched by strace is slow, and answers.
            if self.measured.answers > answers {
                (end, answers) = (Instant::now() + REST, self.measured.answers);
            }
        }
        match self.in_flight {
            0 => Ok(()),
            left => Err(format!("{left} questions were never answered")),
        }
    }

    /// Looks at an answer of each connection once more: what was counted was no rubbish.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub fn ends(mut self) -> Result<(), String> {
        let mut opened = Vec::with_capacity(self.members.len());
        for mut member in std::mem::take(&mut self.members) {
            let back =
                self.poll.registry().deregister(&mut member.socket).and_then(|()| member.opened(self.answer));
            opened.push(back.map_err(broken)?);
        }
        if !matches!(self.load.talk, Talk::All(_)) {
            for (number, one) in opened.iter_mut().enumerate() {
                one.asks(&self.script, 1)
                    .map_err(|why| format!("connection {number}, after the load: {why}"))?;
            }
        }
        self.looks(&mut opened).map_err(|why| format!("after the load: {why}"))
    }

    fn turns(&mut self, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(end).map_err(broken)?;
        }
        Ok(())
    }

    fn turn(&mut self, until: Instant) -> io::Result<()> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        match self.poll.poll(&mut events, Some(until.saturating_duration_since(Instant::now()))) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
            other => other?,
        }
        for event in &events {
            let number = event.token().0;
            if event.is_writable() {
                self.members[number].sends(&self.questions, self.script.question.len())?;
            }
            if event.is_readable() {
                let count = self.members[number].hears(&mut self.buffer, self.answer)?;
                if count > 0 {
                    self.answered(number, count)?;
                }
            }
        }
        self.events = events;
        Ok(())
    }

    fn answered(&mut self, number: usize, count: usize) -> io::Result<()> {
        let now = Instant::now();
        self.measured.answers += count as u64;
        match self.load.talk {
            Talk::All(_) => {
                let complete = self.heard_by(number, count);
                self.complete(0, complete, now)
            }
            _ => self.complete(number, count, now),
        }
    }

    /// A member has heard so many more messages: how many are heard by all now.
    fn heard_by(&mut self, number: usize, count: usize) -> usize {
        let from = self.ahead[number];
        self.ahead[number] += count;
        if self.heard.len() < from + count {
            self.heard.resize(from + count, 0);
        }
        self.heard.iter_mut().skip(from).take(count).for_each(|members| *members += 1);
        let all = self.members.len();
        let complete = self.heard.iter().take_while(|&&members| members == all).count();
        if complete > 0 {
            self.heard.drain(..complete);
            self.ahead.iter_mut().for_each(|ahead| *ahead -= complete);
        }
        complete
    }

    /// So many questions of this member have their answer.
    fn complete(&mut self, number: usize, count: usize, now: Instant) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let delays = &mut self.measured.delays;
        self.members[number].answered(count, |asked, count| {
            // Within bounds: a delay of more than a minute counts as one.
            delays.saturating_record_n((now - asked).as_nanos() as u64, count as u64);
        });
        self.in_flight -= count;
        if self.asks_on { self.asks(number, count, now) } else { Ok(()) }
    }

    fn asks(&mut self, number: usize, count: usize, now: Instant) -> io::Result<()> {
        self.in_flight += count;
        self.members[number].asks(count, &self.questions, self.script.question.len(), now)
    }
}

fn broken(error: io::Error) -> String {
    format!("a connection broke under load: {error}")
}

fn nothing() -> Measured {
    // From a nanosecond to a minute, with three digits.
    let delays = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("these are bounds that it allows");
    Measured { answers: 0, time: Duration::ZERO, delays }
}
