//! What the figures must be, each as a ratio within a run. A goal that is missed is shown; no goal is lowered.

use crate::contestant::Contestant;
use crate::data::{Idle, Row};
use crate::load::{LOADS, Load, Talk};

/// Bytes of the server's memory for each idle connection of the echo of rung 10.
pub const IDLE_BYTES: f64 = 64.0;

/// A ratio over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The median.
    pub median: f64,
    /// The smallest of all rounds,
    pub least: f64,
    /// and the largest.
    pub most: f64,
}

/// What one goal asks, and what is.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The load's name.
    pub load: &'static str,
    /// Beside whom.
    pub beside: &'static str,
    /// What is compared.
    pub what: What,
    /// Ours must be at least so many times as good.
    pub wanted: f64,
    /// `None`: was not measured.
    pub is: Option<Ratio>,
}

/// What is compared. More than one is better for us, with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Our rate, divided by the other's.
    Rate,
    /// The other's processor time for an answer, divided by ours.
    Processor,
}

impl What {
    fn of(self, ours: &Row, other: &Row) -> Option<f64> {
        match self {
            What::Rate => Some(ours.rate() / other.rate()),
            What::Processor => Some(other.cost()? / ours.cost()?),
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            What::Rate => "rate",
            What::Processor => "processor time",
        }
    }
}

/// The ratio of ours to another's in each round, and what they make together.
pub fn ratio(rows: &[Row], load: &str, other: &str, what: What) -> Option<Ratio> {
    let of = |who: &'static str| {
        let who = who.to_owned();
        move |row: &&Row| row.load == load && row.who == who && row.calls.is_none()
    };
    let ours = rows.iter().filter(of(Contestant::Barewire.name()));
    let mut ratios: Vec<f64> = ours
        .filter_map(|ours| {
            let same = |row: &&Row| {
                row.load == load && row.who == other && row.round == ours.round && row.calls.is_none()
            };
            what.of(ours, rows.iter().find(same)?)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let (&least, &most) = (ratios.first()?, ratios.last()?);
    Some(Ratio { median: middle(&ratios), least, most })
}

/// The middle of sorted numbers, of which there is at least one.
pub fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[half - 1] + sorted[half]) / 2.0 } else { sorted[half] }
}

/// All goals that are ratios.
pub fn goals(rows: &[Row]) -> Vec<Goal> {
    LOADS
        .iter()
        .filter(|load| rows.iter().any(|row| row.load == load.name))
        .flat_map(|load| wanted(load).into_iter().map(move |goal| (load, goal)))
        .map(|(load, (beside, what, wanted))| Goal {
            load: load.name,
            beside,
            what,
            wanted,
            is: ratio(rows, load.name, beside, what),
        })
        .collect()
}

fn wanted(load: &Load) -> Vec<(&'static str, What, f64)> {
    let nginx = |least| vec![("nginx", What::Rate, least), ("nginx", What::Processor, least)];
    match (load.talk, load.depth) {
        (Talk::Hello, 1) => nginx(1.15),
        (Talk::Hello, _) => nginx(14.0),
        (Talk::File(..10_000), _) => nginx(1.7),
        (Talk::File(_), _) => nginx(1.2),
        (talk @ (Talk::Echo(_) | Talk::All(_)), _) => {
            let peers = crate::contestant::WEBSOCKET;
            let ahead =
                peers.iter().flat_map(|&peer| [(peer, What::Rate, 1.0), (peer, What::Processor, 1.0)]);
            // Within a tenth of what costs nothing at all.
            let floor = [("floor", What::Rate, 0.9), ("floor", What::Processor, 0.9)];
            let small = matches!(talk, Talk::Echo(..=125));
            ahead.chain(floor.into_iter().filter(|_| small)).collect()
        }
    }
}

impl Goal {
    /// Whether it is reached. What was not measured is not.
    pub fn is_reached(&self) -> bool {
        self.is.is_some_and(|is| is.median >= self.wanted)
    }
}

/// The loads of which a goal is missed.
pub fn missed(rows: &[Row]) -> Vec<Load> {
    let goals = goals(rows);
    let missed = |load: &&Load| goals.iter().any(|goal| goal.load == load.name && !goal.is_reached());
    LOADS.iter().filter(missed).copied().collect()
}

/// Bytes for each idle connection of one contestant.
pub fn idle_bytes(rows: &[Idle], who: &str) -> Option<f64> {
    let row = rows.iter().find(|row| row.who == who)?;
    Some(row.memory as f64 / row.connections as f64)
}
