mod answers;

use super::*;
use request::Limits;

/// What comes of a request with these lines behind the request line and Host.
fn check(start: &str, lines: &str) -> Result<Option<&'static str>, Refusal> {
    let bytes = format!("{start}\r\nHost: a\r\n{lines}\r\n");
    let (head, _) = Request::parse(bytes.as_bytes(), &Limits::DEFAULT).expect("valid").expect("whole");
    Handshake::check(&head).map(|handshake| handshake.choose(&["v2", "v1"]))
}

fn get(lines: &str) -> Result<Option<&'static str>, Refusal> {
    check("GET / HTTP/1.1", lines)
}

/// The lines of a good handshake, those whose names are given left out.
fn without(names: &[&str]) -> String {
    [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    .iter()
    .filter(|line| !names.iter().any(|name| line.starts_with(name)))
    .map(|line| format!("{line}\r\n"))
    .collect()
}

/// Where a page and a WebSocket share a path this tells them apart, whatever else is wrong with the handshake.
/// Upgrade is a list of tokens in any case, and who speaks HTTP/1.0 has asked for nothing.
#[test]
fn rfc_9110_7_8_who_asks_for_a_websocket() {
    let asks = |version: &str, lines: &str| {
        let bytes = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
        let (head, _) = Request::parse(bytes.as_bytes(), &Limits::DEFAULT).expect("valid").expect("whole");
        is_asked_for(&head)
    };
    for lines in
        ["Upgrade: websocket\r\n", "UPGRADE: WebSocket\r\n", "Upgrade: h2c\r\nUpgrade: foo ,websocket\r\n"]
    {
        assert!(asks("1.1", lines), "{lines}");
        assert!(!asks("1.0", lines), "in HTTP/1.0: {lines}");
    }
    for lines in ["", "Connection: Upgrade\r\n", "Upgrade: h2c\r\n", "Upgrade: websockets, web socket\r\n"] {
        assert!(!asks("1.1", lines), "{lines}");
    }
}

/// The server's order counts, not the client's; and what was not offered is never chosen, or the client fails the
/// connection.
#[test]
fn rfc_6455_4_2_2_the_server_chooses_by_its_own_preference() {
    let chosen = |offered: &[&'static str]| {
        let offered = offered.iter().map(|name| name.as_bytes()).collect();
        Handshake { key: b"", offered, extensions: Vec::new() }.choose(&["v2", "v1"])
    };
    assert_eq!(chosen(&["v1", "v2"]), Some("v2"));
    assert_eq!(chosen(&["v0", "v1"]), Some("v1"));
    assert_eq!(chosen(&["V1", "v", "v11"]), None);
    assert_eq!(chosen(&[]), None);
}

/// Nothing is wrong with it: the four fields that RFC 6455 §4.2.1 asks for, no subprotocol, no body. An absolute target
/// and a later minor version are fine.
#[test]
fn a_good_handshake() {
    assert_eq!(get(&without(&[])), Ok(None));
    assert_eq!(check("GET http://a/ HTTP/1.2", &without(&[])), Ok(None));
}

/// Another method is refused even where all fields are right; in HTTP/1.0 Upgrade counts for nothing.
#[test]
fn rfc_6455_4_2_1_1_a_get_request_in_http_1_1() {
    for method in ["HEAD", "POST", "OPTIONS"] {
        assert_eq!(check(&format!("{method} / HTTP/1.1"), &without(&[])), Err(Refusal::Method));
    }
    assert_eq!(check("GET / HTTP/1.0", &without(&[])), Err(Refusal::NotAskedFor));
}

/// Upgrade lists protocols: compared as one string, `h2c, websocket` would be refused, and `websockets` is no `websocket`.
#[test]
fn rfc_6455_4_2_1_3_upgrade_is_a_list_in_any_case() {
    let with = |lines: &str| get(&(without(&["Upgrade"]) + lines));
    assert_eq!(with("UPGRADE: WebSocket\r\n"), Ok(None));
    assert_eq!(with("Upgrade: h2c, websocket\r\n"), Ok(None));
    assert_eq!(with("Upgrade: h2c\r\nUpgrade:\twebsocket \r\n"), Ok(None));
    for lines in [
        "",
        "Upgrade: h2c\r\n",
        "Upgrade: websockets\r\n",
        "Upgrade: web socket\r\n",
        "Upgrade: websocket/13\r\n",
    ] {
        assert_eq!(with(lines), Err(Refusal::NotAskedFor), "{lines}");
    }
}

/// Firefox sends `Connection: keep-alive, Upgrade`. Who compares the whole value with `Upgrade` turns it away.
#[test]
fn rfc_6455_4_2_1_4_connection_is_a_list_in_any_case() {
    let with = |lines: &str| get(&(without(&["Connection"]) + lines));
    assert_eq!(with("Connection: keep-alive, Upgrade\r\n"), Ok(None));
    assert_eq!(with("connection: keep-alive\r\nCONNECTION: UPGRADE\r\n"), Ok(None));
    for lines in
        ["", "Connection: keep-alive\r\n", "Connection: keep-alive Upgrade\r\n", "Connection: upgraded\r\n"]
    {
        assert_eq!(with(lines), Err(Refusal::Connection), "{lines}");
    }
}

/// Missing, twice, or not 16 bytes in Base64: three mistakes with three names.
#[test]
fn rfc_6455_4_2_1_5_the_key() {
    let with = |lines: &str| get(&(without(&["Sec-WebSocket-Key"]) + lines));
    assert_eq!(with(""), Err(Refusal::KeyMissing));
    assert_eq!(with("Sec-WebSocket-Key:\r\n"), Err(Refusal::Key));
    assert_eq!(with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n"), Err(Refusal::Key));
    let line = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_eq!(with(line), Ok(None));
    assert_eq!(with(&line.repeat(2)), Err(Refusal::KeyRepeated));
}

/// The value is `13`, compared as text: as a number, `013` and `+13` would pass, and a proxy may think otherwise. The
/// version is judged before the key, for another version may have another key.
#[test]
fn rfc_6455_4_2_1_6_version_13_and_no_other() {
    let with = |lines: &str| get(&(without(&["Sec-WebSocket-Version"]) + lines));
    for version in ["", "8", "12", "14", "013", "+13", "13.0", "0x0d", "13, 8", "13 ;", "thirteen"] {
        assert_eq!(
            with(&format!("Sec-WebSocket-Version: {version}\r\n")),
            Err(Refusal::Version),
            "{version}"
        );
    }
    assert_eq!(with(""), Err(Refusal::Version));
    assert_eq!(
        with("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"),
        Err(Refusal::VersionRepeated)
    );
    // Another version may have another key.
    assert_eq!(
        get("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 0\r\n"),
        Err(Refusal::Version)
    );
}

/// What is offered must be a list of different tokens, also where the server speaks none of them.
#[test]
fn rfc_6455_4_2_1_8_subprotocols() {
    let with = |lines: &str| get(&(without(&[]) + lines));
    assert_eq!(with("Sec-WebSocket-Protocol: v1\r\n"), Ok(Some("v1")));
    assert_eq!(with("Sec-WebSocket-Protocol: v0, v1 ,v2\r\n"), Ok(Some("v2")), "our order counts");
    assert_eq!(with("Sec-WebSocket-Protocol: v0\r\nSec-WebSocket-Protocol: v1\r\n"), Ok(Some("v1")));
    assert_eq!(with("Sec-WebSocket-Protocol: V1\r\n"), Ok(None), "names are case-sensitive");
    assert_eq!(with("Sec-WebSocket-Protocol: v0\r\n"), Ok(None));
    assert_eq!(with("Sec-WebSocket-Protocol: ,v1, ,\r\nSec-WebSocket-Protocol:\r\n"), Ok(Some("v1")));
    for wrong in ["v 1", "v1;q=1", "\"v1\"", "v1/v2", "{v1}", "v\u{e4}", "", ","] {
        assert_eq!(
            with(&format!("Sec-WebSocket-Protocol: {wrong}\r\n")),
            Err(Refusal::Subprotocol),
            "{wrong}"
        );
    }
    assert_eq!(with("Sec-WebSocket-Protocol: v1, v2, v1\r\n"), Err(Refusal::SubprotocolRepeated));
}

/// The same for extensions: nothing is agreed to, but what is no list of extensions is refused.
#[test]
fn rfc_6455_4_2_1_9_extensions() {
    let with = |value: &str| get(&(without(&[]) + &format!("Sec-WebSocket-Extensions: {value}\r\n")));
    assert_eq!(with("permessage-deflate; client_max_window_bits"), Ok(None));
    assert_eq!(with("permessage deflate"), Err(Refusal::Extensions));
}

/// Behind the head stands the body, or the first frame: who counts them otherwise than the proxy in front takes one
/// client's bytes for another's. So this is judged first, whatever else is wrong. A length of 0 is no body; and who asks
/// for no WebSocket may send a body as always, so there is something else wrong.
#[test]
fn a_body_and_an_upgrade_exclude_each_other() {
    assert_eq!(get(&(without(&[]) + "Content-Length: 5\r\n")), Err(Refusal::Body));
    assert_eq!(get(&(without(&[]) + "Transfer-Encoding: chunked\r\n")), Err(Refusal::Body));
    assert_eq!(get(&(without(&[]) + "Content-Length: 0\r\n")), Ok(None), "no byte of it");
    let body = without(&["Sec-WebSocket-Version"]) + "Content-Length: 5\r\n";
    assert_eq!(check("POST / HTTP/1.1", &body), Err(Refusal::Body), "whatever else is wrong");
    assert_eq!(check("POST / HTTP/1.1", "Content-Length: 5\r\n"), Err(Refusal::Method), "a plain request");
}

#[test]
fn every_refusal_is_an_error_with_a_section() {
    assert_eq!(Refusal::Version.status(), Status::UpgradeRequired);
    assert_eq!(Refusal::Key.status(), Status::BadRequest);
    assert_eq!(Refusal::Method.status(), Status::MethodNotAllowed);
    assert!(Refusal::SubprotocolRepeated.section().starts_with("RFC 6455"));
}
