//! `book [FOLDER]`: builds the book into that folder, `target/book` if none is named.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder =
        std::env::args_os().nth(1).map_or_else(|| book::workspace().join("target/book"), PathBuf::from);
    match book::build(&folder) {
        Ok(()) => {
            println!("the book is in {}", folder.display());
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("book: {wrong}");
            ExitCode::FAILURE
        }
    }
}
