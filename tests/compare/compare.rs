//! The comparison: small in `cargo test`; `make compare` runs it in full and writes what notes/compare.md
//! shows. `make compare SHOW=1` writes that from the figures that are there.

use std::fs;
use std::process::ExitCode;

use compare::{Row, data, full, home, measure, pictures, small, table};
use figures::fill;
use harness::{Lesson, Story, tests};

const LESSON: Lesson = Lesson {
    why: "All ways bring the same messages to the same people, each once and in order. They differ in what they cost.",
    read: "notes/compare.md",
    hand: "make compare",
};

fn main() -> ExitCode {
    let what = std::env::var("COMPARE").unwrap_or_default();
    if what == "show" {
        return harness::suite("compare", tests![what_was_measured_is_shown_anew]);
    }
    if what == "full" {
        // Before the clock runs.
        for rung in ["07-push", "11-rooms", "12-guard"] {
            if let Err(error) = harness::binary(rung, true) {
                eprintln!("{error}\nerror: {rung} does not build");
                return ExitCode::from(101);
            }
        }
        return harness::suite("compare", tests![alone(300, in_full)]);
    }
    harness::suite(
        "compare",
        tests![alone(60, all_ways_bring_the_same), the_chapter_shows_what_was_measured, the_pictures_show_it],
    )
}

fn in_full(story: &Story) {
    story.teaches(LESSON);
    let rows = measure(story, &full(), true);
    write(story, "compare.csv", &data::write(&rows));
    show(story, &rows);
}

fn what_was_measured_is_shown_anew(story: &Story) {
    show(story, &committed(story));
}

/// Writes the pictures, and the tables into the chapter.
fn show(story: &Story, rows: &[Row]) {
    pictures(rows).iter().for_each(|(path, svg)| write(story, path, svg));
    let chapter =
        fill(&read(story, "compare.md"), |name| table(name, rows)).unwrap_or_else(|why| story.fails(why));
    write(story, "compare.md", &chapter);
}

fn write(story: &Story, path: &str, text: &str) {
    let written = fs::write(home().join("notes").join(path), text);
    written.unwrap_or_else(|error| story.fails(format!("cannot write notes/{path}: {error}")));
    println!("\nwritten: notes/{path}");
}

fn all_ways_bring_the_same(story: &Story) {
    story.teaches(LESSON);
    let rows = measure(story, &small(), false);
    let talk: Vec<&Row> = rows.iter().filter(|row| row.rate > 0).collect();
    for row in &talk {
        story.expects(row.deliveries >= 12 * 10, format!("{} delivers, it is {row:?}", row.way));
        // "Member 000" and 32 letters, digits and spaces.
        story.expects(row.words == 42 * row.deliveries, format!("{}: the same words, {row:?}", row.way));
    }
    let [short, long, events, websocket] = talk[..] else { story.fails(format!("four ways: {rows:?}")) };
    story.expects(events.requests == 0, format!("an event stream is asked for once: {events:?}"));
    // A server that is late puts two messages into one answer.
    story.expects(
        (1..=long.deliveries + 12).contains(&long.requests),
        format!("no long poll is asked in vain: {long:?}"),
    );
    story.expects(
        (24..=120).contains(&short.requests),
        format!("12 people ask every 50 ms for 400 ms: {short:?}"),
    );
    story.expects(
        websocket.up == 0 && websocket.requests == 0,
        format!("who hears over a WebSocket says nothing: {websocket:?}"),
    );
    // 2 bytes, and 2 more for the length of a payload over 125 bytes.
    story.expects(
        websocket.down == websocket.encoded + 4 * websocket.deliveries,
        format!("a frame's header has 4 bytes here: {websocket:?}"),
    );
    // The size in two digits and two line ends; a server that is late puts two events into one chunk.
    story.expects(
        (1..=6 * events.deliveries).contains(&(events.down - events.encoded)),
        format!("a chunk has 6 bytes of its own here: {events:?}"),
    );
    for row in rows.iter().filter(|row| row.rate == 0) {
        let asks = row.way.starts_with("short");
        story.expects((row.bytes() > 0) == asks, format!("in silence only who asks costs bytes: {row:?}"));
    }
}

fn the_chapter_shows_what_was_measured(story: &Story) {
    let rows = committed(story);
    let chapter = read(story, "compare.md");
    let filled = fill(&chapter, |name| table(name, &rows)).unwrap_or_else(|why| story.fails(why));
    let differs = filled.lines().zip(chapter.lines()).find(|(right, written)| right != written);
    story.expects(
        filled == chapter,
        format!("the tables of notes/compare.md are those of notes/compare.csv; the first that is not: {differs:?}"),
    );
}

fn the_pictures_show_it(story: &Story) {
    for (path, svg) in pictures(&committed(story)) {
        story.expects(read(story, path) == svg, format!("notes/{path} is drawn from notes/compare.csv"));
    }
}

fn committed(story: &Story) -> Vec<Row> {
    data::read(&read(story, "compare.csv"))
        .unwrap_or_else(|why| story.fails(format!("notes/compare.csv: {why}")))
}

fn read(story: &Story, path: &str) -> String {
    fs::read_to_string(home().join("notes").join(path))
        .unwrap_or_else(|error| story.fails(format!("notes/{path}: {error}")))
}
