use super::*;
use crate::made::{CLIENT, SERVER, made};

#[test]
fn each_field_is_found() {
    let segment = made(CLIENT, SERVER, Flags::SYN.0 | Flags::ECE.0)
        .numbers(0x0102_0304, 0x0506_0708)
        .window(0x090a)
        .options(&[2, 4, 5, 0xb4])
        .payload(b"hello");
    let bytes = segment.tcp();
    let header = Header::parse(&bytes, bytes.len()).unwrap();
    assert_eq!((header.source_port, header.destination_port), (40000, 80));
    // In hexadecimal: each digit of a number tells which byte it came from.
    assert_eq!(format!("{:08x}", header.sequence_number), "01020304");
    assert_eq!(format!("{:08x}", header.acknowledgment_number), "05060708");
    assert_eq!(format!("{:04x}", header.window), "090a");
    assert_eq!(header.length, 24);
    assert_eq!(header.flags.to_string(), "SYN, ECE");
    assert_eq!(header.options.maximum_segment_size, Some(1460));
    assert_eq!(header.checksum.to_be_bytes(), bytes[16..18]);
}

#[test]
fn every_flag_has_its_name() {
    assert_eq!(Flags(0xff).to_string(), "SYN, FIN, RST, PSH, URG, ACK, ECE, CWR");
    assert_eq!(Flags(0).to_string(), "no flag");
    assert_eq!(Flags(0x12).to_string(), "SYN, ACK");
    assert!(Flags(0x12).has(Flags::ACK) && !Flags(0x12).has(Flags::FIN));
}

#[test]
fn a_header_that_is_cut_off_is_an_error() {
    let bytes = made(CLIENT, SERVER, Flags::SYN.0).options(&[1; 40]).payload(b"x").tcp();
    for length in 0..60 {
        assert_eq!(Header::parse(&bytes[..length], bytes.len()), Err(Error::Truncated), "{length} bytes");
    }
    assert_eq!(Header::parse(&bytes[..60], bytes.len()).unwrap().length, 60);
}

#[test]
fn a_data_offset_that_lies_is_refused() {
    let mut bytes = made(CLIENT, SERVER, Flags::SYN.0).payload(&[7; 100]).tcp();
    for words in 0..16u8 {
        bytes[12] = words << 4;
        let header = Header::parse(&bytes, bytes.len());
        assert_eq!(header.is_ok(), words >= 5, "{words} words");
        // More than the segment has.
        assert_eq!(Header::parse(&bytes, 30).is_ok(), (5..=7).contains(&words), "{words} words of 30 bytes");
    }
}
