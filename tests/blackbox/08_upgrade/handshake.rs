//! What RFC 6455 §4 asks of the client's handshake, rule by rule.

use harness::{Lesson, Story, ws};

use super::{CONNECTION, GOOD, KEY_FIELD, UPGRADE, VERSION, accepted, refused, told_to_upgrade};

pub fn a_plain_request_is_told_to_upgrade(story: &Story) {
    story.teaches(Lesson {
        why: "Who asks for a WebSocket without asking to upgrade gets 426, and in it Upgrade says to what.",
        read: "RFC 9110 §15.5.22, notes/08-upgrade.md",
        hand: "curl -v http://127.0.0.1:{port}/socket",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    told_to_upgrade(&alice.gets("/socket"));
    told_to_upgrade(&alice.requests("GET", "/socket", &[CONNECTION, VERSION, KEY_FIELD], b""));
    told_to_upgrade(&alice.requests("GET", "/socket", &[UPGRADE, VERSION, KEY_FIELD], b""));
}

pub fn rfc_6455_4_2_1_the_method_is_get(story: &Story) {
    story.teaches(Lesson {
        why: "Only a GET becomes a WebSocket. Another method is known but not allowed here: 405, and Allow \
              says what is.",
        read: "RFC 6455 §4.2.1, RFC 9110 §15.5.6",
        hand: by_hand!("-X PUT"),
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for method in ["POST", "PUT", "DELETE", "HEAD"] {
        alice.requests(method, "/socket", &GOOD, b"").has_status(405).has_token("Allow", "GET");
    }
}

pub fn rfc_6455_4_2_1_the_host_is_named(story: &Story) {
    story.teaches(Lesson {
        why: "Every HTTP/1.1 request names its host, once, and a handshake is one.",
        read: "RFC 6455 §4.2.1, 2, RFC 9112 §3.2",
        hand: by_hand!("-H 'Host:'"),
    });
    let server = story.server();
    let handshake = ws::handshake("x", "/socket", &[]);
    for (wrong, host) in
        [("no Host", ""), ("two of them", "Host: x\r\nHost: x\r\n"), ("no host", "Host: a b\r\n")]
    {
        story.note(wrong);
        let mut alice = story.client("alice", &server);
        alice.sends(handshake.replace("Host: x\r\n", host));
        alice.receives_response().has_status(400).has_no_field("Sec-WebSocket-Accept");
    }
    story.note("a request to a proxy names it in the target, a later version of HTTP/1 is spoken as 1.1");
    for line in ["GET http://x/socket HTTP/1.1", "GET /socket HTTP/1.2"] {
        let mut bob = story.client("bob", &server);
        bob.sends(handshake.replace("GET /socket HTTP/1.1", line));
        accepted(&bob.receives_response());
    }
}

pub fn rfc_6455_4_2_1_http_1_0_is_not_upgraded(story: &Story) {
    story.teaches(Lesson {
        why: "In HTTP/1.0 there is no Upgrade: the field is ignored, and the request is a plain one.",
        read: "RFC 9110 §7.8, RFC 6455 §4.2.1",
        hand: by_hand!("-0"),
    });
    let server = story.server();
    let handshake = ws::handshake("x", "/socket", &[]).replace("HTTP/1.1", "HTTP/1.0");
    let mut alice = story.client("alice", &server);
    alice.sends(&handshake);
    alice.receives_response().has_status(426);
    let mut bob = story.client("bob", &server);
    bob.sends(handshake.replace("/socket", "/"));
    bob.receives_response().has_status(200).body_contains("<!doctype html>");
}

pub fn rfc_6455_4_2_1_the_version_is_13(story: &Story) {
    story.teaches(Lesson {
        why: "There is one version of WebSocket, 13, and drafts that came before it. Compare the text: 013 \
              and +13 are no 13. The answer, 426, says which version you speak.",
        read: "RFC 6455 §4.2.1, §4.4",
        hand: "curl -v -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 8' \
               -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://127.0.0.1:{port}/socket",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for version in ["8", "0", "12", "14", "013", "+13", "13.0", "0x0d", "13, 8", "", "thirteen", "130"] {
        let fields = [UPGRADE, CONNECTION, ("Sec-WebSocket-Version", version), KEY_FIELD];
        told_to_upgrade(&alice.requests("GET", "/socket", &fields, b""));
    }
    told_to_upgrade(&alice.requests("GET", "/socket", &[UPGRADE, CONNECTION, KEY_FIELD], b""));
    refused(&alice.requests("GET", "/socket", &[UPGRADE, CONNECTION, VERSION, VERSION, KEY_FIELD], b""));
}

pub fn rfc_6455_4_2_1_the_key_is_16_bytes(story: &Story) {
    story.teaches(Lesson {
        why: "The key is 16 bytes in Base64: 24 characters, the last two of them =. Decode it and count. \
              It comes once.",
        read: "RFC 6455 §4.2.1, §11.3.1, RFC 4648 §4",
        hand: "curl -v -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
               -H 'Sec-WebSocket-Key: c2hvcnQ=' http://127.0.0.1:{port}/socket",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for key in [
        "",
        "c2hvcnQ=",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZSE=",
        "dGhlIHNhbXBsZSBub25jZWQh",
        "dGhl!HNhbXBsZSBub25jZQ==",
        "dGhl IHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25j_Q==",
        "========================",
    ] {
        let fields = [UPGRADE, CONNECTION, VERSION, ("Sec-WebSocket-Key", key)];
        refused(&alice.requests("GET", "/socket", &fields, b""));
    }
    refused(&alice.requests("GET", "/socket", &[UPGRADE, CONNECTION, VERSION], b""));
    refused(&alice.requests("GET", "/socket", &[UPGRADE, CONNECTION, VERSION, KEY_FIELD, KEY_FIELD], b""));
    story.note(
        "the key that §4.1 gives as an example: its last character has bits set that belong to no byte",
    );
    let fields = [UPGRADE, CONNECTION, VERSION, ("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEC==")];
    let answer = alice.requests("GET", "/socket", &fields, b"");
    answer.has_status(101).has_field("Sec-WebSocket-Accept", "OfS0wDaT5NoxF2gqm7Zj2YtetzM=");
}

pub fn rfc_6455_4_2_2_the_server_chooses_the_subprotocol(story: &Story) {
    story.teaches(Lesson {
        why: "The client offers, the server chooses one of what is offered, by its own preference, and \
              says so; or says nothing. A client fails the connection when it is told one that it did not \
              offer.",
        read: "RFC 6455 §4.2.2, §1.9",
        hand: by_hand!("-H 'Sec-WebSocket-Protocol: bits.v1, bits.v2'"),
    });
    let server = story.server();
    for (offered, chosen) in [
        ("bits.v1", "bits.v1"),
        (",bits.v1, ,", "bits.v1"),
        ("bits.v1, bits.v2", "bits.v2"),
        ("chat ,bits.v2,\tbits.v1", "bits.v2"),
        ("chat\r\nSec-WebSocket-Protocol: bits.v1", "bits.v1"),
    ] {
        let mut alice = story.client("alice", &server);
        let fields = [GOOD.to_vec(), vec![("Sec-WebSocket-Protocol", offered)]].concat();
        accepted(&alice.requests("GET", "/socket", &fields, b"")).has_field("Sec-WebSocket-Protocol", chosen);
    }
    for offered in ["chat", "BITS.V1", "bits.v1.5"] {
        let mut bob = story.client("bob", &server);
        let fields = [GOOD.to_vec(), vec![("Sec-WebSocket-Protocol", offered)]].concat();
        accepted(&bob.requests("GET", "/socket", &fields, b"")).has_no_field("Sec-WebSocket-Protocol");
    }
}

pub fn rfc_6455_4_2_2_no_websocket_where_there_is_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "A right handshake on a path where nothing is gets 404, as any request does.",
        read: "RFC 6455 §4.2.2, \"If the requested service is not available\"",
        hand: "curl -v -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
               -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://127.0.0.1:{port}/nothing",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for path in ["/nothing", "/socket/", "/socketx"] {
        alice.requests("GET", path, &GOOD, b"").has_status(404).has_no_field("Sec-WebSocket-Accept");
    }
    accepted(&alice.requests("GET", "/socket", &GOOD, b""));
}

pub fn rfc_6455_4_1_subprotocols_are_tokens_named_once(story: &Story) {
    story.teaches(Lesson {
        why: "Subprotocols are tokens, each named once. What is no token could end a line of your answer, \
              if you sent it back.",
        read: "RFC 6455 §4.1, 10",
        hand: by_hand!("-H 'Sec-WebSocket-Protocol: a b'"),
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for offered in
        ["bits v1", "bits.v1;q=1", "\"bits.v1\"", "bits/v1", "{bits}", "bits.v1, bits.v1", "a, b, a", "", ","]
    {
        let fields = [GOOD.to_vec(), vec![("Sec-WebSocket-Protocol", offered)]].concat();
        refused(&alice.requests("GET", "/socket", &fields, b""));
    }
}

pub fn rfc_6455_9_1_extensions_are_offered_in_their_grammar(story: &Story) {
    story.teaches(Lesson {
        why: "You speak no extension, but you must still read what is offered: who offers nonsense is no client, \
              and gets 400. Names and values are tokens; a value may stand in quotes.",
        read: "RFC 6455 §9.1, \"MUST immediately _Fail the WebSocket Connection_\", §4.2.1",
        hand: by_hand!("-H 'Sec-WebSocket-Extensions: permessage deflate'"),
    });
    let server = story.server();
    let with = |value| [GOOD.to_vec(), vec![("Sec-WebSocket-Extensions", value)]].concat();
    for offered in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame",
        "mux; max-channels=4; flow-control,deflate-stream",
        "foo;bar=\"10\"",
        "foo; bar=\"\\1\\0\"",
        ", foo ,",
        "foo\r\nSec-WebSocket-Extensions: bar; baz=2",
    ] {
        let mut alice = story.client("alice", &server);
        let answer = alice.requests("GET", "/socket", &with(offered), b"");
        accepted(&answer).has_no_field("Sec-WebSocket-Extensions");
    }
    for offered in [
        "",
        ",",
        "permessage deflate",
        ";",
        "; foo",
        "foo;",
        "foo; ; bar",
        "foo; =1",
        "foo; bar=",
        "foo; bar=1=2",
        "foo; bar=\"\"",
        "foo; bar=\"a b\"",
        "foo; bar=\"a,b\"",
        "foo; bar=\"a",
        "foo; bar=a\"",
        "foo; bar=\"a\\\"",
        "foo, @",
        "foo/1",
    ] {
        let mut bob = story.client("bob", &server);
        refused(&bob.requests("GET", "/socket", &with(offered), b"")).has_token("Connection", "close");
        bob.receives_end();
    }
}
