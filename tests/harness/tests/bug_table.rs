//! notes/bugs.md says which test finds which bug. This holds it to that: each test it names is in its suite's list.

mod suites;

use std::fs;
use std::path::Path;

use suites::{Suites, root};

#[test]
fn every_bug_in_the_notes_has_a_test_that_exists() {
    let (root, suites) = (root(), Suites::read());
    let table = fs::read_to_string(root.join("notes/bugs.md")).expect("notes/bugs.md");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).collect();
    let rows: Vec<&str> =
        rows.into_iter().filter(|row| !row.starts_with("|---") && !row.starts_with("| Bug")).collect();
    assert!(rows.len() >= 40, "only {} rows were found: has the table another form now?", rows.len());
    let faults: Vec<String> = rows.iter().flat_map(|row| faults_of(row, &suites, &root)).collect();
    assert!(faults.is_empty(), "notes/bugs.md and the tests disagree:\n{}", faults.join("\n"));
}

/// What is wrong with a row's last cell: tests as `02 name`, or the rung that is to come.
fn faults_of(row: &str, suites: &Suites, root: &Path) -> Vec<String> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [bug, _, _, tests] = cells[..] else { return vec![format!("not four cells: {row}")] };
    if let Some(rung) = tests.strip_prefix("rung ") {
        let exists = rung_folders(root).iter().any(|folder| folder.starts_with(rung));
        return if exists { vec![format!("rung {rung} exists, so it has a test: {bug}")] } else { vec![] };
    }
    let names: Vec<&str> = tests.split(", ").map(|name| name.trim_matches('`')).collect();
    names
        .iter()
        .filter(|name| !suites.have(name))
        .map(|name| format!("no test {name:?}, for: {bug}"))
        .collect()
}

fn rung_folders(root: &Path) -> Vec<String> {
    let folders = fs::read_dir(root.join("steps")).expect("steps").map(|entry| entry.expect("an entry"));
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
