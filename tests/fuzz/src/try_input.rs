//! Shows inputs in words, and tries them: `cargo run --package fuzz -- TARGET FILE...`

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().and_then(|name| fuzz::target(&name));
    let files: Vec<String> = arguments.collect();
    let (Some(target), false) = (target, files.is_empty()) else {
        let names = fuzz::TARGETS.map(|target| target.name).join(", ");
        eprintln!(
            "cargo run --package fuzz -- TARGET FILE...\nTARGET is one of {names}; a FILE is an input."
        );
        return ExitCode::FAILURE;
    };
    for file in files {
        let input = match std::fs::read(&file) {
            Ok(input) => input,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        };
        println!("{file}: {}", (target.show)(&input));
        // A broken promise panics, with its message.
        (target.check)(&input);
        println!("All promises were kept.");
    }
    ExitCode::SUCCESS
}
