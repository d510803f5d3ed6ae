//! A live ticker: five prices, sixty times a second, to everybody. Whoever falls behind is shown the newest prices,
//! not those of a minute ago.

mod market;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use accept::Usage;
use keep_alive::{Asset, Page};
use market::{Market, SHARES};
use messages::{Application, Close, Limits, Message, Socket, close_code};
use poll::{ConnId, Net, World};
use rooms::{Hub, Site, SlowReader};
use serde::{Deserialize, Serialize};

const USAGE: Usage = Usage {
    text: "Prices that move, sixty times a second. Open it in two browser tabs, or look at them by hand:\n\
           \n\
           websocat ws://127.0.0.1:8080/ticks\n\
           {\"type\":\"got\",\"count\":30}\n\
           {\"type\":\"trade\",\"share\":0,\"buy\":true}",
    switches: &[],
    values: &[],
};

static SITE: Site = Site {
    page: Page { html: include_str!("page/index.html"), script: include_str!("page/page.js") },
    assets: &[
        Asset::script("/connection.js", include_str!("../../page/connection.js")),
        Asset::script("/chart.js", include_str!("page/chart.js")),
        Asset::css("/ticker.css", include_str!("page/ticker.css")),
    ],
    path: "/ticks",
    subprotocols: &["barewire.ticks"],
};

// ANCHOR: main
fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| SITE.serve(arguments.listen, Ticker::new()))
}
// ANCHOR_END: main

/// The key of its one deadline.
const TICK: u32 = 1;
const PERIOD: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// So many ticks may be on the way to a reader: half a second. The page says after each picture how many came.
const WINDOW: u32 = 30;

/// From a page.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Request {
    /// So many more ticks have been shown.
    Got { count: u32 },
    /// Somebody buys or sells, which moves the price for all.
    Trade { share: usize, buy: bool },
}

/// To a page. A gap in the numbers is what was left out for it.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Event {
    Hello { shares: [&'static str; 5] },
    Tick { number: u64, prices: [f64; 5], readers: usize },
}

impl Event {
    fn message(&self) -> Message<'static> {
        Message::Text(serde_json::to_string(self).expect("numbers and strings become JSON").into())
    }
}

struct Ticker {
    hub: Hub<()>,
    next: Instant,
    number: u64,
    market: Market,
}

impl Ticker {
    fn new() -> Ticker {
        // A price is worthless as soon as there is a newer one.
        // ANCHOR: window
        let hub = Hub::new(SlowReader::Coalesce { key: 0 }).with_window(WINDOW);
        // ANCHOR_END: window
        Ticker { hub, next: Instant::now(), number: 0, market: Market::new() }
    }
}

impl World for Ticker {
    fn timeout(&mut self, _: u32, net: &mut Net) {
        if self.hub.is_empty() {
            return; // It rests until somebody looks.
        }
        self.number += 1;
        let tick = Event::Tick { number: self.number, prices: self.market.moves(), readers: self.hub.len() };
        self.hub.send_to_all(&tick.message(), net);
        // Counted from when it was due: a tick that comes late does not delay all that follow.
        self.next = (self.next + PERIOD).max(net.now);
        net.set_timeout(TICK, Some(self.next - net.now));
    }
}

impl Application for Ticker {
    type Client = ();

    fn limits(&self) -> Limits {
        Limits { message: 1024, ..Limits::default() }
    }

    fn open(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        if self.hub.is_empty() {
            self.next = socket.now + PERIOD;
            socket.set_timeout(TICK, Some(PERIOD));
        }
        self.hub.enter(socket.id(), "floor", ());
        socket.send(Event::Hello { shares: SHARES }.message());
    }

    fn message(&mut self, (): &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
        match serde_json::from_slice(message.as_bytes()) {
            Ok(Request::Got { count }) => self.hub.confirm(count, socket),
            Ok(Request::Trade { share, buy }) if share < SHARES.len() => {
                self.market.trade(share, buy);
            }
            _ => socket.close(close_code::POLICY, "this is no message of the ticker"),
        }
    }

    fn drained(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.hub.drained(socket);
    }

    fn close(&mut self, id: ConnId, (): (), close: Close<'_>, _: &mut Net) {
        let missed = self.hub.take_missed(id);
        self.hub.leave(id);
        log::info!(
            "{id} left ({}), {missed} ticks were left out for it; so far {}",
            close.code,
            self.hub.lost()
        );
    }
}
