use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{begun, quietened, reset, start, starter};
use crate::Course;
use crate::check::left;
use crate::update::{behind, brought};

/// A course of one rung, `01-one`, in a folder of its own that goes with it.
struct Small {
    course: Course,
}

const LIBRARY: &str = "\
//! One rung.

/// Doubles.
pub fn double(n: u32) -> u32 {
    n * 2
}

/// Halves.
// ANCHOR: half
pub fn half(n: u32) -> u32 {
    n / 2
}
// ANCHOR_END: half

const OTHER: &str = include_str!(\"../../01-one/src/words.txt\");
";

const TASKS: &str = r#"
[[task]]
file = "src/lib.rs"
function = "double"
task = "Double it."
hints = ["twice", "n and n", "n * 2"]
"#;

impl Small {
    fn new() -> Small {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("workbench-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let small = Small { course: Course { root: std::env::temp_dir().join(name) } };
        small.writes("Cargo.toml", "[workspace]\nmembers = [\"steps/*\"]\n");
        small.writes("Cargo.lock", "version = 4\n");
        small.writes("steps/01-one/Cargo.toml", "[package]\nname = \"step-01-one\"\nedition = \"2024\"\n");
        small.writes("steps/01-one/src/lib.rs", LIBRARY);
        small.writes("steps/01-one/src/words.txt", "one\ntwo\nthree\nfour\nfive\n");
        small.writes("steps/01-one/tasks.toml", TASKS);
        small
    }

    fn path(&self, path: &str) -> PathBuf {
        self.course.root.join(path)
    }

    fn writes(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn reads(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn starts(&self) -> ExitCode {
        start(&self.course, "01-one").unwrap()
    }

    /// One whose student and whose course have changed the same line.
    fn with_both_versions() -> Small {
        let small = Small::new();
        small.starts();
        small.writes(WORDS, "one\ntwo\nmine\nfour\nfive\n");
        small.writes(REFERENCE_WORDS, "one\ntwo\ntheirs\nfour\nfive\n");
        small
    }

    /// Starts it again, and tells what the student is told.
    fn is_told(&self) -> String {
        let rung = self.course.rung("01-one").unwrap();
        let files = starter(&self.course, &rung).unwrap();
        brought(&self.course, &rung, &self.course.mine("01-one"), &files).unwrap().told.join("\n")
    }

    /// Writes the task's solution in place of its hole.
    fn solves(&self) {
        let mine = self.reads(MINE);
        let (before, hole) = mine.split_once("    // Task 1").unwrap();
        let (_, after) = hole.split_once("todo!()\n").unwrap();
        self.writes(MINE, &format!("{before}    n + n\n{after}"));
    }

    /// Starts it again, and nothing is left for the student to decide.
    #[track_caller]
    fn is_brought_up_to_date(&self) {
        assert_eq!(self.starts(), ExitCode::SUCCESS);
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.course.root);
    }
}

const MINE: &str = "mine/01-one/src/lib.rs";
const WORDS: &str = "mine/01-one/src/words.txt";
const REFERENCE_WORDS: &str = "steps/01-one/src/words.txt";

#[test]
fn a_copy_has_the_hole_and_all_else() {
    let small = Small::new();
    small.starts();
    let mine = small.reads(MINE);
    let hole = "/// Doubles.\npub fn double(n: u32) -> u32 {\n    // Task 1 of 1.\n    //\n    // Double it.\n    //\n    \
                // Stuck? `make hint` says a little more each time.\n    let _ = n;\n    todo!()\n}\n";
    assert!(mine.contains(hole), "{mine}");
    assert!(
        mine.contains("/// Halves.\npub fn half(n: u32) -> u32 {\n    n / 2\n}\n\nconst"),
        "no anchor: {mine}"
    );
    assert_eq!(small.reads(WORDS), small.reads(REFERENCE_WORDS));
    assert!(!small.path("mine/01-one/tasks.toml").exists(), "the hints are no part of the copy");
    assert!(small.reads("mine/01-one/Cargo.toml").contains("[workspace]"));
    assert!(small.course.mine("01-one").exists());
}

#[test]
fn a_path_to_another_rung_leads_to_the_reference() {
    let small = Small::new();
    small.starts();
    let mine = small.reads(MINE);
    assert!(mine.contains("include_str!(\"../../../steps/01-one/src/words.txt\")"), "{mine}");
    let from = small.path("mine/01-one/src");
    assert_eq!(
        fs::read_to_string(from.join("../../../steps/01-one/src/words.txt")).unwrap().lines().count(),
        5
    );
}

#[test]
fn the_words_about_the_crate_come_before_what_keeps_it_quiet() {
    let quiet = quietened("//! Words.\n//!\n//! More.\n\nmod one;\n");
    assert!(quiet.starts_with("//! Words.\n//!\n//! More.\n\n// Until"), "{quiet}");
    assert!(quiet.ends_with("unused_variables)]\n\nmod one;\n"), "{quiet}");
    syn::parse_file(&quiet).expect("what is allowed stands before the first item");
    syn::parse_file(&quietened("mod one;\n")).expect("a file without words is a file too");
}

#[test]
fn where_to_begin_is_told() {
    let small = Small::new();
    let told = begun(&small.course.rung("01-one").unwrap());
    assert!(
        told.starts_with("mine/01-one is yours: the reference with one body taken out.\n\nTask 1 of 1"),
        "{told}"
    );
    assert!(told.contains("\n  1. read notes/01-one.md; ") && told.contains(": make book\n  2."), "{told}");
    assert!(told.ends_with("\n  3. make check STEP=01, and if you are stuck, make hint STEP=01\n"), "{told}");
}

#[test]
fn what_is_left_names_the_files() {
    let small = Small::new();
    small.writes("steps/01-one/src/main.rs", "//! Its program.\n\nfn main() {}\n");
    small.starts();
    let mine = small.course.mine("01-one");
    let told = left(&mine).unwrap();
    assert!(told.contains("out of mine/01-one/src/lib.rs and mine/01-one/src/main.rs,"), "{told}");
    small.writes(MINE, LIBRARY);
    let told = left(&mine).unwrap();
    assert!(told.contains("out of mine/01-one/src/main.rs,"), "{told}");
    small.writes("mine/01-one/src/main.rs", "//! Its program.\n\nfn main() {}\n");
    assert_eq!(left(&mine), None);
}

#[test]
fn nothing_new_changes_nothing() {
    let small = Small::new();
    small.starts();
    small.writes(MINE, "the student's");
    small.is_brought_up_to_date();
    assert_eq!(small.reads(MINE), "the student's");
}

#[test]
fn what_only_the_course_has_changed_is_brought() {
    let small = Small::new();
    small.starts();
    small.course.mine("01-one").keep("passed", "yes").unwrap();
    small.writes("steps/01-one/src/lib.rs", &LIBRARY.replace("/// Halves.", "/// Half of it, rounded down."));
    small.writes("steps/01-one/src/new.txt", "new");
    small.is_brought_up_to_date();
    let mine = small.reads(MINE);
    assert!(mine.contains("rounded down") && mine.contains("todo!()"), "{mine}");
    assert_eq!(small.reads("mine/01-one/src/new.txt"), "new");
    assert!(!small.course.mine("01-one").has_passed(), "what passed was something else");
}

#[test]
fn a_copy_that_is_behind_the_course_is_known() {
    let small = Small::new();
    small.starts();
    let since = || {
        let rung = small.course.rung("01-one").unwrap();
        behind(&small.course.mine("01-one"), &starter(&small.course, &rung).unwrap()).unwrap()
    };
    small.writes(WORDS, "the student's\n");
    assert_eq!(since(), None, "what the student writes is no news");
    small.writes("steps/01-one/src/lib.rs", &LIBRARY.replace("/// Halves.", "/// Half of it, rounded down."));
    assert!(since().is_some());
    small.is_brought_up_to_date();
    assert_eq!(since(), None);
}

#[test]
fn what_both_have_changed_in_different_places_is_merged() {
    let small = Small::new();
    small.starts();
    small.writes(WORDS, "ONE\ntwo\nthree\nfour\nfive\n");
    small.writes(REFERENCE_WORDS, "one\ntwo\nthree\nfour\nFIVE\n");
    small.is_brought_up_to_date();
    assert_eq!(small.reads(WORDS), "ONE\ntwo\nthree\nfour\nFIVE\n");
    // It is remembered what was brought: a second time there is nothing new.
    small.is_brought_up_to_date();
    assert_eq!(small.reads(WORDS), "ONE\ntwo\nthree\nfour\nFIVE\n");
}

#[test]
fn where_both_have_changed_the_same_line_the_student_decides() {
    let small = Small::with_both_versions();
    assert_eq!(small.starts(), ExitCode::FAILURE);
    let both = "one\ntwo\n<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> the course\nfour\nfive\n";
    assert_eq!(small.reads(WORDS), both);
}

#[test]
fn what_to_do_about_both_is_told() {
    let small = Small::with_both_versions();
    let told = small.is_told();
    assert!(told.contains("changed by you and by the course: mine/01-one/src/words.txt"), "{told}");
    assert!(told.contains("Leave one of them") && told.contains("make check STEP=01"), "{told}");
    assert_eq!(small.is_told(), told, "as long as the marks stand there");
    small.writes(WORDS, "one\ntwo\nmine\nfour\nfive\n");
    small.is_brought_up_to_date();
}

#[test]
fn a_task_that_is_said_anew_leaves_its_solution_alone() {
    let small = Small::new();
    small.starts();
    small.solves();
    small.course.mine("01-one").keep("passed", "yes").unwrap();
    let solved = small.reads(MINE);
    for words in ["Make twice as much of it.", "Make it twice as much."] {
        small.writes("steps/01-one/tasks.toml", &TASKS.replace("Double it.", words));
        let told = small.is_told();
        assert!(told.starts_with("task said anew since"), "{told}");
        assert!(told.contains("what you wrote stays: double in mine/01-one/src/lib.rs"), "{told}");
        assert_eq!(small.reads(MINE), solved);
        assert!(small.course.mine("01-one").has_passed(), "what passed is what it was");
        assert!(!small.is_told().contains("anew"), "told once");
    }
    // What else is new comes all the same.
    small.writes("steps/01-one/tasks.toml", &TASKS.replace("Double it.", "Two of it."));
    small.writes("steps/01-one/src/lib.rs", &LIBRARY.replace("/// Doubles.", "/// Makes twice as much."));
    small.is_brought_up_to_date();
    assert_eq!(small.reads(MINE), solved.replace("/// Doubles.", "/// Makes twice as much."));
}

#[test]
fn a_task_that_is_said_anew_and_is_still_open_has_the_new_words() {
    let small = Small::new();
    small.starts();
    small.writes("steps/01-one/tasks.toml", &TASKS.replace("Double it.", "Make twice as much of it."));
    small.is_brought_up_to_date();
    let mine = small.reads(MINE);
    assert!(mine.contains("    // Make twice as much of it.") && !mine.contains("Double it."), "{mine}");
}

#[test]
fn what_the_course_has_no_more_goes_unless_the_student_has_worked_on_it() {
    for worked_on in [false, true] {
        let small = Small::new();
        small.starts();
        if worked_on {
            small.writes(WORDS, "the student's");
        }
        fs::remove_file(small.path(REFERENCE_WORDS)).unwrap();
        small.is_brought_up_to_date();
        assert_eq!(small.path(WORDS).exists(), worked_on);
    }
}

#[test]
fn what_the_student_deleted_stays_so_and_is_told_when_the_course_changes_it() {
    let small = Small::new();
    small.starts();
    fs::remove_file(small.path(WORDS)).unwrap();
    small.is_brought_up_to_date();
    small.writes(REFERENCE_WORDS, "other");
    assert_eq!(small.starts(), ExitCode::FAILURE);
    assert!(!small.path(WORDS).exists());
}

#[test]
fn the_lock_file_is_the_courses() {
    let small = Small::new();
    small.starts();
    small.writes("mine/01-one/Cargo.lock", "what cargo made of it");
    small.writes("Cargo.lock", "version = 5\n");
    small.is_brought_up_to_date();
    assert_eq!(small.reads("mine/01-one/Cargo.lock"), "version = 5\n");
}

#[test]
fn reset_begins_anew_and_loses_nothing() {
    let small = Small::new();
    small.starts();
    for version in ["the student's first", "the student's second"] {
        small.writes(MINE, version);
        reset(&small.course, "01-one").unwrap();
        assert!(small.reads(MINE).contains("todo!()"));
    }
    let mut kept: Vec<String> = fs::read_dir(small.path("mine/.backup"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path().join("src/lib.rs")).unwrap())
        .collect();
    kept.sort();
    assert_eq!(kept, ["the student's first", "the student's second"]);
}

#[test]
fn a_rung_that_was_not_started_cannot_be_reset() {
    let small = Small::new();
    let error = reset(&small.course, "01-one").unwrap_err().to_string();
    assert_eq!(error, "You have no 01-one yet: make start STEP=01");
}

#[test]
fn a_task_for_a_function_that_is_not_there_is_told() {
    let small = Small::new();
    small.writes("steps/01-one/tasks.toml", &TASKS.replace("\"double\"", "\"duoble\""));
    let error = start(&small.course, "01-one").unwrap_err().to_string();
    assert!(error.contains("src/lib.rs: no function duoble"), "{error}");
    small.writes("steps/01-one/tasks.toml", &TASKS.replace("lib.rs", "bil.rs"));
    let error = start(&small.course, "01-one").unwrap_err().to_string();
    assert!(error.contains("there is no src/bil.rs"), "{error}");
    assert!(!small.path("mine").exists(), "half a copy is none");
}
