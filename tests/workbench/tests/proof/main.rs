//! The promise of the workbench, on the real rungs: every starter compiles without a warning, every hole is noticed by a
//! test of its own task, and those tests pass before the tasks behind it are done.
//!
//! `ONLY=08-upgrade cargo test -p workbench --test proof` looks at one rung, for whoever writes its tasks.

mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use run::{Holes, pass, passes_from_outside};
use workbench::course::Rung;
use workbench::holes::Source;
use workbench::start::{self, Files, write_all};
use workbench::workspace::{Programs, Workspace, as_they_are, packages};
use workbench::{Course, cargo};

/// Where the changed rungs are written.
const TMP: &str = env!("CARGO_TARGET_TMPDIR");

#[test]
fn every_rung_has_tasks() {
    let without: Vec<String> =
        all_rungs().filter(|rung| rung.tasks.list.is_empty()).map(|rung| rung.name).collect();
    assert_eq!(without, [""; 0], "these have no tasks.toml");
}

#[test]
fn every_starter_compiles_without_warnings() {
    let course = Course::here().unwrap();
    let starters = Workspace::write(&course, TMP, "starters", |rung| {
        let mut files = start::starter(&course, rung).unwrap();
        files.retain(|path, _| !path.starts_with(".cargo") && path != Path::new("Cargo.lock"));
        files
    });
    let mut check = cargo::in_copy(&starters.home);
    check.args(["check", "--quiet", "--all-targets"]).args(packages(&rungs()));
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "a student would see this before they have written a line:\n{said}"
    );
}

/// With its own manifest, beside the rungs of the reference: cargo finds all that it needs.
#[test]
fn every_copy_is_a_workspace_that_cargo_takes() {
    let course = Course::here().unwrap();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proof/copies");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    for name in ["Cargo.toml", "steps", "tests"] {
        std::os::unix::fs::symlink(course.root.join(name), home.join(name)).unwrap();
    }
    for rung in rungs() {
        let copy = home.join("mine").join(&rung.name);
        write_all(&copy, &start::starter(&course, &rung).unwrap()).unwrap();
        let output = cargo::in_copy(&copy).args(["metadata", "--format-version=1"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("warning"), "{}:\n{said}", rung.name);
    }
}

#[test]
fn every_hole_is_noticed_by_its_own_task() {
    let course = Course::here().unwrap();
    let switched = Workspace::write(&course, TMP, "switched", switched);
    let rungs = rungs();
    let programs = switched.unit_tests(&rungs);
    let tasks = rungs.iter().flat_map(|rung| (0..rung.tasks.list.len()).map(move |index| (rung, index)));
    let (tasks, wrong) = (Mutex::new(tasks), Mutex::new(Vec::new()));
    let only_from_outside = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                // Locked for this line only.
                while let Some((rung, index)) = { tasks.lock().unwrap().next() } {
                    if rung.tasks.list[index].tests.is_empty() {
                        only_from_outside.lock().unwrap().push((rung, index));
                    } else {
                        wrong.lock().unwrap().extend(judged(&switched, &programs, rung, index));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    for (rung, index) in only_from_outside.into_inner().unwrap() {
        match passes_from_outside(&course, &switched, rung, &Holes::only(rung, index)) {
            Some(false) => {}
            Some(true) => wrong.push(format!("{}: no black-box test fails", named(rung, index))),
            None => wrong.push(format!("{}: the black-box tests did not run", named(rung, index))),
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a task that unit tests judge.
fn judged(switched: &Workspace, programs: &Programs, rung: &Rung, index: usize) -> Vec<String> {
    let (task, name) = (&rung.tasks.list[index], named(rung, index));
    let programs = programs.get(&rung.name).map_or(&[][..], Vec::as_slice);
    let home = switched.rung(&rung.name);
    let mut wrong = Vec::new();
    for test in &task.tests {
        if !programs.iter().any(|program| run::has(program, &home, test)) {
            wrong.push(format!("{name}: there is no test {test}"));
        }
    }
    if pass(programs, &home, &task.tests, &Holes::only(rung, index)).is_ok() {
        wrong.push(format!("{name}: left alone, none of its tests fails: {}", task.tests.join(", ")));
    }
    if let Err(failed) = pass(programs, &home, &task.tests, &Holes::after(rung, index)) {
        wrong.push(format!("{name}: with the later tasks not done, this test of its own fails: {failed}"));
    }
    wrong
}

fn named(rung: &Rung, index: usize) -> String {
    format!("{}, task {}, {}", rung.name, index + 1, rung.tasks.list[index].function)
}

/// A rung in which every task can be made a hole at run time.
fn switched(rung: &Rung) -> Files {
    let mut files = as_they_are(rung);
    let mut by_file: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    for (index, task) in rung.tasks.list.iter().enumerate() {
        by_file.entry(&task.file).or_default().push((&task.function, Holes::condition(rung, index)));
    }
    for (file, switches) in by_file {
        let content = files.get_mut(Path::new(file)).unwrap_or_else(|| panic!("{}: no {file}", rung.name));
        let text = String::from_utf8(std::mem::take(content)).unwrap();
        let source = Source::read(&text).unwrap();
        *content = source.with_switches(&switches).unwrap_or_else(|error| panic!("{file}: {error}")).into();
    }
    files
}

/// The rungs to look at: all, or the one that is named in `ONLY`.
fn rungs() -> Vec<Rung> {
    let only = std::env::var("ONLY").ok();
    let rungs: Vec<Rung> =
        all_rungs().filter(|rung| only.as_ref().is_none_or(|only| rung.name == *only)).collect();
    assert!(!rungs.is_empty(), "ONLY={}: there is no such rung", only.unwrap_or_default());
    rungs
}

fn all_rungs() -> impl Iterator<Item = Rung> {
    let course = Course::here().unwrap();
    course.rungs().unwrap().into_iter().map(move |name| course.rung(&name).unwrap())
}
