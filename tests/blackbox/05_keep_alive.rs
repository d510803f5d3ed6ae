//! What rung 05 promises any client: steps/05-keep-alive/CONTRACT.md.

#[path = "05_keep_alive/bodies.rs"]
mod bodies;
#[path = "05_keep_alive/desync.rs"]
mod desync;
#[path = "05_keep_alive/ends.rs"]
mod ends;
#[path = "05_keep_alive/with_curl.rs"]
mod with_curl;

use std::process::ExitCode;
use std::time::Duration;

use bodies::*;
use desync::*;
use ends::*;
use harness::{Lesson, Story, starts_and_stops};
use with_curl::*;

fn main() -> ExitCode {
    harness::suite(
        "05-keep-alive",
        harness::tests![
            starts_and_stops,
            many_requests_on_one_connection,
            curl_asks_twice_on_one_connection,
            pipelined_requests_are_answered_in_order,
            requests_cut_anywhere_are_the_same_requests,
            field_names_mean_the_same_in_any_case,
            each_route_answers_as_promised,
            a_body_ends_where_its_length_says,
            the_length_counts_bytes_not_characters,
            a_chunked_body_is_put_together,
            a_chunked_body_comes_byte_by_byte,
            curl_uploads_chunks,
            a_body_that_nobody_wants_is_no_request,
            a_body_too_long_is_413,
            chunks_that_are_none_are_refused,
            trailers_and_extensions_have_a_limit,
            a_length_and_chunks_together_are_refused,
            an_answer_to_head_has_no_body,
            curl_asks_for_the_head_only,
            who_expects_100_is_told_to_go_on,
            curl_waits_for_100,
            nothing_behind_a_refused_head_is_a_request,
            nothing_behind_refused_chunks_is_a_request,
            nothing_behind_a_refused_connect_is_a_request,
            a_body_is_never_a_request,
            who_waits_for_100_in_vain_may_go_on_as_it_likes,
            http_1_0_closes_unless_asked_not_to,
            connection_is_a_list_of_tokens,
            head_and_body_leave_in_one_write,
            a_request_longer_than_a_segment_is_read_to_its_end,
            a_browsers_spare_connection_is_no_request,
            clients_are_answered_in_reverse_order,
            an_idle_connection_is_closed_in_silence,
            a_slow_head_is_408,
            a_slow_body_is_408,
            a_steady_body_gets_more_time,
            a_client_that_half_closes_gets_its_answers,
            the_last_answer_is_not_reset,
            who_does_not_read_is_not_read,
            the_server_counts_requests_and_connections,
        ],
    )
}

const GET: &str = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";

fn get(number: usize) -> String {
    format!("GET /echo HTTP/1.1\r\nHost: x\r\nX-Number: {number}\r\n\r\n")
}

fn many_requests_on_one_connection(story: &Story) {
    story.teaches(Lesson {
        why: "In HTTP/1.1 a connection stays open until somebody says close. A new connection for each \
              request costs a round trip, with TLS two, and starts slowly.",
        read: "RFC 9112 §9.3, notes/05-keep-alive.md",
        hand: "curl -v http://127.0.0.1:{port}/count http://127.0.0.1:{port}/count",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for number in 1..=100 {
        alice.sends(get(number));
        let answer = alice.receives_response();
        answer.has_status(200).body_contains(&format!("X-Number: {number}\n"));
        story.expects(answer.header("Date").is_some(), "a Date field (RFC 9110 §6.6.1)");
    }
}

fn pipelined_requests_are_answered_in_order(story: &Story) {
    story.teaches(Lesson {
        why: "Behind one request the next may stand already, in the same packet. Go on with the bytes that \
              are left: no new ones will come for them, and no event either.",
        read: "RFC 9112 §9.3.2, notes/05-keep-alive.md",
        hand: r"printf 'GET /echo HTTP/1.1\r\nHost: 1\r\n\r\nGET /echo HTTP/1.1\r\nHost: 2\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends((1..=50).map(get).collect::<String>());
    for number in 1..=50 {
        alice.receives_response().has_status(200).body_contains(&format!("X-Number: {number}\n"));
    }
    alice.sends(["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", GET, "\r\n", GET].concat());
    alice.receives_response().has_body("hello");
    alice.receives_response().body_contains("Host: x\n");
    alice.receives_response().body_contains("Host: x\n");
}

fn requests_cut_anywhere_are_the_same_requests(story: &Story) {
    story.teaches(Lesson {
        why: "One read is not one request: what came is kept until it is whole, and what stands behind a \
              request belongs to the next.",
        read: "RFC 9112 §2.2, notes/05-keep-alive.md",
        hand: r"(printf 'GET /echo HT'; sleep 1; printf 'TP/1.1\r\nHost: x\r\n\r\n') | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for at in 1..GET.len() {
        alice.sends_split_unanswered(GET, at);
        alice.receives_response().has_status(200).has_body("Host: x\n");
    }
    let length = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    for at in 1..length.len() {
        alice.sends_split_unanswered(length, at);
        alice.receives_response().has_status(200).has_body("hello");
    }
    let both = [length, GET].concat();
    for at in 1..both.len() {
        alice.sends_split(&both, at);
        alice.receives_response().has_status(200).has_body("hello");
        alice.receives_response().has_status(200).has_body("Host: x\n");
    }
}

fn field_names_mean_the_same_in_any_case(story: &Story) {
    story.teaches(Lesson {
        why: "Field names mean the same in any case: compare them so, or a body is missed and becomes the \
              next request.",
        read: "RFC 9110 §5.1, notes/05-keep-alive.md",
        hand: r"printf 'POST / HTTP/1.1\r\nhOST: x\r\ncONTENT-lENGTH: 2\r\n\r\nhi' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for name in ["content-length", "CONTENT-LENGTH", "Content-length"] {
        alice.sends(format!("POST / HTTP/1.1\r\nhOsT: x\r\n{name}: 2\r\n\r\nhi"));
        alice.receives_response().has_status(200).has_body("hi");
    }
    alice.sends("POST / HTTP/1.1\r\nHost: x\r\ntransfer-ENCODING: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    alice.receives_response().has_status(200).has_body("hi");
    alice.sends("GET /echo HTTP/1.1\r\nHost: x\r\nCONNECTION: CLOSE\r\n\r\n");
    alice.receives_response().has_status(200).has_token("Connection", "close");
    alice.receives_end();
}

fn each_route_answers_as_promised(story: &Story) {
    story.teaches(Lesson {
        why: "The three plain routes are those that HTTP test tools use; OPTIONS, TRACE and unknown methods \
              each have an answer of their own, and none of them costs the connection.",
        read: "RFC 9110 §9, CONTRACT.md",
        hand: "curl -v -b 'a=1; b=2' http://127.0.0.1:{port}/cookie",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.requests("POST", "/any/path?at=all", &[], b"back\0again").has_status(200).has_body(b"back\0again");
    alice.requests("POST", "/", &[], b"").has_status(200).has_body("");
    alice
        .requests("GET", "/echo", &[("X-Own", "value")], b"")
        .has_status(200)
        .body_contains("X-Own: value\n");
    alice
        .requests("GET", "/cookie", &[("Cookie", "a=1; b=two=2;c=")], b"")
        .has_status(200)
        .has_body("a=1\nb=two=2\nc=\n");
    for method in ["PUT", "PATCH", "DELETE"] {
        alice.requests(method, "/x", &[], b"").has_status(200);
    }
    let options = alice.requests("OPTIONS", "/x", &[], b"");
    options.has_token("Allow", "POST");
    alice.sends("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n");
    alice.receives_response_to("OPTIONS").has_token("Allow", "GET");
    alice.requests("TRACE", "/", &[], b"").has_status(405).has_token("Allow", "GET");
    alice.requests("BREW", "/", &[], b"").has_status(501);
    alice.requests("GET", "/echo", &[("Expect", "miracles")], b"").has_status(417);
    for path in ["/", "/anywhere/else?x"] {
        alice.gets(path).has_status(200).has_field("Content-Type", "text/html; charset=utf-8");
    }
}

fn an_answer_to_head_has_no_body(story: &Story) {
    story.teaches(Lesson {
        why: "The answer to HEAD has the fields of the answer to GET and no body. A byte of one would be \
              taken for the beginning of the next answer.",
        read: "RFC 9110 §9.3.2, notes/05-keep-alive.md",
        hand: "curl -v --head http://127.0.0.1:{port}/echo",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let head = GET.replace("GET", "HEAD");
    alice.sends([&head, GET, &head, GET].concat());
    for _ in 0..2 {
        let head = alice.receives_response_to("HEAD");
        let get = alice.receives_response();
        head.has_status(200).has_field("Content-Length", get.header("Content-Length").unwrap_or("none"));
        get.has_body("Host: x\n");
    }
    story.note("nor has a refusal");
    for (status, bad) in [
        (400, "HEAD / HTTP/1.1\r\n\r\n"),
        (501, "HEAD / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        (417, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: x\r\n\r\n"),
    ] {
        let mut bob = story.client("bob", &server);
        bob.sends(bad);
        bob.receives_response_to("HEAD").has_status(status);
        bob.receives_end();
    }
}

fn http_1_0_closes_unless_asked_not_to(story: &Story) {
    story.teaches(Lesson {
        why: "An HTTP/1.0 client waits for the end of the connection, unless it asked for keep-alive. Then \
              the answer says that it was granted.",
        read: "RFC 9112 §9.3, notes/05-keep-alive.md",
        hand: r"printf 'GET /echo HTTP/1.0\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for _ in 0..2 {
        alice.sends("GET /echo HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        alice.receives_response().has_status(200).has_token("Connection", "keep-alive");
    }
    alice.sends("GET /echo HTTP/1.0\r\n\r\n");
    alice.receives_response().has_status(200).has_token("Connection", "close");
    alice.receives_end();
}

fn connection_is_a_list_of_tokens(story: &Story) {
    story.teaches(Lesson {
        why: "Connection is a list of tokens, in any case, over any number of lines. Look for the token, do \
              not compare the string.",
        read: "RFC 9110 §7.6.1, RFC 9112 §9.6",
        hand: r"printf 'GET /echo HTTP/1.1\r\nHost: x\r\nConnection: TE , Close\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for value in ["close", "TE , Close", "TE\r\nConnection: close", "keep-alive, close"] {
        let mut alice = story.client("alice", &server);
        let last = format!("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: {value}\r\n\r\n");
        // RFC 9112 §9.6: "The server SHOULD NOT process any further requests received on that connection."
        alice.sends([&last, GET].concat());
        alice.receives_response().has_status(200).has_token("Connection", "close");
        alice.receives_end();
    }
    let mut bob = story.client("bob", &server);
    for value in ["keep-alive", "closed", "TE, not-close"] {
        bob.sends(format!("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: {value}\r\n\r\n"));
        bob.receives_response().has_status(200);
    }
    bob.gets("/echo").has_status(200);
}

fn head_and_body_leave_in_one_write(story: &Story) {
    story.teaches(Lesson {
        why: "Head and body went out in two writes. The second waits until the client has acknowledged the \
              first (Nagle's algorithm against the delayed ACK: 40 ms). Put both into one buffer; and the \
              answers to pipelined requests too.",
        read: "RFC 1122 §4.2.3.4, notes/05-keep-alive.md",
        hand: "strace -f -e trace=write,writev,sendto,sendmsg cargo run --bin 05-keep-alive",
    });
    let writes = harness::traced_writes(story, |server| {
        let mut alice = story.client("alice", server);
        alice.gets("/echo").has_status(200);
        alice.closes();
    });
    let answers: Vec<_> = writes.lines().filter(|line| line.contains("HTTP/1.1 200")).collect();
    story
        .expects(answers.len() == 1, format!("one write with the status line, there were {}", answers.len()));
    story.expects(
        answers[0].contains("Host: "),
        format!("head and body in one write, but it was {}", answers[0]),
    );
}

fn a_request_longer_than_a_segment_is_read_to_its_end(story: &Story) {
    story.teaches(Lesson {
        why: "A browser's request can be longer than a packet, and longer than your buffer: cookies. Read \
              on until the head is complete, up to a limit of your own.",
        read: "RFC 9112 §3, notes/05-keep-alive.md",
        hand: "curl -b \"a=$(head -c 7000 /dev/zero | tr '\\0' x)\" http://127.0.0.1:{port}/cookie",
    });
    let server = story.server_with(|setup| setup.env("MAX_FIELD", 20_000).env("MAX_HEAD", 20_000));
    let mut alice = story.client("alice", &server);
    let cookie = format!("long={}", "x".repeat(15 * 1024));
    for _ in 0..3 {
        alice.sends(format!("GET /cookie HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n"));
        alice.receives_response().has_status(200).has_body(format!("{cookie}\n"));
    }
    alice.sends(format!("GET /cookie HTTP/1.1\r\nHost: x\r\nCookie: {cookie}{cookie}\r\n\r\n"));
    alice.receives_response().has_status(431);
    alice.receives_end();
}

fn clients_are_answered_in_reverse_order(story: &Story) {
    story.teaches(Lesson {
        why: "Ten clients connect, and each has sent half a request. A server that serves one at a time \
              waits for the first; the backlog only hides that. So the last one is finished first.",
        read: "notes/02-poll.md, notes/05-keep-alive.md",
        hand: "nc 127.0.0.1 {port} & curl http://127.0.0.1:{port}/echo",
    });
    let server = story.server();
    let mut clients = story.clients("client", 10, &server);
    for client in &mut clients {
        client.sends(&GET[..20]);
    }
    story.note("the last one is finished first");
    for client in clients.iter_mut().rev() {
        client.sends(&GET[20..]);
        client.receives_response().has_status(200);
    }
    for client in clients.iter_mut().rev() {
        client.gets("/echo").has_status(200);
    }
}

fn the_server_counts_requests_and_connections(story: &Story) {
    story.teaches(Lesson {
        why: "The page shows what the server counted: many requests, few connections. A connection that \
              asked nothing is open, but it is not counted as used.",
        read: "CONTRACT.md, notes/05-keep-alive.md",
        hand: "curl http://127.0.0.1:{port}/count",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let mut bob = story.client("bob", &server);
    let _spare = story.client("spare", &server);
    alice.gets("/echo").has_status(200);
    bob.gets("/echo").has_status(200);
    let count = alice.gets("/count");
    count.has_status(200).has_field("Content-Type", "application/json");
    let count = count.json();
    story.expects(count["requests"] == 3, format!("3 requests so far, got {count}"));
    story.expects(count["connections"] == 2, format!("over 2 connections, got {count}"));
    story.expects(count["onThisConnection"] == 2, format!("2 of them over this one, got {count}"));
    let last = alice.gets("/count?close");
    last.has_status(200).has_token("Connection", "close");
    alice.within(Duration::from_secs(2)).receives_end();
    story.expects(bob.gets("/count").json()["requests"] == 5, "5 requests");
}
