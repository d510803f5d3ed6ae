//! A shared whiteboard: binary messages, one writer for each stroke, and whoever comes late sees the picture.

mod picture;

use std::process::ExitCode;

use accept::Usage;
use keep_alive::{Asset, Page};
use messages::{Application, Close, Limits, Message, Socket, close_code};
use picture::{Picture, Request, cleared, gone};
use poll::{ConnId, Net, World};
use rooms::{Hub, Site, SlowReader};

const USAGE: Usage = Usage {
    text: "A whiteboard for all who open it. Its messages are bytes; picture.rs says which.",
    switches: &[],
    values: &[],
};

static SITE: Site = Site {
    page: Page { html: include_str!("page/index.html"), script: include_str!("page/page.js") },
    assets: &[
        Asset::script("/connection.js", include_str!("../../page/connection.js")),
        Asset::script("/board.js", include_str!("page/board.js")),
        Asset::script("/pen.js", include_str!("page/pen.js")),
        Asset::css("/board.css", include_str!("page/board.css")),
    ],
    path: "/board",
    subprotocols: &["barewire.board"],
};

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| SITE.serve(arguments.listen, Whiteboard::default()))
}

/// A stroke reaches everybody, its writer too, in one order: so all have the same picture. Who reads too slowly is
/// disconnected, since a picture with a hole is wrong, and gets it whole when it comes back.
#[derive(Default)]
struct Whiteboard {
    hub: Hub<()>,
    picture: Picture,
    /// The number of the last writer.
    last: u32,
}

impl Whiteboard {
    fn obey(&mut self, writer: u32, request: Request<'_>, net: &mut Net) -> Result<(), &'static str> {
        match request {
            Request::Begin { stroke, pen, point } => {
                let drawn = self.picture.begin((writer, stroke), pen, point)?;
                self.tell(drawn, net);
            }
            // A stroke that was cleared, or forgotten, a moment ago: its writer does not know yet.
            Request::GoOn { stroke, points } => match self.picture.go_on((writer, stroke), points) {
                Some(drawn) => self.tell(drawn, net),
                None => return Ok(()),
            },
            Request::TakeBack { stroke } => {
                if self.picture.take_back((writer, stroke)) {
                    self.tell(gone((writer, stroke)), net);
                }
            }
            Request::Clear => {
                self.picture = Picture::default();
                self.tell(cleared(), net);
            }
        }
        // A list that only grows is a leak: the oldest strokes make room.
        while let Some(oldest) = self.picture.forget() {
            self.tell(gone(oldest), net);
        }
        Ok(())
    }

    fn tell(&mut self, bytes: Vec<u8>, net: &mut Net) {
        self.hub.send_to_all(&Message::Binary(bytes.into()), net);
    }

    /// How many are here. Only the latest number is of any use.
    fn count(&mut self, net: &mut Net) {
        let here = Message::Binary(picture::here(self.hub.len()).into());
        // ANCHOR: latest
        self.hub.when_slow(SlowReader::Coalesce { key: 0 }).send_to_all(&here, net);
        // ANCHOR_END: latest
    }
}

impl World for Whiteboard {}

impl Application for Whiteboard {
    /// The number of the writer. A client cannot say it, so it cannot say another's.
    type Client = u32;

    fn limits(&self) -> Limits {
        Limits { message: picture::MAX_MESSAGE, ..Limits::default() }
    }

    fn open(&mut self, writer: &mut u32, socket: &mut Socket<'_, '_>) {
        self.last += 1;
        *writer = self.last;
        socket.binary(&picture::you(*writer));
        self.picture.strokes().for_each(|stroke| socket.binary(stroke));
        self.hub.enter(socket.id(), "board", ());
        self.count(socket);
    }

    fn message(&mut self, writer: &mut u32, message: Message<'_>, socket: &mut Socket<'_, '_>) {
        let Message::Binary(bytes) = message else {
            return socket.close(close_code::UNSUPPORTED, "this whiteboard speaks binary");
        };
        if let Err(why) = Request::parse(&bytes).and_then(|request| self.obey(*writer, request, socket)) {
            socket.close(close_code::POLICY, why);
        }
    }

    fn woken(&mut self, _: &mut u32, socket: &mut Socket<'_, '_>) {
        self.hub.close_if_slow(socket);
    }

    fn drained(&mut self, _: &mut u32, socket: &mut Socket<'_, '_>) {
        self.hub.drained(socket);
    }

    fn close(&mut self, id: ConnId, writer: u32, close: Close<'_>, net: &mut Net) {
        self.hub.leave(id);
        log::info!("{id} writer {writer} left ({}), slow readers so far: {}", close.code, self.hub.lost());
        self.count(net);
    }
}
