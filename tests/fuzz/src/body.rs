//! The body decoder of rung 05.
//!
//! An input: a byte that says which framing (even: chunks; odd: a length, in two bytes), the cuts, then what the client
//! sends.

use std::ops::ControlFlow;

use arbitrary::Unstructured;
use keep_alive::{Body, BodyDecoder, BodyError, Limits};
use request::Framing;

use crate::cuts::{Cuts, byte, shown};

/// A limit that an input of a few bytes can meet.
const LIMITS: Limits = Limits { trailers: 40, ..Limits::DEFAULT };

struct Input<'a> {
    framing: Framing,
    cuts: Cuts,
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    fn new(data: &'a [u8]) -> Input<'a> {
        let mut data = Unstructured::new(data);
        let framing = match byte(&mut data) % 2 {
            0 => Framing::Chunked,
            _ => Framing::Length(u16::from_be_bytes([byte(&mut data), byte(&mut data)]).into()),
        };
        Input { framing, cuts: Cuts::take(&mut data), bytes: data.take_rest() }
    }
}

/// What a body came to.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    content: Vec<u8>,
    /// Bytes of the connection up to the end of the body, `None` while it has not ended.
    end: Option<usize>,
    error: Option<BodyError>,
}

/// Says what an input is.
pub fn show(data: &[u8]) -> String {
    let Input { framing, cuts, bytes } = Input::new(data);
    format!("A body with framing {framing:?}, {cuts}:\n{}", shown(bytes))
}

/// Tries an input.
pub fn check(data: &[u8]) {
    let Input { framing, cuts, bytes } = Input::new(data);
    let Some(decoder) = BodyDecoder::new(framing) else {
        return assert_eq!(framing, Framing::Length(0), "a body that nothing decodes");
    };
    let whole = decoded(decoder, &Cuts::none(), bytes);
    assert_eq!(decoded(decoder, &cuts, bytes), whole, "the body depends on how it is cut");
    assert_eq!(decoded(decoder, &Cuts::bytewise(), bytes), whole, "the body is another byte by byte");
    match framing {
        Framing::Length(length) => {
            let length = usize::try_from(length).expect("two bytes");
            assert_eq!(
                whole.content,
                bytes[..length.min(bytes.len())],
                "RFC 9112 §6.3: the content is all bytes"
            );
            assert_eq!(
                whole.end,
                (bytes.len() >= length).then_some(length),
                "RFC 9112 §6.3: it ends at its length"
            );
            assert_eq!(whole.error, None, "any byte may stand in a body");
        }
        _ => {
            let (content, end) = chunks(bytes);
            assert!(content.starts_with(&whole.content), "RFC 9112 §7.1: bytes that stand in no chunk");
            if whole.end.is_some() {
                assert_eq!(
                    (whole.content, whole.end),
                    (content, end),
                    "RFC 9112 §7.1: another content or end"
                );
            }
        }
    }
}

fn decoded(mut decoder: BodyDecoder, cuts: &Cuts, bytes: &[u8]) -> Decoded {
    let mut content = Vec::new();
    let fed = cuts.feed(bytes, |bytes| {
        let part = match decoder.next(bytes, &LIMITS) {
            Ok(Some(part)) => part,
            Ok(None) => return ControlFlow::Continue(None),
            Err(error) => return ControlFlow::Break(Err(error)),
        };
        match part.body {
            Some(Body::End) => return ControlFlow::Break(Ok(part.used)),
            Some(Body::Data(data)) => content.extend_from_slice(data),
            None => {}
        }
        assert!(part.used > 0, "a step that leads nowhere");
        ControlFlow::Continue(Some(part.used))
    });
    assert_eq!(decoder.seen(), content.len() as u64, "the decoder miscounts");
    let (end, error) = match fed.broke {
        Some(Ok(last)) => (Some(fed.used + last), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    Decoded { content, end, error }
}

/// The content that stands in chunks, as far as it goes, and its end: as plain as it can be, and it checks nothing.
fn chunks(bytes: &[u8]) -> (Vec<u8>, Option<usize>) {
    let (mut content, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = line_at(bytes, at) else { return (content, None) };
        at += line.len() + 2;
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let digits = str::from_utf8(&line[..digits]).unwrap_or_default();
        let size = u64::from_str_radix(digits, 16).unwrap_or_default();
        if size == 0 {
            break;
        }
        let rest = &bytes[at..];
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        content.extend_from_slice(&rest[..size]);
        at += size + 2;
    }
    while let Some(line) = line_at(bytes, at) {
        at += line.len() + 2;
        if line.is_empty() {
            return (content, Some(at));
        }
    }
    (content, None)
}

/// The line that begins at `at`, without its CRLF.
fn line_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let length = rest.windows(2).position(|pair| pair == b"\r\n")?;
    Some(&rest[..length])
}
