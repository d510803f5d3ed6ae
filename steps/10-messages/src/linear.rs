//! A long message costs what many short ones of the same bytes cost, however they come. What copies, or checks, from the
//! beginning with each piece pays for the long one as many times more as it is longer.

use std::borrow::Cow;
use std::time::Duration;

use frames::{Header, Opcode, write_frame};
use poll::{Entry, Io, Opened, Rehearsal, World};
use rustix::time::{ClockId, clock_gettime};

use crate::{Application, Limits, Message, Socket, WebSocket};

const MIB: usize = 1 << 20;

/// What counts is what was received; an answer would be measured too.
#[derive(Default)]
struct Listener {
    heard: Option<Message<'static>>,
}

impl World for Listener {}

impl Application for Listener {
    type Client = ();

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn message(&mut self, _: &mut (), message: Message<'_>, _: &mut Socket<'_, '_>) {
        self.heard = Some(match message {
            Message::Text(text) => Message::Text(Cow::Owned(text.into_owned())),
            Message::Binary(bytes) => Message::Binary(bytes.into_owned()),
        });
    }
}

impl Entry for WebSocket<Listener> {
    fn open(_: Opened, listener: &mut Listener, io: &mut Io<'_>) -> Self {
        WebSocket::new((), listener, io)
    }
}

/// The messages that so many connections hear when each is sent `wire`, in reads of `size` bytes, in turn; and the time
/// that this thread worked for it: whoever else is busy on the machine does not count.
fn heard(connections: usize, wire: &[u8], size: usize) -> (Vec<Message<'static>>, Duration) {
    let mut all: Vec<_> = (0..connections).map(|_| Rehearsal::new(Listener::default())).collect();
    let before = worked();
    for read in wire.chunks(size) {
        all.iter_mut().for_each(|connection: &mut Rehearsal<WebSocket<Listener>>| connection.receive(read));
    }
    let took = worked() - before;
    assert!(all.iter().all(Rehearsal::is_open));
    (all.into_iter().map(|connection| connection.world.heard.expect("a whole message")).collect(), took)
}

fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn fragment(fin: bool, opcode: Opcode, payload: &[u8], wire: &mut Vec<u8>) {
    let masking_key = Some([0x37, 0xfa, 0x21, 0x3d]);
    write_frame(Header { fin, masking_key, ..Header::new(opcode, 0) }, payload, wire);
}

/// A message of two-byte characters, cut into frames of so many bytes. Odd, they cut characters too.
fn message(opcode: Opcode, length: usize, fragments_of: usize) -> (Vec<u8>, Vec<u8>) {
    let payload = "ä".repeat(length / 2).into_bytes();
    let mut wire = Vec::new();
    let last = payload.len().div_ceil(fragments_of) - 1;
    for (i, part) in payload.chunks(fragments_of).enumerate() {
        fragment(i == last, if i == 0 { opcode } else { Opcode::Continuation }, part, &mut wire);
    }
    (payload, wire)
}

/// Compares one message of this length with many short ones on as many connections. Both are the same number of bytes,
/// and fill the same amount of memory: what fits the processor's cache would be faster for that alone.
fn is_linear(opcode: Opcode, length: usize, fragments_of: usize, reads_of: usize) {
    const MANY: usize = 16;
    let (long, short) = (message(opcode, length, fragments_of), message(opcode, length / MANY, fragments_of));
    let cost = |connections, (payload, wire): &(Vec<u8>, Vec<u8>)| {
        let (messages, took) = heard(connections, wire, reads_of);
        assert!(messages.iter().all(|it| it.opcode() == opcode && it.as_bytes() == payload));
        took
    };
    // The best of five, in turn: what disturbs only makes it longer.
    let times = [(); 5].map(|()| (cost(1, &long), cost(MANY, &short)));
    let one = times.iter().map(|both| both.0).min().expect("five");
    let many = times.iter().map(|both| both.1).min().expect("five");
    // Linear: 1. Quadratic: 16.
    assert!(one < many * 3, "{MANY} messages take {many:?}, one of the same {length} bytes {one:?}");
}

#[test]
fn section_5_4_sixty_five_thousand_fragments_take_linear_time() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        is_linear(opcode, 65_536, 1, usize::MAX);
    }
}

#[test]
fn a_large_frame_takes_linear_time() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        is_linear(opcode, 4 * MIB, usize::MAX, 1300);
    }
}

#[test]
fn a_large_message_in_fragments_of_1301_bytes_takes_linear_time() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        is_linear(opcode, 4 * MIB, 1301, 16 * 1024);
    }
}

#[test]
fn a_message_in_reads_of_one_byte_takes_linear_time() {
    is_linear(Opcode::Text, 64 * 1024, usize::MAX, 1);
    is_linear(Opcode::Binary, 64 * 1024, usize::MAX, 1);
    let (payload, wire) = message(Opcode::Text, MIB, usize::MAX);
    let (messages, _) = heard(1, &wire, 1);
    assert!(messages[0].as_bytes() == payload, "1 MiB, byte by byte");
}
