//! What is to be done on a rung: `tasks.toml`, beside its source.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Failure;

/// The tasks of a rung, in the order in which they are solved.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// In the order in which they are solved.
    #[serde(rename = "task", default)]
    pub list: Vec<Task>,
}

/// One function whose body the student writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// `src/mask.rs`.
    pub file: String,
    /// `mask`, `Decoder::next`, `Protocol for Echo::data`.
    pub function: String,
    /// What to do, in a sentence or two.
    pub task: String,
    /// Three, each saying more than the one before. What has line breaks is shown in these lines: code, mostly.
    pub hints: [String; 3],
    /// The unit tests that this task makes pass: parts of their names, as `cargo test` takes them. There may be none,
    /// where only the black-box tests can tell.
    #[serde(default)]
    pub tests: Vec<String>,
}

impl Tasks {
    /// Reads a rung's tasks. No file: no tasks.
    ///
    /// # Errors
    /// When the file is there and wrong.
    pub fn read(home: &Path) -> Result<Tasks, Failure> {
        let path = home.join("tasks.toml");
        if !path.exists() {
            return Ok(Tasks::default());
        }
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

impl Task {
    /// The lines that stand in the hole.
    pub fn words(&self, number: usize, of: usize) -> String {
        let mut words = format!("Task {number} of {of}.\n\n");
        words.push_str(&wrapped(&self.task, 100));
        words.push_str("\n\nStuck? `make hint` says a little more each time.");
        words
    }
}

/// A hint behind the words that announce it. Its own line breaks stay, and then it stands below these words; one that has
/// none is broken where it must be.
pub fn said(announced: &str, hint: &str, width: usize) -> String {
    let hint = hint.trim();
    if !hint.contains('\n') {
        return wrapped(&format!("{announced} {hint}"), width);
    }
    let mut text = format!("{announced}\n");
    for line in hint.lines() {
        text.push_str(format!("\n    {line}").trim_end_matches(' '));
    }
    text
}

/// Breaks lines at spaces.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for paragraph in text.trim().split("\n\n") {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        lines.push(String::new());
    }
    lines.pop();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No line is longer than the width, the first one with its announcement neither.
    #[test]
    fn a_hint_is_broken_with_what_announces_it() {
        assert_eq!(said("Hint 1 of 3:", "one two three four", 20), "Hint 1 of 3: one two\nthree four");
    }

    #[test]
    fn the_lines_of_code_stay_lines() {
        let code = "\nloop {\n    x += 1;\n\n    y();\n}\nThat is all, and a long line stays one.\n";
        let shown = "Hint 3 of 3:\n\n    loop {\n        x += 1;\n\n        y();\n    }\n    \
                     That is all, and a long line stays one.";
        assert_eq!(said("Hint 3 of 3:", code, 20), shown);
    }
}
