//! Leaving rudely, at every stage of a conversation.

use std::io::Result;

use harness::Frame;

use super::Attack;
use crate::crowd::Crowd;
use crate::deed::summary;
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::talk::Talk;
use crate::target::Target;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "reset-at-every-stage",
        does: "leaves by RST: before a word, in the middle of it, before the answer, in the middle of a frame",
        expects: "that the connection's own things are dropped, and nobody else's",
        applies: |_| true,
        newcomers: true,
        run: resets,
    },
    Attack {
        name: "half-close-everywhere",
        does: "sends FIN at every stage, and stays to listen",
        expects: "an answer where one is owed, and then an end: who has sent FIN asks nothing more",
        applies: |_| true,
        newcomers: true,
        run: half_closes,
    },
];

/// A point in a conversation.
struct Stage {
    name: &'static str,
    /// Where there is a WebSocket, this comes behind its handshake.
    opened: bool,
    says: Vec<u8>,
}

fn stages(target: &Target) -> Vec<Stage> {
    let fresh = |name, says: &[u8]| Stage { name, opened: false, says: says.to_vec() };
    let mut stages = vec![fresh("after connect", b"")];
    if !target.is_http() {
        stages.extend([fresh("in a word", b"hel"), fresh("before the answer", &b"hello\n".repeat(1000))]);
        return stages;
    }
    let (get, post) = (target.get(), target.post(100));
    stages.extend([
        fresh("in a head", &get.as_bytes()[..get.len() / 2]),
        fresh("in a body", (post + "name=").as_bytes()),
        fresh("before the answer", get.as_bytes()),
        fresh("before many answers", get.repeat(50).as_bytes()),
    ]);
    if target.websocket.is_some() {
        let handshake = target.handshake(&[]);
        stages.push(fresh("in a handshake", &handshake.as_bytes()[..handshake.len() / 2]));
        let opened = |name, says: Vec<u8>| Stage { name, opened: true, says };
        let hello = target.message("hello").bytes();
        stages.extend([
            opened("after the 101", Vec::new()),
            opened("in a frame's header", hello[..1].to_vec()),
            opened("in a frame's payload", hello[..hello.len() - 1].to_vec()),
            opened("in a message", Frame::text("x").not_final().bytes()),
            opened("before the echo", hello.repeat(100)),
            opened("after its Close frame", Frame::close(1000, "").bytes()),
        ]);
    }
    stages
}

/// Brought to that point.
fn stage(target: &Target, stage: &Stage, scene: &Scene<'_>) -> Result<Talk> {
    let mut talk =
        if stage.opened { target.switched(scene.patience)? } else { target.connect(scene.patience)? };
    talk.send(&stage.says)?;
    Ok(talk)
}

fn resets(scene: &mut Scene<'_>) -> Verdict {
    let count = scene.count(5, 3);
    let stages = stages(&scene.target);
    for at in &stages {
        scene.crowd(count, |target| stage(target, at, scene)).resets();
    }
    let names: Vec<&str> = stages.iter().map(|stage| stage.name).collect();
    scene.tells(format!("{count} connections each: {}", names.join(", ")));
    scene.did = format!("{} stages, {count} times each", stages.len());
    Verdict::Held
}

fn half_closes(scene: &mut Scene<'_>) -> Verdict {
    let mut kept = Vec::new();
    let stages = stages(&scene.target);
    let mut crowds: Vec<Crowd> = Vec::new();
    for at in &stages {
        let crowd = scene.crowd(1, |target| stage(target, at, scene));
        crowd.peers.iter().for_each(|peer| peer.half_closes());
        crowds.push(crowd);
    }
    // They wait side by side; the first one's patience is everybody's.
    for (crowd, stage) in crowds.iter_mut().zip(&stages) {
        crowd.watches(scene.patience);
        scene.tells(format!("{}: {}", stage.name, summary(&crowd.deeds())));
        if crowd.left() > 0 {
            kept.push(stage.name);
        }
    }
    scene.did = format!("ended {} of {}", stages.len() - kept.len(), stages.len());
    match kept.is_empty() {
        true => Verdict::Held,
        false => Verdict::Bad(format!("who has sent FIN is kept for ever: {}", kept.join(", "))),
    }
}
