//! What a chapter names as code and a reader wants to open: a test, a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace;

/// Where that is: a path below the repository, and a line. `09 the_server_does_not_mask` is a test of rung 09,
/// `steps/09-frames/src/header.rs` a file, and `header.rs` one of the rung that the chapter is about. `files` are all that there
/// are.
pub fn leads(code: &str, chapter: &Path, files: &[PathBuf]) -> Option<(PathBuf, Option<usize>)> {
    if let Some((rung, test)) = code.split_once(' ') {
        let is_number = rung.len() == 2 && rung.bytes().all(|byte| byte.is_ascii_digit());
        return if is_number { a_test(rung, test, files) } else { None };
    }
    if code.contains('/') && files.iter().any(|file| file.starts_with(code)) {
        return Some((code.into(), None));
    }
    if !code.ends_with(".rs") {
        return None;
    }
    let rung = chapter.file_stem()?.to_str()?;
    let source = Path::new("steps").join(rung).join("src");
    let mut own = files.iter().filter(|file| file.starts_with(&source) && file.ends_with(code));
    // Of two with one name nobody knows which is meant.
    let (one, None) = (own.next()?, own.next()) else { return None };
    Some((one.clone(), None))
}

fn a_test(rung: &str, test: &str, files: &[PathBuf]) -> Option<(PathBuf, Option<usize>)> {
    let suite = format!("tests/blackbox/{rung}_");
    let begins = format!("fn {test}(");
    files.iter().filter(|file| file.to_string_lossy().starts_with(&suite)).find_map(|file| {
        let source = fs::read_to_string(workspace().join(file)).ok()?;
        let line = source.lines().position(|line| line.contains(&begins))?;
        Some((file.clone(), Some(line + 1)))
    })
}
