//! A WebSocket connection of an application, without a handshake before it: for the unit tests.

use frames::{Header, Opcode, write_frame};
use messages::{Application, Message, WebSocket};
use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, Rehearsal, Timer};

/// A connection of `A`.
pub struct Direct<A: Application>(WebSocket<A>);

impl<A: Application<Client = ()>> Entry for Direct<A> {
    fn open(_: Opened, application: &mut A, io: &mut Io<'_>) -> Direct<A> {
        Direct(WebSocket::new((), application, io))
    }
}

impl<A: Application> Protocol for Direct<A> {
    type World = A;

    fn data(&mut self, bytes: &mut [u8], application: &mut A, io: &mut Io<'_>) -> usize {
        self.0.data(bytes, application, io)
    }

    fn ended(&mut self, application: &mut A, io: &mut Io<'_>) {
        self.0.ended(application, io);
    }

    fn timeout(&mut self, which: Timer, application: &mut A, io: &mut Io<'_>) {
        self.0.timeout(which, application, io);
    }

    fn woken(&mut self, application: &mut A, io: &mut Io<'_>) {
        self.0.woken(application, io);
    }

    fn drained(&mut self, application: &mut A, io: &mut Io<'_>) {
        self.0.drained(application, io);
    }

    fn closed(&mut self, id: ConnId, why: Ended, application: &mut A, net: &mut Net) {
        self.0.closed(id, why, application, net);
    }
}

/// The client sends text messages, in one packet.
pub fn tell<A: Application<Client = ()>>(stage: &mut Rehearsal<Direct<A>>, messages: &[impl ToString]) {
    let mut wire = Vec::new();
    for message in messages {
        let header = Header { masking_key: Some([1, 2, 3, 4]), ..Header::new(Opcode::Text, 0) };
        write_frame(header, message.to_string().as_bytes(), &mut wire);
    }
    stage.receive(&wire);
}

/// The client reads all that was sent: the payloads, or the code where it is a Close frame.
pub fn heard<A: Application<Client = ()>>(stage: &mut Rehearsal<Direct<A>>) -> Vec<String> {
    let wire = stage.sent();
    let mut rest = &wire[..];
    let mut heard = Vec::new();
    while let Some((header, used)) = Header::parse(rest).unwrap() {
        let (payload, behind) = rest[used..].split_at(header.length as usize);
        heard.push(match header.opcode {
            Opcode::Close => format!("close {}", u16::from_be_bytes([payload[0], payload[1]])),
            _ => String::from_utf8(payload.to_vec()).unwrap(),
        });
        rest = behind;
    }
    heard
}

/// A text message.
pub fn text(text: &str) -> Message<'_> {
    Message::Text(text.into())
}
