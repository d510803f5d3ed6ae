//! Masking and the check for UTF-8 alone, beside a copy of as many bytes: what a frame could cost at best.

use std::hint::black_box;
use std::time::{Duration, Instant};

use frames::mask;
use messages::as_text;

use crate::data::Alone;

const SIZES: [usize; 3] = [125, 16 << 10, 1 << 20];
/// Each is measured so often, in turn, for so long; the best counts: what disturbs only makes it longer.
const ROUNDS: usize = 20;
const TIME: Duration = Duration::from_millis(10);

type Loop<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Measures all.
pub fn alone() -> Vec<Alone> {
    let mut rows = Vec::new();
    for size in SIZES {
        let (mut buffer, from) = (vec![b'x'; size], vec![b'y'; size]);
        let greek = "κ".repeat(size / 2).into_bytes();
        let mut ways: [Loop<'_>; 4] = [
            ("a copy", Box::new(|| black_box(&mut buffer).copy_from_slice(black_box(&from)))),
            ("unmasking in place", {
                let mut payload = vec![b'x'; size];
                Box::new(move || mask(black_box(&mut payload), [1, 2, 3, 4], 0))
            }),
            ("UTF-8, all ASCII", {
                let text = vec![b'x'; size];
                Box::new(move || assert!(as_text(black_box(&text)).is_ok()))
            }),
            ("UTF-8, all Greek", Box::new(|| assert!(as_text(black_box(&greek)).is_ok()))),
        ];
        let mut best = [0.0_f64; 4];
        for _ in 0..ROUNDS {
            for (best, (_, way)) in best.iter_mut().zip(&mut ways) {
                *best = best.max(rate(size, way));
            }
        }
        let all = ways.iter().zip(best);
        rows.extend(all.map(|((what, _), best)| Alone { what: (*what).into(), size, gigabytes: best }));
    }
    rows
}

/// Gigabytes in a second.
fn rate(size: usize, way: &mut dyn FnMut()) -> f64 {
    let (mut times, begin) = (0, Instant::now());
    while begin.elapsed() < TIME {
        // The clock is not to be measured.
        (0..(1 << 20) / size).for_each(|_| way());
        times += (1 << 20) / size;
    }
    (times * size) as f64 / begin.elapsed().as_secs_f64() / 1e9
}
