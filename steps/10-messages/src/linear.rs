//! Four times the bytes cost four times the time, however they come. What copies, or checks, from the beginning with
//! each piece costs sixteen times as much.

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
        Limits { message: 16 * MIB, ..Limits::default() }
    }

    fn message(&mut self, _: &mut (), message: Message<'_>, _: &mut Socket<'_, '_>) {
        self.heard = Some(match message {
            Message::Text(text) => Message::Text(Cow::Owned(text.into_owned())),
            Message::Binary(bytes) => Message::Binary(Cow::Owned(bytes.into_owned())),
        });
    }
}

impl Entry for WebSocket<Listener> {
    fn open(_: Opened, listener: &mut Listener, io: &mut Io<'_>) -> Self {
        WebSocket::new((), listener, io)
    }
}

/// The message that comes of `wire` in reads of `size` bytes, and the time that this thread worked for it: whoever
/// else is busy on the machine does not count.
fn heard(wire: &[u8], size: usize) -> (Message<'static>, Duration) {
    let mut connection = Rehearsal::<WebSocket<Listener>>::new(Listener::default());
    let before = worked();
    wire.chunks(size).for_each(|read| connection.receive(read));
    let took = worked() - before;
    assert!(connection.is_open());
    (connection.world.heard.expect("a whole message"), took)
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

/// Compares a message with one of four times its length.
fn is_linear(opcode: Opcode, length: usize, fragments_of: usize, reads_of: usize) {
    let cost = |length| {
        let (payload, wire) = message(opcode, length, fragments_of);
        // The best of three: what disturbs only makes it longer.
        let times = [(); 3].map(|()| {
            let (message, took) = heard(&wire, reads_of);
            assert!(message.opcode() == opcode && message.as_bytes() == payload);
            took
        });
        times.into_iter().min().expect("three")
    };
    let (once, four_times) = (cost(length), cost(4 * length));
    // Half way between linear, 4, and quadratic, 16.
    assert!(four_times < once * 9, "{length} bytes take {once:?}, four times as many {four_times:?}");
}

#[test]
fn section_5_4_sixty_five_thousand_fragments_take_linear_time() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        is_linear(opcode, 65_536 / 4, 1, usize::MAX);
    }
}

#[test]
fn a_large_frame_takes_linear_time() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        is_linear(opcode, MIB, usize::MAX, 1300);
    }
}

#[test]
fn a_large_message_in_fragments_of_1301_bytes_takes_linear_time() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        is_linear(opcode, MIB, 1301, 16 * 1024);
    }
}

#[test]
fn a_message_in_reads_of_one_byte_takes_linear_time() {
    is_linear(Opcode::Text, 16 * 1024, usize::MAX, 1);
    is_linear(Opcode::Binary, 16 * 1024, usize::MAX, 1);
    let (payload, wire) = message(Opcode::Text, 16 * MIB, usize::MAX);
    let (message, _) = heard(&wire, 1);
    assert!(message.as_bytes() == payload, "16 MiB, byte by byte");
}
