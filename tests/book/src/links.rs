//! What a text says of other files, checked: links, images, headings, includes, names of source files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::markdown::{fragments, inline_code, line_of, links, resolve};
use crate::workspace;

/// What is wrong in one text, a line for each: `notes/01-accept.md:12: ...`. `file` and `files` are paths below the
/// repository; `files` are all that it has.
pub fn wrong(file: &Path, text: &str, files: &[PathBuf]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut complain = |at: usize, what: String| {
        wrong.push(format!("{}:{}: {what}", file.display(), line_of(text, at)));
    };
    for link in links(text) {
        let Some((path, fragment)) = resolve(&link.to, file) else { continue };
        let real = workspace().join(&path);
        if !real.exists() {
            complain(link.range.start, format!("{} leads nowhere: there is no {}", link.to, path.display()));
        } else if !fragment.is_empty() && path.extension().is_some_and(|extension| extension == "md") {
            let other =
                if path == file { text.to_owned() } else { fs::read_to_string(real).unwrap_or_default() };
            let there = fragments(&other);
            if !there.iter().any(|heading| heading == fragment) {
                complain(link.range.start, format!("{}: that text has no heading #{fragment}", link.to));
            }
        }
    }
    for (at, what) in includes(text) {
        if let Err(why) = included(file, &what) {
            complain(at, format!("{{{{#include {what}}}}}: {why}"));
        }
    }
    for (code, at) in inline_code(text) {
        let is_file =
            code.ends_with(".rs") && !code.contains(|c: char| c.is_whitespace() || "*{}<".contains(c));
        if is_file && !files.iter().any(|path| path.ends_with(&code)) {
            complain(at.start, format!("`{code}`: there is no such file"));
        }
    }
    wrong
}

/// `{{#include ../steps/03-lines/src/decoder.rs:next}}`: where, and `../steps/03-lines/src/decoder.rs:next`.
fn includes(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices("{{#") {
        // A backslash in front: the words themselves, not what they name.
        if text[..at].ends_with('\\') {
            continue;
        }
        let words = text[at + mark.len()..].split("}}").next().unwrap_or_default();
        // Any other command is handed on, and fails as an include that names no file.
        found.push((at, words.strip_prefix("include ").unwrap_or(words).trim().to_owned()));
    }
    found
}

/// Does an include bring anything?
fn included(file: &Path, what: &str) -> Result<(), String> {
    let (path, anchor) = what.split_once(':').unwrap_or((what, ""));
    let (path, _) = resolve(path, file).ok_or("that is no path")?;
    let text = fs::read_to_string(workspace().join(&path)).map_err(|e| format!("{}: {e}", path.display()))?;
    if anchor.is_empty() {
        return Ok(());
    }
    let marks = |kind: &str| {
        let mark = format!("{kind}: {anchor}");
        text.lines().filter(|line| line.trim_start_matches([' ', '/', '#']) == mark).count()
    };
    match (marks("ANCHOR"), marks("ANCHOR_END")) {
        (1, 1) => {}
        (begins, ends) => {
            return Err(format!("the anchor {anchor} begins {begins} times and ends {ends} times"));
        }
    }
    let begin =
        text.find(&format!("ANCHOR: {anchor}\n")).map_or(0, |at| at + "ANCHOR: \n".len() + anchor.len());
    let within = text[begin..].split(&format!("ANCHOR_END: {anchor}\n")).next().unwrap_or_default();
    match within.lines().count() {
        0 | 1 => Err(format!("nothing stands in the anchor {anchor}")),
        _ => Ok(()),
    }
}
