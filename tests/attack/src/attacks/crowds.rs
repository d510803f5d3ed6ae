//! More connections than anybody needs.

use std::time::Instant;

use super::Attack;
use crate::crowd::Peer;
use crate::deed::{count, size, time};
use crate::judge::Verdict;
use crate::scene::Scene;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "connection-flood",
        does: "opens connection after connection and keeps them all",
        expects: "little memory for each, an end for those who say nothing, or a limit: MAX_CONNECTIONS, \
                  MAX_PER_ADDRESS (rung 12), nginx limit_conn",
        applies: |_| true,
        newcomers: true,
        run: connection_flood,
    },
    Attack {
        name: "connection-churn",
        does: "connects and leaves at once, by FIN and by RST in turn",
        expects: "that a connection that is gone before it was accepted disturbs nobody",
        applies: |_| true,
        newcomers: true,
        run: churn,
    },
    #[cfg(target_os = "linux")]
    Attack {
        name: "descriptor-famine",
        does: "takes all descriptors that the server has left (its limit is lowered for a moment)",
        expects: "who is here is served on; who waits is, as soon as somebody leaves; the processor does not spin",
        applies: |target| target.rung.is_some(),
        // They have to wait, and their turn comes when the attack is over.
        newcomers: false,
        run: famine,
    },
];

/// Descriptors that the attacker itself needs besides.
const OWN: usize = 200;

fn connection_flood(scene: &mut Scene<'_>) -> Verdict {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let wanted = scene.connections.min(limit.map_or(1000, |limit| limit as usize).saturating_sub(OWN));
    let before = scene.gauge.read();
    let start = Instant::now();
    let mut crowd = scene.connected(wanted);
    let took = start.elapsed();
    scene.tells(format!(
        "{} connections in {}, {} did not come about",
        crowd.peers.len(),
        time(took),
        crowd.not_taken
    ));
    // What they cost while they are here, before any deadline ends them.
    crowd.watches(scene.time(300, 200));
    if let Some((before, now)) = before.zip(scene.gauge.read()) {
        let held = now.descriptors.saturating_sub(before.descriptors);
        let each = now.memory.saturating_sub(before.memory) / held.max(1) as u64;
        scene.tells(format!("the server holds {held} of them, {} of memory each", size(each)));
    }
    crowd.watches(scene.time(1500, 700));
    scene.tells_deeds(&crowd);
    crowd.resets();
    Verdict::Held
}

fn churn(scene: &mut Scene<'_>) -> Verdict {
    let (wanted, start) = (scene.count(3000, 500), Instant::now());
    let mut refused = 0;
    for number in 0..wanted {
        match scene.target.connect(scene.patience).and_then(Peer::new) {
            Ok(peer) if number % 2 == 0 => peer.resets(),
            // FIN.
            Ok(peer) => drop(peer),
            Err(_) => refused += 1,
        }
        // Whom the server lets wait ten times, it lets all wait.
        if refused > 10 {
            break;
        }
    }
    let per_second = (wanted as f64 / start.elapsed().as_secs_f64()) as usize;
    scene.did =
        format!("{} came and went, {} a second; {refused} not taken", count(wanted), count(per_second));
    scene.tells(&scene.did);
    Verdict::Held
}

#[cfg(target_os = "linux")]
fn famine(scene: &mut Scene<'_>) -> Verdict {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let pid = scene.gauge.pids().first().and_then(|&pid| Pid::from_raw(pid as i32));
    let Some((pid, before)) = pid.zip(scene.gauge.read()) else {
        return Verdict::Open("nobody may look at the server's process".into());
    };
    // Room for the honest client that stays, and for some attackers.
    let lowered = before.descriptors as u64 + 24;
    let usual = rustix::process::getrlimit(Resource::Nofile);
    let limit = |current| prlimit(Some(pid), Resource::Nofile, Rlimit { current, maximum: usual.maximum });
    if limit(Some(lowered)).is_err() {
        return Verdict::Open("the server's descriptor limit cannot be changed".into());
    }
    let mut crowd = scene.connected(60);
    let (start, cpu) = (Instant::now(), scene.gauge.read());
    crowd.watches(scene.time(1000, 600));
    let held = scene.gauge.read();
    scene.tells(format!(
        "{} connections, {lowered} descriptors at most: the server holds {}",
        crowd.peers.len(),
        held.map_or(0, |held| held.descriptors)
    ));
    scene.tells_deeds(&crowd);
    let spun = held.zip(cpu).map_or(0.0, |(now, then)| {
        now.cpu.saturating_sub(then.cpu).as_secs_f64() / start.elapsed().as_secs_f64()
    });
    crowd.resets();
    let restored = limit(usual.current);
    if restored.is_err() {
        return Verdict::Open("the descriptor limit could not be put back".into());
    }
    match spun > 0.8 {
        true => Verdict::Bad(format!("without descriptors it spins: {:.0} % of a core", spun * 100.0)),
        false => Verdict::Held,
    }
}
