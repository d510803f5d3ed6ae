//! Whose request it is, when a proxy stands in front.

use harness::{Lesson, Server, Story, ws};

use super::{bearer, counters, logs_in};

const BY_HAND: &str = "--trusted-proxy 127.0.0.1, then curl -H 'X-Forwarded-For: 192.0.2.1' ...";

fn behind_a_proxy(story: &Story) -> Server {
    story.server_with(|s| {
        s.arg("--trusted-proxy").arg("127.0.0.0/8").env("MAX_PER_ADDRESS", 2).env("REQUEST_RATE", "1,20")
    })
}

pub fn who_is_no_trusted_proxy_is_not_believed(story: &Story) {
    story.teaches(Lesson {
        why: "Anybody can send X-Forwarded-For. Who is believed without being trusted has any address it likes, and so \
              no limits.",
        read: "RFC 7239 §8.1",
        hand: "curl -H 'X-Forwarded-For: 192.0.2.1' ...",
    });
    let server = story.server_with(|s| s.env("REQUEST_RATE", "0.05,3"));
    let mut eve = story.client("eve", &server);
    for n in 0..3 {
        eve.requests("GET", "/login", &[("X-Forwarded-For", &format!("192.0.2.{n}"))], b"").has_status(200);
    }
    eve.requests("GET", "/login", &[("X-Forwarded-For", "192.0.2.99")], b"").has_status(429);
    eve.requests("GET", "/login", &[("Forwarded", "for=192.0.2.98")], b"").has_status(429);
}

pub fn behind_a_proxy_each_client_has_its_own_limits(story: &Story) {
    story.needs_our_program();
    story.teaches(Lesson {
        why: "Behind a proxy all connections come from one address. What it appends to X-Forwarded-For is the client; what \
              stands before that, the client itself has written.",
        read: "RFC 7239 §5.2, notes/12-guard.md",
        hand: BY_HAND,
    });
    let server = behind_a_proxy(story);
    let session = logs_in(story, &server, "Ada");
    let authorization = bearer(&session);
    let open = |client: &str| {
        let fields = [("X-Forwarded-For", client), ("Authorization", authorization.as_str())];
        story.websocket_with(client, &server, "/chat", &fields)
    };
    let _one = [open("192.0.2.1"), open("127.0.0.1, 198.51.100.1, 192.0.2.1")];
    let _other = [open("192.0.2.2"), open("192.0.2.1, 192.0.2.2, 127.0.0.1")];
    let mut third = story.client("third of 192.0.2.1", &server);
    let fields = [("X-Forwarded-For", "192.0.2.1"), ("Authorization", authorization.as_str())];
    third.sends(ws::handshake(&third.host(), "/chat", &fields));
    third.receives_response().has_status(503);
    // Several lines are one list (RFC 9110 §5.3), and the last line is the last proxy's.
    let fields = [
        ("X-Forwarded-For", "192.0.2.3, 192.0.2.1"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Authorization", authorization.as_str()),
    ];
    third.sends(ws::handshake(&third.host(), "/chat", &fields));
    third.receives_response().has_status(503);
    let fields = [("Forwarded", "for=\"[2001:db8::1]:4711\""), ("Authorization", authorization.as_str())];
    third.sends(ws::handshake(&third.host(), "/chat", &fields));
    let _of_ipv6 = third.becomes_websocket();
    let counters = counters(&mut story.client("operator", &server), &session);
    let mut addresses: Vec<&str> = counters["clients"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|client| client["address"].as_str())
        .collect();
    addresses.sort_unstable();
    story.expects(
        addresses == ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "2001:db8::"],
        format!("each at its own address: {addresses:?}"),
    );
}

pub fn a_proxy_must_be_clear(story: &Story) {
    story.needs_our_program();
    story.teaches(Lesson {
        why: "A proxy writes one of the two fields and passes on the other as the client wrote it: who may choose, lies.",
        read: "RFC 7239 §8.1, notes/12-guard.md",
        hand: BY_HAND,
    });
    let server = behind_a_proxy(story);
    let mut proxy = story.client("proxy", &server);
    for fields in [
        &[("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "192.0.2.1")][..],
        &[("X-Forwarded-For", "unknown")],
        &[("X-Forwarded-For", "192.0.2.1, x")],
        &[("Forwarded", "for=_hidden")],
        &[("X-Forwarded-For", "")],
    ] {
        proxy.requests("GET", "/login", fields, b"").has_status(400);
    }
    proxy.gets("/login").has_status(200);
}
