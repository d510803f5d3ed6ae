//! The attacks find what is weak, and do not blame what is not; and our own rungs stand.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use harness::{Ran, Story, tests};

fn main() -> ExitCode {
    harness::suite(
        "attack",
        tests![
            nothing_but_this_machine_is_attacked,
            a_server_without_that_weakness_stands,
            who_has_no_deadline_is_found,
            who_begins_the_deadline_anew_with_each_byte_is_found,
            whose_memory_grows_without_bound_is_found,
            who_takes_a_head_of_any_length_is_found,
            who_serves_one_at_a_time_is_found,
            who_dies_is_found,
            who_leaks_descriptors_is_found,
            who_lets_requests_be_smuggled_is_found,
            no_rung_is_forgotten,
            slow(90, rung_02_poll),
            slow(90, rung_03_lines),
            slow(90, rung_05_keep_alive),
            slow(90, rung_07_push),
            slow(90, rung_10_messages),
            slow(90, rung_11_rooms),
            slow(90, rung_12_guard),
        ],
    )
}

fn nothing_but_this_machine_is_attacked(story: &Story) {
    let ran = attack(story, &["--address", "192.0.2.1:80"]);
    ran.mentions("192.0.2.1 is not a loopback address");
    story.expects(ran.status.code() == Some(2), format!("exit code 2, it is {}", ran.status));
    story.expects(ran.stderr.trim().lines().count() == 1, "one line");
}

fn a_server_without_that_weakness_stands(story: &Story) {
    let text =
        told(story, "none", "slowloris,half,silence,oversized,endless,smuggling,random,churn,reset", 0);
    story.expects(text.contains("verdict: the server stood: 11 attacks, 11 held"), text);
}

fn who_has_no_deadline_is_found(story: &Story) {
    finds(story, "no-deadline", "slowloris-head", "15 of 15 still stood");
    finds(story, "no-deadline", "silence", "40 of 40 still stood");
}

fn who_begins_the_deadline_anew_with_each_byte_is_found(story: &Story) {
    finds(story, "byte-deadline", "slowloris-head", "15 of 15 still stood");
}

fn whose_memory_grows_without_bound_is_found(story: &Story) {
    finds(story, "no-backpressure", "never-reads", "memory grew by");
}

fn who_takes_a_head_of_any_length_is_found(story: &Story) {
    finds(story, "no-limit", "endless-head", "memory grew by");
}

fn who_serves_one_at_a_time_is_found(story: &Story) {
    finds(story, "one-at-a-time", "silence", "an honest client was not served");
}

fn who_dies_is_found(story: &Story) {
    let text = told(story, "dies", "random-bytes,silence", 1);
    story.expects(text.contains("died of random-bytes"), text);
}

fn who_leaks_descriptors_is_found(story: &Story) {
    finds(story, "leaks", "connection-churn", "descriptors are still open");
}

fn who_lets_requests_be_smuggled_is_found(story: &Story) {
    finds(story, "smuggles", "smuggling", "Content-Length with chunked");
}

/// Rungs 01, 04, 06, 08 and 09 are like their neighbours here; `make attack STEP=04` shows them.
fn no_rung_is_forgotten(story: &Story) {
    let last = (1..100).rev().find_map(|number| {
        let steps = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../steps")).ok()?;
        let names = steps.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.into_iter().find(|name| name.starts_with(&format!("{number:02}-")) && harness::is_rung(name))
    });
    let name = last.unwrap_or_default().replace('-', "_");
    let listed = include_str!("attack.rs").contains(&format!("slow(90, rung_{name})"));
    story.expects(
        listed,
        format!("the newest rung in the list of tests/attack/tests/attack.rs, which is {name}"),
    );
}

fn rung_02_poll(story: &Story) {
    stands(story, "02-poll");
}

fn rung_03_lines(story: &Story) {
    stands(story, "03-lines");
}

fn rung_05_keep_alive(story: &Story) {
    stands(story, "05-keep-alive");
}

fn rung_07_push(story: &Story) {
    stands(story, "07-push");
}

fn rung_10_messages(story: &Story) {
    stands(story, "10-messages");
}

fn rung_11_rooms(story: &Story) {
    stands(story, "11-rooms");
}

fn rung_12_guard(story: &Story) {
    let text = stands(story, "12-guard");
    for (attack, did) in [("cross-origin-socket", "answered 403"), ("vanished-members", "let them go")] {
        let line = text.lines().find(|line| line.starts_with(&format!("{attack:<22} "))).unwrap_or_default();
        story.expects(line.contains(did), format!("{attack}: {did}; the table says {line:?}"));
    }
}

/// All attacks, quick: the verdict must be good.
#[track_caller]
fn stands(story: &Story, rung: &str) -> String {
    let ran = attack(story, &["--step", rung, "--quick"]);
    let text = ran.text();
    story.expects(ran.status.success() && text.contains(&format!("verdict: {rung} stood")), &text);
    story.expects(!text.contains("BAD"), &text);
    text
}

/// This attack, and this sentence of its verdict.
#[track_caller]
fn finds(story: &Story, weakness: &str, only: &str, why: &str) {
    let text = told(story, weakness, only, 1);
    let found = text.lines().any(|line| line.trim_start().starts_with("BAD: ") && line.contains(why));
    story.expects(found, format!("\"BAD: ... {why}\" of a server with the weakness {weakness}:\n{text}"));
}

/// What is told of a server with this weakness; the exit code must be this one.
#[track_caller]
fn told(story: &Story, weakness: &str, only: &str, code: i32) -> String {
    let weak = WeakServer::starts(weakness);
    let address = weak.address.clone();
    let ran = attack(
        story,
        &["--address", &address, "--only", only, "--quick", "--patience", "1.5", "--honest", "1"],
    );
    let text = ran.text();
    story
        .expects(ran.status.code() == Some(code), format!("exit code {code}, it is {}:\n{text}", ran.status));
    text
}

#[track_caller]
fn attack(story: &Story, args: &[&str]) -> Ran {
    story.program(env!("CARGO_BIN_EXE_attack")).args(args).limit(Duration::from_secs(80)).runs()
}

/// Killed when the test is over.
struct WeakServer {
    child: Child,
    address: String,
}

impl WeakServer {
    fn starts(weakness: &str) -> WeakServer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weak-server"));
        let mut child =
            command.arg(weakness).stdout(Stdio::piped()).spawn().expect("it was built with this test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("it says where it listens");
        let address =
            line.trim().strip_prefix("listening on tcp://").expect("it says where it listens").to_string();
        WeakServer { child, address }
    }
}

impl Drop for WeakServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
