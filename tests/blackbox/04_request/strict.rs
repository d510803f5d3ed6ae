//! What is refused, and with which status: each rule by its section.

use harness::{Lesson, Server, Story};

pub fn methods_known_and_unknown(story: &Story) {
    story.teaches(Lesson {
        why: "A method that you have never heard of is 501; one that you know, but do not allow here, is \
              405 with Allow. Methods are case-sensitive: get is not GET.",
        read: "RFC 9110 §9.1, §15.5.6, §15.6.2",
        hand: "curl -v -X BREW http://127.0.0.1:{port}/",
    });
    let server = story.server();
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = story.client("alice", &server).requests(method, "/", &[], b"");
        answer.has_status(200).body_contains(&format!("method: {method}\n"));
    }
    for method in ["BREW", "get", "Get", "GETT", "PROPFIND"] {
        refuses(story, &server, 501, &format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for (method, target) in [("TRACE", "/"), ("CONNECT", "x:443")] {
        let mut alice = story.client("alice", &server);
        alice.sends(format!("{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        alice.receives_response().has_status(405).has_token("Allow", "GET");
    }
    story.client("alice", &server).requests("OPTIONS", "/", &[], b"").has_token("Allow", "GET");
    story.client("alice", &server).requests("GET", "/", &[("Expect", "a-miracle")], b"").has_status(417);
}

pub fn rfc_9112_2_2_lines_end_with_crlf(story: &Story) {
    story.teaches(Lesson {
        why: "A proxy in front may take a bare LF or CR for a line end, or not. Where the two of you \
              disagree, a request can be hidden. Lines end with CR LF here, and no line holds a control \
              but HTAB.",
        read: "RFC 9112 §2.2, §11.2, notes/04-request.md",
        hand: r"printf 'GET / HTTP/1.1\nHost: x\n\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for bad in [
        "GET / HTTP/1.1\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n",
        "GET / HTTP/1.1\rHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: \u{7f}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: \u{1b}[31m\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        refuses(story, &server, 400, bad);
    }
    accepts(story, &server, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    accepts(story, &server, "GET / HTTP/1.1\r\nHost: x\r\nX: a\tb\r\n\r\n");
}

pub fn rfc_9112_2_3_versions(story: &Story) {
    story.teaches(Lesson {
        why: "The version is HTTP/, a digit, a dot, a digit, in upper case. All of 1.x is served; another \
              major version is 505; anything else is 400.",
        read: "RFC 9112 §2.3, RFC 9110 §2.5, §15.6.6",
        hand: r"printf 'GET / HTTP/2.0\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for version in ["HTTP/1.0", "HTTP/1.1", "HTTP/1.2", "HTTP/1.9"] {
        accepts(story, &server, &format!("GET / {version}\r\nHost: x\r\n\r\n"));
    }
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0"] {
        refuses(story, &server, 505, &format!("GET / {version}\r\nHost: x\r\n\r\n"));
    }
    for version in [
        "http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.10",
        "HTTP/11.1",
        "HTTP/1,1",
        "HTTPS/1.1",
        "HTTP/1.1x",
        "1.1",
    ] {
        refuses(story, &server, 400, &format!("GET / {version}\r\nHost: x\r\n\r\n"));
    }
}

pub fn rfc_9112_3_request_line(story: &Story) {
    story.teaches(Lesson {
        why: "method SP request-target SP HTTP-version: exactly one space between the parts, and no other \
              white space.",
        read: "RFC 9112 §3",
        hand: r"printf 'GET  / HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for line in [
        "GET",
        "GET /",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "GET / and more HTTP/1.1",
        "G@T / HTTP/1.1",
        "(GET) / HTTP/1.1",
        "/ GET HTTP/1.1",
    ] {
        refuses(story, &server, 400, &format!("{line}\r\nHost: x\r\n\r\n"));
    }
}

pub fn rfc_9112_3_2_forms_of_the_target(story: &Story) {
    story.teaches(Lesson {
        why: "Four forms: /path?query; http://host/path, whose host counts; host:port only with CONNECT; * \
              only with OPTIONS. Visible ASCII, and no fragment.",
        read: "RFC 9112 §3.2",
        hand: "curl -v --request-target 'http://other/' http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends("GET http://Other.example:81/path?q HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = alice.receives_response();
    answer
        .has_status(200)
        .body_contains("path: /path\n")
        .body_contains("query: q\n")
        .body_contains("host: Other.example:81\n");
    accepts(story, &server, "GET http://other?q HTTP/1.1\r\nHost: x\r\n\r\n");
    accepts(story, &server, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    for target in [
        "index.html",
        "*",
        "x:80",
        "/a#b",
        "http://",
        "http:///a",
        "http://me@x/",
        "http://x:y/",
        "ftp://x/",
        "/\u{e4}",
        "/a\tb",
    ] {
        refuses(story, &server, 400, &format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for target in ["/", "x", "x:", "http://x/", "*"] {
        refuses(story, &server, 400, &format!("CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
}

pub fn rfc_9112_3_2_host(story: &Story) {
    story.teaches(Lesson {
        why: "A cache or a proxy decides by Host. Two of them, none in HTTP/1.1, or one that is no host \
              and perhaps a port: 400.",
        read: "RFC 9112 §3.2, RFC 9110 §7.2",
        hand: "curl -v -H 'Host: a,b' http://127.0.0.1:{port}/",
    });
    let server = story.server();
    for host in ["x", "x.example:8080", "127.0.0.1", "[::1]", "[2001:db8::1]:80", "x:"] {
        accepts(story, &server, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
    for host in [
        "", "a,b", "a, b", "a b", "me@a", "a/b", "http://a", "a:b", "a:65536", "a:80:80", "[::1", "::1",
        "a?b", "a\u{e4}",
    ] {
        refuses(story, &server, 400, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
    refuses(story, &server, 400, "GET / HTTP/1.1\r\nX: y\r\n\r\n");
    refuses(story, &server, 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    refuses(story, &server, 400, "GET http://a/ HTTP/1.1\r\n\r\n");
    refuses(story, &server, 400, "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n");
    accepts(story, &server, "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n");
    accepts(story, &server, "GET / HTTP/1.0\r\n\r\n");
}

pub fn rfc_9112_5_field_lines(story: &Story) {
    story.teaches(Lesson {
        why: "name, colon, value. No white space before the name (an old way to continue a line) and none \
              before the colon: each has been used to smuggle requests past a proxy.",
        read: "RFC 9112 §5.1, §5.2",
        hand: r"printf 'GET / HTTP/1.1\r\nHost : x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for lines in [
        "X : y",
        "X\t: y",
        "X: y\r\n folded",
        "X: y\r\n\tfolded: too",
        ": y",
        "X",
        "X y",
        "X(: y",
        "X\u{e4}: y",
        "X y: z",
        "\"X\": y",
    ] {
        refuses(story, &server, 400, &format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n"));
    }
    refuses(story, &server, 400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n");
    let mut alice = story.client("alice", &server);
    alice.sends("GET / HTTP/1.1\r\nHost:x\r\nX: \t y: z \t\r\n!#$%&'*+-.^_`|~09: \"q\"\r\n\r\n");
    alice.receives_response().has_status(200).body_contains("\nHost: x\nX: y: z\n!#$%&'*+-.^_`|~09: \"q\"\n");
}

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
        "\"chunked\"",
    ] {
        refuses(story, &server, 400, &post("1.1", &format!("Transfer-Encoding: {coding}")));
    }
    refuses(story, &server, 400, &post("1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"));
    refuses(story, &server, 501, &post("1.1", "Transfer-Encoding: gzip, chunked"));
    for (lines, shown) in [
        ("X: y", "none"),
        ("Content-Length: 0", "0 bytes"),
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
    refuses(story, &server, 501, "BREW /pot HTTP/1.1\r\n");
}

pub fn tls_on_a_plain_port_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Somebody wrote https:// and the port speaks http://. These bytes are no request: 400, not a \
              hang, not a panic.",
        read: "RFC 8446 §5.1, notes/04-request.md",
        hand: "curl -vk https://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    alice.receives_response().has_status(400);
    alice.receives_end();
    let url = format!("https://{}/", server.address());
    let curl = story.curl(["-sSk", "--max-time", "5", &url]);
    story.expects(!curl.status.success(), "curl finds no TLS here");
    story.client("bob", &server).gets("/").has_status(200);
}

/// A good request, sent whole.
#[track_caller]
fn accepts(story: &Story, server: &Server, request: &str) {
    let mut client = story.client("a good client", server);
    client.sends(request);
    client.receives_response().has_status(200);
    client.receives_end();
}

/// A bad request, sent whole, and again with half of it in a packet of its own: refused both times with this
/// status and a polite end, though nothing more comes.
#[track_caller]
fn refuses(story: &Story, server: &Server, status: u16, request: &str) {
    for at in [0, request.len() / 2] {
        let mut client = story.client("a bad client", server);
        client.sends_split(request, at);
        client.receives_response().has_status(status).has_token("Connection", "close");
        client.receives_end();
    }
}
