//! What a rung adds to those below it: its files, and what later rungs may use.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;

use syn::{Attribute, Expr, ExprLit, ImplItem, Item, Lit, Meta, Visibility};
use toml::Table;

use crate::Failure;
use crate::course::{Course, Rung};
use crate::start::{Files, collect};

/// Prints it.
///
/// # Errors
/// When there is no such rung, or it cannot be read.
pub fn show(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    print!("{}", told(course, &course.rung(name)?)?);
    Ok(ExitCode::SUCCESS)
}

/// The files in the order of the folder, each with its first words and its public items.
fn told(course: &Course, rung: &Rung) -> Result<String, Failure> {
    let mut files = Files::new();
    collect(&rung.home, "".as_ref(), &mut files)?;
    let mut text = String::new();
    let (others, crates) = dependencies(course, rung)?;
    let _ = writeln!(text, "{} stands on: {}", rung.name, listed(&others));
    let _ = writeln!(text, "Crates that no rung below it names: {}\n", listed(&crates));
    for (path, content) in &files {
        let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs");
        if is_test || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let content = std::str::from_utf8(content)?;
        let file = syn::parse_file(content).map_err(|error| format!("{}: {error}", path.display()))?;
        let lines = content.lines().count();
        let _ = writeln!(text, "{}  ({lines} lines)  {}", path.display(), first_words(&file.attrs));
        items(&file.items, &mut text);
    }
    Ok(text)
}

/// The rungs that this one names, and the crates that none below it does.
fn dependencies(course: &Course, rung: &Rung) -> Result<(Vec<String>, Vec<String>), Failure> {
    let named = |rung: &str| -> Result<BTreeSet<String>, Failure> {
        let manifest: Table =
            toml::from_str(&fs::read_to_string(course.root.join("steps").join(rung).join("Cargo.toml"))?)?;
        let dependencies = manifest.get("dependencies").and_then(|table| table.as_table());
        Ok(dependencies.into_iter().flatten().map(|(name, _)| name.clone()).collect())
    };
    let below: Vec<String> = course.rungs()?.into_iter().filter(|other| *other < rung.name).collect();
    // `05-keep-alive` is `keep_alive` to those who use it.
    let libraries: BTreeSet<String> =
        below.iter().filter_map(|rung| Some(rung.split_once('-')?.1.replace('-', "_"))).collect();
    let mut known = BTreeSet::new();
    for rung in &below {
        known.extend(named(rung)?);
    }
    let (others, crates): (Vec<_>, Vec<_>) =
        named(&rung.name)?.into_iter().partition(|name| libraries.contains(name));
    Ok((others, crates.into_iter().filter(|name| !known.contains(name)).collect()))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// A line for each public item; the methods of a type stand in one line below `impl`.
fn items(items: &[Item], text: &mut String) {
    for item in items {
        let (public, kind, name, attributes) = match item {
            Item::Fn(item) => (&item.vis, "fn", item.sig.ident.to_string(), &item.attrs),
            Item::Struct(item) => (&item.vis, "struct", item.ident.to_string(), &item.attrs),
            Item::Enum(item) => (&item.vis, "enum", item.ident.to_string(), &item.attrs),
            Item::Trait(item) => (&item.vis, "trait", item.ident.to_string(), &item.attrs),
            Item::Const(item) => (&item.vis, "const", item.ident.to_string(), &item.attrs),
            Item::Static(item) => (&item.vis, "static", item.ident.to_string(), &item.attrs),
            Item::Type(item) => (&item.vis, "type", item.ident.to_string(), &item.attrs),
            Item::Mod(item) => (&item.vis, "mod", item.ident.to_string(), &item.attrs),
            Item::Impl(item) if item.trait_.is_none() => {
                let methods = item.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(method) if is_public(&method.vis) => Some(method.sig.ident.to_string()),
                    _ => None,
                });
                let methods: Vec<String> = methods.collect();
                if let (syn::Type::Path(of), false) = (&*item.self_ty, methods.is_empty()) {
                    let of = of.path.segments.last().map(|segment| segment.ident.to_string());
                    let _ = writeln!(text, "    impl {}: {}", of.unwrap_or_default(), methods.join(", "));
                }
                continue;
            }
            _ => continue,
        };
        if is_public(public) {
            let _ = writeln!(text, "    pub {kind} {name}  {}", first_words(attributes));
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The first sentence of the words about a file or an item.
fn first_words(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(words), .. }) => Some(words.value().trim().to_string()),
            _ => None,
        },
        _ => None,
    });
    let words: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let words = words.join(" ");
    let end = words.find(". ").map_or(words.len(), |at| at + 1);
    words[..end].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_is_told_with_its_first_sentence() {
        let file = syn::parse_file(
            "/// Masks all\n/// of 127.0.0.1. More.\npub fn mask() {}\nfn own() {}\npub(crate) struct Inner;\n/// A.\npub struct A;\n\
             impl A { pub fn new() {} fn own() {} pub fn old() {} }\nimpl Drop for A { fn drop(&mut self) {} }\n\
             impl Inner { fn own() {} }",
        );
        let mut text = String::new();
        items(&file.unwrap().items, &mut text);
        assert_eq!(
            text,
            "    pub fn mask  Masks all of 127.0.0.1.\n    pub struct A  A.\n    impl A: new, old\n"
        );
    }

    #[test]
    fn the_frames_bring_the_decoder_and_a_crate() {
        let course = Course::here().unwrap();
        let text = told(&course, &course.rung("09-frames").unwrap()).unwrap();
        assert!(
            text.starts_with("09-frames stands on: accept, keep_alive, poll, request, upgrade\n"),
            "{text}"
        );
        assert!(text.contains("Crates that no rung below it names: multiversion\n"), "{text}");
        assert!(text.contains("    pub struct Decoder  "), "{text}");
        assert!(!text.contains("tests.rs"), "{text}");
        let text = told(&course, &course.rung("03-lines").unwrap()).unwrap();
        assert!(text.contains("Crates that no rung below it names: none\n"), "{text}");
    }
}
