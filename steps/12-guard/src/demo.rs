//! The server: what it answers, and to whom.

use std::net::SocketAddr;

use accept::Failure;
use guard::{Denial, Guard, HasGuard, Login, LoginError, Sentry};
use keep_alive::{Answer, Asset, Body, Content, Handler, Next, Page};
use messages::{Application, Close, Message, Socket, WebSocket};
use poll::{ConnId, Ended, Io, Net, World};
use request::{Method, Request, Status};
use rooms::Chat;
use rooms::protocol::{Event, Request as Said};
use serde::Serialize;
use serde_json::json;
use upgrade::Handshake;

/// A guard, and the chat that it stands before.
pub struct Demo {
    guard: Guard,
    chat: Chat,
    http: keep_alive::Limits,
    /// Everybody's. Empty: none is asked for.
    password: String,
    /// The longest name, in characters.
    names: usize,
}

/// Bytes of a login form: a name, and a password that may be a long sentence.
const MAX_LOGIN: u64 = 4 * 1024;

const LOGIN: Page = Page { html: include_str!("../page/login.html"), script: "" };
const COUNTERS: Page = Page { html: include_str!("../page/counters.html"), script: "" };

/// What everybody may have. The chat's own script is rung 11's; ours, `/page.js`, starts it.
const ASSETS: &[Asset] = &[
    Asset { path: "/page.js", kind: Asset::SCRIPT, content: include_str!("../page/page.js") },
    Asset { path: "/login.js", kind: Asset::SCRIPT, content: include_str!("../page/login.js") },
    Asset { path: "/counters.js", kind: Asset::SCRIPT, content: include_str!("../page/counters.js") },
    Asset { path: "/chat.js", kind: Asset::SCRIPT, content: rooms::SITE.page.script },
];

impl Demo {
    pub fn new(guard: Guard, chat: rooms::Limits, password: String) -> Result<Demo, Failure> {
        // A login is all that anybody posts here.
        let http = keep_alive::Limits { body: MAX_LOGIN, ..keep_alive::Limits::from_environment()? };
        Ok(Demo { guard, names: chat.name, chat: Chat::new(chat), http, password })
    }
}

impl HasGuard for Demo {
    fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }
}

impl Handler for Demo {
    /// A login form, as far as it has come.
    type Exchange = Vec<u8>;
    type Successor = WebSocket<Demo, Sentry>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.http
    }

    fn connected(&mut self, peer: SocketAddr, io: &mut Io<'_>) {
        log::debug!("{} connected from {peer}", io.id());
    }

    fn disconnected(&mut self, id: ConnId, why: Ended, _: &mut Net) {
        log::debug!("{id} gone ({why:?})");
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        let id = answer.io().id();
        let next = match self.guard.request(head, id, answer.io()) {
            Ok(()) => self.route(head, answer),
            Err(denial) => Err(denial),
        };
        next.unwrap_or_else(|denial| {
            log::info!("{id} is refused: {denial}");
            denial.answer(answer);
            Next::Done
        })
    }

    fn body(&mut self, mut form: Vec<u8>, part: Body<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        if let Body::Data(bytes) = part {
            form.extend_from_slice(bytes);
            return Next::Read(form);
        }
        match self.log_in(&form) {
            Ok(name) => {
                log::info!("{} is {name}", answer.io().id());
                let session = self.guard.session(&name, answer.io().wall);
                self.go_to("/", Some(&session), answer);
            }
            Err(why) => self.no_login(&why, answer),
        }
        Next::Done
    }
}

/// The routes.
impl Demo {
    fn route(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Result<Next<Demo>, Denial> {
        let (id, wall) = (answer.io().id(), answer.io().wall);
        match (head.method, head.target.path()) {
            (_, "/chat") => return self.chat(head, answer),
            (Method::Post, "/login") => {
                self.guard.login(head, id, answer.io())?;
                match Login::expect_form(head) {
                    Ok(()) => return Ok(Next::Read(Vec::new())),
                    Err(why) => self.no_login(&why, answer),
                }
            }
            (_, "/login") => LOGIN.show(head, answer),
            (Method::Post, "/logout") => {
                self.guard.post(head)?;
                self.go_to("/login", Some(""), answer);
            }
            (Method::Post, "/ticket") => {
                self.guard.post(head)?;
                let name = self.guard.who(head, wall)?;
                let expires_in = self.guard.limits().ticket.as_secs();
                json(&json!({ "ticket": self.guard.ticket(&name, wall), "expires_in": expires_in }), answer);
            }
            (_, "/logout" | "/ticket") => answer.method_not_allowed("POST"),
            (Method::Get | Method::Head, "/me") => {
                json(&json!({ "name": self.guard.who(head, wall)? }), answer)
            }
            (Method::Get | Method::Head, "/counters.json") => {
                self.guard.who(head, wall)?;
                let report = self.guard.report(answer.io().now);
                json(&Counted { report, lost: self.chat.lost() }, answer);
            }
            (_, "/me" | "/counters.json") => answer.method_not_allowed("GET, HEAD"),
            (_, "/" | "/counters") if self.guard.knows(head, wall).is_none() => {
                self.go_to("/login", None, answer);
            }
            (_, "/") => rooms::SITE.page.show(head, answer),
            (_, "/counters") => COUNTERS.show(head, answer),
            _ if ASSETS.iter().any(|asset| asset.answers(head, answer)) => {}
            _ => rooms::SITE.answer(head, answer),
        }
        Ok(Next::Done)
    }

    fn chat(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Result<Next<Demo>, Denial> {
        let handshake = match Handshake::check(head) {
            Ok(handshake) => handshake,
            Err(refusal) => {
                self.guard.count_refusal("handshake");
                refusal.answer(answer);
                return Ok(Next::Done);
            }
        };
        let (name, sentry) = self.guard.handshake(head, answer.io().id(), answer.io())?;
        handshake.accept(answer, handshake.choose(rooms::SITE.subprotocols), |head| head);
        Ok(Next::Switch(WebSocket::with(name, sentry, ((), ()), self, answer.io())))
    }

    fn log_in(&self, form: &[u8]) -> Result<String, LoginError> {
        let login = Login::read(form)?;
        if !self.guard.same_secret(&self.password, &login.password) && !self.password.is_empty() {
            return Err(LoginError::Password);
        }
        rooms::check_name(&login.name, self.names).map_err(LoginError::Name)
    }

    fn no_login(&self, why: &LoginError, answer: &mut Answer<'_, '_>) {
        self.guard.count_refusal(why.word());
        answer.text(why.status(), &format!("{}: {why}.\n", why.status()));
    }

    /// RFC 9110 §15.4.4: 303 sends the browser on with GET, so that a page loaded anew posts nothing twice.
    fn go_to(&self, path: &str, session: Option<&str>, answer: &mut Answer<'_, '_>) {
        answer.send(Status::SeeOther, Content::Empty, |head| {
            let head = head.field("Location", path).field("Cache-Control", "no-store");
            match session {
                Some(session) => head.field("Set-Cookie", self.guard.cookie(session)),
                None => head,
            }
        });
    }
}

/// The guard's counters, and what slow readers have cost the chat.
#[derive(Serialize)]
struct Counted {
    #[serde(flatten)]
    report: guard::Report,
    lost: rooms::Lost,
}

fn json(value: &impl Serialize, answer: &mut Answer<'_, '_>) {
    match serde_json::to_vec(value) {
        Ok(json) => answer.send(Status::Ok, Content::Bytes(&json), |head| {
            head.field("Content-Type", "application/json").field("Cache-Control", "no-store")
        }),
        Err(error) => {
            log::error!("no JSON: {error}");
            answer.text(Status::InternalServerError, "The server found no answer.\n");
        }
    }
}

impl World for Demo {
    fn timeout(&mut self, key: u32, net: &mut Net) {
        self.chat.timeout(key, net);
    }
}

/// The chat's, but for one thing: a client speaks in its own name only.
impl Application for Demo {
    /// Who the client is, as the handshake has shown.
    type Client = String;

    fn limits(&self) -> messages::Limits {
        Application::limits(&self.chat)
    }

    fn message(&mut self, name: &mut String, message: Message<'_>, socket: &mut Socket<'_, '_>) {
        if let Message::Text(text) = &message
            && self.chat.person(socket.id()).is_none()
            && let Ok(Said::Join { name: wish, .. }) = Said::parse(text)
            && wish != *name
        {
            let why = format!("you have logged in as {name}");
            return socket.send(Event::Error { why: &why, key: None }.message());
        }
        self.chat.message(&mut (), message, socket);
    }

    fn drained(&mut self, _: &mut String, socket: &mut Socket<'_, '_>) {
        self.chat.drained(&mut (), socket);
    }

    fn woken(&mut self, _: &mut String, socket: &mut Socket<'_, '_>) {
        Application::woken(&mut self.chat, &mut (), socket);
    }

    fn close(&mut self, id: ConnId, _: String, close: Close<'_>, net: &mut Net) {
        self.chat.close(id, (), close, net);
    }
}
