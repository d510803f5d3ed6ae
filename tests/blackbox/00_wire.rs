//! What rung 00 promises: steps/00-wire/CONTRACT.md. Real connections on loopback, in a network namespace of the suite's
//! own where the system allows one; without that and without the right to see packets, the tests fail.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use harness::{Lesson, Story};
use socket2::{SockFilter, SockRef};

#[path = "00_wire/captures.rs"]
mod captures;
#[path = "00_wire/watch.rs"]
mod watch;

use watch::{Watched, in_order, program, watched};

/// A filter that lets no packet through (BPF: return 0). The watcher sees a segment that the socket behind it never gets.
const NOTHING: SockFilter = SockFilter::new(6, 0, 0, 0);

fn main() -> ExitCode {
    if let Some(code) = moved_to_a_namespace() {
        return code;
    }
    harness::suite(
        "00-wire",
        harness::tests![
            a_handshake_is_drawn,
            data_has_relative_numbers_and_a_first_word,
            whoever_sends_fin_first_is_named,
            a_reset_is_drawn,
            nobody_listens,
            ipv6_is_drawn_too,
            what_is_lost_is_sent_again,
            a_full_receiver_closes_its_window,
            frames_are_named_after_101,
            conversations_side_by_side_are_told_apart,
            only_the_port_is_watched,
            a_flood_is_drawn_or_told,
            a_capture_draws_the_same_picture,
            captures::other_captures_are_read,
            captures::what_cannot_be_decoded_is_counted,
            captures::a_file_that_is_no_capture_is_said_in_one_line,
            captures::checksums_are_judged,
            captures::a_narrow_terminal_is_not_overflowed,
            ctrl_c_ends_it,
            nobody_reads_the_output,
            bad_arguments_are_said_in_one_line,
            help_tells_all_options,
            slow(90, make_wire_shows_a_rungs_first_request),
        ],
    )
}

/// Runs this suite again where it may see packets and where nobody else speaks, once; see tests/tools/alone.sh.
fn moved_to_a_namespace() -> Option<ExitCode> {
    let only_lists = std::env::args().any(|argument| argument == "--list");
    if cfg!(not(target_os = "linux")) || only_lists || std::env::var_os("WIRE_SUITE").is_some() {
        return None;
    }
    // What cargo has to download it cannot download there. Errors are told by the suite.
    let _ = harness::binary("00-wire", false);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/alone.sh");
    let mut again = Command::new(script);
    again.arg(std::env::current_exe().ok()?).args(std::env::args_os().skip(1)).env("WIRE_SUITE", "moved");
    let error = again.exec();
    eprintln!("error: cannot run {script}: {error}");
    Some(ExitCode::FAILURE)
}

fn a_handshake_is_drawn(story: &Story) {
    story.teaches(Lesson {
        why: "SYN takes the first number of a side, so the first byte has the next one, and each side says by ACK which \
              number it waits for. Relative to the first: SYN 0; SYN 0, ACK 1; seq 1, ACK 1.",
        read: "RFC 9293 §3.5, notes/00-wire.md",
        hand: "make wire STEP=01",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let client = alice.local_address();
    let (server, _) = listener.accept().expect("alice");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    picture.succeeds();
    picture.mentions(&format!(" server {address}\n"));
    in_order(
        story,
        &picture,
        &[
            &format!("client {client} "),
            "0.000000 |--- SYN  seq 0  window ",
            "MSS ",
            "- SYN, ACK  seq 0  ack 1  window ",
            "|--- ACK  seq 1  ack 1  window ",
        ],
    );
}

fn data_has_relative_numbers_and_a_first_word(story: &Story) {
    story.teaches(Lesson {
        why: "A segment's sequence number is that of its first payload byte; the other side acknowledges the number behind \
              its last. Counted from the side's first number, 5 bytes after SYN are 1 to 5, and are acknowledged with 6.",
        read: "RFC 9293 §3.4, notes/00-wire.md",
        hand: "make wire STEP=04",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    for (request, answer) in [
        ("GET /first HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("POST /second HTTP/1.1\r\n\r\n", "hello\n"),
    ] {
        alice.sends(request);
        let mut buffer = vec![0; request.len()];
        server.read_exact(&mut buffer).expect("the request");
        server.write_all(answer.as_bytes()).expect("alice reads");
        alice.receives_exactly(answer);
    }
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "|--- PSH, ACK  seq 1  32 bytes  ack 1  window ",
            "GET /first HTTP/1.1 ",
            "PSH, ACK  seq 1  27 bytes  ack 33  window ",
            "HTTP/1.1 204 No Content ",
            "|--- PSH, ACK  seq 33  25 bytes  ack 28  window ",
            "POST /second HTTP/1.1 ",
            "PSH, ACK  seq 28  6 bytes  ack 58  window ",
            "\"hello\\n\" ",
            "FIN, ACK  seq 34  ack 58  window ",
        ],
    );
}

fn whoever_sends_fin_first_is_named(story: &Story) {
    story.teaches(Lesson {
        why: "FIN closes one direction. Who sends the first one keeps the address pair in TIME-WAIT after the end; the other \
              side may send on until it closes too. A conversation ends when both FINs are acknowledged.",
        read: "RFC 9293 §3.6, notes/00-wire.md",
        hand: "make wire STEP=01",
    });
    for first in ["client", "server"] {
        let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
        let mut alice = story.client("alice", address);
        let (mut server, _) = listener.accept().expect("alice");
        if first == "client" {
            alice.half_closes();
            server.read_to_end(&mut Vec::new()).expect("FIN");
            server.write_all(b"late").expect("alice reads on");
            drop(server);
            alice.receives_exactly("late");
            alice.receives_end();
        } else {
            server.shutdown(Shutdown::Write).expect("a connection");
            alice.receives_end();
            alice.sends("late");
            alice.half_closes();
            server.read_to_end(&mut Vec::new()).expect("four bytes and FIN");
        }
        let picture = watcher.ends();
        let second = if first == "client" { "server" } else { "client" };
        in_order(
            story,
            &picture,
            &[
                "FIN, ACK  seq 1  ack 1",
                &format!("half close: the {first} sends no more, the {second} may"),
                "\"late\"",
                "FIN, ACK  seq 5  ack 2",
                &format!("closed, by the {first} first: it keeps the address pair, TIME-WAIT"),
            ],
        );
    }
}

fn a_reset_is_drawn(story: &Story) {
    story.teaches(Lesson {
        why: "RST ends a connection at once, for both sides: it is not acknowledged, and no FIN comes. close() sends it when \
              there are bytes that the program has not read, or when SO_LINGER is set to 0.",
        read: "RFC 9293 §3.5.2, notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --port {port}, then reset a connection on that port",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let accepted = listener.accept().expect("alice");
    alice.resets();
    let picture = watcher.ends();
    in_order(story, &picture, &["RST, ACK  seq 1  ack 1 -", "reset by the client"]);
    story.expects(!picture.text().contains("FIN"), "no FIN");
    drop(accepted);
}

fn nobody_listens(story: &Story) {
    story.teaches(Lesson {
        why: "A SYN to a port where nobody listens is answered by RST, ACK: connect() fails with ECONNREFUSED.",
        read: "RFC 9293 §3.5.2, notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --port 9, then: nc 127.0.0.1 9",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    drop(listener);
    story.expects(TcpStream::connect(address).is_err(), "nobody to listen any more");
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &["|--- SYN  seq 0", "RST, ACK  seq 0  ack 1 ", "connection refused: nobody listens on this port"],
    );
}

fn ipv6_is_drawn_too(story: &Story) {
    story.teaches(Lesson {
        why: "TCP is the same over IPv6, but the header before it has 40 bytes, no checksum, and 16 bytes for each address. \
              ETH_P_IP shows IPv4 only: a second socket for ETH_P_IPV6 is needed.",
        read: "RFC 8200 §3, man 7 packet, notes/00-wire.md",
        hand: "make run STEP=01 ARGS='--listen [::1]:8080', cargo run --bin 00-wire, nc ::1 8080",
    });
    let Watched { listener, watcher, address } = watched(story, "[::1]:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (server, _) = listener.accept().expect("alice");
    alice.sends("hello");
    (&server).read_exact(&mut [0; 5]).expect("hello");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "client [::1]:",
            "SYN  seq 0",
            "SYN, ACK  seq 0  ack 1",
            "seq 1  5 bytes  ack 1",
            "\"hello\"",
            "FIN, ACK  seq 1  ack 6",
        ],
    );
}

fn what_is_lost_is_sent_again(story: &Story) {
    story.teaches(Lesson {
        why: "Bytes that are not acknowledged are sent again, with the same sequence number, after a time that doubles. A \
              number below the highest that was seen is a retransmission, and its payload is no news.",
        read: "RFC 9293 §3.8.1, RFC 6298, notes/00-wire.md",
        hand: "sudo tc qdisc add dev lo root netem loss 20%; make wire STEP=05; sudo tc qdisc del dev lo root",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    SockRef::from(&server).attach_filter(&[NOTHING]).expect("a filter");
    alice.sends("hello");
    watcher.prints_eventually("retransmission: all of this was sent before");
    SockRef::from(&server).detach_filter().expect("a filter is there");
    server.read_exact(&mut [0; 5]).expect("hello, some time");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "PSH, ACK  seq 1  5 bytes  ack 1",
            "\"hello\"",
            "PSH, ACK  seq 1  5 bytes  ack 1",
            "retransmission: all of this was sent before",
            "ACK  seq 1  ack 6",
            "closed, by the server first",
        ],
    );
    story.expects(picture.text().matches("\"hello\"").count() == 1, "the payload to be told once");
}

fn a_full_receiver_closes_its_window(story: &Story) {
    story.teaches(Lesson {
        why: "The window is the room that the receiver has left. When its program does not read, it sinks to 0 and the \
              sender must stop; when the program reads, a segment says that there is room again.",
        read: "RFC 9293 §3.8.6, notes/00-wire.md",
        hand: "make run STEP=01, cargo run --bin 00-wire, head -c 30000000 /dev/zero | nc -N 127.0.0.1 8080 | (sleep 2; wc -c)",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    let sent = alice.sends_until_it_blocks(vec![b'x'; 1 << 20], 64 << 20);
    watcher.prints_eventually("window 0: no room, stop sending");
    alice.half_closes();
    let mut came = Vec::new();
    server.read_to_end(&mut came).expect("all, then FIN");
    story.expects(came.len() == sent, format!("{sent} bytes, there are {}", came.len()));
    drop(server);
    alice.receives_end();
    let picture = watcher.ends();
    in_order(story, &picture, &["window 0: no room", "there is room again", &format!("ack {}", sent + 2)]);
}

fn frames_are_named_after_101(story: &Story) {
    story.teaches(Lesson {
        why: "After 101 Switching Protocols both sides send frames. The first four bits of one are flags, the next four the \
              opcode; the seven bits behind the mask bit are the length, or say that it follows.",
        read: "RFC 6455 §5.2, notes/00-wire.md",
        hand: "make wire STEP=10",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    let request = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    alice.sends(request);
    server.read_exact(&mut vec![0; request.len()]).expect("the request");
    let answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    server.write_all(&[answer.as_bytes(), b"\x89\x00"].concat()).expect("alice reads");
    alice.receives_exactly([answer.as_bytes(), b"\x89\x00"].concat());
    alice.sends(b"\x81\x85\0\0\0\0hello\x88\x80\0\0\0\0");
    server.read_exact(&mut [0; 17]).expect("two frames");
    drop(server);
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(
        story,
        &picture,
        &[
            "HTTP/1.1 101 Switching Protocols; WebSocket ping, 0 bytes",
            "WebSocket text, 5 bytes, masked; WebSocket close, 0 bytes, masked",
        ],
    );
}

fn conversations_side_by_side_are_told_apart(story: &Story) {
    story.teaches(Lesson {
        why: "A connection is its two addresses: the same server port and two client ports are two, each with its own numbers.",
        read: "RFC 9293 §3.3.1, notes/00-wire.md",
        hand: "cargo run --bin 00-wire, and two nc 127.0.0.1 8080",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &[]);
    let mut alice = story.client("alice", address);
    let mut bob = story.client("bob", address);
    let (mut hers, _) = listener.accept().expect("alice");
    let (mut his, _) = listener.accept().expect("bob");
    let says = |client: &mut harness::Client, server: &mut TcpStream, text: &str| {
        client.sends(text);
        server.read_exact(&mut vec![0; text.len()]).expect("what was sent");
    };
    says(&mut alice, &mut hers, "hers");
    says(&mut bob, &mut his, "his");
    says(&mut alice, &mut hers, "more");
    watcher.prints_eventually("\"more\"");
    watcher.interrupt();
    let picture = watcher.ends();
    picture.succeeds();
    in_order(
        story,
        &picture,
        &[
            "conversation 1",
            "conversation 2",
            "conversation 1",
            "seq 1  4 bytes  ack 1",
            "\"hers\"",
            "conversation 2",
            "seq 1  3 bytes  ack 1",
            "conversation 1",
            "seq 5  4 bytes  ack 1",
            "2 conversations are still open",
        ],
    );
}

fn only_the_port_is_watched(story: &Story) {
    story.teaches(Lesson {
        why: "The kernel shows a packet socket every packet of the interface. Only those that come from the port or go to it \
              are wanted; a filter in the kernel spares the program the others.",
        read: "man 7 packet, man 7 socket (SO_ATTACH_FILTER), notes/00-wire.md",
        hand: "cargo run --bin 00-wire -- --port 8081, and anything on port 8080",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &["--once"]);
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut bob = story.client("bob", other.local_addr().expect("its address"));
    bob.sends("not for you");
    let mut alice = story.client("alice", address);
    drop(listener.accept().expect("alice"));
    alice.receives_end();
    alice.closes();
    let picture = watcher.ends();
    in_order(story, &picture, &["conversation 1", "closed, by the server first"]);
    story.expects(!picture.text().contains("not for you"), "nothing of the other port");
}

fn a_flood_is_drawn_or_told(story: &Story) {
    story.teaches(Lesson {
        why: "The kernel keeps packets for a watcher that is slow, and drops them when it has no room. Nobody is told, but \
              the numbers tell: what is acknowledged and was not seen was missed.",
        read: "man 7 packet, notes/00-wire.md",
        hand: "make run STEP=01, cargo run --bin 00-wire | tail, head -c 30000000 /dev/zero | nc -N 127.0.0.1 8080 | wc -c",
    });
    let Watched { listener, watcher, address } = watched(story, "127.0.0.1:0", &[]);
    let mut alice = story.client("alice", address);
    let (mut server, _) = listener.accept().expect("alice");
    const BYTES: usize = 32 << 20;
    let reads = std::thread::spawn(move || std::io::copy(&mut server, &mut std::io::sink()));
    alice.sends(vec![b'x'; BYTES]);
    alice.half_closes();
    let count = reads.join().expect("no panic").expect("all, then FIN");
    story.expects(count == BYTES as u64, "all bytes to come");
    alice.receives_end();
    // Perhaps the end itself is not seen. A second conversation is: what its server does not get is sent again and again.
    let mut bob = story.client("bob", address);
    let (his, _) = listener.accept().expect("bob");
    SockRef::from(&his).attach_filter(&[NOTHING]).expect("a filter");
    bob.sends("the last word");
    watcher.prints_eventually("\"the last word\"");
    watcher.interrupt();
    let picture = watcher.ends();
    picture.succeeds();
    let highest =
        picture.text().match_indices("ack ").filter_map(|(at, _)| number_at(&picture.text()[at + 4..])).max();
    let missed = picture.text().contains("not seen");
    story.expects(
        missed || highest == Some(BYTES as u64 + 2),
        format!("all bytes, the last ack is {highest:?}"),
    );
}

fn number_at(text: &str) -> Option<u64> {
    text.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

fn a_capture_draws_the_same_picture(story: &Story) {
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

fn ctrl_c_ends_it(story: &Story) {
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

    // A port where nobody is: nothing to tell.
    let Watched { listener, watcher, .. } = watched(story, "127.0.0.1:0", &[]);
    watcher.interrupt();
    let ended = watcher.ends();
    ended.succeeds();
    story.expects(ended.text().lines().count() == 1, "no more than the first line");
    drop(listener);
}

fn nobody_reads_the_output(story: &Story) {
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

fn bad_arguments_are_said_in_one_line(story: &Story) {
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

fn help_tells_all_options(story: &Story) {
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

fn make_wire_shows_a_rungs_first_request(story: &Story) {
    story.teaches(Lesson {
        why: "make wire starts a rung in a namespace of its own, watches its port, makes the first request and ends with it.",
        read: "tests/tools/wire.sh, notes/00-wire.md",
        hand: "make wire STEP=05",
    });
    story.needs_our_program();
    if cfg!(not(target_os = "linux")) {
        story.does_not_apply("only Linux has packet sockets");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/wire.sh");
    // As from a shell: what holds for this suite does not hold for the script.
    let wire = |rung: &str| {
        let limit = Duration::from_secs(80);
        story.program("env").args(["-u", "ALONE", script, rung]).limit(limit).runs()
    };
    for (rung, words) in [
        ("02-poll", vec!["\"hello\\n\"", "\"hello\\n\"", "closed, by the client first"]),
        ("05-keep-alive", vec!["GET / HTTP/1.1", "HTTP/1.1 200 OK", "closed, by the client first"]),
        (
            "10-messages",
            vec!["HTTP/1.1 101 Switching", "WebSocket text, 5 bytes, masked", "closed, by the server first"],
        ),
    ] {
        let picture = wire(rung);
        picture.succeeds();
        in_order(story, &picture, &[&["SYN  seq 0", "SYN, ACK  seq 0  ack 1"], &words[..]].concat());
    }
    let ran = wire("00-wire");
    story.expects(ran.status.code() == Some(2), "exit status 2");
    ran.mentions("rung 00 listens nowhere");
}
