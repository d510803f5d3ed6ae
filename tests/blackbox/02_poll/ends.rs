//! How connections end, and how the server does.

use std::time::{Duration, Instant};

use harness::{Lesson, Story};

use crate::{pattern, still_serves};

pub fn a_client_that_leaves_does_not_end_the_server(story: &Story) {
    story.teaches(Lesson {
        why: "Clients leave in every way there is: FIN, RST, in the middle of a message, before you accepted them. \
              An error of one connection ends that connection, and what waited for it is thrown away with it: it \
              is not for the next client that gets its place.",
        read: "man 2 accept (\"Error handling\"), notes/02-poll.md",
        hand: "nc 127.0.0.1 {port} < /dev/zero, then kill -9 it",
    });
    let server = story.server();
    for name in ["one", "two", "three"] {
        let mut client = story.client(name, &server);
        client.sends("hello");
        client.receives_exactly("hello");
        client.sends("never read");
        client.resets();
        story.client(name, &server).closes();
        server.while_it_stands_still(|| {
            let mut hasty = story.client("one that is gone before it is accepted", &server);
            hasty.sends("hello");
            hasty.resets();
        });
    }
    still_serves(story, &server);
}

pub fn a_broken_pipe_does_not_end_the_server(story: &Story) {
    story.teaches(Lesson {
        why: "The client is gone and the server writes on: EPIPE, and the signal SIGPIPE, which ends a program that \
              does not ignore it. Rust ignores it; in C it is signal(SIGPIPE, SIG_IGN) or MSG_NOSIGNAL.",
        read: "man 2 send (EPIPE), notes/02-poll.md",
        hand: "head -c 9999999 /dev/zero | nc 127.0.0.1 {port} | head -c 1",
    });
    let server = story.server();
    for _ in 0..10 {
        let mut client = story.client("one that does not read", &server);
        client.sends_until_it_blocks(pattern(1 << 20), 8 << 20);
        client.resets();
    }
    still_serves(story, &server);
}

pub fn the_next_client_gets_nothing_of_the_last(story: &Story) {
    story.teaches(Lesson {
        why: "A descriptor, a slot in a table, a token: all are given away again at once. An event or output that \
              was meant for the dead connection must find nobody, so an id needs a generation. tokio-rs/mio#172.",
        read: "notes/02-poll.md",
        hand: "no line will do: it needs two clients in one turn of the loop",
    });
    let server = story.server();
    for _ in 0..8 {
        let mut last = story.client("the last", &server);
        last.sends_until_it_blocks(vec![b'L'; 1 << 20], 16 << 20);
        // The server hears of both ends in one turn.
        let mut next = server.while_it_stands_still(|| {
            last.resets();
            let mut next = story.client("the next", &server);
            next.sends("mine");
            next
        });
        next.receives_exactly("mine");
        next.half_closes();
        next.receives_end();
    }
}

pub fn a_poll_that_a_signal_interrupts_is_made_again(story: &Story) {
    story.teaches(Lesson {
        why: "EINTR: a signal woke the thread before the poll had an answer (a debugger, Ctrl-Z and fg). Nothing is \
              wrong and nothing was lost: make the call again.",
        read: "man 7 signal (\"Interruption of system calls\"), notes/02-poll.md",
        hand: "Ctrl-Z in the server's terminal, then fg",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for _ in 0..5 {
        // epoll_wait fails with EINTR after SIGSTOP and SIGCONT, even without any handler.
        server.while_it_stands_still(|| {});
        alice.sends("hello");
        alice.receives_exactly("hello");
    }
}

pub fn a_goodbye_is_no_reset(story: &Story) {
    story.teaches(Lesson {
        why: "You closed a socket with bytes unread in it: the kernel sends RST instead of FIN, and your last answer \
              may be destroyed before the client has read it. Send FIN (shutdown), read and throw away until the \
              client's FIN comes, a bounded time, then close. netty/netty#6818.",
        read: "RFC 9293 §3.6, RFC 9112 §9.6, notes/02-poll.md",
        hand: "head -c 9999999 /dev/zero | nc 127.0.0.1 {port} | wc -c, and Ctrl-C in the server's terminal",
    });
    for _ in 0..5 {
        let server = story.server();
        let mut clients = story.clients("client", 40, &server);
        let message = pattern(120_000);
        for client in &mut clients {
            client.sends("hello");
            client.receives_exactly("hello");
        }
        server.while_it_stands_still(|| {
            clients.iter_mut().for_each(|client| client.sends(&message));
            server.interrupt();
        });
        for client in &mut clients {
            // It may have been served before the server heard of its end. What came is a beginning of it.
            let rest = client.receives_rest();
            story.expects(message.starts_with(&rest), "what came back to be what was sent");
            // The server's FIN is here, and the client has not heard of it yet, so to say.
            client.sends("not heard yet");
            story.expects(client.tries_to_send("nor now"), "no RST for what was sent meanwhile");
            client.closes();
        }
        let status = server.ends(Duration::from_secs(5));
        story.expects(status.success(), format!("exit status 0 after Ctrl-C, it is {status}"));
    }
}

pub fn a_client_that_does_not_leave_does_not_keep_the_server(story: &Story) {
    story.teaches(Lesson {
        why: "A server that stops says goodbye and waits for its clients, but not for ever: one that hangs, or whose \
              cable is cut, never answers.",
        read: "notes/02-poll.md",
        hand: "nc 127.0.0.1 {port}, Ctrl-Z in it, then Ctrl-C in the server's terminal",
    });
    let server = story.server_with(|s| s.env("STOP_TIMEOUT_MS", 300).env("LINGER_TIMEOUT_MS", 100));
    let mut idle = story.client("one that stays", &server);
    idle.sends("hello");
    idle.receives_exactly("hello");
    let mut full = story.client("one that does not read", &server);
    full.sends_until_it_blocks(pattern(1 << 20), 16 << 20);
    let start = Instant::now();
    server.interrupt();
    idle.receives_end();
    server.ends(Duration::from_secs(5));
    let took = start.elapsed();
    story.expects(took < Duration::from_secs(3), format!("the end within 3 s, it took {took:?}"));
}

pub fn a_restart_finds_its_port_free(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever closes first keeps the address pair in TIME-WAIT for a minute. The server that was stopped \
              closed first, so its port is still held; SO_REUSEADDR, set before bind, lets bind take it.",
        read: "RFC 9293 §3.6.1, man 7 socket (SO_REUSEADDR), notes/01-accept.md",
        hand: "connect with nc, stop the server with Ctrl-C, start it again at once",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("hello");
    alice.receives_exactly("hello");
    server.interrupt();
    alice.receives_end();
    alice.closes();
    server.ends(Duration::from_secs(5));
    let again = story.server_with(|s| s.env("PORT", server.address().port()));
    still_serves(story, &again);
}

pub fn bad_arguments_are_said_in_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "Who starts the program reads what it says: one line, what is wrong and with which value, and an exit \
              code that is not 0. A panic with a backtrace tells them nothing.",
        read: "notes/01-accept.md",
        hand: "MAX_PENDING=many cargo run --bin 02-poll; echo $?",
    });
    story.needs_our_program();
    for (name, value) in [("MAX_PENDING", "many"), ("FLUSH_TIMEOUT_MS", "-1"), ("STOP_TIMEOUT_MS", "1e9")] {
        let (status, stdout, stderr) = story.server_that_ends(|s| s.env(name, value));
        story.expects(status.code() == Some(2), format!("exit status 2, it is {status}"));
        story.expects(stdout.is_empty(), "nothing on stdout");
        story.expects(
            stderr.trim_end().lines().count() == 1 && stderr.starts_with(&format!("02-poll: {name}=")),
            format!("one line that names {name}, it is {stderr:?}"),
        );
    }
}
