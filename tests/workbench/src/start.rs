//! A student's copy: made from the reference, and kept up to date with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::anchors::without_anchors;
use crate::course::{Course, Rung};
use crate::holes::Source;
use crate::mine::{headline, number};
use crate::update::{remember, update};
use crate::{Failure, manifest};

/// The files of a starter, by their paths in the copy.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Stands at the top of a starter's library.
pub(crate) const QUIET: &str = "\
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
        return update(course, &rung, &mine, &files);
    }
    write_all(&mine.home, &files)?;
    remember(course, &mine, &files)?;
    print!("{}", begun(&rung));
    Ok(ExitCode::SUCCESS)
}

/// What is told about a copy that was just made.
fn begun(rung: &Rung) -> String {
    let holes = match rung.tasks.list.len() {
        1 => "one body".to_string(),
        many => format!("{many} bodies"),
    };
    let Rung { name, .. } = rung;
    format!(
        "mine/{name} is yours: the reference with {holes} taken out.\n\n{}\n\n  \
         1. read notes/{name}.md; the book has its pictures, and the course's code: make book\n  \
         2. write the body\n  \
         3. make check STEP={number}, and if you are stuck, make hint STEP={number}\n",
        headline(rung, 0),
        number = number(name)
    )
}

/// Begins anew. What was there is moved, not deleted.
pub fn reset(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let mine = course.mine(name);
    mine.expect()?;
    // Whatever is wrong with the course is told before anything is moved.
    starter(course, &course.rung(name)?)?;
    let kept = course.root.join("mine/.backup");
    fs::create_dir_all(&kept)?;
    let backup = (1..).map(|n| format!("{name}-{n}")).find(|backup| !kept.join(backup).exists());
    let backup = backup.expect("some number is free");
    fs::rename(&mine.home, kept.join(&backup))?;
    println!("What you had is in mine/.backup/{backup}.\n");
    start(course, name)
}

/// The starter of a rung: its files, with holes where the tasks are.
///
/// # Errors
/// When a task names a file or a function that is not there, or one that cannot be a hole.
pub fn starter(course: &Course, rung: &Rung) -> Result<Files, Failure> {
    made(course, rung, Words::InHoles)
}

/// Whether the holes of a starter say what belongs there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// They do.
    InHoles,
    /// They only are holes.
    Left,
}

/// A starter.
pub(crate) fn made(course: &Course, rung: &Rung, words: Words) -> Result<Files, Failure> {
    let mut files = Files::new();
    collect(&rung.home, Path::new(""), &mut files)?;
    files.remove(Path::new("tasks.toml"));

    let tasks = &rung.tasks.list;
    let mut by_file: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        let said = match words {
            Words::InHoles => task.words(index + 1, tasks.len()),
            Words::Left => String::new(),
        };
        by_file.entry(&task.file).or_default().push((&task.function, said));
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

    lead_to_the_reference(course, &mut files)?;
    for content in files.values_mut() {
        if let Ok(text) = std::str::from_utf8(content) {
            *content = without_anchors(text).into_bytes();
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

/// A rung may quote a file of another one: `include_str!("../../../02-poll/src/protocol.rs")`. A copy lies in `mine/`, and
/// what it quotes does not.
fn lead_to_the_reference(course: &Course, files: &mut Files) -> Result<(), Failure> {
    let rungs = course.rungs()?;
    for (path, content) in files {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let mut text = String::from_utf8(std::mem::take(content))?;
            for rung in &rungs {
                text = text.replace(&format!("/../{rung}/"), &format!("/../../steps/{rung}/"));
            }
            *content = text.into_bytes();
        }
    }
    Ok(())
}

/// The words about the crate come first, then the lines that keep the compiler quiet.
fn quietened(text: &str) -> String {
    let words: usize =
        text.lines().take_while(|line| line.starts_with("//!")).map(|line| line.len() + 1).sum();
    let (words, rest) = text.split_at(words);
    format!("{words}\n{QUIET}{rest}")
}

/// Adds all files of a folder, but what cargo built in it.
///
/// # Errors
/// When one cannot be read.
pub fn collect(home: &Path, below: &Path, files: &mut Files) -> Result<(), Failure> {
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

/// Writes files into a folder.
///
/// # Errors
/// When one cannot be written.
pub fn write_all(home: &Path, files: &Files) -> Result<(), Failure> {
    for (path, content) in files {
        let path = home.join(path);
        fs::create_dir_all(path.parent().expect("it stands below home"))?;
        fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
