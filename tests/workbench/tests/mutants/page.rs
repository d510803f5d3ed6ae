//! notes/what-goes-wrong.md, written from what the suites said.

use std::fmt::Write;
use std::fs;

use workbench::Course;

use crate::bugs::{self, Bug};
use crate::run::Told;
use crate::steady::{alike, steady};
use crate::table::{Changed, Made, Mistake, Mistakes};

const PAGE: &str = "notes/what-goes-wrong.md";

const HEAD: &str = "\
# What goes wrong, and what it looks like

Each [bug that students make](bugs.md), made on purpose in the reference, one at a time: the change, and what `make check` then
says, which is the first failure in the order of the tests. Of that the first line and the lesson stand open, and the story
behind them is folded: each step of the test, what it saw, and what the server logged. Ports, times and process ids are made
constant. `make mutants` makes all of these mistakes again and writes this page; a check fails when it is out of date.
";

/// Compares the page with what was just said; `WRITE=1` writes it instead.
pub fn compare_or_write(course: &Course, mistakes: &Mistakes, told: &[Told]) {
    let path = course.root.join(PAGE);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let now = page(&bugs::read(course), mistakes, told);
    let stale = difference(&before, &now);
    // What differs only by a figure stays: no change without a reason.
    if stale.is_some() && std::env::var_os("WRITE").is_some() {
        return fs::write(&path, now).unwrap();
    }
    if let Some([before, now]) = stale {
        panic!(
            "{PAGE} is out of date; make mutants writes it anew. It says\n  {before}\nand now it is\n  {now}"
        );
    }
}

/// The first lines that differ by more than a figure, in the changes and in the lessons. The failure and its story are not
/// compared: how much was sent, and at which try a mistake shows, is the kernel's affair.
fn difference(before: &str, now: &str) -> Option<[String; 2]> {
    let [before, now] = [before, now].map(|page| page.split("\n#### ").collect::<Vec<_>>());
    if before.len() != now.len() {
        return Some([before, now].map(|sections| format!("{} mistakes", sections.len() - 1)));
    }
    before.iter().zip(&now).find_map(|(before, now)| {
        let lines = |section: &str| -> Vec<String> {
            let (open, folded) = section.split_once("<details>").unwrap_or((section, ""));
            let (_, behind) = folded.rsplit_once("</details>").unwrap_or_default();
            let (change, said) = open.split_at(open.find("```text").unwrap_or(open.len()));
            let lesson = &said[said.rfind("\n  why:").unwrap_or(said.len())..];
            [change, lesson, behind].iter().flat_map(|part| part.lines()).map(String::from).collect()
        };
        let (before, now) = (lines(before), lines(now));
        let mut lines = (0..before.len().max(now.len())).map(|at| {
            [&before, &now].map(|lines| lines.get(at).cloned().unwrap_or_else(|| "(nothing)".into()))
        });
        lines.find(|[before, now]| !alike(before, now))
    })
}

fn page(bugs: &[Bug], mistakes: &Mistakes, told: &[Told]) -> String {
    // A row whose rung is to come has no mistake yet.
    let made = |bug: &Bug| -> Vec<(&Mistake, &Told)> {
        mistakes.list.iter().zip(told).filter(|(mistake, _)| mistake.bug == bug.name).collect()
    };
    let shown: Vec<(&Bug, Vec<(&Mistake, &Told)>)> =
        bugs.iter().map(|bug| (bug, made(bug))).filter(|(_, made)| !made.is_empty()).collect();
    let mut text = HEAD.to_string();
    for (number, (bug, _)) in shown.iter().enumerate() {
        if number == 0 || shown[number - 1].0.group != bug.group {
            let _ = write!(text, "\n**[{}](#{})**\n\n", bug.group, bugs::anchor(&bug.group));
        }
        let _ = writeln!(text, "- [{}](#{})", bug.name, bugs::anchor(&bug.name));
    }
    for (number, (bug, made)) in shown.iter().enumerate() {
        if number == 0 || shown[number - 1].0.group != bug.group {
            let _ = write!(text, "\n## {}\n", bug.group);
        }
        let _ = write!(text, "\n### {}\n", bug.name);
        made.iter().for_each(|(mistake, told)| show(mistake, told, &mut text));
    }
    text
}

fn show(mistake: &Mistake, told: &Told, text: &mut String) {
    let Mistake { name, suite, mistake, made, test, .. } = mistake;
    let _ = write!(text, "\n#### {name}\n\n{mistake}\n");
    let step = suite.split('-').next().unwrap_or_default();
    let check = match made {
        Made::Changes(changes) => {
            changes.iter().for_each(|change| text.push_str(&diff(change)));
            format!("make check STEP={step}")
        }
        Made::Program { path } => {
            format!("make check STEP={step} SERVER='python3 tests/mutants/{}'", path.display())
        }
    };
    let report = steady(&told.report);
    let report = report.trim_matches('\n');
    let (story, lesson) = report.split_at(report.rfind("\n  why:").unwrap_or(report.len()));
    // The steps end with an empty line; what stands behind it is the failure.
    let (_, failure) = story.split_once("\n\n").unwrap_or_default();
    let failure = failure.lines().next().unwrap_or_default();
    let _ = write!(text, "\n`{check}` stops at `{test}`:\n\n```text\n{failure}\n{lesson}\n```\n");
    let story = story.trim_end();
    let _ = write!(text, "\n<details><summary>The story</summary>\n\n```text\n{story}\n```\n\n</details>\n");
}

/// A change as a reader of patches knows it.
fn diff(change: &Changed) -> String {
    let Changed { rung, file, function, from, to } = change;
    let (from, to): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let rest = from[same..].iter().rev().zip(to[same..].iter().rev());
    let same_end = rest.take_while(|(a, b)| a == b).count();
    let mut text = format!("\n`steps/{rung}/{file}`, `{function}`:\n\n```diff\n");
    for (sign, part) in [
        (' ', &from[..same]),
        ('-', &from[same..from.len() - same_end]),
        ('+', &to[same..to.len() - same_end]),
        (' ', &from[from.len() - same_end..]),
    ] {
        for line in part {
            text.push_str(format!("{sign}{line}").trim_end());
            text.push('\n');
        }
    }
    text.push_str("```\n");
    text
}

/// What makes the page stale, and what does not.
#[test]
fn a_page_is_stale_when_a_change_a_lesson_or_a_heading_differs() {
    let page = "# Page\n\n- [A bug](#a-bug)\n\n## Group\n\n### A bug\n\n#### a-mistake\n\nIt was forgotten.\n\n```diff\n-a\n+b\n```\n\n\
                `make check` stops at `a_test`:\n\n```text\n  alice: No answer.\n\n  why:  Answer.\n```\n\n\
                <details><summary>The story</summary>\n\n```text\n   1  starts\n```\n\n</details>\n\n### Another\n\n#### next\n";
    for (was, is, stale) in [
        ("+b", "+c", true),
        ("It was forgotten", "It was lost", true),
        ("`a_test`", "`another_test`", true),
        ("why:  Answer", "why:  Do answer", true),
        ("### Another", "### The other", true),
        ("- [A bug]", "- [The bug]", true),
        ("#### next\n", "", true),
        ("alice: No answer", "bob: No answer", false),
        ("1  starts", "2  goes on", false),
    ] {
        let now = page.replacen(was, is, 1);
        assert!(now != page, "{was}");
        assert_eq!(difference(page, &now).is_some(), stale, "{was} has become {is}");
    }
}
