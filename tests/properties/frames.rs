//! Rung 09 under arbitrary input: what is written is read, where the reads cut means nothing, and tungstenite writes and
//! reads the same.

use std::io::Cursor;

use frames::{Decoder, FrameError, Header, Opcode, Role, Rsv, describe, mask, write_frame};
use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::protocol::frame::coding::OpCode;
use tungstenite::protocol::frame::{Frame, FrameHeader};

/// A frame put together from its pieces.
type Whole = (Header, Vec<u8>);

fn opcode() -> impl Strategy<Value = Opcode> {
    prop::sample::select(vec![
        Opcode::Continuation,
        Opcode::Text,
        Opcode::Binary,
        Opcode::Close,
        Opcode::Ping,
        Opcode::Pong,
    ])
}

fn rsv() -> impl Strategy<Value = Rsv> {
    vec(prop::sample::select(vec![Rsv::RSV1, Rsv::RSV2, Rsv::RSV3]), 0..3)
        .prop_map(|bits| bits.into_iter().fold(Rsv::NONE, |all, bit| all | bit))
}

/// A header that a peer may send, with any length that fits.
fn header(masked: bool) -> impl Strategy<Value = Header> {
    let lengths = prop_oneof![0..200_u64, 65_000..66_000_u64, 0..1_u64 << 63];
    (any::<bool>(), rsv(), opcode(), any::<[u8; 4]>(), lengths).prop_map(
        move |(fin, rsv, opcode, key, length)| Header {
            fin: fin || opcode.is_control(),
            rsv,
            opcode,
            masking_key: masked.then_some(key),
            length: if opcode.is_control() { length % 126 } else { length },
        },
    )
}

/// A frame that a peer may send, payload and all.
fn frame(masked: bool) -> impl Strategy<Value = Whole> {
    (header(masked), vec(any::<u8>(), 0..300), 0..4).prop_map(|(header, mut payload, times)| {
        // Now and then one whose length takes 64 bits.
        if times == 0 && !header.opcode.is_control() {
            payload = payload.repeat(300);
        }
        if header.opcode.is_control() {
            payload.truncate(125);
        }
        (Header { length: payload.len() as u64, ..header }, payload)
    })
}

fn written(frames: &[Whole]) -> Vec<u8> {
    let mut wire = Vec::new();
    frames.iter().for_each(|(header, payload)| write_frame(*header, payload, &mut wire));
    wire
}

/// Decodes `wire` in reads of these sizes, over and over: the frames, and the error that ended it.
fn decoded(role: Role, wire: &[u8], sizes: &[usize]) -> (Vec<Whole>, Option<FrameError>) {
    let mut decoder = Decoder::new(role);
    let (mut carry, mut rest, mut frames) = (Vec::new(), wire, Vec::<Whole>::new());
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (read, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        carry.extend_from_slice(read);
        let mut input = &mut carry[..];
        loop {
            match decoder.next(&mut input) {
                Ok(Some(piece)) => {
                    frames.extend(piece.start.map(|header| (header, Vec::new())));
                    let (_, payload) = frames.last_mut().expect("a frame has a first piece");
                    payload.extend_from_slice(piece.payload);
                }
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        let left = input.len();
        carry.drain(..carry.len() - left);
    }
    (frames, None)
}

/// The same header, as tungstenite has it.
fn theirs(header: Header) -> FrameHeader {
    let Header { fin, rsv, opcode, masking_key, .. } = header;
    FrameHeader {
        is_final: fin,
        rsv1: Rsv::RSV1.within(rsv),
        rsv2: Rsv::RSV2.within(rsv),
        rsv3: Rsv::RSV3.within(rsv),
        opcode: OpCode::from(opcode as u8),
        mask: masking_key,
    }
}

/// The rules that tungstenite judges elsewhere, or not at all; a header that breaks one is a header to it.
///
/// - Control frames without FIN, or longer than 125 bytes: it looks at them when the payload has come. We need not wait.
/// - Lengths that are not minimal, and the top bit of a 64-bit length (RFC 6455 §5.2, two times MUST): it takes them.
fn is_judged_by_us_alone(error: FrameError) -> bool {
    match error {
        FrameError::FragmentedControl(_) | FrameError::LongControl(_) => true,
        FrameError::LengthNotMinimal(_) | FrameError::LengthTopBit(_) => true,
        FrameError::ReservedOpcode(_) | FrameError::Unmasked | FrameError::Masked => false,
    }
}

/// A header whose bits are any, with some bytes of payload.
fn any_bits() -> impl Strategy<Value = Vec<u8>> {
    let extended = prop_oneof![
        vec(any::<u8>(), 0..16),
        // Small lengths in many bits.
        (any::<u16>(), vec(any::<u8>(), 4..10))
            .prop_map(|(length, rest)| { [&[0; 6], &length.to_be_bytes()[..], &rest[..]].concat() }),
    ];
    (any::<u8>(), any::<u8>(), extended)
        .prop_map(|(first, second, extended)| [&[first, second], &extended[..]].concat())
}

proptest! {
    #[test]
    fn tungstenite_writes_the_same_bytes((header, payload) in any::<bool>().prop_flat_map(frame)) {
        let mut ours = Vec::new();
        write_frame(header, &payload, &mut ours);
        let mut same = Vec::new();
        Frame::from_payload(theirs(header), payload.into()).format(&mut same).expect("a vector takes all");
        prop_assert_eq!(ours, same);
    }

    #[test]
    fn tungstenite_reads_the_same_fields(header in any::<bool>().prop_flat_map(header), behind in vec(any::<u8>(), 0..20)) {
        let mut wire = Vec::new();
        header.write(&mut wire);
        let length = wire.len() as u64;
        wire.extend(behind);
        let mut cursor = Cursor::new(&wire);
        let read = FrameHeader::parse(&mut cursor).expect("a good header");
        prop_assert_eq!(read, Some((theirs(header), header.length)));
        prop_assert_eq!(cursor.position(), length);
    }

    #[test]
    fn what_tungstenite_refuses_we_refuse(wire in any_bits()) {
        let ours = Header::parse(&wire);
        let mut cursor = Cursor::new(&wire);
        match FrameHeader::parse(&mut cursor) {
            Err(error) => prop_assert!(ours.is_err(), "it says {}, we say {:?}", error, ours),
            Ok(Some((header, length))) => match ours {
                Ok(Some((ours, used))) => {
                    prop_assert_eq!((theirs(ours), ours.length), (header, length));
                    prop_assert_eq!(used as u64, cursor.position());
                }
                Ok(None) => prop_assert!(false, "we wait, and the header is here: {:?}", header),
                Err(error) => prop_assert!(is_judged_by_us_alone(error), "we say {}, it says {:?}", error, header),
            },
            // What can only turn out wrong, we refuse before it is here.
            Ok(None) => prop_assert!(!matches!(ours, Ok(Some(_))), "it waits, we say {:?}", ours),
        }
    }
}

proptest! {
    #[test]
    fn a_header_that_is_written_is_read(header in any::<bool>().prop_flat_map(header), behind in vec(any::<u8>(), 0..20)) {
        let mut wire = Vec::new();
        header.write(&mut wire);
        let length = wire.len();
        prop_assert!(length <= frames::MAX_HEADER);
        for cut in 0..length {
            prop_assert_eq!(Header::parse(&wire[..cut]), Ok(None));
        }
        wire.extend(behind);
        prop_assert_eq!(Header::parse(&wire), Ok(Some((header, length))));
    }

    #[test]
    fn a_header_that_is_read_is_written(wire in vec(any::<u8>(), 0..20)) {
        if let Ok(Some((header, length))) = Header::parse(&wire) {
            let mut again = Vec::new();
            header.write(&mut again);
            prop_assert_eq!(&wire[..length], again);
        }
    }

    #[test]
    fn frames_from_a_client_survive_any_split(frames in vec(frame(true), 0..6), sizes in vec(1..400_usize, 1..10)) {
        prop_assert_eq!(decoded(Role::Server, &written(&frames), &sizes), (frames, None));
    }

    #[test]
    fn frames_from_a_server_survive_any_split(frames in vec(frame(false), 0..6), sizes in vec(1..400_usize, 1..10)) {
        prop_assert_eq!(decoded(Role::Client, &written(&frames), &sizes), (frames, None));
    }

    #[test]
    fn whatever_comes_is_decoded_alike_however_it_is_cut(
        // The first two bytes of each frame are made likely to pass, so that the rest is reached.
        chunks in vec((any::<u8>(), any::<u8>(), vec(any::<u8>(), 0..40)), 0..8),
        sizes in vec(1..30_usize, 1..6),
        role in prop::sample::select(vec![Role::Server, Role::Client]),
    ) {
        let mut wire = Vec::new();
        for (first, second, rest) in chunks {
            wire.extend([0x80 | (first % 3), second & 0xbf]);
            wire.extend(rest);
        }
        prop_assert_eq!(decoded(role, &wire, &sizes), decoded(role, &wire, &[usize::MAX]));
    }

    #[test]
    fn masking_is_that_of_the_rfc(payload in vec(any::<u8>(), 0..200), key in any::<[u8; 4]>(), offset in any::<u64>()) {
        let mut masked = payload.clone();
        mask(&mut masked, key, offset);
        let slow = payload.iter().enumerate().map(|(i, byte)| byte ^ key[((offset % 4) as usize + i) % 4]);
        prop_assert_eq!(masked, slow.collect::<Vec<u8>>());
    }

    #[test]
    fn a_drawing_holds_the_bits_of_the_wire(wire in vec(any::<u8>(), 0..40)) {
        let bits: String = describe(&wire).iter().map(|field| field.bits.replace(' ', "")).collect();
        let expected: String = wire.iter().map(|byte| format!("{byte:08b}")).collect();
        prop_assert!(expected.starts_with(&bits), "{} is no part of {}", bits, expected);
        prop_assert!(bits.len() >= expected.len().min(16), "the first two bytes are always drawn");
    }
}
