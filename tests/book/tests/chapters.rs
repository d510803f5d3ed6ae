//! Each chapter of a rung has its parts, and no question stands without its answer.

use std::fs;

use book::{files, workspace};

/// The headings of a chapter, in order. Where two words are named, the chapter of rung 00 has the other one: nothing stands
/// below it, and it is no server.
const PARTS: [&[&str]; 8] = [
    &["What the rung below left", "What a program sees"],
    &["What is new"],
    &["On the wire"],
    &["What goes wrong"],
    &["Try it yourself"],
    &["Questions"],
    &["What real servers do", "What real tools do"],
    &["Read further"],
];

/// The chapters of rungs: name and text.
fn chapters() -> Vec<(String, String)> {
    let mut chapters = Vec::new();
    for file in files("notes") {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".md") && name.as_bytes()[..2].iter().all(u8::is_ascii_digit) {
            chapters.push((name, fs::read_to_string(workspace().join(file)).expect("it was just listed")));
        }
    }
    assert!(chapters.len() >= 13, "only {} were found", chapters.len());
    chapters
}

#[test]
fn each_chapter_has_its_parts() {
    let mut lacking = Vec::new();
    for (name, text) in chapters() {
        let mut lacks = |what: &str| lacking.push(format!("{name}: {what}"));
        for promise in ["> **Time:** ", "> **Before:** ", "> **Afterwards you can**\n"] {
            if !text.contains(promise) {
                lacks(promise);
            }
        }
        let able = text.split("> **Afterwards you can**\n").nth(1).unwrap_or_default();
        if able
            .lines()
            .take_while(|line| line.starts_with('>'))
            .filter(|line| line.starts_with("> - "))
            .count()
            != 3
        {
            lacks("three things that one can do afterwards");
        }
        for part in PARTS {
            if !part.iter().any(|heading| text.contains(&format!("\n## {heading}\n"))) {
                lacks(part[0]);
            }
        }
        if !text.contains("{{#include ") {
            lacks("code from the source");
        }
        if !text.contains("\n```console") {
            lacks("a command that is run");
        }
    }
    assert!(lacking.is_empty(), "\n{}\n", lacking.join("\n"));
}

#[test]
fn each_question_has_an_answer_folded_away() {
    let mut alone = Vec::new();
    for file in files("notes") {
        let text = fs::read_to_string(workspace().join(&file)).unwrap_or_default();
        let Some((_, questions)) = text.split_once("\n## Questions\n") else { continue };
        let questions = questions.split("\n## ").next().unwrap_or_default();
        let mut count = 0;
        for block in questions.split("</details>") {
            let Some((before, block)) = block.split_once("<details><summary>") else {
                // What is behind the last answer, and in front of the first question, is nothing but space.
                alone.extend(
                    (!block.trim().is_empty()).then(|| format!("{}: {}", file.display(), block.trim())),
                );
                continue;
            };
            let (question, answer) = block.split_once("</summary>").unwrap_or((block, ""));
            count += 1;
            if answer.split_whitespace().count() < 8 || !answer.starts_with("\n\n") {
                alone.push(format!("{}: {question}", file.display()));
            }
            if before.lines().any(|line| line.starts_with("- ") || line.trim_end().ends_with('?')) {
                alone.push(format!("{}: {}", file.display(), before.trim()));
            }
        }
        if count < 3 {
            alone.push(format!("{}: {count} questions", file.display()));
        }
    }
    assert!(alone.is_empty(), "questions without an answer:\n{}\n", alone.join("\n"));
}

/// What a test says in a chapter, it says today.
#[test]
fn each_lesson_that_a_chapter_quotes_is_that_of_a_test() {
    let tests: Vec<String> = files("tests/blackbox")
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .map(|file| in_one_line(&fs::read_to_string(workspace().join(file)).expect("it was just listed")))
        .collect();
    let (mut count, mut stale) = (0, Vec::new());
    for (name, text) in chapters() {
        for block in text.split("\n  why:  ").skip(1) {
            let lines = block
                .split("\n  read: ")
                .next()
                .unwrap_or_default()
                .split("\n```")
                .next()
                .unwrap_or_default();
            let lesson = in_one_line(lines);
            count += 1;
            if !tests.iter().any(|test| test.contains(&lesson)) {
                stale.push(format!("{name}: {lesson}"));
            }
        }
    }
    assert!(stale.is_empty(), "no test says this:\n{}\n", stale.join("\n"));
    assert!(count >= 12, "only {count} were found");
}

/// A text as its words, whether its lines end with a backslash or not; quotes as they stand in a string.
fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "\\").collect();
    words.join(" ").replace("\\\"", "\"")
}
