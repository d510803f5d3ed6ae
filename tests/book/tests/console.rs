//! What the chapters show of a terminal is what a terminal shows: each command is run, against the real programs.
//!
//! `cargo test -p book --test console 05` runs one chapter. `notes/how-the-book-is-made.md` says how a block is written.

#[path = "console/terminal.rs"]
mod terminal;

use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

use book::console::{Console, Kind, read};
use book::markdown::blocks;
use book::{files, workspace};
use harness::{Story, Test, suite};

use terminal::Terminal;

/// So many blocks, in all chapters, may be left to the reader's hands. Fewer is better.
const BY_HAND_AT_MOST: usize = 9;

/// A chapter may take this long.
const LIMIT: Duration = Duration::from_secs(60);

macro_rules! chapters {
    ($($file:literal,)*) => {{
        let test = |name, body| Test { name, body, limit: LIMIT, alone: false };
        (vec![$($file),*], vec![
            test("each_chapter_with_commands_is_run", |story| all_are_run(story, &[$($file),*])),
            test("few_blocks_are_left_to_the_hand", few_by_hand),
            $(test($file, |story| is_true(story, $file)),)*
        ])
    }};
}

fn main() -> ExitCode {
    let (chapters, tests) = chapters![
        "00-wire",
        "01-accept",
        "02-poll",
        "03-lines",
        "04-request",
        "05-keep-alive",
        "06-files",
        "07-push",
        "08-upgrade",
        "09-frames",
        "10-messages",
        "11-rooms",
        "12-guard",
        "workbench",
        "talk",
        "behind-nginx",
        "attack",
        "bench",
        "compare",
        "interview",
    ];
    let filters: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    // Built before the clock of a test runs.
    for chapter in chapters.into_iter().filter(|name| wanted(name)) {
        if let Err(why) = consoles(chapter).and_then(|consoles| build(&consoles)) {
            eprintln!("notes/{chapter}.md: {why}");
            return ExitCode::from(101);
        }
    }
    suite("book", tests)
}

/// Runs a chapter from its beginning to its end, in one terminal.
fn is_true(story: &Story, chapter: &str) {
    let consoles = consoles(chapter).unwrap_or_else(|why| story.fails(why));
    let mut terminal = Terminal::new(story, chapter);
    for console in &consoles {
        if cfg!(target_os = "linux") || !console.linux {
            terminal.shows(console);
        }
    }
    terminal.ends();
}

/// A chapter with a command that nobody runs could say anything.
fn all_are_run(story: &Story, listed: &[&str]) {
    for file in files("notes") {
        let Some(name) = file.file_name().and_then(|name| name.to_str()?.strip_suffix(".md")) else {
            continue;
        };
        let has_console = consoles(name).map_or(true, |consoles| !consoles.is_empty());
        story.expects(
            !has_console || listed.contains(&name) || name == "how-the-book-is-made",
            format!("notes/{name}.md has commands: name it in tests/book/tests/console.rs"),
        );
    }
}

fn few_by_hand(story: &Story) {
    let mut count = 0;
    for file in files("notes") {
        let Some(name) = file.file_name().and_then(|name| name.to_str()?.strip_suffix(".md")) else {
            continue;
        };
        for console in consoles(name).unwrap_or_else(|why| story.fails(format!("notes/{name}.md: {why}"))) {
            if let Kind::ByHand(why) = console.kind {
                println!("notes/{name}.md:{}: by hand: {why}", console.at);
                count += 1;
            }
        }
    }
    story.expects(
        count <= BY_HAND_AT_MOST,
        format!("at most {BY_HAND_AT_MOST} blocks by hand, and not {count}"),
    );
}

/// The blocks of a chapter that show a terminal.
fn consoles(chapter: &str) -> Result<Vec<Console>, String> {
    let path = workspace().join("notes").join(format!("{chapter}.md"));
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut consoles = Vec::new();
    for block in blocks(&text) {
        consoles.extend(read(&block).map_err(|why| format!("line {}: {why}", block.line))?);
    }
    Ok(consoles)
}

/// Builds the programs that these blocks name.
fn build(consoles: &[Console]) -> Result<(), String> {
    let is_run = |console: &&Console| {
        (cfg!(target_os = "linux") || !console.linux) && !matches!(console.kind, Kind::ByHand(_))
    };
    let run = consoles.iter().filter(is_run);
    for command in run.flat_map(|console| &console.commands) {
        for program in terminal::programs(&command.line) {
            harness::binary(&program, false)?;
        }
        for tool in terminal::tools(&command.line) {
            // As `make` builds it. With --package cargo chooses the features of that package alone, and builds all of it anew.
            let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
            let mut command = Command::new(cargo);
            let status = command.args(["build", "--quiet", "--bin", tool]).current_dir(workspace()).status();
            if !status.is_ok_and(|status| status.success()) {
                return Err(format!("{tool} does not build"));
            }
        }
        // It builds three programs at once, and only it knows which.
        if let Some(step) = terminal::wire(&command.line) {
            let once = Command::new("make").args(["wire", step]).current_dir(workspace()).output();
            let once = once.map_err(|error| format!("make wire: {error}"))?;
            if !once.status.success() {
                return Err(format!("make wire {step}: {}", String::from_utf8_lossy(&once.stderr)));
            }
        }
    }
    Ok(())
}
