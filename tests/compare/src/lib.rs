//! The same chat over short polling, long polling, Server-Sent Events and a WebSocket: what each of them costs.
//!
//! One thread and one poll are a room of people, as many as the plan says. They talk at a fixed pace; each hears what
//! all say, once and in order, or the run has failed. Every byte is counted where it leaves or enters a socket.
//!
//! `way.rs` the ways and their requests, `wire.rs` one connection, `reader.rs` what comes, `member.rs` one client,
//! `run.rs` all clients of one way and their figures, `stage.rs` runs side by side, `cost.rs` the server's and the
//! kernel's figures, `data.rs` the figures in a file, `tables.rs` and `plot.rs` the chapter's tables and pictures.

mod cost;
pub mod data;
mod member;
mod plot;
mod reader;
mod run;
mod stage;
mod tables;
mod way;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Server, Story};

pub use data::Row;
pub use plot::pictures;
pub use run::Plan;
pub use tables::table;
pub use way::{Head, Way};

use stage::Stage;

/// People in the room, in full.
const MEMBERS: usize = 100;
/// Long polls end empty after 25 s, comments come every 15 s, Pings at most every 20 s: each of them at least twice.
const SILENCE: Duration = Duration::from_secs(60);

/// The runs that the chapter stands on. Those of one inner list run side by side.
pub fn full() -> Vec<Vec<Plan>> {
    let short = |ms: u64| Way::ShortPoll(Duration::from_millis(ms));
    let ways = [short(100), short(1000), short(5000), Way::LongPoll, Way::Events, Way::WebSocket];
    let plan = |way, head, rate, seconds| Plan {
        way,
        head,
        members: MEMBERS,
        rate,
        window: Duration::from_secs(seconds),
    };
    // Nobody says anything, so nobody is in another's way.
    let silence = ways.iter().chain(&[Way::Guarded]);
    let mut stages =
        vec![silence.map(|&way| Plan { window: SILENCE, ..plan(way, Head::Browser, 0, 0) }).collect()];
    for way in ways {
        let paces = [(1, 3), (10, 2), (100, 1)];
        if way.interval() > Duration::from_secs(1) {
            // A delay of seconds and twenty requests a second: nobody is in the way here, either.
            stages.push(paces.map(|(rate, _)| plan(way, Head::Browser, rate, 5)).to_vec());
        } else {
            stages.extend(paces.map(|(rate, seconds)| vec![plan(way, Head::Browser, rate, seconds)]));
        }
    }
    let bare = [short(1000), Way::LongPoll, Way::Events, Way::WebSocket];
    stages.extend(bare.map(|way| vec![plan(way, Head::Bare, 10, 2)]));
    stages
}

/// A small run of everything that the full one does.
pub fn small() -> Vec<Vec<Plan>> {
    let plan = |way, head, rate| Plan { way, head, members: 12, rate, window: Duration::from_millis(400) };
    let ways = [Way::ShortPoll(Duration::from_millis(50)), Way::LongPoll, Way::Events, Way::WebSocket];
    let silence = ways.iter().map(|&way| plan(way, Head::Browser, 0)).collect();
    let mut stages = vec![silence];
    stages.extend(ways.map(|way| vec![plan(way, Head::Bare, 50)]));
    stages
}

/// Runs all plans and says what was measured.
///
/// The story fails for what was lost, came twice or out of order, and where the kernel has counted other bytes than we.
pub fn measure(story: &Story, stages: &[Vec<Plan>], release: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for plans in stages {
        let servers: Vec<Server> = plans.iter().map(|plan| server(story, plan.way, release)).collect();
        let plans: Vec<(Plan, &Server)> = plans.iter().copied().zip(&servers).collect();
        let measured = Stage::opens(&plans).and_then(|mut stage| {
            stage.plays()?;
            stage.agrees_with_the_kernel()?;
            stage.rows()
        });
        rows.extend(measured.unwrap_or_else(|why| story.fails(why)));
    }
    rows
}

fn server(story: &Story, way: Way, release: bool) -> Server {
    story.server_with(|setup| {
        let setup = if release { setup.release() } else { setup };
        setup
            .rung(way.rung())
            .env("RUST_LOG", "warn")
            // Rung 07: in five seconds more than its usual hundred messages are said.
            .env("HISTORY", 1000)
            // Rung 12: one more, to log in.
            .env("MAX_PER_ADDRESS", MEMBERS + 1)
    })
}

/// The top of the repository.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
