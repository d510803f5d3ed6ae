//! One change to the code, and what became of it, as cargo-mutants tells it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Failure;
use crate::list::Explained;

/// One change.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The full name, with line and column, as `cargo mutants --re` takes it.
    pub name: String,
    /// `src/mask.rs`, from the rung's folder on.
    pub file: String,
    /// The name without its place: `replace % with / in rotated`.
    pub change: String,
    /// The line in which it begins, without the white space around it.
    pub line: String,
    /// Which of the same changes in the same line it is, counted from 1 down the file.
    pub place: usize,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A test failed.
    Caught,
    /// The tests did not end: that is noticed too.
    TimedOut,
    /// It does not compile.
    Unviable,
    /// All tests passed.
    Survived,
}

/// The fates of those that were tried, by their names.
pub type Fates = BTreeMap<String, Fate>;

/// `cargo mutants --list --json`, an element of it.
#[derive(Deserialize)]
struct Listed {
    name: String,
    file: String,
    span: Span,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
}

#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// Reads `cargo mutants --list --json`: all changes of a rung, in the order of the sources.
///
/// # Errors
/// When that is not what it is.
pub fn listed(json: &[u8], root: &Path, rung: &str) -> Result<Vec<Mutant>, Failure> {
    let mut listed: Vec<Listed> = serde_json::from_slice(json)?;
    listed.sort_by(|one, other| {
        let key = |listed: &Listed| (listed.file.clone(), listed.span.start.line, listed.span.start.column);
        key(one).cmp(&key(other))
    });
    let mut mutants: Vec<Mutant> = Vec::new();
    let mut source = (String::new(), String::new());
    for Listed { name, file, span } in listed {
        if source.0 != file {
            source = (file.clone(), fs::read_to_string(root.join(&file))?);
        }
        let line = source.1.lines().nth(span.start.line - 1).unwrap_or_default().trim().to_string();
        let change = name.split_once(": ").map_or(name.as_str(), |(_, change)| change).to_string();
        let file = file.strip_prefix(&format!("steps/{rung}/")).unwrap_or(&file).to_string();
        mutants.push(Mutant { name, file, change, line, place: 1 });
    }
    number_places(&mut mutants);
    Ok(mutants)
}

/// The same change in the same text gets a number, in the order of the file.
fn number_places(mutants: &mut [Mutant]) {
    for at in 0..mutants.len() {
        let (before, rest) = mutants.split_at_mut(at);
        rest[0].place += before.iter().filter(|other| other.looks_like(&rest[0])).count();
    }
}

impl Mutant {
    fn looks_like(&self, other: &Mutant) -> bool {
        (&self.file, &self.change, &self.line) == (&other.file, &other.change, &other.line)
    }

    /// Whether the entry is for this change.
    pub fn is(&self, entry: &Explained) -> bool {
        (&self.file, &self.change, &self.line, self.place)
            == (&entry.file, &entry.change, &entry.line, entry.place)
    }
}

#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    scenario: Scenario,
    summary: String,
}

#[derive(Deserialize)]
enum Scenario {
    Baseline,
    Mutant { name: String },
}

/// Reads what a run has left: `outcomes.json`.
///
/// # Errors
/// When there is none, or it says what cargo-mutants should not say.
pub fn fates(path: &Path) -> Result<Fates, Failure> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let Outcomes { outcomes } =
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut fates = Fates::new();
    for Outcome { scenario, summary } in outcomes {
        let Scenario::Mutant { name } = scenario else { continue };
        let fate = match summary.as_str() {
            "CaughtMutant" => Fate::Caught,
            "Timeout" => Fate::TimedOut,
            "Unviable" => Fate::Unviable,
            "MissedMutant" => Fate::Survived,
            other => return Err(format!("{name}: {other}").into()),
        };
        fates.insert(name, fate);
    }
    Ok(fates)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Otherwise a survivor hides behind the explanation of another.
    #[test]
    fn an_entry_explains_one_change_at_one_place_and_no_other() {
        let mutant = |change: &str, line: &str| Mutant {
            name: String::new(),
            file: "src/mask.rs".into(),
            change: change.into(),
            line: line.into(),
            place: 1,
        };
        let mut mutants = [
            mutant("replace + with -", "a + b + c"),
            mutant("replace + with -", "a + b + c"),
            mutant("replace + with *", "a + b + c"),
            mutant("replace + with -", "d + e"),
        ];
        number_places(&mut mutants);
        let entry = Explained {
            file: "src/mask.rs".into(),
            change: "replace + with -".into(),
            line: "a + b + c".into(),
            place: 2,
            why: "it makes no difference".into(),
            seen_by: None,
        };
        let explained = mutants.each_ref().map(|mutant| mutant.is(&entry));
        assert_eq!(explained, [false, true, false, false]);
    }
}
