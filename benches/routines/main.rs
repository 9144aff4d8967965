//! Single routines of the hot path, back to back over generated messages.

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use fathom_benches::harness::Case;
use fathom_benches::stream::{CONNECTION, Stream, TEXT};
use fathom_benches::tables::tick::{Nowhere, Ours};
use hotpath::book::Book;
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::simd::Simd;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{Frame, Venue};
use std::hint::black_box;
use std::rc::Rc;

const MESSAGES: usize = 1_000;
const DEPTH: u32 = 10;

fn stream() -> Rc<Stream> {
    Rc::new(Stream::generated(MESSAGES, DEPTH).expect("the shipped configuration loads"))
}

/// Calls `take` with every message's number in turn.
fn cycle(bencher: &mut Bencher<'_>, mut take: impl FnMut(usize)) {
    let mut indices = (0..MESSAGES).cycle();
    bencher.iter(|| take(indices.next().unwrap_or(0)));
}

fn decode(criterion: &mut Criterion) {
    let stream = stream();
    let mut lines = bytemuck::zeroed_slice_box(EVENT_LINES);
    let simd = Simd::detect();
    criterion.bench_function("decode one book update", |bencher| {
        cycle(bencher, |index| {
            let mut events = Lines::new(&mut lines);
            let frame = Frame::received(CONNECTION, TEXT, stream.message(index));
            assert!(Kraken.decode(&stream.loaded.config, frame, simd, &mut events).is_ok(), "message {index} is legal");
            black_box(events.as_lines());
        });
    });
}

fn checksum(criterion: &mut Criterion) {
    let mut book: Box<Book> = bytemuck::zeroed_box();
    book.use_simd(Simd::detect());
    for (ask, price_ticks, qty_lots) in stream().snapshot_meaning().levels {
        black_box(if ask { book.asks.set(price_ticks, qty_lots) } else { book.bids.set(price_ticks, qty_lots) });
    }
    criterion.bench_function("checksum of the best ten of both sides", |bencher| {
        bencher.iter(|| black_box(&book).crc32_top10());
    });
    let text: Vec<u8> = b"0123456789".iter().copied().cycle().take(273).collect();
    criterion.bench_function("crc32fast over 273 ready digits", |bencher| {
        bencher.iter(|| crc32fast::hash(black_box(&text)));
    });
}

fn turn(criterion: &mut Criterion) {
    let mut ours = Ours::new(&stream(), Nowhere);
    criterion.bench_function("turn on one book update, nothing kept", |bencher| {
        cycle(bencher, |index| {
            if index == 0 {
                ours.reset();
            }
            ours.take(index);
        });
    });
}

criterion_group!(routines, decode, checksum, turn);
criterion_main!(routines);
