//! Where a body ends.

use harness::{Lesson, Story};

use crate::GET;

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNKS: &str =
    "5\r\nhello\r\n00A;note=\"x;y\"\r\n, chunky\r\n\r\n6\r\nworld!\r\n0\r\nX-Trailer: t\r\n\r\n";
const CONTENT: &str = "hello, chunky\r\nworld!";

pub fn a_body_ends_where_its_length_says(story: &Story) {
    story.teaches(Lesson {
        why: "Content-Length says how many bytes the body has. It may look like a request, hold zeros or \
              empty lines: it is not looked at. The byte behind it begins the next request.",
        read: "RFC 9112 §6.3, notes/05-keep-alive.md",
        hand: "curl -v -d 'hello' http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for body in [GET.as_bytes(), b"\r\n\r\n", b"0\r\n\r\n", b"\0\xff", b"x", b""] {
        alice.sends(
            [
                format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(),
                body,
                GET.as_bytes(),
            ]
            .concat(),
        );
        alice.receives_response().has_status(200).has_body(body);
        alice.receives_response().has_status(200).has_body("Host: x\n");
    }
    let large = vec![b'L'; 1_000_000];
    alice.sends(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", large.len()));
    alice.sends_while_receiving(&large);
    alice.receives_response().has_status(200).has_body(&large);
    alice.gets("/echo").has_status(200);
}

pub fn the_length_counts_bytes_not_characters(story: &Story) {
    story.teaches(Lesson {
        why: "Content-Length counts bytes. \"h\u{e4}\u{1f600}\" has three characters and seven bytes.",
        read: "RFC 9110 §8.6, notes/05-keep-alive.md",
        hand: "curl -v -d 'h\u{e4}\u{1f600}' http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    let text = "h\u{e4}\u{1f600}";
    let answer = alice.requests("POST", "/", &[], text.as_bytes());
    answer.has_status(200).has_field("Content-Length", "7").has_body(text);
    alice.gets("/echo").has_status(200);
}

pub fn a_chunked_body_is_put_together(story: &Story) {
    story.teaches(Lesson {
        why: "A body whose length nobody knew comes in chunks: a size in hex, CRLF, so many bytes, CRLF; at \
              last a size of zero, perhaps trailer fields, and an empty line.",
        read: "RFC 9112 §7.1, notes/05-keep-alive.md",
        hand: "echo hello | curl -v -H 'Transfer-Encoding: chunked' -X POST -T - http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.sends([CHUNKED, CHUNKS, GET].concat());
    alice.receives_response().has_status(200).has_body(CONTENT);
    // What a trailer says does not become a field of the request, nor of the next one.
    alice.receives_response().has_status(200).has_body("Host: x\n");
    alice.sends([CHUNKED, "0\r\n\r\n", GET].concat());
    alice.receives_response().has_status(200).has_body("");
    alice.receives_response().has_status(200);
}

pub fn a_chunked_body_comes_byte_by_byte(story: &Story) {
    story.teaches(Lesson {
        why: "A packet may end between CR and LF, or in the middle of a chunk's size: 1|0 is sixteen, not \
              one and nothing. Wait for the whole line.",
        read: "RFC 9112 §7.1, notes/05-keep-alive.md",
        hand: r"(printf 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1'; sleep 1; printf '0\r'; sleep 1; printf '\n0123456789abcdef\r\n0\r\n\r\n') | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    for at in 1..CHUNKS.len() {
        alice.sends(CHUNKED);
        alice.sends_split_unanswered(CHUNKS, at);
        alice.receives_response().has_status(200).has_body(CONTENT);
    }
    alice.sends(CHUNKED);
    for (at, _) in CHUNKS.char_indices() {
        alice.sends(&CHUNKS[at..=at]);
    }
    alice.receives_response().has_status(200).has_body(CONTENT);
}

pub fn a_body_that_nobody_wants_is_no_request(story: &Story) {
    story.teaches(Lesson {
        why: "PUT was answered without a look at its body. The body still comes, and it must be read and \
              thrown away, or it is taken for the next request. Above a limit, the connection closes \
              instead, and the answer says so.",
        read: "RFC 9112 §9.3, notes/05-keep-alive.md",
        hand: "curl -v -X PUT -d 'GET /evil HTTP/1.1' http://127.0.0.1:{port}/ http://127.0.0.1:{port}/echo",
    });
    let server = story.server_with(|setup| setup.env("MAX_DRAIN", 1000));
    let mut alice = story.client("alice", &server);
    let evil = "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n";
    alice.sends(format!("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{evil}{GET}", evil.len()));
    alice.receives_response().has_status(200);
    alice.receives_response().has_status(200).has_body("Host: x\n");
    alice.sends([&CHUNKED.replace("POST", "PUT"), CHUNKS, GET].concat());
    alice.receives_response().has_status(200);
    alice.receives_response().has_status(200).has_body("Host: x\n");
    // A GET with a body is unusual, but its body is one.
    alice.sends(format!(
        "GET /cookie HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{evil}{GET}",
        evil.len()
    ));
    alice.receives_response().has_status(200).has_body("");
    alice.receives_response().has_status(200).has_body("Host: x\n");
    story.note("exactly the limit, then one byte more");
    alice.requests("PUT", "/", &[], &[b'x'; 1000]).has_status(200);
    alice.sends("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    alice.receives_response().has_status(200).has_token("Connection", "close");
    alice.receives_end();
    let mut bob = story.client("bob", &server);
    bob.sends(CHUNKED.replace("POST", "PUT"));
    bob.receives_response().has_status(200);
    bob.tries_to_send("400\r\n".to_owned() + &"x".repeat(0x400));
    bob.receives_end();
}

pub fn a_body_too_long_is_413(story: &Story) {
    story.teaches(Lesson {
        why: "A body over the limit is refused: with a Content-Length before it comes, with chunks as soon \
              as there are too many. Nothing behind it can be trusted, so the connection closes.",
        read: "RFC 9110 §15.5.14, notes/05-keep-alive.md",
        hand: "head -c 2000000 /dev/zero | curl -v --data-binary @- http://127.0.0.1:{port}/",
    });
    let server = story.server_with(|setup| setup.env("MAX_BODY", 10));
    let mut alice = story.client("alice", &server);
    alice.requests("POST", "/", &[], b"0123456789").has_status(200).has_body("0123456789");
    alice.sends("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
    alice.receives_response().has_status(413).has_token("Connection", "close");
    alice.receives_end();
    let mut bob = story.client("bob", &server);
    bob.sends([CHUNKED, "a\r\n0123456789\r\n1\r\nx\r\n"].concat());
    bob.receives_response().has_status(413).has_token("Connection", "close");
    bob.receives_end();
}

pub fn chunks_that_are_none_are_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A size is hex digits and fits into 64 bits; lines end with CRLF; behind a chunk's bytes stands \
              CRLF. Whoever guesses here sees another end of the body than the proxy in front.",
        read: "RFC 9112 §7.1, §11.2, notes/05-keep-alive.md",
        hand: r"printf 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    for chunks in [
        "0x5\r\nhello\r\n",
        "+5\r\nhello\r\n",
        "-5\r\nhello\r\n",
        " 5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "\r\n",
        "10000000000000005\r\nhello\r\n",
        "5\nhello\r\n",
        "5\r\nhello\n",
        "5\r\nhello!\r\n",
        "5;\r\nhello\r\n",
        "5;a=\r\nhello\r\n",
        "5;a=\"b\r\nhello\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\n\n",
    ] {
        let mut alice = story.client("alice", &server);
        alice.sends([CHUNKED, chunks].concat());
        alice.receives_response().has_status(400).has_token("Connection", "close");
        alice.receives_end();
    }
}

pub fn trailers_and_extensions_have_a_limit(story: &Story) {
    story.teaches(Lesson {
        why: "A byte of content may carry an extension of kilobytes, and trailers may never end: both pass every limit \
              of the body, unless they are counted.",
        read: "RFC 9112 §7.1.1, §7.1.2, CVE-2023-39326, CVE-2024-22019",
        hand: "MAX_TRAILERS=100 cargo run --bin 05-keep-alive",
    });
    let server = story.server_with(|setup| setup.env("MAX_TRAILERS", 100));
    let mut alice = story.client("alice", &server);
    for more in ["0\r\n".to_owned() + &trailer(95), "1;a=".to_owned() + &"b".repeat(90) + "\r\nx\r\n0\r\n"] {
        alice.sends([CHUNKED, &more, "\r\n"].concat());
        alice.receives_response().has_status(200);
    }
    for more in [
        "0\r\n".to_owned() + &trailer(101),
        "0\r\n".to_owned() + &trailer(20).repeat(5),
        "0\r\n".to_owned() + &"X".repeat(1000),
        "1;a=".to_owned() + &"b".repeat(1000),
        ("1;a=".to_owned() + &"b".repeat(60) + "\r\nx\r\n").repeat(4),
        "0".repeat(1000),
    ] {
        let mut bob = story.client("bob", &server);
        bob.sends([CHUNKED, &more].concat());
        bob.receives_response().has_status(431).has_token("Connection", "close");
        bob.receives_end();
    }
}

/// A trailer field line of this length, and CRLF.
fn trailer(length: usize) -> String {
    format!("X: {}\r\n", "y".repeat(length - 3))
}

pub fn a_length_and_chunks_together_are_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Content-Length and Transfer-Encoding contradict each other. One of two programs in a row \
              believes the one, the other the other, and the difference is a smuggled request. Refuse, \
              close, and look at nothing behind.",
        read: "RFC 9112 §6.1, §6.3, notes/04-request.md",
        hand: r"printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
    let turned = "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n";
    for fields in
        [both, turned, "Content-Length: 5\r\nContent-Length: 5\r\n", "Transfer-Encoding: chunked, x\r\n"]
    {
        let mut alice = story.client("alice", &server);
        alice.sends([GET, "POST / HTTP/1.1\r\nHost: x\r\n", fields, "\r\n0\r\n\r\n", GET].concat());
        alice.receives_response().has_status(200);
        alice.receives_response().has_status(400).has_token("Connection", "close");
        alice.receives_end();
    }
}

pub fn who_expects_100_is_told_to_go_on(story: &Story) {
    story.teaches(Lesson {
        why: "A client with a large body asks first: Expect: 100-continue, and waits. Tell it to go on where \
              you want the body; else send the answer, and close, for nobody knows whether the body comes. \
              An HTTP/1.0 client does not know 100 and takes it for the answer.",
        read: "RFC 9110 §10.1.1, notes/05-keep-alive.md",
        hand: "curl -v -H 'Expect: 100-continue' -d hello http://127.0.0.1:{port}/",
    });
    let server = story.server_with(|setup| setup.env("MAX_BODY", 1000));
    let mut alice = story.client("alice", &server);
    let expects = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    for _ in 0..2 {
        alice.sends(expects);
        alice.receives_response().has_status(100);
        alice.sends("hi");
        alice.receives_response().has_status(200).has_body("hi");
    }
    story.note("not wanted: too long");
    alice.sends(expects.replace("Length: 2", "Length: 1001"));
    alice.receives_response().has_status(413);
    alice.receives_end();
    story.note("not wanted: PUT is answered without its body");
    let mut bob = story.client("bob", &server);
    bob.sends(expects.replace("POST", "PUT"));
    bob.receives_response().has_status(200).has_token("Connection", "close");
    bob.receives_end();
    let mut carol = story.client("carol", &server);
    carol.sends("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
    carol.receives_response().has_status(200).has_body("hi");
}
