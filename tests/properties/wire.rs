//! Rung 00 under arbitrary input: what another library writes is read, and nothing panics, whatever the bytes are.

use std::time::Duration;

use etherparse::{PacketBuilder, TcpOptionElement};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::checksum::Verdict;
use wire::conversation::Tracker;
use wire::drawing::Drawing;
use wire::segment::Segment;
use wire::{link, pcap};

/// What is put into a packet.
#[derive(Clone, Debug)]
struct Sent {
    addresses: Option<([u8; 4], [u8; 4])>,
    ports: (u16, u16),
    numbers: (u32, u32),
    flags: u8,
    window: u16,
    options: Vec<TcpOptionElement>,
    payload: Vec<u8>,
}

fn option() -> impl Strategy<Value = TcpOptionElement> {
    prop_oneof![
        any::<u16>().prop_map(TcpOptionElement::MaximumSegmentSize),
        (0..20u8).prop_map(TcpOptionElement::WindowScale),
        Just(TcpOptionElement::SelectiveAcknowledgementPermitted),
        Just(TcpOptionElement::Noop),
        any::<(u32, u32)>().prop_map(|(mine, yours)| TcpOptionElement::Timestamp(mine, yours)),
        any::<(u32, u32)>()
            .prop_map(|block| TcpOptionElement::SelectiveAcknowledgement(block, [None, None, None])),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    // Few numbers, so that segments meet: retransmissions, gaps, resets.
    let number = prop_oneof![0..20u32, u32::MAX - 20..=u32::MAX, any::<u32>()];
    let addresses = prop::option::of(any::<([u8; 4], [u8; 4])>());
    let ports = prop_oneof![Just((1, 2)), Just((2, 1)), any::<(u16, u16)>()];
    let numbers = (number.clone(), number);
    (addresses, ports, numbers, 0..64u8, any::<u16>(), vec(option(), 0..4), vec(any::<u8>(), 0..40)).prop_map(
        |(addresses, ports, numbers, flags, window, options, payload)| Sent {
            addresses,
            ports,
            numbers,
            flags,
            window,
            options,
            payload,
        },
    )
}

/// The packet, written by etherparse: IPv4, or IPv6 where there are no addresses.
fn packet(sent: &Sent) -> Option<Vec<u8>> {
    let ip = match sent.addresses {
        Some((from, to)) => PacketBuilder::ipv4(from, to, 64),
        None => PacketBuilder::ipv6([1; 16], [2; 16], 64),
    };
    let mut tcp = ip.tcp(sent.ports.0, sent.ports.1, sent.numbers.0, sent.window);
    let has = |flag: u8| sent.flags & flag != 0;
    if has(0x01) {
        tcp = tcp.fin();
    }
    if has(0x02) {
        tcp = tcp.syn();
    }
    if has(0x04) {
        tcp = tcp.rst();
    }
    if has(0x08) {
        tcp = tcp.psh();
    }
    if has(0x10) {
        tcp = tcp.ack(sent.numbers.1);
    }
    // More options than the header has room for are refused.
    let tcp = tcp.options(&sent.options).ok()?;
    let mut bytes = Vec::new();
    tcp.write(&mut bytes, &sent.payload).expect("memory");
    Some(bytes)
}

/// All that the program does with packets, on a terminal of this width.
fn draw<'a>(packets: impl IntoIterator<Item = &'a [u8]>, width: usize) -> Result<(), TestCaseError> {
    let (mut tracker, mut drawing) = (Tracker::new(Some(2)), Drawing::new(width, true));
    for packet in packets {
        let Ok(segment) = Segment::parse(packet) else { continue };
        let picture = drawing.draw(Duration::ZERO, &segment, &tracker.take(&segment));
        for line in picture.lines() {
            prop_assert!(line.is_ascii() && line.len() <= width.max(40), "{line:?} in {width} columns");
            prop_assert!(line.bytes().all(|byte| byte >= b' '), "{line:?} moves the cursor");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_etherparse_writes_is_read(sent in sent()) {
        let Some(bytes) = packet(&sent) else { return Ok(()) };
        let segment = Segment::parse(&bytes).unwrap();
        let header = &segment.header;
        prop_assert_eq!((header.source_port, header.destination_port), sent.ports);
        prop_assert_eq!(header.sequence_number, sent.numbers.0);
        prop_assert_eq!(header.flags.0, sent.flags & 0x1f);
        prop_assert_eq!(header.window, sent.window);
        prop_assert_eq!(segment.payload, &sent.payload[..]);
        prop_assert_eq!(segment.checksum, Verdict::Right);
        prop_assert!(segment.ip_checksum_is_right);
        prop_assert_eq!(header.options.broken, None);
        for option in &sent.options {
            match option {
                TcpOptionElement::SelectiveAcknowledgementPermitted => prop_assert!(header.options.sack_permitted),
                TcpOptionElement::MaximumSegmentSize(_) => prop_assert!(header.options.maximum_segment_size.is_some()),
                TcpOptionElement::WindowScale(_) => prop_assert!(header.options.window_scale.is_some()),
                TcpOptionElement::Timestamp(..) => prop_assert!(header.options.timestamps.is_some()),
                TcpOptionElement::SelectiveAcknowledgement(..) => prop_assert_eq!(header.options.sack.len(), 1),
                TcpOptionElement::Noop => {}
            }
        }
    }

    #[test]
    fn any_conversation_is_drawn(sent in vec(sent(), 0..12), width in 0..120usize) {
        let packets: Vec<_> = sent.iter().filter_map(packet).collect();
        draw(packets.iter().map(Vec::as_slice), width)?;
    }

    #[test]
    fn packets_cut_and_changed_anywhere_are_no_panic(
        sent in sent(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let Some(mut bytes) = packet(&sent) else { return Ok(()) };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        draw([&bytes[..], &bytes[..cut.index(bytes.len())]], 60)?;
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in vec(any::<u8>(), 0..200), link_type in 0..300u32, version in 4..7u8) {
        draw(link::ip(link_type, &bytes), 60)?;
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = version << 4 | *first & 0x0f;
        }
        draw([&bytes[..]], 60)?;
    }

    #[test]
    fn what_is_captured_is_read(
        packets in vec((any::<u32>(), 0..1_000_000u32, vec(any::<u8>(), 0..100)), 0..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = Vec::new();
        let mut writer = pcap::Writer::new(&mut file).unwrap();
        let at = |seconds: u32, micros: u32| Duration::new(seconds.into(), micros * 1000);
        for (seconds, micros, packet) in &packets {
            writer.write(at(*seconds, *micros), packet).unwrap();
        }
        let mut reader = pcap::Reader::new(&file[..]).unwrap();
        for (seconds, micros, packet) in packets {
            let record = reader.record().unwrap().expect("one more");
            prop_assert_eq!((record.at, record.bytes), (at(seconds, micros), packet));
        }
        prop_assert!(reader.record().unwrap().is_none());
        // Cut anywhere it ends with an error or without one, but it ends.
        if let Ok(mut reader) = pcap::Reader::new(&file[..cut.index(file.len())]) {
            while let Ok(Some(_)) = reader.record() {}
        }
    }
}
