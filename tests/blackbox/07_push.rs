//! What rung 07 promises any client: steps/07-push/CONTRACT.md.

#[path = "07_push/events.rs"]
mod events;
#[path = "07_push/room.rs"]
mod room;
#[path = "07_push/waiting.rs"]
mod waiting;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use events::*;
use harness::{Lesson, Story, starts_and_stops, tests};
use room::*;
use serde_json::json;
use waiting::*;

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
            a_body_behind_a_waiting_question_is_no_request,
            a_flood_behind_a_waiting_question_is_bounded,
            an_event_stream_is_chunks_of_events,
            a_message_cannot_forge_an_event,
            an_event_stream_resumes_after_the_last_id,
            a_silent_event_stream_has_a_heartbeat,
            an_old_client_gets_its_events_without_chunks,
            a_head_request_does_not_wait,
            other_methods_are_refused,
            who_leaves_is_forgotten,
            the_counters_agree_with_the_wire,
            the_counters_agree_however_a_head_is_spelled,
            the_counters_agree_with_curl,
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
        why: "Content-Type says what a body means. In a form a plus sign is a space and %XX a byte; in \
              JSON and in plain text they are themselves.",
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
        story.expects(news["messages"][0]["text"] == text, format!("{text:?} as the text"));
    }
}

fn what_cannot_be_said_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Everything that a client sends has a limit, and an answer that says which. The connection \
              goes on.",
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
        why: "One room, one history. A new message wakes all who wait, and each looks at what it has not \
              seen.",
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
    says(&mut ada, "now");
    // Within two seconds, as all that is expected here; its deadline is 25 s away.
    is_news(story, &waits.receives_response().has_status(200).json(), &["now"]);
}

fn a_long_poll_ends_empty_at_its_deadline(story: &Story) {
    story.teaches(Lesson {
        why: "An answer that never comes looks like a dead server, and proxies cut it. So it ends, empty, \
              and the connection can be used again.",
        read: "RFC 6202 §5.5",
        hand: "curl -v http://127.0.0.1:{port}/wait",
    });
    let server = story.server_with(|s| s.env("LONG_POLL_MS", 150));
    let mut ada = story.client("ada", &server);
    for _ in 0..2 {
        let asked = Instant::now();
        ada.gets("/wait").has_status(204).has_no_field("Transfer-Encoding").has_body("");
        let took = asked.elapsed();
        story.expects(took >= Duration::from_millis(150), format!("at least 150 ms; it took {took:?}"));
    }
}

fn nothing_is_missed_between_two_long_polls(story: &Story) {
    story.teaches(Lesson {
        why: "Between an answer and the next question nobody waits. What is said then is in the history, \
              and the next question is answered at once.",
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
        why: "Answers come in the order of the questions (RFC 9112 §9.3.2). While the first has no answer, \
              the second waits, and is not lost.",
        read: "RFC 9112 §9.3.2",
        hand: "curl -v http://127.0.0.1:{port}/wait http://127.0.0.1:{port}/poll",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let mut waits = story.client("waits", &server);
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    waits.sends(get("/wait") + &get("/poll?after=0") + &get("/none"));
    eventually_wait(story, &server, "wait", 1);
    waits.receives_nothing_for(Duration::from_millis(50));
    says(&mut ada, "now");
    is_news(story, &waits.receives_response().json(), &["now"]);
    is_news(story, &waits.receives_response().json(), &["now"]);
    waits.receives_response().has_status(404);
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
