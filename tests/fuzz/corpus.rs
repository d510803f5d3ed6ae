//! All inputs that are kept, and some thousand changed ones: the part of fuzzing that every `make test` can wait for.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fuzz::{TARGETS, Target, target};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");

/// The files of a target's corpus, sorted by name.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(CORPUS).join(target.name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.expect("a folder that can be read").path();
            let input = fs::read(&path).expect("a file that can be read");
            (path, input)
        })
        .collect();
    files.sort();
    files
}

/// Tries an input. When a promise is broken, says how to look at it.
fn holds(target: &Target, input: &[u8], file: &Path) {
    if catch_unwind(AssertUnwindSafe(|| (target.check)(input))).is_err() {
        panic!(
            "the message above says which promise was broken. To see the input, and the message again:\n  \
             cargo run --package fuzz -- {} {}",
            target.name,
            file.display()
        );
    }
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    for entry in fs::read_dir(CORPUS).expect("the corpus").flatten() {
        let name = entry.file_name().into_string().expect("a plain name");
        assert!(target(&name).is_some(), "corpus/{name} belongs to no target");
    }
    for target in &TARGETS {
        assert!(corpus(target).len() >= 10, "the corpus of {} is hardly one", target.name);
    }
}

/// What a fuzzer learns in a night does not belong here: it learns it again.
#[test]
fn the_corpus_is_small() {
    for target in &TARGETS {
        let files = corpus(target);
        let size: usize = files.iter().map(|(_, input)| input.len()).sum();
        assert!(files.len() <= 100 && size <= 50_000, "{}: {} files, {size} bytes", target.name, files.len());
    }
}

#[test]
fn the_corpus_holds() {
    for target in &TARGETS {
        for (path, input) in corpus(target) {
            holds(target, &input, &path);
            assert!(!(target.show)(&input).is_empty());
        }
    }
}

/// What is done to an input.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// A part of another input, from so far on, so many bytes.
    Splice(Index, Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), 1..20_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (at(), at(), at(), 1..60_usize)
            .prop_map(|(at, which, from, count)| Change::Splice(at, which, from, count)),
    ]
}

fn change_it(input: &mut Vec<u8>, change: &Change, corpus: &[(PathBuf, Vec<u8>)]) {
    let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
    match change {
        Change::Set(at, byte) => {
            let at = place(at, input);
            input.splice(at..input.len().min(at + 1), [*byte]);
        }
        Change::Insert(at, bytes) => {
            let at = place(at, input);
            input.splice(at..at, bytes.iter().copied());
        }
        Change::Remove(at, count) => {
            let at = place(at, input);
            input.drain(at..input.len().min(at + count));
        }
        Change::Splice(at, which, from, count) => {
            let at = place(at, input);
            let (_, other) = &corpus[which.index(corpus.len())];
            let from = place(from, other);
            input.splice(at..at, other[from..other.len().min(from + count)].iter().copied());
        }
    }
}

/// Some thousand changed inputs. One that breaks a promise is made as small as proptest can, and written to a file.
fn changed(name: &str) {
    let target = target(name).expect("a target");
    let corpus = corpus(target);
    let found = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-changed"));
    let strategy = (any::<Index>(), vec(change(), 1..6));
    let config =
        Config { cases: 2000, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, |(first, changes)| {
        let mut input = corpus[first.index(corpus.len())].1.clone();
        changes.iter().for_each(|change| change_it(&mut input, change, &corpus));
        if catch_unwind(AssertUnwindSafe(|| (target.check)(&input))).is_err() {
            fs::write(&found, &input).expect("a file that can be written");
            return Err(TestCaseError::fail("a promise was broken"));
        }
        Ok(())
    });
    if outcome.is_err() {
        holds(target, &fs::read(&found).expect("just written"), &found);
    }
}

#[test]
fn changed_requests_hold() {
    changed("request");
}

#[test]
fn changed_bodies_hold() {
    changed("body");
}

#[test]
fn changed_http_connections_hold() {
    changed("http");
}

#[test]
fn changed_frames_hold() {
    changed("frame");
}

#[test]
fn changed_fragments_hold() {
    changed("assembler");
}

#[test]
fn changed_websocket_connections_hold() {
    changed("websocket");
}

#[test]
fn changed_captures_hold() {
    changed("wire");
}
