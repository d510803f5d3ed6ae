//! Rung 07 through nginx: answers that come late, and answers that do not end.

use std::time::Duration;

use harness::{Client, Lesson, Server, Story};

use crate::front::Nginx;

const UNBUFFERED: &str = "proxy_buffering off;";
/// nginx does as the answer says (X-Accel-Buffering), but for this.
const PASSED_OVER: &str = "proxy_ignore_headers X-Accel-Buffering;";
const GZIP: &str = "gzip on; gzip_types text/event-stream; gzip_min_length 0;";
const READ_TIMEOUT: &str = "proxy_read_timeout 1h;";

/// Says something in the room, past nginx.
#[track_caller]
fn says(client: &mut Client, text: &str) {
    client
        .requests("POST", "/say?name=Ada", &[("Content-Type", "text/plain")], text.as_bytes())
        .has_status(200);
}

/// Opens an event stream and reads its first bytes.
#[track_caller]
fn reads_events(client: &mut Client) {
    client.sends("GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    client.receives_head().has_status(200).has_field("Content-Type", "text/event-stream");
    client.receives_until(b"retry: 2000\n\n");
}

/// Waits until so many clients wait, by the server's own counters; fails after two seconds.
#[track_caller]
fn eventually_wait(story: &Story, server: &Server, way: &str, count: u64) {
    let mut onlooker = story.client("onlooker", server);
    let end = std::time::Instant::now() + harness::PATIENCE;
    loop {
        let waiting = onlooker.gets("/stats").json()[way]["waiting"].as_u64();
        if waiting == Some(count) {
            return;
        }
        let late = std::time::Instant::now() > end;
        story.expects(!late, format!("{count} clients wait on /{way}, it is {waiting:?} after two seconds"));
    }
}

pub fn events_come_at_once(story: &Story) {
    story.teaches(Lesson {
        why: "An event that waits in nginx's buffer for more of the answer is no event. The server says \
              X-Accel-Buffering: no, or the configuration says proxy_buffering off.",
        read: "WHATWG HTML §9.2, notes/behind-nginx.md",
        hand: "curl -N http://127.0.0.1:{port}/events, and in another terminal curl -d 'name=Ada&text=Hello' \
               http://127.0.0.1:{port}/say",
    });
    let server = story.server_with(|s| s.rung("07-push"));
    let nginx = Nginx::before(story, &server);
    let mut ada = story.client("ada", &server);
    let mut reads = story.client("reads", &nginx);
    reads_events(&mut reads);
    for text in ["one", "two", "three"] {
        says(&mut ada, text);
        reads.receives_until(format!("data: Ada\ndata: {text}\n\n").as_bytes());
    }
    // The reader leaves, nginx tells the server.
    reads.closes();
    eventually_wait(story, &server, "events", 0);
}

pub fn compressed_events_wait_unless_buffering_is_off(story: &Story) {
    story.teaches(Lesson {
        why: "A compressor waits for more to compress. What leaves proxy_buffering off is flushed, through gzip too; \
              what is buffered is not, and an event stream has no end that would flush it.",
        read: "notes/behind-nginx.md",
        hand: "curl -N --compressed http://127.0.0.1:{port}/events",
    });
    let server = story.server_with(|s| s.rung("07-push"));
    let mut ada = story.client("ada", &server);
    // Either is enough: the configuration's word, or the answer's.
    for enough in [format!("{GZIP} {UNBUFFERED} {PASSED_OVER}"), GZIP.to_owned()] {
        let nginx = Nginx::changed(story, &server, &[(UNBUFFERED, &enough)]);
        let url = format!("http://{}/events", nginx.address());
        let reads = story.program("curl").args(["-qsSN", "--compressed", "--max-time", "10", &url]).starts();
        reads.prints_eventually("retry: 2000");
        says(&mut ada, "at once");
        reads.prints_eventually("data: at once");
    }
    eventually_wait(story, &server, "events", 0);

    let collected = format!("{GZIP} {PASSED_OVER}");
    let collects = Nginx::changed(story, &server, &[(UNBUFFERED, &collected)]);
    let mut waits = story.client("waits", &collects);
    waits.sends("GET /events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    eventually_wait(story, &server, "events", 1);
    says(&mut ada, "later");
    // Not even the head, until the stream ends.
    waits.receives_nothing_for(Duration::from_millis(300));
    server.stop();
    waits.receives_response().has_status(200).has_field("Content-Encoding", "gzip");
}

pub fn an_event_stream_ends_with_its_last_chunk(story: &Story) {
    story.teaches(Lesson {
        why: "A server that stops ends its streams with the last chunk. nginx passes that on, so the browser knows \
              that the answer is whole; cut off, nginx cuts off too.",
        read: "RFC 9112 §7.1, §8",
        hand: "curl -N --raw http://127.0.0.1:{port}/events, then Ctrl-C in the server",
    });
    let server = story.server_with(|s| s.rung("07-push"));
    let nginx = Nginx::before(story, &server);
    let mut reads = story.client("reads", &nginx);
    reads.sends("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    eventually_wait(story, &server, "events", 1);
    says(&mut story.client("ada", &server), "the last word");
    server.stop();
    let answer = reads.receives_response();
    answer.has_token("Transfer-Encoding", "chunked").body_contains("data: the last word\n\n");
}

pub fn a_long_poll_waits_behind_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "A long poll is an answer that takes its time. It comes through when its moment has come, with a message \
              or with 204, and the connection is good for the next.",
        read: "notes/07-push.md, notes/behind-nginx.md",
        hand: "curl http://127.0.0.1:{port}/wait, and in another terminal curl -d 'name=Ada&text=Hello' \
               http://127.0.0.1:{port}/say",
    });
    let server = story.server_with(|s| s.rung("07-push").env("LONG_POLL_MS", 200));
    let nginx = Nginx::before(story, &server);
    let mut waits = story.client("waits", &nginx);
    waits.gets("/wait").has_status(204);
    // After message 0, so that one that comes between two polls is not missed.
    waits.sends("GET /wait?after=0 HTTP/1.1\r\nHost: x\r\n\r\n");
    says(&mut story.client("ada", &server), "hello");
    waits.receives_response().has_status(200).body_contains("hello");
}

pub fn nginx_gives_up_where_the_server_is_slower(story: &Story) {
    story.teaches(Lesson {
        why: "The server may wait 25 seconds, nginx 60 where nobody tells it otherwise. If it is the other way \
              round the client is told 504 and the server must notice that nobody waits any more.",
        read: "RFC 9110 §15.6.5, notes/behind-nginx.md",
        hand: "curl -v http://127.0.0.1:{port}/wait",
    });
    let server = story.server_with(|s| s.rung("07-push"));
    let nginx = Nginx::changed(story, &server, &[(READ_TIMEOUT, "proxy_read_timeout 200ms;")]);
    let mut waits = story.client("waits", &nginx);
    waits.gets("/wait").has_status(504);
    eventually_wait(story, &server, "wait", 0);
    // A client that goes away while it waits is forgotten too.
    let patient = Nginx::before(story, &server);
    let mut leaves = story.client("leaves", &patient);
    leaves.sends("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    eventually_wait(story, &server, "wait", 1);
    leaves.closes();
    eventually_wait(story, &server, "wait", 0);
}
