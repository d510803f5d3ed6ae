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
    for method in ["BREW", "get", "Get", "GETT", "PROPFIND", "!#$%&'*+-.^_`|~"] {
        refuses(story, &server, 501, &format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    story.note("RFC 9112 §3: a method longer than any is 501 too, not 414");
    for length in [54, 55, 9_000] {
        let method = "M".repeat(length);
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

pub fn rfc_9110_5_5_no_control_anywhere(story: &Story) {
    story.teaches(Lesson {
        why: "What one program cuts off at NUL, skips, or takes for a line end, another reads as a part of the \
              value. No control but HTAB stands anywhere in a head, and HTAB only inside a field value.",
        read: "RFC 9110 §5.5, RFC 9112 §2.2, notes/04-request.md",
        hand: r"printf 'GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for control in (0..0x20u8).chain([0x7f]) {
        let control = control as char;
        for request in [
            format!("G{control}T / HTTP/1.1\r\nHost: x\r\n\r\n"),
            format!("GET /{control} HTTP/1.1\r\nHost: x\r\n\r\n"),
            format!("GET / HTTP/1.1{control}\r\nHost: x\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHo{control}st: x\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: x\r\nX{control}: y\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: x{control}y\r\n\r\n"),
        ] {
            refuses(story, &server, 400, &request);
        }
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX: y{control}z\r\n\r\n");
        match control {
            '\t' => accepts(story, &server, &request),
            _ => refuses(story, &server, 400, &request),
        }
    }
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
        "HTTP/01.1",
        "HTTP/1.01",
        "HTTP/1,1",
        "HTTP/1.x",
        "HTTP/x.1",
        "HTTP/+1.1",
        "HTTP /1.1",
        "Http/1.1",
        "HTTPS/1.1",
        "HTTP/1.1x",
        "1.1",
        "",
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
        "http://a,b/",
        "http:a",
        "http:/a",
        "?q",
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
    for host in [
        "x",
        "x.example:8080",
        "127.0.0.1",
        "[::1]",
        "[::ffff:1.2.3.4]",
        "[2001:db8::1]:80",
        "x:",
        "x:0",
        "x:65535",
        "x_y.example",
        "%78.example",
    ] {
        accepts(story, &server, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
    for host in [
        "",
        ":80",
        "a,b",
        "a, b",
        "a b",
        "me@a",
        "me:secret@a",
        "a/",
        "a/b",
        "http://a",
        "//a",
        "a:b",
        "a:65536",
        "a:+80",
        "a:-1",
        "a:8 0",
        "a:80:80",
        "[::1",
        "::1",
        "[::1]x",
        "[]",
        "[fe80::1%25eth0]",
        "[1.2.3.4]",
        "a?b",
        "a#b",
        "a\\b",
        "a%",
        "a%2",
        "a%zz",
        "a\u{e4}",
        "<a>",
    ] {
        refuses(story, &server, 400, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
    refuses(story, &server, 400, "GET / HTTP/1.1\r\nX: y\r\n\r\n");
    refuses(story, &server, 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    refuses(story, &server, 400, "GET http://a/ HTTP/1.1\r\n\r\n");
    refuses(story, &server, 400, "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n");
    refuses(story, &server, 400, "GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n");
    refuses(story, &server, 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n");
    refuses(story, &server, 400, "GET http://a/ HTTP/1.1\r\nHost: b,c\r\n\r\n");
    refuses(story, &server, 400, "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    accepts(story, &server, "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n");
    accepts(story, &server, "GET / HTTP/1.0\r\n\r\n");
    accepts(story, &server, "GET http://a/ HTTP/1.0\r\n\r\n");
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
pub fn accepts(story: &Story, server: &Server, request: &str) {
    let mut client = story.client("a good client", server);
    client.sends(request);
    client.receives_response().has_status(200);
    client.receives_end();
}

/// A bad request, sent whole, and again with half of it in a packet of its own: refused both times with this
/// status and a polite end, though nothing more comes.
#[track_caller]
pub fn refuses(story: &Story, server: &Server, status: u16, request: &str) {
    for at in [0, request.len() / 2] {
        let mut client = story.client("a bad client", server);
        client.sends_split(request, at);
        client.receives_response().has_status(status).has_token("Connection", "close");
        client.receives_end();
    }
}
