//! An echo for any WebSocket client in the world.

use std::process::ExitCode;

use accept::Usage;
use keep_alive::{Answer, Handler, Http, Next, Page};
use messages::{Application, Close, Message, Socket, WebSocket};
use poll::{ConnId, Net, World};
use request::{Request, Status};
use upgrade::{Handshake, is_asked_for};

const USAGE: Usage = Usage {
    text: "Sends each WebSocket message back. Open it in a browser, or use any client:\n\
           \n\
           websocat ws://127.0.0.1:8080/\n\
           \n\
           Environment: MAX_MESSAGE (bytes, 16 MiB), CLOSE_TIMEOUT_MS (10 s), MAX_PENDING (bytes, 64 KiB),\n\
           MAX_HEAD, MAX_TARGET, MAX_FIELD (bytes), MAX_FIELDS, HEAD_TIMEOUT_MS, IDLE_TIMEOUT_MS",
    switches: &[],
    values: &[],
};

const PAGE: Page = Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") };

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let http = keep_alive::Limits::from_environment()?;
        let websocket = messages::Limits::from_environment()?;
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| Demo { http, websocket })
    })
}

struct Demo {
    http: keep_alive::Limits,
    websocket: messages::Limits,
}

impl World for Demo {}

impl Handler for Demo {
    type Exchange = ();
    type Successor = WebSocket<Demo>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.http
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        // RFC 6455 §4.2.2, 4: "If the requested service is not available, the server MUST send an appropriate HTTP
        // error code (such as 404 Not Found)".
        if !is_asked_for(head) || head.target.path() != "/" {
            if !PAGE.answers(head, answer) {
                answer.text(Status::NotFound, "There is nothing here. Try /\n");
            }
            return Next::Done;
        }
        match Handshake::check(head) {
            Ok(handshake) => {
                handshake.accept(answer, None, |head| head);
                Next::Switch(WebSocket::new(Client::default(), self, answer.io()))
            }
            Err(refusal) => {
                refusal.answer(answer);
                Next::Done
            }
        }
    }
}

/// What came through one connection, to tell at the end.
#[derive(Default)]
struct Client {
    /// Not 64 bits: what a client has is a fifth of what its idle connection costs.
    messages: u32,
}

impl Application for Demo {
    type Client = Client;

    fn limits(&self) -> messages::Limits {
        self.websocket
    }

    fn open(&mut self, _: &mut Client, socket: &mut Socket<'_, '_>) {
        log::info!("{} is a WebSocket", socket.id());
    }

    fn message(&mut self, client: &mut Client, message: Message<'_>, socket: &mut Socket<'_, '_>) {
        client.messages = client.messages.saturating_add(1);
        socket.send(message);
    }

    fn close(&mut self, id: ConnId, client: Client, close: Close<'_>, _: &mut Net) {
        let Client { messages } = client;
        log::info!("{id} closed with {} {:?} after {messages} messages", close.code, close.reason);
    }
}
