//! Who waits: forgetting, counting, stopping, slow readers, many.

use std::time::Duration;

use harness::{Client, Lesson, Story};
use serde_json::{Value, json};

use super::room::*;

pub fn who_leaves_is_forgotten(story: &Story) {
    story.teaches(Lesson {
        why: "A browser that leaves sends FIN, and nothing else will ever tell. Who is not forgotten is a \
              leak, and gets messages nobody reads.",
        read: "RFC 9112 §9.6, notes/07-push.md",
        hand: "timeout 1 curl -N http://127.0.0.1:{port}/events; curl http://127.0.0.1:{port}/stats",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    for (path, name) in [("/wait", "wait"), ("/events", "events")] {
        let mut leaves = waits(story, "leaves", &server, path, 1);
        leaves.half_closes();
        eventually_wait(story, &server, name, 0);
        let mut resets = waits(story, "resets", &server, path, 1);
        resets.resets();
        eventually_wait(story, &server, name, 0);
    }
    says(&mut ada, "nobody is here");
}

pub fn the_counters_agree_with_the_wire(story: &Story) {
    story.teaches(Lesson {
        why: "What the server says that a way costs is what went over the wire: heads, chunk lines and \
              all.",
        read: "notes/07-push.md",
        hand: "curl -v 'http://127.0.0.1:{port}/poll?after=0'; curl http://127.0.0.1:{port}/stats",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let id = says(&mut ada, "Hello\nthere");
    let request = |path: &str, more: &str| {
        format!("GET {path}?after={} HTTP/1.1\r\nHost: x\r\n{more}\r\n", id - 1).into_bytes()
    };
    for (name, path) in [("poll", "/poll"), ("wait", "/wait")] {
        let mut counts = story.client("counts", &server);
        let asked = request(path, "Connection: close\r\n");
        counts.sends(&asked);
        let received = counts.receives_rest().len();
        cost(story, &mut ada, name, asked.len(), received);
    }
    let asked = request("/events", "");
    let mut counts = story.client("counts", &server);
    counts.sends(&asked);
    let received = counts.receives_until("data: there\n\n\r\n").len();
    cost(story, &mut ada, "events", asked.len(), received);
}

pub fn the_counters_agree_however_a_head_is_spelled(story: &Story) {
    story.teaches(Lesson {
        why: "Count the bytes of a head as they came: a client may leave out the space behind a colon, write three, or \
              send an empty line first. And who asks with HEAD gets no message.",
        read: "RFC 9112 §2.2, §5, RFC 9110 §9.3.2, notes/07-push.md",
        hand: r"printf 'GET /poll HTTP/1.1\r\nHost:x\r\nConnection: \tclose\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let after = says(&mut ada, "Hello") - 1;
    let (mut asked, mut answered) = (0, 0);
    let host = server.address();
    let heads = [
        format!("GET /poll?after={after} HTTP/1.1\r\nHost:x\r\nConnection:close\r\n\r\n"),
        format!("GET /poll?after={after} HTTP/1.1\r\nHost: \t x \t\r\nConnection: \t close\r\nX:\r\n\r\n"),
        format!("\r\nGET /poll?after={after} HTTP/1.0\r\n\r\n"),
        format!("GET http://{host}/poll?after={after} HTTP/1.1\r\nHost: {host}\r\nconnection: CLOSE\r\n\r\n"),
        format!("HEAD /poll?after={after} HTTP/1.0\r\n\r\n"),
        "GET /poll?after=nonsense HTTP/1.0\r\n\r\n".to_owned(),
        "DELETE /poll HTTP/1.0\r\nContent-Length: 2\r\n\r\n".to_owned(),
    ];
    for head in &heads {
        let mut counts = story.client("counts", &server);
        counts.sends(head);
        asked += head.len();
        answered += counts.receives_rest().len();
    }
    costs(story, &mut ada, "poll", json!([heads.len(), asked, answered, 4]));
}

pub fn the_counters_agree_with_curl(story: &Story) {
    story.teaches(Lesson {
        why: "Another program's count of the same bytes: what `curl -v` shows of the heads, and what it writes.",
        read: "curl(1), --verbose, --write-out",
        hand: "curl -v 'http://127.0.0.1:{port}/poll?after=0'; curl http://127.0.0.1:{port}/stats",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let id = says(&mut ada, "Hello");
    for (way, path, raw) in [("poll", "/poll", false), ("wait", "/wait", false), ("events", "/events", true)]
    {
        let url = format!("http://{}{path}?after={}", server.address(), id - 1);
        // An event stream has no end, and its chunks are a part of what it costs.
        let more: &[&str] = if raw { &["--raw", "--max-time", "0.5"] } else { &["--max-time", "5"] };
        let format = "\n%{stderr}%{size_request} %{size_header} %{size_download}";
        let ran = story.curl([&["-svN", "-w", format][..], more, &[&url]].concat());
        let lines_with = |mark: &str| -> usize {
            ran.stderr.lines().filter_map(|line| line.strip_prefix(mark)).map(|line| line.len() + 2).sum()
        };
        let shown = [lines_with("> "), lines_with("< "), ran.stdout.len() - 1];
        let last = ran.stderr.lines().last().unwrap_or_default();
        let written: Vec<usize> = last.split_whitespace().filter_map(|size| size.parse().ok()).collect();
        // Of raw chunks curl 7.88 counts only a part.
        let same = written[..] == shown || raw && written[..2] == shown[..2];
        story.expects(same, format!("the same from -v, {shown:?}, and from --write-out, {written:?}"));
        cost(story, &mut ada, way, shown[0], shown[1] + shown[2]);
    }
}

pub fn a_body_behind_a_waiting_question_is_no_request(story: &Story) {
    story.teaches(Lesson {
        why: "While an answer is still to come, the body of its request lies unread. It is that request's all the same: \
              it is thrown away when the answer is out, and what stands behind it is the next request.",
        read: "RFC 9112 §9.3, §11.2, notes/07-push.md",
        hand: "curl -v -X GET -d 'GET /stats HTTP/1.1' http://127.0.0.1:{port}/wait",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let evil =
        "POST /say?name=Eve HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nevil";
    let length = format!("Content-Length: {}\r\n\r\n{evil}", evil.len());
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{evil}\r\n0\r\n\r\n", evil.len());
    for body in [length, chunked] {
        let request = format!("GET /wait HTTP/1.1\r\nHost: x\r\n{body}");
        for at in [request.len(), request.find("\r\n\r\n").unwrap_or(0) + 5] {
            let mut waits = story.client("waits", &server);
            waits.sends(&request[..at]);
            eventually_wait(story, &server, "wait", 1);
            waits.sends(format!("{}GET /none HTTP/1.1\r\nHost: x\r\n\r\n", &request[at..]));
            waits.receives_nothing_for(Duration::from_millis(50));
            let id = says(&mut ada, "now");
            is_news(story, &waits.receives_response().has_status(200).json(), &["now"]);
            waits.receives_response().has_status(404);
            polls(story, &mut ada, id - 1, &["now"]);
        }
    }
    story.note("who waits for 100 as well gets its answer, and nothing behind it is answered");
    let mut waits = story.client("waits", &server);
    waits.sends("GET /wait HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    eventually_wait(story, &server, "wait", 1);
    says(&mut ada, "now");
    waits.receives_response().has_status(200).has_token("Connection", "close");
    waits.receives_end();
}

pub fn a_server_that_stops_ends_what_is_open(story: &Story) {
    story.teaches(Lesson {
        why: "Ctrl-C: a long poll gets its answer, an event stream its last chunk. Nobody is left with \
              half of one.",
        read: "RFC 9112 §7.1",
        hand: "curl -Nv http://127.0.0.1:{port}/events",
    });
    let server = story.server();
    let mut waiting = waits(story, "waits", &server, "/wait", 1);
    let mut reads = reads_events(story, "reads", &server, "/events", 1);
    server.interrupt();
    waiting.receives_response().has_status(204).has_token("Connection", "close");
    waiting.receives_end();
    reads.receives_exactly("0\r\n\r\n");
    reads.receives_end();
    drop((waiting, reads));
    let status = server.ends(Duration::from_secs(5));
    story.expects(status.success(), format!("exit code 0; it was {status}"));
}

pub fn a_slow_reader_is_dropped_and_resumes(story: &Story) {
    story.teaches(Lesson {
        why: "What a client does not read, the server must keep. A phone that went to sleep costs a \
              megabyte, a thousand of them the server. The history is kept anyway: drop the stream, and \
              let it resume.",
        read: "notes/07-push.md",
        hand: "curl -N http://127.0.0.1:{port}/events | sleep 100",
    });
    const TEXT: usize = 32 * 1024;
    let limit = 64 * 1024;
    let server = story.server_with(|s| {
        s.env("MAX_TEXT", TEXT).env("MAX_BODY", 2 * TEXT).env("MAX_STREAM_PENDING", limit).env("HISTORY", 4)
    });
    let mut ada = story.client("ada", &server);
    let mut reads = reads_events(story, "reads", &server, "/events", 1);
    let mut slow =
        story.client_with("slow", &server, |socket: &socket2::Socket| socket.set_recv_buffer_size(4096));
    slow.sends("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    eventually_wait(story, &server, "events", 2);
    let before = server.memory_rss();
    let text = "x".repeat(TEXT);
    let mut last = 0;
    for said in 1.. {
        last = says(&mut ada, &text);
        reads.receives_until("\n\n\r\n");
        if ada.gets("/stats").json()["dropped"] == 1 {
            break;
        }
        // The kernels hold some megabytes for it: tcp_wmem, tcp_rmem.
        story.expects(said < 1000, "the slow reader is dropped before 32 MiB");
    }
    let grown = server.memory_rss().saturating_sub(before);
    story.expects(grown < 8 << 20, format!("less than 8 MiB more memory; it was {grown} bytes"));
    eventually_wait(story, &server, "events", 1);
    let mut again = story.client("again", &server);
    again.sends(format!("GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {}\r\n\r\n", last - 1));
    again.receives_until(format!("id: {last}\n"));
}

pub fn two_thousand_wait_at_once(story: &Story) {
    story.teaches(Lesson {
        why: "Who waits costs a table entry, no thread. One message wakes them all.",
        read: "notes/07-push.md",
        hand: "for i in $(seq 1000); do curl -sN http://127.0.0.1:{port}/events & done",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut waiting = story.clients("waits", 1000, &server);
    let mut reading = story.clients("reads", 1000, &server);
    for client in &mut waiting {
        client.sends("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for client in &mut reading {
        client.sends("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
        client.receives_head().has_status(200);
        receives_chunk(story, client, "retry: 2000\n\n");
    }
    eventually_wait(story, &server, "wait", 1000);
    eventually_wait(story, &server, "events", 1000);
    let id = says(&mut ada, "Hello, all");
    for client in waiting.iter_mut().rev() {
        is_news(story, &client.receives_response().has_status(200).json(), &["Hello, all"]);
    }
    for client in reading.iter_mut().rev() {
        receives_chunk(story, client, &format!("id: {id}\ndata: Ada\ndata: Hello, all\n\n"));
    }
    drop((waiting, reading));
    eventually_wait(story, &server, "events", 0);
    polls(story, &mut ada, id - 1, &["Hello, all"]);
}

pub fn a_flood_behind_a_waiting_question_is_bounded(story: &Story) {
    story.teaches(Lesson {
        why: "Behind a question that waits a client may send others, for ever. They wait too, but not in your memory: \
              stop reading, and TCP stops the client. When the answer is out, they are answered one by one.",
        read: "RFC 9112 §9.3.2, notes/02-poll.md, notes/07-push.md",
        hand: r"(while true; do printf 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'; done) | nc 127.0.0.1 {port} | sleep 60",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut flood = waits(story, "flood", &server, "/wait", 1);
    let before = server.memory_rss();
    let taken = flood.sends_until_it_blocks("GET /none HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000), 64 << 20);
    story.expects(taken < 64 << 20, "the server stops reading while an answer is still to come");
    let grown = server.memory_rss().saturating_sub(before);
    story.expects(grown < 4 << 20, format!("at most 4 MiB for one client, it was {grown} bytes"));
    says(&mut ada, "now");
    is_news(story, &flood.receives_response().has_status(200).json(), &["now"]);
    for _ in 0..1000 {
        flood.receives_response().has_status(404);
    }
}

/// One request of this way has cost exactly so many bytes, for one message.
#[track_caller]
fn cost(story: &Story, client: &mut Client, way: &str, bytes_in: usize, bytes_out: usize) {
    costs(story, client, way, json!([1, bytes_in, bytes_out, 1]));
}

/// Requests, bytes in, bytes out and messages of this way, since the server started.
#[track_caller]
fn costs(story: &Story, client: &mut Client, way: &str, expected: Value) {
    let stats = client.gets("/stats").json();
    let way = &stats[way];
    let counted = json!([way["requests"], way["bytesIn"], way["bytesOut"], way["messages"]]);
    story.expects(
        counted == expected,
        format!("requests, bytes in, bytes out, messages to be {expected}; the server says {counted}"),
    );
}
