//! Ten thousand people in a chat: what the server of rung 12 does with them, and what it costs.
//!
//! One thread and one poll open the connections, from as many addresses as the server's limits for one ask for. People
//! enter rooms of a hundred, a tenth of them talk, everybody answers each Ping and checks that each message of the
//! room comes once and in order. Then some fall silent, and the server must find exactly those; then it is stopped,
//! and must say so to everybody.
//!
//! `plan.rs` who comes, `member.rs` one connection, `crowd.rs` all of them, `ledger.rs` what was said against what
//! came, `report.rs` what is wrong, `report/table.rs` all of it for people.

mod cost;
mod crowd;
mod http;
mod ledger;
mod member;
mod plan;
mod report;
mod state;
mod tally;

pub use http::log_in;
pub use ledger::{Delivery, Ledger};
pub use plan::Plan;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use harness::{Lesson, Server, Story};

use cost::Cost;
use crowd::Crowd;
use report::Report;

/// Until all are in their rooms, on a machine that is busy.
const COMING: Duration = Duration::from_secs(40);
/// Until the last message has come to everybody.
const REST: Duration = Duration::from_secs(10);
/// A server that stops has 5 s for its goodbyes (`STOP_TIMEOUT_MS`).
const STOPPING: Duration = Duration::from_secs(8);

/// Lets the people of a plan come, talk, fall silent and leave; prints what came of it, and fails for what is wrong.
pub fn load(story: &Story, plan: Plan) {
    story.teaches(Lesson {
        why: "Whatever one connection costs comes ten thousand times: a buffer that each keeps, a timer that looks at all \
              of them, a message that is encoded for each of its readers, a heartbeat that comes late because the one \
              before took long.",
        read: "notes/load.md, notes/12-guard.md",
        hand: "make load N=1000 SECONDS=10",
    });
    plan.is_possible().unwrap_or_else(|why| story.fails(why));
    let server = story.server_with(|s| {
        s.release()
            .env("RUST_LOG", "warn")
            // One more, to look at the counters.
            .env("MAX_CONNECTIONS", plan.connections + 1)
            .env("PING_INTERVAL_MS", Plan::PING_INTERVAL.as_millis())
            .env("PONG_TIMEOUT_MS", Plan::PONG_TIMEOUT.as_millis())
    });
    let report = run(&plan, &server).unwrap_or_else(|why| story.fails(why));
    println!("\n\n{report}");
    let faults = report.faults();
    if !faults.is_empty() {
        report.to_string().lines().for_each(|line| story.note(line));
        story.fails(faults.join("\n"));
    }
    server.ends(STOPPING);
}

fn run(plan: &Plan, server: &Server) -> Result<Report, String> {
    let address = server.address();
    let cookies: Vec<String> = (plan.addresses().enumerate())
        .map(|(number, from)| http::log_in(from, address, &tally::name(number)))
        .collect::<Result<_, _>>()?;
    let cookie = cookies[0].clone();
    let mut crowd = Crowd::new(*plan, address, cookies)?;
    let mut report = Report::new(*plan);
    report.costs.push(Cost::of(server));

    let begin = Instant::now();
    crowd.comes(COMING)?;
    (report.here, report.coming) = (crowd.here(), begin.elapsed());
    report.costs.push(Cost::of(server));

    if report.here == plan.connections {
        crowd.talks()?;
        report.beats = crowd.beats();
        crowd.hears_the_rest(REST)?;
    }
    report.costs.push(Cost::of(server));
    report.closed = crowd.ends();
    // Where the others come from there is no room for one more.
    report.counters = http::get(Ipv4Addr::LOCALHOST, address, "/counters.json", &cookie)?;

    report.silent = crowd.some_fall_silent(Plan::PING_INTERVAL + Plan::PONG_TIMEOUT + REST)?;
    report.closed_later = crowd.ends();

    let begin = Instant::now();
    server.interrupt();
    crowd.leaves(STOPPING)?;
    report.stopping = begin.elapsed();
    report.ends = crowd.ends();
    report.deliveries(&mut crowd);
    Ok(report)
}
