//! A frame drawn in bits, field by field, for whoever wants to see one.

use std::fmt;

use crate::{Opcode, mask};

/// Payload bytes that are drawn; of the rest only the number is told.
const DRAWN: usize = 8;

/// One field of a frame under the name that RFC 6455 §5.2 gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `FIN`, `Opcode`, `Masking-key` and so on.
    pub name: &'static str,
    /// The bits as they stood on the wire, bytes apart by a space.
    pub bits: String,
    /// What they mean, in a few words; empty where there is nothing to say.
    pub meaning: String,
}

/// Draws the frame at the front of `wire`. It does not judge: a frame that no decoder accepts is drawn as
/// it came, since that is when one wants to look at it. What has not arrived is not drawn.
///
/// ```
/// let fields = frames::describe(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// assert_eq!(fields[4].to_string(), "Opcode                   0001  text");
/// assert_eq!((fields[8].name, &*fields[8].meaning), ("Payload Data", "\"Hello\""));
/// ```
pub fn describe(wire: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut field = |name, bits, meaning: String| fields.push(Field { name, bits, meaning });
    let bit = |byte: u8, n: u8| format!("{}", byte >> n & 1);

    let Some((&first, rest)) = wire.split_first() else { return fields };
    let fin = if first & 0x80 != 0 { "the last frame of its message" } else { "more fragments follow" };
    field("FIN", bit(first, 7), fin.into());
    field("RSV1", bit(first, 6), String::new());
    field("RSV2", bit(first, 5), String::new());
    field("RSV3", bit(first, 4), String::new());
    let opcode = Opcode::from_bits(first & 0xf);
    let name = opcode.map_or("reserved".into(), |opcode| opcode.to_string());
    field("Opcode", format!("{:04b}", first & 0xf), name);

    let Some((&second, rest)) = rest.split_first() else { return fields };
    let (masked, short) = (second & 0x80 != 0, second & 0x7f);
    let sender = if masked { "masked, as clients do" } else { "not masked, as servers do" };
    field("Mask", bit(second, 7), sender.into());
    let (meaning, extension) = match short {
        126 => ("the next 16 bits tell".into(), 2),
        127 => ("the next 64 bits tell".into(), 8),
        short => (bytes(short.into()), 0),
    };
    field("Payload len", format!("{short:07b}"), meaning);

    let Some((extended, rest)) = rest.split_at_checked(extension) else { return fields };
    let mut length = u64::from(short);
    if extension > 0 {
        length = extended.iter().fold(0, |length, &byte| length << 8 | u64::from(byte));
        field("Extended payload length", bits(extended), bytes(length));
    }
    let Some((key, rest)) = rest.split_at_checked(if masked { 4 } else { 0 }) else { return fields };
    if masked {
        field("Masking-key", bits(key), hex(key));
    }

    let arrived = &rest[..rest.len().min(usize::try_from(length).unwrap_or(usize::MAX))];
    if !arrived.is_empty() {
        let drawn = &arrived[..arrived.len().min(DRAWN)];
        let mut plain = drawn.to_vec();
        if let Ok(key) = key.try_into() {
            mask(&mut plain, key, 0);
        }
        let mut meaning = match opcode {
            Ok(Opcode::Text) => format!("{:?}", String::from_utf8_lossy(&plain)),
            Ok(Opcode::Close) => close(&plain),
            _ => hex(&plain),
        };
        if length > drawn.len() as u64 {
            meaning += &format!(", and {} more", bytes(length - drawn.len() as u64));
        }
        field("Payload Data", bits(drawn), meaning);
    }
    fields
}

/// The field in one line: name, bits, meaning.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24} {}  {}", self.name, self.bits, self.meaning)
    }
}

/// A Close payload: two bytes of code, then the reason.
fn close(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, [])) => format!("code {}", u16::from_be_bytes(*code)),
        Some((code, reason)) => {
            format!("code {}, {:?}", u16::from_be_bytes(*code), String::from_utf8_lossy(reason))
        }
        None => hex(payload),
    }
}

fn bytes(n: u64) -> String {
    if n == 1 { "1 byte".into() } else { format!("{n} bytes") }
}

fn bits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:08b}")).collect::<Vec<_>>().join(" ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, Rsv, write_frame};

    fn drawing(wire: &[u8]) -> Vec<(&'static str, String, String)> {
        describe(wire).into_iter().map(|Field { name, bits, meaning }| (name, bits, meaning)).collect()
    }

    /// The masked "Hello" of RFC 6455 §5.7.
    const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

    #[test]
    fn draws_every_field_in_the_order_of_the_wire() {
        let expected = [
            ("FIN", "1", "the last frame of its message"),
            ("RSV1", "0", ""),
            ("RSV2", "0", ""),
            ("RSV3", "0", ""),
            ("Opcode", "0001", "text"),
            ("Mask", "1", "masked, as clients do"),
            ("Payload len", "0000101", "5 bytes"),
            ("Masking-key", "00110111 11111010 00100001 00111101", "37 fa 21 3d"),
            ("Payload Data", "01111111 10011111 01001101 01010001 01011000", "\"Hello\""),
        ];
        let expected = expected.map(|(name, bits, meaning)| (name, bits.to_string(), meaning.to_string()));
        assert_eq!(drawing(&HELLO), expected);
    }

    // Otherwise whoever looks at a fragment is told that its message is over.
    #[test]
    fn a_frame_without_fin_says_that_more_fragments_follow() {
        for (first, meaning) in [
            (0x01, "more fragments follow"),
            (0x00, "more fragments follow"),
            (0x80, "the last frame of its message"),
            (0xf1, "the last frame of its message"),
        ] {
            assert_eq!(drawing(&[first])[0].2, meaning, "{first:#x}");
        }
    }

    #[test]
    fn the_bits_are_those_of_the_wire() {
        let wire = [
            &HELLO[..],
            &[0x38, 0x7e, 0x00, 0xff, 0xaa],
            &[0xf2, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3],
            &[0x88, 0x02, 0x03, 0xe8],
        ];
        for wire in wire {
            let drawn: String = describe(wire).iter().map(|field| field.bits.replace(' ', "")).collect();
            assert_eq!(drawn, bits(wire).replace(' ', ""));
        }
    }

    #[test]
    fn draws_what_has_arrived_and_no_more() {
        let whole = drawing(&HELLO);
        for arrived in 0..HELLO.len() {
            let part = drawing(&HELLO[..arrived]);
            let header = part.len().min(8);
            assert_eq!(part[..header], whole[..header], "after {arrived} bytes");
            assert_eq!(part.len(), [0, 5, 7, 7, 7, 7, 8, 9, 9, 9, 9][arrived], "after {arrived} bytes");
        }
    }

    #[test]
    fn leaves_the_next_frame_alone() {
        let mut two = HELLO.to_vec();
        two.extend_from_slice(&HELLO);
        assert_eq!(drawing(&two), drawing(&HELLO));
    }

    #[test]
    fn a_long_payload_is_drawn_from_its_beginning() {
        let mut wire = Vec::new();
        write_frame(Header::new(Opcode::Binary, 0), &[0xab; 300], &mut wire);
        let fields = describe(&wire);
        assert_eq!(fields[7].to_string(), "Extended payload length  00000001 00101100  300 bytes");
        assert_eq!(fields[8].meaning, "ab ab ab ab ab ab ab ab, and 292 bytes more");
    }

    #[test]
    fn reads_a_close_frame() {
        let close = |payload: &[u8]| {
            let mut wire = Vec::new();
            write_frame(Header::new(Opcode::Close, 0), payload, &mut wire);
            describe(&wire).pop().map(|field| field.meaning)
        };
        assert_eq!(close(b"\x03\xe8bye").as_deref(), Some("code 1000, \"bye\""));
        assert_eq!(close(b"\x03\xe9").as_deref(), Some("code 1001"));
        assert_eq!(close(b"\x03").as_deref(), Some("03"));
        assert_eq!(close(b"").as_deref(), Some("0 bytes"));
    }

    #[test]
    fn draws_also_what_no_decoder_accepts() {
        let fields = describe(&[0x93, 0xff, 0xff]);
        assert_eq!(fields[3].bits, "1");
        assert_eq!(fields[4].meaning, "reserved");
        assert_eq!(fields.len(), 7);
        let mut wire = Vec::new();
        Header { fin: false, rsv: Rsv::RSV2, ..Header::new(Opcode::Ping, 126) }.write(&mut wire);
        assert_eq!(describe(&wire)[2].bits, "1");
        assert_eq!(describe(&wire)[7].meaning, "126 bytes");
    }
}
