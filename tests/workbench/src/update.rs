//! What the course has new, brought into a copy that the student has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::Failure;
use crate::course::{Course, commit};
use crate::mine::{KEPT, Mine};
use crate::start::{Files, collect, write_all};

/// Keeps the starter as it was, to tell later what the student has changed and what the reference has.
pub(crate) fn remember(course: &Course, mine: &Mine, files: &Files) -> Result<(), Failure> {
    let kept = starter_of(mine);
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    write_all(&kept, files)?;
    mine.keep("commit", &commit(&course.root))
}

/// Three texts of each file: the starter as it was, as it is now, and the student's. What only one side has changed is
/// taken from it; where both have, the student decides.
pub(crate) fn update(course: &Course, mine: &Mine, files: &Files) -> Result<ExitCode, Failure> {
    let mut old = Files::new();
    collect(&starter_of(mine), Path::new(""), &mut old)?;
    let mut news = Vec::new();
    let mut undecided = false;
    for (path, new) in files {
        let change = bring(mine, path, old.get(path), new)?;
        undecided |= matches!(change, Change::Both | Change::Deleted);
        news.push((path, change));
    }
    for (path, was) in &old {
        if files.contains_key(path) {
            continue;
        }
        let own = mine.home.join(path);
        match fs::read(&own) {
            Ok(content) if content == *was => {
                fs::remove_file(&own)?;
                news.push((path, Change::Removed));
            }
            Ok(_) => news.push((path, Change::Yours)),
            Err(_) => {}
        }
    }
    let since = mine.recall("commit");
    remember(course, mine, files)?;
    if news.iter().all(|(_, change)| matches!(change, Change::None)) {
        println!("mine/{} is up to date with the course ({since}).", mine.rung);
        return Ok(ExitCode::SUCCESS);
    }
    // What was right before may be wrong now.
    mine.keep("passed", "")?;
    for (path, change) in news {
        let path = format!("mine/{}/{}", mine.rung, path.display());
        match change {
            Change::None => {}
            Change::Brought => println!("new since {since}: {path}"),
            Change::Removed => println!("gone since {since}: {path}"),
            Change::Yours => println!("the course has it no more, yours stays: {path}"),
            Change::Deleted => println!("the course has changed what you deleted: {path}"),
            Change::Both => println!("changed by you and by the course: {path}: look for <<<<<<<"),
        }
    }
    Ok(if undecided { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What has become of a file.
enum Change {
    /// Nothing new.
    None,
    /// What is new stands in it.
    Brought,
    /// The course has it no more, and the student had not touched it.
    Removed,
    /// The course has it no more, but the student has worked on it.
    Yours,
    /// The student has deleted it, and the course has changed it.
    Deleted,
    /// Both have changed the same lines.
    Both,
}

fn bring(mine: &Mine, path: &Path, old: Option<&Vec<u8>>, new: &Vec<u8>) -> Result<Change, Failure> {
    let own = fs::read(mine.home.join(path)).ok();
    if old == Some(new) || own.as_ref() == Some(new) {
        return Ok(Change::None);
    }
    // Cargo writes the lock file itself, from what it finds there: nothing of the student's is lost.
    let written_by_cargo = path == Path::new("Cargo.lock");
    match (&own, old) {
        (None, Some(_)) => Ok(Change::Deleted),
        (own, old) if own.as_ref() == old || written_by_cargo => {
            write_all(&mine.home, &Files::from([(path.to_path_buf(), new.clone())]))?;
            Ok(Change::Brought)
        }
        _ if merges(mine, path, old.map_or(&[], Vec::as_slice), new)? => Ok(Change::Brought),
        _ => Ok(Change::Both),
    }
}

/// `git merge-file` leaves both versions in the file where it cannot tell. `false`: so it has.
fn merges(mine: &Mine, path: &Path, old: &[u8], new: &[u8]) -> Result<bool, Failure> {
    let kept = mine.home.join(KEPT);
    let (base, theirs) = (kept.join("base"), kept.join("theirs"));
    fs::write(&base, old)?;
    fs::write(&theirs, new)?;
    let status = Command::new("git")
        .args(["merge-file", "-L", "yours", "-L", "as it was", "-L", "the course"])
        .args([&mine.home.join(path), &base, &theirs])
        .status()
        .map_err(|error| format!("git merge-file: {error}"))?;
    fs::remove_file(&base)?;
    fs::remove_file(&theirs)?;
    Ok(status.success())
}

/// Where the starter is kept as the student got it.
pub(crate) fn starter_of(mine: &Mine) -> PathBuf {
    mine.home.join(KEPT).join("starter")
}
