//! What a student has written, as a patch: `tests/students` keeps some, so that a starter that can no longer be solved is
//! noticed.
//!
//! A patch is made against the starter without the words of its tasks. So those may be said better without a patch that does
//! not apply any more, and a patch that does not apply tells of a hole that has another shape.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::Failure;
use crate::course::{Course, Rung};
use crate::mine::{Mine, number};
use crate::start::{Files, Words, collect, made, write_all};
use crate::update::starter_of;

/// Prints what the student has changed in the sources of a rung.
///
/// # Errors
/// When the rung was not started, or git is missing.
pub fn show(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let rung = course.rung(name)?;
    let mine = course.mine(name);
    mine.expect()?;
    if !is_newest(course, &rung, &mine)? {
        // Else the patch would take back what the course has got since.
        return Err(
            format!("mine/{name} is older than the course: make start STEP={} first", number(name)).into()
        );
    }
    let mut own = Files::new();
    collect(&mine.home, Path::new("src"), &mut own)?;
    print!("{}", between(&bare(course, &rung)?, &own)?);
    Ok(ExitCode::SUCCESS)
}

/// Whether the copy's starter is that of today.
fn is_newest(course: &Course, rung: &Rung, mine: &Mine) -> Result<bool, Failure> {
    let mut kept = Files::new();
    collect(&starter_of(mine), Path::new("src"), &mut kept)?;
    let today = made(course, rung, Words::InHoles)?;
    Ok(today
        .iter()
        .filter(|(path, _)| path.starts_with("src"))
        .all(|(path, text)| kept.get(path) == Some(text)))
}

/// The starter without the words in its holes.
///
/// # Errors
/// When a task names what is not there.
pub fn bare(course: &Course, rung: &Rung) -> Result<Files, Failure> {
    made(course, rung, Words::Left)
}

/// What differs in the sources. Git names them by their paths in the copy.
fn between(bare: &Files, own: &Files) -> Result<String, Failure> {
    let folder = Folder::new()?;
    for (side, files) in [("a", bare), ("b", own)] {
        let changed =
            files.iter().filter(|(path, _)| path.starts_with("src") && bare.get(*path) != own.get(*path));
        let changed = changed.map(|(path, content)| (path.clone(), content.clone())).collect();
        fs::create_dir_all(folder.0.join(side))?;
        write_all(&folder.0.join(side), &changed)?;
    }
    let output = folder
        .git(&["diff", "--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "a", "b"])
        .output()?;
    match output.status.code() {
        Some(0 | 1) => Ok(String::from_utf8(output.stdout)?),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().into()),
    }
}

/// Brings a patch into a starter.
///
/// # Errors
/// When it does not apply; git's words say where.
pub fn apply(patch: &Path, files: &mut Files) -> Result<(), Failure> {
    let folder = Folder::new()?;
    write_all(&folder.0, files)?;
    let patch = patch.canonicalize().map_err(|error| format!("{}: {error}", patch.display()))?;
    let output = folder.git(&["apply", "--whitespace=nowarn"]).arg(patch).stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    files.clear();
    collect(&folder.0, Path::new(""), files)
}

/// A folder of its own, which is removed when it is not needed any more.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, Failure> {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("workbench-patch-{}-{number}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    /// Git as it is outside of a repository, wherever the folder lies: inside of one it would pass over what is not tracked.
    fn git(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(&self.0).env("GIT_CEILING_DIRECTORIES", std::env::temp_dir());
        git
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's temporary directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(path, text)| (path.into(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_patch_brings_back_what_was_written() {
        let bare =
            files(&[("src/lib.rs", "fn one() {\n    todo!()\n}\n"), ("src/main.rs", "fn main() {}\n")]);
        let own = files(&[("src/lib.rs", "fn one() {\n    two();\n}\n"), ("src/main.rs", "fn main() {}\n")]);
        let patch = between(&bare, &own).unwrap();
        assert!(patch.contains("+    two();") && !patch.contains("main.rs"), "{patch}");

        let folder = Folder::new().unwrap();
        let path = folder.0.join("one.patch");
        fs::write(&path, patch).unwrap();
        let mut applied = bare.clone();
        apply(&path, &mut applied).unwrap();
        assert_eq!(applied, own);

        let mut other = files(&[("src/lib.rs", "fn one(of: u8) {\n    let _ = of;\n    todo!()\n}\n")]);
        let error = apply(&path, &mut other).unwrap_err().to_string();
        assert!(error.contains("src/lib.rs"), "{error}");
    }
}
