//! The paths that every message takes, each as a function that goes that way so often.

use std::hint::black_box;

use frames::{Decoder, Header, Opcode, Role, mask, write_frame};
use keep_alive::{Answer, Handler, Http, Next, NoSuccessor};
use messages::{Application, Limits, Message, Socket, WebSocket};
use poll::{Rehearsal, World};
use request::{Request, Status};
use upgrade::Handshake;

/// A way: how often it is to be gone. What it returns is only there so that nothing is left out.
pub type Way = fn(usize) -> usize;

/// All ways, with their names.
pub const WAYS: [(&str, Way); 6] = [
    ("request-head", request_head),
    ("http-by-16", http_by_16),
    ("frame-20", frame_20),
    ("echo-20-by-64", echo_20_by_64),
    ("mask-16k", mask_16k),
    ("echo-1m", echo_1m),
];

/// The way of this name.
pub fn way(name: &str) -> Option<Way> {
    WAYS.iter().find(|(other, _)| *other == name).map(|&(_, way)| way)
}

/// What Chromium sends, with the fields that it always has.
pub const HEAD: &[u8] = b"GET /chat/rooms?name=kitchen HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n\
    Accept-Language: en-GB,en;q=0.9\r\n\r\n";

/// One request head is parsed.
pub fn request_head(count: usize) -> usize {
    let limits = request::Limits::default();
    let parsed =
        (0..count).filter(|_| Request::parse(black_box(HEAD), &limits).is_ok_and(|head| head.is_some()));
    parsed.count()
}

/// One of sixteen requests in a packet is answered.
pub fn http_by_16(count: usize) -> usize {
    let wire = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n".repeat(16);
    let mut connection = Rehearsal::<Http<Hello>>::new(Hello(keep_alive::Limits::default()));
    let rounds = (0..count.div_ceil(16)).map(|_| {
        connection.receive(black_box(&wire));
        connection.sent().len()
    });
    rounds.sum()
}

struct Hello(keep_alive::Limits);

impl World for Hello {}

impl Handler for Hello {
    type Exchange = ();
    type Successor = NoSuccessor<Hello>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.0
    }

    fn request(&mut self, _: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Hello> {
        answer.text(Status::Ok, "Hello, World!");
        Next::Done
    }
}

/// So many masked frames in a row.
pub fn frames_of(payload: &[u8], count: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    let masking_key = Some([0x37, 0xfa, 0x21, 0x3d]);
    (0..count).for_each(|_| {
        write_frame(Header { masking_key, ..Header::new(Opcode::Text, 0) }, payload, &mut wire);
    });
    wire
}

/// One frame of 20 bytes is decoded, and written.
pub fn frame_20(count: usize) -> usize {
    let wire = frames_of(&[b'x'; 20], 64);
    let (mut input, mut out, mut decoder) = (wire.clone(), Vec::new(), Decoder::new(Role::Server));
    for _ in 0..count.div_ceil(64) {
        input.copy_from_slice(&wire);
        out.clear();
        let mut left = &mut input[..];
        while let Ok(Some(piece)) = decoder.next(&mut left) {
            write_frame(Header::new(piece.opcode, 0), piece.payload, &mut out);
        }
    }
    black_box(out.len())
}

/// One of 64 messages of 20 bytes in a packet is echoed.
pub fn echo_20_by_64(count: usize) -> usize {
    echo(&frames_of(&[b'x'; 20], 64), count.div_ceil(64))
}

/// A message of a megabyte is echoed.
pub fn echo_1m(count: usize) -> usize {
    let mut wire = frames_of(&vec![b'x'; 1 << 20], 1);
    wire[0] = 0x82; // FIN and Binary
    echo(&wire, count)
}

fn echo(wire: &[u8], count: usize) -> usize {
    let mut connection = Rehearsal::<Http<Echo>>::new(Echo(keep_alive::Limits::default()));
    connection.receive(harness::ws::handshake("127.0.0.1:8080", "/", &[]).as_bytes());
    connection.sent();
    let rounds = (0..count).map(|_| {
        connection.receive(black_box(wire));
        connection.sent().len()
    });
    rounds.sum()
}

struct Echo(keep_alive::Limits);

impl World for Echo {}

impl Handler for Echo {
    type Exchange = ();
    type Successor = WebSocket<Echo>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.0
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Echo> {
        match Handshake::check(head) {
            Ok(handshake) => {
                handshake.accept(answer, None, |head| head);
                Next::Switch(WebSocket::new((), self, answer.io()))
            }
            Err(refusal) => {
                refusal.answer(answer);
                Next::Done
            }
        }
    }
}

impl Application for Echo {
    type Client = ();

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn message(&mut self, (): &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
        socket.send(message);
    }
}

/// A payload of 16 KiB is unmasked.
pub fn mask_16k(count: usize) -> usize {
    let mut payload = vec![b'x'; 16 << 10];
    for _ in 0..count {
        mask(black_box(&mut payload), [0x37, 0xfa, 0x21, 0x3d], 0);
    }
    payload.len()
}
