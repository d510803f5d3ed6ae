//! Where a request ends, and how long it may be.

use harness::{Lesson, Story};

use crate::strict::{accepts, refuses};

pub fn rfc_9112_6_where_the_body_ends(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever reads another length than the proxy in front lets a second request hide in the body \
              of the first. Content-Length: digits, once. Transfer-Encoding: chunked, alone, not in \
              HTTP/1.0. Never both.",
        read: "RFC 9112 §6.1, §6.3, §11.2, notes/04-request.md",
        hand: "curl -v -H 'Content-Length: 3' -H 'Transfer-Encoding: chunked' -d abc http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let post = |version: &str, lines: &str| format!("POST / HTTP/{version}\r\nHost: x\r\n{lines}\r\n\r\n");
    for length in [
        "",
        "+3",
        "-3",
        "-0",
        "3;",
        "\"3\"",
        "0b11",
        "0o3",
        "1e3",
        "\u{ff13}",
        "3 3",
        "3,3",
        "3, 3",
        "0x3",
        "3_0",
        "3.0",
        "three",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        refuses(story, &server, 400, &post("1.1", &format!("Content-Length: {length}")));
    }
    refuses(story, &server, 400, &post("1.1", "Content-Length: 3\r\nContent-Length: 3"));
    refuses(story, &server, 400, &post("1.1", "Content-Length: 3\r\nTransfer-Encoding: chunked"));
    refuses(story, &server, 400, &post("1.1", "Transfer-Encoding: chunked\r\nContent-Length: 3"));
    refuses(story, &server, 400, &post("1.0", "Transfer-Encoding: chunked"));
    for coding in [
        "",
        "gzip",
        "identity",
        "chunked, gzip",
        "chunked, chunked",
        "chunked, identity",
        "xchunked",
        "chunked;a=b",
        "chunked;q=1",
        "\"chunked\"",
        "chunked,",
        ",chunked",
        "chunked chunked",
        "chunked\r\n identity",
        "\r\n chunked",
        "\u{b}chunked",
        "chun\u{212a}ed",
    ] {
        refuses(story, &server, 400, &post("1.1", &format!("Transfer-Encoding: {coding}")));
    }
    for name in
        ["Transfer-Encoding ", " Transfer-Encoding", "Transfer-Encoding\t", "Transfer\u{2010}Encoding"]
    {
        refuses(story, &server, 400, &post("1.1", &format!("{name}: chunked")));
    }
    refuses(story, &server, 400, &post("1.1", "Transfer-Encoding: identity\r\nContent-Length: 3"));
    refuses(story, &server, 400, &post("1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"));
    refuses(story, &server, 400, &post("1.0", "Transfer-Encoding: chunked\r\nContent-Length: 3"));
    refuses(story, &server, 400, &post("1.1", "Content-Length: 3\r\ncontent-length: 4"));
    refuses(story, &server, 400, &post("1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"));
    refuses(story, &server, 501, &post("1.1", "Transfer-Encoding: gzip, chunked"));
    for (lines, shown) in [
        ("X: y", "none"),
        ("Content-Length: 0", "0 bytes"),
        ("Content-Length:  \t 7 \t", "7 bytes"),
        ("Content-Length: 9223372036854775808", "9223372036854775808 bytes"),
        ("Content_Length: 7", "none"),
        ("Transfer_Encoding: chunked", "none"),
        ("Content-Length: 18446744073709551615", "18446744073709551615 bytes"),
        ("Transfer-Encoding: chunked", "chunks"),
        ("transfer-encoding:\tCHUNKED", "chunks"),
    ] {
        let mut alice = story.client("alice", &server);
        alice.sends(post("1.1", lines));
        alice.receives_response().has_status(200).body_contains(&format!("body: {shown}\n"));
    }
}

pub fn a_target_too_long_is_414(story: &Story) {
    story.teaches(Lesson {
        why: "A target over the limit is 414, said as soon as it is too long: an attacker sends no line end.",
        read: "RFC 9112 §3, RFC 9110 §15.5.15",
        hand: "curl -v http://127.0.0.1:{port}/$(printf '%09000d' 1)",
    });
    let server = story.server_with(|setup| setup.env("MAX_TARGET", 1000));
    let line = |length: usize| format!("GET /{} HTTP/1.1\r\n", "x".repeat(length - 1));
    accepts(story, &server, &(line(1000) + "Host: x\r\n\r\n"));
    refuses(story, &server, 414, &(line(1001) + "Host: x\r\n\r\n"));
    refuses(story, &server, 414, &line(9000));
    refuses(story, &server, 414, &line(9000)[..8000]);
}

pub fn fields_too_large_or_too_many_are_431(story: &Story) {
    story.teaches(Lesson {
        why: "Without a limit, a client that never sends the empty line fills your memory. 431 says which \
              limit was met, as soon as it is.",
        read: "RFC 6585 §5",
        hand: "curl -v -H \"X: $(printf '%09000d' 1)\" http://127.0.0.1:{port}/",
    });
    let limits = [("MAX_FIELD", 1000), ("MAX_FIELDS", 10), ("MAX_HEAD", 4000)];
    let server =
        story.server_with(|setup| limits.iter().fold(setup, |setup, (name, limit)| setup.env(name, limit)));
    let with = |lines: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
    let field = |length: usize| format!("X: {}\r\n", "y".repeat(length - 3));
    accepts(story, &server, &with(&field(1000)));
    refuses(story, &server, 431, &with(&field(1001)));
    refuses(story, &server, 431, &with(&field(3000))[..2000]);
    accepts(story, &server, &with(&"X: y\r\n".repeat(9)));
    refuses(story, &server, 431, &with(&"X: y\r\n".repeat(10)));
    refuses(story, &server, 431, with(&"X: y\r\n".repeat(11)).trim_end());
    let around = with("").len();
    let rest = 4000 - around - 4 * (900 + 2) - 2;
    let exactly = |more: usize| with(&(field(900).repeat(4) + &field(rest + more)));
    story.expects(exactly(0).len() == 4000, "a head of exactly MAX_HEAD in this test");
    accepts(story, &server, &exactly(0));
    refuses(story, &server, 431, &exactly(1));
    refuses(story, &server, 431, &with(&field(900).repeat(5)));
    refuses(story, &server, 431, &with(&field(900).repeat(5))[..4001]);
}

pub fn the_request_line_is_judged_at_its_end(story: &Story) {
    story.teaches(Lesson {
        why: "The request line is wrong; nothing behind it can mend that. Say so when its CRLF is there, \
              or a client that waits for an answer before it goes on waits for ever.",
        read: "RFC 9112 §3, notes/04-request.md",
        hand: r"(printf 'GET / HTTP/3.0\r\n'; sleep 5) | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    refuses(story, &server, 400, "nonsense\r\n");
    refuses(story, &server, 505, "GET / HTTP/3.0\r\n");
    refuses(story, &server, 400, "GET /#top HTTP/1.1\r\n");
}
