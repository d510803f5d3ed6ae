use super::*;

const BINARY: Header = Header::new(Opcode::Binary, 0);

/// Reads `wire` whole, byte by byte and with bytes behind it, and gives what all three agree on.
fn parsed(wire: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
    let whole = Header::parse(wire);
    let Ok(Some((_, used))) = whole else {
        // An error may show early, but it is the same error, and it stays.
        let mut seen = Ok(None);
        for arrived in 0..=wire.len() {
            let now = Header::parse(&wire[..arrived]);
            assert!(seen == now || seen == Ok(None), "{seen:?} became {now:?} after {arrived} bytes");
            seen = now;
        }
        assert_eq!(seen, whole);
        return whole;
    };
    for arrived in 0..used {
        assert_eq!(Header::parse(&wire[..arrived]), Ok(None), "after {arrived} of {used} bytes");
    }
    for behind in [0x00, 0x81, 0xff] {
        let mut more = wire[..used].to_vec();
        more.resize(used + 20, behind);
        assert_eq!(Header::parse(&more), whole, "with {behind:#x} behind it");
    }
    whole
}

fn written(header: Header) -> Vec<u8> {
    let mut wire = Vec::new();
    header.write(&mut wire);
    wire
}

/// Six values have a meaning, ten are reserved. To guess what a reserved one means is to mean something else than the
/// next version of the standard.
#[test]
fn section_5_2_an_opcode_is_one_of_six_values() {
    let known: Vec<(u8, Opcode)> =
        (0..16).filter_map(|bits| Some((bits, Opcode::from_bits(bits).ok()?))).collect();
    let six = [
        (0x0, Opcode::Continuation),
        (0x1, Opcode::Text),
        (0x2, Opcode::Binary),
        (0x8, Opcode::Close),
        (0x9, Opcode::Ping),
        (0xa, Opcode::Pong),
    ];
    assert_eq!(known, six);
    assert_eq!(Opcode::from_bits(0xb), Err(FrameError::ReservedOpcode(0xb)));
}

/// Up to 125 in the second byte, up to 65,535 in two bytes more, all else in eight, high byte first: each length in
/// the shortest form that holds it. FIN, RSV and the opcode share the first byte, MASK and the length the second.
#[test]
fn section_5_2_a_header_is_written_as_short_as_it_can_be() {
    for (length, wire) in [
        (0, &[0x82, 0][..]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (32768, &[0x82, 126, 0x80, 0x00]),
        (65535, &[0x82, 126, 0xff, 0xff]),
        (65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        (1 << 32, &[0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]),
    ] {
        assert_eq!(written(Header { length, ..BINARY }), wire, "length {length}");
    }
    let fragment = Header { fin: false, rsv: Rsv::RSV1 | Rsv::RSV3, ..Header::new(Opcode::Text, 5) };
    assert_eq!(written(fragment), [0b0101_0001, 5]);
    let masked = Header { masking_key: Some([1, 2, 3, 4]), length: 300, ..BINARY };
    assert_eq!(written(masked), [0x82, 0x80 | 126, 1, 44, 1, 2, 3, 4]);
}

/// The same bytes, read and written. Cut anywhere the header is not there yet, never an error; bytes behind it change
/// nothing.
#[test]
fn section_5_2_every_length_comes_back_in_its_shortest_form() {
    let cases: [(u64, &[u8]); 12] = [
        (0, &[0x82, 0]),
        (1, &[0x82, 1]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (127, &[0x82, 126, 0, 127]),
        (128, &[0x82, 126, 0, 128]),
        (32767, &[0x82, 126, 0x7f, 0xff]),
        (32768, &[0x82, 126, 0x80, 0x00]),
        (65535, &[0x82, 126, 0xff, 0xff]),
        (65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        (1 << 32, &[0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]),
        ((1 << 63) - 1, &[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (length, wire) in cases {
        let header = Header { length, ..BINARY };
        assert_eq!(written(header), wire, "length {length}");
        assert_eq!(parsed(wire), Ok(Some((header, wire.len()))), "length {length}");
    }
}

/// FIN, three RSV bits and four bits of opcode stand in one byte; each must land in its own place, whatever the others are.
#[test]
fn section_5_2_every_bit_and_opcode_comes_back() {
    let opcodes = [
        (0x0, Opcode::Continuation),
        (0x1, Opcode::Text),
        (0x2, Opcode::Binary),
        (0x8, Opcode::Close),
        (0x9, Opcode::Ping),
        (0xa, Opcode::Pong),
    ];
    for (bits, opcode) in opcodes {
        for rsv in [Rsv::NONE, Rsv::RSV1, Rsv::RSV2, Rsv::RSV3, Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3] {
            for fin in [true, false] {
                if opcode.is_control() && !fin {
                    continue;
                }
                for masking_key in [None, Some([0x0a, 0x0b, 0x0c, 0x0d])] {
                    let header = Header { fin, rsv, opcode, masking_key, length: 3 };
                    let wire = written(header);
                    let marks = u8::from(fin) << 7 | u8::from_str_radix(&rsv.to_string(), 2).unwrap() << 4;
                    assert_eq!(wire[0], marks | bits);
                    assert_eq!(parsed(&wire), Ok(Some((header, wire.len()))));
                }
            }
        }
    }
}

/// The key comes last, behind the length in its 7, 16 or 64 bits: its place follows from the length's form.
#[test]
fn section_5_2_the_masking_key_stands_behind_each_form_of_length() {
    for (length, size) in [(5, 6), (500, 8), (70_000, 14)] {
        let header = Header { masking_key: Some([1, 2, 3, 4]), length, ..BINARY };
        let wire = written(header);
        assert_eq!(wire.len(), size);
        assert!(wire.len() <= MAX_HEADER);
        assert_eq!(wire[size - 4..], [1, 2, 3, 4]);
        assert_eq!(parsed(&wire), Ok(Some((header, size))));
    }
}

/// Known from the first byte, so it is said at the first byte: no length and no key need be waited for.
#[test]
fn section_5_2_reserved_opcodes_are_refused_at_the_first_byte() {
    for bits in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        for marks in [0x00, 0x80, 0xf0] {
            assert_eq!(parsed(&[marks | bits]), Err(FrameError::ReservedOpcode(bits)));
        }
    }
}

/// Two spellings of one length are two ways past somebody who checks. It is said before the key has come.
#[test]
fn section_5_2_a_length_that_is_not_minimal_is_refused() {
    for length in [0u16, 1, 124, 125] {
        let [high, low] = length.to_be_bytes();
        let error = Err(FrameError::LengthNotMinimal(length.into()));
        assert_eq!(parsed(&[0x82, 126, high, low]), error);
        assert_eq!(parsed(&[0x82, 0x80 | 126, high, low]), error, "masked, before the key has come");
    }
    for length in [0u64, 125, 126, 127, 32768, 65535] {
        let mut wire = vec![0x82, 127];
        wire.extend_from_slice(&length.to_be_bytes());
        assert_eq!(parsed(&wire), Err(FrameError::LengthNotMinimal(length)));
    }
}

/// A length over 2^63 is negative to a program that reads it as signed.
#[test]
fn section_5_2_the_top_bit_of_a_64_bit_length_must_be_0() {
    for length in [1 << 63, u64::MAX, (1 << 63) + 65536] {
        let mut wire = vec![0x82, 127];
        wire.extend_from_slice(&length.to_be_bytes());
        assert_eq!(parsed(&wire), Err(FrameError::LengthTopBit(length)));
    }
}

/// A control frame must be able to come between the fragments of a message, so it has none of its own.
#[test]
fn section_5_5_control_frames_are_not_fragmented() {
    for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
        assert_eq!(parsed(&[opcode as u8]), Err(FrameError::FragmentedControl(opcode)));
    }
}

/// 126 and 127 in the second byte are enough to know: whatever the long length says, it is over 125.
#[test]
fn section_5_5_control_frames_carry_at_most_125_bytes() {
    for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
        let wire = written(Header::new(opcode, 125));
        assert_eq!(parsed(&wire), Ok(Some((Header::new(opcode, 125), 2))));
        for short in [126, 127] {
            for mask_bit in [0, 0x80] {
                let wire = [0x80 | opcode as u8, mask_bit | short];
                assert_eq!(parsed(&wire), Err(FrameError::LongControl(opcode)));
            }
        }
    }
}

/// The peer is told 1002 and a sentence; the sentence names the section where the rule stands.
#[test]
fn every_error_closes_with_1002_and_names_its_section() {
    let errors = [
        FrameError::ReservedOpcode(3),
        FrameError::FragmentedControl(Opcode::Ping),
        FrameError::LongControl(Opcode::Close),
        FrameError::LengthNotMinimal(5),
        FrameError::LengthTopBit(u64::MAX),
        FrameError::Unmasked,
        FrameError::Masked,
    ];
    for error in errors {
        assert_eq!(error.close_code(), 1002);
        assert!(error.to_string().contains("(RFC 6455 §5."), "{error}");
    }
}

/// The length is that of the payload, whatever the header said, and what stands in the buffer before stays.
#[test]
fn a_frame_is_written_with_the_length_of_its_payload_and_masked_when_it_has_a_key() {
    let mut wire = b"before".to_vec();
    write_frame(Header::new(Opcode::Text, 0), b"Hello", &mut wire);
    assert_eq!(wire, *b"before\x81\x05Hello");

    let mut wire = Vec::new();
    let header = Header { masking_key: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::Text, 0) };
    write_frame(header, b"Hello", &mut wire);
    assert_eq!(wire, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
}

// Otherwise a large message takes many times its size in memory, and the bytes on the wire do not show it.
#[test]
fn a_frame_takes_the_memory_of_its_bytes() {
    for length in [1000, 100_000] {
        let mut wire = Vec::new();
        write_frame(Header::new(Opcode::Binary, 0), &vec![7; length], &mut wire);
        assert!(wire.capacity() < 2 * length, "{} bytes for {length}", wire.capacity());
    }
}

#[test]
fn rsv_bits_are_a_set() {
    assert!(Rsv::NONE.within(Rsv::NONE));
    assert!(Rsv::RSV1.within(Rsv::RSV1));
    assert!(Rsv::RSV1.within(Rsv::RSV1 | Rsv::RSV3));
    assert!(!Rsv::RSV1.within(Rsv::NONE));
    assert!(!(Rsv::RSV1 | Rsv::RSV2).within(Rsv::RSV1));
    assert_eq!(Rsv::RSV1 | Rsv::RSV1, Rsv::RSV1);
}
