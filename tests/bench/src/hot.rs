//! The paths that every message takes, and nothing else: for callgrind, which counts instructions, and for a profiler.
//!
//! `hot NAME COUNT` goes that way so often. Instructions are the same each time, whatever else the machine does; so two
//! runs with different counts say what one message costs, and a check can compare it with what it cost before.

use std::hint::black_box;
use std::process::ExitCode;

use bench::ways::{WAYS, way};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &arguments[..] else {
        eprintln!("hot NAME COUNT; the names are {}", WAYS.map(|(name, _)| name).join(", "));
        return ExitCode::from(2);
    };
    let (Some(go), Ok(count)) = (way(name), count.parse::<usize>()) else {
        eprintln!("hot: there is no way {name:?}, or {count:?} is no number");
        return ExitCode::from(2);
    };
    black_box(go(count));
    ExitCode::SUCCESS
}
