//! Blocks of code as a page shows them: without the words that only a test needs, and without the indentation that code has in
//! its file.

use crate::markdown::blocks;

/// The chapter with such blocks.
pub fn tidy(text: &str) -> String {
    let mut tidied = text.to_owned();
    // From behind, so that the places in front stay right.
    for block in blocks(text).into_iter().rev() {
        let lines: Vec<&str> = text[block.range.clone()].lines().collect();
        let [first, code @ .., last] = &lines[..] else { continue };
        // mdBook makes classes of all words behind the ticks, and its style floats what is of the class `right`.
        let console = block.info.starts_with("console");
        let first = if console {
            first.trim_end_matches(block.info.as_str()).to_owned() + "console"
        } else {
            (*first).into()
        };
        let rust = block.info.starts_with("rust");
        let indented = |line: &&str| line.len() - line.trim_start().len();
        let all = code.iter().filter(|line| !line.trim().is_empty()).map(indented).min().unwrap_or(0);
        let without = |line: &&str| line.get(all..).unwrap_or_default().to_owned();
        let code = code.iter().map(|line| if rust { without(line) } else { (*line).to_owned() });
        let lines: Vec<String> = [first].into_iter().chain(code).chain([(*last).to_owned()]).collect();
        tidied.replace_range(block.range.clone(), &lines.join("\n"));
    }
    tidied
}

#[cfg(feature = "pages")]
mod preprocessor {
    use mdbook_driver::book::{Book, BookItem};
    use mdbook_driver::errors::Error;
    use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

    /// Does it to each chapter, when what it includes is there.
    pub struct Tidy;

    impl Preprocessor for Tidy {
        fn name(&self) -> &str {
            "tidy"
        }

        fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book, Error> {
            book.for_each_mut(|item| {
                if let BookItem::Chapter(chapter) = item {
                    chapter.content = super::tidy(&chapter.content);
                }
            });
            Ok(book)
        }
    }
}

#[cfg(feature = "pages")]
pub use preprocessor::Tidy;

#[test]
fn a_block_is_shown_without_what_only_its_file_and_its_test_need() {
    for (text, shown) in [
        ("```console,by-hand: it needs the right\n$ a\n  b\n```\n", "```console\n$ a\n  b\n```\n"),
        ("```console\n$ a\n```", "```console\n$ a\n```"),
        (
            "a\n\n```rust\n    if a {\n        b\n\n    }\n```\nc\n",
            "a\n\n```rust\nif a {\n    b\n\n}\n```\nc\n",
        ),
        ("```text\n   1  a\n```\n", "```text\n   1  a\n```\n"),
        ("````text\n```rust\n  a\n```\n````\n", "````text\n```rust\n  a\n```\n````\n"),
        ("```rust\n```\n", "```rust\n```\n"),
    ] {
        assert_eq!(tidy(text), shown);
    }
}
