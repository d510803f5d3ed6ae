//! What rung 01 promises any client: steps/01-accept/CONTRACT.md.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;
use std::time::Duration;

use harness::{Lesson, Server, Story};

fn main() -> ExitCode {
    harness::suite(
        "01-accept",
        harness::tests![
            what_is_sent_comes_back,
            nc_gets_its_line_back,
            bytes_cut_anywhere_come_back_whole,
            more_than_the_buffers_hold_comes_back_whole,
            a_client_that_reads_late_gets_everything,
            a_half_close_still_gets_the_answer,
            the_second_client_waits_until_the_first_leaves,
            who_waits_is_shown,
            a_full_backlog_lets_nobody_in,
            clients_are_served_in_the_order_they_came,
            a_client_that_resets_does_not_end_the_server,
            a_broken_pipe_does_not_end_the_server,
            a_call_that_a_signal_interrupts_is_made_again,
            an_accept_that_fails_does_not_end_the_server,
            a_restart_finds_its_port_free,
            without_so_reuseaddr_the_restart_is_refused,
            a_port_in_use_is_said_in_one_line,
            bad_arguments_are_said_in_one_line,
            help_tells_all_options,
            ipv6_is_an_address_too,
            ctrl_c_ends_it,
        ],
    )
}

fn what_is_sent_comes_back(story: &Story) {
    story.teaches(Lesson {
        why: "An echo server sends back the bytes that recv gave it, all of them and no others, until recv returns \
              0: that is the client's FIN, and then it closes too.",
        read: "RFC 862, notes/01-accept.md",
        hand: "printf 'hello' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("hello\n");
    alice.receives_exactly("hello\n");
    alice.sends([0x00, 0xff, 0x0d, 0x0a]);
    alice.receives_exactly([0x00, 0xff, 0x0d, 0x0a]);
    alice.half_closes();
    alice.receives_end();
}

fn nc_gets_its_line_back(story: &Story) {
    story.teaches(Lesson {
        why: "nc -N sends its input, then FIN, and prints what comes until the server's FIN. It hangs when the server \
              does not close after recv returned 0.",
        read: "man 1 nc, notes/01-accept.md",
        hand: "echo hello | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let port = server.address().port().to_string();
    let nc = story.program("nc").args(["-N", "127.0.0.1", &port]).stdin("hello\n").runs();
    nc.succeeds();
    nc.prints("hello\n");
}

fn bytes_cut_anywhere_come_back_whole(story: &Story) {
    story.teaches(Lesson {
        why: "One recv is not one send. What the client sent at once may come in two pieces, and what it sent in two \
              pieces may come at once: echo what came, however much it was, and go on.",
        read: "RFC 9293 §2.2, notes/01-accept.md",
        hand: "(printf 'one br'; sleep 1; printf 'oken line\\n') | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let message = b"abcdefghijklmnopqrstuvwxyz\r\n";
    for at in 1..message.len() {
        alice.sends_split(message, at);
        alice.receives_exactly(message);
    }
}

fn more_than_the_buffers_hold_comes_back_whole(story: &Story) {
    story.teaches(Lesson {
        why: "send says how many bytes the kernel took, and that may be fewer than you gave it: send the rest again, \
              from that offset. recv says how many came: send no more than those.",
        read: "man 2 send, notes/01-accept.md",
        hand: "head -c 4194304 /dev/urandom | tee /tmp/sent | nc -N 127.0.0.1 {port} | cmp - /tmp/sent",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let bytes = unlike_bytes(4 << 20);
    alice.within(Duration::from_secs(10)).sends_while_receiving(&bytes);
    alice.receives_exactly(&bytes);
    alice.half_closes();
    alice.receives_end();
}

fn a_client_that_reads_late_gets_everything(story: &Story) {
    story.teaches(Lesson {
        why: "The client sends and does not read, so the buffers fill and send has no room. A blocking send sleeps until \
              there is; a non-blocking one takes a part, or nothing (EWOULDBLOCK). Neither is an error and no byte \
              may be dropped.",
        read: "man 2 send, notes/01-accept.md",
        hand: "head -c 30000000 /dev/zero | nc -N 127.0.0.1 {port} | (sleep 2; wc -c)",
    });
    let server = story.server();
    let mut alice = story.client("a client that never reads", &server);
    let bytes = unlike_bytes(64 << 20);
    let sent = alice.sends_until_it_blocks(&bytes, bytes.len());
    story.expects(sent < bytes.len(), "the server to stop reading when it cannot send");
    alice.within(Duration::from_secs(10)).half_closes();
    alice.receives_exactly(&bytes[..sent]);
    alice.receives_end();
}

fn a_half_close_still_gets_the_answer(story: &Story) {
    story.teaches(Lesson {
        why: "recv returned 0: the client sends no more, but it still reads. Send all that you owe it, then close. \
              Bytes left unread in your socket would turn the close into RST and destroy what is under way.",
        read: "RFC 9293 §3.6.1, notes/01-accept.md",
        hand: "head -c 60000 /dev/zero | nc -N 127.0.0.1 {port} | wc -c",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let bytes = unlike_bytes(60_000);
    alice.sends(&bytes);
    alice.half_closes();
    alice.receives_exactly(&bytes);
    alice.receives_end();
}

fn the_second_client_waits_until_the_first_leaves(story: &Story) {
    story.teaches(Lesson {
        why: "The kernel connects the second client by itself and keeps it, and what it sends, in the backlog. The \
              one thread of this server sits in recv for the first client: no accept before that one leaves.",
        read: "man 2 listen, notes/01-accept.md",
        hand: "two terminals with nc 127.0.0.1 {port}: type in the second, then end the first with Ctrl-C",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("first\n");
    alice.receives_exactly("first\n");
    let mut bob = story.client("bob", &server);
    bob.sends("second\n");
    bob.receives_nothing_for(Duration::from_millis(100));
    alice.sends("still here\n");
    alice.receives_exactly("still here\n");
    bob.receives_nothing_for(Duration::from_millis(100));
    alice.closes();
    bob.receives_exactly("second\n");
}

fn who_waits_is_shown(story: &Story) {
    story.teaches(Lesson {
        why: "The row of the listening socket in /proc/net/tcp counts in rx_queue the connections that nobody has \
              accepted. The program shows that number; where there is no /proc, the command to look with.",
        read: "man 5 proc_net, notes/01-accept.md",
        hand: "two terminals with nc 127.0.0.1 {port}, then: ss -tln 'sport = :{port}'",
    });
    story.needs_our_program();
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("x");
    alice.receives_exactly("x");
    let mut bob = story.client("bob", &server);
    bob.sends("hello");
    if cfg!(target_os = "linux") {
        server.log_contains_eventually("1 waiting in the backlog");
        server.log_contains_eventually(&format!(
            "{} ESTABLISHED, not accepted, 5 bytes unread",
            bob.local_address()
        ));
        alice.closes();
        bob.receives_exactly("hello");
        server.log_contains_eventually("nobody waits in the backlog");
    } else {
        server.log_contains_eventually("netstat -an");
    }
}

fn a_full_backlog_lets_nobody_in(story: &Story) {
    story.teaches(Lesson {
        why: "listen's second argument is how many finished connections may wait. When the queue is full, Linux drops \
              the SYN of the next client, which tries again a second later: to that client the server seems dead.",
        read: "man 2 listen, man 7 tcp (tcp_abort_on_overflow), notes/01-accept.md",
        hand: "cargo run --bin 01-accept -- --backlog 0, then four times: nc 127.0.0.1 {port} &",
    });
    story.needs_our_program();
    if !cfg!(target_os = "linux") {
        story.does_not_apply("what a full queue does is Linux's own way; others refuse or wait");
    }
    let server = story.server_with(|s| s.arg("--backlog").arg("0"));
    let mut alice = story.client("alice", &server);
    alice.sends("x");
    alice.receives_exactly("x");
    // Linux lets one more wait than was asked for.
    let mut bob = story.client("bob", &server);
    bob.sends("hello");
    server.log_contains_eventually("1 waiting in the backlog");
    let carol = std::net::TcpStream::connect_timeout(&server.address(), Duration::from_millis(300));
    story.expects(carol.is_err(), "carol not to be connected, for bob fills the queue");
    alice.closes();
    bob.receives_exactly("hello");
    bob.closes();
    still_serves(story, &server);
}

fn clients_are_served_in_the_order_they_came(story: &Story) {
    story.teaches(Lesson {
        why: "accept takes the first connection from the queue. Call it again after each client, for ever: what \
              clients sent while they waited stands in the kernel's buffers and comes with the first recv.",
        read: "man 2 accept, notes/01-accept.md",
        hand: "for i in 1 2 3; do echo $i | nc -N 127.0.0.1 {port} & done; wait",
    });
    let server = story.server();
    let mut clients = story.clients("client", 5, &server);
    for (number, client) in clients.iter_mut().enumerate() {
        client.sends(format!("I am {number}"));
        client.half_closes();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.receives_exactly(format!("I am {number}"));
        client.receives_end();
    }
}

fn a_client_that_resets_does_not_end_the_server(story: &Story) {
    story.teaches(Lesson {
        why: "ECONNRESET from recv or send means that this client is gone, nothing else: close its socket and accept \
              the next one. An error of one connection is not an error of the server.",
        read: "RFC 9293 §3.5.3, notes/01-accept.md",
        hand: "nc 127.0.0.1 {port} and end nc with: kill -9; then start nc again",
    });
    let server = story.server();
    let mut silent = story.client("a client without a word", &server);
    silent.resets();
    let mut served = story.client("a served client", &server);
    served.sends("hello");
    served.receives_exactly("hello");
    served.resets();
    let mut deaf = story.client("a client that never reads", &server);
    deaf.sends_until_it_blocks(unlike_bytes(1 << 16), 64 << 20);
    deaf.resets();
    let mut waiting = story.client("a client that waits", &server);
    waiting.sends("x");
    let mut impatient = story.client("a client that leaves while it waits", &server);
    impatient.sends("hello");
    impatient.resets();
    waiting.receives_exactly("x");
    waiting.closes();
    still_serves(story, &server);
}

fn a_broken_pipe_does_not_end_the_server(story: &Story) {
    story.teaches(Lesson {
        why: "Sending to a client that is gone gives EPIPE and the signal SIGPIPE, which ends a process that does not \
              ignore it. Rust's runtime ignores it before main; in C call signal(SIGPIPE, SIG_IGN) or send with \
              MSG_NOSIGNAL.",
        read: "man 2 send (EPIPE), man 7 signal, notes/01-accept.md",
        hand: "nc 127.0.0.1 {port} in one terminal, head -c 60000 /dev/zero | nc -N -w 1 127.0.0.1 {port} in another, \
               and when that has ended, Ctrl-C in the first",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("x");
    alice.receives_exactly("x");
    // Bob waits behind alice, so the order is certain: his bytes and his FIN are there, and he is gone, before the
    // server accepts him. Its first send meets RST, its second one EPIPE. (FIN makes the difference: without it RST
    // is told as ECONNRESET, which comes without a signal.)
    let mut bob = story.client("bob", &server);
    bob.sends(unlike_bytes(60_000));
    bob.half_closes();
    bob.closes();
    alice.closes();
    still_serves(story, &server);
}

fn a_call_that_a_signal_interrupts_is_made_again(story: &Story) {
    story.teaches(Lesson {
        why: "EINTR: a signal woke the thread before the call had an answer (a window was resized, a child ended, a \
              debugger came). Nothing is wrong and nothing was lost: make the same call again.",
        read: "man 7 signal, notes/01-accept.md",
        hand: "strace -f -e inject=accept4,recvfrom,sendto:error=EINTR:when=1+2 target/debug/01-accept",
    });
    let server = if cfg!(target_os = "linux") {
        // Every second call fails with EINTR, without being made.
        let fault = "inject=accept,accept4,recvfrom,sendto:error=EINTR:when=1+2";
        story.server_with(|s| {
            s.under(["strace", "-f", "-qq", "-e", "trace=accept,accept4,recvfrom,sendto", "-e", fault])
        })
    } else {
        story.note("only Linux has a strace that can interrupt every second call: none is interrupted here");
        story.server()
    };
    for round in ["first", "second", "third"] {
        let mut alice = story.client(round, &server);
        alice.sends(round);
        alice.receives_exactly(round);
        alice.half_closes();
        alice.receives_end();
    }
}

fn an_accept_that_fails_does_not_end_the_server(story: &Story) {
    story.teaches(Lesson {
        why: "accept failed: a client was gone before you came to it (ECONNABORTED), or no descriptor was left (EMFILE). \
              That is one client's misfortune. Log it, wait a moment, accept again; with `?` the server ends for all.",
        read: "man 2 accept, ERRORS; notes/01-accept.md",
        hand: "strace -f -e inject=accept,accept4:error=ECONNABORTED:when=1 target/debug/01-accept",
    });
    if !cfg!(target_os = "linux") {
        story.does_not_apply("only Linux has a strace that can make accept fail");
    }
    let fault = "inject=accept,accept4:error=ECONNABORTED:when=1";
    let server =
        story.server_with(|s| s.under(["strace", "-f", "-qq", "-e", "trace=accept,accept4", "-e", fault]));
    // The first accept has failed before anybody came.
    still_serves(story, &server);
}

fn a_restart_finds_its_port_free(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever closes first keeps the address pair in TIME-WAIT for a minute. The server that was stopped \
              closed first, so its port is still held; SO_REUSEADDR, set before bind, lets bind take it.",
        read: "RFC 9293 §3.6.1, man 7 socket (SO_REUSEADDR), notes/01-accept.md",
        hand: "connect with nc, stop the server with Ctrl-C, start it again at once",
    });
    let address = leaves_time_wait_behind(story, None);
    let again = story.server_with(|s| s.env("PORT", address.port()));
    story.expects(again.address() == address, format!("the same address again, it is {}", again.address()));
    still_serves(story, &again);
}

fn without_so_reuseaddr_the_restart_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "--no-reuse-addr is there to meet EADDRINUSE on purpose: without SO_REUSEADDR, bind refuses a port that \
              a connection in TIME-WAIT still holds. The program says so and what to do, and ends with 1.",
        read: "man 2 bind (EADDRINUSE), notes/01-accept.md",
        hand: "cargo run --bin 01-accept -- --no-reuse-addr; connect with nc, Ctrl-C, and again",
    });
    story.needs_our_program();
    let option = "--no-reuse-addr";
    let address = leaves_time_wait_behind(story, Some(option));
    let ended = story.server_that_ends(|s| s.env("PORT", address.port()).arg(option));
    fails_with(story, ended, 1, &format!("cannot listen on {address}: the port is in use"));
}

fn a_port_in_use_is_said_in_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "Two sockets cannot listen on the same port, SO_REUSEADDR or not: bind fails with EADDRINUSE. Say which \
              port it is and what to do, and end with an exit code that is not 0.",
        read: "man 2 bind (EADDRINUSE), notes/01-accept.md",
        hand: "PORT={port} cargo run --bin 01-accept; echo $?",
    });
    let server = story.server();
    let ended = story.server_that_ends(|s| s.env("PORT", server.address().port()));
    fails_with(story, ended, 1, &format!("cannot listen on {}: the port is in use", server.address()));
    still_serves(story, &server);
}

fn bad_arguments_are_said_in_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever starts a program with a wrong argument wants to know which one and what is right, not a stack \
              trace, and not a server on another port than asked for. The exit code of wrong usage is 2.",
        read: "notes/01-accept.md",
        hand: "cargo run --bin 01-accept -- --nonsense; echo $?",
    });
    story.needs_our_program();
    for (arguments, said) in [
        (vec!["--nonsense"], "invalid option '--nonsense'"),
        (vec!["8080"], "unexpected argument \"8080\""),
        (vec!["--listen"], "missing argument for option '--listen'"),
        (vec!["--listen", "8080"], "--listen \"8080\""),
        (vec!["--backlog", "-1"], "--backlog \"-1\""),
        (vec!["--backlog", "many"], "--backlog \"many\""),
        (vec!["--no-reuse-addr=yes"], "unexpected argument for option '--no-reuse-addr'"),
    ] {
        let ended = story.server_that_ends(|s| arguments.iter().fold(s, |s, argument| s.arg(argument)));
        fails_with(story, ended, 2, said);
    }
    for port in ["nonsense", "65536", "-1", "80 "] {
        let ended = story.server_that_ends(|s| s.env("PORT", port));
        fails_with(story, ended, 2, &format!("PORT={port:?}"));
    }
}

fn help_tells_all_options(story: &Story) {
    story.teaches(Lesson {
        why: "--help goes to stdout, because it was asked for, and ends with 0. It names every option and every \
              environment variable.",
        read: "notes/01-accept.md",
        hand: "cargo run --bin 01-accept -- --help",
    });
    story.needs_our_program();
    let (status, stdout, stderr) = story.server_that_ends(|s| s.arg("--help"));
    story.expects(status.success(), format!("exit status 0, it is {status}"));
    story.expects(stderr.is_empty(), format!("nothing on stderr, there is {stderr:?}"));
    for word in ["--listen", "--no-reuse-addr", "--backlog", "--help", "PORT", "RUST_LOG", "TIME-WAIT"] {
        story.expects(stdout.contains(word), format!("{word} in the help"));
    }
}

fn ipv6_is_an_address_too(story: &Story) {
    story.teaches(Lesson {
        why: "The family of the socket (AF_INET, AF_INET6) must be that of the address it is bound to. In a URL an \
              IPv6 address stands in brackets, so that its colons are not taken for the port's.",
        read: "RFC 3493 §3, RFC 3986 §3.2.2, notes/01-accept.md",
        hand: "cargo run --bin 01-accept -- --listen '[::1]:8080', then: nc ::1 8080",
    });
    story.needs_our_program();
    let arguments = ["--listen", "[::1]:0"];
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        story.note("this machine has no IPv6: the program has to say so");
        let ended = story.server_that_ends(|s| s.arg(arguments[0]).arg(arguments[1]));
        return fails_with(story, ended, 1, "cannot listen on [::1]:0");
    }
    let server = story.server_with(|s| s.arg(arguments[0]).arg(arguments[1]));
    story.expects(server.address().is_ipv6(), format!("an IPv6 address, it is {}", server.address()));
    still_serves(story, &server);
}

fn ctrl_c_ends_it(story: &Story) {
    story.teaches(Lesson {
        why: "The server sleeps in accept. SIGINT ends a program that did not ask to handle it, also in the middle \
              of a call; one that handles it must leave accept by itself.",
        read: "man 7 signal, notes/01-accept.md",
        hand: "cargo run --bin 01-accept, then Ctrl-C; echo $?",
    });
    const SIGINT: i32 = 2;
    let server = story.server();
    let status = server.stop();
    story.expects(
        status.success() || status.signal() == Some(SIGINT),
        format!("an end by Ctrl-C, it is {status}"),
    );
}

fn still_serves(story: &Story, server: &Server) {
    let mut alice = story.client("the next client", server);
    alice.sends("hello");
    alice.receives_exactly("hello");
    alice.half_closes();
    alice.receives_end();
}

/// Stops a server while a client is connected. Returns the address that it had.
fn leaves_time_wait_behind(story: &Story, option: Option<&str>) -> SocketAddr {
    let server = story.server_with(|s| option.into_iter().fold(s, |s, option| s.arg(option)));
    let mut alice = story.client("alice", &server);
    alice.sends("x");
    alice.receives_exactly("x");
    server.stop();
    alice.receives_end();
    alice.closes();
    server.address()
}

/// A program of ours that failed: its exit code, and one line on stderr that names the program.
fn fails_with(story: &Story, ended: (std::process::ExitStatus, String, String), code: i32, said: &str) {
    let (status, stdout, stderr) = ended;
    story.expects(!status.success(), format!("an exit status that is not 0, it is {status}"));
    story.needs_our_program();
    story.expects(status.code() == Some(code), format!("exit status {code}, it is {status}"));
    story.expects(stdout.is_empty(), format!("nothing on stdout, there is {stdout:?}"));
    let last = stderr.lines().last().unwrap_or_default();
    story.expects(
        last.starts_with("01-accept: "),
        format!("stderr to end with 01-accept: ..., it is {last:?}"),
    );
    story.expects(last.contains(said), format!("{said:?} in that line, it is {last:?}"));
}

/// Bytes that do not repeat in a short period, so that a lost or doubled piece shows.
fn unlike_bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
