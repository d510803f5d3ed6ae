//! The table of notes/bugs.md.

use std::fs;

use workbench::Course;

use crate::table::Mistakes;

/// A row.
pub struct Bug {
    /// The heading above its table.
    pub group: String,
    /// What stands in its first cell, without its link.
    pub name: String,
    /// Where the first cell leads.
    link: Option<String>,
    /// Its last cell: `02 name_of_a_test`, or the rung that is to come.
    tests: String,
}

/// All rows.
pub fn read(course: &Course) -> Vec<Bug> {
    let text = fs::read_to_string(course.root.join("notes/bugs.md")).unwrap();
    let (mut bugs, mut group) = (Vec::new(), "");
    for line in text.lines() {
        group = line.strip_prefix("## ").unwrap_or(group);
        if line.starts_with("| ") && !line.starts_with("| Bug |") {
            bugs.push(row(group, line));
        }
    }
    bugs
}

fn row(group: &str, row: &str) -> Bug {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [first, _, _, tests] = cells[..] else { panic!("not four cells: {row}") };
    let linked = first.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')?.split_once("]("));
    let (name, link) = linked.map_or((first, None), |(name, link)| (name, Some(link.to_string())));
    Bug { group: group.to_string(), name: name.to_string(), link, tests: tests.to_string() }
}

/// What is wrong between the table and the mistakes: a row without one, a mistake without a row, a test that the row
/// does not name, a link that leads nowhere.
pub fn faults(bugs: &[Bug], mistakes: &Mistakes) -> Vec<String> {
    let mut faults = Vec::new();
    for Bug { name, link, tests, .. } in bugs {
        let made = mistakes.list.iter().any(|mistake| mistake.bug == *name);
        let to_come = tests.starts_with("rung ");
        if made == to_come {
            faults.push(format!("{name}: {}", if made { "its rung is here" } else { "no mistake shows it" }));
        }
        let wanted = made.then(|| format!("what-goes-wrong.md#{}", anchor(name)));
        if *link != wanted {
            faults.push(format!("{name}: its link is {link:?}, not {wanted:?}"));
        }
    }
    for mistake in &mistakes.list {
        let Some(bug) = bugs.iter().find(|bug| bug.name == mistake.bug) else {
            faults.push(format!("{}: there is no row {:?}", mistake.name, mistake.bug));
            continue;
        };
        let step = mistake.suite.split('-').next().unwrap_or_default();
        // A suite in several files names the file too, the notes do not.
        let name = mistake.test.rsplit("::").next().unwrap_or_default();
        let test = format!("`{step} {name}`");
        if !bug.tests.contains(&test) {
            faults.push(format!("{}: the row does not name {test}", mistake.name));
        }
    }
    faults
}

/// How a heading is called in a link.
pub fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
