//! The client that everybody has.

use harness::{Lesson, Story};

pub fn curl_asks_twice_on_one_connection(story: &Story) {
    story.teaches(Lesson {
        why: "curl takes the connection that it has for the second URL, if the first answer ended where its \
              length said and nobody said close.",
        read: "RFC 9112 §9.3, man 1 curl",
        hand: "curl -v http://127.0.0.1:{port}/count http://127.0.0.1:{port}/count",
    });
    let server = story.server();
    let url = format!("http://{}/count", server.address());
    let both = story.curl(["-sv", "--max-time", "5", &url, &url]);
    both.succeeds();
    both.mentions(r#""requests":1,"connections":1"#).mentions(r#""requests":2,"connections":1"#);
    story.expects(
        both.stderr.to_lowercase().contains("re-using existing"),
        "curl uses its connection a second time (curl -v says so)",
    );
}

pub fn curl_uploads_chunks(story: &Story) {
    story.teaches(Lesson {
        why: "curl reads from a pipe and does not know how much will come: it sends chunks, and the server \
              puts them together.",
        read: "RFC 9112 §7.1, man 1 curl",
        hand: "seq 1000 | curl -v -X POST -T - http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let url = format!("http://{}/", server.address());
    let numbers: String = (1..50_000).map(|number| format!("{number}\n")).collect();
    let upload = story
        .program("curl")
        .args(["-sv", "--max-time", "5", "-X", "POST", "-T", "-", &url])
        .stdin(numbers.as_bytes())
        .runs();
    upload.succeeds();
    upload.mentions("> Transfer-Encoding: chunked").prints(&numbers);
}

pub fn curl_waits_for_100(story: &Story) {
    story.teaches(Lesson {
        why: "With Expect: 100-continue curl sends the head and waits a second for 100 before the body. A \
              server that does not say it costs each upload that second.",
        read: "RFC 9110 §10.1.1, man 1 curl",
        hand: "curl -v -H 'Expect: 100-continue' -d hello http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let url = format!("http://{}/", server.address());
    let wait = ["--expect100-timeout", "30", "-H", "Expect: 100-continue", "-d", "hello"];
    let upload = story.curl([&["-sv", "--max-time", "5"][..], &wait, &[&url]].concat());
    upload.succeeds();
    upload.mentions("< HTTP/1.1 100 Continue").mentions("< HTTP/1.1 200 OK").prints("hello");
    let refused = story.curl([&["-sv", "--max-time", "5", "-X", "PUT"][..], &wait, &[&url]].concat());
    refused.mentions("< HTTP/1.1 200 OK").mentions("< Connection: close");
}

pub fn curl_asks_for_the_head_only(story: &Story) {
    story.teaches(Lesson {
        why: "curl --head shows the fields and expects no body; on the same connection it asks again.",
        read: "RFC 9110 §9.3.2, man 1 curl",
        hand: "curl --head http://127.0.0.1:{port}/echo --next http://127.0.0.1:{port}/count",
    });
    let server = story.server();
    let echo = format!("http://{}/echo", server.address());
    let count = format!("http://{}/count", server.address());
    let both =
        story.curl(["-sS", "--max-time", "5", "--head", &echo, "--next", "-sS", "--max-time", "5", &count]);
    both.succeeds();
    both.mentions("HTTP/1.1 200 OK").mentions("Content-Length: ");
    both.mentions(r#""requests":2,"connections":1"#);
}
