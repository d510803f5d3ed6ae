//! Event streams: framing, resuming, heartbeats.

use harness::{Lesson, Story};

use super::room::*;

pub fn an_event_stream_is_chunks_of_events(story: &Story) {
    story.teaches(Lesson {
        why: "An event is lines: id, one data line per line of the text, and an empty line. The stream has \
              no length, so it comes in chunks.",
        read: "WHATWG HTML §9.2.6, RFC 9112 §7.1",
        hand: "curl -N --raw http://127.0.0.1:{port}/events",
    });
    let server = story.server_with(|s| s.env("RETRY_MS", 1234));
    let mut ada = story.client("ada", &server);
    let mut reads = story.client("reads", &server);
    reads.sends("GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    reads
        .receives_head()
        .has_status(200)
        .has_field("Content-Type", "text/event-stream")
        .has_field("Transfer-Encoding", "chunked")
        .has_no_field("Content-Length");
    receives_chunk(story, &mut reads, "retry: 1234\n\n");
    let id = says(&mut ada, "Hello");
    receives_chunk(story, &mut reads, &format!("id: {id}\ndata: Ada\ndata: Hello\n\n"));
}

pub fn a_message_cannot_forge_an_event(story: &Story) {
    story.teaches(Lesson {
        why: "A line end in a message would end its data line, and what follows would be read as a field. \
              CR ends a line too. Split at each, and give each line its own `data:`.",
        read: "WHATWG HTML §9.2.5",
        hand: "curl -d 'name=Eve&text=x%0D%0Did: 99%0Ddata: forged' http://127.0.0.1:{port}/say",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut reads = reads_events(story, "reads", &server, "/events", 1);
    for end in ["\n", "\r", "\r\n"] {
        let id = says(&mut ada, &format!("x{end}{end} y{end}id: 99{end}event: evil{end}data: forged"));
        let lines = "data: x\ndata: \ndata:  y\ndata: id: 99\ndata: event: evil\ndata: data: forged\n";
        receives_chunk(story, &mut reads, &format!("id: {id}\ndata: Ada\n{lines}\n"));
    }
}

pub fn an_event_stream_resumes_after_the_last_id(story: &Story) {
    story.teaches(Lesson {
        why: "EventSource connects again by itself, with the address it began with, and says in Last- \
              Event-ID what it saw last. So the field counts over the query.",
        read: "WHATWG HTML §9.2.4",
        hand: "curl -N -H 'Last-Event-ID: 0' http://127.0.0.1:{port}/events",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut reads = reads_events(story, "reads", &server, "/events?after=0", 1);
    let first = says(&mut ada, "first");
    receives_chunk(story, &mut reads, &format!("id: {first}\ndata: Ada\ndata: first\n\n"));
    reads.resets();
    eventually_wait(story, &server, "events", 0);
    let missed = says(&mut ada, "missed");
    let mut again = story.client("again", &server);
    again.sends(format!("GET /events?after=0 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {first}\r\n\r\n"));
    again.receives_head().has_status(200);
    receives_chunk(story, &mut again, &format!("retry: 2000\n\nid: {missed}\ndata: Ada\ndata: missed\n\n"));
    let then = says(&mut ada, "then");
    receives_chunk(story, &mut again, &format!("id: {then}\ndata: Ada\ndata: then\n\n"));
}

pub fn a_silent_event_stream_has_a_heartbeat(story: &Story) {
    story.teaches(Lesson {
        why: "Proxies cut a silent connection, and a client that vanished is found out only by writing to \
              it. A comment is thrown away by the client.",
        read: "WHATWG HTML §9.2.7",
        hand: "curl -N http://127.0.0.1:{port}/events",
    });
    let server = story.server_with(|s| s.env("HEARTBEAT_MS", 100));
    let mut reads = story.client("reads", &server);
    reads.sends("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    reads.receives_head().has_status(200);
    receives_chunk(story, &mut reads, "retry: 2000\n\n");
    for _ in 0..3 {
        let chunk = String::from_utf8_lossy(&chunk(story, &mut reads)).into_owned();
        story.expects(chunk.starts_with(':'), format!("a comment, not {chunk:?}"));
        story.expects(chunk.ends_with('\n'), "a whole line");
    }
}

pub fn an_old_client_gets_its_events_without_chunks(story: &Story) {
    story.teaches(Lesson {
        why: "HTTP/1.0 knows no chunks. Its answer ends when the connection does.",
        read: "RFC 9112 §6.1, §6.3",
        hand: "curl -0 -N http://127.0.0.1:{port}/events",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut reads = story.client("reads", &server);
    reads.sends("GET /events HTTP/1.0\r\n\r\n");
    reads.receives_head().has_status(200).has_no_field("Transfer-Encoding");
    reads.receives_exactly("retry: 2000\n\n");
    let id = says(&mut ada, "Hello");
    reads.receives_exactly(format!("id: {id}\ndata: Ada\ndata: Hello\n\n"));
}
