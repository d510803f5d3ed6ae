//! How a connection ends: by deadline, by the client, by the server.

use std::time::Duration;

use harness::{Client, Lesson, Story};

use crate::GET;

pub fn a_browsers_spare_connection_is_no_request(story: &Story) {
    story.teaches(Lesson {
        why: "Browsers open a connection to spare and send nothing on it, perhaps for ever. It is no \
              request: it must not hold up the others, and its end is no error.",
        read: "notes/05-keep-alive.md",
        hand: "nc 127.0.0.1 {port} & curl http://127.0.0.1:{port}/echo",
    });
    let server = story.server();
    let mut spare = story.clients("spare", 3, &server);
    story.client("alice", &server).gets("/echo").has_status(200);
    spare[0].half_closes();
    spare[0].receives_end();
    spare[1].resets();
    spare[2].gets("/echo").has_status(200);
}

pub fn an_idle_connection_is_closed_in_silence(story: &Story) {
    story.teaches(Lesson {
        why: "A connection that asks nothing is closed after a while. Nobody asked, so nobody is answered: \
              a 408 here would be taken for the answer to the next request.",
        read: "RFC 9112 §9.5, notes/05-keep-alive.md",
        hand: "IDLE_TIMEOUT_MS=1000 cargo run --bin 05-keep-alive, then: nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|setup| setup.env("IDLE_TIMEOUT_MS", 200));
    let mut fresh = story.client("fresh", &server);
    fresh.receives_end();
    let mut used = story.client("used", &server);
    used.gets("/echo").has_status(200);
    used.receives_end();
    let mut line = story.client("line", &server);
    line.sends("\r\n");
    line.receives_end();
}

pub fn a_slow_head_is_408(story: &Story) {
    story.teaches(Lesson {
        why: "A head must be complete in time, counted from its first byte. A timer that every byte resets \
              is no deadline: a byte now and then would hold the connection for ever (slowloris).",
        read: "RFC 9110 §15.5.9, notes/05-keep-alive.md",
        hand: "(while sleep 1; do printf x; done) | nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|setup| setup.env("HEAD_TIMEOUT_MS", 1500));
    let mut alice = story.client("alice", &server);
    alice.gets("/echo").has_status(200);
    alice.sends("GET / HTTP/1.1\r\nX: ");
    drip(&mut alice);
    alice.receives_response().has_status(408).has_token("Connection", "close");
    alice.receives_end();
}

pub fn a_slow_body_is_408(story: &Story) {
    story.teaches(Lesson {
        why: "A body must be complete in time too, counted from the end of its head; a byte now and then \
              does not prolong that.",
        read: "RFC 9110 §15.5.9, notes/05-keep-alive.md",
        hand: "(printf 'POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 99\\r\\n\\r\\n'; while sleep 1; do printf x; done) | nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|setup| setup.env("BODY_TIMEOUT_MS", 1500));
    let mut alice = story.client("alice", &server);
    alice.sends("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n");
    drip(&mut alice);
    alice.receives_response().has_status(408).has_token("Connection", "close");
    alice.receives_end();
    story.note("a body that nobody wants: it has its answer, and gets no second one");
    let mut bob = story.client("bob", &server);
    bob.sends("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx");
    bob.receives_response().has_status(200);
    bob.receives_end();
}

pub fn a_steady_body_gets_more_time(story: &Story) {
    story.teaches(Lesson {
        why: "One deadline for every body is too short for a large one on a slow line, or too long for an attacker. So \
              it is prolonged for a body that comes steadily, at a rate that no byte now and then reaches.",
        read: "notes/05-keep-alive.md",
        hand: "curl -v --limit-rate 10k -T large-file http://127.0.0.1:{port}/",
    });
    // 200 bytes are enough for another second.
    let server = story.server_with(|setup| setup.env("BODY_TIMEOUT_MS", 1000).env("MIN_BODY_RATE", 200));
    let mut alice = story.client("alice", &server);
    alice.sends("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\n");
    for _ in 0..15 {
        alice.receives_nothing_for(Duration::from_millis(100));
        alice.sends([b'x'; 1000]);
    }
    alice.receives_response().has_status(200).has_body([b'x'; 15000]);
    alice.gets("/echo").has_status(200);
}

/// A byte now and then for a second. With a deadline of one and a half, the answer is due half a second later; a
/// deadline that each byte resets would let it come a whole second after that.
fn drip(client: &mut Client) {
    for _ in 0..10 {
        client.receives_nothing_for(Duration::from_millis(100));
        client.sends("x");
    }
    client.within(Duration::from_secs(1));
}

pub fn a_client_that_half_closes_gets_its_answers(story: &Story) {
    story.teaches(Lesson {
        why: "read() == 0 means that no more comes, not that the client has gone: it may be waiting for its \
              answers. In the middle of a request it means that the rest never comes.",
        read: "RFC 9112 §9.6, notes/05-keep-alive.md",
        hand: r"printf 'GET /echo HTTP/1.1\r\nHost: x\r\n\r\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends(GET.repeat(3));
    alice.half_closes();
    for _ in 0..3 {
        alice.receives_response().has_status(200);
    }
    alice.receives_end();
    story.note("more answers than the kernels hold");
    let mut carol = story.client("carol", &server);
    carol.sends("GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000));
    carol.half_closes();
    for _ in 0..1000 {
        carol.receives_response().has_status(200);
    }
    carol.receives_end();
    for half in ["GET /ec", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"] {
        let mut bob = story.client("bob", &server);
        bob.sends(half);
        bob.half_closes();
        bob.receives_response().has_status(400);
        bob.receives_end();
    }
}

pub fn the_last_answer_is_not_reset(story: &Story) {
    story.teaches(Lesson {
        why: "You closed the socket with bytes unread: the kernel sends RST, and the client may lose the \
              answer that was on its way. Shut down sending, read what still comes for a while, then \
              close.",
        read: "RFC 9112 §9.6, notes/05-keep-alive.md",
        hand: "head -c 3000000 /dev/zero | curl -v --data-binary @- http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let behind = vec![b'x'; 300_000];
    for last in [
        "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "nonsense\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n",
    ] {
        let mut alice = story.client("alice", &server);
        alice.sends([last.as_bytes(), &behind].concat());
        alice.receives_response().has_token("Connection", "close");
        alice.sends(&behind);
        alice.half_closes();
        alice.receives_end();
    }
}

pub fn who_does_not_read_is_not_read(story: &Story) {
    story.teaches(Lesson {
        why: "A client that sends requests and never reads its answers must not fill your memory: when too \
              much output waits, stop reading. TCP then stops the client. The others do not notice, and \
              when it reads at last, it gets every answer.",
        read: "notes/02-poll.md, notes/05-keep-alive.md",
        hand: r"(while true; do printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'; done) | nc 127.0.0.1 {port} | sleep 60",
    });
    let server = story.server();
    let mut flood = story.client("flood", &server);
    let before = server.memory_rss();
    let taken = flood.sends_until_it_blocks(GET.repeat(1000), 64 << 20);
    story.expects(taken < 64 << 20, "the server goes on reading from a client that does not read");
    let grown = server.memory_rss().saturating_sub(before);
    story.expects(grown < 4 << 20, format!("at most 4 MiB for one client, it was {grown} bytes"));
    story.client("alice", &server).gets("/echo").has_status(200);
    for _ in 0..100 {
        flood.receives_response().has_status(200).has_body("Host: x\n");
    }
}
