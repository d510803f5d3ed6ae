//! Runs a program, and takes out of what it shows what changes each time.

use harness::{Lesson, Ran, Story, show};

/// What all tests here teach.
const LESSON: Lesson = Lesson {
    why: "talk shows another thing than it did, or the server behaves in another way.",
    read: "notes/talk.md",
    hand: "make talk ADDRESS=ws://{address}/",
};

/// Runs `talk` with these options and these lines typed.
#[track_caller]
pub fn talk(story: &Story, args: &[&str], lines: &str) -> Ran {
    story.teaches(LESSON);
    story.program(env!("CARGO_BIN_EXE_talk")).args(args).stdin(lines).runs()
}

/// Runs `replay`.
#[track_caller]
pub fn replay(story: &Story, args: &[&str], input: &[u8]) -> Ran {
    story.teaches(LESSON);
    story.program(env!("CARGO_BIN_EXE_replay")).args(args).stdin(input).runs()
}

/// Without the times, masking keys, accept values, dates and ports.
pub fn steady(ran: &Ran) -> String {
    ran.text().lines().map(|line| steady_line(line) + "\n").collect()
}

fn steady_line(line: &str) -> String {
    let line = match line.as_bytes() {
        [mark @ (b'<' | b'>'), b' ', rest @ ..] => {
            let text = String::from_utf8_lossy(rest.get(11..).unwrap_or_default()).into_owned();
            format!("{} {text}", *mark as char)
        }
        _ => line.to_string(),
    };
    // What changes, and where it ends; a key may hold a slash.
    let marks: [(&str, &[char]); 6] = [
        ("masking key=", &[]),
        ("Sec-WebSocket-Key: ", &['\\']),
        ("Sec-WebSocket-Accept: ", &['\\']),
        ("SHA-1 of ", &[' ']),
        ("Date: ", &['\\']),
        ("127.0.0.1:", &['/', ' ', ':', '\\']),
    ];
    marks.iter().fold(line.trim_end().to_string(), |line, (mark, ends)| match line.split_once(mark) {
        Some((before, behind)) => {
            let end = behind.find(*ends).unwrap_or(behind.len());
            format!("{before}{mark}*{}", &behind[end..])
        }
        None => line,
    })
}

/// Fails unless exactly this is shown, and this is the exit code.
#[track_caller]
pub fn shows(story: &Story, ran: &Ran, code: i32, expected: &str) {
    let shown = steady(ran);
    if let Some(difference) = show::difference(expected.as_bytes(), shown.as_bytes()) {
        story.fails(format!("another thing is shown:\n{}\n{shown}", difference.join("\n")));
    }
    ends_with(story, ran, code);
}

/// Fails unless all of these are shown, in this order, and this is the exit code.
#[track_caller]
pub fn mentions(story: &Story, ran: &Ran, code: i32, parts: &[&str]) {
    let shown = steady(ran);
    let mut rest = shown.as_str();
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => story.fails(format!("{part:?} is not shown where it should be:\n{shown}{}", ran.stderr)),
        }
    }
    ends_with(story, ran, code);
}

#[track_caller]
fn ends_with(story: &Story, ran: &Ran, code: i32) {
    story.expects(ran.status.code() == Some(code), format!("exit code {code}, it is {}", ran.status));
    story.expects(!ran.text().contains('\x1b'), "no colour into a pipe");
}
