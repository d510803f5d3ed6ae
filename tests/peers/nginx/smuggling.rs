//! Requests that two servers in a row could read in two ways.

use harness::{Lesson, Story};

use crate::front::Nginx;

/// What stands where a body ends, or does not: whoever disagrees with nginx takes it for a request.
const HIDDEN: &str = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/// Heads and bodies that say in two ways, or in a wrong one, where the request ends. `{hidden}` is the request that
/// must not be one, `{length}` its length in decimal, `{hex}` in hex.
const AMBIGUOUS: &[(&str, &str)] = &[
    ("a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
    (
        "chunks and a length",
        "Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{hidden}",
    ),
    ("two lengths", "Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
    ("a list of lengths", "Content-Length: 0, {length}\r\n\r\n{hidden}"),
    ("a length with a sign", "Content-Length: +{length}\r\n\r\n{hidden}"),
    ("a length in hex", "Content-Length: 0x{hex}\r\n\r\n{hidden}"),
    ("a length that overflows", "Content-Length: 18446744073709551616\r\n\r\n{hidden}"),
    ("a space before the colon", "Content-Length : {length}\r\n\r\n{hidden}"),
    ("chunks behind a space", "Content-Length: {length}\r\nTransfer-Encoding : chunked\r\n\r\n{hidden}"),
    ("chunks behind a tab", "Content-Length: {length}\r\nTransfer-Encoding:\tchunked\r\n\r\n{hidden}"),
    (
        "chunks in a folded line",
        "Content-Length: {length}\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n{hidden}",
    ),
    ("chunks with an underscore", "Content-Length: {length}\r\nTransfer_Encoding: chunked\r\n\r\n{hidden}"),
    ("another coding", "Transfer-Encoding: xchunked\r\nContent-Length: {length}\r\n\r\n{hidden}"),
    ("chunked is not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
    ("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
    ("a vertical tab", "Transfer-Encoding: \x0bchunked\r\nContent-Length: {length}\r\n\r\n{hidden}"),
    (
        "a length that Connection names",
        "Connection: Content-Length\r\nContent-Length: {length}\r\n\r\n{hidden}",
    ),
    ("a body behind 100-continue", "Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n{hidden}"),
    (
        "a body behind an upgrade",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: {length}\r\n\r\n{hidden}",
    ),
    ("a chunk of it", "Transfer-Encoding: chunked\r\n\r\n{hex}\r\n{hidden}\r\n0\r\n\r\n"),
    ("a chunk with an extension", "Transfer-Encoding: chunked\r\n\r\n{hex};a=b\r\n{hidden}\r\n0\r\n\r\n"),
    ("bare LF in the chunks", "Transfer-Encoding: chunked\r\n\r\n{hex}\n{hidden}\n0\n\n"),
    ("LF in an extension", "Transfer-Encoding: chunked\r\n\r\n{hex};\n{hidden}\r\n0\r\n\r\n"),
    ("a chunk size with 0x", "Transfer-Encoding: chunked\r\n\r\n0x{hex}\r\n{hidden}\r\n0\r\n\r\n"),
    (
        "a chunk size that overflows",
        "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{hidden}\r\n0\r\n\r\n",
    ),
    ("a trailer", "Transfer-Encoding: chunked\r\n\r\n{hex}\r\n{hidden}\r\n0\r\nContent-Length: 5\r\n\r\n"),
];

pub fn no_request_hides_in_another(story: &Story) {
    story.teaches(Lesson {
        why: "Where nginx and the server behind it disagree on the end of a request, the rest is a request of which \
              nginx knows nothing, on a connection that others share: the next client gets its answer.",
        read: "RFC 9112 §11.2, §6.3, notes/behind-nginx.md",
        hand: "printf 'POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n\
               0\\r\\n\\r\\n' | nc 127.0.0.1 {port}",
    });
    for method in ["GET", "POST", "PUT"] {
        let server = story.server_with(|s| s.rung("05-keep-alive"));
        // Each way of passing bodies on frames them anew, differently.
        for changes in [&[][..], &[("proxy_request_buffering off;", "")]] {
            let nginx = Nginx::changed(story, &server, changes);
            for (number, (what, rest)) in AMBIGUOUS.iter().enumerate() {
                story.note(format!("{method}, {what}"));
                let rest = rest.replace("{hidden}", HIDDEN).replace("{length}", &HIDDEN.len().to_string());
                let rest = rest.replace("{hex}", &format!("{:x}", HIDDEN.len()));
                let mut mallory = story.client("mallory", &nginx);
                mallory.sends(format!("{method} /attack HTTP/1.1\r\nHost: x\r\n{rest}"));
                // 200 or refused, by the one or by the other; an answer in any case.
                if mallory.receives_response().status == 100 {
                    mallory.receives_response();
                }
                // The next client's request goes over the same connection, and gets its own answer.
                let mut victim = story.client("victim", &nginx);
                let cookie = format!("victim={number}");
                let answer = victim.requests("GET", "/cookie", &[("Cookie", &cookie)], b"");
                answer.has_status(200).has_body(format!("{cookie}\n"));
                mallory.closes();
                let log = server.output().concat();
                story.expects(!log.contains("/smuggled"), format!("one request, not two: {method}, {what}"));
            }
        }
    }
}
