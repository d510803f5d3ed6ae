//! Bytes without sense.

use std::time::Duration;

use soak::Chance;

use super::Attack;
use crate::crowd::{Crowd, Peer};
use crate::judge::Verdict;
use crate::scene::Scene;

pub const ATTACKS: &[Attack] = &[Attack {
    name: "random-bytes",
    does: "sends random bytes on fresh connections, and where frames are expected",
    expects: "a refusal or an end; at least no crash, and nothing kept",
    applies: |_| true,
    newcomers: true,
    run: random_bytes,
}];

/// The same noise each time: what goes wrong goes wrong again.
const SEED: u64 = 12;

fn random_bytes(scene: &mut Scene<'_>) -> Verdict {
    let mut chance = Chance::new(SEED);
    let mut peers = shouts(scene.connected(scene.count(90, 30)), &mut chance, scene.patience);
    if scene.target.websocket.is_some() {
        let opened = scene.crowd(scene.count(90, 30), |target| target.switched(scene.patience));
        peers.extend(shouts(opened, &mut chance, scene.patience));
    }
    scene.tells(format!("{} connections, up to 4 KiB each", peers.len()));
    let all = Crowd::of(peers, 0);
    scene.tells_deeds(&all);
    match all.left() {
        0 => Verdict::Held,
        left => Verdict::Bad(format!("{left} connections stand although their clients had sent FIN")),
    }
}

/// Noise from all of them, and FIN; waits for what the server does.
fn shouts(mut crowd: Crowd, chance: &mut Chance, patience: Duration) -> Vec<Peer> {
    for peer in &mut crowd.peers {
        let length = 1 + chance.length(4096);
        peer.sends(&chance.bytes(length));
        peer.half_closes();
    }
    crowd.watches(patience);
    crowd.peers
}
