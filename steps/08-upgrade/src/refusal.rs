//! What may be wrong with an opening handshake.

use std::fmt;

use keep_alive::{Answer, Content};
use request::Status;

/// Why a request does not become a WebSocket. Each is an HTTP answer that says so, and the connection stays
/// usable, except after [`Body`](Refusal::Body) and [`Extensions`](Refusal::Extensions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The method is not GET.
    Method,
    /// A plain request: no `Upgrade: websocket`, or HTTP/1.0, where it is ignored.
    NotAskedFor,
    /// No `Connection: Upgrade`.
    Connection,
    /// A body is announced.
    Body,
    /// Sec-WebSocket-Version is missing or is not 13.
    Version,
    /// More than one Sec-WebSocket-Version.
    VersionRepeated,
    /// No Sec-WebSocket-Key.
    KeyMissing,
    /// More than one Sec-WebSocket-Key.
    KeyRepeated,
    /// Sec-WebSocket-Key is not 16 bytes in Base64.
    Key,
    /// An offered subprotocol is not a token, or the field offers none.
    Subprotocol,
    /// A subprotocol is offered twice.
    SubprotocolRepeated,
    /// Sec-WebSocket-Extensions is not what its grammar says.
    Extensions,
}

impl Refusal {
    /// The status of the answer.
    pub fn status(self) -> Status {
        match self {
            Refusal::Method => Status::MethodNotAllowed,
            Refusal::NotAskedFor | Refusal::Connection | Refusal::Version => Status::UpgradeRequired,
            _ => Status::BadRequest,
        }
    }

    /// Where the rule stands.
    pub fn section(self) -> &'static str {
        match self {
            Refusal::Method
            | Refusal::NotAskedFor
            | Refusal::Connection
            | Refusal::KeyMissing
            | Refusal::Key => "RFC 6455 §4.2.1",
            Refusal::Body => "RFC 9110 §7.8",
            Refusal::Version => "RFC 6455 §4.4",
            Refusal::VersionRepeated => "RFC 6455 §11.3.5",
            Refusal::KeyRepeated => "RFC 6455 §11.3.1",
            Refusal::Subprotocol | Refusal::SubprotocolRepeated => "RFC 6455 §4.1",
            Refusal::Extensions => "RFC 6455 §9.1",
        }
    }

    /// Answers the request: status, why in one sentence, and what the client needs to do better.
    pub fn answer(self, answer: &mut Answer<'_, '_>) {
        // A body: the client may send frames as its body, or a body and then frames. Whose bytes are they?
        // Extensions: RFC 6455 §9.1 wants the connection failed, and §7.2.2 says how: "the server MUST simply
        // _Close the WebSocket Connection_".
        if matches!(self, Refusal::Body | Refusal::Extensions) {
            answer.close_after();
        }
        let text = format!("{}: {self} ({}).\n", self.status(), self.section());
        answer.send(self.status(), Content::Text(&text), |head| match self.status() {
            // RFC 9110 §15.5.6
            Status::MethodNotAllowed => head.field("Allow", "GET"),
            // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response"; §7.8: with
            // the connection option. RFC 6455 §4.4: the versions that it is capable of.
            Status::UpgradeRequired => head
                .field("Upgrade", "websocket")
                .field("Connection", "Upgrade")
                .field("Sec-WebSocket-Version", "13"),
            _ => head,
        });
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Method => "a WebSocket begins with GET",
            Refusal::NotAskedFor => "this is a WebSocket: ask for it in HTTP/1.1 with Upgrade: websocket",
            Refusal::Connection => "Connection: Upgrade is missing; a proxy on the way may have removed it",
            Refusal::Body => "a request for a WebSocket has no body",
            Refusal::Version => "Sec-WebSocket-Version must be 13",
            Refusal::VersionRepeated => "there is more than one Sec-WebSocket-Version field",
            Refusal::KeyMissing => "Sec-WebSocket-Key is missing",
            Refusal::KeyRepeated => "there is more than one Sec-WebSocket-Key field",
            Refusal::Key => "Sec-WebSocket-Key must be 16 bytes in Base64",
            Refusal::Subprotocol => "Sec-WebSocket-Protocol must be a list of tokens",
            Refusal::SubprotocolRepeated => "Sec-WebSocket-Protocol names a subprotocol twice",
            Refusal::Extensions => {
                "Sec-WebSocket-Extensions must be a list of extensions and their parameters"
            }
        })
    }
}
