//! The benchmark in small: the generator counts right, looks at what it is answered, and the notes show what was measured.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use bench::goals::{IDLE_BYTES, idle_bytes};
use bench::instructions::{comparable, compare, count, record};
use bench::{Contestant, Generator, Ground, Load, Notes, Plan, Talk, idle, rounds};
use harness::{Lesson, Story, tests};

const LESSON: Lesson = Lesson {
    why: "The generator compares every answer byte for byte before the clock runs, and counts bytes while it does.",
    read: "notes/bench.md",
    hand: "make bench ONLY=echo-20 WHO=floor",
};

fn main() -> ExitCode {
    harness::suite(
        "bench",
        tests![
            each_load_is_answered_right,
            a_message_to_all_is_complete_when_all_have_it,
            a_wrong_answer_is_told,
            slow(60, an_idle_websocket_is_small),
            the_chapter_shows_what_was_measured,
            slow(240, no_message_costs_more_instructions_than_before),
        ],
    )
}

const SHORT: Plan = Plan { rounds: 2, time: Duration::from_millis(30) };

fn load(talk: Talk, connections: usize, depth: usize) -> Load {
    Load { name: "small", talk, connections, depth }
}

fn ground(story: &Story) -> Ground {
    story.teaches(LESSON);
    Ground::new(story, None, false)
        .unwrap_or_else(|error| story.fails(format!("cannot write the files: {error}")))
}

fn each_load_is_answered_right(story: &Story) {
    let ground = ground(story);
    let talks = [Talk::Hello, Talk::File(1 << 10), Talk::Echo(20), Talk::Echo(1 << 20), Talk::All(64)];
    for talk in talks {
        for depth in [1, 16] {
            let load = load(talk, 5, depth);
            let who = [Contestant::Barewire, Contestant::Floor];
            let rows = rounds(story, &ground, (&[load], &who), SHORT, |_| {});
            let both = if let (Talk::File(_), 16) = (talk, depth) { 1 } else { 2 };
            story.expects(rows.len() == 2 * both, format!("two rounds, {rows:?}"));
            for row in &rows {
                story.expects(row.answers > 0 && row.p99_us >= row.median_us, format!("{talk:?}: {row:?}"));
            }
        }
    }
}

fn a_message_to_all_is_complete_when_all_have_it(story: &Story) {
    let load = load(Talk::All(64), 7, 3);
    let server = ground(story).starts(story, Contestant::Barewire, &load);
    let measured = Generator::new(load, server.address(), false).and_then(|mut generator| {
        let answers = generator.counts(Duration::from_millis(30))?;
        generator.ends().map(|()| answers)
    });
    let answers = measured.unwrap_or_else(|why| story.fails(why));
    story.expects(
        answers > 0 && answers.is_multiple_of(7),
        format!("seven deliveries of each message, in all {answers}"),
    );
}

/// What one of some thousand WebSockets keeps of the server's memory when its echo is back and nothing happens.
fn an_idle_websocket_is_small(story: &Story) {
    const MANY: usize = 4000;
    /// What mio keeps for each socket, to notice mistakes of its caller.
    const MIO: f64 = if cfg!(debug_assertions) { 8.0 } else { 0.0 };
    /// The memory comes in pages.
    const PAGE: f64 = 4096.0;
    let ground = ground(story);
    story.teaches(Lesson {
        why: "An idle connection owns its state and nothing else: no buffer, no deadline that was HTTP's, no list that \
              grew and left its old copy behind.",
        read: "notes/02-poll.md, notes/bench.md",
        hand: "make bench ONLY=idle WHO=floor",
    });
    let rows = idle(story, &ground, MANY, &[Contestant::Barewire]);
    for row in &rows {
        story.note(format!("{}: {} bytes for {MANY} connections", row.who, row.memory));
    }
    let each = idle_bytes(&rows, Contestant::Barewire.name()).unwrap_or(f64::MAX);
    let most = IDLE_BYTES + MIO + PAGE / MANY as f64;
    story.expects(
        each <= most,
        format!("an idle WebSocket costs {each:.0} bytes, at most {most:.0} are allowed"),
    );
    let guarded = idle_bytes(&rows, Contestant::Guarded.name()).unwrap_or(0.0);
    story.expects(guarded > each, format!("rung 12 keeps more: {guarded:.0} bytes"));
}

fn a_wrong_answer_is_told(story: &Story) {
    let ground = ground(story);
    let (echo, hello) = (load(Talk::Echo(20), 1, 1), load(Talk::Hello, 1, 1));
    let server = ground.starts(story, Contestant::Barewire, &echo);
    let refused = [
        // It asks for a small text, and gets the page, or 404.
        (hello, false),
        // It asks without a handshake.
        (echo, true),
    ];
    for (load, bare) in refused {
        let refused = Generator::new(load, server.address(), bare).err();
        story.expects(refused.is_some(), format!("{load:?}, bare {bare}: this is no right answer"));
    }
}

fn no_message_costs_more_instructions_than_before(story: &Story) {
    story.teaches(Lesson {
        why: "On the way that every message takes something was added: a copy, an allocation, a search, a check that was made \
              once before. If it has to be there, or if it costs less now, the new counts are written down with \
              INSTRUCTIONS=write.",
        read: "notes/bench.md, tests/bench/src/ways.rs",
        hand: "INSTRUCTIONS=write cargo test -p bench --test bench instructions",
    });
    if !comparable() {
        story.does_not_apply("the counts are of x86-64 with AVX2, and this processor is another");
    }
    let counted = hot().and_then(|hot| count(&hot)).unwrap_or_else(|why| story.fails(why));
    let text = toml::to_string(&counted).unwrap_or_default();
    if std::env::var("INSTRUCTIONS").is_ok_and(|what| what == "write") {
        let head = "# Instructions of one message on each way of src/ways.rs: see `no_message_costs_more_instructions_than_before`.\n";
        let written = std::fs::write(record(), head.to_owned() + &text);
        written.unwrap_or_else(|error| story.fails(format!("cannot write them: {error}")));
    }
    let before = std::fs::read_to_string(record()).map_err(|error| error.to_string());
    let before = before.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()));
    let before = before.unwrap_or_else(|why| story.fails(format!("instructions.toml: {why}")));
    story.note(text.trim_end().replace('\n', ", "));
    let changed = compare(&before, &counted);
    let words: Vec<&str> = changed.iter().map(|(words, _)| words.as_str()).collect();
    story.expects(changed.is_empty(), format!("as many instructions as before; {}", words.join("; ")));
}

/// Cargo's time is not the test's, but it has to be waited for: a release takes longer than the count.
fn hot() -> Result<PathBuf, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "bench",
        "--bin",
        "hot",
        "--message-format=json",
    ]);
    let built = cargo.output().map_err(|error| format!("cannot run cargo: {error}"))?;
    let text = String::from_utf8_lossy(&built.stdout);
    let path = text.split("\"executable\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let why = || format!("hot does not build: {}", String::from_utf8_lossy(&built.stderr));
    path.map(PathBuf::from).ok_or_else(why)
}

fn the_chapter_shows_what_was_measured(story: &Story) {
    story.teaches(LESSON);
    let notes = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../notes");
    let shown = Notes::read(&notes).and_then(|measured| measured.shown(&notes));
    for (path, right) in shown.unwrap_or_else(|error| story.fails(format!("the figures: {error}"))) {
        let written = std::fs::read_to_string(notes.join(path)).unwrap_or_default();
        let differs = right.lines().zip(written.lines()).find(|(right, written)| right != written);
        story.expects(
            right == written,
            format!("notes/{path} shows the figures of notes/bench.csv and its like; the first line that does not: {differs:?}"),
        );
    }
}
