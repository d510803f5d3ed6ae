//! The lists of tests of all rungs, as their suites have them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// By rung number, the source of the list `tests![..]` in its suite.
pub struct Suites(HashMap<String, String>);

impl Suites {
    /// Reads them all.
    pub fn read() -> Suites {
        let folder = root().join("tests/blackbox");
        let files =
            fs::read_dir(folder).expect("tests/blackbox").map(|entry| entry.expect("an entry").path());
        Suites(files.filter_map(|path: PathBuf| suite(&path)).collect())
    }

    /// Whether there is a test of this name: `02 waiting_costs_nothing`.
    pub fn have(&self, name: &str) -> bool {
        let known = |(rung, test)| self.0.get(rung).is_some_and(|list| in_list(list, test));
        name.split_once(' ').is_some_and(known)
    }
}

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
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
