//! The frame codec of rung 09.
//!
//! An input: a byte that says who reads (even: the server) and what follows the cuts (lowest bits 0 and 1: frames as in
//! `sketch.rs`; 2 and 3: raw bytes).

use std::ops::ControlFlow;

use arbitrary::Unstructured;
use frames::{Decoder, FrameError, Header, MAX_HEADER, Piece, Role, Rsv, write_frame};

use crate::cuts::{Cuts, Fed, byte, if_it_can};
use crate::sketch;

/// The most that may be left over between two reads: a control frame without its last byte.
const MOST_KEPT: usize = 2 + 4 + 125 - 1;

struct Input {
    role: Role,
    cuts: Cuts,
    wire: Vec<u8>,
}

impl Input {
    fn new(data: &[u8]) -> Input {
        let mut data = Unstructured::new(data);
        let kind = byte(&mut data);
        let role = if kind.is_multiple_of(2) { Role::Server } else { Role::Client };
        let cuts = Cuts::take(&mut data);
        let wire = if kind & 2 == 0 { sketch::frames(&mut data, role) } else { data.take_rest().to_vec() };
        Input { role, cuts, wire }
    }
}

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    let Input { role, cuts, wire } = Input::new(data);
    format!("Bytes for a {role:?}, {cuts}:\n{}", drawn(&wire, role))
}

/// A line for each frame: its bytes in hex, then what they say.
pub fn drawn(wire: &[u8], role: Role) -> String {
    if_it_can(|| lines(wire, role))
}

fn lines(wire: &[u8], role: Role) -> String {
    let (frames, fed) = decoded(role, &Cuts::none(), wire);
    let (mut lines, mut at) = (String::new(), 0);
    for frame in &frames {
        let length = if frame.is_complete() { frame.wire().len() } else { wire.len() - at };
        let Header { fin, rsv, opcode, length: declared, .. } = frame.header;
        let end = if fin { "" } else { ", not the last" };
        let rsv = if rsv == Rsv::NONE { String::new() } else { format!(", {rsv:?}") };
        let missing = declared - frame.payload.len() as u64;
        let missing = if missing > 0 { format!(", {missing} bytes missing") } else { String::new() };
        let payload = frame.payload[..frame.payload.len().min(SHOWN)].escape_ascii();
        lines += &format!("  {}\n    {opcode}{end}{rsv}{missing}: {payload}\n", hex(&wire[at..at + length]));
        at += length;
    }
    if at < wire.len() {
        let why = fed.broke.map_or("no whole frame".into(), |error| format!("{error}"));
        lines += &format!("  {}\n    {why}\n", hex(&wire[at..]));
    }
    lines
}

/// More of a frame would hide the others.
const SHOWN: usize = 60;

fn hex(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    if bytes.len() > SHOWN { format!("{shown} ... ({} bytes)", bytes.len()) } else { shown }
}

/// A frame put together from its pieces, perhaps not all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// As it was declared.
    pub header: Header,
    /// What has come of the payload.
    pub payload: Vec<u8>,
}

impl Whole {
    /// Whether all of the payload has come.
    pub fn is_complete(&self) -> bool {
        self.payload.len() as u64 == self.header.length
    }

    fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        write_frame(self.header, &self.payload, &mut wire);
        wire
    }
}

/// Decodes `wire`: the frames, and how far that went.
pub fn decoded(role: Role, cuts: &Cuts, wire: &[u8]) -> (Vec<Whole>, Fed<FrameError>) {
    let (mut decoder, mut frames) = (Decoder::new(role), Vec::<Whole>::new());
    let fed = cuts.feed(wire, |bytes| {
        let length = bytes.len();
        let mut input = bytes;
        match decoder.next(&mut input) {
            Ok(Some(Piece { start, payload, left, fin, rsv, opcode })) => {
                frames.extend(start.map(|header| Whole { header, payload: Vec::new() }));
                let frame = frames.last_mut().expect("a frame has a first piece");
                frame.payload.extend_from_slice(payload);
                let header = frame.header;
                assert_eq!(
                    (header.fin, header.rsv, header.opcode),
                    (fin, rsv, opcode),
                    "a piece of another frame"
                );
                assert_eq!(frame.payload.len() as u64 + left, header.length, "`left` is not what is left");
                ControlFlow::Continue(Some(length - input.len()))
            }
            Ok(None) => ControlFlow::Continue(None),
            Err(error) => ControlFlow::Break(error),
        }
    });
    (frames, fed)
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let Input { role, cuts, wire } = Input::new(data);
    let (frames, fed) = decoded(role, &Cuts::none(), &wire);
    for cuts in [cuts, Cuts::finest(&wire)] {
        let (same, again) = decoded(role, &cuts, &wire);
        assert_eq!(same, frames, "the frames depend on how the bytes are cut");
        assert_eq!(again.broke, fed.broke, "the error depends on how the bytes are cut");
        assert_eq!(again.used, fed.used, "what is used depends on how the bytes are cut");
        assert!(again.most_kept <= MOST_KEPT, "{} bytes wait in the buffer", again.most_kept);
    }

    // What was decoded is encoded again, and must be what came: so no bit was lost, and no length was accepted that
    // could have been shorter.
    let mut at = 0;
    for frame in &frames {
        let again = frame.wire();
        if frame.is_complete() {
            assert_eq!(again, wire[at..at + again.len()], "decode, then encode: not the same bytes");
            at += again.len();
        } else {
            at = fed.used;
        }
    }
    assert_eq!(at, fed.used, "bytes were used that are in no frame");
    let begun = frames.last().is_some_and(|frame| !frame.is_complete());
    if !begun {
        begins(&wire[at..], role, fed.broke);
    }
}

/// What the decoder says of bytes at the start of a frame that is no whole one yet: right only if RFC 6455 §5 says the
/// same.
fn begins(wire: &[u8], role: Role, said: Option<FrameError>) {
    let wrong = fault(wire, role);
    assert_eq!(said.is_some(), wrong.is_some(), "{}: {said:?}, but it is {wrong:?}", hex(wire));
    for length in 0..wire.len().min(MAX_HEADER) {
        if let Err(error) = Header::parse(&wire[..length]) {
            assert_eq!(Some(error), said, "an error went away when more bytes came");
        }
    }
}

/// The rule that a frame's first bytes break, written down as in the RFC and in another way than in rung 09: from the
/// bits of as many bytes as are there.
fn fault(wire: &[u8], role: Role) -> Option<&'static str> {
    let &first = wire.first()?;
    let (control, opcode) = (first & 0x08 != 0, first & 0x07);
    if opcode > 2 {
        return Some("§5.2: a reserved opcode");
    }
    if control && first & 0x80 == 0 {
        return Some("§5.5: a fragmented control frame");
    }
    let &second = wire.get(1)?;
    let (masked, length) = (second & 0x80 != 0, second & 0x7f);
    if control && length > 125 {
        return Some("§5.5: a long control frame");
    }
    let extended = match length {
        126 => wire.get(2..4)?,
        127 => wire.get(2..10)?,
        _ => &[],
    };
    let value = extended.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    match length {
        126 if value < 126 => return Some("§5.2: not minimal"),
        127 if value < 1 << 16 => return Some("§5.2: not minimal"),
        127 if value >> 63 == 1 => return Some("§5.2: the top bit"),
        _ => {}
    }
    // The decoder looks at the mask when the header is whole.
    let whole = 2 + extended.len() + if masked { 4 } else { 0 };
    (wire.len() >= whole && masked != (role == Role::Server))
        .then_some("§5.1: masked where it must not be, or not where it must")
}
