//! Captures made byte by byte, so that they can hold what a kernel never sends.

use harness::{Lesson, Story};

use crate::watch::{fails_with, in_order, program};

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH_ACK: u8 = 0x18;
const ACK: u8 = 0x10;
const FIN_ACK: u8 = 0x11;

/// A capture of these IP packets, 1 ms between two, written as little-endian Linux with link type 101 writes it.
pub fn file(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = header(0xa1b2_c3d4, 101, u32::to_le_bytes);
    for (number, packet) in packets.iter().enumerate() {
        file.extend(record(1000 * number as u32, packet, u32::to_le_bytes));
    }
    file
}

fn header(magic: u32, link_type: u32, four: fn(u32) -> [u8; 4]) -> Vec<u8> {
    [magic, 0x0004_0002, 0, 0, 65535, link_type].into_iter().flat_map(four).collect()
}

fn record(fraction: u32, packet: &[u8], four: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let length = packet.len() as u32;
    let mut record: Vec<u8> = [1_700_000_000, fraction, length, length].into_iter().flat_map(four).collect();
    record.extend(packet);
    record
}

/// An IPv4 packet with a TCP segment; the client has port 40000, the server 80. The checksums are right.
fn packet(from_client: bool, flags: u8, seq: u32, ack: u32, payload: &[u8]) -> Vec<u8> {
    let (from, to) = if from_client { (40000u16, 80u16) } else { (80, 40000) };
    let mut tcp = [from.to_be_bytes(), to.to_be_bytes()].concat();
    tcp.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
    tcp.extend([0x50, flags, 0x20, 0x00, 0, 0, 0, 0]);
    tcp.extend(payload);
    let mut pseudo_header = vec![127, 0, 0, 1, 127, 0, 0, 1, 0, 6];
    pseudo_header.extend((tcp.len() as u16).to_be_bytes());
    let sum = checksum(&[&pseudo_header[..], &tcp].concat());
    tcp[16..18].copy_from_slice(&sum);
    let mut ip = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
    ip[2..4].copy_from_slice(&(20 + tcp.len() as u16).to_be_bytes());
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum);
    [ip, tcp].concat()
}

fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut sum: u32 =
        bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(*two.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

/// A whole conversation: handshake, a request, an answer, FIN from the server first.
pub fn exchange() -> Vec<Vec<u8>> {
    vec![
        packet(true, SYN, 999, 0, b""),
        packet(false, SYN | ACK, 4_294_967_295, 1000, b""),
        packet(true, ACK, 1000, 0, b""),
        packet(true, PSH_ACK, 1000, 0, b"GET / HTTP/1.1\r\n\r\n"),
        packet(false, PSH_ACK, 0, 1018, b"HTTP/1.1 200 OK\r\n\r\n"),
        packet(false, FIN_ACK, 19, 1018, b""),
        packet(true, FIN_ACK, 1018, 20, b""),
        packet(false, ACK, 20, 1019, b""),
    ]
}

/// What [`exchange`] looks like.
const PICTURE: [&str; 11] = [
    "conversation 1",
    "0.000000 |--- SYN  seq 0  window 8192",
    "SYN, ACK  seq 0  ack 1",
    "0.002000 |--- ACK  seq 1  ack 1",
    "seq 1  18 bytes  ack 1",
    "GET / HTTP/1.1",
    "seq 1  19 bytes  ack 19",
    "HTTP/1.1 200 OK",
    "FIN, ACK  seq 20  ack 19",
    "FIN, ACK  seq 19  ack 21",
    "closed, by the server first",
];

/// Draws a file with these bytes.
fn drawn(story: &Story, bytes: &[u8], columns: usize) -> harness::Ran {
    let path = story.directory().join("test.pcap");
    std::fs::write(&path, bytes).expect("a file");
    program(story).env("COLUMNS", columns).args(["--read", path.to_str().expect("UTF-8")]).runs()
}

pub fn other_captures_are_read(story: &Story) {
    story.teaches(Lesson {
        why: "The first four bytes of a capture say in which byte order the numbers are written and what the clock counts; \
              the link type says what stands before each IP header. On Ethernet a frame is padded to 60 bytes: the IP \
              header's total length says where the packet ends. The server's first number here is the last there is, and \
              the number after 4,294,967,295 is 0: only a difference modulo 2^32 is a distance.",
        read: "https://www.tcpdump.org/linktypes.html, notes/00-wire.md",
        hand: "sudo tcpdump -i lo -w x.pcap port 8080, then: cargo run --bin 00-wire -- --read x.pcap",
    });
    let ethernet = [&[0; 12][..], &[0x08, 0x00]].concat();
    let cooked = [&[0; 14][..], &[0x08, 0x00]].concat();
    let orders: [fn(u32) -> [u8; 4]; 2] = [u32::to_le_bytes, u32::to_be_bytes];
    for (link_type, before) in [(101, &b""[..]), (1, &ethernet), (113, &cooked), (0, &[2, 0, 0, 0])] {
        for order in orders {
            for (magic, millisecond) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1_000_000)] {
                let mut bytes = header(magic, link_type, order);
                for (number, packet) in exchange().iter().enumerate() {
                    let mut frame = [before, packet].concat();
                    if link_type == 1 {
                        // Some cards pad with what was in their memory.
                        frame.resize(frame.len().max(60), 0xee);
                    }
                    bytes.extend(record(millisecond * number as u32, &frame, order));
                }
                let picture = drawn(story, &bytes, 100);
                picture.succeeds();
                in_order(story, &picture, &PICTURE);
            }
        }
    }
}

pub fn what_cannot_be_decoded_is_counted(story: &Story) {
    story.teaches(Lesson {
        why: "A packet may be cut off anywhere and say anything about its own lengths. Check each length before you use it; \
              what cannot be decoded is counted, and the next packet is drawn.",
        read: "RFC 791 §3.1, RFC 9293 §3.1, notes/00-wire.md",
        hand: "head -c 100 x.pcap > y.pcap; cargo run --bin 00-wire -- --read y.pcap",
    });
    let mut packets = exchange();
    let request = packets[3].clone();
    let mut bad: Vec<Vec<u8>> = (0..40).map(|length| request[..length].to_vec()).collect();
    for (at, value) in [(0, 0x40), (0, 0x55), (2, 0x00), (6, 0x20), (7, 0x01), (32, 0x40), (32, 0xf0)] {
        let mut lies = request.clone();
        lies[at] = value;
        if at == 2 {
            lies[3] = 19; // a packet shorter than its header
        }
        bad.push(lies);
    }
    let count = bad.len();
    packets.splice(1..1, bad);
    let picture = drawn(story, &file(&packets), 100);
    picture.succeeds();
    in_order(story, &picture, &PICTURE[4..]);
    picture.mentions(&format!("{count} packets could not be decoded: cut off, fragments, or not IP\n"));

    // Cut behind the headers: as `tcpdump -s 40` captures. The payload's length is known all the same.
    let mut packets = exchange();
    packets.iter_mut().for_each(|packet| packet.truncate(40));
    let picture = drawn(story, &file(&packets), 100);
    picture.succeeds();
    in_order(
        story,
        &picture,
        &["seq 1  18 bytes  ack 1", "0 of 18 bytes were captured", "FIN, ACK  seq 20  ack 19"],
    );
}

pub fn a_file_that_is_no_capture_is_said_in_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "Say which file it is and what is wrong with it. What stands in a file before it is damaged is drawn first.",
        read: "notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --read Makefile; echo $?",
    });
    let whole = file(&exchange());
    for (bytes, said) in [
        (&b"all: test\n"[..], "not a capture in pcap form, as `tcpdump -w` writes it"),
        (b"", "not a capture"),
        (&whole[..20], "not a capture"),
        (&[&[0x0a, 0x0d, 0x0d, 0x0a][..], &[0; 40]].concat(), "this is pcapng; `editcap -F pcap IN OUT`"),
        (&header(0xa1b2_c3d4, 147, u32::to_le_bytes), "captured on a link of type 147"),
    ] {
        fails_with(story, &drawn(story, bytes, 100), 1, said);
    }
    let cut = drawn(story, &whole[..whole.len() - 1], 100);
    in_order(story, &cut, &PICTURE[..10]);
    fails_with(story, &cut, 1, "test.pcap: the file ends in the middle of packet 8");
    let mut lies = whole.clone();
    lies[24 + 8..24 + 12].copy_from_slice(&[0xff; 4]);
    fails_with(story, &drawn(story, &lies, 100), 1, "packet 1 says that it has 4294967295 bytes");
    fails_with(
        story,
        &program(story).args(["--read", "/no/such/file"]).runs(),
        1,
        "/no/such/file: No such file",
    );
    let same = story.directory().join("test.pcap");
    std::fs::write(&same, &whole).expect("a file");
    let same = same.to_str().expect("UTF-8");
    let ran = program(story).args(["--read", same, "--pcap", same]).runs();
    fails_with(story, &ran, 2, "--read and --pcap name the same file");
}

pub fn checksums_are_judged(story: &Story) {
    story.teaches(Lesson {
        why: "The checksum covers the addresses, the length, the header and the payload; an odd byte at its end counts as the \
              upper half of a number. Where a network card computes it, \
              the kernel puts only the sum over the addresses and the length there, and on loopback that is what one sees.",
        read: "RFC 9293 §3.1, RFC 1071, notes/00-wire.md",
        hand: "make wire STEP=05",
    });
    let mut packets = exchange();
    let last = packets[3].len() - 1;
    packets[3][last] ^= 1;
    // 7f00 + 0001 + 7f00 + 0001 + 0006 + 0014: only the pseudo header of a segment of 20 bytes.
    packets[0][36..38].copy_from_slice(&[0xfe, 0x1c]);
    packets[2][36..38].copy_from_slice(&[0xfe, 0x1c]);
    packets[4][10] ^= 1;
    let picture = drawn(story, &file(&packets), 100);
    in_order(
        story,
        &picture,
        &[
            "SYN  seq 0",
            "checksum 0xfe1c covers the addresses only",
            "seq 1  18 bytes",
            "is wrong, 0x",
            "seq 1  19 bytes",
            "the checksum of the IP header is wrong",
        ],
    );
    story.expects(picture.text().matches("covers the addresses only").count() == 1, "that to be told once");
    let wrong = picture.text().matches("is wrong, 0x").count();
    story.expects(wrong == 1, format!("one checksum to be wrong, not {wrong}"));
}

pub fn a_narrow_terminal_is_not_overflowed(story: &Story) {
    story.teaches(Lesson {
        why: "What does not fit into an arrow goes below it: a line that is wider than the terminal is broken by the \
              terminal, in the middle of the picture.",
        read: "notes/00-wire.md",
        hand: "make wire STEP=05 in a terminal of 40 columns",
    });
    let mut packets = exchange();
    packets.push(packet(true, RST, 1019, 0, b""));
    for columns in [40, 41, 55, 72, 100] {
        let picture = drawn(story, &file(&packets), columns);
        picture.succeeds();
        let widest = picture.text().lines().map(str::len).max();
        story.expects(
            widest == Some(columns),
            format!("lines of {columns} columns, the widest has {widest:?}"),
        );
        in_order(
            story,
            &picture,
            &["SYN  seq 0 -", "SYN, ACK  seq 0 -", "GET / HTTP/1.1"].map(|w| w.trim_end_matches(" -")),
        );
    }
}
