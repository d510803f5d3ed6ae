//! What students wrote is kept in tests/students. A starter that it does not fit any more, or a test that it does not pass
//! any more, would leave the next student without a way: so it is noticed here.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use workbench::course::Rung;
use workbench::workspace::Workspace;
use workbench::{Course, judge, libtest, patch};

#[test]
fn every_rung_was_written_by_a_student_from_its_starter() {
    let _alone = alone();
    let course = Course::here().unwrap();
    let rungs: Vec<Rung> = course.rungs().unwrap().iter().map(|name| course.rung(name).unwrap()).collect();
    let unsolved: Vec<&str> =
        rungs.iter().map(|rung| &rung.name[..]).filter(|name| !patch_of(&course, name).exists()).collect();
    assert!(unsolved.is_empty(), "these have no patch in tests/students: {unsolved:?}");

    let workspace = Workspace::write(&course, env!("CARGO_TARGET_TMPDIR"), "students", |rung| {
        let mut files = patch::bare(&course, rung).unwrap();
        let applied = patch::apply(&patch_of(&course, &rung.name), &mut files);
        applied.unwrap_or_else(|error| panic!("tests/students/{}.patch: {error}", rung.name));
        // A member of the workspace: that one says how it is built.
        files.retain(|path, _| !path.starts_with(".cargo") && path != Path::new("Cargo.lock"));
        files
    });
    let mut wrong = Vec::new();
    for (rung, programs) in workspace.unit_tests(&rungs) {
        for program in programs {
            if let Err(failed) = libtest::run(&program, &workspace.rung(&rung), &[], &[], libtest::LIMIT) {
                wrong.push(format!("{rung}: {}: {}", failed.test, failed.message));
            }
        }
    }
    let programs = workspace.programs();
    for rung in &rungs {
        wrong.extend(failed_from_outside(&course, &rung.name, &[("PROGRAMS", &programs)]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The tests from outside know nothing of Rust.
#[test]
fn servers_in_python_pass_too() {
    let _alone = alone();
    let course = Course::here().unwrap();
    let mut wrong = Vec::new();
    for name in ["03_lines", "05_keep_alive", "09_frames"] {
        let server = course.root.join("tests/students/python").join(format!("{name}.py"));
        let command = format!("python3 {}", server.display());
        wrong.extend(failed_from_outside(
            &course,
            &name.replace('_', "-"),
            &[("SERVER", Path::new(&command))],
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Some of the tests from outside measure time: one suite after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the black-box tests of a rung say, if one fails.
fn failed_from_outside(course: &Course, rung: &str, env: &[(&str, &Path)]) -> Option<String> {
    let mut suite = judge::suite(course, rung).unwrap();
    suite.env_remove("SERVER").env_remove("MINE").envs(env.iter().copied());
    let output = suite.output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then(|| format!("{rung}, from outside:\n{said}"))
}

fn home(course: &Course) -> PathBuf {
    course.root.join("tests/students")
}

fn patch_of(course: &Course, rung: &str) -> PathBuf {
    home(course).join(format!("{rung}.patch"))
}
