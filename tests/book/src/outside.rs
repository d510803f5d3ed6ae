//! Links that leave `notes/`: to the code. In the book they lead to pages below `source/`, one for each file or folder
//! that a chapter names. What it names as code, a test or a file, becomes such a link as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mdbook_driver::book::{Book, BookItem};
use mdbook_driver::errors::Error;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::markdown::{inline_code, links, resolve};
use crate::pointers::leads;
use crate::{files, names, workspace};

/// Turns such links, and remembers what they name. A clone is the same list.
#[derive(Clone)]
pub struct Outside {
    /// The book's folder.
    folder: PathBuf,
    /// All that the repository has.
    files: Arc<[PathBuf]>,
    /// Files and folders, as paths below the repository.
    named: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Outside {
    pub fn new(folder: PathBuf) -> Self {
        Outside { folder, files: files("").into(), named: Arc::default() }
    }

    /// Writes the pages, when mdBook is done: it empties the folder first.
    pub fn write(&self) -> Result<(), String> {
        for path in self.named.lock().expect("nobody panics with the list").iter() {
            write(path, &self.folder)?;
        }
        Ok(())
    }

    /// The chapter with its links turned. `at` is the chapter's file, below `notes/`.
    fn turn(&self, text: &str, at: &Path) -> String {
        let up = "../".repeat(at.components().count() - 1);
        let links = links(text);
        let mut changes = Vec::new();
        for (code, range) in inline_code(text) {
            if links.iter().any(|link| link.range.contains(&range.start)) {
                continue;
            }
            let Some((path, line)) = leads(&code, at, &self.files) else { continue };
            let to = match path.strip_prefix("notes") {
                Ok(chapter) if path.extension().is_some_and(|extension| extension == "md") => {
                    chapter.to_owned()
                }
                _ => self.page(path),
            };
            let line = line.map(|line| format!("#L{line}")).unwrap_or_default();
            let whole = format!("[{}]({up}{}{line})", &text[range.clone()], to.display());
            changes.push((range, whole));
        }
        for link in links {
            let Some((path, fragment)) = no_page(&link.to, at) else { continue };
            let to = format!("{up}{}{fragment}", self.page(path).display());
            let whole = text[link.range.clone()].replacen(&format!("({}", link.to), &format!("({to}"), 1);
            changes.push((link.range, whole));
        }
        let mut turned = text.to_owned();
        // From behind, so that the places in front stay right.
        changes.sort_by_key(|(range, _)| range.start);
        for (range, whole) in changes.into_iter().rev() {
            turned.replace_range(range, &whole);
        }
        turned
    }

    /// The page of what is named here, which is written when mdBook is done.
    fn page(&self, path: PathBuf) -> PathBuf {
        let page = page_of(&path);
        self.named.lock().expect("nobody panics with the list").insert(path);
        page
    }
}

impl Preprocessor for Outside {
    fn name(&self) -> &str {
        "outside"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book, Error> {
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Some(at) = &chapter.source_path
            {
                chapter.content = self.turn(&chapter.content, at);
            }
        });
        Ok(book)
    }
}

/// The file or folder that is no page of mdBook's, to which a chapter's link leads, and the fragment with its `#`.
fn no_page(to: &str, at: &Path) -> Option<(PathBuf, String)> {
    let (path, fragment) = resolve(to, &Path::new("notes").join(at))?;
    let fragment = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
    let outside =
        !path.starts_with("notes") || path.ends_with("SUMMARY.md") || workspace().join(&path).is_dir();
    outside.then_some((path, fragment))
}

/// The page of a file or folder of the repository.
fn page_of(path: &Path) -> PathBuf {
    let page = Path::new("source").join(path);
    if workspace().join(path).is_dir() {
        return page.join("index.html");
    }
    // mdBook makes .html of each .md that it sees in a link.
    let name = page.to_string_lossy().replace(".md", "-md");
    format!("{name}.html").into()
}

/// A file's page, or a folder's with all in it.
fn write(path: &Path, folder: &Path) -> Result<(), String> {
    let real = workspace().join(path);
    let cannot = |e: std::io::Error| format!("{}: {e}", path.display());
    let body = if real.is_dir() {
        let mut rows = String::new();
        for name in names(&real) {
            let inner = path.join(&name);
            write(&inner, folder)?;
            let page = page_of(&inner);
            let page =
                page.strip_prefix(Path::new("source").join(path)).expect("it is in this folder").display();
            rows += &format!("<li><a href=\"{page}\">{}</a></li>\n", escape(&name));
        }
        format!("<ul>\n{rows}</ul>")
    } else {
        let text = fs::read(&real).map_err(cannot)?;
        let lines: String = (1..)
            .zip(String::from_utf8_lossy(&text).lines())
            .map(|(number, line)| format!("<span id=\"L{number}\">{}</span>\n", escape(line)))
            .collect();
        format!("<pre>{lines}</pre>")
    };
    let page = folder.join(page_of(path));
    fs::create_dir_all(page.parent().expect("it is below the book's folder")).map_err(cannot)?;
    let title = escape(&path.display().to_string());
    fs::write(&page, PAGE.replace("TITLE", &title).replace("BODY", &body)).map_err(cannot)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const PAGE: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<meta name=\"color-scheme\" content=\"light dark\">
<link rel=\"icon\" href=\"data:,\">
<title>TITLE</title>
<style>
body { font: 16px/1.5 sans-serif; margin: 1rem; }
pre { font: 14px/1.4 monospace; counter-reset: line; overflow-x: auto; }
pre span { counter-increment: line; }
pre span::before { content: counter(line); display: inline-block; width: 3em; padding-right: 1em; text-align: right; opacity: 0.5; }
pre span:target { background: color-mix(in srgb, currentColor 15%, transparent); }
</style>
<main>
<h1>TITLE</h1>
BODY
</main>
</html>
";
