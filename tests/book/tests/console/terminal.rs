//! One terminal for a chapter, with all that it has started.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use book::console::{Command, Console, Kind, Like, Whole, unlike};
use book::workspace;
use harness::{Running, Story};

/// A server listens after this time, and what was caused is printed.
const SOON: Duration = Duration::from_secs(5);

/// A client that has printed nothing for this long has asked, and waits.
const SILENT: Duration = Duration::from_secs(1);

/// Where the chapters' servers listen. Here each has a port of its own.
const PORT: &str = "8080";

/// The terminal of one chapter.
pub struct Terminal<'s> {
    story: &'s Story,
    /// `notes/05-keep-alive.md`.
    chapter: String,
    /// Stands for `/tmp`, and goes with the test.
    folder: PathBuf,
    /// Who answers where the text says 8080.
    server: Option<Open>,
    /// Other programs that have not ended.
    others: Vec<Open>,
    port: String,
}

/// A program that goes on while others run.
struct Open {
    command: Command,
    running: Running,
}

impl<'s> Terminal<'s> {
    pub fn new(story: &'s Story, chapter: &str) -> Self {
        let folder = story.directory();
        // Bytes are shown as they come, how long they took is nobody's business, and every curl is as long as another.
        fs::write(folder.join(".curlrc"), "no-buffer\nno-progress-meter\nuser-agent = \"curl/7.88.1\"\n")
            .expect("the test's folder can be written");
        let (chapter, others) = (format!("notes/{chapter}.md"), Vec::new());
        Terminal { story, chapter, folder, server: None, others, port: "0".into() }
    }

    /// Runs a block, and fails when something else comes than it shows.
    pub fn shows(&mut self, console: &Console) {
        let last = console.commands.len().saturating_sub(1);
        for (index, command) in console.commands.iter().enumerate() {
            match &console.kind {
                Kind::ByHand(_) => {}
                Kind::Server => self.server_has_printed(command),
                Kind::Stays if index == last => self.starts(command),
                _ if command.line.trim_end().ends_with('&') => self.starts(command),
                _ if is_server(&command.line) => self.serves(command),
                _ => self.runs(command),
            }
        }
    }

    /// Ends what is still open, and compares what it has printed.
    pub fn ends(&mut self) {
        for open in self.others.drain(..).collect::<Vec<_>>() {
            self.end(&open);
        }
        if let Some(server) = self.server.take() {
            self.end(&server);
        }
    }

    fn runs(&self, command: &Command) {
        let ran = self.program(command).runs();
        if command.prints.is_empty() {
            if !ran.status.success() {
                self.fails(command, &format!("ended with {}", ran.status), &ran.text());
            }
            return;
        }
        let printed = self.as_in_the_text(&ran.text());
        if let Some(line) = unlike(&command.prints, &printed, like(command, Whole::All)) {
            self.differs(command, line, &printed);
        }
    }

    fn starts(&mut self, command: &Command) {
        let running = self.program(command).starts();
        // What comes next may be meant for it: it has begun to speak, or waits in silence.
        running.prints_until(SILENT, |printed| !printed.is_empty());
        self.others.push(Open { command: command.clone(), running });
    }

    /// Starts a server, in place of the one before.
    fn serves(&mut self, command: &Command) {
        self.ends();
        self.port = "0".into();
        let running = self.program(command).starts();
        let printed = running.prints_until(SOON, |printed| port(printed).is_some());
        match port(&printed) {
            Some(port) => self.port = port,
            // It had only to say something: --help.
            None if !command.prints.is_empty() => {}
            None => self.fails(command, "does not listen", &printed),
        }
        self.server = Some(Open { command: command.clone(), running });
    }

    fn server_has_printed(&self, command: &Command) {
        let Some(server) = &self.server else { self.fails(command, "no server was started before", "") };
        let (says, like) = (&command.prints, like(command, Whole::Somewhere));
        let fits = |printed: &str| unlike(says, &self.as_in_the_text(printed), like).is_none();
        let printed = self.as_in_the_text(&server.running.prints_until(SOON, fits));
        if let Some(line) = unlike(says, &printed, like) {
            self.differs(command, line, &printed);
        }
    }

    /// Most have printed what they should before they end, `strace -c` only then.
    fn end(&self, open: &Open) {
        let like = like(&open.command, Whole::Beginning);
        let wrong = |printed: &str| unlike(&open.command.prints, printed, like);
        let limit = if open.command.line.contains("strace") { SILENT } else { SOON };
        open.running.prints_until(limit, |printed| wrong(&self.as_in_the_text(printed)).is_none());
        open.running.is_interrupted();
        let printed = self.as_in_the_text(&open.running.prints_until(SOON, |_| false));
        if let Some(line) = wrong(&printed) {
            self.differs(&open.command, line, &printed);
        }
    }

    fn program(&self, command: &Command) -> harness::Program {
        let line = command.line.trim_end().trim_end_matches('&');
        // In a network of its own a rung has the port of the text.
        let line = if wire(line).is_some() { line.to_owned() } else { line.replace(PORT, &self.port) };
        let line = line.replace("/tmp/", &format!("{}/", self.folder.display()));
        let here = workspace().join("tests/book/tests/console/shell.sh");
        let script = format!("exec 2>&1\ncd '{}'\n. '{}'\n{line}\n", workspace().display(), here.display());
        let binaries = harness::binary("01-accept", false).expect("it was built before");
        self.story
            .program("bash")
            .args(["-c", &script])
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("PORT", 0)
            .env("SERVER_PORT", &self.port)
            .env("CURL_HOME", self.folder.display())
            .env("BINARIES", binaries.parent().expect("it lies in a folder").display())
    }

    /// What was printed, with the text's port and folder instead of ours.
    fn as_in_the_text(&self, printed: &str) -> String {
        let printed = printed.replace(&format!("{}/", self.folder.display()), "/tmp/");
        if self.port == "0" { printed } else { printed.replace(&self.port, PORT) }
    }

    fn differs(&self, command: &Command, line: usize, printed: &str) -> ! {
        match command.prints.get(line) {
            Some(expected) => {
                self.fails(command, &format!("does not print what the chapter says: {expected}"), printed)
            }
            None => {
                self.fails(command, "prints more than the chapter says (`...` stands for any lines)", printed)
            }
        }
    }

    fn fails(&self, command: &Command, what: &str, printed: &str) -> ! {
        let shown: String = printed.lines().map(|line| format!("    {line}\n")).collect();
        let line = if command.line.is_empty() { "the server" } else { &command.line };
        self.story.fails(format!("{}:{}: {line}\n{what}\nIt printed:\n{shown}", self.chapter, command.at))
    }
}

/// The port of `listening on http://127.0.0.1:40123`.
fn port(printed: &str) -> Option<String> {
    let line = printed.lines().find(|line| line.starts_with("listening on "))?;
    line.rsplit_once(':').map(|(_, port)| port.trim().to_owned())
}

/// The rungs whose programs a command names.
pub fn programs(line: &str) -> Vec<String> {
    // The place of the programs is that of the first rung's.
    let mut programs = vec!["01-accept".to_owned()];
    let words: Vec<&str> = line.split([' ', '"', '\'', '/', '\n']).collect();
    let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
    if line.contains("make run") || line.contains("make attack") {
        let example = value("EXAMPLE=");
        let step = value("STEP=").unwrap_or(if example.is_some() { "11" } else { "12" });
        let number = if step.len() == 1 { format!("0{step}") } else { step.to_owned() };
        let rungs = fs::read_dir(workspace().join("steps")).expect("the ladder is there");
        let rung = rungs
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|rung| rung.starts_with(&number))
            .unwrap_or(number);
        programs.push(example.map_or(rung.clone(), |example| format!("{rung}/{example}")));
    }
    if line.contains("make sockets") {
        programs.push("01-accept/sockets".to_owned());
    }
    programs.extend(
        words
            .iter()
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && harness::is_rung(word))
            .map(|word| word.to_string()),
    );
    programs
}

/// Does it start a server, which goes on?
fn is_server(line: &str) -> bool {
    line.contains("make run") || line.contains("cargo run --bin") || line.contains("target/debug/")
}

/// The programs beside the rungs that it needs.
pub fn tools(line: &str) -> Vec<&'static str> {
    let needs = [("talk", "talk "), ("replay", "make replay"), ("attack", "make attack")];
    needs.iter().filter(|(_, words)| line.contains(words)).map(|(tool, _)| *tool).collect()
}

/// The rung that `make wire` starts: STEP=05, or with variables before it.
pub fn wire(line: &str) -> Option<&str> {
    line.split_once("make wire ").and_then(|(_, rest)| rest.split(' ').next())
}

fn like(command: &Command, whole: Whole) -> Like {
    Like { whole, chatty: is_chatty(&command.line), by_form: command.by_form }
}

/// `curl -v` says much that no chapter shows.
fn is_chatty(line: &str) -> bool {
    line.contains("curl")
        && line.split_whitespace().any(|word| word == "-v" || word == "-sv" || word == "-vs")
}
