//! A hostile client for any rung, or any server on this machine: `make attack`.
//!
//! One attack after the other. Each tells what the client did, what the server did and when, what that cost the server,
//! and whether an honest client was served meanwhile. `notes/attack.md` explains them.
//!
//! 1. `options.rs`, `server.rs`, `gauge.rs`: whom to attack, how it is started, what it costs.
//! 2. `talk.rs`, `target.rs`, `probe.rs`: one connection; what the server speaks; how that is found out.
//! 3. `honest.rs`: the client that must be served whatever happens.
//! 4. `crowd.rs`, `deed.rs`: many hostile connections, and what the server did to each.
//! 5. `scene.rs`, `judge.rs`, `report.rs`: one attack from its start to its verdict, and the table of all.
//! 6. `attacks/`: the attacks.

mod attacks;
mod crowd;
mod deed;
mod gauge;
mod honest;
mod judge;
mod options;
mod probe;
mod report;
mod scene;
mod server;
mod talk;
mod target;

use std::process::ExitCode;

use options::{Options, Wanted};

fn main() -> ExitCode {
    let options = match Options::read(lexopt::Parser::from_env()) {
        Ok(Wanted::Help) => return report::print(options::HELP),
        Ok(Wanted::List) => return report::print(&attacks::list()),
        Ok(Wanted::Attack(options)) => options,
        Err(error) => {
            eprintln!("attack: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("attack: {error}");
            ExitCode::from(2)
        }
    }
}

/// Everything, from the start of the server to the verdict: true when it stood.
fn run(options: &Options) -> Result<bool, String> {
    let chosen = attacks::chosen(&options.only)?;
    harness::raise_descriptor_limit();
    let mut server = server::Server::reach(options)?;
    println!("{}", server.introduction());
    let target = probe::probe(&server, options)?;
    println!("{}", target.introduction());
    let results = scene::play_all(&chosen, &mut server, &target, options);
    Ok(report::closing(&results, &mut server, &target))
}
