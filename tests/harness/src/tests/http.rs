use super::{answers, dribbles, fails_with, passes};

#[test]
fn pipelined_answers_come_out_one_by_one() {
    let address = dribbles(
        "HTTP/1.1 100 Continue\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\nx-a:2 \r\n\r\none\
         HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2;a=b\r\ntw\r\n1\r\no\r\n0\r\nSum: 3\r\n\r\n\
         HTTP/1.1 204 No Content\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\
         HTTP/1.0 404 \r\n\r\nthe rest",
    );
    passes(move |story| {
        let mut alice = story.client("alice", address);
        alice.sends("GET\r\n\r\n");
        alice.receives_response().has_status(100).has_body("");
        let one = alice.receives_response();
        one.has_status(200).has_body("one").has_field("Content-length", "3").has_no_field("Date");
        assert_eq!((one.headers("X-a"), one.header("x-A")), (vec!["1", "2"], Some("1")));
        let two = alice.receives_response();
        two.has_body("two").has_token("Transfer-Encoding", "chunked").body_contains("w");
        assert_eq!(two.trailers, [("Sum".to_owned(), "3".to_owned())]);
        alice.receives_response().has_status(204);
        alice.receives_response_to("HEAD").has_status(200);
        let rest = alice.receives_response();
        assert_eq!((rest.status, rest.reason.as_str(), rest.text().as_str()), (404, "", "the rest"));
    });
}

#[test]
fn a_request_is_sent_with_host_and_length() {
    let (sender, request) = std::sync::mpsc::channel();
    let address = super::toy(move |mut stream| {
        use std::io::{Read, Write};
        let mut bytes = [0; 200];
        let wanted = format!("{:?}", stream.local_addr().unwrap()).len() + 67;
        stream.read_exact(&mut bytes[..wanted]).unwrap();
        sender.send(String::from_utf8(bytes[..wanted].to_vec()).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}").unwrap();
    });
    passes(move |story| {
        let mut alice = story.client("alice", address);
        assert_eq!(alice.requests("POST", "/echo", &[("X", "y")], b"1234567890").json()["a"], 1);
    });
    let expected =
        format!("POST /echo HTTP/1.1\r\nHost: {address}\r\nX: y\r\nContent-Length: 10\r\n\r\n1234567890");
    assert_eq!(request.recv().unwrap(), expected);
}

#[test]
fn wrong_answers_are_refused_with_the_rule() {
    let wrong = [
        ("HTTP/2 200 OK\r\n\r\n", "RFC 9112 §4"),
        ("HTTP/1.1 200\r\n\r\n", "RFC 9112 §4"),
        ("HTTP/1.1 +20 OK\r\n\r\n", "RFC 9112 §4"),
        ("HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n", "each line of the head ends with CR LF"),
        ("HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", "the colon follows it at once"),
        ("HTTP/1.1 200 OK\r\nA\r\n\r\n", "a field line is a name, a colon and a value"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", "Content-Length must be digits"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            "more than one Content-Length",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "no Content-Length"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", "a chunk's size must be hex"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "behind a chunk's 1 bytes CRLF"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "a body of 9 bytes (its Content-Length)"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort", "a chunk of 9 bytes"),
        ("HTTP/1.1 200 OK\r\n", "an HTTP answer, its head up to the empty line"),
    ];
    for (answer, rule) in wrong {
        let address = dribbles(answer);
        fails_with(&[rule], move |story| {
            let mut alice = story.client("alice", address);
            alice.sends("GET\r\n\r\n");
            alice.receives_response();
        });
    }
}

#[test]
fn what_an_answer_lacks_is_told() {
    type Check = fn(&crate::Response);
    let checks: [(&str, Check); 7] = [
        ("expected status 404, it is 200 OK.", |r| assert!(std::ptr::eq(r.has_status(404), r))),
        ("expected the field ETag: x, it is missing.", |r| {
            assert!(std::ptr::eq(r.has_field("ETag", "x"), r))
        }),
        ("byte 5 is 'p' (0x70), expected 'h' (0x68)", |r| {
            assert!(std::ptr::eq(r.has_field("content-type", "text/html"), r))
        }),
        ("expected no field Content-Type.", |r| assert!(std::ptr::eq(r.has_no_field("Content-Type"), r))),
        ("expected close in the list of Connection.", |r| {
            assert!(std::ptr::eq(r.has_token("Connection", "close"), r))
        }),
        ("byte 4, '!' (0x21), is one too many", |r| assert!(std::ptr::eq(r.has_body("body"), r))),
        ("expected \"soul\" in the body.", |r| assert!(std::ptr::eq(r.body_contains("soul"), r))),
    ];
    for (expected, check) in checks {
        let address =
            answers("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nbody!");
        fails_with(&[expected], move |story| {
            let mut alice = story.client("alice", address);
            alice.sends("GET\r\n\r\n");
            check(&alice.receives_response());
        });
    }
}
