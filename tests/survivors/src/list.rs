//! The list of a rung: which files are left out, and why each survivor may live.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Failure;

/// `tests/survivors/09-frames.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Files in which nothing is changed.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Changes that no unit test of the rung notices.
    #[serde(default)]
    pub explained: Vec<Explained>,
}

/// A file that is no part of what the rung teaches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// `src/main.rs`.
    pub file: String,
    /// A sentence.
    pub why: String,
}

/// One survivor. **An entry is for one change at one place**: it names the change and the line, so it can hide no other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// `src/mask.rs`.
    pub file: String,
    /// The change, as cargo-mutants calls it: `replace % with / in rotated`.
    pub change: String,
    /// The line in which it begins, without the white space around it.
    pub line: String,
    /// Where the line has the same change in several places: which, counted from 1.
    #[serde(default = "first")]
    pub place: usize,
    /// A sentence: why nobody can see it, or who can.
    pub why: String,
    /// The test that notices it, by the program it stands in and its name: a black-box test, `10-messages
    /// a_close_is_answered_with_its_code`, or a property, `messages any_script_is_understood`.
    pub seen_by: Option<String>,
}

fn first() -> usize {
    1
}

impl List {
    /// Reads the list of a rung.
    ///
    /// # Errors
    /// When it is not there, or wrong.
    pub fn read(root: &Path, rung: &str) -> Result<List, Failure> {
        let path = path(root, rung);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// What in the list does not agree with the sources, a line each. It needs no mutant, so it costs nothing.
    pub fn disagreements(&self, root: &Path, rung: &str) -> Vec<String> {
        let home = root.join("steps").join(rung);
        let mut wrong = Vec::new();
        for LeftOut { file, why } in &self.left_out {
            if !home.join(file).exists() {
                wrong.push(format!("{file} is left out, and is not there"));
            }
            if why.trim().is_empty() {
                wrong.push(format!("{file} is left out, and no reason is given"));
            }
        }
        for (at, entry) in self.explained.iter().enumerate() {
            let Explained { file, change, line, why, .. } = entry;
            if why.trim().is_empty() {
                wrong.push(format!("{file}: {change}: no reason is given"));
            }
            if self.explained[..at].iter().any(|other| other.is_same_as(entry)) {
                wrong.push(format!("{file}: {change}, line `{line}`: twice in the list"));
            }
            let source = fs::read_to_string(home.join(file)).unwrap_or_default();
            if !source.lines().any(|other| other.trim() == line) {
                wrong.push(format!("{file}: {change}: the line `{line}` is not there any more"));
            }
            if let Some(test) = &entry.seen_by
                && !is_a_test(root, test)
            {
                wrong.push(format!("{file}: {change}: seen by \"{test}\", and there is no such test"));
            }
        }
        wrong
    }
}

impl Explained {
    /// Whether two entries are for one and the same change.
    fn is_same_as(&self, other: &Explained) -> bool {
        let key =
            |entry: &Explained| (entry.file.clone(), entry.change.clone(), entry.line.clone(), entry.place);
        key(self) == key(other)
    }
}

/// Where the list of a rung stands.
pub fn path(root: &Path, rung: &str) -> PathBuf {
    root.join("tests/survivors").join(format!("{rung}.toml"))
}

/// The rungs that have a list, lowest first.
pub fn rungs(root: &Path) -> Result<Vec<String>, Failure> {
    let mut rungs: Vec<String> = fs::read_dir(root.join("tests/survivors"))?
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_string))
        .filter(|name| root.join("steps").join(name).is_dir())
        .collect();
    rungs.sort_unstable();
    Ok(rungs)
}

/// The package of a test program, which is called like its folder: the suite of a rung, or a property.
pub fn package(root: &Path, program: &str) -> &'static str {
    if root.join("steps").join(program).is_dir() { "blackbox" } else { "properties" }
}

/// Whether there is a test, by program and name: `10-messages a_close_is_answered_with_its_code`.
fn is_a_test(root: &Path, test: &str) -> bool {
    let Some((program, name)) = test.split_once(' ') else { return false };
    let suite = root.join("tests").join(package(root, program)).join(program.replace('-', "_"));
    let mut files = vec![suite.with_extension("rs")];
    files.extend(fs::read_dir(suite).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())));
    let wanted = format!("fn {name}(");
    files.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&wanted)))
}
