use super::*;
use crate::conversation::Tracker;
use crate::made::{CLIENT, FIN_ACK, Made, PSH_ACK, SERVER, SYN_ACK, made};

fn draw(width: usize, segments: &[Made]) -> String {
    let (mut tracker, mut drawing) = (Tracker::default(), Drawing::new(width, false));
    let mut lines = String::new();
    for (number, made) in segments.iter().enumerate() {
        let packet = made.packet();
        let segment = Segment::parse(&packet).unwrap();
        let at = Duration::from_micros(1_000_000 + 250 * number as u64);
        lines += &drawing.draw(at, &segment, &tracker.take(&segment));
    }
    lines
}

fn exchange() -> Vec<Made> {
    vec![
        made(CLIENT, SERVER, Flags::SYN.0).numbers(7, 0).options(&[2, 4, 5, 0xb4]),
        made(SERVER, CLIENT, SYN_ACK).numbers(100, 8),
        made(CLIENT, SERVER, Flags::ACK.0).numbers(8, 101),
        made(CLIENT, SERVER, PSH_ACK).numbers(8, 101).payload(b"hello"),
        made(SERVER, CLIENT, FIN_ACK).numbers(101, 13),
    ]
}

#[test]
fn an_exchange_is_a_picture() {
    let expected = "\
conversation 1
           client 127.0.0.1:40000                    server 127.0.0.1:80
  0.000000 |--- SYN  seq 0  window 1000 ------------------------------>|
           |    MSS 1460                                               |
  0.000250 |<------------------ SYN, ACK  seq 0  ack 1  window 1000 ---|
  0.000500 |--- ACK  seq 1  ack 1  window 1000 ----------------------->|
  0.000750 |--- PSH, ACK  seq 1  5 bytes  ack 1  window 1000 --------->|
           |    \"hello\"                                                |
  0.001000 |<------------------ FIN, ACK  seq 1  ack 6  window 1000 ---|
           |    half close: the server sends no more, the client may   |
";
    assert_eq!(draw(72, &exchange()), expected);
}

#[test]
fn in_a_narrow_terminal_what_does_not_fit_goes_below_the_arrow() {
    let expected = "\
conversation 1
client 127.0.0.1:40000
                     server 127.0.0.1:80
  0.000000 |--- SYN  seq 0 ----------->|
           |    window 1000            |
           |    MSS 1460               |
  0.000250 |<------ SYN, ACK  seq 0 ---|
           |    ack 1  window 1000     |
";
    assert_eq!(draw(40, &exchange()[..2]), expected);
    assert_eq!(draw(0, &exchange()[..2]), expected, "not narrower than can be read");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let long =
        [&exchange()[..3], &[made(CLIENT, SERVER, 0xff).numbers(8, 101).payload(&[0xff; 300])]].concat();
    for width in NARROWEST..=WIDEST + 20 {
        for line in draw(width, &long).lines() {
            assert!(line.len() <= width.min(WIDEST), "{width}: {line}");
        }
    }
}

#[test]
fn who_talks_is_told_when_it_changes() {
    let other = made("127.0.0.1:40001", SERVER, Flags::SYN.0);
    let picture = draw(72, &[exchange()[0].clone(), other, exchange()[1].clone()]);
    let headings: Vec<&str> = picture.lines().filter(|line| line.starts_with("conversation")).collect();
    assert_eq!(headings, ["conversation 1", "conversation 2", "conversation 1"]);
}

#[test]
fn checksums_are_told_when_they_are_not_right() {
    let drawn = |checksum: [u8; 2], times: usize| {
        let mut packet = exchange()[3].packet();
        packet[36..38].copy_from_slice(&checksum);
        let segment = Segment::parse(&packet).unwrap();
        let (mut tracker, mut drawing) = (Tracker::default(), Drawing::new(100, false));
        (0..times)
            .map(|_| drawing.draw(Duration::ZERO, &segment, &tracker.take(&segment)))
            .collect::<String>()
    };
    let wrong = drawn([1, 2], 2);
    assert_eq!(wrong.matches("checksum 0x0102 is wrong, 0x").count(), 2, "{wrong}");
    // 7f00 + 0001 + 7f00 + 0001 + 0006 and a length of 25: only the pseudo header.
    let unfinished = drawn([0xfe, 0x21], 2);
    assert_eq!(unfinished.matches("covers the addresses only").count(), 1, "{unfinished}");
}

#[test]
fn sack_blocks_are_relative_too() {
    let sack = [[1, 1, 5, 10].as_slice(), &1013u32.to_be_bytes(), &1018u32.to_be_bytes()].concat();
    let segments = [
        made(CLIENT, SERVER, Flags::SYN.0).numbers(1000, 0),
        made(SERVER, CLIENT, Flags::ACK.0).numbers(1, 1008).options(&sack),
    ];
    let picture = draw(100, &segments);
    assert!(picture.contains("SACK: has come too: 13 to 17"), "{picture}");
}

#[test]
fn verbose_shows_what_was_sent() {
    let packet = exchange()[3].packet();
    let segment = Segment::parse(&packet).unwrap();
    let picture = Drawing::new(100, true).draw(Duration::ZERO, &segment, &Tracker::default().take(&segment));
    assert!(picture.contains("as sent: seq 8  ack 101  window 1000"), "{picture}");
    assert!(picture.contains("hop limit"), "{picture}");
}

#[test]
fn a_long_time_has_fewer_digits() {
    let shown = |seconds, microseconds: u32| clock(Duration::new(seconds, microseconds * 1000));
    assert_eq!(shown(0, 1), "  0.000001");
    assert_eq!(shown(999, 999_999), "999.999999");
    assert_eq!(shown(1000, 123_456), "1000.12345");
    assert_eq!(shown(123_456_789, 123_456), " 123456789");
    assert_eq!(shown(u32::MAX.into(), 0), "4294967295");
}
