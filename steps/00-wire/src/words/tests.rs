use super::*;

fn frames(parts: &[&[u8]]) -> Vec<String> {
    let mut reader = Reader::default();
    reader.upgrade();
    parts.iter().map(|part| reader.read(part)).collect()
}

#[test]
fn http_is_told_by_its_first_line() {
    let mut reader = Reader::default();
    assert_eq!(reader.read(b"GET /chat?x=1 HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /chat?x=1 HTTP/1.1");
    assert_eq!(reader.read(b"HTTP/1.1 404 Not Found\r\n\r\n"), "HTTP/1.1 404 Not Found");
    assert_eq!(reader.read(b"M-SEARCH * HTTP/1.1\r\n"), "\"M-SEARCH * HTTP/1.1\\r\\n\"");
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(100));
    assert_eq!(reader.read(long.as_bytes()), format!("GET /{}...", "x".repeat(55)));
}

#[test]
fn other_bytes_are_fit_for_a_terminal() {
    assert_eq!(text(b"hello\n"), "\"hello\\n\"");
    assert_eq!(text(b"\x1b[2J\xff\0"), r#""\x1b[2J\xff\x00""#);
    assert_eq!(text(&[b'a'; 100]), format!("\"{}...\"", "a".repeat(60)));
    assert_eq!(text(b"GET HTTP/1.1 is no request line"), "\"GET HTTP/1.1 is no request line\"");
    assert_eq!(text(b"get / HTTP/1.1"), "\"get / HTTP/1.1\"");
}

#[test]
fn a_frame_is_told_by_opcode_and_length() {
    assert_eq!(frames(&[b"\x81\x05hello"]), ["WebSocket text, 5 bytes"]);
    assert_eq!(frames(&[b"\x82\x81\x01\x02\x03\x04x"]), ["WebSocket binary, 1 byte, masked"]);
    assert_eq!(frames(&[b"\x09\x00"]), ["WebSocket ping, 0 bytes, not the last of its message"]);
    assert_eq!(frames(&[b"\x8a\x00\x88\x02\x03\xe8"]), ["WebSocket pong, 0 bytes; WebSocket close, 2 bytes"]);
    assert_eq!(frames(&[b"\x83\x00"]), ["WebSocket reserved opcode, 0 bytes"]);
    assert_eq!(frames(&[b"\x80\x00"]), ["WebSocket continuation, 0 bytes"]);
}

#[test]
fn long_frames_come_in_several_segments() {
    let length_16 = [b"\x82\x7e\x01\x00", &[7; 100][..]].concat();
    assert_eq!(
        frames(&[&length_16, &[7; 100], &[7; 56], b"\x81\x00"]),
        [
            "WebSocket binary, 256 bytes, 156 to come",
            "100 bytes of a frame, 56 to come",
            "the last 56 bytes of a frame",
            "WebSocket text, 0 bytes",
        ]
    );
    let length_64 = [b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", &[7; 4][..]].concat();
    assert_eq!(frames(&[&length_64]), ["WebSocket binary, 65536 bytes, 65532 to come"]);
    let lie = [b"\x82\x7f", &[0xff; 8][..], b"x"].concat();
    assert_eq!(frames(&[&lie])[0], format!("WebSocket binary, {} bytes, {} to come", u64::MAX, u64::MAX - 1));
}

#[test]
fn a_header_may_be_cut_anywhere() {
    let frame = b"\x81\xfe\x00\x7e\x01\x02\x03\x04";
    for at in 1..frame.len() {
        let said = frames(&[&frame[..at], &frame[at..]]);
        assert_eq!(said[0], "the beginning of a frame's header", "cut at {at}");
        assert_eq!(said[1], "WebSocket text, 126 bytes, masked, 126 to come", "cut at {at}");
    }
}

#[test]
fn many_small_frames_are_counted() {
    let said = frames(&[&b"\x89\x00".repeat(10)]);
    assert_eq!(
        said,
        ["WebSocket ping, 0 bytes; WebSocket ping, 0 bytes; WebSocket ping, 0 bytes; and 7 more"]
    );
}

#[test]
fn who_has_missed_bytes_does_not_guess() {
    let mut reader = Reader::default();
    reader.lose();
    assert_eq!(reader.read(b"GET / HTTP/1.1\r\n"), "GET / HTTP/1.1", "the next line may be one again");
    reader.upgrade();
    reader.lose();
    assert_eq!(reader.read(b"\x81\x00"), "2 bytes");
}

#[test]
fn only_101_switches_protocols() {
    assert_eq!(
        switches_protocols(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n\x81\x00"),
        Some(&b"\x81\x00"[..])
    );
    assert_eq!(switches_protocols(b"HTTP/1.1 101 Switching Protocols\r\n"), Some(&b""[..]));
    assert_eq!(switches_protocols(b"HTTP/1.1 200 OK\r\n\r\n"), None);
}
