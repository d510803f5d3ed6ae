//! What is printed: each attack's story, the table of all, the verdict.

use std::io::Write;
use std::process::ExitCode;

use crate::attacks::Attack;
use crate::deed::{size, time};
use crate::honest;
use crate::judge::Verdict;
use crate::scene::Played;
use crate::server::Server;
use crate::target::Target;

/// The width of the table's column with the deeds.
const DEEDS: usize = 58;

/// A text as it is, and success: a pipe that nobody reads any more is no failure.
pub fn print(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// The head of a story.
pub fn opening(attack: &Attack) {
    println!("\n{}\n  {}", attack.name, attack.does);
}

/// A line of it.
pub fn line(text: &str) {
    println!("  {text}");
}

/// Its end: what it cost, who was served, the verdict.
pub fn ending(played: &Played) {
    let measured = &played.measured;
    let served = &measured.served;
    match (served.median(), served.worst()) {
        (Some(median), Some(worst)) => line(&format!(
            "honest client: {} of {} questions answered, median {}, worst {}",
            served.delays.len(),
            served.delays.len() + served.failures.len(),
            time(median),
            time(worst),
        )),
        _ if served.failures.is_empty() => line("honest client: had nothing to ask meanwhile"),
        _ => line(&format!("honest client: none of {} questions answered", served.failures.len())),
    }
    if let (Some(before), Some(after)) = (measured.before, measured.after) {
        let cpu = measured.cpu.map_or(0.0, |cpu| cpu.as_secs_f64() / measured.took.as_secs_f64() * 100.0);
        line(&format!(
            "memory {} -> {} at most -> {}; descriptors {} -> {}; {cpu:.0} % of a core, {}",
            size(before.memory),
            size(measured.peak.max(before.memory)),
            size(after.memory),
            before.descriptors,
            after.descriptors,
            time(measured.took),
        ));
    }
    match &played.verdict {
        Verdict::Held => line("held"),
        Verdict::Open(why) => line(&format!("open: {why}")),
        Verdict::Bad(why) => line(&format!("BAD: {why}")),
    }
}

/// The table and the verdict; true when the server stood.
pub fn closing(results: &[Played], server: &mut Server, target: &Target) -> bool {
    println!("\n{:<22} {:<DEEDS$} {:>9} {:>10}", "attack", "what the server did", "honest", "memory");
    for played in results {
        let grown = played.measured.before.map(|before| played.measured.peak.saturating_sub(before.memory));
        let mark = match played.verdict {
            Verdict::Held => "",
            Verdict::Open(_) => "  open",
            Verdict::Bad(_) => "  BAD",
        };
        println!(
            "{:<22} {:<DEEDS$} {:>9} {:>10}{mark}",
            played.name,
            cut(&played.did),
            played.measured.served.worst().map_or("-".into(), time),
            grown.map_or("?".into(), |grown| format!("+{}", size(grown))),
        );
    }
    println!(
        "(honest: the longest that an honest client waited meanwhile; memory: the most above that before)\n"
    );
    let bad: Vec<&Played> = results.iter().filter(|played| played.verdict.is_bad()).collect();
    let open = results.iter().filter(|played| matches!(played.verdict, Verdict::Open(_))).count();
    for played in &bad {
        if let Verdict::Bad(why) = &played.verdict {
            println!("{}: {why}", played.name);
        }
    }
    if let Some(death) = server.death() {
        println!(
            "verdict: {} died of {}: {death}",
            server.name,
            results.last().map_or("the start", |last| last.name)
        );
        print!("{}", server.last_lines());
        return false;
    }
    if results.is_empty() {
        println!("verdict: none of these attacks applies to what {} speaks", server.name);
        return true;
    }
    let (count, name) = (results.len(), &server.name);
    match (bad.len(), honest::newcomer(target)) {
        (0, Ok(delay)) => {
            let flank = if open == 0 { String::new() } else { format!(", {open} open") };
            println!(
                "verdict: {name} stood: {count} attacks, {} held{flank}; it still serves, in {}",
                count - open,
                time(delay)
            );
            true
        }
        (_, Ok(delay)) => {
            println!(
                "verdict: {name} did NOT stand: {} of {count} attacks went badly; it still serves, in {}",
                bad.len(),
                time(delay)
            );
            print!("{}", server.last_lines());
            false
        }
        (_, Err(error)) => {
            println!("verdict: {name} does NOT serve any more: {error}");
            print!("{}", server.last_lines());
            false
        }
    }
}

/// So that the columns stand under each other.
fn cut(text: &str) -> String {
    match text.char_indices().nth(DEEDS - 2) {
        Some((at, _)) => format!("{}..", &text[..at]),
        None => text.to_string(),
    }
}
