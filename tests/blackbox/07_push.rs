//! What rung 07 promises any client: steps/07-push/CONTRACT.md.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use harness::{Client, Lesson, Server, Story, starts_and_stops, tests};
use serde_json::{Value, json};

fn main() -> ExitCode {
    harness::suite(
        "07-push",
        tests![
            starts_and_stops,
            the_page_is_there,
            what_is_said_can_be_polled,
            name_and_text_come_in_three_formats,
            what_cannot_be_said_is_refused,
            a_message_reaches_all_three_ways,
            a_long_poll_waits,
            a_long_poll_ends_empty_at_its_deadline,
            nothing_is_missed_between_two_long_polls,
            a_request_behind_a_long_poll_is_answered_after_it,
            an_event_stream_is_chunks_of_events,
            a_message_cannot_forge_an_event,
            an_event_stream_resumes_after_the_last_id,
            a_silent_event_stream_has_a_heartbeat,
            an_old_client_gets_its_events_without_chunks,
            a_head_request_does_not_wait,
            other_methods_are_refused,
            who_leaves_is_forgotten,
            the_counters_agree_with_the_wire,
            a_server_that_stops_ends_what_is_open,
            slow(40, a_slow_reader_is_dropped_and_resumes),
            alone(60, two_thousand_wait_at_once),
        ],
    )
}

fn the_page_is_there(story: &Story) {
    story.teaches(Lesson {
        why: "A browser gets the page that shows the three ways side by side.",
        read: "notes/07-push.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let server = story.server();
    story.client("ada", &server).gets("/").has_status(200).body_contains("<!doctype html>");
}

fn what_is_said_can_be_polled(story: &Story) {
    story.teaches(Lesson {
        why: "Messages have ids that only grow. A client says which it saw last, and gets what came after.",
        read: "notes/07-push.md",
        hand: "curl 'http://127.0.0.1:{port}/poll?after=0'",
    });
    let server = story.server_with(|s| s.env("HISTORY", 3));
    let mut ada = story.client("ada", &server);
    let empty =
        ada.gets("/poll?after=0").has_status(200).has_field("Content-Type", "application/json").json();
    story.expects(empty["messages"] == json!([]), "no message before anything was said");
    let ids: Vec<u64> = ["one", "two", "three"].iter().map(|text| says(&mut ada, text)).collect();
    story.expects(ids[0] > 0 && ids.is_sorted_by(|a, b| a < b), "ids above 0 that grow");
    polls(story, &mut ada, 0, &["one", "two", "three"]);
    polls(story, &mut ada, ids[0], &["two", "three"]);
    polls(story, &mut ada, ids[2], &[]);
    let from_now_on = ada.gets("/poll").has_status(200).json();
    story.expects(from_now_on["messages"] == json!([]), "nothing for who names no id");
    story.expects(from_now_on["last"] == ids[2], "the id to ask with the next time");
    says(&mut ada, "four");
    polls(story, &mut ada, ids[1], &["three", "four"]);
    for wrong in ["", "-1", "x", "+1", "99999999999999999999"] {
        ada.gets(&format!("/poll?after={wrong}")).has_status(400);
    }
}

fn name_and_text_come_in_three_formats(story: &Story) {
    story.teaches(Lesson {
        why: "Content-Type says what a body means. In a form a plus sign is a space and %XX a byte; in JSON and in \
              plain text they are themselves.",
        read: "WHATWG URL §5.1, RFC 9110 §8.3",
        hand: "curl -d 'name=Ada&text=a+%2B+b' http://127.0.0.1:{port}/say",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    for (path, content_type, body, text) in [
        ("/say", "application/json; charset=utf-8", r#"{"name": "Zoë", "text": "a + \"b\""}"#, "a + \"b\""),
        ("/say", "application/x-www-form-urlencoded", "text=a+%2B+b%0D%0Ac&name=Zo%C3%AB", "a + b\nc"),
        ("/say?name=Zo%C3%AB", "text/plain", "a + %2B\r\nb\rc", "a + %2B\nb\nc"),
    ] {
        let said = ada.requests("POST", path, &[("Content-Type", content_type)], body.as_bytes());
        let id = said.has_status(200).json()["id"].as_u64().unwrap_or_default();
        let news = ada.gets(&format!("/poll?after={}", id.saturating_sub(1))).json();
        story.expects(news["messages"][0]["name"] == "Zoë", "Zoë as the name");
        story.expects(news["messages"][0]["text"] == text, &format!("{text:?} as the text"));
    }
}

fn what_cannot_be_said_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Everything that a client sends has a limit, and an answer that says which. The connection goes on.",
        read: "RFC 9110 §15.5.14, §15.5.16",
        hand: "curl -v -H 'Content-Type: text/plain' -d x http://127.0.0.1:{port}/say",
    });
    let server = story.server_with(|s| s.env("MAX_TEXT", 10));
    let mut ada = story.client("ada", &server);
    let long_name = format!(r#"{{"name": "{}", "text": "x"}}"#, "n".repeat(33));
    for (content_type, body, status) in [
        ("image/png", "x", 415),
        ("text/plain", "who says this?", 400),
        ("application/json", "{", 400),
        ("application/json", r#"{"name": "Ada"}"#, 400),
        ("application/json", r#"{"name": "Ada", "text": " "}"#, 400),
        ("application/json", r#"{"name": "A\nda", "text": "x"}"#, 400),
        ("application/json", &long_name, 400),
        ("application/json", r#"{"name": "Ada", "text": "eleven byte"}"#, 413),
        ("application/x-www-form-urlencoded", "name=%FF&text=x", 400),
    ] {
        ada.requests("POST", "/say", &[("Content-Type", content_type)], body.as_bytes()).has_status(status);
    }
    polls(story, &mut ada, 0, &[]);
}

fn a_message_reaches_all_three_ways(story: &Story) {
    story.teaches(Lesson {
        why: "One room, one history. A new message wakes all who wait, and each looks at what it has not seen.",
        read: "notes/07-push.md",
        hand: "curl -N http://127.0.0.1:{port}/events & curl http://127.0.0.1:{port}/wait & \
               curl -d 'name=Ada&text=Hello' http://127.0.0.1:{port}/say",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut waits = waits(story, "waits", &server, "/wait", 1);
    let mut reads = reads_events(story, "reads", &server, "/events", 1);
    let id = says(&mut ada, "Hello");
    is_news(story, &waits.receives_response().has_status(200).json(), &["Hello"]);
    receives_chunk(story, &mut reads, &format!("id: {id}\ndata: Ada\ndata: Hello\n\n"));
    polls(story, &mut ada, id - 1, &["Hello"]);
    waits.sends(format!("GET /wait?after={id} HTTP/1.1\r\nHost: x\r\n\r\n"));
    eventually_wait(story, &server, "wait", 1);
    let id = says(&mut ada, "again");
    is_news(story, &waits.receives_response().json(), &["again"]);
    receives_chunk(story, &mut reads, &format!("id: {id}\ndata: Ada\ndata: again\n\n"));
}

fn a_long_poll_waits(story: &Story) {
    story.teaches(Lesson {
        why: "While there is nothing new the answer does not come; with a message it comes at once.",
        read: "RFC 6202 §2.1",
        hand: "curl -v http://127.0.0.1:{port}/wait",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut waits = waits(story, "waits", &server, "/wait?after=0", 1);
    waits.receives_nothing_for(Duration::from_millis(100));
    let before = Instant::now();
    says(&mut ada, "now");
    is_news(story, &waits.receives_response().has_status(200).json(), &["now"]);
    let took = before.elapsed();
    story.expects(took < Duration::from_millis(500), &format!("the answer at once; it took {took:?}"));
}

fn a_long_poll_ends_empty_at_its_deadline(story: &Story) {
    story.teaches(Lesson {
        why: "An answer that never comes looks like a dead server, and proxies cut it. So it ends, empty, and the \
              connection can be used again.",
        read: "RFC 6202 §5.5",
        hand: "curl -v http://127.0.0.1:{port}/wait",
    });
    let server = story.server_with(|s| s.env("LONG_POLL_MS", 150));
    let mut ada = story.client("ada", &server);
    for _ in 0..2 {
        let asked = Instant::now();
        ada.gets("/wait").has_status(204).has_no_field("Transfer-Encoding").has_body("");
        let took = asked.elapsed();
        story.expects(took >= Duration::from_millis(150), &format!("at least 150 ms; it took {took:?}"));
    }
}

fn nothing_is_missed_between_two_long_polls(story: &Story) {
    story.teaches(Lesson {
        why: "Between an answer and the next question nobody waits. What is said then is in the history, and the \
              next question is answered at once.",
        read: "RFC 6202 §2.2",
        hand: "curl 'http://127.0.0.1:{port}/wait?after=0'",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let first = says(&mut ada, "first");
    says(&mut ada, "between");
    says(&mut ada, "between, too");
    let mut waits = story.client("waits", &server);
    let news = waits.gets(&format!("/wait?after={first}")).has_status(200).json();
    is_news(story, &news, &["between", "between, too"]);
}

fn a_request_behind_a_long_poll_is_answered_after_it(story: &Story) {
    story.teaches(Lesson {
        why: "Answers come in the order of the questions (RFC 9112 §9.3.2). While the first has no answer, the second \
              waits, and is not lost.",
        read: "RFC 9112 §9.3.2",
        hand: r"(printf 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\nGET /poll HTTP/1.1\r\nHost: x\r\n\r\n'; sleep 30) | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut waits = story.client("waits", &server);
    waits.sends("GET /wait HTTP/1.1\r\nHost: x\r\n\r\nGET /poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n");
    waits.receives_nothing_for(Duration::from_millis(50));
    says(&mut ada, "now");
    is_news(story, &waits.receives_response().json(), &["now"]);
    is_news(story, &waits.receives_response().json(), &["now"]);
    waits.receives_response().has_status(404);
}

fn an_event_stream_is_chunks_of_events(story: &Story) {
    story.teaches(Lesson {
        why: "An event is lines: id, one data line per line of the text, and an empty line. The stream has no length, \
              so it comes in chunks.",
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
    let id = says(&mut ada, "one\n\n three\r\nfour\rfive");
    let lines = "data: one\ndata: \ndata:  three\ndata: four\ndata: five\n";
    receives_chunk(story, &mut reads, &format!("id: {id}\ndata: Ada\n{lines}\n"));
}

fn a_message_cannot_forge_an_event(story: &Story) {
    story.teaches(Lesson {
        why: "A line end in a message would end its data line, and what follows would be read as a field. CR ends a \
              line too. Split at each, and give each line its own `data:`.",
        read: "WHATWG HTML §9.2.5",
        hand: "curl -d 'name=Eve&text=x%0D%0Did: 99%0Ddata: forged' http://127.0.0.1:{port}/say",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut reads = reads_events(story, "reads", &server, "/events", 1);
    for end in ["\n", "\r", "\r\n"] {
        let id = says(&mut ada, &format!("x{end}{end}id: 99{end}event: evil{end}data: forged"));
        let lines = "data: x\ndata: \ndata: id: 99\ndata: event: evil\ndata: data: forged\n";
        receives_chunk(story, &mut reads, &format!("id: {id}\ndata: Ada\n{lines}\n"));
    }
}

fn an_event_stream_resumes_after_the_last_id(story: &Story) {
    story.teaches(Lesson {
        why: "EventSource connects again by itself, with the address it began with, and says in Last-Event-ID what it \
              saw last. So the field counts over the query.",
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

fn a_silent_event_stream_has_a_heartbeat(story: &Story) {
    story.teaches(Lesson {
        why: "Proxies cut a silent connection, and a client that vanished is found out only by writing to it. A \
              comment is thrown away by the client.",
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
        story.expects(chunk.starts_with(':'), &format!("a comment, not {chunk:?}"));
        story.expects(chunk.ends_with('\n'), "a whole line");
    }
}

fn an_old_client_gets_its_events_without_chunks(story: &Story) {
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

fn a_head_request_does_not_wait(story: &Story) {
    story.teaches(Lesson {
        why: "Who asks only for the head gets no content, so there is nothing to wait for.",
        read: "RFC 9110 §9.3.2",
        hand: "curl -I http://127.0.0.1:{port}/events",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    for path in ["/poll", "/wait", "/events", "/stats"] {
        ada.sends(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        ada.receives_response_to("HEAD").has_status(200).has_body("");
    }
    eventually_wait(story, &server, "events", 0);
}

fn other_methods_are_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A resource says which methods it has: in Allow, with 405 and in the answer to OPTIONS.",
        read: "RFC 9110 §15.5.6, §9.3.7",
        hand: "curl -v -X DELETE http://127.0.0.1:{port}/events",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    for path in ["/poll", "/wait", "/events", "/stats"] {
        ada.requests("DELETE", path, &[], b"").has_status(405).has_token("Allow", "GET");
        ada.requests("OPTIONS", path, &[], b"").has_token("Allow", "GET");
    }
    ada.gets("/say").has_status(405).has_token("Allow", "POST");
    ada.gets("/nowhere").has_status(404);
}

fn who_leaves_is_forgotten(story: &Story) {
    story.teaches(Lesson {
        why: "A browser that leaves sends FIN, and nothing else will ever tell. Who is not forgotten is a leak, and \
              gets messages nobody reads.",
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

fn the_counters_agree_with_the_wire(story: &Story) {
    story.teaches(Lesson {
        why: "What the server says that a way costs is what went over the wire: heads, chunk lines and all.",
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

fn a_server_that_stops_ends_what_is_open(story: &Story) {
    story.teaches(Lesson {
        why: "Ctrl-C: a long poll gets its answer, an event stream its last chunk. Nobody is left with half of one.",
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
    story.expects(status.success(), &format!("exit code 0; it was {status}"));
}

fn a_slow_reader_is_dropped_and_resumes(story: &Story) {
    story.teaches(Lesson {
        why: "What a client does not read, the server must keep. A phone that went to sleep costs a megabyte, a \
              thousand of them the server. The history is kept anyway: drop the stream, and let it resume.",
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
    story.expects(grown < 8 << 20, &format!("less than 8 MiB more memory; it was {grown} bytes"));
    eventually_wait(story, &server, "events", 1);
    let mut again = story.client("again", &server);
    again.sends(format!("GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {}\r\n\r\n", last - 1));
    again.receives_until(format!("id: {last}\n"));
}

fn two_thousand_wait_at_once(story: &Story) {
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

/// Ada says something. Returns its id.
fn says(client: &mut Client, text: &str) -> u64 {
    let body = json!({ "name": "Ada", "text": text }).to_string();
    let answer = client.requests("POST", "/say", &[("Content-Type", "application/json")], body.as_bytes());
    answer.has_status(200).json()["id"].as_u64().unwrap_or_default()
}

/// What came after this id is these texts.
fn polls(story: &Story, client: &mut Client, after: u64, texts: &[&str]) {
    is_news(story, &client.gets(&format!("/poll?after={after}")).has_status(200).json(), texts);
}

fn is_news(story: &Story, news: &Value, texts: &[&str]) {
    let found: Vec<&str> =
        news["messages"].as_array().into_iter().flatten().filter_map(|one| one["text"].as_str()).collect();
    story.expects(found == texts, &format!("the messages {texts:?}; they were {found:?}"));
}

/// A client whose long poll or event stream the server knows of; with it there are `many` of its kind.
fn waits(story: &Story, name: &str, server: &Server, path: &str, many: u64) -> Client {
    let mut client = story.client(name, server);
    client.sends(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let way = if path.starts_with("/wait") { "wait" } else { "events" };
    eventually_wait(story, server, way, many);
    client
}

/// A client that has read the beginning of its event stream.
fn reads_events(story: &Story, name: &str, server: &Server, path: &str, many: u64) -> Client {
    let mut client = waits(story, name, server, path, many);
    client.receives_head().has_status(200);
    receives_chunk(story, &mut client, "retry: 2000\n\n");
    client
}

/// The server says, within two seconds, that so many clients wait in this way.
fn eventually_wait(story: &Story, server: &Server, way: &str, many: u64) {
    let mut asks = story.client("stats", server);
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        let waiting = asks.gets("/stats").json()[way]["waiting"].clone();
        if waiting == many {
            return;
        }
        let told = format!("{many} clients of {way} that wait; there are {waiting}");
        story.expects(Instant::now() < until, &told);
    }
}

/// One request of this way has cost exactly so many bytes.
fn cost(story: &Story, client: &mut Client, way: &str, bytes_in: usize, bytes_out: usize) {
    let stats = client.gets("/stats").json();
    let expected = json!([1, bytes_in, bytes_out, 1]);
    let way = &stats[way];
    let counted = json!([way["requests"], way["bytesIn"], way["bytesOut"], way["messages"]]);
    story.expects(
        counted == expected,
        &format!("requests, bytes in, bytes out, messages to be {expected}; the server says {counted}"),
    );
}

/// The content of the next chunk.
fn chunk(story: &Story, client: &mut Client) -> Vec<u8> {
    let line = client.receives_line();
    let Ok(length) = usize::from_str_radix(line.trim_end(), 16) else {
        story.fails(&format!("{line:?} is no length of a chunk"));
    };
    let content = client.receives_bytes(length);
    client.receives_exactly("\r\n");
    content
}

fn receives_chunk(story: &Story, client: &mut Client, content: &str) {
    let came = String::from_utf8_lossy(&chunk(story, client)).into_owned();
    story.expects(came == content, &format!("a chunk {content:?}; it was {came:?}"));
}
