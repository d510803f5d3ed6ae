use super::*;

/// What a body's bytes come to: its content and how many bytes it took, or `None` where its end has not come.
type Outcome = Result<Option<(Vec<u8>, usize)>, BodyError>;

fn read(framing: Framing, pieces: &mut dyn Iterator<Item = usize>, bytes: &[u8], limits: &Limits) -> Outcome {
    let Some(mut decoder) = BodyDecoder::new(framing) else { return Ok(Some((Vec::new(), 0))) };
    let (mut content, mut used) = (Vec::new(), 0);
    for end in pieces {
        while let Some(part) = decoder.next(&bytes[used..end], limits)? {
            used += part.used;
            match part.body {
                Some(Body::Data(data)) => content.extend_from_slice(data),
                Some(Body::End) => {
                    assert_eq!(decoder.seen(), content.len() as u64);
                    assert_eq!(decoder.announced(), 0);
                    return Ok(Some((content, used)));
                }
                None => {}
            }
        }
    }
    Ok(None)
}

/// The outcome, which is the same whole, byte by byte, and with bytes behind.
fn outcome_with(framing: Framing, bytes: &[u8], limits: &Limits) -> Outcome {
    let whole = read(framing, &mut [bytes.len()].into_iter(), bytes, limits);
    let single = read(framing, &mut (1..=bytes.len()), bytes, limits);
    assert_eq!(single, whole, "{} byte by byte", bytes.escape_ascii());
    if whole != Ok(None) {
        for behind in [&b"GET"[..], b"\r\n", b"0\r\n\r\n", b"\0"] {
            let bytes = [bytes, behind].concat();
            let with = read(framing, &mut [bytes.len()].into_iter(), &bytes, limits);
            assert_eq!(with, whole, "{}", bytes.escape_ascii());
        }
    }
    whole
}

fn chunked(bytes: impl AsRef<[u8]>) -> Outcome {
    outcome_with(Framing::Chunked, bytes.as_ref(), &Limits::DEFAULT)
}

fn content(bytes: &str, content: &str) {
    assert_eq!(chunked(bytes), Ok(Some((content.into(), bytes.len()))), "{}", bytes.escape_debug());
}

#[test]
fn a_length_counts_bytes() {
    let length = |length, bytes: &[u8]| outcome_with(Framing::Length(length), bytes, &Limits::DEFAULT);
    assert_eq!(length(5, b"hello"), Ok(Some((b"hello".into(), 5))));
    assert_eq!(length(5, b"hell"), Ok(None));
    assert_eq!(length(0, b""), Ok(Some((Vec::new(), 0))));
    assert_eq!(length(u64::MAX, b"x"), Ok(None));
    assert_eq!(BodyDecoder::new(Framing::None), None);
    let mut decoder = BodyDecoder::new(Framing::Length(5)).expect("a body");
    decoder.next(b"he", &Limits::DEFAULT).expect("no fault");
    assert_eq!((decoder.seen(), decoder.announced()), (2, 3));
}

#[test]
fn rfc_9112_7_1_chunks() {
    content("0\r\n\r\n", "");
    content("5\r\nhello\r\n0\r\n\r\n", "hello");
    content("5\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n000\r\n\r\n", "hello world");
    content("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789");
    content("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n");
    content("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n");
}

#[test]
fn each_prefix_of_a_body_is_unfinished() {
    let whole = b"3;a=\"b\"\r\nabc\r\n0\r\nX: y\r\n\r\n";
    for end in 0..whole.len() {
        assert_eq!(chunked(&whole[..end]), Ok(None), "after {end} bytes");
    }
}

#[test]
fn rfc_9112_7_1_a_size_is_hex_digits_and_fits() {
    for bad in
        ["\r\n", "g\r\n", "0x5\r\n", "+5\r\n", "-1\r\n", " 5\r\n", "5 \r\n", "5_0\r\n", "5,5\r\n", ";a\r\n"]
    {
        assert_eq!(chunked(bad), Err(BodyError::ChunkSize), "{bad:?}");
    }
    assert_eq!(chunked("10000000000000000\r\n"), Err(BodyError::ChunkSizeOverflow));
    assert_eq!(chunked("ffffffffffffffff\r\nx"), Ok(None), "as large as can be counted");
}

#[test]
fn a_chunk_ends_where_it_said() {
    assert_eq!(chunked("3\r\nabcd\r\n0\r\n\r\n"), Err(BodyError::ChunkEnd));
    assert_eq!(chunked("3\r\nabc\n0\r\n\r\n"), Err(BodyError::ChunkEnd));
    assert_eq!(chunked("3\r\nabc\rx"), Err(BodyError::ChunkEnd));
    assert_eq!(chunked("4\r\nabc\r\n0\r\n\r\n"), Err(BodyError::ChunkEnd));
}

#[test]
fn lines_end_with_crlf() {
    assert_eq!(chunked("3\nabc\r\n"), Err(BodyError::Line(ParseError::BareLf)));
    assert_eq!(chunked("3\rabc\r\n"), Err(BodyError::Line(ParseError::BareCr)));
    assert_eq!(chunked("3;a\0\r\n"), Err(BodyError::Line(ParseError::Control(0))));
    assert_eq!(chunked("0\r\nA: b\n\r\n"), Err(BodyError::Line(ParseError::BareLf)));
    assert_eq!(chunked("0\r\n\n"), Err(BodyError::Line(ParseError::BareLf)));
}

#[test]
fn rfc_9112_7_1_1_extensions_are_checked_and_ignored() {
    for good in ["3;a", "3;a=b", "3;a=\"b;\\\"c\"", "3 ; a = b", "3;a;b=c;d=\"\"", "3\t;a"] {
        content(&format!("{good}\r\nabc\r\n0;last\r\n\r\n"), "abc");
    }
    for bad in ["3;", "3;=b", "3;a=", "3;a=\"b", "3;a=\"b\\\"", "3;a b=c;;", "3;\u{e9}=c", "3;a="] {
        let outcome = chunked(format!("{bad}\r\n"));
        assert!(
            matches!(outcome, Err(BodyError::ChunkExtension | BodyError::ChunkSize)),
            "{bad:?}: {outcome:?}"
        );
    }
}

#[test]
fn trailers_are_checked_and_dropped() {
    content("1\r\nx\r\n0\r\nContent-Length: 99\r\nX: y\r\n\r\n", "x");
    assert_eq!(chunked("0\r\nno colon\r\n\r\n"), Err(BodyError::Line(ParseError::NoColon)));
    assert_eq!(chunked("0\r\nA : b\r\n\r\n"), Err(BodyError::Line(ParseError::SpaceBeforeColon)));
    assert_eq!(chunked("0\r\nGET / HTTP/1.1\r\n\r\n"), Err(BodyError::Line(ParseError::NoColon)));
}

#[test]
fn lines_extensions_and_trailers_are_limited() {
    let limits = Limits { trailers: 40, ..Limits::DEFAULT };
    let outcome = |bytes: String| outcome_with(Framing::Chunked, bytes.as_bytes(), &limits);
    assert!(matches!(outcome(format!("0\r\nA: {}\r\n\r\n", "b".repeat(30))), Ok(Some(_))));
    assert_eq!(outcome(format!("0\r\nA: {}\r\n\r\n", "b".repeat(40))), Err(BodyError::TrailersTooLarge));
    assert_eq!(outcome(format!("0\r\n{}\r\n", "A: b\r\n".repeat(9))), Err(BodyError::TrailersTooLarge));
    assert_eq!(outcome(format!("{}1\r\n", "0".repeat(40))), Err(BodyError::TrailersTooLarge));
    // Each is short; together they are not. A size's own sixteen digits do not count.
    let extended = "1;extension=is-ballast\r\nx\r\n";
    assert_eq!(extended.len(), 16 + 6 + 5);
    assert!(matches!(outcome(format!("{}0\r\n\r\n", extended.repeat(6))), Ok(Some(_))));
    assert_eq!(outcome(extended.repeat(7)), Err(BodyError::TrailersTooLarge));
    // A limit is what is still allowed: seven times six bytes.
    for (trailers, fits) in [(42, true), (41, false)] {
        let limits = Limits { trailers, ..Limits::DEFAULT };
        let seven = format!("{}0\r\n\r\n", extended.repeat(7));
        let outcome = outcome_with(Framing::Chunked, seven.as_bytes(), &limits);
        assert_eq!(outcome.is_ok(), fits, "42 bytes, {trailers} are allowed: {outcome:?}");
    }
    assert!(matches!(outcome(format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(99))), Ok(Some(_))));
}

#[test]
fn each_fault_has_a_status_and_a_section() {
    assert_eq!(BodyError::TooLarge.status(), Status::ContentTooLarge);
    assert_eq!(BodyError::TrailersTooLarge.status(), Status::RequestHeaderFieldsTooLarge);
    assert_eq!(BodyError::Line(ParseError::BareLf).status(), Status::BadRequest);
    for fault in [
        BodyError::ChunkSize,
        BodyError::ChunkSizeOverflow,
        BodyError::ChunkExtension,
        BodyError::ChunkEnd,
        BodyError::TrailersTooLarge,
        BodyError::Line(ParseError::NoColon),
        BodyError::TooLarge,
    ] {
        assert!(fault.section().starts_with("RFC 91"), "{fault:?}");
        let why = fault.to_string();
        assert!(why.contains(' ') && !why.ends_with('.'), "{fault:?} in words: {why}");
    }
}
