//! The decoders of rung 00, and what they are made into.
//!
//! An input: a capture in pcap form, as `00-wire --read` takes it.

use std::time::Duration;

use wire::conversation::Tracker;
use wire::drawing::{Drawing, NARROWEST};
use wire::segment::Segment;
use wire::{link, pcap};

use crate::cuts::if_it_can;

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    if_it_can(|| format!("A capture, drawn in 100 columns:\n{}", drawn(&packets(data), 100)))
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let packets = packets(data);
    let whole = drawn(&packets, NARROWEST);
    for line in whole.lines() {
        assert!(line.len() <= NARROWEST, "wider than the terminal: {line:?}");
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not fit for a terminal: {line:?}");
    }
    // What was drawn never changes: it is live.
    if let Some((_, before)) = packets.split_last() {
        assert!(whole.starts_with(&drawn(before, NARROWEST)), "the last packet changes what stands above it");
    }
    // What is written is read.
    let mut file = Vec::new();
    let mut writer = pcap::Writer::new(&mut file).expect("memory");
    packets.iter().for_each(|(at, packet)| writer.write(*at, packet).expect("memory"));
    assert_eq!(self::packets(&file), packets, "another capture, when it is written and read");
}

type Packet = (Duration, Vec<u8>);

/// The IP packets of a capture, up to where it is damaged, with times in whole microseconds.
fn packets(data: &[u8]) -> Vec<Packet> {
    let mut all = Vec::new();
    let Ok(mut reader) = pcap::Reader::new(data) else { return all };
    while let Ok(Some(record)) = reader.record() {
        let at = Duration::from_micros(record.at.as_micros() as u64);
        // The clock of the format ends in 2106; a fraction of more than a second may go beyond.
        if at.as_secs() <= u32::MAX.into() {
            all.extend(link::ip(reader.link_type(), &record.bytes).map(|packet| (at, packet.to_vec())));
        }
    }
    all
}

fn drawn(packets: &[Packet], width: usize) -> String {
    let (mut tracker, mut drawing) = (Tracker::default(), Drawing::new(width, false));
    let mut picture = String::new();
    for (at, packet) in packets {
        if let Ok(segment) = Segment::parse(packet) {
            picture += &drawing.draw(*at, &segment, &tracker.take(&segment));
        }
    }
    picture
}
