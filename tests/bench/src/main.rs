//! `make bench`: our servers and other people's, in turn. Prints the tables, and writes them where the chapter shows them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bench::data::Share;
use bench::{
    Contestant, GROWTH, Ground, LOADS, Load, Notes, Plan, alone, goals, idle, missing, no_profiler, pin,
    profile, rounds, system_calls,
};
use harness::{Story, tests};

fn main() -> ExitCode {
    if std::env::var("SHOW").is_ok_and(|show| show == "1") {
        return harness::suite("bench", tests![what_was_measured_is_shown_anew]);
    }
    // Before the clock runs.
    for program in ["05-keep-alive/hello", "06-files", "10-messages", "11-rooms/relay", "12-guard"] {
        if let Err(error) = harness::binary(program, true) {
            eprintln!("{error}\nerror: {program} does not build");
            return ExitCode::from(101);
        }
    }
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "1") {
        return harness::suite("bench", tests![alone(300, missed_goals_are_profiled)]);
    }
    harness::suite("bench", tests![alone(3000, everybody_is_measured)])
}

fn what_was_measured_is_shown_anew(story: &Story) {
    let notes = home().join("notes");
    let written = Notes::read(&notes).and_then(|measured| measured.write(&notes));
    written.unwrap_or_else(|error| story.fails(format!("cannot show the figures: {error}")));
}

/// Only that: whose goal is missed stands in the notes.
fn missed_goals_are_profiled(story: &Story) {
    let (wish, path) = (Wish::from_environment(), home().join("notes"));
    let mut notes = Notes::read(&path).unwrap_or_else(|error| story.fails(format!("the figures: {error}")));
    if let Some(why) = no_profiler(story) {
        story.fails(format!("nothing can be profiled: {why}"));
    }
    let missed = goals::missed(&notes.rows);
    let loads: Vec<Load> = missed.iter().copied().filter(|load| wish.wants(load)).collect();
    let ground = ground(story);
    let of = |loads: &[Load], share: &Share| loads.iter().any(|load| load.name == share.load);
    notes.profile.retain(|share| of(&missed, share) && !of(&loads, share));
    notes.profile.extend(profile(story, &ground, &loads));
    notes.profile.sort_by_key(|share| missed.iter().position(|load| load.name == share.load));
    println!("\n{}", notes.profile_text());
    if wish.writes {
        let written = notes.write(&path);
        written.unwrap_or_else(|error| story.fails(format!("cannot write the notes: {error}")));
    }
}

/// Servers on one core, the generator on the other, where there are two.
fn ground(story: &Story) -> Ground {
    let core = pin();
    if core.is_none() {
        println!(
            "\nservers and generator share their cores here: the rates say little, the processor times more"
        );
    }
    let ground = Ground::new(story, core, true);
    ground.unwrap_or_else(|error| story.fails(format!("cannot write the files: {error}")))
}

/// Connections that do nothing.
const IDLE: usize = 10_000;

fn everybody_is_measured(story: &Story) {
    let wish = Wish::from_environment();
    let missing = missing();
    missing.iter().for_each(|one| println!("\nis missing, and not measured: {one}"));
    let who = wish.contestants(&missing);
    let no_profiler = no_profiler(story);
    no_profiler.iter().for_each(|why| println!("\nno missed goal is profiled: {why}"));
    let loads = |all: &[Load]| all.iter().copied().filter(|load| wish.wants(load)).collect::<Vec<_>>();
    let ground = ground(story);

    let round = |number| eprintln!("round {number}");
    let measured = rounds(story, &ground, (&loads(&LOADS), &who), wish.plan, round);
    let mut notes = Notes { rows: measured, ..Notes::default() };
    notes.rows.extend(system_calls(story, &ground, &loads(&LOADS), &who));
    if no_profiler.is_none() {
        notes.profile = profile(story, &ground, &goals::missed(&notes.rows));
    }
    let few = Plan { rounds: wish.plan.rounds.min(3), ..wish.plan };
    notes.rows.extend(rounds(story, &ground, (&loads(&GROWTH), &who), few, round));
    if "idle".contains(&wish.only) {
        notes.alone = alone();
        notes.idle = idle(story, &ground, IDLE, &who);
    }
    println!("\n{}", notes.text());
    if wish.writes {
        if !missing.is_empty() || !wish.only.is_empty() || !wish.who.is_empty() {
            story.fails("what the notes show is everything beside everybody: nothing was written");
        }
        // Measured elsewhere, by `make waits`.
        notes.waits = Notes::read(&home().join("notes")).map(|before| before.waits).unwrap_or_default();
        let written = notes.write(&home().join("notes"));
        written.unwrap_or_else(|error| story.fails(format!("cannot write the notes: {error}")));
    }
}

/// What is asked for, in the environment: the Makefile says it so.
struct Wish {
    plan: Plan,
    /// A part of a load's name.
    only: String,
    /// Names, with commas between them; empty: all.
    who: String,
    writes: bool,
}

impl Wish {
    fn from_environment() -> Wish {
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let number = |name: &str, usual: f64| text(name).parse().unwrap_or(usual);
        Wish {
            plan: Plan {
                rounds: number("BENCH_ROUNDS", 7.0) as u32,
                time: Duration::from_secs_f64(number("BENCH_SECONDS", 0.6)),
            },
            only: text("ONLY"),
            who: text("WHO"),
            writes: text("WRITE") == "1",
        }
    }

    fn wants(&self, load: &Load) -> bool {
        load.name.contains(&self.only)
    }

    /// Ours are always there.
    fn contestants(&self, missing: &[String]) -> Vec<Contestant> {
        let mut who: Vec<Contestant> = Vec::new();
        for one in LOADS.iter().flat_map(Contestant::all) {
            let wanted = self.who.is_empty() || self.who.split(',').any(|name| name == one.name());
            let there = !missing.iter().any(|missing| missing.split(':').next() == Some(one.name()));
            if !who.contains(&one) && (one == Contestant::Barewire || wanted && there) {
                who.push(one);
            }
        }
        who
    }
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
