//! WebSockets through nginx: rungs 10 and 11.

use std::time::Duration;

use harness::{Frame, Lesson, Story};
use serde_json::json;

use crate::front::Nginx;

const UPGRADE: &str = "proxy_set_header Upgrade $http_upgrade;";
const READ_TIMEOUT: &str = "proxy_read_timeout 1h;";

const PASSED: Lesson = Lesson {
    why: "Upgrade and Connection are for one hop: nginx takes them away unless it is told to say them again. After \
          the 101 it copies bytes both ways and knows nothing of frames.",
    read: "RFC 9110 §7.6.1, §7.8, notes/behind-nginx.md",
    hand: "websocat ws://127.0.0.1:{port}/",
};

pub fn an_echo_comes_back_through_nginx(story: &Story) {
    story.teaches(PASSED);
    let server = story.server_with(|s| s.rung("10-messages"));
    let nginx = Nginx::before(story, &server);
    let mut alice = story.websocket("alice", &nginx, "/");
    alice.sends_text("κόσμε 🦀");
    alice.receives_text("κόσμε 🦀");
    let large: Vec<u8> = (0..1_u32 << 20).map(|i| (i % 251) as u8).collect();
    for length in [0, 1, 125, 126, 65_535, 65_536, large.len()] {
        alice.sends_binary(&large[..length]);
        alice.receives_binary(&large[..length]);
    }
    let first = Frame::text("one ").not_final();
    alice.sends_frames(&[first, Frame::ping("between"), Frame::continuation("message")]);
    alice.receives_pong("between");
    alice.receives_text("one message");
}

pub fn a_frame_in_the_same_packet_as_the_handshake_is_not_lost(story: &Story) {
    story.teaches(Lesson {
        why: "A client may not send frames before the 101; one that does has them in nginx's buffer behind the head, \
              and nginx passes them on after the switch.",
        read: "RFC 6455 §4.1, notes/08-upgrade.md",
        hand: "printf 'GET / HTTP/1.1\\r\\n...\\r\\n\\r\\n\\x81\\x80\\x00\\x00\\x00\\x00' | nc 127.0.0.1 {port} | xxd",
    });
    let server = story.server_with(|s| s.rung("10-messages"));
    let nginx = Nginx::before(story, &server);
    let mut hasty = story.client("hasty", &nginx);
    let request = harness::ws::handshake(&hasty.host(), "/", &[]);
    hasty.sends([request.as_bytes(), &Frame::text("hasty").bytes()].concat());
    hasty.becomes_websocket().receives_text("hasty");
}

pub fn close_codes_come_through_from_both_sides(story: &Story) {
    story.teaches(Lesson {
        why: "A close code is a frame, and then both sides end TCP. If the server resets the connection, or closes it \
              with bytes unread, nginx drops what it has not passed on yet, and the browser says 1006.",
        read: "RFC 6455 §7.1.1, §7.4.1, notes/10-messages.md",
        hand: "websocat --close-status-code 4000 ws://127.0.0.1:{port}/",
    });
    let server = story.server_with(|s| s.rung("10-messages").env("MAX_MESSAGE", 100_000));
    let nginx = Nginx::before(story, &server);
    let mut alice = story.websocket("alice", &nginx, "/");
    alice.sends_close(4000, "because I can");
    alice.is_closed_with(4000);
    server.log_contains_eventually("closed with 4000 \"because I can\"");
    let mut mallory = story.websocket("mallory", &nginx, "/");
    mallory.sends_frame(&Frame::continuation("of nothing"));
    mallory.is_closed_with(1002);
    let mut garbles = story.websocket("garbles", &nginx, "/");
    garbles.sends_frame(&Frame::new(harness::frame::TEXT, b"\xc0\xaf"));
    garbles.is_closed_with(1007);
    // It goes on sending what nobody will read.
    for _ in 0..5 {
        let mut large = story.websocket("large", &nginx, "/");
        large.tcp.tries_to_send(Frame::binary(vec![0; 8 << 20]).bytes());
        large.receives_close(1009);
        // What nginx has not read by then makes its kernel reset; the code has come through all the same.
        large.tcp.receives_end_of_any_kind();
    }
    let mut stays = story.websocket("stays", &nginx, "/");
    server.interrupt();
    stays.receives_close(1001);
    stays.sends_close(1001, "");
    stays.receives_end();
    server.ends(Duration::from_secs(3));
}

pub fn a_client_that_vanishes_is_noticed_through_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "FIN without a Close frame: nginx ends its connection to the server as well, and the server takes that \
              for the end, 1006.",
        read: "RFC 6455 §7.1.5",
        hand: "websocat ws://127.0.0.1:{port}/, then kill -9",
    });
    let server = story.server_with(|s| s.rung("10-messages"));
    let nginx = Nginx::before(story, &server);
    story.websocket("leaves", &nginx, "/").tcp.closes();
    server.log_contains_eventually("#0.1 closed with 1006");
    story.websocket("dies", &nginx, "/").tcp.resets();
    server.log_contains_eventually("#0.2 closed with 1006");
}

pub fn a_chat_goes_through_nginx(story: &Story) {
    story.teaches(PASSED);
    let server = story.server_with(|s| s.rung("11-rooms"));
    let nginx = Nginx::before(story, &server);
    let mut ada = story.websocket("ada", &nginx, "/chat");
    ada.sends_json(&json!({"type": "join", "name": "Ada"}));
    ada.receives_json_where("a welcome", |v| v["type"] == "welcome");
    // One comes through nginx, the other does not.
    let mut bob = story.websocket("bob", &server, "/chat");
    bob.sends_json(&json!({"type": "join", "name": "Bob"}));
    bob.receives_json_where("a welcome", |v| v["people"].as_array().is_some_and(|people| people.len() == 2));
    ada.receives_json_where("Bob joins", |v| v["type"] == "joined" && v["name"] == "Bob");
    bob.sends_json(&json!({"type": "say", "text": "Hello, Ada"}));
    ada.receives_json_where("what Bob said", |v| v["type"] == "said" && v["text"] == "Hello, Ada");
    ada.sends_json(&json!({"type": "say", "text": "Hello, Bob"}));
    bob.receives_json_where("what Ada said", |v| v["type"] == "said" && v["text"] == "Hello, Bob");
    ada.tcp.closes();
    bob.receives_json_where("Ada leaves", |v| v["type"] == "left" && v["name"] == "Ada");
}

pub fn a_silent_websocket_is_cut_by_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "After proxy_read_timeout without a byte from the server nginx closes both connections, with no Close \
              frame: 1006 on both sides. A ping that is answered in time prevents it.",
        read: "RFC 6455 §5.5.2, notes/behind-nginx.md",
        hand: "websocat --ping-interval 20 ws://127.0.0.1:{port}/",
    });
    let server = story.server_with(|s| s.rung("11-rooms"));
    let nginx = Nginx::changed(story, &server, &[(READ_TIMEOUT, "proxy_read_timeout 1s;")]);
    let mut stays = story.websocket("stays", &server, "/chat");
    stays.sends_json(&json!({"type": "join", "name": "Stays"}));
    let mut silent = story.websocket("silent", &nginx, "/chat");
    silent.sends_json(&json!({"type": "join", "name": "Silent"}));
    silent.receives_json_where("a welcome", |v| v["type"] == "welcome");
    // A third of the time, four times: a pong counts as a byte.
    for _ in 0..4 {
        silent.sends_ping("");
        silent.receives_pong("");
        silent.receives_nothing_for(Duration::from_millis(300));
    }
    silent.receives_end();
    stays.receives_json_where("Silent has left", |v| v["type"] == "left" && v["name"] == "Silent");
}

pub fn without_the_upgrade_lines_there_is_no_websocket(story: &Story) {
    story.teaches(PASSED);
    let server = story.server_with(|s| s.rung("11-rooms"));
    let nginx = Nginx::changed(story, &server, &[(UPGRADE, "")]);
    let mut alice = story.client("alice", &nginx);
    alice.sends(harness::ws::handshake(&alice.host(), "/chat", &[]));
    alice.receives_response().has_status(426);
}

pub fn a_refused_handshake_opens_no_tunnel(story: &Story) {
    story.teaches(Lesson {
        why: "A proxy that believes in the switch before the server has said 101 lets a client talk to the server \
              behind its back. nginx waits for the 101: what follows a 400 or a 426 is the next request to nginx.",
        read: "RFC 9110 §7.8, RFC 6455 §4.2.2",
        hand: "curl -v -H 'Upgrade: websocket' -H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 99' \
               http://127.0.0.1:{port}/chat",
    });
    let server = story.server_with(|s| s.rung("11-rooms"));
    let nginx = Nginx::before(story, &server);
    let mut mallory = story.client("mallory", &nginx);
    let wrong = harness::ws::handshake(&mallory.host(), "/chat", &[]);
    let wrong = wrong.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 99");
    mallory.sends(format!("{wrong}GET /behind HTTP/1.1\r\nHost: x\r\n\r\n"));
    mallory.receives_response().has_status(426);
    mallory.receives_response().has_status(404);
    nginx.server.log_contains_eventually(" GET /behind 404 ");
}
