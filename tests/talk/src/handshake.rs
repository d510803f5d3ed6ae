//! The opening handshake, as the client sees it (RFC 6455 §4.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use upgrade::accept_key;

use crate::address::Address;
use crate::response::Head;
use crate::screen::Screen;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handshake {
    key: String,
    /// The request as it was sent.
    pub request: Vec<u8>,
    subprotocols: Vec<String>,
    extensions: bool,
}

impl Handshake {
    /// A request for `path`. RFC 6455 §4.1, 7: the key is "a nonce consisting of a randomly selected 16-byte value
    /// that has been base64-encoded"; `nonce` is that value.
    pub fn new(
        address: &Address,
        path: &str,
        nonce: [u8; 16],
        subprotocols: &[String],
        fields: &[String],
    ) -> Handshake {
        let key = STANDARD.encode(nonce);
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n",
            address.authority()
        );
        if !subprotocols.is_empty() {
            request += &format!("Sec-WebSocket-Protocol: {}\r\n", subprotocols.join(", "));
        }
        fields.iter().for_each(|field| request += &format!("{field}\r\n"));
        request += "\r\n";
        let extensions =
            fields.iter().any(|field| field.to_ascii_lowercase().starts_with("sec-websocket-extensions"));
        Handshake { key, request: request.into_bytes(), subprotocols: subprotocols.to_vec(), extensions }
    }

    /// Checks a 101 as RFC 6455 §4.1 tells a client to, and says what is right and what is not. Whether frames may
    /// follow; a browser gives up where this is false.
    pub fn check(&self, head: &Head, screen: &mut Screen) -> bool {
        let before = screen.faults;
        if !head.has_token("Upgrade", "websocket") {
            screen.blames("a 101 says Upgrade: websocket (RFC 6455 §4.1, 2)");
        }
        if !head.has_token("Connection", "upgrade") {
            screen.blames("a 101 says Connection: Upgrade (RFC 6455 §4.1, 3)");
        }
        let (right, mut got) = (accept_key(self.key.as_bytes()), head.values("Sec-WebSocket-Accept"));
        match (got.next(), got.next()) {
            (Some(accept), None) if accept == right.as_bytes() => screen.notes(format!(
                "Sec-WebSocket-Accept is right: Base64 of SHA-1 of {} and the GUID (RFC 6455 §4.2.2)",
                self.key
            )),
            (Some(_), None) => screen.blames(format!(
                "Sec-WebSocket-Accept is wrong; Base64 of SHA-1 of {}258EAFA5-E914-47DA-95CA-C5AB0DC85B11 is {right} \
                 (RFC 6455 §4.1, 4)",
                self.key
            )),
            (None, _) => screen.blames("Sec-WebSocket-Accept is missing (RFC 6455 §4.1, 4)"),
            (Some(_), Some(_)) => screen.blames("Sec-WebSocket-Accept stands there twice (RFC 6455 §11.3.3)"),
        }
        for chosen in head.values("Sec-WebSocket-Protocol") {
            match self.subprotocols.iter().any(|offered| offered.as_bytes() == chosen) {
                true => screen.notes(format!("the subprotocol is {}", String::from_utf8_lossy(chosen))),
                false => {
                    screen.blames("the server chose a subprotocol that was not offered (RFC 6455 §4.1, 6)")
                }
            }
        }
        if head.values("Sec-WebSocket-Extensions").next().is_some() && !self.extensions {
            screen.blames("the server uses an extension that was not offered (RFC 6455 §4.1, 5)");
        }
        screen.faults == before
    }
}

/// What to do about an answer that is no 101.
pub(crate) fn advice(status: u16, address: &Address) -> String {
    match status {
        200 => format!(
            "a page, no WebSocket: another path? or speak HTTP to it: make talk ADDRESS=http://{}",
            address.authority()
        ),
        301..=308 => "the server points elsewhere (Location): use that address".into(),
        400 => "the server finds the request wrong; the text above says what".into(),
        401 => format!(
            "the server wants to know who you are. Rung 12: log in, and show the cookie:\n\
             curl -si -d 'name=ada&password=...' http://{}/login | grep -i set-cookie\n\
             make talk ARGS=\"--header 'Cookie: session=...'\"",
            address.authority()
        ),
        403 => format!(
            "the server may not like where you come from: --origin http://{}, or none",
            address.authority()
        ),
        404 => {
            "there is no such path; rungs 09 and 10 answer at /, 08 at /socket too, 11 and 12 at /chat".into()
        }
        426 => "the server speaks WebSocket here, but not to this request; the text above says why".into(),
        429 | 503 => "the server has enough for now; Retry-After says when to come again".into(),
        _ => "that is no 101, so no WebSocket (RFC 6455 §4.1)".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::response::{Arrived, Responses};
    use crate::screen::paper::Paper;

    fn handshake(subprotocols: &[&str]) -> Handshake {
        let address = Address::parse("ws://x:81/").expect("an address");
        let subprotocols: Vec<String> = subprotocols.iter().map(|&name| name.into()).collect();
        Handshake::new(&address, "/chat", *b"the sample nonce", &subprotocols, &["Origin: http://y".into()])
    }

    /// What is said of an answer with these lines.
    fn said(handshake: &Handshake, lines: &str) -> (bool, String) {
        let paper = Paper::default();
        let (mut responses, mut screen) = (Responses::default(), paper.screen());
        responses.sent(&handshake.request);
        responses.push(format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n").as_bytes());
        let Some(Arrived::Switch(head)) = responses.next(Instant::now(), &mut Head::default(), &mut screen)
        else {
            panic!("{}", paper.text())
        };
        drop(paper.text());
        (handshake.check(&head, &mut screen), paper.text())
    }

    const RIGHT: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    #[test]
    fn the_request_is_that_of_rfc_6455_1_2() {
        assert_eq!(
            String::from_utf8_lossy(&handshake(&["a", "b"]).request),
            "GET /chat HTTP/1.1\r\nHost: x:81\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: a, b\r\nOrigin: http://y\r\n\r\n"
        );
    }

    #[test]
    fn a_right_answer_is_explained() {
        let (good, text) = said(&handshake(&[]), &format!("{RIGHT}{ACCEPT}"));
        assert!(good && text.contains("Accept is right"), "{text}");
        let (good, text) = said(&handshake(&["a"]), &format!("{RIGHT}{ACCEPT}Sec-WebSocket-Protocol: a\r\n"));
        assert!(good && text.contains("the subprotocol is a"), "{text}");
    }

    #[test]
    fn each_fault_is_named_with_its_section() {
        for (lines, why) in [
            (format!("Connection: Upgrade\r\n{ACCEPT}"), "§4.1, 2"),
            (format!("Upgrade: h2c\r\nConnection: Upgrade\r\n{ACCEPT}"), "§4.1, 2"),
            (format!("Upgrade: websocket\r\n{ACCEPT}"), "§4.1, 3"),
            (RIGHT.to_string(), "is missing (RFC 6455 §4.1, 4)"),
            (
                format!("{RIGHT}Sec-WebSocket-Accept: x\r\n"),
                "is s3pPLMBiTxaQ9kYGzzhZRbK+xOo= (RFC 6455 §4.1, 4)",
            ),
            (format!("{RIGHT}{ACCEPT}{ACCEPT}"), "twice"),
            (format!("{RIGHT}{ACCEPT}Sec-WebSocket-Protocol: a\r\n"), "§4.1, 6"),
            (format!("{RIGHT}{ACCEPT}Sec-WebSocket-Extensions: x\r\n"), "§4.1, 5"),
        ] {
            let (good, text) = said(&handshake(&[]), &lines);
            assert!(!good && text.contains(why), "{lines}: {text}");
        }
    }
}
