//! A student's copy: made from the reference, and kept up to date with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::course::{Course, Rung, commit};
use crate::holes::Source;
use crate::mine::{KEPT, Mine, headline, number};
use crate::{Failure, manifest};

/// The files of a starter, by their paths in the copy.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Stands at the top of a starter's library.
const QUIET: &str = "\
// Until all tasks are done, some helpers have nobody who calls them. Take these lines out then.
#![allow(dead_code, unused_imports, unused_mut, unused_variables)]
";

/// Makes the copy, or brings into it what the reference has new.
pub fn start(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let rung = course.rung(name)?;
    if rung.tasks.list.is_empty() {
        return Err(format!("{name} has no tasks: read it, run it, and go on").into());
    }
    let files = starter(course, &rung)?;
    let mine = course.mine(name);
    if mine.exists() {
        return update(course, &mine, &files);
    }
    write_all(&mine.home, &files)?;
    remember(course, &mine, &files)?;
    println!("mine/{name} is yours: the reference with {} bodies taken out.\n", rung.tasks.list.len());
    println!("{}\n", headline(&rung, 0));
    println!("  1. read notes/{name}.md");
    println!("  2. write the body");
    println!("  3. make check STEP={0}, and if you are stuck, make hint STEP={0}", number(name));
    Ok(ExitCode::SUCCESS)
}

/// Begins anew. What was there is moved, not deleted.
pub fn reset(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let mine = course.mine(name);
    mine.expect()?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let backup = course.root.join("mine/.backup").join(format!("{name}-{seconds}"));
    fs::create_dir_all(backup.parent().expect("it has just been joined"))?;
    fs::rename(&mine.home, &backup)?;
    println!("What you had is in mine/.backup/{name}-{seconds}.\n");
    start(course, name)
}

/// The starter of a rung: its files, with holes where the tasks are.
pub fn starter(course: &Course, rung: &Rung) -> Result<Files, Failure> {
    let mut files = Files::new();
    collect(&rung.home, Path::new(""), &mut files)?;
    files.remove(Path::new("tasks.toml"));

    let tasks = &rung.tasks.list;
    let mut by_file: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        let words = task.words(index + 1, tasks.len());
        by_file.entry(&task.file).or_default().push((&task.function, words));
    }
    for (file, holes) in by_file {
        let content =
            files.get_mut(Path::new(file)).ok_or_else(|| format!("{}: there is no {file}", rung.name))?;
        let text = String::from_utf8(std::mem::take(content))?;
        let source = Source::read(&text).map_err(|error| format!("{file}: {error}"))?;
        *content = source.with_holes(&holes).map_err(|error| format!("{file}: {error}"))?.into_bytes();
    }
    for root in ["src/lib.rs", "src/main.rs"] {
        if let Some(content) = files.get_mut(Path::new(root)) {
            *content = quietened(&String::from_utf8(std::mem::take(content))?).into_bytes();
        }
    }

    let of_rung = fs::read_to_string(rung.home.join("Cargo.toml"))?;
    let of_workspace = fs::read_to_string(course.root.join("Cargo.toml"))?;
    files.insert("Cargo.toml".into(), manifest::of_copy(&of_rung, &of_workspace)?.into_bytes());
    files.insert("Cargo.lock".into(), fs::read(course.root.join("Cargo.lock"))?);
    // What is compiled for both is compiled once; what comes out of it stays apart, for the names are the same.
    let config = "[build]\nbuild-dir = \"../../target\"\ntarget-dir = \"target\"\n";
    files.insert(".cargo/config.toml".into(), config.into());
    Ok(files)
}

/// The words about the crate come first, then the lines that keep the compiler quiet.
fn quietened(text: &str) -> String {
    let words: usize =
        text.lines().take_while(|line| line.starts_with("//!")).map(|line| line.len() + 1).sum();
    let (words, rest) = text.split_at(words);
    format!("{words}\n{QUIET}{rest}")
}

fn collect(home: &Path, below: &Path, files: &mut Files) -> Result<(), Failure> {
    for entry in fs::read_dir(home.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if path != Path::new("target") {
                collect(home, &path, files)?;
            }
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn write_all(home: &Path, files: &Files) -> Result<(), Failure> {
    for (path, content) in files {
        let path = home.join(path);
        fs::create_dir_all(path.parent().expect("it stands below home"))?;
        fs::write(path, content)?;
    }
    Ok(())
}

/// Keeps the starter as it was, to tell later what the student has changed and what the reference has.
fn remember(course: &Course, mine: &Mine, files: &Files) -> Result<(), Failure> {
    let kept = mine.home.join(KEPT).join("starter");
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    write_all(&kept, files)?;
    mine.keep("commit", &commit(&course.root))
}

/// Three texts of each file: the starter as it was, as it is now, and the student's. What only one side has changed is
/// taken from it; where both have, the student decides.
fn update(course: &Course, mine: &Mine, files: &Files) -> Result<ExitCode, Failure> {
    let (mut brought, mut both) = (Vec::new(), Vec::new());
    for (path, new) in files {
        let old = fs::read(mine.home.join(KEPT).join("starter").join(path)).unwrap_or_default();
        let own_path = mine.home.join(path);
        let own = fs::read(&own_path).unwrap_or_default();
        if *new == old || *new == own {
            continue;
        }
        if own == old {
            write_all(&mine.home, &Files::from([(path.clone(), new.clone())]))?;
            brought.push(path);
        } else if merges(mine, path, new)? {
            brought.push(path);
        } else {
            both.push(path);
        }
    }
    let since = mine.recall("commit");
    remember(course, mine, files)?;
    if brought.is_empty() && both.is_empty() {
        println!("mine/{} is up to date (begun or brought up to date at {since}).", mine.rung);
    }
    for path in brought {
        println!("new since {since}: mine/{}/{}", mine.rung, path.display());
    }
    for path in &both {
        println!("changed by you and by the course: mine/{}/{}: look for <<<<<<<", mine.rung, path.display());
    }
    Ok(if both.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `git merge-file` leaves both versions in the file where it cannot tell. `false`: so it has.
fn merges(mine: &Mine, path: &Path, new: &[u8]) -> Result<bool, Failure> {
    let theirs = mine.home.join(KEPT).join("theirs");
    fs::write(&theirs, new)?;
    let base = mine.home.join(KEPT).join("starter").join(path);
    let status = Command::new("git")
        .args(["merge-file", "-L", "yours", "-L", "as it was", "-L", "the course"])
        .args([&mine.home.join(path), &base, &theirs])
        .status()
        .map_err(|error| format!("git merge-file: {error}"))?;
    fs::remove_file(&theirs)?;
    Ok(status.success())
}
