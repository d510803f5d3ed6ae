//! One run of mdBook.

use std::path::{Path, absolute};

use mdbook_driver::MDBook;

use crate::outside::Outside;
use crate::tidy::Tidy;
use crate::workspace;

/// Builds all pages into this folder, and empties it first.
///
/// # Errors
///
/// In words, when a page cannot be made, when an include names what is not there, or a link leads nowhere.
pub fn build(folder: &Path) -> Result<(), String> {
    let folder = absolute(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut book = MDBook::load(workspace().join("notes")).map_err(|e| format!("notes/SUMMARY.md: {e:#}"))?;
    book.config.build.build_dir.clone_from(&folder);
    let outside = Outside::new(folder);
    book.with_preprocessor(outside.clone());
    book.with_preprocessor(Tidy);
    book.build().map_err(|e| format!("{e:#}"))?;
    outside.write()
}
