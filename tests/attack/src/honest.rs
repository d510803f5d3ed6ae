//! The honest client: it asks for little, reads what it gets, and must be served whatever the others do.

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use harness::Frame;
use harness::frame::{CLOSE, PONG, TEXT};

use crate::talk::Talk;
use crate::target::{Application, Speech, Target};

/// Between two questions of the one who stays.
const PAUSE: Duration = Duration::from_millis(25);
/// Each so many questions somebody new comes, and is served from the first handshake on.
const NEWCOMER: usize = 5;

/// How it was served.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// How long each question took, sorted.
    pub delays: Vec<Duration>,
    /// Each time it was not served, and why.
    pub failures: Vec<String>,
}

impl Served {
    pub fn median(&self) -> Option<Duration> {
        self.delays.get(self.delays.len() / 2).copied()
    }

    /// The longest; a failure is no delay.
    pub fn worst(&self) -> Option<Duration> {
        self.delays.last().copied()
    }
}

/// An honest client that asks, in a thread of its own, until it is told to stop.
pub struct Honest {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Served>,
}

impl Honest {
    /// One connection that stays, where the server speaks something that stays open, and `newcomers` or not. Returns
    /// when the first of them has been served, or was not.
    pub fn begins(target: &Target, newcomers: bool) -> Honest {
        let (target, over) = (target.clone(), Arc::new(AtomicBool::new(false)));
        let stop = over.clone();
        let (sender, begun) = mpsc::channel();
        let thread = std::thread::spawn(move || asks(&target, newcomers, &sender, &stop));
        // An error: the thread has died, which `ends` tells.
        let _ = begun.recv();
        Honest { over, thread }
    }

    /// It finishes its question, and tells.
    pub fn ends(self) -> Served {
        self.over.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let died = |_| Served { failures: vec!["the honest client itself died".into()], ..Served::default() };
        let mut served = self.thread.join().unwrap_or_else(died);
        served.delays.sort();
        served
    }
}

fn asks(target: &Target, newcomers: bool, begun: &Sender<()>, over: &AtomicBool) -> Served {
    let mut served = Served::default();
    let mut staying = None;
    for number in 0_usize.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let result = match number % NEWCOMER == 1 || !stays(target) {
            true if newcomers => newcomer(target).map(Some),
            true => Ok(None),
            false => question(target, &mut staying),
        };
        let result = match result {
            Err(error) if target.speech == Speech::Lines && is_dropped(&error) => {
                staying = None;
                comes_back(target).map(Some)
            }
            result => result,
        };
        match result {
            Ok(delay) => served.delays.extend(delay),
            Err(error) => {
                served.failures.push(error.to_string());
                staying = None;
            }
        }
        // Nobody listens after the first time.
        let _ = begun.send(());
        std::thread::park_timeout(PAUSE);
    }
    served
}

/// A connection of HTTP ends with its idle time, by right; the others stay.
fn stays(target: &Target) -> bool {
    !target.is_http() || target.has_frames()
}

/// Somebody new comes, is served once and leaves: how long that took.
pub fn newcomer(target: &Target) -> Result<Duration> {
    let start = Instant::now();
    if target.has_frames() {
        let mut talk = target.open("honest", target.honest)?;
        ask(target, &mut talk, 0)?;
        let delay = start.elapsed();
        talk.send_frame(&Frame::close(1000, ""))?;
        talk.frame_with(CLOSE, &1000_u16.to_be_bytes())?;
        return Ok(delay);
    }
    let mut talk = target.connect(target.honest)?;
    if target.is_http() {
        talk.send(target.request("GET", "/", &[("Connection", "close")]))?;
        let status = talk.answer()?.status;
        if !(200..400).contains(&status) {
            return Err(Error::other(format!("GET / was answered {status}")));
        }
    } else {
        ask(target, &mut talk, 0)?;
    }
    Ok(start.elapsed())
}

/// The chat of rung 03 drops who reads too slowly for what the others say (MAX_QUEUE), and in a flood that may be an honest
/// one. It is served if somebody new is, in the time that one question may take.
fn comes_back(target: &Target) -> Result<Duration> {
    let start = Instant::now();
    loop {
        match newcomer(target) {
            Err(error) if is_dropped(&error) && start.elapsed() < target.honest => {}
            result => return result.map(|_| start.elapsed()),
        }
    }
}

fn is_dropped(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe)
}

/// A question on the connection that stays; `None`: it was only opened now.
fn question(target: &Target, staying: &mut Option<(Talk, u32)>) -> Result<Option<Duration>> {
    let Some((talk, number)) = staying else {
        let talk = if target.has_frames() {
            target.open("honest", target.honest)?
        } else {
            target.connect(target.honest)?
        };
        *staying = Some((talk, 0));
        return Ok(None);
    };
    *number += 1;
    let start = Instant::now();
    ask(target, talk, *number)?;
    Ok(Some(start.elapsed()))
}

fn ask(target: &Target, talk: &mut Talk, number: u32) -> Result<()> {
    let word = format!("honest {number}.");
    match (target.speech, target.application()) {
        (Speech::Echo, _) => {
            talk.send(&word)?;
            talk.exactly(word.len())?;
        }
        (Speech::Lines, _) => {
            // The greeting of a new connection names who is here too.
            if number <= 1 {
                talk.until(b"\n* here: ")?;
            }
            talk.send("/who\n")?;
            talk.until(b"\n* here: ")?;
        }
        // Only newcomers say something in a chat: those who stay would soon have said more than a person may.
        (Speech::Http, Some(Application::Chat)) if number > 0 => {
            talk.send_frame(&Frame::ping(&word))?;
            talk.frame_with(PONG, word.as_bytes())?;
        }
        (Speech::Http, Some(Application::Echo | Application::Chat)) => {
            talk.send_frame(&target.message(&word))?;
            talk.frame_with(TEXT, word.as_bytes())?;
        }
        (Speech::Http, _) => {
            talk.send_frame(&Frame::ping(&word))?;
            talk.frame_with(PONG, word.as_bytes())?;
        }
    }
    Ok(())
}
