//! What goes wrong, and what it looks like: each mistake of tests/mutants is made in the reference, one at a time, and the
//! suite of its rung must notice it, first with the test that is about it, and in words that teach.
//! notes/what-goes-wrong.md is what came of it; `make mutants` writes it.

mod bugs;
mod page;
mod run;
mod steady;
mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use run::{Runner, Told};
use table::{Changed, Made, Mistake, Mistakes};
use workbench::Course;
use workbench::course::Rung;
use workbench::holes::{Change, Source, switch};
use workbench::start::Files;
use workbench::workspace::{Workspace, as_they_are};

/// So many suites run side by side. Most of the time each waits for an answer that does not come.
const SIDE_BY_SIDE: usize = 4;

#[test]
fn each_mistake_is_noticed_first_by_its_own_test_and_told_in_words_that_teach() {
    let course = Course::here().unwrap();
    let mistakes = Mistakes::read(&course);
    let workspace = Workspace::write(&course, env!("CARGO_TARGET_TMPDIR"), "mistakes", |rung| {
        with_all_mistakes(rung, &mistakes)
    });
    let runner = Runner::new(&course, workspace.programs(), &mistakes);
    let only = std::env::var("ONLY").unwrap_or_default();
    let chosen: Vec<&Mistake> = mistakes.list.iter().filter(|mistake| mistake.name.contains(&only)).collect();
    let mut told = side_by_side(&chosen, |mistake| runner.judged(mistake));
    // Beside others a test of times may have failed for no fault of the student's: once more, alone.
    for (mistake, told) in chosen.iter().zip(&mut told).filter(|(_, told)| told.is_err()) {
        *told = runner.judged(mistake);
    }
    let wrong: Vec<String> = told.iter().filter_map(|told| told.as_ref().err().cloned()).collect();
    let told: Vec<Told> = told.into_iter().flatten().collect();
    if !only.is_empty() {
        told.iter().for_each(|told| println!("{}\n\n{}", told.test, told.report));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // Words and figures are Linux's; elsewhere the kernel says some things otherwise.
    if only.is_empty() && cfg!(target_os = "linux") {
        page::compare_or_write(&course, &mistakes, &told);
    }
}

#[test]
fn each_bug_of_the_notes_has_a_mistake_that_shows_it() {
    let course = Course::here().unwrap();
    let faults = bugs::faults(&bugs::read(&course), &Mistakes::read(&course));
    assert!(faults.is_empty(), "notes/bugs.md and tests/mutants disagree:\n{}", faults.join("\n"));
}

/// The same build without any mistake passes each of those tests: it is the mistake that they notice.
#[test]
fn without_a_mistake_each_of_those_tests_passes() {
    let course = Course::here().unwrap();
    let mistakes = Mistakes::read(&course);
    let workspace = Workspace::write(&course, env!("CARGO_TARGET_TMPDIR"), "mistakes", |rung| {
        with_all_mistakes(rung, &mistakes)
    });
    let runner = Runner::new(&course, workspace.programs(), &mistakes);
    let rungs: Vec<&String> = runner.suites.keys().collect();
    let failed = side_by_side(&rungs, |rung| runner.fails_without(rung, &mistakes));
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// A rung in which each of its mistakes can be made at run time.
fn with_all_mistakes(rung: &Rung, mistakes: &Mistakes) -> Files {
    let mut files = as_they_are(rung);
    let mut by_file: BTreeMap<&str, Vec<Change<'_>>> = BTreeMap::new();
    for mistake in mistakes.list.iter() {
        let Made::Changes(changes) = &mistake.made else { continue };
        for Changed { file, function, from, to, .. } in
            changes.iter().filter(|changed| changed.rung == rung.name)
        {
            let condition = switch("MISTAKE", &mistake.name);
            by_file.entry(file).or_default().push(Change { function, condition, from, to });
        }
    }
    for (file, changes) in by_file {
        let content = files.get_mut(Path::new(file)).unwrap_or_else(|| panic!("{}: no {file}", rung.name));
        let text = String::from_utf8(std::mem::take(content)).unwrap();
        let changed = Source::read(&text).and_then(|source| source.with_changes(&changes));
        *content = changed.unwrap_or_else(|error| panic!("{}/{file}: {error}", rung.name)).into();
    }
    files
}

/// Does this for each, some at a time, and returns the answers in order.
fn side_by_side<T: Sync, A: Send>(list: &[T], work: impl Fn(&T) -> A + Sync) -> Vec<A> {
    let (next, answers) = (Mutex::new(list.iter().enumerate()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                // Locked for this line only.
                while let Some((number, one)) = { next.lock().unwrap().next() } {
                    let answer = work(one);
                    answers.lock().unwrap().insert(number, answer);
                }
            });
        }
    });
    answers.into_inner().unwrap().into_values().collect()
}
