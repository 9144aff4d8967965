//! Frame bytes to typed messages.

use crate::decoders::{Decoder, SerdeExact, SerdeFloat, SimdFloat, SonicFloat};
use crate::harness::{Case, Table};
use crate::stream::{CONNECTION, Stream, TEXT};
use anyhow::{Result, ensure};
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::record::Line;
use hotpath::simd::Simd;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{Frame, Venue};
use std::hint::black_box;
use std::rc::Rc;

/// All decoders over one stream, after a check that they agree.
pub(super) fn table(stream: &Rc<Stream>) -> Result<Table> {
    agrees::<SerdeFloat>(stream)?;
    agrees::<SerdeExact>(stream)?;
    agrees::<SimdFloat>(stream)?;
    agrees::<SonicFloat>(stream)?;
    let mut table = Table::new(format!("decode: {}", stream.origin), "message");
    table.add("ours, to event records, exact", Ours::new(stream));
    table.add_peer("serde_json, typed, borrowed, f64", Peer::<SerdeFloat>::new(stream));
    table.add("serde_json, rust_decimal, exact", Peer::<SerdeExact>::new(stream));
    table.add("simd-json, typed, f64, with its copy", Peer::<SimdFloat>::new(stream));
    table.add_peer("sonic-rs, typed, f64", Peer::<SonicFloat>::new(stream));
    table.add("floor: read every byte once", Bytes(Rc::clone(stream)));
    table.add("ours again", Ours::new(stream));
    Ok(table)
}

fn agrees<D: Decoder + Default>(stream: &Stream) -> Result<()> {
    let market = &stream.loaded.config.markets[0];
    let mut decoder = D::default();
    for (index, ours) in stream.meanings().into_iter().enumerate() {
        let theirs = decoder.meaning(stream.message(index), market.price_precision, market.qty_precision);
        ensure!(theirs == ours, "message {index}: a peer reads {theirs:?}, we read {ours:?}");
    }
    Ok(())
}

struct Ours {
    stream: Rc<Stream>,
    lines: Box<[Line]>,
    simd: Simd,
}

impl Ours {
    fn new(stream: &Rc<Stream>) -> Self {
        Self { stream: Rc::clone(stream), lines: bytemuck::zeroed_slice_box(EVENT_LINES), simd: Simd::detect() }
    }
}

impl Case for Ours {
    fn messages(&self) -> usize {
        self.stream.len()
    }

    fn take(&mut self, index: usize) {
        let mut events = Lines::new(&mut self.lines);
        let frame = Frame::received(CONNECTION, TEXT, self.stream.message(index));
        let decoded = Kraken.decode(&self.stream.loaded.config, frame, self.simd, &mut events);
        assert!(decoded.is_ok(), "message {index} is legal");
        black_box(events.as_lines());
    }
}

struct Peer<D> {
    stream: Rc<Stream>,
    decoder: D,
}

impl<D: Decoder + Default> Peer<D> {
    fn new(stream: &Rc<Stream>) -> Self {
        Self { stream: Rc::clone(stream), decoder: D::default() }
    }
}

impl<D: Decoder> Case for Peer<D> {
    fn messages(&self) -> usize {
        self.stream.len()
    }

    fn take(&mut self, index: usize) {
        self.decoder.decode(self.stream.message(index), |message, exch_ns| {
            black_box((message, exch_ns));
        });
    }
}

struct Bytes(Rc<Stream>);

impl Case for Bytes {
    fn messages(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, index: usize) {
        let (words, rest) = self.0.message(index).as_chunks::<8>();
        // Without a check for overflow, which would cost more than the reading.
        let sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
        black_box(rest.iter().fold(sum, |sum, byte| sum.wrapping_add(u64::from(*byte))));
    }
}
