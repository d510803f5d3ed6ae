//! Each chapter of a rung has its parts, and no question stands without its answer.

use std::fs;

use book::console::{Like, Whole, unlike};
use book::markdown::{Block, blocks};
use book::{files, workspace};
use wire::checksum::Verdict;
use wire::segment::Segment;

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

/// What a test says in a chapter, it says today: each such line stands on the page that `make mutants` writes.
#[test]
fn each_story_that_a_chapter_quotes_is_on_the_page_of_mutants() {
    let page = fs::read_to_string(workspace().join("notes/what-goes-wrong.md")).expect("it is there");
    let like = Like { whole: Whole::Somewhere, chatty: false, by_form: false };
    let (mut count, mut stale) = (0, Vec::new());
    for (name, block) in texts() {
        if !block.text.lines().any(|line| line.starts_with("  why:  ")) {
            continue;
        }
        count += 1;
        // A chapter indents a story less, and leaves lines out.
        let lines = block.text.lines().filter(|line| !line.trim().is_empty() && line.trim() != "...");
        for line in lines {
            let is_there = page.lines().filter(|there| there.trim_start().starts_with(first_word(line)));
            let is_there = is_there.map(str::trim).collect::<Vec<_>>().join("\n");
            if unlike(&[line.trim().to_owned()], &is_there, like).is_some() {
                stale.push(format!("{name}:{}: {line}", block.line));
            }
        }
    }
    assert!(stale.is_empty(), "no mutant says this:\n{}\n", stale.join("\n"));
    assert!(count >= 12, "only {count} were found");
}

/// The first segment of a connection, byte for byte with names: rung 00 reads the same in these bytes.
#[test]
fn the_bytes_of_the_header_are_what_the_words_beside_them_say() {
    let mut blocks = texts().into_iter().filter(|(name, _)| name == "00-wire.md");
    let (_, block) =
        blocks.find(|(_, block)| block.text.starts_with("IP    45 00")).expect("the two headers");
    let bytes: Vec<u8> = block
        .text
        .lines()
        .flat_map(|line| line[6..17].split_whitespace())
        .map(|byte| u8::from_str_radix(byte, 16).expect("a byte"))
        .collect();
    let segment = Segment::parse(&bytes).expect("one segment");
    let (header, options) = (&segment.header, &segment.header.options);
    assert!(segment.ip_checksum_is_right && segment.checksum == Verdict::Unfinished);
    let said = [
        format!("{} bytes in all", bytes.len()),
        format!("{} routers at most", segment.hop_limit),
        format!("from {}", segment.source.ip()),
        format!("to {}", segment.destination.ip()),
        format!("from port {} to port {}", header.source_port, header.destination_port),
        format!("sequence number {}", header.sequence_number),
        format!("header of {} words; the flag {}; window {}", header.length / 4, header.flags, header.window),
        format!("MSS {}", options.maximum_segment_size.expect("SYN has one")),
        format!("window scale {}", options.window_scale.expect("SYN has one")),
    ];
    for words in said {
        assert!(block.text.contains(&words), "{words:?} does not stand beside the bytes");
    }
    assert!(options.sack_permitted && options.timestamps == Some((0xb061_1f1b, 0)));
}

/// The blocks of plain text in the chapters of rungs.
fn texts() -> Vec<(String, Block)> {
    let mut texts = Vec::new();
    for (name, text) in chapters() {
        let of_chapter = blocks(&text).into_iter().filter(|block| block.info == "text");
        texts.extend(of_chapter.map(|block| (name.clone(), block)));
    }
    texts
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}
