//! What a text of this project says of other files is so.

use std::fs;
use std::path::Path;

use book::links::wrong;
use book::markdown::inline_code;
use book::pointers::leads;
use book::{files, workspace};

fn read(file: impl AsRef<Path>) -> String {
    fs::read_to_string(workspace().join(file)).expect("it was just listed")
}

fn is_text(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "md")
}

#[test]
fn every_link_include_and_file_name_leads_somewhere() {
    let files = files("");
    let wrong: Vec<String> =
        files.iter().filter(|file| is_text(file)).flat_map(|file| wrong(file, &read(file), &files)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_text_in_notes_is_a_page_of_the_book() {
    let summary = read("notes/SUMMARY.md");
    let lost: Vec<_> = files("notes")
        .into_iter()
        .filter(|file| is_text(file))
        .filter_map(|file| file.strip_prefix("notes").ok().map(Path::to_owned))
        .filter(|file| {
            file != Path::new("SUMMARY.md") && !summary.contains(&format!("]({})", file.display()))
        })
        .collect();
    assert!(lost.is_empty(), "notes/SUMMARY.md does not name {lost:?}");
}

#[test]
fn a_test_that_a_chapter_names_leads_to_its_first_line() {
    let files = files("");
    let mut count = 0;
    for chapter in files.iter().filter(|file| file.starts_with("notes") && is_text(file)) {
        let text = read(chapter);
        for (code, _) in inline_code(&text) {
            let Some((rung, test)) = code.split_once(' ').filter(|(_, test)| test.contains('_')) else {
                continue;
            };
            if rung.len() != 2 || !rung.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let (path, line) =
                leads(&code, chapter, &files).unwrap_or_else(|| panic!("{}: {code}", chapter.display()));
            let source = read(&path);
            let line = source.lines().nth(line.expect("a line") - 1).expect("the file is long enough");
            assert!(line.contains(&format!("fn {test}(")), "{}: {line}", path.display());
            count += 1;
        }
    }
    assert!(count >= 100, "only {count} were found");
}

#[test]
fn a_file_that_a_chapter_names_is_found() {
    let files = files("");
    let leads = |code: &str| leads(code, Path::new("09-frames.md"), &files).map(|(path, _)| path);
    assert_eq!(leads("header.rs"), Some("steps/09-frames/src/header.rs".into()));
    assert_eq!(leads("steps/02-poll/src/output.rs"), Some("steps/02-poll/src/output.rs".into()));
    assert_eq!(leads("notes/03-lines.md"), Some("notes/03-lines.md".into()));
    for none in ["chat.rs", "make run", "a/b", "09 no_such_test", "/chat"] {
        assert_eq!(leads(none), None, "{none}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let text = "# Title\n\n[a](no.md) [b](02-poll.md#no) ![c](images/no.png) [d](#title) [e](02-poll.md#what-is-new)\n\
                [f](https://example.org/no) `event_loop.rs` `no_such.rs` `[g](no.md)`\n\n\
                ```text\n[h](no.md)\n{{#include ../steps/02-poll/src/lib.rs:no_such}}\n{{#include ../no.rs:a}}\n```\n";
    let files = files("steps");
    let told = wrong(Path::new("notes/01-accept.md"), text, &files);
    assert_eq!(
        told,
        [
            "notes/01-accept.md:3: no.md leads nowhere: there is no notes/no.md",
            "notes/01-accept.md:3: 02-poll.md#no: that text has no heading #no",
            "notes/01-accept.md:3: images/no.png leads nowhere: there is no notes/images/no.png",
            "notes/01-accept.md:8: {{#include ../steps/02-poll/src/lib.rs:no_such}}: the anchor no_such begins 0 times and ends 0 times",
            "notes/01-accept.md:9: {{#include ../no.rs:a}}: no.rs: No such file or directory (os error 2)",
            "notes/01-accept.md:4: `no_such.rs`: there is no such file",
        ]
    );
}
