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

Each [bug that students make](bugs.md), made on purpose in the reference, one at a time, and what `make check` then says: the
first failure in the order of the tests, word by word. Ports, times and process ids are made constant. `make mutants`
makes all of these mistakes again and writes this page; a check fails when it is out of date.

Where two mistakes belong to one bug, both are shown.
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

/// The first lines that differ by more than a figure, in the changes and in the lessons. The steps between them are not
/// compared: how much was sent, and at which try a mistake shows, is the kernel's affair.
fn difference(before: &str, now: &str) -> Option<[String; 2]> {
    let [before, now] = [before, now].map(|page| page.split("\n### ").collect::<Vec<_>>());
    if before.len() != now.len() {
        return Some([before, now].map(|sections| format!("{} mistakes", sections.len() - 1)));
    }
    before.iter().zip(&now).find_map(|(before, now)| {
        let lines = |section: &str| -> Vec<String> {
            let (change, said) = section.split_at(section.find("```text").unwrap_or(section.len()));
            let lesson = &said[said.rfind("\n  why:").unwrap_or(said.len())..];
            change.lines().chain(lesson.lines()).map(String::from).collect()
        };
        let (before, now) = (lines(before), lines(now));
        let mut lines = (0..before.len().max(now.len())).map(|at| {
            [&before, &now].map(|lines| lines.get(at).cloned().unwrap_or_else(|| "(nothing)".into()))
        });
        lines.find(|[before, now]| !alike(before, now))
    })
}

fn page(bugs: &[Bug], mistakes: &Mistakes, told: &[Told]) -> String {
    let mut text = HEAD.to_string();
    for bug in bugs {
        let of_bug = mistakes.list.iter().zip(told).filter(|(mistake, _)| mistake.bug == bug.name);
        for (number, (mistake, told)) in of_bug.enumerate() {
            if number == 0 {
                let _ = write!(text, "\n## {}\n", bug.name);
            }
            shown(mistake, told, &mut text);
        }
    }
    text
}

fn shown(mistake: &Mistake, told: &Told, text: &mut String) {
    let Mistake { name, suite, mistake, made, test, .. } = mistake;
    let _ = write!(text, "\n### {name}\n\n{mistake}\n");
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
    let _ = write!(text, "\n`{check}` stops at `{test}`:\n\n```text\n{}\n```\n", report.trim_matches('\n'));
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
