//! Rung 12 behind nginx: whose the limits are, and what keeps a silent chat alive.

use std::net::SocketAddr;

use harness::{Client, Lesson, Response, Server, Story, WebSocket};
use serde_json::json;

use crate::front::Nginx;

const READ_TIMEOUT: &str = "proxy_read_timeout 1h;";

const WHOSE: Lesson = Lesson {
    why: "Behind nginx all clients come from one address. With --trusted-proxy the server believes the last address \
          of X-Forwarded-For, which nginx wrote; what stands before it is the client's own story.",
    read: "RFC 7239 §8.1, notes/12-guard.md, notes/behind-nginx.md",
    hand: "12-guard --trusted-proxy 127.0.0.1, and curl --interface 127.0.0.2 -d name=Ada http://127.0.0.1:{port}/login",
};

/// A client at 127.0.0.N: one of many behind nginx.
#[track_caller]
fn client_at(story: &Story, n: u8, to: impl Into<SocketAddr>) -> Client {
    if !cfg!(target_os = "linux") {
        story.does_not_apply("only Linux has all of 127.0.0.0/8");
    }
    let own = SocketAddr::from(([127, 0, 0, n], 0));
    story.client_with(&format!("127.0.0.{n}"), to, |socket| socket.bind(&own.into()))
}

/// Logs in as anybody may.
#[track_caller]
fn logs_in(client: &mut Client, fields: &[(&str, &str)]) -> Response {
    let form = [&[("Content-Type", "application/x-www-form-urlencoded")], fields].concat();
    client.requests("POST", "/login", &form, b"name=Ada")
}

/// The cookie of somebody who has just logged in.
#[track_caller]
fn cookie(story: &Story, login: &Response) -> String {
    let cookie = login.has_status(303).header("Set-Cookie").and_then(|cookie| cookie.split(';').next());
    cookie.unwrap_or_else(|| story.fails("a login sets a cookie")).to_owned()
}

/// Sends the handshake of somebody who has logged in, from a page of this server as nginx shows it.
#[track_caller]
fn asks_for_the_chat(mut client: Client, cookie: &str) -> Client {
    let origin = format!("http://{}", client.host());
    let fields = [("Cookie", cookie), ("Origin", &origin)];
    client.sends(harness::ws::handshake(&client.host(), "/chat", &fields));
    client
}

#[track_caller]
fn joins(mut chat: WebSocket) -> WebSocket {
    chat.sends_json(&json!({"type": "join", "name": "Ada"}));
    chat.receives_json_where("a welcome", |value| value["type"] == "welcome");
    chat
}

fn guarded(story: &Story, trusted: bool, env: &[(&str, &str)]) -> Server {
    story.server_with(|setup| {
        let setup = env.iter().fold(setup.rung("12-guard"), |setup, (name, value)| setup.env(name, value));
        if trusted { setup.arg("--trusted-proxy").arg("127.0.0.1") } else { setup }
    })
}

pub fn a_limit_is_the_clients_not_nginxs(story: &Story) {
    story.teaches(WHOSE);
    let server = guarded(story, true, &[("LOGIN_RATE", "0.01,2")]);
    let nginx = Nginx::before(story, &server);
    let mut mallory = client_at(story, 2, &nginx);
    for _ in 0..2 {
        logs_in(&mut mallory, &[]).has_status(303);
    }
    logs_in(&mut mallory, &[]).has_status(429);
    for forged in [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")] {
        logs_in(&mut mallory, &[forged]).has_status(429);
    }
    // Passed on, the client's own Forwarded beside nginx's X-Forwarded-For would leave open whom to believe.
    let passes = Nginx::changed(story, &server, &[("proxy_set_header Forwarded \"\";", "")]);
    logs_in(&mut client_at(story, 2, &passes), &[("Forwarded", "for=192.0.2.1")]).has_status(400);
    // Her neighbour has not tried yet, on the same connection of nginx's.
    logs_in(&mut client_at(story, 3, &nginx), &[]).has_status(303);
}

pub fn without_trust_all_clients_share_nginxs_limits(story: &Story) {
    story.teaches(WHOSE);
    let server = guarded(story, false, &[("LOGIN_RATE", "0.01,2")]);
    let nginx = Nginx::before(story, &server);
    for n in [2, 3] {
        logs_in(&mut client_at(story, n, &nginx), &[]).has_status(303);
    }
    logs_in(&mut client_at(story, 4, &nginx), &[]).has_status(429);
}

pub fn websockets_are_counted_at_the_clients_address(story: &Story) {
    story.teaches(WHOSE);
    let server = guarded(story, true, &[("MAX_PER_ADDRESS", "2")]);
    let nginx = Nginx::before(story, &server);
    let login = logs_in(&mut client_at(story, 2, &nginx), &[]);
    let cookie = cookie(story, &login);
    let enters = |n| asks_for_the_chat(client_at(story, n, &nginx), &cookie);
    let _both = [enters(2).becomes_websocket(), enters(2).becomes_websocket()];
    let refused = enters(2).receives_response();
    story.expects(refused.status == 503, format!("the third is refused, its status is {}", refused.status));
    let _neighbour = joins(enters(3).becomes_websocket());
    let mut onlooker = client_at(story, 4, &nginx);
    let counters = onlooker.requests("GET", "/counters.json", &[("Cookie", &cookie)], b"").json();
    let clients = counters["clients"].as_array().cloned().unwrap_or_default();
    let addresses: Vec<_> = clients.iter().filter_map(|client| client["address"].as_str()).collect();
    story.expects(
        addresses == ["127.0.0.2", "127.0.0.2", "127.0.0.3"],
        format!("the counters tell where each client is, they are {counters}"),
    );
}

pub fn a_foreign_page_is_refused_through_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "Origin is compared with Host. If nginx says another Host than the browser's, the server's own page is a \
              stranger, and whoever mends that by allowing all origins lets every page in.",
        read: "RFC 6455 §10.2, notes/12-guard.md, notes/behind-nginx.md",
        hand: "curl -v -H 'Origin: http://evil.example' -d name=Ada http://127.0.0.1:{port}/login",
    });
    let server = guarded(story, true, &[]);
    let nginx = Nginx::before(story, &server);
    let own = format!("http://{}", nginx.address());
    let mut browser = story.client("browser", &nginx);
    logs_in(&mut browser, &[("Origin", &own)]).has_status(303);
    logs_in(&mut browser, &[("Origin", "http://evil.example")]).has_status(403);
    let host = ("proxy_set_header Host $http_host;", "");
    let renamed = Nginx::changed(story, &server, &[host]);
    let own = format!("http://{}", renamed.address());
    logs_in(&mut story.client("browser", &renamed), &[("Origin", &own)]).has_status(403);
}

pub fn heartbeats_keep_a_silent_chat_through_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "nginx counts the time since the last byte from the server. A ping is bytes: as long as it comes more \
              often than proxy_read_timeout, nobody has to speak.",
        read: "RFC 6455 §5.5.2, notes/12-guard.md, notes/behind-nginx.md",
        hand: "websocat -H 'Cookie: session=...' ws://127.0.0.1:{port}/chat",
    });
    let server = guarded(story, true, &[("PING_INTERVAL_MS", "300"), ("PONG_TIMEOUT_MS", "2000")]);
    let nginx = Nginx::changed(story, &server, &[(READ_TIMEOUT, "proxy_read_timeout 1s;")]);
    let mut ada = story.client("ada", &nginx);
    let cookie = cookie(story, &logs_in(&mut ada, &[]));
    let mut chat = joins(asks_for_the_chat(ada, &cookie).becomes_websocket());
    // Longer than nginx would wait; pings come and are answered, nothing else.
    for _ in 0..5 {
        let payload = chat.receives_ping();
        chat.sends_frame(&harness::Frame::pong(payload));
    }
    chat.sends_json(&json!({"type": "say", "text": "still here"}));
    chat.receives_json_where("what Ada said", |value| value["text"] == "still here");
}
