//! What holds for any HTTP connection: rung 05.

use keep_alive::{Answer, Body, Content, Handler, Http, Limits, Next, NoSuccessor};
use poll::{Rehearsal, World};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use request::{Method, Request, Status};

/// Sends bodies back where the path says so, and tells what else was asked.
struct Server;

impl World for Server {}

impl Handler for Server {
    type Exchange = Vec<u8>;
    type Successor = NoSuccessor<Server>;

    fn limits(&self) -> &Limits {
        const LIMITS: Limits = Limits { body: 100, drain: 200, trailers: 60, ..Limits::DEFAULT };
        &LIMITS
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Server> {
        match (head.method, head.target.path()) {
            (_, "/read") => return Next::Read(Vec::new()),
            (Method::Get | Method::Head, "/stream") => {
                answer.send(Status::Ok, Content::Stream, |head| head);
                answer.write(b"streamed");
            }
            (method, path) => answer.text(Status::Ok, &format!("{method} {path}")),
        }
        Next::Done
    }

    fn body(&mut self, mut so_far: Vec<u8>, part: Body<'_>, answer: &mut Answer<'_, '_>) -> Next<Server> {
        match part {
            Body::Data(bytes) => {
                so_far.extend_from_slice(bytes);
                Next::Read(so_far)
            }
            Body::End => {
                answer.send(Status::Ok, Content::Bytes(&so_far), |head| head);
                Next::Done
            }
        }
    }
}

/// All answers to `bytes`, cut into pieces of these lengths, over and over; then the client's end. Without what
/// may differ: the date, and `100 Continue`, which nobody needs whose body is there.
fn answers(bytes: &[u8], lengths: &[usize]) -> (Vec<u8>, bool) {
    let mut connection = Rehearsal::<Http<Server>>::new(Server);
    let (mut rest, mut sent) = (bytes, Vec::new());
    for &length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        connection.receive(piece);
        sent.extend(connection.sent());
        rest = behind;
    }
    let stayed = connection.is_open();
    connection.end();
    sent.extend(connection.sent());
    (without_dates(&sent), stayed)
}

fn without_dates(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let text = lines.filter(|line| !line.starts_with(b"Date: ")).collect::<Vec<_>>().concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.replace("HTTP/1.1 100 Continue\r\n\r\n", "").into_bytes()
}

/// A request that is good, with what it is answered by: `None` where the test does not say.
fn request() -> impl Strategy<Value = (String, Option<String>)> {
    let body = "[ -~\r\n]{0,40}";
    let chunks = vec("[ -~\r\n]{1,20}", 0..3);
    prop_oneof![
        "/[a-z]{1,8}".prop_map(|path| {
            (format!("GET /x{path} HTTP/1.1\r\nHost: x\r\n\r\n"), Some(format!("GET /x{path}")))
        }),
        body.prop_map(|body| {
            (
                format!("POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
                Some(body),
            )
        }),
        chunks.clone().prop_map(|chunks| (chunked("POST /read", &chunks), Some(chunks.concat()))),
        chunks.prop_map(|chunks| (chunked("PUT /x", &chunks), None)),
        Just(("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n".into(), Some("8\r\nstreamed\r\n0\r\n\r\n".into()))),
        Just(("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n".into(), Some(String::new()))),
        Just(("\r\nGET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".into(), Some("GET /x".into()))),
        "[ -~]{0,40}".prop_map(|body| {
            let fields = format!("Expect: 100-continue\r\nContent-Length: {}", body.len());
            (format!("POST /read HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n{body}"), Some(body))
        }),
    ]
}

fn chunked(request: &str, chunks: &[String]) -> String {
    let chunks: String = chunks.iter().map(|chunk| format!("{:x};n\r\n{chunk}\r\n", chunk.len())).collect();
    format!("{request} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\nT: t\r\n\r\n")
}

/// What must never be answered.
const EVIL: &str = "GET /x/evil HTTP/1.1\r\nHost: x\r\n\r\n";

/// A request with a body that looks like one, however its end is told, and whatever becomes of it.
fn with_evil_body() -> impl Strategy<Value = String> {
    let method = select(vec!["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"]);
    let path = select(vec!["/read", "/x", "/stream"]);
    let fields = select(vec!["", "Expect: x\r\n", "Connection: Upgrade\r\nUpgrade: x\r\n"]);
    let cut = 1..EVIL.len();
    (method, path, fields, proptest::option::of(cut)).prop_map(|(method, path, fields, cut)| {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}");
        match cut {
            None => format!("{head}Content-Length: {}\r\n\r\n{EVIL}", EVIL.len()),
            Some(cut) => {
                let (one, two) = EVIL.split_at(cut);
                let chunks = format!(
                    "{:x}\r\n{one}\r\n{:x};a\r\n{two}\r\n0\r\nHost: evil\r\n\r\n",
                    one.len(),
                    two.len()
                );
                format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}")
            }
        }
    })
}

/// A request whose end is in doubt, or that is the last one: nothing behind it is looked at.
fn the_end() -> impl Strategy<Value = String> {
    let lines = select(vec![
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: 18446744073709551616",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding : chunked",
        "Host: y",
        "X: y\rX: z",
        "X: y\nX: z",
        "X: \0",
        "Connection: x, Close",
        "Expect: 100-continue\r\nContent-Length: 1",
        "Expect: x, 100-continue\r\nContent-Length: 1",
        "Content-Length: 201",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nxx",
        "Transfer-Encoding: chunked\r\n\r\n0;a\nX: y",
        "Transfer-Encoding: chunked\r\n\r\n0x",
    ]);
    let method = select(vec!["GET", "HEAD", "PUT", "BREW"]);
    prop_oneof![
        9 => (method, lines).prop_map(|(method, lines)| format!("{method} /x HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n")),
        1 => Just("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        1 => Just("GET /x HTTP/1.0\r\n\r\n".to_owned()),
        1 => Just("PUT /x HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()),
    ]
}

/// Pieces of which requests are made, in any order, so that more than the first line is reached.
fn debris() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec![
        "GET / HTTP/1.1\r\n",
        "POST /read HTTP/1.1\r\nHost: x\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\n",
        "HEAD /read HTTP/1.0\r\n",
        "Host: x\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 60\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "Expect: 100-continue\r\n",
        "Expect: magic\r\n",
        "\r\n",
        "\r\n",
        "\r\n",
        "abc",
        "3\r\nabc\r\n",
        "3;a=\"b\"\r\n",
        "ffffffffffffffff\r\n",
        "40\r\n",
        "0\r\n",
        "0\r\n\r\n",
        "0123456789012345678901234567890123456789",
    ]);
    let piece =
        prop_oneof![9 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..10)];
    vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn good_requests_are_answered_in_order_however_they_are_cut(
        requests in vec(request(), 1..8),
        lengths in vec(1..60_usize, 1..10),
    ) {
        let wire: String = requests.iter().map(|(request, _)| request.as_str()).collect();
        let (whole, stayed) = answers(wire.as_bytes(), &[wire.len()]);
        prop_assert!(stayed);
        let (cut, stayed) = answers(wire.as_bytes(), &lengths);
        prop_assert!(stayed);
        prop_assert_eq!(String::from_utf8_lossy(&cut), String::from_utf8_lossy(&whole));

        let text = String::from_utf8_lossy(&whole).into_owned();
        let mut rest = text.as_str();
        for (request, content) in requests {
            let (head, behind) = rest.split_once("\r\n\r\n").expect("a head for each request");
            prop_assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{} for {}", head, request);
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length = match length {
                Some(length) => length.parse().expect("digits"),
                None if request.starts_with("HEAD") => 0,
                None => "8\r\nstreamed\r\n0\r\n\r\n".len(),
            };
            let (body, behind) = behind.split_at(length);
            if let Some(content) = content {
                prop_assert_eq!(body, content);
            }
            rest = behind;
        }
        prop_assert_eq!(rest, "");
    }

    #[test]
    fn nobodys_bytes_become_a_request(
        requests in vec(with_evil_body(), 0..5),
        the_end in the_end(),
        lengths in vec(1..60_usize, 1..10),
    ) {
        let wire = format!("{}{the_end}{EVIL}{EVIL}", requests.concat());
        let (answers, stayed) = answers(wire.as_bytes(), &lengths);
        let text = String::from_utf8_lossy(&answers).into_owned();
        prop_assert_eq!(text.matches("HTTP/1.1 ").count(), requests.len() + 1, "{}", text);
        // What was read and sent back goes on behind the path.
        prop_assert_eq!(text.matches("GET /x/evil").count(), text.matches("GET /x/evil HTTP/1.1").count());
        prop_assert!(!stayed);
    }

    #[test]
    fn whatever_comes_is_answered_alike_however_it_is_cut(
        bytes in debris(),
        lengths in vec(1..30_usize, 1..10),
    ) {
        let whole = answers(&bytes, &[bytes.len()]);
        let cut = answers(&bytes, &lengths);
        prop_assert_eq!(
            (String::from_utf8_lossy(&cut.0), cut.1),
            (String::from_utf8_lossy(&whole.0), whole.1)
        );
    }

    #[test]
    fn arbitrary_bytes_are_no_danger(bytes in vec(any::<u8>(), 0..300), lengths in vec(1..30_usize, 1..5)) {
        prop_assert_eq!(answers(&bytes, &lengths), answers(&bytes, &[300]));
    }
}
