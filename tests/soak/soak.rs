//! Each rung, soaked: what its clients say, and a good one that must be served whatever the others do.
//!
//! `cargo test --package soak` takes some seconds for each; `make soak` a minute, side by side.

use std::process::ExitCode;
use std::time::Duration;

use harness::{Client, Frame, Server, Story, WebSocket, frame, tests, ws};
use soak::{Rung, Traffic, seconds, soak};

fn main() -> ExitCode {
    // Beside the soaking itself: a build, and the last connections leaving.
    let limit = seconds() + 60;
    harness::suite(
        "soak",
        tests![
            no_rung_is_forgotten,
            slow(limit, rung_01_accept),
            slow(limit, rung_02_poll),
            slow(limit, rung_03_lines),
            slow(limit, rung_04_request),
            slow(limit, rung_05_keep_alive),
            slow(limit, rung_06_files),
            slow(limit, rung_07_push),
            slow(limit, rung_08_upgrade),
            slow(limit, rung_09_frames),
            slow(limit, rung_10_messages),
            slow(limit, rung_11_rooms),
            slow(limit, rung_12_guard),
        ],
    )
}

/// A rung that nobody put into the list would never be soaked.
fn no_rung_is_forgotten(story: &Story) {
    let steps = concat!(env!("CARGO_MANIFEST_DIR"), "/../../steps");
    let folders =
        std::fs::read_dir(steps).map(|entries| entries.flatten().collect()).unwrap_or_else(|_| vec![]);
    for folder in folders.iter().filter(|folder| folder.path().join("src/main.rs").exists()) {
        let name = folder.file_name().to_string_lossy().replace('-', "_");
        // It serves nobody: it watches. `make fuzz` gives it random bytes.
        if name == "00_wire" {
            continue;
        }
        let test = format!("slow(limit, rung_{name})");
        story.expects(include_str!("soak.rs").contains(&test), format!("{test} in tests/soak/soak.rs"));
    }
    story.expects(folders.len() >= 11, format!("the rungs in {steps}"));
}

fn rung_01_accept(story: &Story) {
    // One client at a time: a crowd would only wait.
    soak(story, &Rung { name: "01-accept", crowd: 1, traffic: noise, settings: &[], good_client: echo });
}

fn rung_02_poll(story: &Story) {
    soak(story, &Rung { name: "02-poll", crowd: 64, traffic: noise, settings: &[], good_client: echo });
}

fn rung_03_lines(story: &Story) {
    soak(story, &Rung { name: "03-lines", crowd: 64, traffic: lines, settings: &[], good_client: chatter });
}

fn rung_04_request(story: &Story) {
    soak(
        story,
        &Rung { name: "04-request", crowd: 64, traffic: requests, settings: &[], good_client: reader },
    );
}

fn rung_05_keep_alive(story: &Story) {
    soak(
        story,
        &Rung { name: "05-keep-alive", crowd: 64, traffic: requests, settings: &[], good_client: reader },
    );
}

fn rung_06_files(story: &Story) {
    soak(story, &Rung { name: "06-files", crowd: 64, traffic: requests, settings: &[], good_client: reader });
}

fn rung_07_push(story: &Story) {
    soak(story, &Rung { name: "07-push", crowd: 64, traffic: pushes, settings: &[], good_client: reader });
}

fn rung_08_upgrade(story: &Story) {
    soak(story, &Rung { name: "08-upgrade", crowd: 64, traffic: frames, settings: &[], good_client: reader });
}

fn rung_09_frames(story: &Story) {
    soak(story, &Rung { name: "09-frames", crowd: 64, traffic: frames, settings: &[], good_client: speaker });
}

fn rung_10_messages(story: &Story) {
    soak(
        story,
        &Rung { name: "10-messages", crowd: 64, traffic: frames, settings: &[], good_client: speaker },
    );
}

fn rung_11_rooms(story: &Story) {
    soak(story, &Rung { name: "11-rooms", crowd: 64, traffic: chat, settings: &[], good_client: guest });
}

fn rung_12_guard(story: &Story) {
    soak(
        story,
        &Rung { name: "12-guard", crowd: 64, traffic: members, settings: GUARDED, good_client: member },
    );
}

/// The crowd has one address, and may come and go as it likes; what one member sends is limited as ever.
const GUARDED: &[(&str, &str)] = &[
    ("SECRET", SECRET),
    ("MAX_PER_ADDRESS", "1000"),
    ("CONNECTION_RATE", "1000000,1000000"),
    ("REQUEST_RATE", "1000000,1000000"),
    ("ADDRESS_MESSAGE_RATE", "1000000,1000000"),
    ("ADDRESS_BYTE_RATE", "1000000000,1000000000"),
];
const SECRET: &str = "a secret of the tests, long enough";

/// Every rung has its crowd, and the machine perhaps two cores.
const PATIENCE: Duration = Duration::from_secs(10);

fn good(story: &Story, server: &Server) -> Client {
    let mut client = story.client("a good client", server);
    client.within(PATIENCE);
    client
}

fn noise(_: &Server) -> Traffic {
    Traffic::default()
}

fn echo(story: &Story, server: &Server) {
    let mut alice = good(story, server);
    alice.sends("hello");
    alice.receives_exactly("hello");
    alice.half_closes();
    alice.receives_end();
}

fn lines(_: &Server) -> Traffic {
    let messages =
        ["hello\n", "/nick bob\r\n", "/nick alice\n", "/who\n", "/say /hi\n", "ü and \u{1f980}\n", "/quit\n"];
    let pieces: [&[u8]; 8] = [b"\n", b"\r", b"\r\n", b"\0", b"/", b"/nick ", b"\x1b[2J", b"\xff\xfe"];
    traffic("", &messages.map(str::as_bytes), &pieces)
}

fn chatter(story: &Story, server: &Server) {
    let mut alice = good(story, server);
    let greeting = alice.receives_line();
    story.expects(greeting.starts_with("* you are "), format!("a greeting, it is {greeting:?}"));
    alice.sends("/quit\n");
    // Whatever the others say comes before it.
    alice.receives_until("* goodbye\n");
    alice.receives_end();
}

fn requests(server: &Server) -> Traffic {
    let host = server.address();
    let messages = [
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /echo?a=b HTTP/1.1\r\nHost: {host}\r\nCookie: a=b; c=d\r\nAccept: */*\r\n\r\n"),
        format!("HEAD http://{host}/x HTTP/1.1\r\nHost: {host}\r\nRange: bytes=0-10, -5\r\n\r\n"),
        format!("POST /p HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello"),
        format!("POST /p HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"),
        format!(
            "POST /p HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n"
        ),
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".into(),
        format!(
            "OPTIONS * HTTP/1.1\r\nHost: {host}\r\nIf-None-Match: \"x\", W/\"y\"\r\nConnection: close\r\n\r\n"
        ),
    ];
    traffic("", &messages.each_ref().map(String::as_bytes), &http_pieces())
}

fn pushes(server: &Server) -> Traffic {
    let host = server.address();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let form = "name=Ada&text=Hello+%C3%A4";
    let messages = [
        format!(
            "POST /say HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ),
        get("/poll?after=0"),
        get("/wait?after=0"),
        get("/wait?after=999999999"),
        get("/events"),
        format!("GET /events HTTP/1.1\r\nHost: {host}\r\nLast-Event-ID: 3\r\n\r\n"),
        get("/stats"),
        get("/"),
    ];
    traffic("", &messages.each_ref().map(String::as_bytes), &http_pieces())
}

fn http_pieces() -> [&'static [u8]; 16] {
    [
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b":",
        b",",
        b"%2e%2e/",
        b"../",
        b"HTTP/9.9",
        b"Content-Length: 18446744073709551616\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"ffffffffffffffff\r\n",
        b"Host: \r\n",
        b"\xff\xfe",
    ]
}

fn reader(story: &Story, server: &Server) {
    good(story, server).gets("/").has_status(200);
}

/// A handshake, and frames of all kinds.
fn frames(server: &Server) -> Traffic {
    let handshake = ws::handshake(&server.address().to_string(), "/", &[]);
    let frames = [
        Frame::text("hello"),
        Frame::text("ünï \u{1f980}"),
        Frame::text(&"x".repeat(126)),
        Frame::binary(vec![7; 70_000]),
        Frame::text("begins").not_final(),
        Frame::continuation("goes on").not_final(),
        Frame::continuation("ends"),
        Frame::ping("ping"),
        Frame::pong("pong"),
        Frame::close(1000, "bye"),
        Frame::close(4999, ""),
        Frame::new(frame::CLOSE, ""),
        Frame::new(3, "reserved"),
        Frame::text("rsv").rsv(0b100),
        Frame::text("no mask").unmasked(),
        Frame::binary("").declaring(1 << 62),
    ];
    let messages = frames.map(|frame| frame.bytes());
    traffic(&handshake, &messages.each_ref().map(Vec::as_slice), &http_pieces())
}

/// The chat's handshake, and what its page says.
fn chat(server: &Server) -> Traffic {
    chat_after(&ws::handshake(&server.address().to_string(), "/chat", &[]))
}

/// The same for who has logged in.
fn members(server: &Server) -> Traffic {
    chat_after(&ws::handshake(&server.address().to_string(), "/chat", &[("Authorization", &pass("Ada"))]))
}

/// As the server with [`SECRET`] would give it to who logs in.
fn pass(name: &str) -> String {
    let now = std::time::SystemTime::now();
    let seal = guard::Seal::new(SECRET.as_bytes(), now);
    format!("Bearer {}", seal.issue(guard::Purpose::Session, name, now + Duration::from_secs(3600)))
}

fn chat_after(handshake: &str) -> Traffic {
    let frames = [
        Frame::text(r#"{"type":"join","name":"Ada"}"#),
        Frame::text(r#"{"type":"join","name":"Bob","room":"tea"}"#),
        Frame::text(r#"{"type":"say","text":"hello","key":"1"}"#),
        Frame::text(&format!(r#"{{"type":"say","text":"{}"}}"#, "long ".repeat(500))),
        Frame::text(r#"{"type":"typing"}"#),
        Frame::text(r#"{"type":"dance"}"#),
        Frame::text("[[[[[[[["),
        Frame::binary("no text"),
        Frame::ping("ping"),
        Frame::close(1000, "bye"),
    ];
    let pieces: [&[u8]; 6] = [b"{", b"\"", b"\\u0000", b"\xff", b"\0", b"null"];
    traffic(handshake, &frames.map(|frame| frame.bytes()).each_ref().map(Vec::as_slice), &pieces)
}

fn speaker(story: &Story, server: &Server) {
    let mut alice = story.websocket("a good client", server, "/");
    alice.tcp.within(PATIENCE);
    alice.sends_text("hello");
    alice.receives_text("hello");
    alice.sends_close(1000, "");
    alice.is_closed_with(1000);
}

fn guest(story: &Story, server: &Server) {
    visits(story.websocket("a good client", server, "/chat"));
}

fn member(story: &Story, server: &Server) {
    let authorization = pass("Alice");
    visits(story.websocket_with("a good client", server, "/chat", &[("Authorization", &authorization)]));
}

fn visits(mut alice: WebSocket) {
    alice.tcp.within(PATIENCE);
    alice.sends_text(r#"{"type":"join","name":"Alice","room":"quiet"}"#);
    alice.receives_json_where("a welcome", |event| event["type"] == "welcome");
    alice.sends_close(1000, "");
    alice.is_closed_with(1000);
}

fn traffic(opening: &str, messages: &[&[u8]], pieces: &[&[u8]]) -> Traffic {
    let owned = |all: &[&[u8]]| all.iter().map(|bytes| bytes.to_vec()).collect();
    Traffic { opening: opening.into(), messages: owned(messages), pieces: owned(pieces) }
}
