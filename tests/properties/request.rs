//! What holds for any request head: rung 04.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;
use request::{Arrival, Expectation, Framing, Limits, Method, ParseError, Request, Target, Version};

const LIMITS: Limits = Limits::DEFAULT;

/// A head as somebody means it, and the bytes that say it.
#[derive(Debug, Clone)]
struct Meant {
    method: Method,
    path: String,
    query: Option<String>,
    version: Version,
    host: String,
    framing: Framing,
    close: bool,
    fields: Vec<(String, Vec<u8>)>,
    bytes: Vec<u8>,
}

fn method() -> impl Strategy<Value = Method> {
    use Method::*;
    select(vec![Get, Head, Post, Put, Delete, Options, Trace, Patch])
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._~-]{1,20}(:[0-9]{0,4})?",
        "(%[0-9a-fA-F]{2}){1,3}",
        any::<[u8; 4]>().prop_map(|ip| std::net::Ipv4Addr::from(ip).to_string()),
        any::<[u8; 16]>().prop_map(|ip| format!("[{}]:8080", std::net::Ipv6Addr::from(ip))),
    ]
}

/// Bytes that a field value may hold, without white space around them.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let inside = prop_oneof![Just(b'\t'), 0x20..=0x7eu8, 0x80..=0xffu8];
    vec(inside, 0..40).prop_map(|bytes| {
        let trimmed = bytes.trim_ascii();
        trimmed.to_vec()
    })
}

/// A field that says nothing about the framing: the first letter keeps it apart.
fn field() -> impl Strategy<Value = (String, Vec<u8>)> {
    ("X[!#$%&'*+.^_`|~0-9a-zA-Z-]{0,15}", value())
}

fn spelled(name: &'static str) -> impl Strategy<Value = String> {
    vec(any::<bool>(), name.len()).prop_map(move |upper| {
        let letters = name.chars().zip(upper);
        letters
            .map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect()
    })
}

fn meant() -> impl Strategy<Value = Meant> {
    let framing = prop_oneof![
        2 => Just(Framing::None),
        1 => any::<u64>().prop_map(Framing::Length),
        1 => Just(Framing::Chunked),
    ];
    let version = select(vec![Version::Http10, Version::Http11]);
    let names =
        (spelled("host"), spelled("content-length"), spelled("transfer-encoding"), spelled("connection"));
    let line = (method(), "/[!\"$-~]{0,30}", proptest::option::of("[!\"$-~]{0,30}"), version);
    let spaces = select(vec!["", " ", "\t", " \t  "]);
    (line, host(), framing, any::<bool>(), vec(field(), 0..10), names, spaces, any::<bool>(), any::<Index>())
        .prop_map(
            |(
                (method, path, query, version),
                host,
                framing,
                close,
                mut fields,
                names,
                spaces,
                empty_line,
                at,
            )| {
                // A question mark ends the path, and HTTP/1.0 has no chunks.
                let path = path.replace('?', "!");
                let framing = if version == Version::Http10 && framing == Framing::Chunked {
                    Framing::None
                } else {
                    framing
                };
                let mut own = vec![(names.0, host.clone().into_bytes())];
                match framing {
                    Framing::None => {}
                    Framing::Length(length) => own.push((names.1, length.to_string().into_bytes())),
                    Framing::Chunked => own.push((names.2, b"Chunked".to_vec())),
                }
                if close {
                    own.push((names.3, b"x, Close".to_vec()));
                }
                for field in own {
                    fields.insert(at.index(fields.len() + 1), field);
                }
                let query_text = query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
                let start = format!("{method} {path}{query_text} {version}\r\n");
                let mut bytes = if empty_line { b"\r\n".to_vec() } else { Vec::new() };
                bytes.extend(start.into_bytes());
                for (name, value) in &fields {
                    bytes.extend(
                        [name.as_bytes(), b":", spaces.as_bytes(), value, spaces.as_bytes(), b"\r\n"]
                            .concat(),
                    );
                }
                bytes.extend(b"\r\n");
                Meant { method, path, query, version, host, framing, close, fields, bytes }
            },
        )
}

/// Nearly a head: pieces that mean something, in any order, and bytes that mean nothing.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "GET",
        "POST",
        "BREW",
        " ",
        "  ",
        "/",
        "*",
        "http://a/",
        "http://a:80?q",
        "\u{e4}",
        "#",
        "HTTP/1.1",
        "HTTP/1.0",
        "HTTP/1.2",
        "HTTP/2.0",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\t",
        ":",
        "Host: a\r\n",
        "Host: b,c\r\n",
        "GET / HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "Content-Length: 1\r\n",
        "Content-Length: +1\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "X",
        " folded\r\n",
        "\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ];
    let piece = prop_oneof![
        8 => select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..5),
    ];
    prop_oneof![
        vec(piece.clone(), 0..20).prop_map(|pieces| pieces.concat()),
        vec(piece, 0..6)
            .prop_map(|pieces| [b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec(), pieces.concat()].concat()),
        // A good head with one byte changed, or taken out.
        (meant(), any::<Index>()).prop_map(|(meant, at)| {
            let mut bytes = meant.bytes;
            bytes.remove(at.index(bytes.len()));
            bytes
        }),
        (meant(), any::<Index>(), any::<u8>()).prop_map(|(meant, at, byte)| {
            let mut bytes = meant.bytes;
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Another parser of the same bytes, httparse, on which hyper and with it most of Rust stands, reads what we read. It
/// judges the grammar alone and may let more pass; what it refuses we must refuse. There is one exception.
fn httparse_agrees(bytes: &[u8], ours: &Request<'_>) -> Result<(), TestCaseError> {
    let mut fields = [httparse::EMPTY_HEADER; 200];
    let mut theirs = httparse::Request::new(&mut fields);
    match theirs.parse(bytes) {
        // RFC 9110 §2.5: a higher minor version is processed as the highest one that is known. It knows 1.0 and 1.1.
        Err(httparse::Error::Version) => {
            let later =
                |minor: u8| bytes.windows(10).any(|part| part == format!("HTTP/1.{minor}\r\n").as_bytes());
            prop_assert!((2..=9).any(later), "only of a later minor version");
            return Ok(());
        }
        judged => prop_assert_eq!(judged, Ok(httparse::Status::Complete(ours.length))),
    }
    if ours.method != Method::Unknown {
        prop_assert_eq!(theirs.method, Some(ours.method.as_str()));
    }
    let target = match ours.target {
        // Where an absolute-form has no path, ours is "/".
        Target::Absolute { scheme, authority, path: "/", query }
            if !theirs.path.unwrap_or_default()[scheme.len() + 3..].contains('/') =>
        {
            format!("{scheme}://{authority}{}", query.map(|query| format!("?{query}")).unwrap_or_default())
        }
        target => target.to_string(),
    };
    prop_assert_eq!(theirs.path, Some(&target[..]));
    prop_assert_eq!(theirs.version, Some(u8::from(ours.version == Version::Http11)));
    let named = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let our_fields: Vec<_> = ours.fields().map(|field| named(field.name, field.value)).collect();
    let their_fields: Vec<_> = theirs.headers.iter().map(|field| named(field.name, field.value)).collect();
    prop_assert_eq!(our_fields, their_fields);
    Ok(())
}

type Judged<'a> = Result<Option<(Request<'a>, usize)>, ParseError>;

/// The answer to `bytes` that come in pieces, cut at `cuts`.
fn in_pieces<'a>(bytes: &'a [u8], cuts: &[Index], limits: &Limits) -> Judged<'a> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut arrival = Arrival::default();
    ends.iter()
        .map(|&end| arrival.parse(&bytes[..end], limits))
        .find(|judged| *judged != Ok(None))
        .unwrap_or(Ok(None))
}

proptest! {
    // A case takes microseconds.
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_meant_is_what_is_read(meant in meant(), behind in vec(any::<u8>(), 0..20)) {
        let bytes = [&meant.bytes[..], &behind].concat();
        let (request, length) = Request::parse(&bytes, &LIMITS).expect("a good head").expect("a whole head");
        prop_assert_eq!(length, meant.bytes.len());
        prop_assert_eq!(request.method, meant.method);
        prop_assert_eq!(request.target.path(), &meant.path);
        prop_assert_eq!(request.target.query(), meant.query.as_deref());
        prop_assert_eq!(request.version, meant.version);
        prop_assert_eq!(request.host(), Some(&meant.host[..]));
        prop_assert_eq!(request.framing, meant.framing);
        prop_assert_eq!(request.keep_alive, meant.version == Version::Http11 && !meant.close);
        prop_assert_eq!(request.expectation, Expectation::None);
        let fields: Vec<_> = request.fields().map(|field| (field.name.to_owned(), field.value.to_vec())).collect();
        prop_assert_eq!(&fields, &meant.fields);
        for (name, _) in &meant.fields {
            let same = |(other, _): &&(String, Vec<u8>)| other.eq_ignore_ascii_case(name);
            let expected: Vec<_> = meant.fields.iter().filter(same).map(|(_, value)| &value[..]).collect();
            prop_assert_eq!(request.fields_named(&name.to_ascii_uppercase()).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn another_parser_reads_the_same(meant in meant(), behind in vec(any::<u8>(), 0..20)) {
        let bytes = [&meant.bytes[..], &behind].concat();
        let (request, _) = Request::parse(&bytes, &LIMITS).expect("a good head").expect("a whole head");
        httparse_agrees(&bytes, &request)?;
    }

    #[test]
    fn what_another_parser_refuses_is_refused(bytes in nearly()) {
        // What is a whole head for us is one for it, and the same one. With an end, so that no line is left open.
        for end in [&b""[..], b"\r\n\r\n"] {
            let bytes = [&bytes, end].concat();
            if let Ok(Some((request, _))) = Request::parse(&bytes, &LIMITS) {
                httparse_agrees(&bytes, &request)?;
            }
        }
    }

    #[test]
    fn a_part_of_a_good_head_needs_more(meant in meant(), cut in any::<Index>()) {
        prop_assert_eq!(Request::parse(&meant.bytes[..cut.index(meant.bytes.len())], &LIMITS), Ok(None));
    }

    #[test]
    fn the_answer_does_not_depend_on_the_packets(bytes in nearly(), cuts in vec(any::<Index>(), 0..8)) {
        prop_assert_eq!(in_pieces(&bytes, &cuts, &LIMITS), Request::parse(&bytes, &LIMITS));
    }

    #[test]
    fn nor_does_it_near_the_limits(
        bytes in nearly(), cuts in vec(any::<Index>(), 0..8), target in 0..40usize, field_line in 0..40usize, fields in 0..6usize,
        head in 0..150usize,
    ) {
        let limits = Limits { target, field_line, fields, head };
        let whole = Request::parse(&bytes, &limits);
        prop_assert_eq!(in_pieces(&bytes, &cuts, &limits), whole);
        if let Ok(Some((request, length))) = whole {
            prop_assert!(length <= head);
            prop_assert!(request.fields().count() <= fields);
        }
    }

    #[test]
    fn more_bytes_change_no_answer(bytes in nearly(), behind in nearly()) {
        let answer = Request::parse(&bytes, &LIMITS);
        if answer != Ok(None) {
            let longer = [bytes.clone(), behind].concat();
            prop_assert_eq!(Request::parse(&longer, &LIMITS), answer);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), cuts in vec(any::<Index>(), 0..8)) {
        prop_assert_eq!(in_pieces(&bytes, &cuts, &LIMITS), Request::parse(&bytes, &LIMITS));
    }
}
