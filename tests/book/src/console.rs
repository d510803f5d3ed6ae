//! What a chapter shows of a terminal: commands, and what they print. `tests/console.rs` runs them.

mod alike;
mod drawing;

pub use alike::{Like, Whole, unlike};

use crate::markdown::Block;

/// What is to be done with a ```` ```console ```` block.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its commands are run, each to its end.
    Run,
    /// So too, but the last one goes on while the next blocks run.
    Stays,
    /// No command, but what the server has printed meanwhile.
    Server,
    /// No test can run it; why.
    ByHand(String),
}

/// A command, and what the chapter says that it prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// For the shell, without the `$ `.
    pub line: String,
    /// The lines below it.
    pub prints: Vec<String>,
    /// The numbers in these lines were measured: others come in each run.
    pub by_form: bool,
    /// Where it stands in the chapter.
    pub at: usize,
}

/// A block that is understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Console {
    /// What to do with it.
    pub kind: Kind,
    /// Only where the system is Linux.
    pub linux: bool,
    /// Its commands; for [`Kind::Server`] one with an empty line.
    pub commands: Vec<Command>,
    /// Where the block begins.
    pub at: usize,
}

/// Understands a block; `None`: it shows no terminal.
///
/// # Errors
///
/// In words, when it is none of the kinds.
pub fn read(block: &Block) -> Result<Option<Console>, String> {
    let (info, why) = block.info.split_once(':').unwrap_or((&block.info, ""));
    let mut words = info.split(',').map(str::trim);
    if words.next() != Some("console") {
        return Ok(None);
    }
    let (mut kind, mut linux, mut by_form) = (Kind::Run, false, false);
    for word in words {
        match word {
            "by-hand" if why.trim().is_empty() => {
                return Err("by-hand needs a reason: ```console,by-hand: why".into());
            }
            "by-hand" => kind = Kind::ByHand(why.trim().into()),
            "stays" => kind = Kind::Stays,
            "server" => kind = Kind::Server,
            "linux" => linux = true,
            "by-form" => by_form = true,
            other => {
                return Err(format!(
                    "no block is console,{other}; by-hand, stays, server, linux and by-form are known"
                ));
            }
        }
    }
    let mut commands = commands(block, kind == Kind::Server);
    commands.iter_mut().for_each(|command| command.by_form = by_form);
    match kind {
        Kind::Run | Kind::Stays if commands.is_empty() => Err(
            "a console block without `$ `: what should be run? (console,server: what the server has printed)"
                .into(),
        ),
        _ => Ok(Some(Console { kind, linux, commands, at: block.line })),
    }
}

/// Lines that begin with `$ ` are commands; one that ends with a backslash, or within quotes, goes on in the next line.
fn commands(block: &Block, of_server: bool) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    if of_server {
        commands.push(command("", block.line));
    }
    let mut goes_on = false;
    for (at, line) in (block.line + 1..).zip(block.text.lines()) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (_, Some(command)) if goes_on => {
                command.line.push('\n');
                command.line.push_str(line);
                goes_on = is_open(&command.line);
            }
            (Some(line), _) if !of_server => {
                goes_on = is_open(line);
                commands.push(command(line, at));
            }
            (_, Some(command)) => command.prints.push(line.into()),
            // Before the first command: it is no output of anything.
            (_, None) => return Vec::new(),
        }
    }
    commands
}

fn is_open(command: &str) -> bool {
    command.ends_with('\\') || command.replace("\\'", "").matches('\'').count() % 2 == 1
}

fn command(line: &str, at: usize) -> Command {
    Command { line: line.into(), prints: Vec::new(), by_form: false, at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::blocks;

    fn only(text: &str) -> Result<Option<Console>, String> {
        read(&blocks(text)[0])
    }

    #[test]
    fn commands_and_what_they_print() {
        let text = "words\n\n```console\n$ one \\\n    more\n$ two\nsaid\n\nmore\n```\n";
        let console = only(text).unwrap().unwrap();
        assert_eq!((&console.kind, console.linux, console.at), (&Kind::Run, false, 3));
        let [one, two] = console.commands.try_into().unwrap();
        assert_eq!(one, command("one \\\n    more", 4));
        let prints = vec!["said".into(), "".into(), "more".into()];
        assert_eq!(two, Command { prints, ..command("two", 6) });
    }

    #[test]
    fn a_command_ends_with_its_quotes() {
        let text = "```console\n$ echo 'one\ntwo' 'it'\\''s'\nsaid\n```\n";
        let console = only(text).unwrap().unwrap();
        assert_eq!(console.commands[0].line, "echo 'one\ntwo' 'it'\\''s'");
        assert_eq!(console.commands[0].prints, ["said"]);
    }

    #[test]
    fn kinds() {
        assert_eq!(only("```text\n$ no\n```\n"), Ok(None));
        let kind = |info: &str| only(&format!("```{info}\n$ a\n```\n")).map(|console| console.unwrap().kind);
        assert_eq!(kind("console,stays"), Ok(Kind::Stays));
        assert_eq!(kind("console,server,linux"), Ok(Kind::Server));
        let measured = only("```console,linux,by-form\n$ a\n```\n").unwrap().unwrap();
        assert!(measured.linux && measured.commands[0].by_form);
        assert_eq!(
            kind("console,by-hand: two people, typing"),
            Ok(Kind::ByHand("two people, typing".into()))
        );
        assert!(kind("console,by-hand").is_err());
        assert!(kind("console,byhand: x").is_err());
        assert!(only("```console\nonly said\n```\n").is_err());
    }
}
