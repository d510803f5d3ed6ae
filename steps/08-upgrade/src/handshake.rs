//! The opening handshake, as the server sees it (RFC 6455 §4.2).

use keep_alive::{Answer, Content};
use request::{Framing, Method, Request, ResponseHead, Status, Version};

use crate::{Extension, Refusal, accept_key, extensions, subprotocols};

/// Whether the client asks for a WebSocket, rightly or wrongly: [`Handshake::check`] tells. Where a page and
/// a WebSocket have the same path, this tells them apart.
///
/// RFC 9110 §7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request."
pub fn is_asked_for(head: &Request<'_>) -> bool {
    head.version >= Version::Http11 && head.has_token("Upgrade", "websocket")
}

/// A client's opening handshake that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake<'a> {
    key: &'a [u8],
    offered: Vec<&'a [u8]>,
    extensions: Vec<Extension<'a>>,
}

impl<'a> Handshake<'a> {
    /// Checks a request for a WebSocket, in the order of RFC 6455 §4.2.1. (Host, 2, was checked with the
    /// head.)
    ///
    /// # Errors
    /// The first thing wrong. [`Refusal::answer`] tells the client.
    pub fn check(head: &Request<'a>) -> Result<Handshake<'a>, Refusal> {
        // What comes behind the head would be the body, and then the first frame. No client needs that, and
        // whatever else is wrong must not be answered as if its end were certain.
        let no_body = matches!(head.framing, Framing::None | Framing::Length(0));
        if is_asked_for(head) && !no_body {
            return Err(Refusal::Body);
        }
        // 1. "An HTTP/1.1 or higher GET request"
        if head.method != Method::Get {
            return Err(Refusal::Method);
        }
        // 3. "An |Upgrade| header field containing the value "websocket", treated as an ASCII
        // case-insensitive value."
        if !is_asked_for(head) {
            return Err(Refusal::NotAskedFor);
        }
        // 4. "A |Connection| header field that includes the token "Upgrade", treated as an ASCII
        // case-insensitive value." Firefox sends `keep-alive, Upgrade`: it is a list.
        // ANCHOR: connection
        if !head.has_token("Connection", "upgrade") {
            return Err(Refusal::Connection);
        }
        // ANCHOR_END: connection
        // 6. "A |Sec-WebSocket-Version| header field, with a value of 13." Not 013, not +13. Before the key
        // (5), since another version may have another.
        match only(head, "Sec-WebSocket-Version") {
            Only::One(b"13") => {}
            Only::One(_) | Only::None => return Err(Refusal::Version),
            Only::Many => return Err(Refusal::VersionRepeated),
        }
        // 5. "A |Sec-WebSocket-Key| header field with a base64-encoded [...] value that, when decoded, is 16
        // bytes in length."
        let key = match only(head, "Sec-WebSocket-Key") {
            Only::One(key) if accept_key::is_key(key) => key,
            Only::One(_) => return Err(Refusal::Key),
            Only::None => return Err(Refusal::KeyMissing),
            Only::Many => return Err(Refusal::KeyRepeated),
        };
        // 7. Origin is rung 12's. 8. Subprotocols. 9. Extensions are rung 14's: one that is not answered is
        // not used. Both must be what the grammar says, whether we speak any or not.
        let offered = subprotocols::offered(head)?;
        let extensions = extensions::offered(head)?;
        Ok(Handshake { key, offered, extensions })
    }

    /// The first of the subprotocols that `we_speak`, in our order, that the client offers too. `None`: they
    /// have none in common, and the client may leave.
    pub fn choose(&self, we_speak: &[&'static str]) -> Option<&'static str> {
        we_speak.iter().copied().find(|name| self.offered.contains(&name.as_bytes()))
    }

    /// Answers 101 (RFC 6455 §4.2.2, 5), with the fields that `fields` adds. From the byte behind the request
    /// on, the client sends frames: the handler must now return `Next::Switch`.
    ///
    /// `subprotocol` is what [`choose`](Handshake::choose) found. To name one that was not offered makes the
    /// client fail the connection.
    pub fn accept(
        &self,
        answer: &mut Answer<'_, '_>,
        subprotocol: Option<&'static str>,
        fields: impl FnOnce(ResponseHead<'_>) -> ResponseHead<'_>,
    ) {
        answer.send(Status::SwitchingProtocols, Content::Empty, |head| {
            let mut head = head
                .field("Upgrade", "websocket")
                .field("Connection", "Upgrade")
                .field("Sec-WebSocket-Accept", accept_key(self.key));
            if let Some(subprotocol) = subprotocol {
                head = head.field("Sec-WebSocket-Protocol", subprotocol);
            }
            fields(head)
        });
    }

    /// The extensions that the client offers, the one that it would like best first (RFC 6455 §9.1).
    pub fn extensions(&self) -> &[Extension<'a>] {
        &self.extensions
    }

    /// The Sec-WebSocket-Key, as it was sent.
    pub fn key(&self) -> &'a [u8] {
        self.key
    }
}

/// The lines with one name.
enum Only<'a> {
    None,
    One(&'a [u8]),
    Many,
}

fn only<'a>(head: &Request<'a>, name: &str) -> Only<'a> {
    let mut values = head.fields_named(name);
    match (values.next(), values.next()) {
        (None, _) => Only::None,
        (Some(value), None) => Only::One(value),
        (Some(_), Some(_)) => Only::Many,
    }
}

#[cfg(test)]
mod tests;
