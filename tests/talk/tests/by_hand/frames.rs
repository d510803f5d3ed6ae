//! `talk` where frames are spoken.

use std::io::{Read, Write};
use std::time::Duration;

use harness::frame::{CLOSE, Length, PONG, TEXT};
use harness::{Frame, Server, Story};

use super::shown::{mentions, shows, talk};
use super::stub::{read_head, says, serves};

fn rung(story: &Story, name: &str) -> (Server, String) {
    let server = story.server_with(|setup| setup.rung(name));
    let url = format!("ws://{}/", server.address());
    (server, url)
}

const CLEAN: &str = "a clean end (RFC 6455 §7.1.4)";

pub fn a_session_is_shown_frame_by_frame(story: &Story) {
    let (_server, url) = rung(story, "10-messages");
    let ran = talk(story, &[&url], "hello\n/wait\n/binary 00 ff\n/wait\n/close 1000 bye\n");
    let expected = r#"  connected to 127.0.0.1:*
> GET / HTTP/1.1\r\n
> Host: 127.0.0.1:*\r\n
> Upgrade: websocket\r\n
> Connection: Upgrade\r\n
> Sec-WebSocket-Key: *\r\n
> Sec-WebSocket-Version: 13\r\n
> \r\n
< HTTP/1.1 101 Switching Protocols\r\n
< Upgrade: websocket\r\n
< Connection: Upgrade\r\n
< Sec-WebSocket-Accept: *\r\n
< \r\n
  Sec-WebSocket-Accept is right: Base64 of SHA-1 of * and the GUID (RFC 6455 §4.2.2)
  from here on both send frames: a line is a text message; /help shows what else
> FIN=1 RSV=000 opcode=0001 (text) MASK=1 length=5 (7 bits) masking key=*
> "hello"
< FIN=1 RSV=000 opcode=0001 (text) MASK=0 length=5 (7 bits)
< "hello"
> FIN=1 RSV=000 opcode=0010 (binary) MASK=1 length=2 (7 bits) masking key=*
> 00 ff
< FIN=1 RSV=000 opcode=0010 (binary) MASK=0 length=2 (7 bits)
< 00 ff
> FIN=1 RSV=000 opcode=1000 (close) MASK=1 length=5 (7 bits) masking key=*
> 1000, normal closure; reason "bye"
< FIN=1 RSV=000 opcode=1000 (close) MASK=0 length=5 (7 bits)
< 1000, normal closure; reason "bye"
< FIN: the server ends the connection
  the close handshake is complete, and TCP is closed: a clean end (RFC 6455 §7.1.4)
"#;
    shows(story, &ran, 0, expected);
}

pub fn the_end_of_the_input_closes(story: &Story) {
    let (_server, url) = rung(story, "10-messages");
    for lines in ["last words", "last words\n", "last words\r\n", "last words\n/quit\nnever read\n"] {
        let ran = talk(story, &[&url], lines);
        mentions(story, &ran, 0, &["> \"last words\"", "> 1000, normal closure", CLEAN]);
        mentions(story, &ran, 0, &["> \"last words\"", "< \"last words\"", CLEAN]);
        story.expects(!ran.text().contains("never read"), "nothing is sent behind /quit");
    }
    mentions(story, &talk(story, &[&url], ""), 0, &["> 1000, normal closure", CLEAN]);
}

pub fn what_a_browser_cannot_send_is_sent_and_refused(story: &Story) {
    let (_server, url) = rung(story, "10-messages");
    for (line, sent, section) in [
        ("/unmasked hi", "MASK=0 length=2", "§5.1"),
        ("/frame rsv=4 payload=hi", "RSV=100", "§5.2"),
        ("/frame opcode=3 payload=hi", "opcode=0011 (reserved)", "§5.2"),
        ("/frame bits=16 payload=hi", "length=2 (16 bits)", "§5.2"),
        ("/frame fin=0 opcode=ping", "FIN=0 RSV=000 opcode=1001", "§5.5"),
        ("/raw 80 80 01020304", "opcode=0000 (continuation)", "§5.4"),
        ("/close 1005", "1005, no status", "§7.4"),
    ] {
        let ran = talk(story, &[&url], &format!("{line}\n/wait\n"));
        let said =
            [sent, section, "a server closes with 1002", "< 1002, protocol error; reason", section, "FIN"];
        mentions(story, &ran, 0, &said);
    }
    let ran = talk(story, &[&url], "/frame hex=ff\n/wait\n");
    mentions(story, &ran, 0, &["> \"\\xff\" (no whole UTF-8)", "< 1007, invalid payload data", CLEAN]);
}

pub fn half_a_frame_waits_for_its_rest(story: &Story) {
    let (_server, url) = rung(story, "10-messages");
    let ran = talk(story, &[&url], "/half hello\n/wait 0.05\n/rest\n/wait\n");
    let drawn =
        ["> 6 bytes, the beginning of a frame:", "Opcode                   0001  text", "Masking-key"];
    mentions(story, &ran, 0, &drawn);
    mentions(
        story,
        &ran,
        0,
        &["5 bytes go out; the server takes them for the rest", "> \"hello\"", "< \"hello\"", CLEAN],
    );
}

pub fn a_length_that_lies_is_not_followed_by_a_close(story: &Story) {
    let (_server, url) = rung(story, "10-messages");
    let ran = talk(story, &[&url], "/frame length=500 payload=hello\n");
    let story_told = [
        "500 bytes",
        "\"hello\", and 495 bytes more",
        "only FIN is sent",
        "> FIN",
        "< FIN",
        "it was you who ended",
    ];
    mentions(story, &ran, 0, &story_told);
}

pub fn single_frames_come_back_from_rung_09(story: &Story) {
    let (_server, url) = rung(story, "09-frames");
    let ran = talk(story, &[&url], "/fragment Hel | /ping between | lo\n/wait\n");
    let back = [
        "< FIN=0 RSV=000 opcode=0001 (text) MASK=0 length=3 (7 bits)\n< \"Hel\"\n",
        "< FIN=1 RSV=000 opcode=1010 (pong) MASK=0 length=7 (7 bits)\n< \"between\"\n",
        "< FIN=1 RSV=000 opcode=0000 (continuation) MASK=0 length=2 (7 bits)\n< \"lo\"\n",
        "  that ends a text message of 2 frames, 5 bytes \"Hello\"\n",
        CLEAN,
    ];
    mentions(story, &ran, 0, &back);
    let bits = talk(story, &[&url, "--bits"], "hello\n/wait\n");
    mentions(
        story,
        &bits,
        0,
        &["> FIN=1", "Masking-key", "< FIN=1", "Mask                     0  not masked", CLEAN],
    );
}

pub fn the_chat_is_found_at_its_path(story: &Story) {
    let server = story.server_with(|setup| setup.rung("11-rooms"));
    let lines = "/json {\"type\":\"join\",\"name\":\"Ada\"}\n/wait\n";
    let ran = talk(story, &[&server.address().to_string()], lines);
    mentions(story, &ran, 0, &["> GET /chat HTTP/1.1", "101 Switching", "{\"type\":\"welcome\"", CLEAN]);
}

pub fn the_echo_is_found_at_its_path(story: &Story) {
    let server = story.server_with(|setup| setup.rung("10-messages"));
    let ran = talk(story, &[&format!("ws://{}", server.address())], "hello\n/wait\n");
    mentions(
        story,
        &ran,
        0,
        &["> GET /chat HTTP/1.1", "404", "trying /", "> GET / HTTP/1.1", "101", "< \"hello\"", CLEAN],
    );
    let ran = talk(story, &[&format!("ws://{}/nothing", server.address())], "hello\n");
    mentions(
        story,
        &ran,
        1,
        &["> GET /nothing HTTP/1.1", "! 404: there is no such path; rungs 09 and 10 answer at /"],
    );
    story.expects(!ran.text().contains("hello"), "no message without a WebSocket");
}

pub fn a_thousand_messages_come_back(story: &Story) {
    let (_server, url) = rung(story, "10-messages");
    let ran = talk(story, &[&url], "/repeat 1000 hello\n");
    mentions(story, &ran, 0, &["... and 996 frames more", CLEAN]);
    let back = ran.text().matches("<            \"hello\"").count();
    story.expects(back == 1000, format!("1000 answers, there are {back}"));
}

pub fn pings_are_answered_unless_it_is_quiet(story: &Story) {
    let frames = || [Frame::ping("x").unmasked().bytes(), Frame::close(1001, "").unmasked().bytes()].concat();
    let (address, stub) = says(story, frames(), true);
    let ran = talk(story, &[&address.to_string()], "/wait\n");
    mentions(
        story,
        &ran,
        0,
        &["(ping)", "(pong) MASK=1", "> \"x\"", "< 1001, going away", "> 1001, going away", CLEAN],
    );
    let read = stub.join().expect("the stub is content");
    let (pong, length) =
        Frame::parse(&read).unwrap_or_else(|| story.fails("no whole frame reached the server"));
    story.expects(
        pong.opcode == PONG && pong.payload == b"x",
        format!("a Pong with the same text, it is {pong:?}"),
    );
    let close = Frame::parse(&read[length..]).map(|(frame, _)| frame.close_code().0);
    story.expects(close == Some(1001), format!("a Close with the same code, it is {close:?}"));
    let (address, stub) = says(story, frames(), true);
    let ran = talk(story, &[&address.to_string(), "--quiet"], "/wait\n/wait 30\n");
    mentions(story, &ran, 1, &["(ping)", "not answered: /quiet is on", "(close)", "not answered", "1006"]);
    stub.join().expect("the stub is content");
}

pub fn each_fault_of_the_server_is_pointed_out(story: &Story) {
    for (frame, section) in [
        (Frame::text("x"), "§5.1"),
        (Frame::text("x").unmasked().rsv(0b010), "§5.2"),
        (Frame::text("x").unmasked().length_in(Length::Bits64), "§5.2"),
        (Frame::ping([b'x'; 126]).unmasked(), "§5.5"),
        (Frame::new(TEXT, [0xff]).unmasked(), "§8.1"),
        (Frame::new(CLOSE, [0x03, 0xed]).unmasked(), "§7.4"),
    ] {
        let (address, stub) = says(story, frame.bytes(), true);
        let ran = talk(story, &[&address.to_string(), "--patience", "0.2"], "/wait\n");
        mentions(story, &ran, 1, &["! the server broke a rule: ", section, "a browser closes with 100"]);
        stub.join().expect("the stub is content");
    }
}

pub fn half_a_frame_from_the_server_is_drawn(story: &Story) {
    let (address, stub) = says(story, vec![0x81, 0x05, b'H', b'e'], false);
    // It is drawn after half a second of silence, before the wait is over.
    let ran = talk(story, &[&address.to_string(), "--patience", "0.1"], "/wait\n/wait 1\n");
    let drawn = [
        "4 bytes have come that are no whole frame",
        "Payload len              0000101  5 bytes",
        "\"He\", and 3 bytes more",
        "> 1000",
    ];
    mentions(story, &ran, 1, &drawn);
    stub.join().expect("the stub is content");
}

pub fn a_wrong_handshake_is_pointed_out(story: &Story) {
    let (address, stub) = serves(story, |mut socket| {
        read_head(&mut socket);
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: eA==\r\n\r\n";
        socket.write_all(head.as_bytes()).expect("the client reads");
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let ran = talk(story, &[&address.to_string(), "--patience", "0.1"], "");
    let faults =
        ["Upgrade: websocket (RFC 6455 §4.1, 2)", "Sec-WebSocket-Accept is wrong", "(RFC 6455 §4.1, 4)"];
    mentions(story, &ran, 1, &faults);
    mentions(story, &ran, 1, &["a browser would give up here", "the server does not answer the end"]);
    stub.join().expect("the stub is content");
}

pub fn an_end_without_close_is_1006(story: &Story) {
    let (address, stub) = says(story, Vec::new(), true);
    let ran = talk(story, &[&address.to_string()], "/wait 30\n");
    mentions(story, &ran, 1, &["< FIN", "! no Close frame came before it", "1006 (RFC 6455 §7.1.5)"]);
    stub.join().expect("the stub is content");
    // RST in the place of FIN.
    let (address, stub) = serves(story, |mut socket| {
        read_head(&mut socket);
        let socket = socket2::Socket::from(socket);
        socket.set_linger(Some(Duration::ZERO)).expect("the socket is open");
    });
    let ran = talk(story, &[&address.to_string()], "");
    mentions(story, &ran, 1, &["! RST: the server has cut the connection off"]);
    stub.join().expect("the stub is content");
}

pub fn a_server_that_keeps_tcp_open_is_left(story: &Story) {
    let (address, stub) = says(story, Frame::close(1000, "").unmasked().bytes(), false);
    let ran = talk(story, &[&address.to_string(), "--patience", "0.2"], "/wait 30\n");
    mentions(story, &ran, 1, &["< 1000", "> 1000", "! after 0.2 s: both have said Close", "§7.1.1"]);
    stub.join().expect("the stub is content");
}
