//! As much as goes, of what is small for the client and work for the server.

use std::time::{Duration, Instant};

use harness::Frame;
use harness::frame::TEXT;

use super::Attack;
use crate::deed::{count, size, summary};
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::Target;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "byte-flood",
        does: "sends as fast as it goes, and reads what comes back",
        expects: "a share for everybody: so much work for one connection in a turn, and no more",
        applies: |target| !target.is_http(),
        newcomers: true,
        run: |scene| flood(scene, false, "words", b"flood\n"),
    },
    Attack {
        name: "pipelined-flood",
        does: "sends requests as fast as it goes, without waiting for answers, and reads what comes",
        expects: "a share for everybody; answers that wait stop the reading (MAX_PENDING), or 429",
        applies: Target::is_http,
        newcomers: true,
        run: |scene| {
            let request = scene.target.get();
            flood(scene, false, "requests", request.as_bytes())
        },
    },
    Attack {
        name: "ping-flood",
        does: "sends Pings as fast as it goes, and reads the Pongs",
        expects: "a share for everybody; a rate limit ends it (rung 12: MESSAGE_RATE)",
        applies: Target::has_frames,
        newcomers: true,
        run: |scene| flood(scene, true, "Pings", &Frame::ping("flood").bytes()),
    },
    Attack {
        name: "fragment-flood",
        does: "sends messages in fragments of one byte, as fast as it goes",
        expects: "work that grows with the bytes, not with their square; a share for everybody",
        applies: Target::has_frames,
        newcomers: true,
        run: |scene| {
            let first = Frame::new(TEXT, "x").not_final().bytes();
            let next = Frame::continuation("x").not_final().bytes().repeat(998);
            flood(
                scene,
                true,
                "messages of 1,000 fragments",
                &[first, next, Frame::continuation("x").bytes()].concat(),
            )
        },
    },
    Attack {
        name: "message-flood",
        does: "sends small messages as fast as it goes, and reads what comes",
        expects: "a share for everybody; a rate limit ends it (rung 12: MESSAGE_RATE)",
        applies: Target::has_frames,
        newcomers: true,
        run: |scene| {
            let message = scene.target.message("flood").bytes();
            flood(scene, true, "messages", &message)
        },
    },
];

/// Enough to keep a core busy.
const PEERS: usize = 4;
/// What is written at once, so that the attacker is not the slow one.
const PIECE: usize = 32 << 10;

fn flood(scene: &mut Scene<'_>, websocket: bool, what: &str, unit: &[u8]) -> Verdict {
    let mut crowd = if websocket { scene.opened(PEERS) } else { scene.connected(PEERS) };
    let piece = unit.repeat((PIECE / unit.len()).max(1));
    let start = Instant::now();
    let end = start + scene.time(2000, 600);
    let mut sent = vec![0_usize; crowd.peers.len()];
    while Instant::now() < end && !crowd.all_ended() {
        for (peer, sent) in crowd.peers.iter_mut().zip(&mut sent) {
            *sent += peer.sends(&piece[*sent % piece.len()..]);
        }
        crowd.turns(Duration::from_millis(20));
    }
    let (seconds, total) = (start.elapsed().as_secs_f64(), sent.iter().sum::<usize>());
    let units = total / unit.len();
    scene.tells(format!(
        "{} connections, {} {what}, {} a second",
        crowd.peers.len(),
        count(units),
        count((units as f64 / seconds) as usize)
    ));
    let deeds = summary(&crowd.deeds());
    scene.tells(format!("the server: {deeds}, {} sent back", size(crowd.received())));
    scene.did = format!("took {} {what}; {deeds}", count(units));
    crowd.resets();
    Verdict::Held
}
