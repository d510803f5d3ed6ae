//! notes/bugs.md says which test finds which bug. This holds it to that: each test it names is in its suite's list.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_bug_in_the_notes_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let suites = suites(&root.join("tests/blackbox"));
    let table = fs::read_to_string(root.join("notes/bugs.md")).expect("notes/bugs.md");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).collect();
    let rows: Vec<&str> =
        rows.into_iter().filter(|row| !row.starts_with("|---") && !row.starts_with("| Bug")).collect();
    assert!(rows.len() >= 40, "only {} rows were found: has the table another form now?", rows.len());
    let faults: Vec<String> = rows.iter().flat_map(|row| faults_of(row, &suites, &root)).collect();
    assert!(faults.is_empty(), "notes/bugs.md and the tests disagree:\n{}", faults.join("\n"));
}

/// What is wrong with a row's last cell: tests as `02 name`, or the rung that is to come.
fn faults_of(row: &str, suites: &HashMap<String, String>, root: &Path) -> Vec<String> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [bug, _, _, tests] = cells[..] else { return vec![format!("not four cells: {row}")] };
    if let Some(rung) = tests.strip_prefix("rung ") {
        let exists = rung_folders(root).iter().any(|folder| folder.starts_with(rung));
        return if exists { vec![format!("rung {rung} exists, so it has a test: {bug}")] } else { vec![] };
    }
    let names: Vec<&str> = tests.split(", ").map(|name| name.trim_matches('`')).collect();
    let known = |name: &&str| match name.split_once(' ') {
        Some((rung, test)) => suites.get(rung).is_some_and(|list| in_list(list, test)),
        None => false,
    };
    names.iter().filter(|name| !known(name)).map(|name| format!("no test {name:?}, for: {bug}")).collect()
}

/// By rung number, the source of the list `tests![..]` in its suite.
fn suites(folder: &Path) -> HashMap<String, String> {
    let files = fs::read_dir(folder).expect("tests/blackbox").map(|entry| entry.expect("an entry").path());
    files.filter_map(|path: PathBuf| suite(&path)).collect()
}

fn suite(path: &Path) -> Option<(String, String)> {
    let name = path.file_name()?.to_str()?;
    let (rung, _) = name.strip_suffix(".rs")?.split_once('_')?;
    let source = fs::read_to_string(path).ok()?;
    let (_, list) = source.split_once("tests![")?;
    let (list, _) = list.split_once(']')?;
    Some((rung.to_owned(), list.to_owned()))
}

fn in_list(list: &str, test: &str) -> bool {
    list.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == test)
}

fn rung_folders(root: &Path) -> Vec<String> {
    let folders = fs::read_dir(root.join("steps")).expect("steps").map(|entry| entry.expect("an entry"));
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
