//! The chapter's tables, from the figures.

use figures::{aligned, hundredths, table_of, tenths, whole};

use crate::contestant::Contestant;
use crate::data::{Alone, Idle, Place, Row, Share, Wait};
use crate::goals::{Goal, IDLE_BYTES, Ratio, What, goals, idle_bytes, middle, missed, ratio};
use crate::load::{LOADS, Load};
use crate::notes::Notes;

/// The chapter's table of this name: `goals`, `profile`, `idle`, `alone`, `waits`, or a load's.
pub fn table(name: &str, notes: &Notes) -> Option<String> {
    let Notes { rows, idle, profile, alone, waits } = notes;
    match name {
        "goals" => Some(goals_table(rows, idle)),
        "profile" => Some(profile_table(rows, profile)),
        "idle" => Some(idle_table(idle)),
        "alone" => Some(alone_table(alone)),
        "waits" => Some(waits_table(waits)),
        load => LOADS.iter().any(|one| one.name == load).then(|| load_table(load, rows)),
    }
}

fn alone_table(rows: &[Alone]) -> String {
    let mut sizes: Vec<usize> = rows.iter().map(|row| row.size).collect();
    sizes.dedup();
    let heads: Vec<String> = sizes.iter().map(|&size| format!("{} bytes", whole(size as f64))).collect();
    let head: Vec<&str> =
        ["GB/s, and beside the copy"].into_iter().chain(heads.iter().map(String::as_str)).collect();
    let whats = rows.iter().take_while(|row| row.size == rows[0].size).map(|row| &row.what);
    let cell = |what: &String, size: usize| {
        let of = |what: &str| rows.iter().find(|row| row.what == what && row.size == size);
        let both = of(what).zip(of(&rows[0].what));
        both.map_or(NONE.into(), |(row, copy)| {
            format!("{:.1} ({:.2})", row.gigabytes, row.gigabytes / copy.gigabytes)
        })
    };
    let line = |what: &String| {
        [what.clone()].into_iter().chain(sizes.iter().map(|&size| cell(what, size))).collect()
    };
    table_of(&head, whats.map(line))
}

fn waits_table(waits: &[Wait]) -> String {
    table_of(
        &["", "seconds", "at most", "reached"],
        waits.iter().map(|wait| {
            let reached = if wait.seconds <= wait.goal { "yes".into() } else { red("no") };
            vec![wait.what.clone(), format!("{:.1}", wait.seconds), format!("{:.0}", wait.goal), reached]
        }),
    )
}

const NONE: &str = "not measured";
const NOT_PROFILED: &str = "not profiled";

/// The worst first.
fn goals_table(rows: &[Row], idle: &[Idle]) -> String {
    let mut goals = goals(rows);
    let share = |goal: &Goal| goal.is.map_or(0.0, |is| is.median / goal.wanted);
    goals.sort_by(|a, b| share(a).total_cmp(&share(b)));
    let lines = goals.iter().map(|goal| {
        let words =
            LOADS.iter().find(|load| load.name == goal.load).map_or(String::new(), |load| load.words());
        let is = goal.is.map_or(NONE.into(), |is| spread(&is));
        let cells = [
            format!("{words}: {} beside {}", goal.what.words(), goal.beside),
            format!("{:.2}", goal.wanted),
            is,
            if goal.is_reached() { "yes".into() } else { red("[no](#where-the-time-goes)") },
        ];
        cells.to_vec()
    });
    let bytes = idle_bytes(idle, "barewire");
    let memory = [
        "bytes of memory for an idle connection (at most)".into(),
        format!("{IDLE_BYTES:.0}"),
        bytes.map_or(NONE.into(), |bytes| format!("{bytes:.0}")),
        if bytes.is_some_and(|bytes| bytes <= IDLE_BYTES) { "yes".into() } else { red("no") },
    ];
    let memory = (!idle.is_empty()).then(|| memory.to_vec());
    table_of(&["goal", "wanted", "is", "reached"], lines.chain(memory))
}

/// book.css makes it red.
fn red(word: &str) -> String {
    format!("<span class=\"missed\">{word}</span>")
}

/// One line for each load of which a goal is missed.
fn profile_table(rows: &[Row], profile: &[Share]) -> String {
    let head = ["load", "kernel", "our program", "C library", "the largest functions, in percent"];
    let line = |load: &Load| {
        let of: Vec<&Share> = profile.iter().filter(|share| share.load == load.name).collect();
        let (places, functions): (Vec<&Share>, Vec<&Share>) =
            of.iter().partition(|share| share.function.is_empty());
        let all: u64 = places.iter().map(|share| share.samples).sum();
        if all == 0 {
            let nothing = std::iter::repeat_n(String::new(), head.len() - 2);
            return [load.words(), NOT_PROFILED.into()].into_iter().chain(nothing).collect();
        }
        let percent = |samples: u64| 100.0 * samples as f64 / all as f64;
        let place = |place| {
            let samples = places.iter().find(|share| share.place == place).map_or(0, |share| share.samples);
            format!("{} %", whole(percent(samples)))
        };
        let largest = |place| {
            let functions = functions.iter().filter(|share| share.place == place);
            let words: Vec<String> = functions
                .map(|share| format!("`{}` {}", share.function, tenths(percent(share.samples))))
                .collect();
            words.join(", ")
        };
        let places = [Place::Kernel, Place::Program, Place::Library].map(place);
        let functions = [Place::Program, Place::Kernel].map(largest).join("; in the kernel ");
        [load.words()].into_iter().chain(places).chain([functions]).collect()
    };
    aligned(&head, "lrrrl", missed(rows).iter().map(line))
}

fn spread(ratio: &Ratio) -> String {
    format!("{:.2} ({:.2} to {:.2})", ratio.median, ratio.least, ratio.most)
}

fn load_table(load: &str, rows: &[Row]) -> String {
    let head = [
        "ours beside",
        "rate",
        "processor time",
        "delay, median",
        "delay, p99",
        "its system calls an answer",
    ];
    let mut others: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| row.load == load) {
        if !others.contains(&row.who.as_str()) {
            others.push(&row.who);
        }
    }
    table_of(
        &head,
        others.into_iter().map(|who| {
            let calls = calls(rows, load, who).map_or(NONE.into(), hundredths);
            if who == Contestant::Barewire.name() {
                return vec![who.into(), "1".into(), "1".into(), "1".into(), "1".into(), calls];
            }
            let ratio = |what| ratio(rows, load, who, what).map_or(NONE.into(), |is| spread(&is));
            let delay = |of: fn(&Row) -> f64| {
                let other = of_all(rows, load, who, of)?;
                Some(hundredths(other / of_all(rows, load, Contestant::Barewire.name(), of)?))
            };
            vec![
                who.into(),
                ratio(What::Rate),
                ratio(What::Processor),
                delay(|row| row.median_us).unwrap_or(NONE.into()),
                delay(|row| row.p99_us).unwrap_or(NONE.into()),
                calls,
            ]
        }),
    )
}

fn calls(rows: &[Row], load: &str, who: &str) -> Option<f64> {
    let row = rows.iter().find(|row| row.load == load && row.who == who && row.calls.is_some())?;
    Some(row.calls? as f64 / row.answers as f64)
}

/// The median over the rounds.
fn of_all(rows: &[Row], load: &str, who: &str, of: fn(&Row) -> f64) -> Option<f64> {
    let timed = rows.iter().filter(|row| row.load == load && row.who == who && row.calls.is_none());
    let mut all: Vec<f64> = timed.map(of).collect();
    all.sort_by(f64::total_cmp);
    (!all.is_empty()).then(|| middle(&all))
}

fn idle_table(rows: &[Idle]) -> String {
    let ours = rows.iter().find(|row| row.who == Contestant::Barewire.name());
    table_of(
        &[
            "",
            "memory for each",
            "beside ours",
            "time to come, beside ours",
            "processor time for that, beside ours",
        ],
        rows.iter().map(|row| {
            let times = |of: fn(&Idle) -> Option<f64>| {
                let ratio = of(row).zip(ours.and_then(of)).map(|(its, ours)| its / ours);
                ratio.map_or(NONE.into(), hundredths)
            };
            vec![
                row.who.clone(),
                format!("{} bytes", whole(row.memory as f64 / row.connections as f64)),
                times(|row| Some(row.memory as f64)),
                times(|row| Some(row.seconds)),
                times(|row| row.processor_us),
            ]
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(load: &str, who: &str, answers: u64) -> Row {
        Row {
            load: load.into(),
            who: who.into(),
            answers,
            seconds: 1.0,
            processor_us: Some(1.0),
            ..Row::default()
        }
    }

    #[test]
    fn a_missed_goal_has_its_profile_or_says_that_it_has_none() {
        let missed =
            ["hello", "file-1k"].iter().flat_map(|load| [row(load, "barewire", 1), row(load, "nginx", 2)]);
        let reached = [row("file-100k", "barewire", 4), row("file-100k", "nginx", 2)];
        let rows: Vec<Row> = missed.chain(reached).collect();
        let share = |load: &str, place, function: &str, samples| Share {
            load: load.into(),
            place,
            function: function.into(),
            samples,
        };
        let profile = [
            share("hello", Place::Kernel, "", 600),
            share("hello", Place::Program, "", 300),
            share("hello", Place::Library, "", 100),
            share("hello", Place::Program, "a::b", 205),
            share("hello", Place::Program, "c", 50),
            share("hello", Place::Kernel, "tcp_ack", 66),
            share("file-100k", Place::Kernel, "", 1),
        ];
        let notes = Notes { rows, profile: profile.into(), ..Notes::default() };
        let table = |name| table(name, &notes).expect("there is one");
        let lines: Vec<String> = table("profile").lines().skip(2).map(str::to_owned).collect();
        let hello = "| HTTP, a small answer, 100 connections | 60 % | 30 % | 10 % | `a::b` 20.5, `c` 5.0; in the kernel `tcp_ack` 6.6 |";
        assert_eq!(lines, [hello, "| HTTP, a file of 1 KiB, 100 connections | not profiled |  |  |  |"]);
        let linked = table("goals").matches("[no](#where-the-time-goes)").count();
        assert_eq!(linked, 4, "rate and processor time of two loads");
    }
}
