//! Nobody's bytes become a request: what an attacker tries who wants us to see another end of a request than the
//! program in front of us.

use harness::{Client, Lesson, Server, Story};

use crate::GET;

/// What must never be answered: it stands where only a server that has lost its place looks for a request.
const EVIL: &str = "GET /count?evil HTTP/1.1\r\nHost: evil\r\n\r\n";

pub fn nothing_behind_a_refused_head_is_a_request(story: &Story) {
    story.teaches(Lesson {
        why: "The head was refused since its end, or its body's, is in doubt. Then every byte behind it is, too: one \
              program in a row reads a body there, another one a request. Say close, close, and answer nothing more.",
        read: "RFC 9112 §6.3, §11.2, RFC 9110 §9.2.2, notes/05-keep-alive.md",
        hand: r"printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\nGET /count HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for (status, lines) in [
        (400, "Content-Length: 0\r\nContent-Length: 0"),
        (400, "Content-Length: 0\r\nContent-Length: 40"),
        (400, "Content-Length: 0, 0"),
        (400, "Content-Length: +0"),
        (400, "Content-Length: 0x0"),
        (400, "Content-Length: 18446744073709551616"),
        (400, "Content-Length : 0"),
        (400, "Content-Length: 0\r\n 40"),
        (400, "Content-Length:"),
        (400, "Content-Length: 0\r\nTransfer-Encoding: chunked"),
        (400, "Transfer-Encoding: chunked\r\nContent-Length: 0"),
        (400, "Transfer-Encoding: identity\r\nContent-Length: 0"),
        (400, "Transfer-Encoding: xchunked"),
        (400, "Transfer-Encoding: chunked;q=1"),
        (400, "Transfer-Encoding: chunked, chunked"),
        (400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        (400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        (400, "Transfer-Encoding:\r\n chunked"),
        (400, "Transfer-Encoding\t: chunked"),
        (400, " Transfer-Encoding: chunked"),
        (400, "Transfer-Encoding: \u{b}chunked"),
        (501, "Transfer-Encoding: gzip, chunked"),
        (400, "X: y\rContent-Length: 0"),
        (400, "X: y\nContent-Length: 0"),
        (400, "X: \0\r\nContent-Length: 0"),
        (400, "Host: y"),
    ] {
        refuses(story, &server, status, &format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n{EVIL}"));
    }
    for (status, request) in [
        (400, "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, "POST / HTTP/1.1\r\n\r\n"),
        (400, "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        (400, "nonsense\r\n\r\n"),
        (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ] {
        refuses(story, &server, status, &format!("{request}{EVIL}"));
    }
}

pub fn nothing_behind_refused_chunks_is_a_request(story: &Story) {
    story.teaches(Lesson {
        why: "Chunks that are none: whoever guesses where they end has lost its place. The line of a chunk, its \
              extensions and the trailers end with CRLF, hold no other control, and follow the grammar.",
        read: "RFC 9112 §7.1, §7.1.1, §7.1.2, §11.2, notes/05-keep-alive.md",
        hand: r"printf 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for chunks in [
        "-0\r\n\r\n",
        "0x0\r\n\r\n",
        "0_0\r\n\r\n",
        "\r\n0\r\n\r\n",
        " 0\r\n\r\n",
        "0 \r\n\r\n",
        "0\t\r\n\r\n",
        "fffffffffffffffff\r\n",
        "10000000000000000\r\n\r\n",
        "0\n\r\n",
        "0\r\r\n\r\n",
        "0\0\r\n\r\n",
        "0\u{b}\r\n\r\n",
        "0;\r\n\r\n",
        "0;;a\r\n\r\n",
        "0;a b\r\n\r\n",
        "0;a=\r\n\r\n",
        "0;=b\r\n\r\n",
        "0;a=b=c\r\n\r\n",
        "0;a(b)\r\n\r\n",
        "0,a\r\n\r\n",
        "0;a=\"b\r\n\r\n",
        "0;a=\"b\\\"\r\n\r\n",
        "0;a=\"b\"c\r\n\r\n",
        "0;a=\"b\nc\"\r\n\r\n",
        "0;a\nX: y\r\n\r\n",
        "0;a\rX\r\n\r\n",
        "0;\0\r\n\r\n",
        "2\r\nhi0\r\n\r\n",
        "2\r\nhi\n0\r\n\r\n",
        "2\r\nhi\r0\r\n\r\n",
        "2\r\nh\r\n0\r\n\r\n",
        "2\r\nhi!\r\n0\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n: y\r\n\r\n",
        "0\r\nX\r\n\r\n",
        "0\r\nX: y\r\n folded\r\n\r\n",
        "0\r\nX: y\rz\r\n\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX: \0\r\n\r\n",
        "0\r\nX(: y\r\n\r\n",
        "0\r\n\n",
    ] {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        refuses(story, &server, 400, &format!("{head}{chunks}{EVIL}"));
    }
}

pub fn a_body_is_never_a_request(story: &Story) {
    story.teaches(Lesson {
        why: "A body may look like a request. It is none, whatever the method was and whatever became of the request: \
              GET and HEAD have bodies too, where a length or chunks say so.",
        read: "RFC 9112 §6, §9.3, RFC 9110 §9.3.1, notes/05-keep-alive.md",
        hand: r"printf 'HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let length = format!("Content-Length: {}\r\n\r\n{EVIL}", EVIL.len());
    let (first, second) = EVIL.split_at(9);
    let chunks = [first, second].map(|part| format!("{:x}\r\n{part}\r\n", part.len())).concat();
    // The trailers are a body's, too: nothing in them speaks of this request's end, nor of the next one's.
    let trailers =
        "Content-Length: 1000\r\nTransfer-Encoding: identity\r\nHost: evil\r\nConnection: close\r\n";
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{chunks}0;a=b\r\n{trailers}\r\n");
    let mut alice = story.client("alice", &server);
    for (status, method, fields) in [
        (200, "GET", ""),
        (200, "HEAD", ""),
        (200, "POST", ""),
        (200, "PUT", ""),
        (200, "DELETE", ""),
        (204, "OPTIONS", ""),
        (405, "TRACE", ""),
        (501, "BREW", ""),
        (417, "POST", "Expect: a-miracle\r\n"),
        (417, "HEAD", "Expect: a-miracle\r\n"),
        (200, "PUT", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        (200, "GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
    ] {
        for body in [&length, &chunked] {
            let request = format!("{method} /cookie HTTP/1.1\r\nHost: x\r\n{fields}{body}");
            for at in [request.len(), request.len() - EVIL.len(), 40] {
                alice.sends_split(format!("{request}{GET}"), at);
                let answer = alice.receives_response_to(method);
                answer.has_status(status);
                has_a_date(story, &answer);
                if status == 204 {
                    answer.has_no_field("Content-Length").has_no_field("Transfer-Encoding");
                }
                alice.receives_response().has_status(200).has_body("Host: x\n");
            }
        }
    }
}

pub fn nothing_behind_a_refused_connect_is_a_request(story: &Story) {
    story.teaches(Lesson {
        why: "A client that was sure of its tunnel has sent what belongs into it already, and somebody else may have \
              written that. So the refusal of CONNECT is the last answer.",
        read: "RFC 9931 §8, RFC 9110 §9.3.6",
        hand: r"printf 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\nGET /count HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    refuses(story, &server, 405, &format!("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n{EVIL}"));
}

pub fn who_waits_for_100_in_vain_may_go_on_as_it_likes(story: &Story) {
    story.teaches(Lesson {
        why: "A client announced a body and waits for 100. It gets its answer instead, and now it may send the body, or \
              leave it out and send its next request. The same bytes mean two things: close.",
        read: "RFC 9110 §10.1.1, CVE-2024-24791, notes/05-keep-alive.md",
        hand: "curl -v -X PUT -H 'Expect: 100-continue' -d hello http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let announced = format!("Content-Length: {}\r\n\r\n{EVIL}", EVIL.len());
    for (status, request) in [
        (200, "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"),
        (200, "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n"),
        (501, "BREW / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"),
        (405, "TRACE / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"),
        (417, "POST / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle, 100-continue\r\n"),
        (417, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nExpect: a-miracle\r\n"),
        (200, "PUT / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"),
    ] {
        refuses(story, &server, status, &format!("{request}{announced}"));
    }
    story.note("no body was announced: nothing is in doubt");
    let mut alice = story.client("alice", &server);
    for expect in ["100-continue", "a-miracle, 100-continue"] {
        alice.sends(format!("PUT / HTTP/1.1\r\nHost: x\r\nExpect: {expect}\r\n\r\n{GET}"));
        alice.receives_response().has_status(if expect == "100-continue" { 200 } else { 417 });
        alice.receives_response().has_status(200).has_body("Host: x\n");
    }
}

/// One answer with this status comes, behind one to a good request; then the end, though a request stands behind.
/// Also where the bytes come in two pieces.
#[track_caller]
fn refuses(story: &Story, server: &Server, status: u16, request: &str) {
    for at in [request.len(), request.len() - EVIL.len(), request.len() / 2] {
        let mut attacker = story.client("attacker", server);
        attacker.sends(GET);
        attacker.receives_response().has_status(200).has_body("Host: x\n");
        attacker.sends_split(request, at);
        last_answer(story, &mut attacker, status);
    }
}

#[track_caller]
fn last_answer(story: &Story, client: &mut Client, status: u16) {
    let answer = client.receives_response();
    answer.has_status(status).has_token("Connection", "close");
    has_a_date(story, &answer);
    client.receives_end();
}

#[track_caller]
fn has_a_date(story: &Story, answer: &harness::Response) {
    story.expects(answer.header("Date").is_some(), "a Date field on every answer (RFC 9110 §6.6.1)");
}
