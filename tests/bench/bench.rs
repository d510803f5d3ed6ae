//! The benchmark in small: the generator counts right, looks at what it is answered, and the notes show what was measured.

use std::process::ExitCode;
use std::time::Duration;

use bench::{Contestant, Generator, Ground, Load, Plan, Talk, rounds};
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
            let both = if let Talk::File(_) = talk { 1 } else { 2 };
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
