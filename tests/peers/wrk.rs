//! wrk: many connections, as fast as they are answered, also with sixteen requests in a packet.
//!
//! This asks whether answers stay right under load. It is no benchmark: the rate is printed, and no test fails by it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use harness::{Lesson, Server, Story};
use serde_json::Value;

fn main() -> ExitCode {
    harness::suite(
        "wrk",
        harness::tests![
            alone(30, small_answers_stay_right_under_load),
            alone(30, pipelined_answers_stay_right_under_load),
            alone(30, pipelined_answers_come_in_order_under_load),
            alone(30, files_stay_right_under_load),
            alone(30, pipelined_files_stay_right_under_load),
        ],
    )
}

const CONNECTIONS: u64 = 64;
const DEPTH: u64 = 16;

const LESSON: Lesson = Lesson {
    why: "Under load many requests come in one read, answers leave in parts, and connections take turns. An answer \
          too short, doubled or swapped shows only then.",
    read: "RFC 9112 §9.3.2, notes/05-keep-alive.md",
    hand: "wrk -t 2 -c 64 -d 2s http://127.0.0.1:{port}/cookie",
};

/// What load.lua has counted.
struct Load<'a> {
    story: &'a Story,
    counted: Value,
}

impl Load<'_> {
    /// Runs wrk to its end. `file` holds what each answer must be; without it the answers are numbered.
    #[track_caller]
    fn runs<'a>(
        story: &'a Story,
        server: &Server,
        path: &str,
        load: &[&str],
        file: Option<&Path>,
    ) -> Load<'a> {
        let url = format!("http://{}{path}", server.address());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("wrk/load.lua");
        let (depth, options) = load.split_last().unwrap_or_else(|| story.fails("a depth is told"));
        let wrk = story.program("wrk").args(["-t", "2", "--timeout", "8s"]).args(options.iter().copied());
        let wrk = wrk.arg("-s").arg(script).args([&url, "--", depth]).args(file);
        let ran = wrk.runs();
        let text = ran.succeeds().text();
        let counted = serde_json::from_str(text.lines().last().unwrap_or_default());
        let counted: Value =
            counted.unwrap_or_else(|error| story.fails(format!("load.lua's last line: {error}")));
        eprintln!("\n    {path}, {depth} in a packet: {} answers a second", counted["perSecond"]);
        Load { story, counted }
    }

    fn count(&self, what: &str) -> u64 {
        self.counted[what].as_u64().unwrap_or_else(|| self.story.fails(format!("load.lua counted no {what}")))
    }

    #[track_caller]
    fn is_right(&self) -> &Self {
        let counted = &self.counted;
        self.story.expects(self.count("answers") > 0, format!("some answers, it is {counted}"));
        for fault in ["wrong", "connect", "read", "write", "status", "timeout"] {
            self.story.expects(self.count(fault) == 0, format!("none is {fault}, it is {counted}"));
        }
        self
    }

    /// When the time is over wrk leaves, with a packet on its way on each connection at most.
    #[track_caller]
    fn agrees_with(&self, asked: u64, connections: u64, depth: u64) {
        let answers = self.count("answers");
        let fits = (answers..=answers + connections * depth).contains(&asked);
        self.story.expects(
            fits,
            format!("the server counts what wrk does ({answers}) and a little more, it is {asked}"),
        );
    }
}

/// Asks rung 05, and compares with its counters.
#[track_caller]
fn loads_rung_05(story: &Story, path: &str, seconds: &str, connections: u64, depth: u64, numbered: bool) {
    story.teaches(LESSON);
    let server = story.server_with(|s| s.rung("05-keep-alive").release().env("RUST_LOG", "warn"));
    let file = (!numbered).then(|| written(story, story.directory(), "expected", b"name=value\n"));
    let options = ["-c", &connections.to_string(), "-d", seconds, &depth.to_string()];
    let load = Load::runs(story, &server, path, &options, file.as_deref());
    let count = story.client("onlooker", &server).gets("/count").json();
    let counter =
        |name: &str| count[name].as_u64().unwrap_or_else(|| story.fails(format!("no {name} in {count}")));
    load.is_right().agrees_with(counter("requests") - 1, connections, depth);
    let came = counter("connections") - 1;
    story.expects(came == connections, format!("{connections} connections and no more, it is {came}"));
}

fn small_answers_stay_right_under_load(story: &Story) {
    loads_rung_05(story, "/cookie", "2s", CONNECTIONS, 1, false);
}

fn pipelined_answers_stay_right_under_load(story: &Story) {
    loads_rung_05(story, "/cookie", "2s", CONNECTIONS, DEPTH, false);
}

fn pipelined_answers_come_in_order_under_load(story: &Story) {
    // One connection for each of wrk's threads.
    loads_rung_05(story, "/", "1s", 2, DEPTH, true);
}

/// Asks rung 06 for a file of 1 KiB, and compares with its log.
#[track_caller]
fn loads_rung_06(story: &Story, depth: u64) {
    story.teaches(LESSON);
    let root = story.directory();
    let page: Vec<u8> = (0..1024_u32).map(|i| (i % 251) as u8).collect();
    let file = written(story, root.clone(), "page.bin", &page);
    let server = story.server_with(|s| s.rung("06-files").release().arg("--root").arg(&root));
    let options = ["-c", &CONNECTIONS.to_string(), "-d", "2s", &depth.to_string()];
    let load = Load::runs(story, &server, "/page.bin", &options, Some(&file));
    // It has said everything when it has ended.
    server.stop();
    let asked = server.output()[1].matches("GET /page.bin -> 200").count() as u64;
    load.is_right().agrees_with(asked, CONNECTIONS, depth);
}

fn files_stay_right_under_load(story: &Story) {
    loads_rung_06(story, 1);
}

fn pipelined_files_stay_right_under_load(story: &Story) {
    loads_rung_06(story, DEPTH);
}

#[track_caller]
fn written(story: &Story, directory: PathBuf, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes)
        .unwrap_or_else(|error| story.fails(format!("cannot write {}: {error}", path.display())));
    path
}
