//! `cargo bench -p bench`: what the parser and the codec cost alone, beside a copy of the same bytes.

use std::hint::black_box;

use bench::ways::{HEAD, frames_of};
use divan::Bencher;
use divan::counter::BytesCount;
use frames::{Decoder, Role, mask};
use messages::{Assembler, as_text};
use request::{Limits, Request};

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [20, 16 << 10, 1 << 20];

#[divan::bench(args = SIZES)]
fn copy(bencher: Bencher, size: usize) {
    let (from, mut to) = (vec![b'x'; size], vec![0; size]);
    bencher.counter(BytesCount::new(size)).bench_local(|| to.copy_from_slice(black_box(&from)));
}

#[divan::bench(args = SIZES)]
fn unmask(bencher: Bencher, size: usize) {
    let mut payload = vec![b'x'; size];
    bencher.counter(BytesCount::new(size)).bench_local(|| mask(black_box(&mut payload), [1, 2, 3, 4], 0));
}

#[divan::bench(args = SIZES)]
fn utf8_ascii(bencher: Bencher, size: usize) {
    let text = vec![b'x'; size];
    bencher.counter(BytesCount::new(size)).bench_local(|| as_text(black_box(&text)).is_ok());
}

#[divan::bench(args = SIZES)]
fn utf8_greek(bencher: Bencher, size: usize) {
    let text = "κ".repeat(size / 2).into_bytes();
    bencher.counter(BytesCount::new(size)).bench_local(|| as_text(black_box(&text)).is_ok());
}

#[divan::bench]
fn request_head(bencher: Bencher) {
    let limits = Limits::default();
    bencher
        .counter(BytesCount::new(HEAD.len()))
        .bench_local(|| Request::parse(black_box(HEAD), &limits).is_ok());
}

#[divan::bench(args = SIZES)]
fn decode_frame(bencher: Bencher, size: usize) {
    let wire = frames_of(&vec![b'x'; size], 1);
    let mut decoder = Decoder::new(Role::Server);
    bencher
        .counter(BytesCount::new(size))
        .with_inputs(|| wire.clone())
        .bench_local_values(|mut wire| decoder.next(&mut &mut wire[..]).is_ok());
}

#[divan::bench(args = SIZES)]
fn assemble_message(bencher: Bencher, size: usize) {
    let wire = frames_of(&vec![b'x'; size], 1);
    let mut assembler = Assembler::new(Role::Server, ());
    bencher
        .counter(BytesCount::new(size))
        .with_inputs(|| wire.clone())
        .bench_local_values(|mut wire| assembler.next(&mut &mut wire[..], usize::MAX).is_ok());
}
