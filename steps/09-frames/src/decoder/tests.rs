use super::*;
use crate::write_frame;

/// A frame put together again from its pieces: its header, its payload.
type Whole = (Header, Vec<u8>);

fn masked(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let masking_key = Some([0x37, 0xfa, 0x21, 0x3d]);
    write_frame(Header { fin, masking_key, ..Header::new(opcode, 0) }, payload, &mut wire);
    wire
}

/// Feeds `wire` to a decoder in reads of the given sizes, the last size repeated, as the loop does it: what
/// was not used is offered again with the next read behind it.
fn decode(role: Role, wire: &[u8], reads: &[usize]) -> Result<Vec<Whole>, FrameError> {
    let mut decoder = Decoder::new(role);
    let mut carry: Vec<u8> = Vec::new();
    let mut frames: Vec<Whole> = Vec::new();
    let mut rest = wire;
    let mut reads = reads.iter().copied();
    let mut size = 0;
    while !rest.is_empty() {
        size = reads.next().unwrap_or(size);
        let (read, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        carry.extend_from_slice(read);
        let mut input = &mut carry[..];
        while let Some(piece) = decoder.next(&mut input)? {
            if let Some(header) = piece.start {
                frames.push((header, Vec::new()));
            }
            let (header, payload) = frames.last_mut().expect("the first piece of a frame has a start");
            assert_eq!((piece.fin, piece.rsv, piece.opcode), (header.fin, header.rsv, header.opcode));
            payload.extend_from_slice(piece.payload);
            assert_eq!(piece.left, header.length - payload.len() as u64);
            assert!(!header.opcode.is_control() || piece.left == 0, "a control frame comes whole");
        }
        let left = input.len();
        assert!(left <= 130, "{left} bytes left in the input");
        carry.drain(..carry.len() - left);
    }
    Ok(frames)
}

/// Whole, byte by byte, in two reads cut everywhere, and with another frame behind it: one result.
fn decoded(role: Role, wire: &[u8]) -> Result<Vec<Whole>, FrameError> {
    let whole = decode(role, wire, &[wire.len()]);
    assert_eq!(decode(role, wire, &[1]), whole, "byte by byte");
    for cut in 1..wire.len().min(300) {
        assert_eq!(decode(role, wire, &[cut, wire.len()]), whole, "cut at {cut}");
    }
    if let Ok(frames) = &whole {
        let mut behind = Vec::new();
        match role {
            Role::Server => behind.extend(masked(true, Opcode::Ping, b"behind")),
            Role::Client => write_frame(Header::new(Opcode::Ping, 0), b"behind", &mut behind),
        }
        let both = decode(role, &[wire, &behind[..]].concat(), &[usize::MAX]).unwrap();
        assert_eq!(both[..frames.len()], frames[..], "with a frame behind");
        assert_eq!(both.last().unwrap().1, b"behind");
    }
    whole
}

/// What has come of the payload, unmasked, and no byte more: behind it stands the next frame. Where the payload is cut
/// the key goes on, not from its beginning; and when nothing is left the decoder stands before the next frame.
#[test]
fn a_piece_is_what_has_come_of_its_frame_and_no_more() {
    let frame = Frame { fin: true, rsv: Rsv::NONE, opcode: Opcode::Text };
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut decoder = Decoder { role: Role::Server, frame: None, left: 5, key };
    let mut wire = [0x7f, 0x9f, 0x4d, 0x51, 0x58, 0x81, 0x85];
    let (mut input, mut later) = wire.split_at_mut(3);

    let piece = decoder.piece(frame, None, &mut input);
    assert_eq!((piece.payload, piece.left, piece.fin, piece.opcode), (&b"Hel"[..], 2, true, Opcode::Text));
    assert!(input.is_empty() && decoder.frame.is_some(), "two bytes of the frame are still to come");

    let piece = decoder.piece(frame, None, &mut later);
    assert_eq!((piece.payload, piece.left), (&b"lo"[..], 0));
    assert_eq!(later, [0x81, 0x85], "the next frame is left alone");
    assert!(decoder.frame.is_none(), "the frame is over");
}

/// A client reads frames that have no mask.
#[test]
fn a_piece_for_a_client_stays_as_it_came() {
    let frame = Frame { fin: true, rsv: Rsv::NONE, opcode: Opcode::Binary };
    let mut decoder = Decoder { role: Role::Client, frame: None, left: 2, key: [0; 4] };
    let mut wire = *b"hi";
    assert_eq!(decoder.piece(frame, None, &mut &mut wire[..]).payload, b"hi");
}

/// The frames of RFC 6455 §5.7, whole, byte by byte, cut everywhere, and with another frame behind: one result.
#[test]
fn section_5_7_a_single_frame_unmasked_text_message() {
    let frames = decoded(Role::Client, &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert_eq!(frames, Ok(vec![(Header::new(Opcode::Text, 5), b"Hello".to_vec())]));
}

/// The same letters with a mask: the payload that comes out has none.
#[test]
fn section_5_7_a_single_frame_masked_text_message() {
    let wire = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let header = Header { masking_key: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::Text, 5) };
    assert_eq!(decoded(Role::Server, &wire), Ok(vec![(header, b"Hello".to_vec())]));
}

/// Two frames: the second one is told as a Continuation. Who belongs to whom is rung 10's affair.
#[test]
fn section_5_7_a_fragmented_unmasked_text_message() {
    let wire = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    let first = Header { fin: false, ..Header::new(Opcode::Text, 3) };
    let last = Header::new(Opcode::Continuation, 2);
    let frames = vec![(first, b"Hel".to_vec()), (last, b"lo".to_vec())];
    assert_eq!(decoded(Role::Client, &wire), Ok(frames));
}

/// Ping and Pong are frames like any other; they come whole.
#[test]
fn section_5_7_an_unmasked_ping_and_a_masked_pong() {
    let ping = decoded(Role::Client, &[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert_eq!(ping, Ok(vec![(Header::new(Opcode::Ping, 5), b"Hello".to_vec())]));
    let wire = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let header = Header { masking_key: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::Pong, 5) };
    assert_eq!(decoded(Role::Server, &wire), Ok(vec![(header, b"Hello".to_vec())]));
}

/// A length in 16 bits and one in 64.
#[test]
fn section_5_7_256_bytes_and_64_kib_of_binary() {
    for (start, length) in
        [(&[0x82, 0x7e, 0x01, 0x00][..], 256), (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], 65536)]
    {
        let mut wire = start.to_vec();
        wire.resize(start.len() + length, 0xab);
        let frames = decoded(Role::Client, &wire).unwrap();
        assert_eq!(frames, [(Header::new(Opcode::Binary, length as u64), vec![0xab; length])]);
    }
}

/// Wherever TCP cuts the frame, the same payload comes out.
#[test]
fn every_length_survives_every_split_with_its_mask() {
    for length in [0, 1, 2, 3, 4, 5, 125, 126, 127, 128, 32768, 65535, 65536] {
        let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let frames = decoded(Role::Server, &masked(true, Opcode::Binary, &payload)).unwrap();
        assert_eq!(frames.len(), 1);
        assert!(frames[0].1 == payload, "length {length}");
    }
}

/// Octet i of the frame meets octet i % 4 of the key, not octet i of the read. Wrong letters from the second read on: the
/// key began anew.
#[test]
fn section_5_3_the_mask_goes_on_where_the_last_read_stopped() {
    let payload: Vec<u8> = (0..50).collect();
    let wire = masked(true, Opcode::Binary, &payload);
    for size in 1..wire.len() {
        let frames = decode(Role::Server, &wire, &[size]).unwrap();
        assert_eq!(frames[0].1, payload, "reads of {size} bytes");
    }
}

/// A Ping may stand between the fragments of a message: the decoder gives the frames in the order of the wire. Right when
/// all came at once and wrong byte by byte: the header was taken off the input before the Ping was whole, and the
/// payload was then read as a header.
#[test]
fn control_frames_between_fragments_come_in_order() {
    let wire = [
        masked(false, Opcode::Text, b"one "),
        masked(true, Opcode::Ping, b"between"),
        masked(true, Opcode::Continuation, b"message"),
        masked(true, Opcode::Close, b""),
    ]
    .concat();
    let frames = decoded(Role::Server, &wire).unwrap();
    let opcodes: Vec<Opcode> = frames.iter().map(|(header, _)| header.opcode).collect();
    assert_eq!(opcodes, [Opcode::Text, Opcode::Ping, Opcode::Continuation, Opcode::Close]);
    assert_eq!(frames[1].1, b"between");
}

/// A control frame is given only whole. Until then nothing of it is taken: what was not taken is shown again.
#[test]
fn the_longest_control_frame_waits_in_the_input_until_it_is_whole() {
    let frames = decoded(Role::Server, &masked(true, Opcode::Ping, &[7; 125])).unwrap();
    assert_eq!(frames[0].1, [7; 125]);
}

/// A client must mask, or a page could choose what stands on the wire (RFC 6455 §10.3). It is said before any payload.
#[test]
fn section_5_1_a_server_refuses_an_unmasked_frame() {
    assert_eq!(decoded(Role::Server, &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), Err(FrameError::Unmasked));
    assert_eq!(decoded(Role::Server, &[0x88, 0x00]), Err(FrameError::Unmasked));
}

/// A server must not mask, and a client that sees a mask closes.
#[test]
fn section_5_1_a_client_refuses_a_masked_frame() {
    assert_eq!(decoded(Role::Client, &masked(true, Opcode::Text, b"Hello")), Err(FrameError::Masked));
}

/// The MASK bit says whether there is a key, not the key: zeros are one.
#[test]
fn a_key_of_zeros_is_still_a_mask() {
    let wire = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    assert_eq!(decoded(Role::Server, &wire).unwrap()[0].1, b"hi");
}

/// The good frames before it come out first, then the error.
#[test]
fn a_broken_header_is_found_behind_good_frames() {
    let mut wire = masked(true, Opcode::Text, b"good");
    wire.push(0x83);
    assert_eq!(decode(Role::Server, &wire, &[1]), Err(FrameError::ReservedOpcode(3)));
    assert_eq!(decode(Role::Server, &wire, &[wire.len()]), Err(FrameError::ReservedOpcode(3)));
}

/// The first piece of a data frame may be empty: whoever has a limit must be able to refuse a gigabyte before it comes. But
/// where no byte has come there is no second empty piece.
#[test]
fn the_declared_length_is_told_before_any_payload_has_come() {
    let mut header = Vec::new();
    let gib = Header { masking_key: Some([1, 2, 3, 4]), ..Header::new(Opcode::Binary, 1 << 30) };
    gib.write(&mut header);
    let mut decoder = Decoder::new(Role::Server);
    let mut input = &mut header[..];
    let piece = decoder.next(&mut input).unwrap().unwrap();
    assert_eq!((piece.start, piece.payload, piece.left), (Some(gib), &[][..], 1 << 30));
    assert_eq!(decoder.next(&mut input), Ok(None), "an empty input gives no empty pieces");
}

/// Whoever makes room for the rest of a frame asks how long it is. Too little, and the frame never ends; too much, and the next
/// header is taken for payload.
#[test]
fn what_is_still_to_come_of_a_frame_can_be_asked_and_between_two_frames_it_is_nothing() {
    let mut wire = [masked(true, Opcode::Binary, &[7; 10]), masked(true, Opcode::Ping, b"next")].concat();
    let (mut first, mut rest) = wire.split_at_mut(6 + 4);
    let mut decoder = Decoder::new(Role::Server);
    assert_eq!(decoder.left(), 0, "nothing has begun");
    decoder.next(&mut first).unwrap();
    assert_eq!(decoder.left(), 6);
    decoder.next(&mut rest).unwrap();
    assert_eq!(decoder.left(), 0, "the frame is over");
    decoder.next(&mut rest).unwrap();
    assert_eq!(decoder.left(), 0, "a control frame comes whole");
}

/// The payload is a slice of the input, not a copy of it.
#[test]
fn a_frame_that_came_whole_is_lent_from_the_input_and_not_copied() {
    let mut wire = masked(true, Opcode::Text, b"Hello");
    let inside = wire.as_ptr_range();
    let mut input = &mut wire[..];
    let piece = Decoder::new(Role::Server).next(&mut input).unwrap().unwrap();
    assert_eq!((piece.payload, piece.left), (&b"Hello"[..], 0));
    assert!(inside.contains(&piece.payload.as_ptr()));
}

/// A connection that says nothing costs these bytes, a million of them 16 MB.
#[test]
fn a_decoder_is_16_bytes() {
    assert_eq!(size_of::<Decoder>(), 16);
}

/// The short way does what the long one does, or nothing: at every first byte, second byte, and length of input.
#[test]
fn the_short_way_is_the_long_way() {
    let mut short = 0;
    for role in [Role::Server, Role::Client] {
        for first in 0..=255 {
            for second in 0..=255_u8 {
                let wire: Vec<u8> = [first, second].into_iter().chain(0..140).collect();
                let whole = 6 + usize::from(second & 127);
                let mut ends = vec![0, 1, 2, 5, 6, whole - 1, whole, whole + 1];
                ends.sort();
                ends.dedup();
                for end in ends {
                    let (mut one, mut other) = (wire[..end.min(142)].to_vec(), wire[..end.min(142)].to_vec());
                    let (mut left, mut left_long) = (&mut one[..], &mut other[..]);
                    let Some((opcode, payload)) = Decoder::new(role).short(&mut left) else {
                        assert_eq!(*left, wire[..end.min(142)], "nothing is used");
                        continue;
                    };
                    let mut decoder = Decoder::new(role);
                    let piece = decoder.next(&mut left_long).unwrap().expect("a whole frame");
                    let what = format!("{first:#04x} {second:#04x}: the short way, and the long one");
                    assert_eq!((opcode, payload), (piece.opcode, piece.payload), "{what}");
                    assert!(piece.fin && piece.rsv == Rsv::NONE && piece.left == 0 && left == left_long);
                    short += 1;
                }
            }
        }
    }
    assert_eq!(short, 2 * 126 * 2, "text and binary, of 0 to 125 bytes, whole and with a byte behind them");
}

/// In the middle of a frame there is no short way.
#[test]
fn what_stands_in_a_frame_is_no_frame() {
    let frame = masked(true, Opcode::Text, b"hi");
    let mut wire = masked(true, Opcode::Binary, &[0; 200]);
    let mut decoder = Decoder::new(Role::Server);
    decoder.next(&mut &mut wire[..100]).unwrap();
    assert_eq!(decoder.short(&mut &mut frame.clone()[..]), None);
}
