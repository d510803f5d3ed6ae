//! Changes to a rung's code that its tests do not notice: looked for, and compared with the list of those that have a
//! reason. notes/survivors.md says how it is used.

mod list;
mod mutant;
mod record;
mod run;
mod verdict;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};

use list::List;
use mutant::{Fate, Fates, Mutant};
use record::Record;
use verdict::Verdict;

/// What went wrong, in a line for whoever called.
pub type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "\
survivors                 whether the lists agree with the sources, what the last runs found, what was not tried since
survivors RUNG            tries the changes to files whose code is not what it was, and those in the list, and judges
  --all                   tries every change
  --outcome DIR           tries nothing, and judges what `cargo mutants --output DIR` found; may be given several times
";

fn main() -> ExitCode {
    match start() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

fn start() -> Result<bool, Failure> {
    let (mut rung, mut all, mut outcomes) = (None, false, Vec::new());
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(word) if rung.is_none() => rung = Some(word.string()?),
            Arg::Long("all") => all = true,
            Arg::Long("outcome") => outcomes.push(PathBuf::from(parser.value()?)),
            Arg::Short('h') | Arg::Long("help") => {
                print!("{USAGE}");
                return Ok(true);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    match rung {
        Some(rung) => look_for_survivors(&root, &rung, all, &outcomes),
        None => compare(&root),
    }
}

/// The cheap half: no change is tried.
fn compare(root: &Path) -> Result<bool, Failure> {
    let records = record::read(root)?;
    let mut agree = true;
    for rung in list::rungs(root)? {
        let list = List::read(root, &rung)?;
        for wrong in list.disagreements(root, &rung) {
            println!("{rung}: {wrong}");
            agree = false;
        }
        let files = record::files(root, &rung, &list)?;
        let tried = records.get(&rung).into_iter().flatten();
        println!(
            "{rung}: {}",
            Record::sum(tried.filter(|(file, _)| files.contains_key(*file)).map(|(_, it)| it))
        );
        let untried = record::untried(&records, &rung, &files);
        if !untried.is_empty() {
            println!("{rung}: NOT TRIED, or not since their code was changed: {}", untried.join(", "));
            println!("{rung}: make cargo-mutants STEP={rung} tries them");
        }
    }
    Ok(agree)
}

fn look_for_survivors(root: &Path, rung: &str, all: bool, outcomes: &[PathBuf]) -> Result<bool, Failure> {
    let list = List::read(root, rung)?;
    let mut records = record::read(root)?;
    // Taken now: whoever edits while it runs gets no record of what was not tried.
    let files = record::files(root, rung, &list)?;
    let untried = record::untried(&records, rung, &files);
    let mutants = run::all(root, rung, &list)?;
    let wanted: Vec<&Mutant> = mutants
        .iter()
        .filter(|mutant| {
            all || untried.contains(&mutant.file) || list.explained.iter().any(|entry| mutant.is(entry))
        })
        .collect();
    let fates = if !outcomes.is_empty() {
        let mut fates = Fates::new();
        for out in outcomes {
            fates.extend(mutant::fates(&run::outcomes(out))?);
        }
        fates
    } else if wanted.is_empty() {
        Fates::new()
    } else {
        println!("{rung}: {} of {} changes are tried", wanted.len(), mutants.len());
        run::unit_tests(root, rung, &list, &wanted)?
    };
    let verdict = verdict::judge(&mutants, &fates, &list);
    let unnoticed = run::other_tests(root, rung, &list, &verdict.explained)?;
    tell(&verdict, &unnoticed);
    let good = verdict.unexplained.is_empty() && verdict.out_of_date.is_empty() && unnoticed.is_empty();

    let records_of_rung = records.entry(rung.to_string()).or_default();
    records_of_rung.retain(|file, _| files.contains_key(file));
    for (file, code) in files {
        let of_file = |mutant: &&Mutant| mutant.file == file;
        let is_whole = mutants.iter().filter(of_file).all(|mutant| fates.contains_key(&mutant.name));
        if is_whole && !verdict.unexplained.iter().any(|mutant| mutant.file == file) {
            records_of_rung
                .insert(file.clone(), summed(code, mutants.iter().filter(of_file), &fates, &verdict));
        }
    }
    println!("\n{rung}: {}", Record::sum(records_of_rung.values()));
    if good {
        record::write(root, &records)?;
    } else {
        println!(
            "{rung}: {} that nobody notices, {} out of date, {} not as the list says",
            verdict.unexplained.len(),
            verdict.out_of_date.len(),
            unnoticed.len()
        );
    }
    Ok(good)
}

fn summed<'a>(
    code: String,
    mutants: impl Iterator<Item = &'a Mutant>,
    fates: &Fates,
    verdict: &Verdict<'_>,
) -> Record {
    let mut record = Record { code, ..Record::default() };
    let seen_by: BTreeMap<&str, bool> = verdict
        .explained
        .iter()
        .map(|(mutant, entry)| (mutant.name.as_str(), entry.seen_by.is_some()))
        .collect();
    for mutant in mutants {
        record.mutants += 1;
        match (fates.get(&mutant.name), seen_by.get(mutant.name.as_str())) {
            (Some(Fate::Caught), _) => record.caught += 1,
            (Some(Fate::TimedOut), _) => record.timed_out += 1,
            (Some(Fate::Unviable), _) => record.unviable += 1,
            (_, Some(true)) => record.seen_by_others += 1,
            (_, _) => record.explained += 1,
        }
    }
    record
}

fn tell(verdict: &Verdict<'_>, unnoticed: &[String]) {
    for mutant in &verdict.unexplained {
        println!("\nNobody notices: {}", mutant.name);
        println!("    line = '''{}'''", mutant.line);
        if mutant.place > 1 {
            println!("    place = {}", mutant.place);
        }
    }
    for entry in &verdict.out_of_date {
        println!("\nOut of date: {}: {}, line `{}`", entry.file, entry.change, entry.line);
        println!("    no such change survives any more: take it out of the list");
    }
    for unnoticed in unnoticed {
        println!("\nNot as the list says: {unnoticed}");
    }
}
