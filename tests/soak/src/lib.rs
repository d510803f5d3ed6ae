//! Random bytes at a server, by the thousand connections: garbage, valid traffic cut short, valid traffic
//! with mistakes in it; and every way to leave.
//!
//! **Afterwards the server must be as it was**: alive, without a panic in its output, answering a good client,
//! with as many descriptors as before and not much more memory.

mod chance;
mod crowd;
mod traffic;

pub use chance::Chance;
pub use traffic::{Traffic, mutilate};

use std::time::{Duration, Instant};

use harness::{Lesson, Server, Story};

use crowd::Crowd;

/// Memory may grow by so much between the warm-up and the end: the allocator's slack, no leak of any size.
const GROWTH: u64 = 16 << 20;
/// How long the last connections may take to leave: longer than a server lingers.
const LEAVE: Duration = Duration::from_secs(15);

/// What to do to one rung.
pub struct Rung {
    /// Its folder: `05-keep-alive`.
    pub name: &'static str,
    /// How many connections are open at once.
    pub crowd: usize,
    /// What its clients say when they make no mistake.
    pub traffic: fn(&Server) -> Traffic,
    /// The server's environment, where its defaults are made for less than a crowd.
    pub settings: &'static [(&'static str, &'static str)],
    /// A client without a mistake; it must be served whatever the others do.
    pub good_client: fn(&Story, &Server),
}

/// `SOAK_SECONDS`, or 3: so long each rung is soaked.
pub fn seconds() -> u64 {
    std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// `SOAK_SEED`, or one that nobody had before.
fn seed() -> u64 {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let fresh = clock.map_or(1, |time| time.as_nanos() as u64);
    std::env::var("SOAK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(fresh)
}

/// Soaks one rung.
pub fn soak(story: &Story, rung: &Rung) {
    let seed = seed();
    story.teaches(Lesson {
        why: "A client may send anything, stop anywhere, and leave in any way. Whatever it does ends its own \
              connection at most; the server keeps nothing of it.",
        read: "the newest lines of the server's log above; then SOAK_SEED makes the same choices again",
        hand: "head -c 100000 /dev/urandom | nc 127.0.0.1 {port}",
    });
    story.note(format!(
        "again: SOAK_SEED={seed} cargo test --package soak -- rung_{}",
        rung.name.replace('-', "_")
    ));
    let server = story.server_with(|s| {
        let setup = s.rung(rung.name).env("RUST_LOG", "warn");
        rung.settings.iter().fold(setup, |setup, (name, value)| setup.env(name, value))
    });
    (rung.good_client)(story, &server);
    let descriptors = server.open_descriptors();

    let time = Duration::from_secs(seconds());
    let mut crowd = Crowd::new(rung.crowd, server.address(), (rung.traffic)(&server), Chance::new(seed));
    // The first part fills caches, pools and the allocator's free lists.
    press(story, rung, &server, &mut crowd, time / 3);
    settles(story, &server, descriptors);
    let warm = server.memory_rss();
    press(story, rung, &server, &mut crowd, time - time / 3);
    settles(story, &server, descriptors);
    let end = server.memory_rss();
    story.note(format!(
        "{} connections, {} bytes sent; memory: {warm} bytes warm, {end} at the end",
        crowd.connections, crowd.sent
    ));
    story.expects(end < warm + GROWTH, format!("at most {GROWTH} bytes more than {warm}, there are {end}"));
}

/// Lets the crowd loose, and looks after the good client now and then.
fn press(story: &Story, rung: &Rung, server: &Server, crowd: &mut Crowd, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for _ in 0..2000 {
            if let Err(problem) = crowd.acts() {
                story.fails(problem);
            }
        }
        // Where one client is served at a time, the others have to go first.
        if crowd.size == 1 {
            crowd.leaves();
        }
        (rung.good_client)(story, server);
    }
    crowd.leaves();
    (rung.good_client)(story, server);
}

/// All connections are gone: the descriptors are as many as before.
fn settles(story: &Story, server: &Server, before: usize) {
    let end = Instant::now() + LEAVE;
    while server.open_descriptors() > before && Instant::now() < end {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let now = server.open_descriptors();
    story.expects(now <= before, format!("{before} descriptors as before the crowd came, there are {now}"));
}
