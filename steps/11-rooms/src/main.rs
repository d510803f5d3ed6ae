//! A chat in the browser.

use std::process::ExitCode;

use accept::Usage;
use keep_alive::{Answer, Content, Handler, Http, Next, Page};
use messages::{Application, Close, Message, Socket, WebSocket};
use poll::{ConnId, Ended, Io, Net, World};
use request::{Method, Request, Status};
use rooms::{Chat, Limits};
use upgrade::Handshake;

const USAGE: Usage = Usage {
    text: "A chat with rooms. Open it in two browser tabs, or talk to it by hand:\n\
           \n\
           websocat ws://127.0.0.1:8080/chat\n\
           {\"type\":\"join\",\"name\":\"Ada\"}\n\
           {\"type\":\"say\",\"text\":\"Hello\"}\n\
           \n\
           Environment: MAX_NAME (characters, 24), MAX_TEXT (characters, 2000), HISTORY (messages, 50), MAX_ROOMS (100),\n\
           TYPING_MS (4 s), MAX_MESSAGE (bytes, 64 KiB), CLOSE_TIMEOUT_MS (10 s), MAX_PENDING (bytes, 64 KiB),\n\
           MAX_QUEUE (bytes, 1 MiB), MAX_HEAD, MAX_TARGET, MAX_FIELD (bytes), MAX_FIELDS, HEAD_TIMEOUT_MS,\n\
           IDLE_TIMEOUT_MS",
    switches: &[],
    values: &[],
};

const PAGE: Page = Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") };

/// What the page is made of besides.
const PARTS: &[(&str, &str, &str)] = &[
    ("/connection.js", "text/javascript; charset=utf-8", include_str!("../page/connection.js")),
    ("/transcript.js", "text/javascript; charset=utf-8", include_str!("../page/transcript.js")),
    ("/chat.css", "text/css; charset=utf-8", include_str!("../page/chat.css")),
];

/// What is spoken over the WebSocket: `protocol.rs`. A client need not ask for it.
const SPOKEN: &[&str] = &["barewire.chat"];

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let http = keep_alive::Limits::from_environment()?;
        let chat = Chat::new(Limits::from_environment()?);
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| Demo { http, chat })
    })
}

/// The server: the chat, and the page to it.
struct Demo {
    http: keep_alive::Limits,
    chat: Chat,
}

impl Handler for Demo {
    type Exchange = ();
    type Successor = WebSocket<Demo>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.http
    }

    fn connected(&mut self, peer: std::net::SocketAddr, io: &mut Io<'_>) {
        log::debug!("{} connected from {peer}", io.id());
    }

    fn disconnected(&mut self, id: ConnId, why: Ended, _: &mut Net) {
        log::debug!("{id} gone ({why:?})");
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        if head.target.path() != "/chat" {
            if !PAGE.answers(head, answer) {
                part_of_page(head, answer);
            }
            return Next::Done;
        }
        match Handshake::check(head) {
            Ok(handshake) => {
                handshake.accept(answer, handshake.choose(SPOKEN), |head| head);
                Next::Switch(WebSocket::new((), self, answer.io()))
            }
            Err(refusal) => {
                refusal.answer(answer);
                Next::Done
            }
        }
    }
}

fn part_of_page(head: &Request<'_>, answer: &mut Answer<'_, '_>) {
    let part = PARTS.iter().find(|(path, ..)| *path == head.target.path());
    match (head.method, part) {
        (Method::Get | Method::Head, Some((_, kind, content))) => {
            answer.send(Status::Ok, Content::Bytes(content.as_bytes()), |head| {
                head.field("Content-Type", *kind)
                    .field("Cache-Control", "no-cache")
                    .field("X-Content-Type-Options", "nosniff")
            });
        }
        (_, Some(_)) => answer.method_not_allowed("GET, HEAD"),
        (_, None) => {
            answer.text(Status::NotFound, "There is nothing here. Try /, or a WebSocket at /chat.\n");
        }
    }
}

impl World for Demo {
    fn timeout(&mut self, key: u32, net: &mut Net) {
        self.chat.timeout(key, net);
    }
}

/// The connection's world is the whole server; what concerns the chat is handed on.
impl Application for Demo {
    type Client = ();

    fn limits(&self) -> messages::Limits {
        Application::limits(&self.chat)
    }

    fn message(&mut self, client: &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
        self.chat.message(client, message, socket);
    }

    fn woken(&mut self, client: &mut (), socket: &mut Socket<'_, '_>) {
        Application::woken(&mut self.chat, client, socket);
    }

    fn close(&mut self, id: ConnId, client: (), close: Close<'_>, net: &mut Net) {
        self.chat.close(id, client, close, net);
    }
}
