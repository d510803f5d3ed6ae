//! Who waits: forgetting, counting, stopping, slow readers, many.

use std::time::Duration;

use harness::{Client, Lesson, Story};
use serde_json::json;

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

pub fn the_counters_agree_with_curl(story: &Story) {
    story.teaches(Lesson {
        why: "Another program's count of the same bytes.",
        read: "curl(1), --write-out",
        hand: "curl -v 'http://127.0.0.1:{port}/poll?after=0'; curl http://127.0.0.1:{port}/stats",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    says(&mut ada, "Hello");
    let url = format!("http://{}/wait?after=0", server.address());
    let format = "\n%{size_request} %{size_header} %{size_download}";
    let ran = story.curl(["-s", "-w", format, &url]);
    ran.succeeds();
    let sizes: Vec<usize> =
        ran.text().lines().last().into_iter().flat_map(str::split_whitespace).flat_map(str::parse).collect();
    let [request, head, content] = sizes[..] else {
        story.fails(format!("curl told no three sizes: {:?}", ran.text()));
    };
    cost(story, &mut ada, "wait", request, head + content);
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

/// One request of this way has cost exactly so many bytes.
fn cost(story: &Story, client: &mut Client, way: &str, bytes_in: usize, bytes_out: usize) {
    let stats = client.gets("/stats").json();
    let expected = json!([1, bytes_in, bytes_out, 1]);
    let way = &stats[way];
    let counted = json!([way["requests"], way["bytesIn"], way["bytesOut"], way["messages"]]);
    story.expects(
        counted == expected,
        format!("requests, bytes in, bytes out, messages to be {expected}; the server says {counted}"),
    );
}
