//! One attack, from its start to its verdict.

use std::io::Result;
use std::time::{Duration, Instant};

use crate::attacks::Attack;
use crate::crowd::{Crowd, Peer};
use crate::deed::summary;
use crate::gauge::{Gauge, Reading};
use crate::honest::{self, Honest};
use crate::judge::{self, Measured, Verdict};
use crate::options::Options;
use crate::report;
use crate::server::Server;
use crate::talk::Talk;
use crate::target::Target;

/// What an attack has at hand.
pub struct Scene<'a> {
    /// The server, seen from the attackers' address.
    pub target: Target,
    pub gauge: &'a Gauge,
    /// What it cost before anybody came.
    pub before: Option<Reading>,
    /// What has not come by then does not come.
    pub patience: Duration,
    /// How many the connection flood opens.
    pub connections: usize,
    quick: bool,
    /// For the table: what the server did, in a few words.
    pub did: String,
}

/// How one attack went.
pub struct Played {
    pub name: &'static str,
    pub did: String,
    pub measured: Measured,
    pub verdict: Verdict,
}

/// How long an attacker waits for what an honest server gives at once: a handshake, say.
const OPENING: Duration = Duration::from_secs(3);

/// One after the other, until all are played or the server is dead.
pub fn play_all(
    attacks: &[&'static Attack],
    server: &mut Server,
    target: &Target,
    options: &Options,
) -> Vec<Played> {
    let mut results = Vec::new();
    for (number, attack) in attacks.iter().enumerate().filter(|(_, attack)| (attack.applies)(target)) {
        report::opening(attack);
        let played = play(attack, number, server, target, options);
        report::ending(&played);
        results.push(played);
        if server.death().is_some() {
            break;
        }
    }
    results
}

fn play(attack: &Attack, number: usize, server: &mut Server, target: &Target, options: &Options) -> Played {
    let gauge = server.gauge.clone();
    let before = gauge.read();
    let (watch, start) = (gauge.watch(), Instant::now());
    let honest = Honest::begins(target, attack.newcomers);
    let mut scene = Scene {
        target: target.attacked_from(number),
        gauge: &gauge,
        before,
        patience: options.patience,
        connections: if options.quick { options.connections.min(300) } else { options.connections },
        quick: options.quick,
        did: String::new(),
    };
    let verdict = (attack.run)(&mut scene);
    let did = scene.did;
    let took = start.elapsed();
    let used = gauge.read().zip(before).map(|(now, before)| now.cpu.saturating_sub(before.cpu));
    let served = honest.ends();
    let after = settled(&gauge, before, options.patience);
    let measured = Measured { served, before, peak: watch.end(), after, took, cpu: used };
    let verdict = verdict.and(judge::always(&measured, options.memory)).and(aftermath(server, target));
    Played { name: attack.name, did, measured, verdict }
}

/// What is left when all attackers have: waits for it, as long as a deadline may take to end the last of them.
fn settled(gauge: &Gauge, before: Option<Reading>, patience: Duration) -> Option<Reading> {
    let end = Instant::now() + patience + Duration::from_secs(1);
    loop {
        let now = gauge.read();
        match (before, now) {
            (Some(before), Some(now)) if !judge::is_back(before, now) && Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            _ => return now,
        }
    }
}

/// Alive, whole, and serving?
fn aftermath(server: &mut Server, target: &Target) -> Verdict {
    if let Some(death) = server.death() {
        return Verdict::Bad(format!("the server died: {death}"));
    }
    if server.panicked() {
        return Verdict::Bad("a thread of the server panicked".into());
    }
    match honest::newcomer(target) {
        Ok(_) => Verdict::Held,
        Err(error) => Verdict::Bad(format!("afterwards nobody is served any more: {error}")),
    }
}

impl Scene<'_> {
    /// A line of the story.
    pub fn tells(&self, text: impl AsRef<str>) {
        report::line(text.as_ref());
    }

    /// How many; fewer where it shall be quick.
    pub fn count(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// How long; shorter where it shall be quick.
    pub fn time(&self, full: u64, quick: u64) -> Duration {
        Duration::from_millis(if self.quick { quick } else { full })
    }

    /// So many connections, each brought to the point where its attack begins.
    pub fn crowd(&self, count: usize, each: impl Fn(&Target) -> Result<Talk>) -> Crowd {
        let (mut peers, mut missing) = (Vec::new(), Vec::new());
        for _ in 0..count {
            match each(&self.target).and_then(Peer::new) {
                Ok(peer) => peers.push(peer),
                Err(error) => missing.push(error),
            }
            // Whom the server lets wait this long, it lets all wait.
            if missing.len() >= 3 && peers.is_empty() {
                break;
            }
        }
        if let Some(why) = missing.first() {
            self.tells(format!("{} of {count} did not get that far: {why}", count - peers.len()));
        }
        let not_taken = count - peers.len();
        Crowd::of(peers, not_taken)
    }

    /// Fresh connections.
    pub fn connected(&self, count: usize) -> Crowd {
        self.crowd(count, |target| target.connect(OPENING))
    }

    /// WebSockets; in a chat they are all in one room.
    pub fn opened(&self, count: usize) -> Crowd {
        self.crowd(count, |target| target.open("attacked", OPENING))
    }

    /// Each connection sends a byte of the text, again and again, until all have ended or time is up.
    pub fn dribbles(&self, crowd: &mut Crowd, text: &[u8], pause: Duration, most: Duration) {
        let end = Instant::now() + most;
        let mut at = 0;
        while Instant::now() < end && !crowd.all_ended() {
            // The text's end is never reached: its last byte is repeated.
            let byte = &text[at.min(text.len() - 1)..][..1];
            crowd.peers.iter_mut().for_each(|peer| {
                peer.sends(byte);
            });
            at += 1;
            crowd.watches(pause);
        }
    }

    /// Tells what the server did to all of them, for the story and for the table.
    pub fn tells_deeds(&mut self, crowd: &Crowd) {
        let deeds = summary(&crowd.deeds());
        self.tells(format!("the server: {deeds}"));
        self.did = deeds;
    }
}
