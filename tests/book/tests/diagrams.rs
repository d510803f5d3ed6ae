//! Each picture is what its text says, and what the texts say of states is what the code allows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use book::diagram::{draw, edges};
use book::{files, workspace};

fn read(path: impl AsRef<Path>) -> String {
    let path = workspace().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn each_picture_is_what_its_text_says() {
    let update = std::env::var_os("UPDATE").is_some();
    for text in files("notes/diagrams") {
        let drawn = draw(&read(&text)).unwrap_or_else(|why| panic!("{}: {why}", text.display()));
        let picture = Path::new("notes/images").join(text.with_extension("svg").file_name().expect("a file"));
        if update {
            fs::write(workspace().join(&picture), &drawn).expect("a picture can be written");
        }
        let there = fs::read_to_string(workspace().join(&picture)).unwrap_or_default();
        let how = "UPDATE=1 cargo test -p book --test diagrams";
        assert!(there == drawn, "{} is not what {} says: {how}", picture.display(), text.display());
    }
}

type Moves = BTreeSet<(String, String)>;

/// The pairs of `const MOVES` in a source file.
fn moves(source: &str) -> Moves {
    let source = read(source);
    let table = source
        .split("const MOVES")
        .nth(1)
        .and_then(|rest| rest.split("];").next())
        .expect("a table of moves");
    let table = table.split("&[\n").last().expect("its list");
    let pair = |line: &str| {
        let (from, to) = line.trim().strip_prefix('(')?.split(')').next()?.split_once(", ")?;
        Some((from.trim_matches('"').to_owned(), to.trim_matches('"').to_owned()))
    };
    let moves: Moves = table.lines().filter_map(pair).collect();
    assert!(!moves.is_empty(), "no move is found");
    moves
}

fn drawn(name: &str) -> Moves {
    edges(&read(format!("notes/diagrams/{name}.txt")))
        .unwrap_or_else(|why| panic!("{name}: {why}"))
        .into_iter()
        .collect()
}

#[test]
fn the_states_of_05_are_those_of_the_code() {
    assert_eq!(drawn("05-connection"), moves("steps/05-keep-alive/src/connection/state.rs"));
}

#[test]
fn the_states_of_10_are_those_of_the_code() {
    assert_eq!(drawn("10-closing"), moves("steps/10-messages/src/connection.rs"));
}

/// The upgrade is a part of rung 05's table: what leads to 101, and what may happen instead.
#[test]
fn the_upgrade_is_a_part_of_the_states_of_05() {
    let part = ["Head", "Later", "Switched", "Over"].map(str::to_owned);
    let all = moves("steps/05-keep-alive/src/connection/state.rs");
    let of_part =
        all.into_iter().filter(|(from, to)| part.contains(from) && part.contains(to) && from != "Over");
    assert_eq!(drawn("08-upgrade"), of_part.collect());
}
