//! Half-open peers: gone without a word, as when a cable is pulled. **Really gone**: a socket filter (BPF; Linux has it,
//! and it needs no root) drops whatever arrives at the client's socket. Its kernel acknowledges nothing any more, and the
//! server's kernel sends again and again into silence.

use std::time::{Duration, Instant};

use super::Attack;
use crate::crowd::Crowd;
use crate::deed::time;
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::Target;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "vanished-readers",
        does: "asks for something and vanishes without FIN, before the answer comes",
        expects: "a deadline for what is owed to them: FLUSH_TIMEOUT_MS, IDLE_TIMEOUT_MS, nginx send_timeout",
        applies: |target| !target.has_frames(),
        newcomers: true,
        run: vanished_readers,
    },
    Attack {
        name: "vanished-members",
        does: "opens WebSockets and vanishes without FIN, as a laptop that is closed",
        expects: "heartbeats: a Ping after silence, an end without a Pong (rung 12: PING_INTERVAL_MS, PONG_TIMEOUT_MS)",
        applies: Target::has_frames,
        newcomers: true,
        run: vanished_members,
    },
];

/// Connections of the honest client.
const HONEST: usize = 2;

fn vanished_readers(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(scene.count(20, 8));
    vanishes(&crowd);
    let request = if scene.target.is_http() { scene.target.get() } else { "hello\n".into() };
    crowd.peers.iter_mut().for_each(|peer| {
        peer.sends(request.as_bytes());
    });
    noticed(scene, crowd, scene.target.promises_deadlines(), "an idle deadline does (rung 05)")
}

fn vanished_members(scene: &mut Scene<'_>) -> Verdict {
    let crowd = scene.opened(scene.count(20, 8));
    vanishes(&crowd);
    noticed(scene, crowd, scene.target.promises_heartbeats(), "heartbeats do (rung 12)")
}

/// From here on nothing reaches them.
fn vanishes(crowd: &Crowd) {
    /// `BPF_RET | BPF_K` with 0: keep no byte of any packet.
    const DROP: socket2::SockFilter = socket2::SockFilter::new(0x06, 0, 0, 0);
    for peer in &crowd.peers {
        // Without the filter it would be one that merely says nothing; the server may do with it what it likes.
        let _ = socket2::SockRef::from(&peer.socket).attach_filter(&[DROP]);
    }
}

/// They see nothing any more, so the server's descriptors tell when it has noticed.
fn noticed(scene: &mut Scene<'_>, mut crowd: Crowd, promised: bool, cure: &str) -> Verdict {
    let (start, count) = (Instant::now(), crowd.peers.len());
    scene.tells(format!("{count} have vanished"));
    // How many the server holds; the honest client's come and go meanwhile, two at most.
    let before = scene.before.map(|reading| reading.descriptors);
    let held = || Some(scene.gauge.read()?.descriptors.saturating_sub(before?));
    let waits = |until: &dyn Fn(usize) -> bool| {
        while start.elapsed() < scene.patience && !held().is_some_and(until) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        held().unwrap_or_default()
    };
    if held().is_none() {
        crowd.watches(scene.patience);
        scene.did = "cannot be seen from outside".into();
        return Verdict::Open("whether they were noticed cannot be seen from outside".into());
    }
    // It has taken them all, before it can let them go.
    waits(&|held| held + HONEST >= count);
    let left = waits(&|held| held <= HONEST);
    let verdict = if left <= HONEST {
        scene.did = format!("let them go after {}", time(start.elapsed()));
        Verdict::Held
    } else {
        scene.did = format!("{} of {count} kept", left.min(count));
        let why = format!("who has vanished was not noticed within {}; {cure}", time(scene.patience));
        if promised { Verdict::Bad(why) } else { Verdict::Open(why) }
    };
    scene.tells(format!("the server: {}", scene.did));
    comes_back(&crowd);
    crowd.resets();
    verdict
}

/// So that the RST with which they leave ends what the server still holds.
fn comes_back(crowd: &Crowd) {
    for peer in &crowd.peers {
        let _ = socket2::SockRef::from(&peer.socket).detach_filter();
    }
}
