//! What the course has new, brought into a copy that the student has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::Failure;
use crate::course::{Course, Rung, commit};
use crate::holes::Source;
use crate::mine::{KEPT, Mine, number};
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

/// Has the course changed the code of this starter since the copy was made, and since which commit? Its tests may ask for
/// what the copy has not.
pub(crate) fn behind(mine: &Mine, files: &Files) -> Result<Option<String>, Failure> {
    let mut old = Files::new();
    collect(&starter_of(mine), Path::new(""), &mut old)?;
    let is_new = |(path, new): (&PathBuf, &Vec<u8>)| path.starts_with("src") && old.get(path) != Some(new);
    Ok(files.iter().any(is_new).then(|| mine.recall("commit")))
}

/// Brings into a copy what is new, and says so.
pub(crate) fn update(course: &Course, rung: &Rung, mine: &Mine, files: &Files) -> Result<ExitCode, Failure> {
    let Brought { told, undecided } = brought(course, rung, mine, files)?;
    told.iter().for_each(|line| println!("{line}"));
    Ok(if undecided { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What an update has done.
pub(crate) struct Brought {
    /// What to tell the student, line by line.
    pub told: Vec<String>,
    /// There is something that only the student can decide.
    pub undecided: bool,
}

/// Three texts of each file: the starter as it was, as it is now, and the student's. What only one side has changed is
/// taken from it; where both have, the student decides.
pub(crate) fn brought(course: &Course, rung: &Rung, mine: &Mine, files: &Files) -> Result<Brought, Failure> {
    let mut old = Files::new();
    collect(&starter_of(mine), Path::new(""), &mut old)?;
    let mut news = Vec::new();
    let mut written = Vec::new();
    for (path, new) in files {
        let (new, functions) = with_what_is_written(rung, mine, path, old.get(path), new);
        written.extend(functions.into_iter().map(|function| (path, function)));
        news.push((path, bring(mine, path, old.get(path), &new)?));
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
    let at = |path: &Path| format!("mine/{}/{}", mine.rung, path.display());
    let mut told = Vec::new();
    for (path, function) in written {
        told.push(format!("task said anew since {since}, what you wrote stays: {function} in {}", at(path)));
    }
    if news.iter().all(|(_, change)| matches!(change, Change::None)) {
        told.push(format!("mine/{} is up to date with the course ({since}).", mine.rung));
        return Ok(Brought { told, undecided: false });
    }
    // What was right before may be wrong now.
    mine.keep("passed", "")?;
    for (path, change) in &news {
        let path = at(path);
        match change {
            Change::None => {}
            Change::Brought => told.push(format!("new since {since}: {path}")),
            Change::Removed => told.push(format!("gone since {since}: {path}")),
            Change::Yours => told.push(format!("the course has it no more, yours stays: {path}")),
            Change::Deleted => told.push(format!("the course has changed what you deleted: {path}")),
            Change::Both => told.push(format!("changed by you and by the course: {path}: look for <<<<<<<")),
        }
    }
    if news.iter().any(|(_, change)| matches!(change, Change::Both)) {
        told.push(format!(
            "\nYours stands between <<<<<<< and =======, the course's between ======= and >>>>>>>. Leave one of them, or \
             what\nyou make of both, take the lines with the marks out, and then: make check STEP={}",
            number(&mine.rung)
        ));
    }
    let undecided = news.iter().any(|(_, change)| matches!(change, Change::Both | Change::Deleted));
    Ok(Brought { told, undecided })
}

/// The course's new text of a file, but with the old words where the student has written something in their place; and the
/// names of these functions. A task that is said better must not stand against its own solution.
fn with_what_is_written<'r>(
    rung: &'r Rung,
    mine: &Mine,
    path: &Path,
    old: Option<&Vec<u8>>,
    new: &[u8],
) -> (Vec<u8>, Vec<&'r str>) {
    let tasks = rung.tasks.list.iter().filter(|task| Path::new(&task.file) == path);
    let functions: Vec<&str> = tasks.map(|task| task.function.as_str()).collect();
    written(&functions, mine, path, old, new).unwrap_or_else(|| (new.to_vec(), Vec::new()))
}

/// `None` where nothing is written, or where it cannot be told: one of the texts is no Rust.
fn written<'r>(
    functions: &[&'r str],
    mine: &Mine,
    path: &Path,
    old: Option<&Vec<u8>>,
    new: &[u8],
) -> Option<(Vec<u8>, Vec<&'r str>)> {
    if functions.is_empty() {
        return None;
    }
    let own = fs::read_to_string(mine.home.join(path)).ok()?;
    let (old, own) = (Source::read(str::from_utf8(old?).ok()?).ok()?, Source::read(&own).ok()?);
    let new = Source::read(str::from_utf8(new).ok()?).ok()?;
    let bodies: Vec<(&str, String)> = functions
        .iter()
        .filter_map(|&function| {
            let (was, own) = (old.body(function).ok()?, own.body(function).ok()?);
            let is = new.body(function).ok()?;
            let hole = |body: &str| body.contains("todo!(");
            (own != was && is != was && hole(was) && hole(is)).then(|| (function, was.to_string()))
        })
        .collect();
    let text = new.with_other_bodies(&bodies).ok()?;
    Some((text.into_bytes(), bodies.into_iter().map(|(function, _)| function).collect()))
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
        // An earlier update may still wait for the student.
        return Ok(if own.is_some_and(|own| is_undecided(&own)) { Change::Both } else { Change::None });
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

/// Whether the marks of [`merges`] still stand in a file.
fn is_undecided(own: &[u8]) -> bool {
    own.split(|byte| *byte == b'\n').any(|line| line == b"<<<<<<< yours")
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
