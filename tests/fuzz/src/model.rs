//! An assembler as plain as it can be: it looks at whole frames, copies everything, and takes its time. What it says is
//! what rung 10's must say.

use frames::{Opcode, Role, Rsv};

use crate::cuts::Cuts;
use crate::frame::{self, Whole};

/// An event that outlives the buffer it was lent from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Ping.
    Ping(Vec<u8>),
    /// A Pong.
    Pong(Vec<u8>),
    /// A Close frame.
    Close(u16, String),
}

/// What should come out of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Events in order, the last one perhaps a Close.
    pub events: Vec<Seen>,
    /// The close code of the error that ends it.
    pub error: Option<u16>,
    /// For a text that is none: how many bytes have to come until that is certain.
    pub not_utf8_at: Option<usize>,
}

/// A message that is not finished.
struct Begun {
    opcode: Opcode,
    bytes: Vec<u8>,
    declared: u64,
}

/// What should come out of `wire` when a message may have `limit` bytes.
pub fn expected(role: Role, wire: &[u8], limit: usize) -> Expected {
    let (frames, fed) = frame::decoded(role, &Cuts::none(), wire);
    let mut expected = Expected { events: Vec::new(), error: None, not_utf8_at: None };
    let (mut begun, mut at) = (None, 0);
    for frame in &frames {
        let payload_at = at + header_length(frame);
        if let Err(fault) = take(frame, payload_at, limit, &mut begun, &mut expected.events) {
            expected.error = Some(fault.code);
            expected.not_utf8_at = fault.not_utf8_at;
            return expected;
        }
        if let Some(Seen::Close(..)) = expected.events.last() {
            return expected;
        }
        at = payload_at + frame.payload.len();
    }
    expected.error = fed.broke.map(|_| 1002);
    expected
}

fn header_length(frame: &Whole) -> usize {
    let mut header = Vec::new();
    frame.header.write(&mut header);
    header.len()
}

struct Fault {
    code: u16,
    not_utf8_at: Option<usize>,
}

impl From<u16> for Fault {
    fn from(code: u16) -> Fault {
        Fault { code, not_utf8_at: None }
    }
}

fn take(
    frame: &Whole,
    payload_at: usize,
    limit: usize,
    begun: &mut Option<Begun>,
    events: &mut Vec<Seen>,
) -> Result<(), Fault> {
    let Whole { header, payload } = frame;
    // §5.2: no extension is negotiated here.
    if header.rsv != Rsv::NONE {
        return Err(1002.into());
    }
    match header.opcode {
        Opcode::Ping => events.push(Seen::Ping(payload.clone())),
        Opcode::Pong => events.push(Seen::Pong(payload.clone())),
        Opcode::Close => events.push(close(payload)?),
        opcode => {
            // §5.4: the order of fragments.
            if (opcode == Opcode::Continuation) != begun.is_some() {
                return Err(1002.into());
            }
            let message = begun.get_or_insert(Begun { opcode, bytes: Vec::new(), declared: 0 });
            message.declared = message.declared.saturating_add(header.length);
            if message.declared > limit as u64 {
                return Err(1009.into());
            }
            let before = message.bytes.len();
            message.bytes.extend_from_slice(payload);
            let ends = header.fin && frame.is_complete();
            if message.opcode == Opcode::Text {
                utf8(&message.bytes, before, payload_at, ends)?;
            }
            if let Some(whole) = begun.take_if(|_| ends) {
                events.push(match whole.opcode {
                    Opcode::Text => Seen::Text(String::from_utf8(whole.bytes).expect("just judged")),
                    _ => Seen::Binary(whole.bytes),
                });
            }
        }
    }
    Ok(())
}

/// §8.1. Of `bytes`, the first `before` came with earlier frames; the rest stands on the wire at `payload_at`.
fn utf8(bytes: &[u8], before: usize, payload_at: usize, ends: bool) -> Result<(), Fault> {
    let Err(error) = str::from_utf8(bytes) else { return Ok(()) };
    // An error with a length is a byte that fits nowhere; without one, the end came inside a character. Which byte it
    // was: the first with which the text becomes such an error.
    let valid = error.valid_up_to();
    let impossible = |&length: &usize| {
        str::from_utf8(&bytes[valid..length]).is_err_and(|error| error.error_len().is_some())
    };
    let at = match error.error_len() {
        Some(_) => (before.max(valid + 1)..=bytes.len()).find(impossible),
        None => ends.then_some(bytes.len()),
    };
    match at {
        Some(length) => Err(Fault { code: 1007, not_utf8_at: Some(payload_at + length - before) }),
        None => Ok(()),
    }
}

/// §5.5.1 and §7.4.
fn close(payload: &[u8]) -> Result<Seen, Fault> {
    let (code, reason) = match payload {
        [] => return Ok(Seen::Close(1005, String::new())),
        [_] => return Err(1002.into()),
        [high, low, reason @ ..] => (u16::from(*high) * 256 + u16::from(*low), reason),
    };
    let defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    if !defined.contains(&code) && !(3000..5000).contains(&code) {
        return Err(1002.into());
    }
    match String::from_utf8(reason.to_vec()) {
        Ok(reason) => Ok(Seen::Close(code, reason)),
        Err(_) => Err(1007.into()),
    }
}
