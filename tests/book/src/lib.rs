//! The book: `notes/` as pages that a browser shows, and what keeps them true.
//!
//! mdBook makes the pages, as a library, so that a fresh machine needs nothing but cargo. It is built only with the feature
//! `pages`; what is tested of the chapters needs none of it.

#[cfg(feature = "pages")]
mod build;
pub mod console;
pub mod diagram;
pub mod links;
pub mod markdown;
#[cfg(feature = "pages")]
mod outside;
pub mod pointers;
pub mod tidy;

use std::fs;
use std::path::{Path, PathBuf};

#[cfg(feature = "pages")]
pub use build::build;

/// The top of the repository.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies in tests/book")
}

/// What a folder of the repository holds, in order, but for what is hidden, built, fetched, or a student's.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !["target", "node_modules", "mine"].contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

/// All files of the repository below this folder, as paths below the repository.
pub fn files(below: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(below)];
    while let Some(folder) = folders.pop() {
        for name in names(&workspace().join(&folder)) {
            let path = folder.join(name);
            if workspace().join(&path).is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
