//! The head parser of rung 04.
//!
//! An input: a byte that says which limits (even: the defaults), the cuts, then what the client sends.

use arbitrary::Unstructured;
use request::{Arrival, Framing, Limits, Method, ParseError, Request, Target, Version};

use crate::cuts::{Cuts, byte, shown};

/// So small that an input of a few bytes meets each of them.
const SMALL: Limits = Limits { target: 20, field_line: 30, fields: 4, head: 120 };

type Judged<'a> = Result<Option<(Request<'a>, usize)>, ParseError>;

struct Input<'a> {
    limits: Limits,
    cuts: Cuts,
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    fn new(data: &'a [u8]) -> Input<'a> {
        let mut data = Unstructured::new(data);
        let limits = if byte(&mut data).is_multiple_of(2) { Limits::DEFAULT } else { SMALL };
        Input { limits, cuts: Cuts::take(&mut data), bytes: data.take_rest() }
    }
}

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    let Input { limits, cuts, bytes } = Input::new(data);
    format!("A request head, {cuts}, with {limits:?}:\n{}", shown(bytes))
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let Input { limits, cuts, bytes } = Input::new(data);
    let whole = Request::parse(bytes, &limits);
    assert_eq!(arriving(bytes, &cuts, &limits).0, whole, "the answer depends on how the bytes are cut");

    // An answer that is there never changes, neither with more bytes nor with other ones behind it.
    let (bytewise, answered_at) = arriving(bytes, &Cuts::bytewise(), &limits);
    assert_eq!(bytewise, whole, "the answer is another when the bytes come one by one");
    assert_eq!(
        Request::parse(&bytes[..answered_at], &limits),
        whole,
        "the answer is another with the bytes behind it cut off"
    );
    if whole != Ok(None) {
        assert_eq!(Request::parse(&bytes[..answered_at - 1], &limits), Ok(None), "an answer came too early");
        let mut other = bytes.to_vec();
        other[answered_at..].iter_mut().for_each(|byte| *byte = !*byte);
        assert_eq!(Request::parse(&other, &limits), whole, "the answer depends on bytes behind the head");
    }
    if let Ok(Some((request, used))) = whole {
        assert_eq!(used, answered_at, "a head ends where it is complete");
        obeys(&request, &bytes[..used], &limits);
        as_others_read_it(&request, &bytes[..used]);
    }
}

/// The answer to bytes that come in reads, and how many had come by then.
fn arriving<'a>(bytes: &'a [u8], cuts: &Cuts, limits: &Limits) -> (Judged<'a>, usize) {
    let (mut arrival, mut come) = (Arrival::default(), 0);
    for piece in cuts.pieces(bytes) {
        come += piece.len();
        let judged = arrival.parse(&bytes[..come], limits);
        if judged != Ok(None) {
            return (judged, come);
        }
    }
    (Ok(None), come)
}

/// What was accepted keeps to the limits, and says only once where it ends.
fn obeys(request: &Request<'_>, head: &[u8], limits: &Limits) {
    assert!(head.len() <= limits.head, "a head of {} bytes", head.len());
    let target = request_line(head).split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    assert!(target.len() <= limits.target, "a target over its limit");
    assert!(request.fields().count() <= limits.fields, "too many fields");
    for field in request.fields() {
        assert!(field.name.len() + 1 + field.value.len() <= limits.field_line, "a field over its limit");
    }
    // RFC 9112 §6.3, seen from the fields alone: a request that can be read in two ways is a request smuggled.
    let lengths: Vec<_> = request.fields_named("content-length").collect();
    let codings: Vec<_> = request.fields_named("TRANSFER-ENCODING").collect();
    match request.framing {
        Framing::None => assert_eq!((lengths.len(), codings.len()), (0, 0), "framing was overlooked"),
        Framing::Length(length) => {
            assert!(codings.is_empty(), "RFC 9112 §6.1: Content-Length and Transfer-Encoding");
            let [digits] = lengths[..] else { panic!("RFC 9112 §6.3: not one Content-Length") };
            let digits = str::from_utf8(digits).unwrap_or_default();
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "RFC 9110 §8.6: {digits:?}");
            assert_eq!(digits.parse(), Ok(length), "RFC 9110 §8.6");
        }
        Framing::Chunked => {
            assert!(lengths.is_empty(), "RFC 9112 §6.1: Content-Length and Transfer-Encoding");
            assert_eq!(request.version, Version::Http11, "RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0");
            let [coding] = codings[..] else { panic!("RFC 9112 §6.1: not one Transfer-Encoding") };
            assert!(coding.eq_ignore_ascii_case(b"chunked"), "RFC 9112 §6.1: {:?}", shown(coding));
        }
    }
    let hosts = request.fields_named("Host").count();
    assert!(hosts <= 1, "RFC 9112 §3.2: Host twice");
    assert!(hosts == 1 || request.version == Version::Http10, "RFC 9112 §3.2: no Host");
}

/// The first line, without its end.
fn request_line(head: &[u8]) -> &[u8] {
    head.trim_ascii_start().split(|&byte| byte == b'\r').next().unwrap_or_default()
}

/// What we accept, httparse accepts too, and sees the same in it. (It accepts more; we need not.) Exceptions:
///
/// - HTTP/1.2 and higher. RFC 9110 §2.5: they are served as the highest 1.x that we know; httparse knows 1.0 and 1.1.
/// - An absolute-form without a path. RFC 9110 §4.2.3: "an empty path component is equivalent to an absolute path of
///   "/"", so that is what we show.
fn as_others_read_it(request: &Request<'_>, head: &[u8]) {
    let line = request_line(head);
    if !line.ends_with(b" HTTP/1.0") && !line.ends_with(b" HTTP/1.1") {
        return;
    }
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut theirs = httparse::Request::new(&mut fields);
    let parsed = theirs.parse(head);
    assert_eq!(parsed, Ok(httparse::Status::Complete(head.len())), "httparse judges otherwise");
    if request.method != Method::Unknown {
        assert_eq!(theirs.method, Some(request.method.as_str()));
    }
    let (ours, target) = (request.target.to_string(), theirs.path.unwrap_or_default());
    let without_path = match request.target {
        Target::Absolute { authority, path: "/", .. } => {
            ours.replacen(&format!("{authority}/"), authority, 1)
        }
        _ => ours.clone(),
    };
    assert!(
        ours == target || without_path == target,
        "httparse reads the target {target:?}, we read {ours:?}"
    );
    let ours = request.fields().map(|field| (field.name, field.value));
    let theirs = theirs.headers.iter().map(|field| (field.name, field.value));
    assert!(ours.eq(theirs), "httparse sees other fields");
}
