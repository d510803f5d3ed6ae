//! The assembler of rung 10.
//!
//! An input: a byte that says who reads (even: the server) and the limit of a message, the cuts, then frames as in
//! `sketch.rs`.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use arbitrary::Unstructured;
use frames::Role;
use messages::{Assembler, Close, Event, Message, MessageError};

use crate::cuts::{Cuts, Fed, byte};
use crate::model::{self, Seen};
use crate::{frame, sketch};

/// What a message may have, in bytes.
const LIMITS: [usize; 4] = [0, 10, 1000, 100_000];

struct Input {
    role: Role,
    limit: usize,
    cuts: Cuts,
    wire: Vec<u8>,
}

impl Input {
    fn new(data: &[u8]) -> Input {
        let mut data = Unstructured::new(data);
        let kind = byte(&mut data);
        let role = if kind.is_multiple_of(2) { Role::Server } else { Role::Client };
        let limit = LIMITS[usize::from(kind / 2) % LIMITS.len()];
        let cuts = Cuts::take(&mut data);
        Input { role, limit, cuts, wire: sketch::frames(&mut data, role) }
    }
}

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    let Input { role, limit, cuts, wire } = Input::new(data);
    format!("Frames for a {role:?}, messages up to {limit} bytes, {cuts}:\n{}", frame::drawn(&wire, role))
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let Input { role, limit, cuts, wire } = Input::new(data);
    let expected = model::expected(role, &wire, limit);
    let finest = Cuts::finest(&wire);
    for cuts in [&Cuts::none(), &cuts, &finest] {
        let (events, fed) = assembled(role, limit, cuts, &wire);
        assert_eq!(events, expected.events, "other events, {cuts}");
        let error = fed.broke.flatten();
        assert_eq!(error.map(|error| error.close_code()), expected.error, "another end, {cuts}: {error:?}");
    }

    // The first impossible byte of a text fails the connection at once, also in the middle of a frame whose rest has
    // not come: in the read that brings it.
    let (_, fed) = assembled(role, limit, &finest, &wire);
    if let Some(Some(error @ MessageError::NotUtf8)) = fed.broke {
        let at = expected.not_utf8_at.expect("the model fails for the same reason");
        let soon = at..at + finest.longest();
        assert!(
            soon.contains(&fed.come),
            "RFC 6455 §8.1: {error:?} after {} bytes, certain after {at}",
            fed.come
        );
    }
    frugal(role, limit, &wire);
}

/// The events in `wire`, and the error that ended it, or `None` for a Close.
fn assembled(role: Role, limit: usize, cuts: &Cuts, wire: &[u8]) -> (Vec<Seen>, Fed<Option<MessageError>>) {
    let (mut assembler, mut events) = (Assembler::new(role, ()), Vec::new());
    let fed = cuts.feed(wire, |bytes| {
        let length = bytes.len();
        let mut input = bytes;
        // As the connection asks: for the usual message first.
        let event = match assembler.short(&mut input, limit) {
            Some(Ok(message)) => Ok(Some(Event::Message(message))),
            Some(Err(error)) => Err(error.into()),
            None => assembler.next(&mut input, limit),
        };
        match event {
            Ok(None) if input.len() == length => return ControlFlow::Continue(None),
            Ok(None) => {}
            Ok(Some(event)) => {
                events.push(seen(event));
                if let Some(Seen::Close(..)) = events.last() {
                    return ControlFlow::Break(None);
                }
            }
            Err(error) => return ControlFlow::Break(Some(error)),
        }
        ControlFlow::Continue(Some(length - input.len()))
    });
    (events, fed)
}

fn seen(event: Event<'_>) -> Seen {
    match event {
        Event::Message(Message::Text(text)) => Seen::Text(text.into_owned()),
        Event::Message(Message::Binary(bytes)) => Seen::Binary(bytes.to_vec()),
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(Close { code, reason }) => Seen::Close(code, reason.into()),
    }
}

/// The memory of an assembler follows what has come, never what a header promises, and stays within the limit. Three
/// times: a buffer grows by doubling, and the old one lives until the new one is filled.
fn frugal(role: Role, limit: usize, wire: &[u8]) {
    let allowed = 3 * limit.min(wire.len()) + SMALL_CHANGE;
    let mut outcome = Ok(());
    let memory = allocation_counter::measure(|| {
        // A panic must not leave the counter in the middle of its count.
        outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut assembler = Assembler::new(role, ());
            Cuts::finest(wire).feed(wire, |bytes| {
                let length = bytes.len();
                let mut input = bytes;
                match assembler.next(&mut input, limit) {
                    Ok(None) if input.len() == length => ControlFlow::Continue(None),
                    Ok(None | Some(Event::Message(_) | Event::Ping(_) | Event::Pong(_))) => {
                        ControlFlow::Continue(Some(length - input.len()))
                    }
                    Ok(Some(Event::Close(_))) | Err(_) => ControlFlow::Break(()),
                }
            });
        }));
    });
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
    assert!(
        memory.bytes_max <= allowed as u64,
        "{} bytes of memory for {} bytes that came, where a message may have {limit}",
        memory.bytes_max,
        wire.len()
    );
}

/// What waits between two reads, and an unfinished message without its payload.
const SMALL_CHANGE: usize = 1000;
