//! The bytes of a load: what opens a connection, one question, and what the answer must be. Prepared once, so that the
//! generator does nothing but send and count.

use std::ops::RangeInclusive;

use harness::{Frame, ws};

use crate::load::{Load, TEXT, Talk};

/// The bytes of a load, for one kind of server.
#[derive(Debug)]
pub(crate) struct Script {
    /// Sent first, and answered with a head of its own.
    pub opening: Option<String>,
    /// One question.
    pub question: Vec<u8>,
    pub answer: Expected,
}

/// What an answer must be.
#[derive(Debug)]
pub(crate) enum Expected {
    /// These bytes.
    Bytes(Vec<u8>),
    /// An HTTP answer, 200, with this body. What stands in its head is the server's affair.
    Body(Vec<u8>),
}

/// Printable, and nowhere the same for long.
pub fn bytes(length: usize) -> Vec<u8> {
    const PRINTABLE: RangeInclusive<u8> = b' '..=b'~';
    // A linear congruential generator, Knuth's MMIX.
    let mut state = length as u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        PRINTABLE.start() + ((state >> 33) % PRINTABLE.count() as u64) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The path of a file of this size.
pub fn file(length: usize) -> String {
    format!("{length}.bin")
}

/// What a server answers who knows the file of this size, and looks at nothing else.
pub fn response(length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    [head.into_bytes(), bytes(length)].concat()
}

impl Script {
    /// `bare`: the server knows no protocol, and sends back what it gets.
    pub fn new(load: &Load, bare: bool, host: &str) -> Script {
        let get = |path: &str| format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
        let script = match load.talk {
            Talk::Hello => Script {
                opening: None,
                question: get("hello"),
                answer: Expected::Body(b"Hello, World!".to_vec()),
            },
            Talk::File(length) => {
                Script { opening: None, question: get(&file(length)), answer: Expected::Body(bytes(length)) }
            }
            Talk::Echo(length) => message("/", length, host),
            Talk::All(length) => message("/all", length, host),
        };
        if bare {
            let answer = Expected::Bytes(script.question.clone());
            return Script { opening: None, answer, ..script };
        }
        script
    }
}

impl Script {
    /// For rung 12, who lets in whoever has a token. The chat behind it answers a text in its own words, and a Ping as all do.
    pub fn guarded(host: &str, token: &str, length: usize) -> Script {
        let (question, payload) = (Frame::ping(bytes(length)), bytes(length));
        let bearer = format!("Bearer {token}");
        Script {
            opening: Some(ws::handshake(host, "/chat", &[("Authorization", &bearer)])),
            question: question.bytes(),
            answer: Expected::Bytes(Frame::pong(payload).unmasked().bytes()),
        }
    }
}

fn message(path: &str, length: usize, host: &str) -> Script {
    let payload = bytes(length);
    let frame = if length <= TEXT {
        Frame::text(&String::from_utf8_lossy(&payload))
    } else {
        Frame::binary(&payload)
    };
    Script {
        opening: Some(ws::handshake(host, path, &[])),
        question: frame.bytes(),
        answer: Expected::Bytes(frame.unmasked().bytes()),
    }
}

impl Expected {
    /// How many of these bytes, which begin an answer, are the answer; `None` when some are missing.
    ///
    /// # Errors
    /// When it is not the one that it must be.
    pub fn check(&self, bytes: &[u8]) -> Result<Option<usize>, String> {
        let (head, body) = match self {
            Expected::Bytes(answer) => (0, answer),
            Expected::Body(body) => {
                let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                    return Ok(None);
                };
                let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                let length = format!("\r\ncontent-length: {}", body.len());
                let fits = |rest: &str| rest.is_empty() || rest.starts_with("\r\n");
                if !head.starts_with("http/1.1 200")
                    || !head.split_once(&length).is_some_and(|(_, rest)| fits(rest))
                {
                    return Err(format!("this is no 200 with a body of {} bytes: {head}", body.len()));
                }
                (end + 4, body)
            }
        };
        let came = &bytes[head..bytes.len().min(head + body.len())];
        if let Some(place) = came.iter().zip(body).position(|(a, b)| a != b) {
            return Err(format!("byte {place} is {:#04x} and had to be {:#04x}", came[place], body[place]));
        }
        Ok((came.len() == body.len()).then_some(head + body.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_checked_to_its_last_byte() {
        let echo = Expected::Bytes(b"hello".to_vec());
        assert_eq!(echo.check(b"hel"), Ok(None));
        assert_eq!(echo.check(b"hellohe"), Ok(Some(5)));
        assert!(echo.check(b"hellO").is_err());

        let page = Expected::Body(b"abc".to_vec());
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: x\r\n\r\n";
        assert_eq!(page.check(head.as_bytes()), Ok(None));
        assert_eq!(page.check(format!("{head}abcHTTP").as_bytes()), Ok(Some(head.len() + 3)));
        for wrong in [head.replace("200", "404"), head.replace(": 3", ": 30"), format!("{head}abd")] {
            assert!(page.check(format!("{wrong}abc").as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn payloads_are_text_of_their_length() {
        assert_eq!(bytes(20).len(), 20);
        assert!(bytes(100_000).iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_ne!(bytes(100)[..50], bytes(100)[50..]);
    }
}
