use super::*;

const AT: Duration = Duration::from_micros(1_700_000_000_123_456);

fn file(packets: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file).unwrap();
    packets.iter().for_each(|packet| writer.write(AT, packet).unwrap());
    file
}

fn read(file: &[u8]) -> Result<Vec<Record>, String> {
    let text = |error: Error| error.to_string();
    let mut reader = Reader::new(file).map_err(text)?;
    let mut records = Vec::new();
    while let Some(record) = reader.record().map_err(text)? {
        records.push(record);
    }
    Ok(records)
}

#[test]
fn what_is_written_is_read() {
    let file = file(&[b"one", b"", b"three"]);
    let records = read(&file).unwrap();
    assert_eq!(
        records.iter().map(|record| &record.bytes[..]).collect::<Vec<_>>(),
        [&b"one"[..], b"", b"three"]
    );
    assert!(records.iter().all(|record| record.at == AT));
    assert_eq!(Reader::new(&file[..]).unwrap().link_type(), link::RAW);
}

#[test]
fn the_bytes_are_those_of_the_format() {
    assert_eq!(
        file(&[b"\x45"]).escape_ascii().to_string(),
        concat!(
            r"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00e\x00\x00\x00",
            r"\x00\xf1Se@\xe2\x01\x00\x01\x00\x00\x00\x01\x00\x00\x00E"
        )
    );
}

#[test]
fn both_byte_orders_and_both_clocks_are_read() {
    for (magic, at) in [(MICROSECONDS, Duration::new(1, 2000)), (NANOSECONDS, Duration::new(1, 2))] {
        for big in [true, false] {
            let four = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
            let numbers = [magic, 0, 0, 0, 65535, 1, 1, 2, 4, 4];
            let mut file: Vec<u8> = numbers.into_iter().flat_map(four).collect();
            file.extend(b"data");
            let record = Record { at, bytes: b"data".to_vec() };
            assert_eq!(read(&file), Ok(vec![record]), "{magic:x}, big: {big}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_says_where() {
    let file = file(&[b"first", b"second"]);
    let (first, second) = (24 + 16 + 5, 24 + 16 + 5 + 16 + 6);
    assert_eq!(file.len(), second);
    for length in 0..24 {
        assert_eq!(
            read(&file[..length]).unwrap_err(),
            "not a capture in pcap form, as `tcpdump -w` writes it"
        );
    }
    for length in 25..second {
        let packet = if length > first { 2 } else { 1 };
        match read(&file[..length]) {
            Ok(records) => assert_eq!((length, records.len()), (first, 1)),
            Err(said) => assert_eq!(said, format!("the file ends in the middle of packet {packet}")),
        }
    }
}

#[test]
fn other_files_and_lengths_that_lie_are_refused() {
    let with = |at: usize, value: &[u8]| {
        let mut file = file(&[b"packet"]);
        file[at..at + value.len()].copy_from_slice(value);
        read(&file).unwrap_err()
    };
    assert!(with(0, &[0x0a, 0x0d, 0x0d, 0x0a]).starts_with("this is pcapng; `editcap -F pcap IN OUT`"));
    assert_eq!(with(0, b"GET "), "not a capture in pcap form, as `tcpdump -w` writes it");
    assert_eq!(with(20, &[147, 0, 0, 0]), "captured on a link of type 147, which is not known here");
    let damaged = "packet 1 says that it has 4294967295 bytes; the file is damaged";
    assert_eq!(with(32, &[0xff; 4]), damaged);
    assert_eq!(with(32, &[7, 0, 0, 0]), "the file ends in the middle of packet 1");
}
