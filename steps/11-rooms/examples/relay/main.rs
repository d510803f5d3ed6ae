//! A relay: what anybody sends, everybody gets. The hub, and nothing else.

use std::process::ExitCode;

use accept::Usage;
use keep_alive::Page;
use messages::{Application, Close, Limits, Message, Socket};
use poll::{ConnId, Net, World};
use rooms::{Hub, Site};

const USAGE: Usage = Usage {
    text: "Sends each message to everybody, its sender too. Try it with two of these:\n\
           \n\
           websocat ws://127.0.0.1:8080/all",
    switches: &[],
    values: &[],
};

static SITE: Site = Site {
    page: Page { html: "<!doctype html><title>relay</title><p>A WebSocket is at /all.", script: "" },
    assets: &[],
    path: "/all",
    subprotocols: &[],
};

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| SITE.serve(arguments.listen, Relay::default()))
}

#[derive(Default)]
struct Relay(Hub<()>);

impl World for Relay {}

impl Application for Relay {
    type Client = ();

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn open(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.0.enter(socket.id(), "all", ());
    }

    fn message(&mut self, (): &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
        self.0.send_to_all(&message, socket);
    }

    fn woken(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.0.close_if_slow(socket);
    }

    fn drained(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.0.drained(socket);
    }

    fn close(&mut self, id: ConnId, (): (), _: Close<'_>, _: &mut Net) {
        self.0.leave(id);
    }
}
