//! The program around the picture: files, Ctrl-C, pipes, arguments, `make wire`.

use std::io::{Read, Write};
use std::time::Duration;

use harness::{Lesson, Story};

use crate::captures;
use crate::watch::{self, Watched, fails_with, in_order, path, program, watched};

pub fn a_capture_draws_the_same_picture(story: &Story) {
    story.teaches(Lesson {
        why: "A capture keeps each packet with its time, in whole microseconds. Drawn from it the picture is the same, line \
              for line, on any machine.",
        read: "notes/00-wire.md",
        hand: "make wire STEP=05 ARGS='--pcap x.pcap', then: cargo run --bin 00-wire -- --read x.pcap",
    });
    let file = story.directory().join("watched.pcap");
    let file = file.to_str().expect("UTF-8");
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once", "--pcap", file]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    alice.sends("GET / HTTP/1.1\r\n\r\n");
    server.read_exact(&mut [0; 18]).expect("the request");
    server.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("alice reads");
    drop(server);
    alice.receives_exactly("HTTP/1.1 200 OK\r\n\r\n");
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    let live = picture.text();
    let (_, live) = live.split_once('\n').expect("the first line says what is watched");
    program(story).args(["--read", file]).runs().succeeds().prints(live);
    program(story).args(["--read", file, "--port", "1"]).runs().succeeds().prints("");
}

pub fn ctrl_c_ends_it(story: &Story) {
    story.teaches(Lesson {
        why: "Ctrl-C is how one stops watching: say what is still open, and end with 0. The capture is whole at any moment.",
        read: "man 7 signal, notes/00-wire.md",
        hand: "cargo run --bin 00-wire, then Ctrl-C; echo $?",
    });
    let file = story.directory().join("stopped.pcap");
    let file = file.to_str().expect("UTF-8");
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--pcap", file]);
    let mut alice = story.client("alice", address);
    alice.sends("in the middle");
    watcher.prints_eventually("\"in the middle\"");
    watcher.interrupt();
    let picture = watcher.ends();
    picture.succeeds().mentions("1 conversation is still open");
    program(story).args(["--read", file]).runs().succeeds().mentions("\"in the middle\"");
    drop(listener);

    // What the kernel holds for it by then is drawn.
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &[]);
    watcher.while_it_stands_still(|| {
        let mut bob = story.client("bob", address);
        bob.sends("the last word");
        bob.closes();
        watcher.interrupt();
    });
    watcher.ends().succeeds().mentions("\"the last word\"").mentions("half close: the client sends no more");
    drop(listener);

    // A port where nobody is: nothing to tell.
    let Watched { listener, watcher, .. } = watched(story, "127.0.0.1:0", &[]);
    watcher.interrupt();
    let ended = watcher.ends();
    ended.succeeds();
    story.expects(ended.text().lines().count() == 1, "no more than the first line");
    drop(listener);
}

pub fn nobody_reads_the_output(story: &Story) {
    story.teaches(Lesson {
        why: "Behind `| head -1` the next write fails with EPIPE: whoever read has enough. That is an end, not a failure, and \
              no panic.",
        read: "man 2 write (EPIPE), notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --read x.pcap | head -1",
    });
    let file = story.directory().join("long.pcap");
    std::fs::write(&file, captures::file(&captures::exchange())).expect("a file");
    let path = watch::path(story);
    for arguments in [format!("--read {}", file.display()), "--help".into()] {
        let line = format!("{{ '{}' {arguments}; echo status $? >&2; }} | true", path.display());
        let ran = story.program("sh").args(["-c", &line]).runs();
        ran.succeeds();
        story.expects(ran.stderr == "status 0\n", format!("status 0 and no word, there is {:?}", ran.stderr));
    }
}

pub fn bad_arguments_are_said_in_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever starts a program with a wrong argument wants to know which one and what is right. The exit code of \
              wrong usage is 2.",
        read: "notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --nonsense; echo $?",
    });
    for (arguments, said) in [
        (vec!["--nonsense"], "invalid option '--nonsense'; --help lists the options"),
        (vec!["8080"], "unexpected argument \"8080\""),
        (vec!["--port"], "missing argument for option '--port'"),
        (vec!["--port", "0"], "--port \"0\": give a port from 1 to 65535"),
        (vec!["--port", "99999"], "--port \"99999\": give a port from 1 to 65535"),
    ] {
        watch::fails_with(story, &program(story).args(arguments).runs(), 2, said);
    }
    let ran = program(story).env("PORT", "many").runs();
    watch::fails_with(story, &ran, 2, "PORT=\"many\": give a port from 1 to 65535");
    let ran = program(story).args(["--pcap", "/there/is/no/such/place"]).runs();
    watch::fails_with(story, &ran, 1, "--pcap /there/is/no/such/place: No such file or directory");
}

pub fn help_tells_all_options(story: &Story) {
    story.teaches(Lesson {
        why: "--help goes to stdout, because it was asked for, and ends with 0. It names every option and variable.",
        read: "notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --help",
    });
    let ran = program(story).arg("--help").runs();
    ran.succeeds();
    for word in
        ["--port", "--once", "--pcap", "--read", "--verbose", "--help", "PORT", "COLUMNS", "CAP_NET_RAW"]
    {
        story.expects(ran.text().contains(word), format!("{word} in the help"));
    }
}

pub fn make_wire_shows_a_rungs_first_request(story: &Story) {
    story.teaches(Lesson {
        why: "make wire starts a rung, in a namespace of its own where it can, watches its port, makes the first request and ends with it.",
        read: "tests/tools/wire.sh, notes/00-wire.md",
        hand: "make wire STEP=05",
    });
    story.needs_our_program();
    if cfg!(not(target_os = "linux")) {
        story.does_not_apply("only Linux has packet sockets");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/wire.sh");
    // As from a shell: what holds for this suite does not hold for the script.
    let wire = |rung: &str, path: &str| {
        let limit = Duration::from_secs(80);
        story.program("env").args(["-u", "ALONE", path, script, rung]).limit(limit).runs()
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let as_it_is = format!("PATH={path}");
    for (rung, words) in [
        ("02-poll", vec!["\"hello\\n\"", "\"hello\\n\"", "closed, by the client first"]),
        ("05-keep-alive", vec!["GET / HTTP/1.1", "HTTP/1.1 200 OK", "closed, by the client first"]),
        (
            "10-messages",
            vec!["HTTP/1.1 101 Switching", "WebSocket text, 5 bytes, masked", "closed, by the server first"],
        ),
    ] {
        let picture = wire(rung, &as_it_is);
        picture.succeeds();
        in_order(story, &picture, &[&["SYN  seq 0", "SYN, ACK  seq 0  ack 1"], &words[..]].concat());
    }
    // Commands instead of the first request, and options of the rung: two conversations, the second one never answered.
    let nobody_accepts = "for i in 1 2 3; do timeout 1 nc 127.0.0.1 8080 & sleep 0.1; done; wait";
    let did = |commands: &str, path: &str| {
        let program = story.program("env").args(["-u", "ALONE", path, script, "01-accept"]);
        program.env("DO", commands).env("WITH", "--backlog 0").limit(Duration::from_secs(80)).runs()
    };
    let picture = did(nobody_accepts, &as_it_is);
    picture.succeeds();
    in_order(
        story,
        &picture,
        &["conversation 3", "SYN  seq 0", "closed, by the client", "1 conversation is still open"],
    );
    let ran = did("exit 7", &as_it_is);
    story.expects(ran.status.code() == Some(7), "the exit status of the commands");
    ran.mentions("these commands ended with 7");
    // Where no namespace can be made it watches where it is.
    let without = story.directory();
    std::os::unix::fs::symlink("/bin/false", without.join("unshare")).expect("a folder of our own");
    let picture = wire("01-accept", &format!("PATH={}:{path}", without.display()));
    picture.succeeds();
    in_order(
        story,
        &picture,
        &["01-accept: listening on tcp://127.0.0.1:", "\"hello\\n\"", "closed, by the client first"],
    );
    let picture = did("echo by hand | nc -N 127.0.0.1 8080", &format!("PATH={}:{path}", without.display()));
    picture.succeeds();
    in_order(
        story,
        &picture,
        &["client: echo by hand | nc", "\"by hand\\n\"", "closed, by the client first"],
    );
    let ran = wire("00-wire", &as_it_is);
    story.expects(ran.status.code() == Some(2), "exit status 2");
    ran.mentions("rung 00 listens nowhere");
}

pub fn make_wire_draws_with_your_own_rung_too(story: &Story) {
    story.teaches(Lesson {
        why: "With MINE=1 make wire builds mine/00-wire and lets that watch; what it draws is your picture.",
        read: "tests/tools/wire.sh, notes/workbench.md",
        hand: "make wire STEP=05 MINE=1",
    });
    story.needs_our_program();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/wire.sh");
    let yours = story.directory();
    let wire = || {
        let yours = format!("YOURS={}", yours.display());
        let limit = Duration::from_secs(80);
        story.program("env").args(["-u", "ALONE", &yours, script, "01-accept"]).limit(limit).runs()
    };
    let ran = wire();
    story.expects(ran.status.code() == Some(2), "exit status 2");
    ran.mentions("You have no 00-wire yet: make start STEP=00");

    // As small as a copy can be: it only says that it is there.
    let manifest = "[package]\nname = \"step-00-wire\"\nedition = \"2024\"\n\n[[bin]]\nname = \"00-wire\"\npath = \"main.rs\"\n\n\
                    [workspace]\n";
    let program = "fn main() { println!(\"watching nothing\\nthe picture of a student\"); }\n";
    std::fs::write(yours.join("Cargo.toml"), manifest).expect("a folder of our own");
    std::fs::write(yours.join("main.rs"), program).expect("a folder of our own");
    let picture = wire();
    picture.succeeds();
    in_order(story, &picture, &["00-wire: watching nothing", "the picture of a student"]);
}

pub fn who_may_not_see_packets_is_told_what_gives_the_right(story: &Story) {
    story.teaches(Lesson {
        why: "A packet socket needs CAP_NET_RAW. In a new user namespace nobody has it over the network of the old one; what the \
              program says names the file that the right is given to.",
        read: "notes/00-wire.md",
        hand: "unshare --user target/debug/00-wire",
    });
    if !story.program("unshare").args(["--user", "true"]).runs().status.success() {
        story.does_not_apply("no user namespace can be made here");
    }
    let program = path(story);
    let program = program.to_str().expect("UTF-8");
    let ran = story.program("unshare").args(["--user", program, "--port", "9"]).runs();
    fails_with(
        story,
        &ran,
        1,
        &format!("no right to see packets (CAP_NET_RAW): `sudo setcap cap_net_raw+ep {program}`"),
    );
}

pub fn make_sockets_shows_who_waits_and_who_closed_first(story: &Story) {
    story.teaches(Lesson {
        why: "The kernel shows each socket: for the one that listens how many wait, for a connection its state, the bytes that \
              nobody has read, and afterwards TIME-WAIT on the side that closed first.",
        read: "steps/01-accept/examples/sockets.rs, notes/00-wire.md",
        hand: "make run STEP=01, nc 127.0.0.1 8080 twice, make sockets",
    });
    if cfg!(not(target_os = "linux")) {
        story.does_not_apply("only Linux has /proc/net/tcp");
    }
    let path = harness::binary("01-accept/sockets", false).unwrap_or_else(|said| story.fails(said));
    let sockets = |port: u16| story.program(path.to_str().expect("UTF-8")).env("PORT", port).runs();
    let server = story.server_with(|setup| setup.rung("01-accept"));
    let port = server.address().port();
    let mut alice = story.client("alice", &server);
    alice.sends("x");
    alice.receives_exactly("x");
    let mut bob = story.client("bob", &server);
    bob.sends("hello");
    let hers = alice.local_address();
    server.log_contains_eventually("1 waiting in the backlog");
    let shown = sockets(port);
    in_order(story, &shown, &["State ", "LISTEN            1 ", &format!("{hers} "), "  5      0 "]);
    shown.mentions("listens; 1 waiting in the backlog").mentions("server: not accepted yet");
    alice.half_closes();
    alice.receives_end();
    bob.half_closes();
    bob.receives_exactly("hello");
    bob.receives_end();
    let shown = sockets(port);
    shown
        .mentions("nobody waits in the backlog")
        .mentions("client: closed first, so it keeps the address pair");
    server.stop();
    sockets(1).succeeds().mentions("no socket on port 1: nothing listens there");
}
