//! Runs cargo-mutants on a rung, and has the other tests look at what survived.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::list::{self, Explained, List};
use crate::mutant::{self, Fate, Fates, Mutant};

/// The tests may take so many seconds before they count as never ending. They take a few.
const PATIENCE: &str = "60";

/// All changes that can be made to a rung.
///
/// # Errors
/// When cargo-mutants is missing.
pub fn all(root: &Path, rung: &str, list: &List) -> Result<Vec<Mutant>, Failure> {
    let output = cargo_mutants(root, rung, list)
        .args(["--list", "--json"])
        .stderr(Stdio::inherit())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .ok_or("cargo-mutants is missing: cargo install --locked cargo-mutants")?;
    mutant::listed(&output.stdout, root, rung)
}

/// Tries changes with the rung's unit tests.
///
/// # Errors
/// When the tests fail without any change.
pub fn unit_tests(root: &Path, rung: &str, list: &List, mutants: &[&Mutant]) -> Result<Fates, Failure> {
    let mut command = cargo_mutants(root, rung, list);
    command.arg("--cargo-arg=--lib");
    run(root, rung, command, mutants, &[])
}

/// Asks the tests that the list names whether they notice what they are said to notice. The changes that they do not.
///
/// # Errors
/// When cargo-mutants cannot be run.
pub fn other_tests(
    root: &Path,
    rung: &str,
    list: &List,
    explained: &[(&Mutant, &Explained)],
) -> Result<Vec<String>, Failure> {
    let mut by_test: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
    for (mutant, entry) in explained {
        if let Some(test) = &entry.seen_by {
            by_test.entry(test).or_default().push(mutant);
        }
    }
    let mut unnoticed = Vec::new();
    for (test, mutants) in by_test {
        let (program, name) = test.split_once(' ').ok_or_else(|| format!("\"{test}\" names no test"))?;
        let package = list::package(root, program);
        // cargo-mutants would do that too, but looks for the test in the package that is changed.
        println!("\n{test}: does it pass without a change?");
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--quiet", "--package", package, "--test", program, "--", name]);
        if !cargo.current_dir(root).status()?.success() {
            return Err(format!("{test} fails, and nothing was changed yet: mend that first").into());
        }
        println!("{test}: does it notice {} of them?", mutants.len());
        let mut command = cargo_mutants(root, rung, list);
        command.args(["--baseline=skip", "--timeout=300", "--test-package", package]);
        command.args(["--cargo-arg=--test", &format!("--cargo-arg={program}")]);
        let fates = run(root, "others", command, &mutants, &["--", "--", name])?;
        for mutant in mutants {
            if !matches!(fates.get(&mutant.name), Some(Fate::Caught | Fate::TimedOut)) {
                unnoticed.push(format!("{}\n    {test} does not notice it", mutant.name));
            }
        }
    }
    Ok(unnoticed)
}

fn cargo_mutants(root: &Path, rung: &str, list: &List) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    command.args(["mutants", "--no-config", "--colors=never", "--package", &format!("step-{rung}")]);
    for left_out in &list.left_out {
        command.args(["--exclude", &format!("steps/{rung}/{}", left_out.file)]);
    }
    command
}

/// It works on a copy of the repository, so one may go on editing. What is built stays for the next run, apart from what
/// is built here: the harness knows the folder in which it was built. Without optimisation and debug symbols each change
/// is built sooner.
fn run(
    root: &Path,
    name: &str,
    mut command: Command,
    mutants: &[&Mutant],
    last: &[&str],
) -> Result<Fates, Failure> {
    let out = root.join("target/survivors").join(name);
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out)?;
    command.env("CARGO_TARGET_DIR", root.join("target/survivors/build"));
    command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.args(["--minimum-test-timeout", PATIENCE, "--output"]).arg(&out);
    for mutant in mutants {
        command.args(["--re", &format!("^{}$", escaped(&mutant.name))]);
    }
    let status = command.args(last).status()?;
    match status.code() {
        // Survivors are no failure yet, nor are tests that do not end: the list has to be asked.
        Some(0 | 2 | 3) => mutant::fates(&outcomes(&out)),
        Some(4) => Err("the tests fail, and nothing was changed yet: mend that first".into()),
        _ => Err(format!("cargo mutants ended with {status}").into()),
    }
}

/// Where a run says what it found.
pub fn outcomes(out: &Path) -> PathBuf {
    out.join("mutants.out/outcomes.json")
}

/// A name as a regular expression that means only itself. A backslash before `<` would make it another thing.
fn escaped(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Otherwise no change is tried, or another one.
    #[test]
    fn a_name_with_brackets_of_all_kinds_is_escaped_and_no_more() {
        assert_eq!(
            escaped("src/a.rs:1:2: replace <A as B<'a>>::f -> (u8, [u8; 4]) with Ok(1 + *x)"),
            r"src/a\.rs:1:2: replace <A as B<'a>>::f -> \(u8, \[u8; 4\]\) with Ok\(1 \+ \*x\)"
        );
    }
}
