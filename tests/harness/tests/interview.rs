//! notes/interview.md names a test, a command or a file for each answer. This holds it to that: all of them exist. And
//! so does each test that any other chapter names.

mod suites;

use std::fs;

use suites::{Suites, root};

#[test]
fn every_answer_is_shown_by_something_that_exists() {
    let page = fs::read_to_string(root().join("notes/interview.md")).expect("notes/interview.md");
    let answers: Vec<&str> = page.split("<details><summary>").skip(1).collect();
    assert!(answers.len() >= 45, "only {} answers were found: has the page another form now?", answers.len());
    let shown = Shown::read();
    let faults: Vec<String> = answers.iter().flat_map(|answer| shown.faults_of(answer)).collect();
    assert!(faults.is_empty(), "notes/interview.md names what is not there:\n{}", faults.join("\n"));
}

#[test]
fn every_test_named_in_the_notes_exists() {
    let suites = Suites::read();
    let mut count = 0;
    for entry in fs::read_dir(root().join("notes")).expect("notes") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).expect("a chapter");
        for name in
            page.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|name| is_test(name))
        {
            assert!(suites.have(name), "{} names {name:?}, and there is no such test", path.display());
            count += 1;
        }
    }
    assert!(count >= 100, "only {count} were found");
}

/// `02 waiting_costs_nothing`
fn is_test(name: &str) -> bool {
    let word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let halves = name.split_once(' ');
    halves.is_some_and(|(rung, test)| {
        rung.len() == 2 && rung.bytes().all(|byte| byte.is_ascii_digit()) && test.contains('_') && word(test)
    })
}

/// What can be named: tests, files, commands.
struct Shown {
    suites: Suites,
    makefile: String,
    attacks: String,
    /// The README's table, which names each rung: `[09-frames](..)`.
    rungs: String,
}

impl Shown {
    fn read() -> Shown {
        let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
        Shown {
            suites: Suites::read(),
            makefile: read("Makefile"),
            attacks: read("notes/attack.md"),
            rungs: read("README.md"),
        }
    }

    /// What is wrong with one answer: the question, the answer, and behind `See:` what shows it.
    fn faults_of(&self, answer: &str) -> Vec<String> {
        let question = answer.split("</summary>").next().unwrap_or_default();
        let Some((text, see)) = answer.split_once("\n\nSee: ") else {
            return vec![format!("nothing shows it: {question}")];
        };
        let (see, rest) = see.split_once("\n\n</details>").unwrap_or((see, ""));
        let mut faults = Vec::new();
        if !text.contains("</summary>\n\n") || rest.contains("</details>") {
            faults.push(format!("not question, answer, See, </details>: {question}"));
        }
        let named: Vec<&str> = see.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            faults.push(format!("nothing is named: {question}"));
        }
        faults.extend(
            named
                .iter()
                .filter(|name| !self.exists(name))
                .map(|name| format!("no {name:?}, for: {question}")),
        );
        faults
    }

    /// `make load`, `02 waiting_costs_nothing`, or a path.
    fn exists(&self, name: &str) -> bool {
        match name.split_once(' ') {
            Some(("make", words)) => self.is_command(words),
            Some(_) => self.suites.have(name),
            None => name.contains('/') && root().join(name).exists(),
        }
    }

    fn is_command(&self, words: &str) -> bool {
        let mut words = words.split(' ');
        let target = words.next().unwrap_or_default();
        // A target stands before a colon; several may stand there.
        let is_target =
            self.makefile.lines().filter(|line| !line.starts_with(['\t', ' ', '.'])).any(|line| {
                let names =
                    line.split_once(':').filter(|(_, rest)| !rest.starts_with('=')).map(|(names, _)| names);
                names.is_some_and(|names| names.split_whitespace().any(|name| name == target))
            });
        is_target
            && words.all(|word| match word.split_once('=') {
                Some(("STEP", rung)) => self.rungs.contains(&format!("| [{rung}-")),
                Some(("ONLY", attack)) => self.attacks.contains(attack),
                _ => false,
            })
    }
}

#[test]
fn what_is_not_there_is_noticed() {
    let shown = Shown::read();
    for name in ["make run STEP=09", "make load", "02 waiting_costs_nothing", "notes/bugs.md", "make hint"] {
        assert!(shown.exists(name), "{name}");
    }
    for name in
        ["make run STEP=99", "make loud", "make cargo:", "make WORKBENCH", "make attack ONLY=tickling"]
    {
        assert!(!shown.exists(name), "{name}");
    }
    for name in ["03 waiting_costs_nothing", "02 waiting", "notes/bug.md", "notes"] {
        assert!(!shown.exists(name), "{name}");
    }
    let answer = "Why?</summary>\n\nSo.\n\nSee: `notes/bugs.md`.\n\n</details>\n";
    assert_eq!(shown.faults_of(answer), [""; 0]);
    assert_eq!(shown.faults_of(&answer.replace("See: ", "")).len(), 1);
    assert_eq!(shown.faults_of(&answer.replace("`notes/bugs.md`", "nowhere")).len(), 1);
    assert_eq!(shown.faults_of(&answer.replace("bugs", "bags")).len(), 1);
}
