//! What rung 08 promises any client: steps/08-upgrade/CONTRACT.md.

/// The curl line that sends a good handshake.
macro_rules! by_hand {
    ($($more:literal)?) => {
        concat!(
            "curl -v -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
             -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' ", $($more, " ",)? "http://127.0.0.1:{port}/socket"
        )
    };
}

#[path = "08_upgrade/handshake.rs"]
mod handshake;

use std::process::ExitCode;
use std::time::Duration;

use handshake::*;
use harness::ws::{self, ACCEPT, KEY};
use harness::{Client, Frame, Lesson, Response, Server, Story, starts_and_stops};

fn main() -> ExitCode {
    harness::suite(
        "08-upgrade",
        harness::tests![
            starts_and_stops,
            the_page_is_there,
            a_handshake_is_accepted,
            curl_reads_the_101,
            a_handshake_cut_anywhere_is_one_handshake,
            connection_is_a_list_of_tokens,
            upgrade_is_a_list_of_tokens,
            bytes_behind_the_handshake_are_not_lost,
            after_the_switch_nothing_is_http,
            a_plain_request_is_told_to_upgrade,
            rfc_6455_4_2_1_the_method_is_get,
            rfc_6455_4_2_1_the_host_is_named,
            rfc_6455_4_2_1_http_1_0_is_not_upgraded,
            rfc_6455_4_2_1_the_version_is_13,
            rfc_6455_4_2_1_the_key_is_16_bytes,
            rfc_6455_4_2_2_the_server_chooses_the_subprotocol,
            rfc_6455_4_2_2_no_websocket_where_there_is_nothing,
            rfc_6455_4_1_subprotocols_are_tokens_named_once,
            extensions_are_not_agreed_to,
            rfc_6455_9_1_extensions_are_offered_in_their_grammar,
            a_refusal_keeps_the_connection,
            a_body_is_never_taken_for_frames,
            a_half_close_ends_it,
        ],
    )
}

const UPGRADE: (&str, &str) = ("Upgrade", "websocket");
const CONNECTION: (&str, &str) = ("Connection", "Upgrade");
const VERSION: (&str, &str) = ("Sec-WebSocket-Version", "13");
const KEY_FIELD: (&str, &str) = ("Sec-WebSocket-Key", KEY);
const GOOD: [(&str, &str); 4] = [UPGRADE, CONNECTION, VERSION, KEY_FIELD];

fn the_page_is_there(story: &Story) {
    story.teaches(Lesson {
        why: "A browser opens the page first, in plain HTTP, and only then the WebSocket.",
        read: "notes/08-upgrade.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let page = story.client("alice", &server).gets("/");
    page.has_status(200)
        .has_field("Content-Type", "text/html; charset=utf-8")
        .body_contains("<!doctype html>");
}

fn a_handshake_is_accepted(story: &Story) {
    story.teaches(Lesson {
        why: "Sec-WebSocket-Accept is Base64 of SHA-1 of the key, as it came, and \
              258EAFA5-E914-47DA-95CA-C5AB0DC85B11. The key is not decoded for it, and SHA-1's 20 bytes \
              are encoded, not their hex digits.",
        read: "RFC 6455 §4.2.2, notes/08-upgrade.md",
        hand: by_hand!(),
    });
    let server = story.server();
    for path in ["/socket", "/"] {
        let mut alice = story.client("alice", &server);
        accepted(&alice.requests("GET", path, &GOOD, b"")).has_no_field("Sec-WebSocket-Protocol");
        alice.receives_nothing_for(Duration::from_millis(20));
    }
    let mut bob = story.client("bob", &server);
    let fields = [UPGRADE, CONNECTION, VERSION, ("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw==")];
    bob.requests("GET", "/socket", &fields, b"")
        .has_status(101)
        .has_field("Sec-WebSocket-Accept", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

fn curl_reads_the_101(story: &Story) {
    story.teaches(Lesson {
        why: "curl prints the answer and then waits for what comes next, as a WebSocket client would.",
        read: "RFC 9110 §15.2.2",
        hand: by_hand!(),
    });
    let server = story.server();
    let url = format!("http://{}/socket", server.address());
    let fields = GOOD.map(|(name, value)| format!("{name}: {value}"));
    let fields = fields.iter().flat_map(|field| ["-H", field]);
    let curl = story.program("curl").args(["-sv", "--max-time", "1"]).args(fields).args([&url]).runs();
    curl.mentions("< HTTP/1.1 101 Switching Protocols").mentions(ACCEPT);
}

fn a_handshake_cut_anywhere_is_one_handshake(story: &Story) {
    story.teaches(Lesson {
        why: "A handshake is a request like any other: it may come in two pieces.",
        read: "RFC 9112 §2.2, notes/04-request.md",
        hand: by_hand!(),
    });
    let server = story.server();
    let handshake = ws::handshake("x", "/socket", &[]);
    for at in (1..handshake.len()).step_by(3) {
        let mut alice = story.client("alice", &server);
        alice.sends_split_unanswered(&handshake, at);
        accepted(&alice.receives_response());
    }
}

fn connection_is_a_list_of_tokens(story: &Story) {
    story.teaches(Lesson {
        why: "Firefox sends Connection: keep-alive, Upgrade. It is a list of tokens in any case, and may \
              be spread over several lines: look for the token, do not compare the line.",
        read: "RFC 9110 §7.6.1, §5.6.1, RFC 6455 §4.2.1",
        hand: "curl -v -H 'Connection: keep-alive, Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
               -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://127.0.0.1:{port}/socket",
    });
    let server = story.server();
    for value in [
        "keep-alive, Upgrade",
        "UPGRADE",
        "upgrade,keep-alive",
        "keep-alive ,\tupgrade ",
        "keep-alive\r\nconnection: upgrade",
    ] {
        let mut alice = story.client("alice", &server);
        accepted(&alice.requests(
            "GET",
            "/socket",
            &[UPGRADE, ("Connection", value), VERSION, KEY_FIELD],
            b"",
        ));
    }
    for value in ["keep-alive", "upgraded", "keep-alive Upgrade", "not-upgrade"] {
        let answer = story.client("bob", &server).requests(
            "GET",
            "/socket",
            &[UPGRADE, ("Connection", value), VERSION, KEY_FIELD],
            b"",
        );
        told_to_upgrade(&answer);
    }
}

fn upgrade_is_a_list_of_tokens(story: &Story) {
    story.teaches(Lesson {
        why: "Upgrade names the protocols that the client would like, in any case, perhaps several of them.",
        read: "RFC 9110 §7.8, RFC 6455 §4.2.1",
        hand: by_hand!(),
    });
    let server = story.server();
    for value in ["WebSocket", "WEBSOCKET", "h2c, websocket", "h2c\r\nupgrade: websocket"] {
        let mut alice = story.client("alice", &server);
        accepted(&alice.requests(
            "GET",
            "/socket",
            &[("Upgrade", value), CONNECTION, VERSION, KEY_FIELD],
            b"",
        ));
    }
    for value in ["websockets", "web socket", "h2c"] {
        let answer = story.client("bob", &server).requests(
            "GET",
            "/socket",
            &[("Upgrade", value), CONNECTION, VERSION, KEY_FIELD],
            b"",
        );
        told_to_upgrade(&answer);
    }
}

fn bytes_behind_the_handshake_are_not_lost(story: &Story) {
    story.teaches(Lesson {
        why: "The first frame came in the same packet as the handshake. What your HTTP parser did not use \
              belongs to whoever takes the connection over.",
        read: "RFC 9110 §7.8, notes/08-upgrade.md",
        hand: r"(printf 'GET /socket?tab=x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x80abcd'; sleep 1) | nc 127.0.0.1 {port}; curl 'http://127.0.0.1:{port}/seen?tab=x'",
    });
    let server = story.server();
    let frame = Frame::text("Hello").masked_with([0x37, 0xfa, 0x21, 0x3d]).bytes();
    let together = [ws::handshake("x", "/socket?tab=together", &[]).into_bytes(), frame.clone()].concat();
    let mut alice = story.client("alice", &server);
    alice.sends(&together);
    accepted(&alice.receives_response());
    sees(story, &server, "together", &frame);

    story.note("and behind two plain requests, all in one packet");
    let mut carol = story.client("carol", &server);
    let plain = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /socket HTTP/1.1\r\nHost: x\r\n\r\n".as_bytes();
    let third = ws::handshake("x", "/socket?tab=third", &[]);
    carol.sends([plain, third.as_bytes(), &frame].concat());
    carol.receives_response().has_status(200);
    told_to_upgrade(&carol.receives_response());
    accepted(&carol.receives_response());
    sees(story, &server, "third", &frame);

    story.note("and cut in the middle of the handshake's last line end, and of the frame");
    for (tab, at) in [("cutone", together.len() - frame.len() - 1), ("cuttwo", together.len() - 3)] {
        let bytes =
            String::from_utf8_lossy(&together[..together.len() - frame.len()]).replace("together", tab);
        let mut bob = story.client("bob", &server);
        bob.sends_split([bytes.as_bytes(), &frame].concat(), at - "together".len() + tab.len());
        accepted(&bob.receives_response());
        sees(story, &server, tab, &frame);
    }
}

fn after_the_switch_nothing_is_http(story: &Story) {
    story.teaches(Lesson {
        why: "After 101 the bytes belong to WebSocket. What looks like a request there is none, and must \
              not be answered as one.",
        read: "RFC 9110 §7.8, §15.2.2",
        hand: by_hand!(),
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    accepted(&alice.requests("GET", "/socket?tab=http", &GOOD, b""));
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    alice.sends(request);
    sees(story, &server, "http", request.as_bytes());
    alice.receives_nothing_for(Duration::from_millis(20));
    alice.sends(vec![b'.'; 100_000]);
    let all = [request.as_bytes(), &[b'.'; 64]].concat();
    sees_count(story, &server, "http", request.len() + 100_000, &all[..64]);
}

fn extensions_are_not_agreed_to(story: &Story) {
    story.teaches(Lesson {
        why: "Every browser offers permessage-deflate. Who does not speak it leaves \
              Sec-WebSocket-Extensions out of the answer: then it is not used.",
        read: "RFC 6455 §9.1",
        hand: by_hand!("-H 'Sec-WebSocket-Extensions: permessage-deflate'"),
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let offer = ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
    let fields = [GOOD.to_vec(), vec![offer]].concat();
    accepted(&alice.requests("GET", "/socket", &fields, b"")).has_no_field("Sec-WebSocket-Extensions");
}

fn a_refusal_keeps_the_connection(story: &Story) {
    story.teaches(Lesson {
        why: "A refused handshake is an HTTP answer like any other. It is clear where the next request \
              begins, so the connection stays, and a handshake that is right can follow on it.",
        read: "RFC 6455 §4.2.2, RFC 9112 §9.3",
        hand: "curl -v http://127.0.0.1:{port}/socket http://127.0.0.1:{port}/socket",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    told_to_upgrade(&alice.gets("/socket"));
    refused(&alice.requests("GET", "/socket", &[UPGRADE, CONNECTION, VERSION], b""));
    accepted(&alice.requests("GET", "/socket?tab=later", &GOOD, b""));
    alice.sends("now it is mine");
    sees(story, &server, "later", b"now it is mine");
}

fn a_body_is_never_taken_for_frames(story: &Story) {
    story.teaches(Lesson {
        why: "A handshake that announces a body: are the bytes behind it the body, or frames? A proxy may \
              think otherwise than you. Refuse it, and close.",
        read: "RFC 9110 §7.8, RFC 9112 §11.2",
        hand: by_hand!("-X GET -d hello"),
    });
    let server = story.server();
    let handshake = |lines: &[(&str, &str)]| ws::handshake("x", "/socket?tab=body", lines);
    for (line, body) in [
        (("Content-Length", "5"), "hello"),
        (("Transfer-Encoding", "chunked"), "5\r\nhello\r\n0\r\n\r\n"),
        (("Content-Length", "5"), ""),
    ] {
        let mut alice = story.client("alice", &server);
        alice.sends(handshake(&[line]) + body);
        refused(&alice.receives_response()).has_token("Connection", "close");
        alice.receives_end();
    }
    story.note("also where something else is wrong");
    let mut mallory = story.client("mallory", &server);
    mallory
        .sends(handshake(&[("Content-Length", "5")]).replace("GET", "POST").replace(": 13", ": 8") + "hello");
    refused(&mallory.receives_response()).has_token("Connection", "close");
    mallory.receives_end();
    story.client("carol", &server).gets("/seen?tab=body").has_status(404);
    story.note("a length of zero is no body");
    let mut bob = story.client("bob", &server);
    bob.sends(handshake(&[("Content-Length", "0")]) + "mine");
    accepted(&bob.receives_response());
    sees(story, &server, "body", b"mine");
}

fn a_half_close_ends_it(story: &Story) {
    story.teaches(Lesson {
        why: "The client sent FIN: no frame will come any more, so close too, or you collect dead \
              connections.",
        read: "RFC 6455 §7.1.1, notes/02-poll.md",
        hand: by_hand!(),
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    accepted(&alice.requests("GET", "/socket", &GOOD, b""));
    alice.half_closes();
    alice.receives_end();
    let mut bob = story.client("bob", &server);
    accepted(&bob.requests("GET", "/socket", &GOOD, b""));
    bob.resets();
    story.client("carol", &server).gets("/").has_status(200);
}

/// 101, and all that belongs to it. RFC 9110 §8.6, §6.4.1: a 1xx has no content and announces none.
#[track_caller]
fn accepted(answer: &Response) -> &Response {
    answer
        .has_status(101)
        .has_no_field("Content-Length")
        .has_no_field("Transfer-Encoding")
        .has_token("Upgrade", "websocket")
        .has_token("Connection", "Upgrade")
        .has_field("Sec-WebSocket-Accept", ACCEPT)
}

/// 426, and all that belongs to it.
#[track_caller]
fn told_to_upgrade(answer: &Response) -> &Response {
    answer
        .has_status(426)
        .has_token("Upgrade", "websocket")
        .has_token("Connection", "Upgrade")
        .has_field("Sec-WebSocket-Version", "13")
        .has_no_field("Sec-WebSocket-Accept")
}

/// 400, in words.
#[track_caller]
fn refused(answer: &Response) -> &Response {
    answer
        .has_status(400)
        .has_no_field("Sec-WebSocket-Accept")
        .has_field("Content-Type", "text/plain; charset=utf-8")
}

/// Waits until the server has seen exactly these bytes behind the handshake.
#[track_caller]
fn sees(story: &Story, server: &Server, tab: &str, bytes: &[u8]) {
    sees_count(story, server, tab, bytes.len(), &bytes[..bytes.len().min(64)]);
}

#[track_caller]
fn sees_count(story: &Story, server: &Server, tab: &str, count: usize, first: &[u8]) {
    let rows: String = first.iter().map(|byte| format!("{byte:02x} {byte:08b}\n")).collect();
    let expected = format!("bytes: {count}\n\n{rows}");
    let mut watcher: Client = story.client("the page", server);
    let path = format!("/seen?tab={tab}");
    // The bytes may still be on their way to the server.
    for wait in [5, 10, 20, 40, 80, 160, 320, 640] {
        if watcher.gets(&path).text().ends_with(&expected) {
            return;
        }
        watcher.receives_nothing_for(Duration::from_millis(wait));
    }
    watcher.gets(&path).has_status(200).body_contains(&expected);
}
