//! Half-open peers: gone without a word, as when a cable is pulled. **Really gone**: a socket filter (BPF, which
//! needs no root) drops whatever arrives at the client's socket, so its kernel acknowledges nothing and answers no FIN
//! with anything; the server's kernel sends again and again into silence.

use std::time::Instant;

use super::Attack;
use crate::crowd::Crowd;
use crate::deed::time;
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::Target;

#[cfg(target_os = "linux")]
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

/// Elsewhere a client cannot vanish without root.
#[cfg(not(target_os = "linux"))]
pub const ATTACKS: &[Attack] = &[];

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
#[cfg(target_os = "linux")]
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
    let held = scene.gauge.read().map(|reading| reading.descriptors);
    let (start, count) = (Instant::now(), crowd.peers.len());
    scene.tells(format!("{count} have vanished"));
    let Some(held) = held else {
        crowd.watches(scene.patience);
        scene.did = "cannot be seen from outside".into();
        return Verdict::Open("whether they were noticed cannot be seen from outside".into());
    };
    // The honest client comes and goes meanwhile: one or two more or less say nothing.
    let gone = |now: usize| now + count <= held + 2;
    while start.elapsed() < scene.patience && !scene.gauge.read().is_some_and(|now| gone(now.descriptors)) {
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    let now = scene.gauge.read().map_or(0, |reading| reading.descriptors);
    let verdict = if gone(now) {
        scene.did = format!("let them go after {}", time(start.elapsed()));
        Verdict::Held
    } else {
        scene.did = format!("{} of {count} kept", (now + count).saturating_sub(held).min(count));
        let why = format!("who has vanished was not noticed within {}; {cure}", time(scene.patience));
        if promised { Verdict::Bad(why) } else { Verdict::Open(why) }
    };
    scene.tells(format!("the server: {}", scene.did));
    comes_back(&crowd);
    crowd.resets();
    verdict
}

/// So that the RST with which they leave ends what the server still holds.
#[cfg(target_os = "linux")]
fn comes_back(crowd: &Crowd) {
    for peer in &crowd.peers {
        let _ = socket2::SockRef::from(&peer.socket).detach_filter();
    }
}
