//! What became of the changes to each file, and of which code of it: `tests/survivors/record.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::list::List;

/// By rung, then by file.
pub type Records = BTreeMap<String, BTreeMap<String, Record>>;

/// What became of all the changes to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its code then, as a hash of its tokens: neither comments nor tests count.
    pub code: String,
    /// All changes.
    pub mutants: usize,
    /// A unit test failed.
    pub caught: usize,
    /// The unit tests did not end.
    pub timed_out: usize,
    /// They do not compile.
    pub unviable: usize,
    /// Survived; the list says why.
    pub explained: usize,
    /// Survived the unit tests, and another test noticed them.
    pub seen_by_others: usize,
}

impl Record {
    /// The sum of many.
    pub fn sum<'a>(records: impl IntoIterator<Item = &'a Record>) -> Record {
        records.into_iter().fold(Record::default(), |sum, record| Record {
            code: String::new(),
            mutants: sum.mutants + record.mutants,
            caught: sum.caught + record.caught,
            timed_out: sum.timed_out + record.timed_out,
            unviable: sum.unviable + record.unviable,
            explained: sum.explained + record.explained,
            seen_by_others: sum.seen_by_others + record.seen_by_others,
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { mutants, caught, timed_out, unviable, explained, seen_by_others, .. } = self;
        write!(
            f,
            "{mutants} changes: {caught} caught by unit tests, {timed_out} never ended, {unviable} do not compile, \
             {seen_by_others} noticed by other tests, {explained} explained"
        )
    }
}

fn path(root: &Path) -> PathBuf {
    root.join("tests/survivors/record.toml")
}

/// Reads all records. No file: no runs.
///
/// # Errors
/// When the file is there and wrong.
pub fn read(root: &Path) -> Result<Records, Failure> {
    match fs::read_to_string(path(root)) {
        Ok(text) => Ok(toml::from_str(&text)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Records::new()),
        Err(error) => Err(error.into()),
    }
}

/// Writes all records.
///
/// # Errors
/// When the file cannot be written.
pub fn write(root: &Path, records: &Records) -> Result<(), Failure> {
    let head = "# Written by `make cargo-mutants`. Not to be changed by hand.\n\n";
    Ok(fs::write(path(root), format!("{head}{}", toml::to_string(records)?))?)
}

/// The files of a rung that are changed, each with the hash of its code.
///
/// # Errors
/// When a file cannot be read, or is no Rust.
pub fn files(root: &Path, rung: &str, list: &List) -> Result<BTreeMap<String, String>, Failure> {
    let home = root.join("steps").join(rung);
    let mut found = BTreeMap::new();
    let mut folders = vec![home.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&home)?.to_string_lossy().into_owned();
            if !name.ends_with(".rs")
                || is_tests(&name)
                || list.left_out.iter().any(|left_out| left_out.file == name)
            {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            let tokens: TokenStream = text.parse().map_err(|error| format!("{name}: {error}"))?;
            found.insert(name, sha1_smol::Sha1::from(code(tokens)).digest().to_string()[..12].to_string());
        }
    }
    Ok(found)
}

/// `src/mask/tests.rs` and what stands behind it in `src/mask/tests/`.
fn is_tests(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// The files whose changes were not tried since their code was changed.
pub fn untried(records: &Records, rung: &str, now: &BTreeMap<String, String>) -> Vec<String> {
    let known = |file: &str| records.get(rung)?.get(file);
    now.iter()
        .filter(|(file, code)| known(file).is_none_or(|record| record.code != **code))
        .map(|(file, _)| file.clone())
        .collect()
}

/// The tokens in one line, without documentation, and without what is only compiled for tests.
fn code(tokens: TokenStream) -> String {
    let mut out = String::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let inner =
                    tokens.next_if(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '!'));
                let attribute = match tokens.next() {
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
                        group.stream().to_string()
                    }
                    _ => String::new(),
                };
                if attribute.starts_with("doc ") || attribute.starts_with("doc=") {
                    continue;
                }
                if inner.is_none() && attribute.replace(' ', "") == "cfg(test)" {
                    skip_item(&mut tokens);
                    continue;
                }
                out.push_str(&format!("#[{attribute}] "));
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(&format!("{open} {}{close} ", code(group.stream())));
            }
            other => out.push_str(&format!("{other} ")),
        }
    }
    out
}

/// An item ends with its braces or its semicolon.
fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(end) if end.as_char() == ';' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> String {
        code(text.parse().unwrap())
    }

    // Otherwise a comment would ask for a run of minutes.
    #[test]
    fn comments_and_tests_are_no_code() {
        let plain = "pub fn two() -> u8 { 1 + 1 }";
        let with_all = "//! A file.\n\n/// Two.\npub fn two() -> u8 {\n    // One and one.\n    1 + 1\n}\n\
                        #[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod more { #[test] fn t() {} }\n";
        assert_eq!(code_of(with_all), code_of(plain));
    }

    // Otherwise a change of the code is never tried.
    #[test]
    fn anything_else_is() {
        let plain = code_of("#[inline] fn two() -> u8 { 1 + 1 }");
        for other in [
            "fn two() -> u8 { 1 + 1 }",
            "#[inline] fn two() -> u8 { 1 - 1 }",
            "#[inline] fn two() -> u8 { 1 + 1 } #[cfg(unix)] fn more() {}",
            "#[inline] fn two() -> u8 { (1 + 1) }",
        ] {
            assert_ne!(code_of(other), plain, "{other}");
        }
    }
}
