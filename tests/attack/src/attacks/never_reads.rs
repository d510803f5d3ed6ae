//! Who asks and never reads: what waits for them waits in the server's memory.

use std::time::{Duration, Instant};

use harness::Frame;

use super::Attack;
use crate::crowd::Crowd;
use crate::deed::size;
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::{Application, Speech};

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "never-reads",
        does: "asks and asks, as fast as it is let, and never reads an answer",
        expects: "that the server stops reading from who does not read, or ends it: memory stays bounded (MAX_PENDING)",
        applies: |_| true,
        newcomers: true,
        run: never_reads,
    },
    Attack {
        name: "deaf-room",
        does: "joins a chat many times and never reads, while others talk there",
        expects: "a bound for what waits for a member, then 1008, an end, or messages left out (MAX_QUEUE)",
        applies: |target| target.application() == Some(Application::Chat),
        newcomers: true,
        run: deaf_room,
    },
];

/// Of each connection; with all of them more than any server may keep.
const WANTED: usize = 32 << 20;
/// Nobody could send anything for so long: the server has stopped reading.
const STALLED: Duration = Duration::from_millis(400);

fn never_reads(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = if scene.target.has_frames() {
        scene.opened(scene.count(16, 8))
    } else {
        scene.connected(scene.count(16, 8))
    };
    scene.tells(format!("{} connections, {} to be sent on each", crowd.peers.len(), size(WANTED as u64)));
    crowd.peers.iter_mut().for_each(|peer| peer.reads = false);
    let taken = pour(&mut crowd, usize::MAX, &questions(scene), scene.time(4000, 2000));
    let each: u64 = taken.iter().sum::<u64>() / taken.len().max(1) as u64;
    scene.tells(format!("the server took {} of each, then no more", size(each)));
    tells_end(scene, crowd, &format!("took {} of each", size(each)));
    Verdict::Held
}

fn deaf_room(scene: &mut Scene<'_>) -> Verdict {
    let mut room = scene.opened(2);
    let talkers = room.peers.len();
    let deaf = scene.opened(scene.count(16, 6)).peers;
    scene.tells(format!("{} who never read, {talkers} who talk", deaf.len()));
    room.peers.extend(deaf);
    room.peers.iter_mut().skip(talkers).for_each(|peer| peer.reads = false);
    let said = scene.target.message(&"blah ".repeat(390)).bytes();
    let taken = pour(&mut room, talkers, &said, scene.time(3000, 1500));
    scene.tells(format!("{} were said", size(taken.iter().sum())));
    let deaf = room.peers.split_off(talkers);
    tells_end(scene, Crowd::of(deaf, 0), "");
    room.resets();
    Verdict::Held
}

/// Now they read: what was left for them, and what the server says at its end.
fn tells_end(scene: &mut Scene<'_>, mut crowd: Crowd, before: &str) {
    crowd.all_read();
    crowd.watches(scene.time(500, 300));
    scene.tells(format!("then they read {}", size(crowd.received())));
    scene.tells_deeds(&crowd);
    if !before.is_empty() {
        scene.did = format!("{before}; {}", scene.did);
    }
    crowd.resets();
}

/// Something that is answered, again and again, in one piece of some size.
fn questions(scene: &Scene<'_>) -> Vec<u8> {
    let target = &scene.target;
    match (target.speech, target.application()) {
        (Speech::Echo, _) => vec![b'x'; 64 << 10],
        (Speech::Lines, _) => b"/who\n".repeat(4096),
        (Speech::Http, Some(Application::Echo)) => Frame::text(&"x".repeat(30_000)).bytes().repeat(2),
        (Speech::Http, Some(Application::Chat)) => target.message(&"x".repeat(1900)).bytes().repeat(30),
        (Speech::Http, Some(Application::Unknown)) => Frame::ping([b'x'; 125]).bytes().repeat(500),
        (Speech::Http, Some(Application::Bytes) | None) => target.get().repeat(500).into_bytes(),
    }
}

/// The first `talkers` send the piece again and again: how many bytes of each were taken.
fn pour(crowd: &mut Crowd, talkers: usize, piece: &[u8], most: Duration) -> Vec<u64> {
    let end = Instant::now() + most;
    let mut taken = vec![0_usize; crowd.peers.len().min(talkers)];
    let mut moved = Instant::now();
    while Instant::now() < end && moved.elapsed() < STALLED && !crowd.all_ended() {
        for (peer, taken) in crowd.peers.iter_mut().zip(&mut taken) {
            if *taken < WANTED {
                let count = peer.sends(&piece[*taken % piece.len()..]);
                *taken += count;
                if count > 0 {
                    moved = Instant::now();
                }
            }
        }
        crowd.turns(Duration::from_millis(20));
    }
    taken.into_iter().map(|count| count as u64).collect()
}
