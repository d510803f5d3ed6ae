//! A whole small server: a page, and an application behind one WebSocket path.

use std::io;
use std::net::SocketAddr;

use accept::Failure;
use keep_alive::{Answer, Asset, Handler, Http, Next, Page};
use messages::{Application, Close, Message, Socket, WebSocket};
use poll::{ConnId, Ended, Io, Net, World};
use request::{Request, Status};
use upgrade::Handshake;

/// What stands around an application. With it a server is a `main` of some lines, and the application:
///
/// ```no_run
/// # use rooms::{Chat, Limits, Site};
/// # use keep_alive::Page;
/// static SITE: Site = Site {
///     page: Page { html: "<!doctype html>...", script: "..." },
///     assets: &[],
///     path: "/chat",
///     subprotocols: &["barewire.chat"],
/// };
///
/// fn run(listen: std::net::SocketAddr) -> Result<(), accept::Failure> {
///     SITE.serve(listen, Chat::new(Limits::from_environment()?))
/// }
/// ```
pub struct Site {
    /// The page, at `/`.
    pub page: Page,
    /// What the page is made of besides.
    pub assets: &'static [Asset],
    /// Where the WebSocket is: `/chat`. Everything else is the page's.
    pub path: &'static str,
    /// What is spoken over it, the one we like best first. A client need not ask for any.
    pub subprotocols: &'static [&'static str],
}

impl Site {
    /// Serves the page and the application until Ctrl-C. HTTP's limits come from the environment.
    ///
    /// # Errors
    /// When the address cannot be had, an environment variable is wrong, or the poll fails.
    pub fn serve<A>(&'static self, listen: SocketAddr, application: A) -> Result<(), Failure>
    where
        A: Application<Client: Default>,
    {
        let http = keep_alive::Limits::from_environment()?;
        poll::serve::<Http<Server<A>>>("http", listen, |_| Server { site: self, http, application })
    }

    /// Answers a request that is not for the WebSocket: with a file of the page, or 404.
    pub fn answer(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        if !self.page.answers(head, answer) && !self.assets.iter().any(|asset| asset.answers(head, answer)) {
            let where_then = format!("There is nothing here. Try /, or a WebSocket at {}.\n", self.path);
            answer.text(Status::NotFound, &where_then);
        }
    }
}

/// The world of all connections. What concerns the application is handed on, all of it.
struct Server<A> {
    site: &'static Site,
    http: keep_alive::Limits,
    application: A,
}

impl<A: Application<Client: Default>> Handler for Server<A> {
    type Exchange = ();
    type Successor = WebSocket<Server<A>>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.http
    }

    fn connected(&mut self, peer: SocketAddr, io: &mut Io<'_>) {
        log::debug!("{} connected from {peer}", io.id());
    }

    fn disconnected(&mut self, id: ConnId, why: Ended, _: &mut Net) {
        log::debug!("{id} gone ({why:?})");
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Server<A>> {
        if head.target.path() != self.site.path {
            self.site.answer(head, answer);
            return Next::Done;
        }
        match Handshake::check(head) {
            Ok(handshake) => {
                handshake.accept(answer, handshake.choose(self.site.subprotocols), |head| head);
                Next::Switch(WebSocket::new(A::Client::default(), self, answer.io()))
            }
            Err(refusal) => {
                refusal.answer(answer);
                Next::Done
            }
        }
    }
}

impl<A: Application> World for Server<A> {
    fn start(&mut self, net: &mut Net) {
        self.application.start(net);
    }

    fn woken(&mut self, net: &mut Net) {
        World::woken(&mut self.application, net);
    }

    fn timeout(&mut self, key: u32, net: &mut Net) {
        self.application.timeout(key, net);
    }

    fn connect_failed(&mut self, id: ConnId, tag: u64, error: io::Error, net: &mut Net) {
        self.application.connect_failed(id, tag, error, net);
    }
}

impl<A: Application> Application for Server<A> {
    type Client = A::Client;

    fn limits(&self) -> messages::Limits {
        self.application.limits()
    }

    fn open(&mut self, client: &mut A::Client, socket: &mut Socket<'_, '_>) {
        self.application.open(client, socket);
    }

    fn message(&mut self, client: &mut A::Client, message: Message<'_>, socket: &mut Socket<'_, '_>) {
        self.application.message(client, message, socket);
    }

    fn close(&mut self, id: ConnId, client: A::Client, close: Close<'_>, net: &mut Net) {
        self.application.close(id, client, close, net);
    }

    fn drained(&mut self, client: &mut A::Client, socket: &mut Socket<'_, '_>) {
        self.application.drained(client, socket);
    }

    fn woken(&mut self, client: &mut A::Client, socket: &mut Socket<'_, '_>) {
        Application::woken(&mut self.application, client, socket);
    }
}

#[cfg(test)]
mod tests;
