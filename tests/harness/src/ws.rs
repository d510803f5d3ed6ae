//! A WebSocket client on the raw one: the handshake by hand, then frames.

use std::net::SocketAddr;

use serde_json::Value;

use crate::client::{Arrival, Client, Ending};
use crate::frame::{BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT};
use crate::http::Response;
use crate::show;
use crate::story::Story;

/// The key of RFC 6455 §1.3, "the sample nonce".
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What a server must answer to it.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The request that opens a WebSocket, with these fields besides the required ones.
pub fn handshake(host: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let more: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    )
}

impl Story {
    /// Connects a WebSocket client: TCP, the request, the 101 and its accept value.
    #[track_caller]
    pub fn websocket(&self, name: &str, to: impl Into<SocketAddr>, path: &str) -> WebSocket {
        self.websocket_with(name, to, path, &[])
    }

    /// Connects with more fields in the request: `&[("Sec-WebSocket-Protocol", "chat")]`.
    #[track_caller]
    pub fn websocket_with(
        &self,
        name: &str,
        to: impl Into<SocketAddr>,
        path: &str,
        fields: &[(&str, &str)],
    ) -> WebSocket {
        let mut client = self.client(name, to);
        client.sends(handshake(&client.host(), path, fields));
        client.becomes_websocket()
    }
}

impl Client {
    /// Expects the 101 that answers a handshake with the sample key; from here on frames are spoken.
    #[track_caller]
    pub fn becomes_websocket(mut self) -> WebSocket {
        let response = self.receives_response();
        response.has_status(101).has_token("Upgrade", "websocket").has_token("Connection", "upgrade");
        response.has_field("Sec-WebSocket-Accept", ACCEPT);
        WebSocket { tcp: self, response, answers_pings: true }
    }
}

/// A WebSocket connection to the server.
#[derive(Debug)]
pub struct WebSocket {
    /// The connection below: raw bytes, half close, reset, the deadline.
    pub tcp: Client,
    /// The 101.
    pub response: Response,
    answers_pings: bool,
}

impl WebSocket {
    /// From here on pings are left without an answer: a peer that is gone.
    pub fn ignores_pings(&mut self) {
        self.answers_pings = false;
    }

    /// Sends a text message in one frame.
    #[track_caller]
    pub fn sends_text(&mut self, text: &str) {
        self.sends_frame(&Frame::text(text));
    }

    /// Sends a JSON value as a text message.
    #[track_caller]
    pub fn sends_json(&mut self, value: &Value) {
        self.sends_text(&value.to_string());
    }

    /// Sends a binary message in one frame.
    #[track_caller]
    pub fn sends_binary(&mut self, bytes: impl AsRef<[u8]>) {
        self.sends_frame(&Frame::binary(bytes));
    }

    /// Sends a ping.
    #[track_caller]
    pub fn sends_ping(&mut self, payload: impl AsRef<[u8]>) {
        self.sends_frame(&Frame::ping(payload));
    }

    /// Sends a Close frame.
    #[track_caller]
    pub fn sends_close(&mut self, code: u16, reason: &str) {
        self.sends_frame(&Frame::close(code, reason));
    }

    /// Sends any frame, right or wrong.
    #[track_caller]
    pub fn sends_frame(&mut self, frame: &Frame) {
        self.tcp.step(format!("sends a {} frame", frame.name()), frame.fields());
        self.tcp.write_all(&frame.bytes());
    }

    /// Sends several frames in one packet.
    #[track_caller]
    pub fn sends_frames(&mut self, frames: &[Frame]) {
        let details = frames.iter().flat_map(Frame::fields).collect();
        self.tcp.step(format!("sends {} frames in one packet", frames.len()), details);
        self.tcp.write_all(&frames.iter().flat_map(Frame::bytes).collect::<Vec<u8>>());
    }

    /// Sends bytes as they are: half a frame, say.
    #[track_caller]
    pub fn sends_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        self.tcp.sends(bytes);
    }

    /// Expects a text message, in one frame or in several.
    #[track_caller]
    pub fn receives_text(&mut self, expected: &str) {
        let got = self.message(TEXT, &format!("the text {}", show::quoted(expected)));
        if let Some(details) = show::difference(expected.as_bytes(), &got) {
            self.tcp.fails("this is not the text that was expected.".into(), details);
        }
    }

    /// Expects a binary message, in one frame or in several.
    #[track_caller]
    pub fn receives_binary(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let got = self.message(BINARY, &format!("a binary message of {} bytes", expected.len()));
        if let Some(details) = show::difference(expected, &got) {
            self.tcp.fails("this is not the message that was expected.".into(), details);
        }
    }

    /// Expects a text message and returns it as JSON.
    #[track_caller]
    pub fn receives_json(&mut self) -> Value {
        let text = self.message(TEXT, "a text message of JSON");
        match serde_json::from_slice(&text) {
            Ok(value) => value,
            Err(error) => self.tcp.fails(format!("expected JSON: {error}"), show::brief(&text)),
        }
    }

    /// Reads JSON messages until one fits, and returns that one; `what` names it in a failure.
    #[track_caller]
    pub fn receives_json_where(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let end = self.tcp.deadline();
        loop {
            let value = self.receives_json();
            if fits(&value) {
                return value;
            }
            if std::time::Instant::now() > end {
                self.tcp.fails(format!("expected {what}; only others came within the time."), Vec::new());
            }
        }
    }

    /// Expects a pong with this payload next.
    #[track_caller]
    pub fn receives_pong(&mut self, payload: impl AsRef<[u8]>) {
        self.receives_control(PONG, "a pong", payload.as_ref());
    }

    /// Expects a ping next and returns its payload; the test answers it, or not.
    #[track_caller]
    pub fn receives_ping(&mut self) -> Vec<u8> {
        let frame = self.receives_sound_frame("a ping");
        self.has_opcode(&frame, PING, "a ping");
        frame.payload
    }

    /// Expects a Close frame with this code next (1005: with none) and returns its reason.
    #[track_caller]
    pub fn receives_close(&mut self, code: u16) -> String {
        let wanted = format!("a Close frame with code {code}");
        let frame = self.unpinged_frame(&wanted);
        self.has_opcode(&frame, CLOSE, &wanted);
        let (got, reason) = frame.close_code();
        if got != code {
            let headline = format!("expected close code {code}, it is {got} {}.", show::quoted(&reason));
            self.tcp.fails(headline, frame.fields());
        }
        reason
    }

    /// Expects a Close frame with this code, then the end (FIN).
    #[track_caller]
    pub fn is_closed_with(&mut self, code: u16) {
        self.receives_close(code);
        self.receives_end();
    }

    /// Expects the end and nothing before it: FIN, not RST.
    #[track_caller]
    pub fn receives_end(&mut self) {
        self.tcp.receives_end();
    }

    /// Expects silence for this long, on a connection that stays open.
    #[track_caller]
    pub fn receives_nothing_for(&mut self, duration: std::time::Duration) {
        self.tcp.receives_nothing_for(duration);
    }

    /// Reads one frame, whatever it is.
    #[track_caller]
    pub fn receives_frame(&mut self) -> Frame {
        self.frame("a frame")
    }

    #[track_caller]
    fn frame(&mut self, wanted: &str) -> Frame {
        let end = self.tcp.deadline();
        loop {
            if let Some((frame, length)) = Frame::parse(self.tcp.pending()) {
                self.tcp.take(length);
                self.tcp.step(format!("receives a {} frame", frame.name()), frame.fields());
                return frame;
            }
            match self.tcp.wait(end) {
                Arrival::Bytes => {}
                Arrival::End(Ending::Fin) if wanted.contains("Close") => {
                    let headline = format!(
                        "expected {wanted}, but the server closed the connection (FIN) without one: \
                         a browser reports that as 1006."
                    );
                    self.tcp.fails(headline, self.tcp.what_came());
                }
                arrival => self.tcp.ends_early(wanted, arrival),
            }
        }
    }

    /// A frame that a server may send; no extension was agreed on, so RSV must be 0.
    #[track_caller]
    fn receives_sound_frame(&mut self, wanted: &str) -> Frame {
        let frame = self.frame(wanted);
        let extended = self.response.header("sec-websocket-extensions").is_some();
        let reserved = "no extension was agreed on, so the RSV bits must be 0, RFC 6455 §5.2";
        let fault = frame.fault().or((frame.rsv != 0 && !extended).then_some(reserved));
        if let Some(rule) = fault {
            self.tcp.fails(format!("{rule}."), frame.fields());
        }
        frame
    }

    /// The next frame that is no ping; pings are answered, as every client must.
    #[track_caller]
    fn unpinged_frame(&mut self, wanted: &str) -> Frame {
        loop {
            let frame = self.receives_sound_frame(wanted);
            if frame.opcode != PING {
                return frame;
            }
            if self.answers_pings {
                self.sends_frame(&Frame::pong(&frame.payload));
            }
        }
    }

    #[track_caller]
    fn message(&mut self, opcode: u8, wanted: &str) -> Vec<u8> {
        let mut frame = self.unpinged_frame(wanted);
        self.has_opcode(&frame, opcode, wanted);
        let mut message = std::mem::take(&mut frame.payload);
        while !frame.fin {
            frame = self.unpinged_frame("the next frame of the message");
            self.has_opcode(&frame, CONTINUATION, "the next frame of the message");
            message.extend_from_slice(&frame.payload);
        }
        if opcode == TEXT && std::str::from_utf8(&message).is_err() {
            self.tcp.fails("a text message must be UTF-8, RFC 6455 §5.6.".into(), show::brief(&message));
        }
        message
    }

    #[track_caller]
    fn receives_control(&mut self, opcode: u8, wanted: &str, payload: &[u8]) {
        let frame = self.unpinged_frame(wanted);
        self.has_opcode(&frame, opcode, wanted);
        if let Some(details) = show::difference(payload, &frame.payload) {
            self.tcp.fails(format!("{wanted} came, but with another payload."), details);
        }
    }

    #[track_caller]
    fn has_opcode(&self, frame: &Frame, opcode: u8, wanted: &str) {
        if frame.opcode != opcode {
            let headline = format!("expected {wanted}, but a {} frame came.", frame.name());
            self.tcp.fails(headline, frame.fields());
        }
    }
}
