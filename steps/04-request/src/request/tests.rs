mod limits;

use super::*;
use crate::{Arrival, Status};

const LIMITS: Limits = Limits { target: 100, field_line: 120, fields: 8, head: 400 };

type Judged<'a> = Result<Option<(Request<'a>, usize)>, ParseError>;

/// Judges `bytes` whole, cut in two at every offset, and one by one, and checks that the answer is always the
/// same. What is complete is judged again with other bytes behind it.
fn judge(bytes: &[u8]) -> Judged<'_> {
    let whole = Request::parse(bytes, &LIMITS);
    for split in 0..=bytes.len() {
        let mut arrival = Arrival::default();
        let first = arrival.parse(&bytes[..split], &LIMITS);
        if let Ok(None) = first {
            assert_eq!(arrival.parse(bytes, &LIMITS), whole, "cut after {split} bytes");
        } else {
            assert_eq!(first, whole, "after {split} bytes");
        }
    }
    let mut arrival = Arrival::default();
    let one_by_one =
        (1..=bytes.len()).map(|end| arrival.parse(&bytes[..end], &LIMITS)).find(|judged| *judged != Ok(None));
    assert_eq!(one_by_one.unwrap_or(Ok(None)), whole, "byte by byte");
    if whole != Ok(None) {
        for behind in [&b"GET /next HTTP/1.1\r\n"[..], b"\r\n\r\n", b"\0\n"] {
            let longer = [bytes, behind].concat();
            assert_eq!(
                Request::parse(&longer, &LIMITS),
                whole,
                "with {:?} behind",
                behind.escape_ascii().to_string()
            );
        }
    }
    whole
}

/// The request that `bytes` are, all of them.
#[track_caller]
fn accepted(bytes: &[u8]) -> Request<'_> {
    match judge(bytes) {
        Ok(Some((request, length))) => {
            assert_eq!((length, request.length), (bytes.len(), bytes.len()), "the head is all of it");
            request
        }
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

#[track_caller]
fn refused(bytes: &[u8], why: ParseError) {
    assert_eq!(judge(bytes), Err(why), "{}", bytes.escape_ascii());
}

/// A request with these field lines beside Host.
fn with_fields(version: &str, lines: &str) -> Vec<u8> {
    format!("POST / HTTP/{version}\r\nHost: a\r\n{lines}\r\n").into_bytes()
}

#[test]
fn a_request_is_taken_apart() {
    let bytes = b"GET /a/b?c=d HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\nX-Empty:\r\naccept: text/html\r\n\r\n";
    let request = accepted(bytes);
    assert_eq!(request.method, Method::Get);
    assert_eq!(request.target, Target::Origin { path: "/a/b", query: Some("c=d") });
    assert_eq!(request.version, Version::Http11);
    assert_eq!(request.host(), Some("a.example:8080"));
    assert_eq!(request.framing, Framing::None);
    assert_eq!(request.expectation, Expectation::None);
    assert!(request.keep_alive);
    let names: Vec<_> = request.fields().map(|field| field.name).collect();
    assert_eq!(names, ["Host", "Accept", "X-Empty", "accept"]);
    assert_eq!(request.field("x-empty"), Some(&b""[..]));
    assert_eq!(request.field("missing"), None);
    assert_eq!(request.fields_named("ACCEPT").collect::<Vec<_>>(), [&b"*/*"[..], b"text/html"]);
}

#[test]
fn every_prefix_of_a_request_needs_more() {
    let bytes = b"\r\nPOST /path HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
    for end in 0..bytes.len() {
        assert_eq!(Request::parse(&bytes[..end], &LIMITS), Ok(None), "after {end} bytes");
    }
    accepted(bytes);
}

#[test]
fn a_pipelined_request_stays_behind() {
    let two = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut arrival = Arrival::default();
    let (first, used) = arrival.parse(two, &LIMITS).unwrap().unwrap();
    assert_eq!((first.target.path(), used), ("/1", two.len() / 2));
    let (second, used) = arrival.parse(&two[used..], &LIMITS).unwrap().unwrap();
    assert_eq!((second.target.path(), used), ("/2", two.len() / 2));
}

#[test]
fn rfc_9110_9_methods() {
    for name in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let bytes = format!("{name} / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(accepted(bytes.as_bytes()).method.as_str(), name);
    }
    assert_eq!(accepted(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").method, Method::Connect);
    // §9.1: unrecognized, but where it ends is as certain as ever.
    for unknown in ["get", "Get", "GETT", "BREW", "!#$%&'*+-.^_`|~09azAZ"] {
        let bytes = format!("{unknown} / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        let request = accepted(bytes.as_bytes());
        assert_eq!((request.method, request.framing), (Method::Unknown, Framing::Length(3)), "{unknown}");
    }
    refused(b"BREW * HTTP/1.1\r\n", ParseError::TargetForm);
    refused(b"G@T / HTTP/1.1\r\n", ParseError::MethodToken);
    refused(b" GET / HTTP/1.1\r\n", ParseError::MethodToken);
    refused(b"\tGET / HTTP/1.1\r\n", ParseError::MethodToken);
}

#[test]
fn rfc_9112_3_exactly_one_space() {
    for line in [
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / a HTTP/1.1",
        "GET /",
        "GET",
        "GET  HTTP/1.1",
    ] {
        refused(format!("{line}\r\nHost: a\r\n\r\n").as_bytes(), ParseError::RequestLine);
    }
    refused(b"GET\t/ HTTP/1.1\r\n", ParseError::RequestLine);
    refused(b"GET\t/ / HTTP/1.1\r\n", ParseError::MethodToken);
    refused(b"GET /\tHTTP/1.1\r\n", ParseError::RequestLine);
    refused(b"\x16\x03\x01\x02\x00\x01\x00", ParseError::Tls);
}

#[test]
fn rfc_9112_2_2_one_empty_line_before_the_request_line() {
    accepted(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    refused(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ParseError::EmptyLines);
    refused(b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ParseError::BareLf);
}

#[test]
fn rfc_9112_2_2_lines_end_with_crlf() {
    refused(b"GET / HTTP/1.1\nHost: a\n\n", ParseError::BareLf);
    refused(b"GET / HTTP/1.1\r\nHost: a\n\r\n", ParseError::BareLf);
    refused(b"GET / HTTP/1.1\r\nHost: a\r\n\n", ParseError::BareLf);
    refused(b"GET / HTTP/1.1\rHost: a\r\n\r\n", ParseError::BareCr);
    refused(b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", ParseError::BareCr);
    refused(b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", ParseError::BareCr);
    refused(b"GET / HTTP/1.1\r\nHost: a\r\n\rX", ParseError::BareCr);
    refused(b"GET /\0 HTTP/1.1\r\n", ParseError::Control(0));
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", ParseError::Control(0));
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", ParseError::Control(0x7f));
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX\x0b: y\r\n\r\n", ParseError::Control(0x0b));
}

#[test]
fn rfc_9112_2_3_version() {
    assert_eq!(accepted(b"GET / HTTP/1.0\r\n\r\n").version, Version::Http10);
    assert_eq!(accepted(b"GET / HTTP/1.2\r\nHost: a\r\n\r\n").version, Version::Http11);
    for major in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1"] {
        refused(format!("GET / {major}\r\n").as_bytes(), ParseError::VersionNotSupported);
    }
    for version in [
        "http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.10",
        "HTTP/11.1",
        "HTTP/1,1",
        "HTTP/1.x",
        "HTTP 1.1",
        "FTP/1.1",
        "",
    ] {
        let expected = if version.contains(' ') { ParseError::RequestLine } else { ParseError::Version };
        refused(format!("GET / {version}\r\n").as_bytes(), expected);
    }
    refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ParseError::VersionNotSupported);
    // RFC 9110 §15.6.6
    assert_eq!(ParseError::VersionNotSupported.status(), Status::HttpVersionNotSupported);
}

#[test]
fn rfc_9112_3_2_target() {
    refused(b"GET /#top HTTP/1.1\r\n", ParseError::TargetFragment);
    refused(b"GET /\xc3\xa4 HTTP/1.1\r\n", ParseError::TargetBytes);
    refused(b"GET * HTTP/1.1\r\n", ParseError::TargetForm);
    refused(b"GET index.html HTTP/1.1\r\n", ParseError::TargetForm);
    refused(b"CONNECT / HTTP/1.1\r\n", ParseError::TargetForm);
    assert_eq!(accepted(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").target, Target::Asterisk);
}

#[test]
fn rfc_9112_3_2_host() {
    for bad in ["", "a,b", "a b", "me@a", "a/b", "a:x", "[::1"] {
        refused(format!("GET / HTTP/1.1\r\nHost: {bad}\r\n\r\n").as_bytes(), ParseError::HostInvalid);
    }
    refused(b"GET / HTTP/1.1\r\n\r\n", ParseError::HostMissing);
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", ParseError::HostRepeated);
    refused(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", ParseError::HostRepeated);
    refused(b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", ParseError::HostInvalid);
    assert_eq!(accepted(b"GET / HTTP/1.0\r\n\r\n").host(), None);
    assert_eq!(accepted(b"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n").host(), None);
    // §3.2.2: the target's authority counts, but Host must be there and be valid.
    assert_eq!(accepted(b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n").host(), Some("a"));
    refused(b"GET http://a/ HTTP/1.1\r\n\r\n", ParseError::HostMissing);
    refused(b"GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n", ParseError::HostInvalid);
    refused(b"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", ParseError::HostInvalid);
    assert_eq!(accepted(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n").host(), Some("a:443"));
}

#[test]
fn rfc_9112_5_field_lines() {
    refused(&with_fields("1.1", "X : y\r\n"), ParseError::SpaceBeforeColon);
    refused(&with_fields("1.1", "X: y\r\n folded\r\n"), ParseError::Folded);
    refused(b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", ParseError::Folded);
    refused(&with_fields("1.1", ": y\r\n"), ParseError::FieldNameEmpty);
    refused(&with_fields("1.1", "X\r\n"), ParseError::NoColon);
    refused(&with_fields("1.1", "X(Y): z\r\n"), ParseError::FieldName);
    let bytes = with_fields("1.1", "X: \u{e4} \"quoted, \\\" text\"\t\r\n");
    assert_eq!(accepted(&bytes).field("X"), Some("\u{e4} \"quoted, \\\" text\"".as_bytes()));
}

#[test]
fn rfc_9110_8_6_content_length() {
    let framing = |value: &str| {
        judge(&with_fields("1.1", &format!("content-length:{value}\r\n")))
            .map(|parsed| parsed.unwrap().0.framing)
    };
    assert_eq!(framing("0"), Ok(Framing::Length(0)));
    assert_eq!(framing(" 18446744073709551615"), Ok(Framing::Length(u64::MAX)));
    assert_eq!(framing(" 007\t"), Ok(Framing::Length(7)));
    assert_eq!(framing("18446744073709551616"), Err(ParseError::ContentLengthOverflow));
    assert_eq!(framing("99999999999999999999999"), Err(ParseError::ContentLengthOverflow));
    for value in ["", "+1", "-1", "1_0", "0x1", "1 0", "1,1", "1, 1", "1.0", "1e3", "a", "\u{ff11}"] {
        assert_eq!(framing(value), Err(ParseError::ContentLength), "{value:?}");
    }
    refused(
        &with_fields("1.1", "Content-Length: 1\r\nContent-Length: 1\r\n"),
        ParseError::ContentLengthRepeated,
    );
}

#[test]
fn rfc_9112_6_1_transfer_encoding() {
    let framing = |lines: &str| judge(&with_fields("1.1", lines)).map(|parsed| parsed.unwrap().0.framing);
    assert_eq!(framing("Transfer-Encoding: chunked\r\n"), Ok(Framing::Chunked));
    assert_eq!(framing("transfer-encoding:\tCHUNKED \r\n"), Ok(Framing::Chunked));
    for value in [
        "gzip",
        "identity",
        "xchunked",
        "chunked;q=1",
        "\"chunked\"",
        "chunked, chunked",
        "chunked, gzip",
        "chunked chunked",
    ] {
        assert_eq!(
            framing(&format!("Transfer-Encoding: {value}\r\n")),
            Err(ParseError::ChunkedNotLast),
            "{value}"
        );
    }
    for value in ["", "chunked,", ",chunked", "gzip,,chunked"] {
        assert_eq!(
            framing(&format!("Transfer-Encoding: {value}\r\n")),
            Err(ParseError::TransferEncodingEmpty),
            "{value}"
        );
    }
    assert_eq!(framing("Transfer-Encoding: gzip, chunked\r\n"), Err(ParseError::UnknownCoding));
    assert_eq!(
        framing("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
        Err(ParseError::UnknownCoding)
    );
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
    assert_eq!(framing(twice), Err(ParseError::ChunkedNotLast));
    for both in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        assert_eq!(framing(both), Err(ParseError::LengthAndCoding), "§6.3, case 3");
    }
    refused(&with_fields("1.0", "Transfer-Encoding: chunked\r\n"), ParseError::TransferEncodingInHttp10);
    refused(
        &with_fields("1.0", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
        ParseError::TransferEncodingInHttp10,
    );
}

#[test]
fn rfc_9110_9_3_2_a_refused_head_request_gets_no_content() {
    let answer = |bytes: &[u8]| {
        let mut out = Vec::new();
        ParseError::HostMissing.answer(bytes, &mut out, std::time::SystemTime::UNIX_EPOCH);
        String::from_utf8(out).unwrap()
    };
    let to_get = answer(b"GET / HTTP/1.1\r\n\r\n");
    assert!(
        to_get.starts_with("HTTP/1.1 400 Bad Request\r\n") && to_get.contains("\r\nConnection: close\r\n")
    );
    assert!(
        to_get.ends_with("400 Bad Request: an HTTP/1.1 request must have a Host field (RFC 9112 §3.2).\n")
    );
    for bytes in [&b"HEAD / HTTP/1.1\r\n\r\n"[..], b"\r\nHEAD / HTTP/1.1\r\n\r\n"] {
        let to_head = answer(bytes);
        assert!(to_head.ends_with("\r\n\r\n") && to_get.starts_with(&to_head), "{to_head}");
    }
    assert_eq!(answer(b"HEADER / HTTP/1.1\r\n\r\n"), to_get);
}

#[test]
fn rfc_9112_9_3_persistence() {
    let keep_alive = |version, lines| accepted(&with_fields(version, lines)).keep_alive;
    assert!(keep_alive("1.1", ""));
    assert!(!keep_alive("1.1", "Connection: close\r\n"));
    assert!(!keep_alive("1.1", "Connection: Upgrade\r\nconnection: x, CLOSE\r\n"));
    assert!(keep_alive("1.1", "Connection: closed, keep-alive\r\n"));
    assert!(!keep_alive("1.0", ""));
    assert!(keep_alive("1.0", "Connection: Keep-Alive\r\n"));
    assert!(!keep_alive("1.0", "Connection: keep-alive, close\r\n"));
}

#[test]
fn rfc_9110_10_1_1_expectations() {
    let expectation = |version, lines| accepted(&with_fields(version, lines)).expectation;
    assert_eq!(expectation("1.1", "Expect: 100-Continue\r\n"), Expectation::Continue);
    assert_eq!(expectation("1.1", "Expect: 200-maybe\r\n"), Expectation::Unknown);
    assert_eq!(expectation("1.1", "Expect: 100-continue, x=y\r\n"), Expectation::Unknown);
    assert_eq!(expectation("1.1", "Expect: ,100-continue,\r\n"), Expectation::Continue, "§5.6.1.2");
    assert_eq!(expectation("1.1", "Expect:\r\n"), Expectation::None, "no element, no expectation");
    assert_eq!(expectation("1.0", "Expect: 100-continue\r\n"), Expectation::None);
}

#[test]
fn connection_is_a_token_list_in_any_case_over_several_lines() {
    let bytes =
        with_fields("1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\nUPGRADE: ,WebSocket\r\n");
    let request = accepted(&bytes);
    assert!(request.has_token("connection", "upgrade"));
    assert!(request.has_token("Upgrade", "websocket"));
    assert!(!request.has_token("Connection", "alive"));
    assert_eq!(request.list("Upgrade").collect::<Vec<_>>(), [&b"h2c"[..], b"WebSocket"]);
}
