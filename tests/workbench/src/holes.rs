//! Holes: a function's body taken out of the reference, its signature and its words left in.

use std::fmt;
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{
    Block, FnArg, ImplItemFn, ItemFn, ItemImpl, ItemMod, ItemTrait, Pat, ReturnType, Signature, TraitItemFn,
    Type,
};

/// A file of the reference, with the functions in it that have a body.
pub struct Source<'a> {
    text: &'a str,
    functions: Vec<Function>,
}

/// One function.
struct Function {
    /// `mask`, `Decoder::next`, or `Protocol for Http::data`.
    name: String,
    /// Its body, braces included.
    body: Range<usize>,
    /// The names that its parameters bind, `self` apart.
    parameters: Vec<String>,
    /// It returns `impl Trait`, or is `const`: `todo!()` would not compile in its place.
    unfit: Option<&'static str>,
    /// How far the line of its closing brace is indented.
    indent: usize,
}

/// Why a hole cannot be made.
#[derive(Debug, PartialEq, Eq)]
pub enum HoleError {
    /// The file is no Rust.
    NoRust(String),
    /// No function of that name; those that there are.
    Unknown(String, Vec<String>),
    /// More than one function has that name.
    Ambiguous(String),
    /// It has no body that `todo!()` could stand for.
    Unfit(String, &'static str),
    /// This text does not stand in the body of this function, or more than once.
    NotOnce(String, String),
}

/// Another body for a function, while a condition holds.
pub struct Change<'a> {
    /// `mask`, `Decoder::next`, `Protocol for Echo::data`.
    pub function: &'a str,
    /// An expression: [`switch`].
    pub condition: String,
    /// What stands once in the body.
    pub from: &'a str,
    /// What stands there while the condition holds.
    pub to: &'a str,
}

/// An expression that says whether `name` stands in the environment variable. It asks once: some functions run for
/// every byte.
pub fn switch(variable: &str, name: &str) -> String {
    format!(
        "{{ static ON: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| std::env::var({variable:?})\
         .is_ok_and(|names| names.split(',').any(|on| on == {name:?}))); *ON }}"
    )
}

impl fmt::Display for HoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HoleError::NoRust(error) => write!(f, "no Rust: {error}"),
            HoleError::Unknown(name, there) => {
                write!(f, "no function {name}; there are: {}", there.join(", "))
            }
            HoleError::Ambiguous(name) => write!(f, "more than one function is called {name}"),
            HoleError::NotOnce(from, name) => write!(f, "not once in {name}: {from}"),
            HoleError::Unfit(name, why) => write!(f, "{name} cannot be a hole: {why}"),
        }
    }
}

impl<'a> Source<'a> {
    /// Reads a file.
    pub fn read(text: &'a str) -> Result<Source<'a>, HoleError> {
        let file = syn::parse_file(text).map_err(|error| HoleError::NoRust(error.to_string()))?;
        let mut finder = Finder { text, within: String::new(), functions: Vec::new() };
        finder.visit_file(&file);
        Ok(Source { text, functions: finder.functions })
    }

    /// The file with holes in place of the bodies of these functions; each comes with the lines that explain it.
    pub fn with_holes(&self, holes: &[(&str, String)]) -> Result<String, HoleError> {
        self.with_bodies(holes, Function::hole)
    }

    /// The file with these functions as they are, but each runs into `todo!()` while a condition holds: a hole that
    /// opens at run time, so that one build shows them all.
    pub fn with_switches(&self, switches: &[(&str, String)]) -> Result<String, HoleError> {
        self.with_bodies(switches, |function, condition| {
            let body = &self.text[function.body.clone()];
            format!("{{ if {condition} {{ todo!() }}{}", &body[1..])
        })
    }

    /// The file with these functions as they are, but each does something else while a condition holds: so that one
    /// build shows them all. Of one function there may be several.
    pub fn with_changes(&self, changes: &[Change<'_>]) -> Result<String, HoleError> {
        let mut functions: Vec<(&str, String)> = Vec::new();
        for change in changes {
            let body = self.body(change.function)?;
            if body.matches(change.from).count() != 1 {
                return Err(HoleError::NotOnce(change.from.to_string(), change.function.to_string()));
            }
            let other = body.replacen(change.from, change.to, 1);
            let arm = format!("if {} {other} else ", change.condition);
            match functions.iter_mut().find(|(function, _)| *function == change.function) {
                Some((_, arms)) => arms.push_str(&arm),
                None => functions.push((change.function, arm)),
            }
        }
        self.with_bodies(&functions, |function, arms| {
            format!("{{ {arms}{} }}", &self.text[function.body.clone()])
        })
    }

    /// The file with other bodies, braces included, in place of those of these functions.
    pub fn with_other_bodies(&self, bodies: &[(&str, String)]) -> Result<String, HoleError> {
        self.with_bodies(bodies, |_, body| body.to_string())
    }

    /// The body of a function as it stands, to see whether it is still a hole.
    pub fn body(&self, name: &str) -> Result<&'a str, HoleError> {
        Ok(&self.text[self.find(name)?.body.clone()])
    }

    fn with_bodies(
        &self,
        functions: &[(&str, String)],
        body: impl Fn(&Function, &str) -> String,
    ) -> Result<String, HoleError> {
        let mut cuts = Vec::new();
        for (name, words) in functions {
            let function = self.find(name)?;
            if let Some(why) = function.unfit {
                return Err(HoleError::Unfit((*name).to_string(), why));
            }
            cuts.push((function.body.clone(), body(function, words)));
        }
        // From the end, so that what stands before stays where it is.
        cuts.sort_by_key(|(body, _)| std::cmp::Reverse(body.start));
        let mut text = self.text.to_string();
        for (body, other) in cuts {
            text.replace_range(body, &other);
        }
        Ok(text)
    }

    fn find(&self, name: &str) -> Result<&Function, HoleError> {
        let mut found = self.functions.iter().filter(|function| function.name == name);
        match (found.next(), found.next()) {
            (Some(function), None) => Ok(function),
            (Some(_), Some(_)) => Err(HoleError::Ambiguous(name.to_string())),
            (None, _) => {
                let names = self.functions.iter().map(|function| function.name.clone()).collect();
                Err(HoleError::Unknown(name.to_string(), names))
            }
        }
    }
}

impl Function {
    fn hole(&self, words: &str) -> String {
        let inside = " ".repeat(self.indent + 4);
        let mut hole = String::from("{\n");
        for line in words.lines() {
            hole.push_str(format!("{inside}// {line}").trim_end());
            hole.push('\n');
        }
        match self.parameters.as_slice() {
            [] => {}
            [one] => hole.push_str(&format!("{inside}let _ = {one};\n")),
            many => hole.push_str(&format!("{inside}let _ = ({});\n", many.join(", "))),
        }
        hole.push_str(&format!("{inside}todo!()\n{}}}", " ".repeat(self.indent)));
        hole
    }
}

struct Finder<'t> {
    text: &'t str,
    /// `Decoder::`, `Protocol for Http::`, `module::`.
    within: String,
    functions: Vec<Function>,
}

impl Finder<'_> {
    fn function(&mut self, signature: &Signature, block: &Block) {
        let name = format!("{}{}", self.within, signature.ident);
        let body = range(block.span());
        let line_start = self.text[..body.end].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.text[line_start..body.end];
        let indent = line.len() - line.trim_start().len();
        let mut names = Names(Vec::new());
        for input in &signature.inputs {
            if let FnArg::Typed(typed) = input {
                names.visit_pat(&typed.pat);
            }
        }
        let unfit = match &signature.output {
            _ if signature.constness.is_some() => Some("it is const"),
            ReturnType::Type(_, output) if has_impl(output) => Some("it returns impl Trait"),
            _ => None,
        };
        self.functions.push(Function { name, body, parameters: names.0, unfit, indent });
    }

    fn inside(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.within, name);
        visit(self);
        self.within = outer;
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of = last_name(&item.self_ty);
        let name = match &item.trait_ {
            Some((path, _)) => {
                let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                format!("{name} for {of}::")
            }
            None => format!("{of}::"),
        };
        self.inside(name, |finder| syn::visit::visit_item_impl(finder, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.inside(format!("{}::", item.ident), |finder| syn::visit::visit_item_trait(finder, item));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = format!("{}{}::", self.within, item.ident);
        self.inside(name, |finder| syn::visit::visit_item_mod(finder, item));
    }
}

/// The names that a pattern binds.
struct Names(Vec<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat(&mut self, pattern: &'ast Pat) {
        if let Pat::Ident(pattern) = pattern
            && !pattern.ident.to_string().starts_with('_')
        {
            self.0.push(pattern.ident.to_string());
        }
        syn::visit::visit_pat(self, pattern);
    }
}

fn has_impl(output: &Type) -> bool {
    struct Impl(bool);
    impl<'ast> Visit<'ast> for Impl {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Impl(false);
    found.visit_type(output);
    found.0
}

/// `Http` of `super::Http<H>`, `Output` of `&mut Output`.
fn last_name(of: &Type) -> String {
    match of {
        Type::Path(path) => {
            path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
        }
        Type::Reference(reference) => last_name(&reference.elem),
        other => quote_free(other.span()),
    }
}

fn quote_free(span: Span) -> String {
    span.source_text().unwrap_or_default()
}

fn range(span: Span) -> Range<usize> {
    span.byte_range()
}

#[cfg(test)]
mod tests;
