use std::net::Ipv4Addr;

use super::*;
use crate::made;

/// The first packet of a real connection: `curl http://127.0.0.1:8080/`, captured on loopback.
const SYN: [u8; 60] = [
    0x45, 0x00, 0x00, 0x3c, 0xe2, 0x38, 0x40, 0x00, 0x40, 0x06, 0x5a, 0x81, 0x7f, 0x00, 0x00, 0x01, 0x7f,
    0x00, 0x00, 0x01, 0xd6, 0x42, 0x1f, 0x90, 0x62, 0x5e, 0x1a, 0xb4, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02,
    0xff, 0xd7, 0xfe, 0x30, 0x00, 0x00, 0x02, 0x04, 0xff, 0xd7, 0x04, 0x02, 0x08, 0x0a, 0xb0, 0x61, 0x1f,
    0x1b, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a,
];

fn six(payload: &[u8], next: u8) -> Vec<u8> {
    made::ip("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap(), next, payload)
}

/// Chapter 00 shows this packet byte by byte, under "Two headers".
#[test]
fn a_real_packet_is_understood() {
    let packet = Packet::parse(&SYN).unwrap();
    assert_eq!((packet.source, packet.destination), (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()));
    assert_eq!((packet.protocol, packet.hop_limit, packet.length), (TCP, 64, 40));
    assert_eq!(packet.payload, &SYN[20..]);
    assert_eq!(packet.fragment, None);
    assert!(packet.checksum_is_right);
}

#[test]
fn a_changed_ipv4_header_is_noticed() {
    for bit in 0..160 {
        let mut bytes = SYN;
        bytes[bit / 8] ^= 1 << (bit % 8);
        let right =
            Packet::parse(&bytes).is_ok_and(|packet| packet.checksum_is_right && packet.payload.len() == 40);
        assert!(!right, "bit {bit}");
    }
}

#[test]
fn ipv4_options_are_skipped_and_what_stands_behind_the_packet_is_no_part_of_it() {
    let mut bytes = vec![0x46, 0, 0, 27, 0, 0, 0, 0, 1, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 0];
    bytes.extend(b"datapadding");
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!((packet.payload, packet.length, packet.protocol), (&b"dat"[..], 3, 17));
    assert!(!packet.checksum_is_right);
}

#[test]
fn an_ipv6_packet_is_understood() {
    let bytes = six(b"payload", TCP);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.source, "2001:db8::1".parse::<IpAddr>().unwrap());
    assert_eq!(packet.destination, "2001:db8::2".parse::<IpAddr>().unwrap());
    assert_eq!(
        (packet.protocol, packet.hop_limit, packet.length, packet.payload),
        (TCP, 64, 7, &b"payload"[..])
    );
}

#[test]
fn ipv6_extension_headers_are_skipped() {
    // Hop-by-hop options (16 bytes), then destination options (8), then TCP.
    let mut payload = vec![60, 1];
    payload.extend([0; 14]);
    payload.extend([TCP, 0, 0, 0, 0, 0, 0, 0]);
    payload.extend(b"tcp");
    let bytes = six(&payload, 0);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!((packet.protocol, packet.length, packet.payload), (TCP, 3, &b"tcp"[..]));
}

#[test]
fn fragments_are_told() {
    let mut first = SYN;
    first[6..8].copy_from_slice(&[0x20, 0x00]);
    assert_eq!(Packet::parse(&first).unwrap().fragment, Some(Fragment { offset: 0, more: true }));
    let mut last = SYN;
    last[6..8].copy_from_slice(&[0x00, 0xb9]);
    assert_eq!(Packet::parse(&last).unwrap().fragment, Some(Fragment { offset: 1480, more: false }));

    let bytes = six(&[TCP, 0, 0x05, 0xc9, 0, 0, 0, 9, 1, 2, 3], 44);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.fragment, Some(Fragment { offset: 1480, more: true }));
    assert_eq!(packet.payload, [1, 2, 3]);
    // Not the first, so what follows is no header, whatever its number says.
    let bytes = six(&[60, 0, 0x05, 0xc8, 0, 0, 0, 9, 1, 2, 3], 44);
    assert_eq!(Packet::parse(&bytes).unwrap().payload, [1, 2, 3]);
    // A packet that is whole may have the header too (RFC 6946).
    assert_eq!(Packet::parse(&six(&[TCP, 0, 0, 0, 0, 0, 0, 9], 44)).unwrap().fragment, None);
}

#[test]
fn a_header_that_is_cut_off_is_an_error_and_a_payload_that_is_cut_off_is_not() {
    for bytes in [SYN.to_vec(), six(&SYN[20..], TCP)] {
        let header = bytes.len() - 40;
        for length in 0..bytes.len() {
            match Packet::parse(&bytes[..length]) {
                Ok(packet) => {
                    assert!(length >= header);
                    assert_eq!((packet.length, packet.payload.len()), (40, length - header));
                }
                Err(error) => assert_eq!((error, length < header), (Error::Truncated, true)),
            }
        }
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let with = |at: usize, value: &[u8]| {
        let mut bytes = SYN;
        bytes[at..at + value.len()].copy_from_slice(value);
        Packet::parse(&bytes).map(|packet| packet.payload.len())
    };
    assert_eq!(with(0, &[0x44]), Err(Error::Length), "a header of 16 bytes");
    assert_eq!(with(2, &[0, 19]), Err(Error::Length), "a packet shorter than its header");
    assert_eq!(with(2, &[0, 20]), Ok(0));
    assert_eq!(with(2, &[0xff, 0xff]), Ok(40), "a packet longer than what was captured");
    assert_eq!(with(0, &[0x4f]), Ok(0), "a header of 60 bytes");
    assert_eq!(with(0, &[0x55]), Err(Error::Version(5)));
    // An extension header that is longer than the packet, and one that is longer than what was captured.
    assert_eq!(Packet::parse(&six(&[TCP, 1, 0, 0, 0, 0, 0, 0], 0)), Err(Error::Length));
    assert_eq!(Packet::parse(&six(&[TCP, 0, 0, 0], 0)), Err(Error::Truncated));
}
