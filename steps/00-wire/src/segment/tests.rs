use super::*;
use crate::made::{self, CLIENT, PSH_ACK, SERVER, made};

#[test]
fn a_segment_over_ipv4_and_ipv6_is_understood() {
    for (from, to) in [(CLIENT, SERVER), ("[::1]:40000", "[2001:db8::1]:80")] {
        let packet = made(from, to, PSH_ACK).payload(b"hello").packet();
        let segment = Segment::parse(&packet).unwrap();
        assert_eq!((segment.source.to_string(), segment.destination.to_string()), (from.into(), to.into()));
        assert_eq!((segment.payload, segment.length), (&b"hello"[..], 5));
        assert_eq!(segment.checksum, Verdict::Right);
        assert!(segment.concerns(80) && segment.concerns(40000) && !segment.concerns(8080));
    }
}

#[test]
fn a_payload_that_was_not_captured_whole_has_its_length_all_the_same() {
    let packet = made(CLIENT, SERVER, PSH_ACK).payload(b"hello").packet();
    let segment = Segment::parse(&packet[..packet.len() - 3]).unwrap();
    assert_eq!((segment.payload, segment.length, segment.checksum), (&b"he"[..], 5, Verdict::Unknown));
    // Ethernet pads short frames: what stands behind is not payload.
    let padded = [&packet[..], &[0; 6]].concat();
    assert_eq!(Segment::parse(&padded).unwrap().payload, b"hello");
}

#[test]
fn a_byte_that_was_changed_is_noticed() {
    let mut packet = made(CLIENT, SERVER, PSH_ACK).payload(b"hello").packet();
    *packet.last_mut().unwrap() ^= 1;
    assert!(matches!(Segment::parse(&packet).unwrap().checksum, Verdict::Wrong { .. }));
}

#[test]
fn what_is_no_segment_says_what_it_is() {
    let said = |packet: &[u8]| Segment::parse(packet).unwrap_err().to_string();
    let here = "127.0.0.1".parse().unwrap();
    assert_eq!(said(&made::ip(here, here, 17, b"dns")), "not TCP but protocol 17");
    assert_eq!(said(&made::ip(here, here, 6, b"short")), "the TCP header is cut off");
    assert_eq!(said(b""), "the IP header is cut off");
    assert_eq!(said(b"GET / HTTP/1.1"), "the IP header is cut off");
    assert_eq!(said(&[0x50; 40]), "not IP: its version would be 5");
    let mut fragment = made(CLIENT, SERVER, PSH_ACK).packet();
    fragment[6] = 0x20;
    assert_eq!(said(&fragment), "a fragment of an IP packet, which this decoder does not join");
}

#[test]
fn every_packet_cut_anywhere_and_changed_anywhere_is_no_panic() {
    for (from, to) in [(CLIENT, SERVER), ("[::1]:1", "[::1]:2")] {
        let packet = made(from, to, PSH_ACK).options(&[2, 4, 5, 0xb4]).payload(b"hello").packet();
        for length in 0..packet.len() {
            let _ = Segment::parse(&packet[..length]);
        }
        for at in 0..packet.len() {
            for value in 0..=255 {
                let mut changed = packet.clone();
                changed[at] = value;
                let _ = Segment::parse(&changed);
            }
        }
    }
}
