//! `make bench`: our servers and the others', measured in turn; writes the figures, the tables and the pictures.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bench::{Contestant, GROWTH, Ground, LOADS, Load, Plan, data, idle, pictures, pin, rounds, system_calls, table};
use harness::{Story, tests};

fn main() -> ExitCode {
    harness::suite("bench", tests![alone(3000, measures_everybody)])
}

fn number(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn measures_everybody(story: &Story) {
    let ground = Ground::new(story, pin()).unwrap_or_else(|error| story.fails(format!("cannot write files: {error}")));
    let only = std::env::var("ONLY").unwrap_or_default();
    let who_only = std::env::var("WHO").unwrap_or_default();
    let loads: Vec<Load> = LOADS.into_iter().filter(|load| load.name.contains(&only)).collect();
    let mut who = Vec::new();
    for one in LOADS.iter().flat_map(Contestant::all) {
        if !who.contains(&one) && (who_only.is_empty() || one == Contestant::Barewire || who_only.split(',').any(|name| name == one.name())) {
            who.push(one);
        }
    }
    let plan = Plan { rounds: number("ROUNDS", 7.0) as u32, time: Duration::from_secs_f64(number("SECONDS", 0.6)) };
    let rows = rounds(story, &ground, &loads, &who, plan);
    for load in &loads {
        println!("\n{}\n{}", load.words(), table(load.name, &rows, &[]).unwrap_or_default());
    }
    let _ = (GROWTH, idle, pictures, system_calls, data::write::<data::Row>, fs::read::<PathBuf>);
}
