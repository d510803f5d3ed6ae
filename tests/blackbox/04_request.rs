//! What rung 04 promises any client: steps/04-request/CONTRACT.md.

#[path = "04_request/ends.rs"]
mod ends;
#[path = "04_request/strict.rs"]
mod strict;

use std::process::ExitCode;

use ends::*;
use harness::{Lesson, Story, starts_and_stops};
use strict::*;

fn main() -> ExitCode {
    harness::suite(
        "04-request",
        harness::tests![
            starts_and_stops,
            a_request_is_shown_as_it_was_parsed,
            curl_gets_its_request_shown,
            a_request_cut_anywhere_is_one_request,
            a_line_end_cut_in_two_is_a_line_end,
            one_request_then_a_polite_end,
            the_length_counts_bytes_not_characters,
            head_and_body_leave_in_one_write,
            an_answer_to_head_has_no_body,
            field_names_mean_the_same_in_any_case,
            a_long_request_is_read_to_its_end,
            a_browsers_spare_connection_is_no_request,
            half_a_request_keeps_nobody_waiting,
            an_unread_body_does_not_reset_the_answer,
            curl_uploads_and_reads_the_answer,
            a_client_that_half_closes_gets_its_answer,
            methods_known_and_unknown,
            rfc_9112_2_2_lines_end_with_crlf,
            rfc_9110_5_5_no_control_anywhere,
            rfc_9112_2_3_versions,
            rfc_9112_3_request_line,
            rfc_9112_3_2_forms_of_the_target,
            rfc_9112_3_2_host,
            rfc_9112_5_field_lines,
            rfc_9112_6_where_the_body_ends,
            a_target_too_long_is_414,
            fields_too_large_or_too_many_are_431,
            the_request_line_is_judged_at_its_end,
            tls_on_a_plain_port_is_refused,
        ],
    )
}

const REQUEST: &str =
    "GET /a/path?and=query HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\nX-Empty:\r\n\r\n";

fn a_request_is_shown_as_it_was_parsed(story: &Story) {
    story.teaches(Lesson {
        why: "The request line has three parts with one space between each; then come field lines, name, \
              colon, value, up to the empty line.",
        read: "RFC 9112 §2.1, notes/04-request.md",
        hand: "curl -v 'http://127.0.0.1:{port}/a/path?and=query'",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends(REQUEST);
    let answer = alice.receives_response();
    answer
        .has_status(200)
        .has_field("Content-Type", "text/plain; charset=utf-8")
        .has_token("Connection", "close");
    story.expects(answer.header("Date").is_some(), "a Date field (RFC 9110 §6.6.1)");
    for line in [
        "method: GET",
        "path: /a/path",
        "query: and=query",
        "version: HTTP/1.1",
        "host: a.example:8080",
        "body: none",
    ] {
        answer.body_contains(&format!("{line}\n"));
    }
    answer.body_contains("\n\nHost: a.example:8080\nAccept: */*\nX-Empty: \n");
}

fn curl_gets_its_request_shown(story: &Story) {
    story.teaches(Lesson {
        why: "curl is the client that everybody has: what it cannot read, nobody will.",
        read: "man 1 curl, notes/04-request.md",
        hand: "curl -v 'http://127.0.0.1:{port}/where?x=1'",
    });
    let server = story.server();
    let url = format!("http://{}/where?x=1", server.address());
    let shown = story.curl(["-sv", "--max-time", "5", &url]);
    shown.succeeds();
    shown
        .mentions("< HTTP/1.1 200 OK")
        .mentions("path: /where\n")
        .mentions("query: x=1\n")
        .mentions("\nUser-Agent: curl/");
    let head = story.curl(["-sS", "--head", "--max-time", "5", &url]);
    head.succeeds();
    head.mentions("HTTP/1.1 200 OK");
}

fn a_request_cut_anywhere_is_one_request(story: &Story) {
    story.teaches(Lesson {
        why: "One read is not one request: keep what came, and parse again when more comes. The head ends \
              at the empty line, wherever the packets end.",
        read: "RFC 9112 §2.2, notes/04-request.md",
        hand: r"(printf 'GET / HT'; sleep 1; printf 'TP/1.1\r\nHost: x\r\n\r\n') | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    // A cut between CR and LF is the next test's.
    for at in (1..REQUEST.len()).filter(|at| !REQUEST[..*at].ends_with('\r')) {
        let mut alice = story.client("alice", &server);
        alice.sends_split_unanswered(REQUEST, at);
        alice.receives_response().has_status(200).body_contains("\nHost: a.example:8080\nAccept: */*\n");
        alice.receives_end();
    }
}

fn a_line_end_cut_in_two_is_a_line_end(story: &Story) {
    story.teaches(Lesson {
        why: "CR came in one packet and LF in the next. Look for CRLF in all that has come, not in each \
              packet.",
        read: "RFC 9112 §2.2, notes/04-request.md",
        hand: r"(printf 'GET / HTTP/1.1\r\nHost: x\r\n\r'; sleep 1; printf '\n') | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let pieces = REQUEST.split_inclusive('\r').collect::<Vec<_>>();
    for piece in &pieces[..pieces.len() - 1] {
        alice.sends(piece);
        alice.receives_nothing_for(std::time::Duration::from_millis(5));
    }
    alice.sends(pieces[pieces.len() - 1]);
    alice.receives_response().has_status(200).body_contains("\nX-Empty: \n");
}

fn one_request_then_a_polite_end(story: &Story) {
    story.teaches(Lesson {
        why: "This rung answers one request per connection, says so with Connection: close, and sends FIN \
              when the answer is out. What stands behind the request is read and thrown away: closing with \
              bytes unread sends RST.",
        read: "RFC 9112 §9.6, notes/04-request.md",
        hand: r"printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends([REQUEST, REQUEST].concat());
    alice.receives_response().has_status(200).has_token("Connection", "close");
    alice.receives_end();
    let mut bob = story.client("bob", &server);
    bob.sends("GET / HTTP/1.0\r\n\r\n");
    bob.receives_response().has_status(200).body_contains("host: none\n");
    bob.receives_end();
}

fn the_length_counts_bytes_not_characters(story: &Story) {
    story.teaches(Lesson {
        why: "Content-Length counts bytes. A character of UTF-8 may have four of them: the client cut your \
              answer, or waits for the rest.",
        read: "RFC 9110 §8.6",
        hand: "curl -v -H 'X-Name: Ää€🙂' http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice
        .requests("GET", "/", &[("X-Name", "Ää€🙂")], b"")
        .has_status(200)
        .body_contains("\nX-Name: Ää€🙂\n");
    alice.receives_end();
}

fn head_and_body_leave_in_one_write(story: &Story) {
    story.teaches(Lesson {
        why: "Head and body went out in two writes. On a connection that stays open, the second waits \
              until the client has acknowledged the first (Nagle's algorithm against the delayed ACK: 40 \
              ms). Put both into one buffer.",
        read: "RFC 1122 §4.2.3.4, notes/04-request.md",
        hand: "strace -f -e trace=write,writev,sendto,sendmsg cargo run --bin 04-request",
    });
    let writes = harness::traced_writes(story, |server| {
        let mut alice = story.client("alice", server);
        alice.gets("/").has_status(200);
        alice.receives_end();
    });
    let answers: Vec<_> = writes.lines().filter(|line| line.contains("HTTP/1.1 200")).collect();
    story
        .expects(answers.len() == 1, format!("one write with the status line, there were {}", answers.len()));
    story.expects(
        answers[0].contains("method: GET"),
        format!("head and body in one write, but it was {}", answers[0]),
    );
}

fn an_answer_to_head_has_no_body(story: &Story) {
    story.teaches(Lesson {
        why: "The answer to HEAD has the fields of the answer to GET, Content-Length too, and no body: a \
              client takes what comes behind the head for the next answer.",
        read: "RFC 9110 §9.3.2",
        hand: "curl -v --head http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let get = story.client("alice", &server).gets("/");
    let mut bob = story.client("bob", &server);
    let head = bob.requests("HEAD", "/", &[], b"");
    head.has_status(200).has_field("Content-Type", "text/plain; charset=utf-8");
    // The method's name is one letter longer in what would have been shown.
    head.has_field("Content-Length", &(get.body.len() + 1).to_string());
    bob.receives_end();
    story.note("nor has a refusal");
    for bad in
        ["HEAD / HTTP/1.1\r\n\r\n", "\r\nHEAD / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", "HEAD /# HTTP/1.1\r\n"]
    {
        let mut carol = story.client("carol", &server);
        carol.sends(bad);
        carol.receives_response_to("HEAD").has_status(400);
        carol.receives_end();
    }
}

fn field_names_mean_the_same_in_any_case(story: &Story) {
    story.teaches(Lesson {
        why: "HTTP/2 gateways and many programs send names in lower case. Compare names without regard to \
              case.",
        read: "RFC 9110 §5.1",
        hand: r"printf 'POST / HTTP/1.1\r\nhOsT: x\r\ncontent-LENGTH: 0\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for (host, length) in [("host", "content-length"), ("HOST", "CONTENT-LENGTH"), ("hOsT", "cONTENT-lENGTH")]
    {
        let mut alice = story.client("alice", &server);
        alice.sends(format!("POST / HTTP/1.1\r\n{host}: a.example\r\n{length}: 3\r\n\r\nabc"));
        alice
            .receives_response()
            .has_status(200)
            .body_contains("host: a.example\n")
            .body_contains("body: 3 bytes\n");
        let mut bob = story.client("bob", &server);
        bob.sends(format!("GET / HTTP/1.1\r\nHost: a\r\n{host}: b\r\n\r\n"));
        bob.receives_response().has_status(400);
    }
}

fn a_long_request_is_read_to_its_end(story: &Story) {
    story.teaches(Lesson {
        why: "A browser with cookies sends some kilobytes of head. A buffer of 1024 bytes is full long \
              before the empty line.",
        read: "RFC 9112 §3, notes/04-request.md",
        hand: "curl -v -H \"Cookie: $(printf 'c=%04000d' 1)\" http://127.0.0.1:{port}/",
    });
    let server = story.server();
    for kilobytes in [1, 4, 7] {
        let cookie = "c".repeat(kilobytes * 1024);
        let mut alice = story.client("alice", &server);
        let path = format!("/{}", "p".repeat(kilobytes * 1000));
        let answer = alice.requests("GET", &path, &[("Cookie", &cookie)], b"");
        answer.has_status(200).body_contains(&format!("\nCookie: {cookie}\n"));
    }
}

fn a_browsers_spare_connection_is_no_request(story: &Story) {
    story.teaches(Lesson {
        why: "Browsers open a connection to spare and send nothing on it, perhaps for ever. It is no \
              request: it must not hold up the others, and its end is no error.",
        read: "notes/04-request.md",
        hand: "nc 127.0.0.1 {port} & curl http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut spare = story.clients("spare", 3, &server);
    story.client("alice", &server).gets("/").has_status(200);
    spare[0].half_closes();
    spare[0].receives_end();
    spare[1].resets();
    spare[2].sends(REQUEST);
    spare[2].receives_response().has_status(200);
}

fn half_a_request_keeps_nobody_waiting(story: &Story) {
    story.teaches(Lesson {
        why: "alice came first and sent half a request; bob sent a whole one. Who waits in a read for \
              alice keeps bob waiting.",
        read: "notes/02-poll.md, notes/04-request.md",
        hand: r"(printf 'GET / HTTP/1.1\r\n'; sleep 9) | nc 127.0.0.1 {port} & curl http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let names = ["alice", "bob", "carol"];
    let mut clients = names.map(|name| story.client(name, &server));
    for (client, name) in clients.iter_mut().zip(names) {
        client.sends(format!("GET /{name} HTTP/1.1\r\nHost: x\r\n"));
    }
    story.note("they finish in reverse order");
    for (client, name) in clients.iter_mut().zip(names).rev() {
        client.sends("\r\n");
        client.receives_response().has_status(200).body_contains(&format!("path: /{name}\n"));
    }
}

fn an_unread_body_does_not_reset_the_answer(story: &Story) {
    story.teaches(Lesson {
        why: "You closed the socket with bytes unread: the kernel sends RST, and the client may lose the \
              answer that was on its way. Shut down sending, read what still comes for a while, then \
              close.",
        read: "RFC 9112 §9.6, notes/04-request.md",
        hand: "head -c 300000 /dev/zero | curl -v --data-binary @- http://127.0.0.1:{port}/",
    });
    let server = story.server();
    for size in [1, 1000, 300_000] {
        let mut alice = story.client("alice", &server);
        alice.sends(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"));
        let answer = alice.receives_response();
        answer.has_status(200).body_contains(&format!("body: {size} bytes\n"));
        alice.sends(vec![b'b'; size]);
        alice.half_closes();
        alice.receives_end();
    }
    let mut bob = story.client("bob", &server);
    bob.sends([b"nonsense\r\n".to_vec(), vec![b'x'; 300_000]].concat());
    bob.receives_response().has_status(400);
    bob.receives_end();
}

fn curl_uploads_and_reads_the_answer(story: &Story) {
    story.teaches(Lesson {
        why: "curl is still sending its body when your answer is complete. It must be able to read it.",
        read: "RFC 9112 §9.6, notes/04-request.md",
        hand: "head -c 3000000 /dev/zero | curl -v -T - http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let url = format!("http://{}/upload", server.address());
    let body = "b".repeat(300_000);
    for (arguments, shown) in
        [(["--data-binary", "@-"], "body: 300000 bytes\n"), (["--upload-file", "-"], "body: chunks\n")]
    {
        let curl = story
            .program("curl")
            .args(["-sS", "--max-time", "5"])
            .args(arguments)
            .args([&url])
            .stdin(&body)
            .runs();
        curl.succeeds();
        curl.mentions(shown);
    }
}

fn a_client_that_half_closes_gets_its_answer(story: &Story) {
    story.teaches(Lesson {
        why: "read returned 0: the client sends no more. It still reads, and its request came before: \
              answer it.",
        read: "RFC 9112 §9.6, notes/02-poll.md",
        hand: r"printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends(REQUEST);
    alice.half_closes();
    alice.receives_response().has_status(200);
    alice.receives_end();
    let mut bob = story.client("bob", &server);
    bob.sends(&REQUEST[..REQUEST.len() - 2]);
    bob.half_closes();
    story.note("there is no request yet: whatever bob gets, he gets his end");
    bob.receives_rest();
}
