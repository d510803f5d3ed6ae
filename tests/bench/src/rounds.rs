//! All servers up, and rounds that visit each of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use harness::{Server, Story};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::contestant::{Contestant, Ground};
use crate::cost::{Calls, processor};
use crate::data::{Idle, Row, Share};
use crate::generator::Generator;
use crate::load::{Load, Talk};
use crate::profile::Profiler;
use crate::script::Script;

/// So long are system calls counted, at some thousand in a second.
const STRACED: Duration = Duration::from_millis(500);

/// And so long is a server profiled.
const PROFILED: Duration = Duration::from_secs(3);

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How often each server is visited with each load.
    pub rounds: u32,
    /// How long it is measured each time.
    pub time: Duration,
}

/// The generator runs on the last core and the servers on the first: which one that is, where there are two.
pub fn pin() -> Option<usize> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        return None;
    }
    let mut last = CpuSet::new();
    last.set(cores - 1);
    sched_setaffinity(None, &last).ok().map(|()| 0)
}

/// The servers that are up, by the contestant's name and by what they serve.
type Servers = BTreeMap<(&'static str, String), Server>;

/// Measures each load with each of its contestants, round by round.
///
/// `tell` hears after each round how many are done. The story fails where an answer is wrong.
pub fn rounds(
    story: &Story,
    ground: &Ground,
    (loads, who): (&[Load], &[Contestant]),
    plan: Plan,
    tell: impl Fn(u32),
) -> Vec<Row> {
    let servers = start(story, ground, loads, who);
    let mut rows = Vec::new();
    for round in 0..plan.rounds {
        for load in loads {
            let mut contestants = contestants(load, who);
            // Not always the same one behind the same one.
            let first = round as usize % contestants.len().max(1);
            contestants.rotate_left(first);
            for one in contestants {
                let row = visit(*load, one, &servers[&(one.name(), one.serves(load))], plan.time);
                let row =
                    row.unwrap_or_else(|why| story.fails(format!("{}, {}: {why}", one.name(), load.name)));
                rows.push(Row { round, ..row });
            }
        }
        tell(round + 1);
    }
    rows
}

fn contestants(load: &Load, who: &[Contestant]) -> Vec<Contestant> {
    Contestant::all(load).into_iter().filter(|one| who.contains(one)).collect()
}

fn start(story: &Story, ground: &Ground, loads: &[Load], who: &[Contestant]) -> Servers {
    let mut servers = Servers::new();
    for load in loads {
        for one in contestants(load, who) {
            let key = (one.name(), one.serves(load));
            servers.entry(key).or_insert_with(|| ground.starts(story, one, load));
        }
    }
    servers
}

fn visit(load: Load, one: Contestant, server: &Server, time: Duration) -> Result<Row, String> {
    let mut generator = Generator::new(load, server.address(), one.is_bare(&load))?;
    let mut costs = Vec::new();
    let measured = generator.runs(time, || costs.push(processor(server)))?;
    generator.ends()?;
    let processor = match costs[..] {
        [Some(before), Some(after)] => Some(after - before),
        _ => None,
    };
    let quantile = |share: f64| measured.delays.value_at_quantile(share) as f64 / 1e3;
    Ok(Row {
        load: load.name.into(),
        who: one.name().into(),
        round: 0,
        answers: measured.answers,
        seconds: measured.time.as_secs_f64(),
        processor_us: processor.map(|time| time.as_secs_f64() * 1e6),
        median_us: quantile(0.5),
        p99_us: quantile(0.99),
        calls: None,
    })
}

/// The same once more under strace: rows that count system calls, and no time.
pub fn system_calls(story: &Story, ground: &Ground, loads: &[Load], who: &[Contestant]) -> Vec<Row> {
    let servers = start(story, ground, loads, who);
    let mut rows = Vec::new();
    for load in loads {
        for one in contestants(load, who) {
            let server = &servers[&(one.name(), one.serves(load))];
            let counted = (|| {
                let mut generator = Generator::new(*load, server.address(), one.is_bare(load))?;
                let strace = Calls::of(story, server);
                let answers = generator.counts(STRACED)?;
                let (calls, _) = strace.end();
                generator.ends()?;
                Ok((answers, calls))
            })();
            let (answers, calls): (u64, u64) = counted
                .unwrap_or_else(|why: String| story.fails(format!("{}, {}: {why}", one.name(), load.name)));
            let (load, who) = (load.name.into(), one.name().into());
            rows.push(Row { load, who, answers, calls: Some(calls), ..Row::default() });
        }
    }
    rows
}

/// Ours once more with each load under perf: where its time goes. A load that gives no profile is told.
pub fn profile(story: &Story, ground: &Ground, loads: &[Load]) -> Vec<Share> {
    let one = Contestant::Barewire;
    let servers = start(story, ground, loads, &[one]);
    let mut shares = Vec::new();
    for load in loads {
        let serves = one.serves(load);
        let server = &servers[&(one.name(), serves.clone())];
        let profiled = (|| {
            let mut generator = Generator::new(*load, server.address(), one.is_bare(load))?;
            let profiler = Profiler::of(story, server);
            generator.counts(PROFILED)?;
            // `05-keep-alive/hello` is a program that is called `hello`.
            let profile = profiler.end(serves.rsplit('/').next().unwrap_or_default());
            generator.ends()?;
            Ok(profile)
        })();
        let profiled: Result<Vec<Share>, String> =
            profiled.unwrap_or_else(|why: String| story.fails(format!("{}, profiled: {why}", load.name)));
        match profiled {
            Ok(profile) => {
                shares.extend(profile.into_iter().map(|share| Share { load: load.name.into(), ..share }));
            }
            Err(why) => println!("\n{} is not profiled: {why}", load.name),
        }
    }
    shares
}

/// Ten thousand connections that do nothing: what the server keeps for each, and how long they take to come.
pub fn idle(story: &Story, ground: &Ground, connections: usize, who: &[Contestant]) -> Vec<Idle> {
    let load = Load { name: "idle", talk: Talk::Echo(20), connections, depth: 1 };
    let guarded = who.contains(&Contestant::Barewire).then_some(Contestant::Guarded);
    let mut rows = Vec::new();
    for one in contestants(&load, who).into_iter().chain(guarded) {
        let server = ground.starts(story, one, &load);
        let measured = (|| {
            let host = server.address().to_string();
            let script = match one {
                Contestant::Guarded => Script::guarded(&host, &ground.token()?, 20),
                _ => Script::new(&load, one.is_bare(&load), &host),
            };
            let (memory, cost, begin) = (server.memory_rss(), processor(&server), Instant::now());
            let generator = Generator::with(load, server.address(), script)?;
            let (took, cost) =
                (begin.elapsed(), processor(&server).zip(cost).map(|(after, before)| after - before));
            let memory = server.memory_rss().saturating_sub(memory);
            // Rung 12 has sent a Ping to somebody by now.
            if one != Contestant::Guarded {
                generator.ends()?;
            }
            Ok(Idle {
                who: one.name().into(),
                connections,
                memory,
                seconds: took.as_secs_f64(),
                processor_us: cost.map(|time| time.as_secs_f64() * 1e6),
            })
        })();
        rows.push(measured.unwrap_or_else(|why: String| story.fails(format!("{}, idle: {why}", one.name()))));
    }
    rows
}
