//! No limit, however large, makes a parser quadratic: a million bytes that come one by one cost what eight times an eighth
//! of them costs. What looks at everything again for each byte needs eight times as long.
//!
//! Measured is the time on the processor, so that it does not matter who else is at work.

use std::time::Duration;

use keep_alive::{Body, BodyDecoder};
use request::{Arrival, Framing};
use rustix::time::{ClockId, clock_gettime};

const SIZE: usize = 1_000_000;

/// Makes bytes of about this size.
type Shape = fn(usize) -> String;

fn on_the_processor(work: impl Fn()) -> Duration {
    let clock =
        || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a clock does not go back");
    let begun = clock();
    work();
    clock() - begun
}

fn is_linear(name: &str, shape: Shape, work: impl Fn(&[u8])) {
    // The smaller first: what is quadratic fails there already, and nobody waits for the million.
    for size in [SIZE / 8, SIZE] {
        let (whole, eighth) = (shape(size), shape(size / 8));
        // The best of three, in turn: what disturbs only makes it longer.
        let times = [(); 3].map(|()| {
            let once = on_the_processor(|| work(whole.as_bytes()));
            (once, on_the_processor(|| (0..8).for_each(|_| work(eighth.as_bytes()))))
        });
        let once = times.iter().map(|both| both.0).min().expect("three");
        let eight_times = times.iter().map(|both| both.1).min().expect("three");
        // Linear: 1. Quadratic: 8.
        assert!(
            once < eight_times * 3,
            "{name}: {size} bytes in {once:?}, eight times an eighth in {eight_times:?}"
        );
    }
}

#[test]
fn a_head_one_by_one() {
    const LIMITS: request::Limits =
        request::Limits { target: usize::MAX, field_line: usize::MAX, fields: usize::MAX, head: usize::MAX };
    let shapes: [(&str, Shape); 5] = [
        ("a method", |size| format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(size))),
        ("a target", |size| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(size))),
        ("a field", |size| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(size))),
        ("fields", |size| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: yz\r\n".repeat(size / 7))),
        ("a list", |size| {
            format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {}\r\n\r\n", "a,".repeat(size / 2))
        }),
    ];
    for (name, shape) in shapes {
        is_linear(name, shape, |bytes| {
            let mut arrival = Arrival::default();
            let judged = (1..=bytes.len()).map(|end| arrival.parse(&bytes[..end], &LIMITS));
            assert!(judged.last().expect("some bytes").expect("a good head").is_some(), "{name}");
        });
    }
}

#[test]
fn a_chunked_body_one_by_one() {
    let limits = keep_alive::Limits { trailers: usize::MAX, ..keep_alive::Limits::DEFAULT };
    let shapes: [(&str, Shape); 4] = [
        ("an extension", |size| format!("0;{}\r\n\r\n", "a".repeat(size))),
        ("chunks", |size| format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(size / 6))),
        ("a trailer", |size| format!("0\r\nX: {}\r\n\r\n", "y".repeat(size))),
        ("trailers", |size| format!("0\r\n{}\r\n", "X: yz\r\n".repeat(size / 7))),
    ];
    for (name, shape) in shapes {
        is_linear(name, shape, |bytes| {
            let mut decoder = BodyDecoder::new(Framing::Chunked).expect("chunks are a body");
            let (mut used, mut over) = (0, false);
            for end in 1..=bytes.len() {
                while !over && let Some(part) = decoder.next(&bytes[used..end], &limits).expect("good chunks")
                {
                    used += part.used;
                    over = part.body == Some(Body::End);
                }
            }
            assert!(over, "{name}");
        });
    }
}
