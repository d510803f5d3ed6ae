//! The real thing: rung 01, the one that builds fastest.

use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use super::{fails_with, passes};
use crate::Setup;

fn rung(setup: Setup) -> Setup {
    setup.rung("01-accept")
}

#[test]
fn a_rung_is_built_started_and_stopped() {
    passes(|story| {
        let server = story.server_with(rung);
        let mut alice = story.client("alice", &server);
        alice.sends("hello");
        alice.receives_exactly("hello");
        server.log_contains_eventually(&alice.local_address().to_string());
        assert!(server.output()[0].starts_with("listening on tcp://"));
        assert_eq!(server.stop().signal(), Some(2));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_server_costs_is_measured() {
    passes(|story| {
        let server = story.server_with(rung);
        let now = server.memory_rss();
        assert!((1 << 16..1 << 28).contains(&now), "{now}");
        // The peak of later: meanwhile it may have grown.
        assert!(server.memory_peak() >= now);
        assert!(server.cpu_time() < Duration::from_secs(1));
        assert!(server.open_descriptors() >= 4);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn under_a_wrapper_the_server_is_still_found_and_stopped() {
    passes(|story| {
        let script = "ulimit -n 32; \"$0\" \"$@\"; exit 7";
        let server = story.server_with(|s| rung(s).under(["sh", "-c", script]));
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let name = std::fs::read_to_string(format!("/proc/{}/comm", server.pid())).unwrap();
        assert_eq!(name.trim(), "01-accept");
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        assert_eq!(line.split_whitespace().nth(3), Some("32"));
        assert_eq!(server.stop().code(), Some(7));
    });
}

#[test]
fn a_dropped_server_is_gone() {
    passes(|story| {
        let server = story.server_with(rung);
        let (address, process) = (server.address(), server.process().clone());
        drop(server);
        assert_eq!(process.wait(Duration::from_secs(1)).unwrap().signal(), Some(9));
        assert!(TcpStream::connect(address).is_err());
    });
}

#[test]
fn a_server_that_does_not_come_up_says_why() {
    passes(|story| {
        let (status, stdout, stderr) = story.server_that_ends(|s| rung(s).arg("--nonsense"));
        assert!(!status.success() && stdout.is_empty() && stderr.contains("nonsense"), "{stdout} {stderr}");
    });
    fails_with(
        &["the server 01-accept is started with --nonsense", "before it listened", "its last lines"],
        |story| {
            story.server_with(|s| rung(s).arg("--nonsense"));
        },
    );
    fails_with(&["the first line on stdout had to be", "it was \"hello\""], |story| {
        story.server_with(|s| rung(s).under(["sh", "-c", "echo hello; exec sleep 9"]));
    });
    fails_with(&["99-none does not build:", "99-none"], |story| {
        story.server_with(|s| s.rung("99-none"));
    });
}
