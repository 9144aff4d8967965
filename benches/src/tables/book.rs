//! Levels, already typed, to a book whose checksum is verified.

use super::DEPTH;
use crate::books::{Book, DecimalBook, SortedBook, TreeBook};
use crate::harness::{Case, Table};
use crate::stream::{Meaning, Stream};
use anyhow::Result;
use hotpath::book::Book as Sides;
use hotpath::simd::Simd;
use rust_decimal::Decimal;
use std::hint::black_box;
use std::ops::Range;
use std::rc::Rc;

/// All books over one stream.
pub(super) fn table(stream: &Rc<Stream>) -> Table {
    let [price_decimals, qty_decimals] = decimals(stream);
    let same = |price_ticks, qty_lots| (price_ticks, qty_lots);
    let decimal =
        |price_ticks, qty_lots| (Decimal::new(price_ticks, price_decimals), Decimal::new(qty_lots, qty_decimals));
    let mut table = Table::new(format!("book: apply, cut, verify the checksum: {}", stream.origin), "message");
    table.add("ours", Applied::<Ours, i64>::new(stream, same));
    table.add_peer("BTreeMap<i64>, write!, crc32fast", Applied::<TreeBook, i64>::new(stream, same));
    table.add_peer("sorted Vec, itoa, crc32fast", Applied::<SortedBook, i64>::new(stream, same));
    table.add_peer("BTreeMap<Decimal>, to_string, crc32fast", Applied::<DecimalBook, Decimal>::new(stream, decimal));
    table.add("ours, no checksum", Applied::<Unverified<Ours>, i64>::new(stream, same));
    table.add("BTreeMap<i64>, no checksum", Applied::<Unverified<TreeBook>, i64>::new(stream, same));
    table.add("sorted Vec, no checksum", Applied::<Unverified<SortedBook>, i64>::new(stream, same));
    #[cfg(feature = "peer-books")]
    table.add("hftbacktest 0.9.4 ROIVector, no cut, no checksum", hftbacktest_book::applied(stream));
    table.add("ours again", Applied::<Ours, i64>::new(stream, same));
    table
}

/// Our book at several depths, and the trees at the deepest.
pub(super) fn depths(messages: usize) -> Result<Table> {
    let same = |price_ticks, qty_lots| (price_ticks, qty_lots);
    let mut table = Table::new("book by depth: apply, cut, verify the checksum: generated", "message");
    let first = Rc::new(Stream::generated(messages, DEPTH)?);
    table.add_peer(format!("ours, depth {DEPTH}"), Applied::<Ours, i64>::new(&first, same));
    for depth in [100, 1_000] {
        let stream = Rc::new(Stream::generated(messages, depth)?);
        table.add(format!("ours, depth {depth}"), Applied::<Ours, i64>::new(&stream, same));
        table.add(format!("BTreeMap<i64>, depth {depth}"), Applied::<TreeBook, i64>::new(&stream, same));
    }
    table.add("the first again", Applied::<Ours, i64>::new(&first, same));
    Ok(table)
}

fn decimals(stream: &Stream) -> [u32; 2] {
    let market = &stream.loaded.config.markets[0];
    [market.price_precision, market.qty_precision].map(u32::from)
}

/// Our book.
struct Ours(Box<Sides>);

impl Default for Ours {
    fn default() -> Self {
        let mut sides: Box<Sides> = bytemuck::zeroed_box();
        sides.use_simd(Simd::detect());
        Self(sides)
    }
}

impl Book<i64> for Ours {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn set(&mut self, ask: bool, price: i64, qty: i64) {
        black_box(if ask { self.0.asks.set(price, qty) } else { self.0.bids.set(price, qty) });
    }

    fn cut(&mut self, depth: usize) {
        self.0.cut(depth);
    }

    fn checksum(&mut self) -> Option<u32> {
        Some(self.0.crc32_top10())
    }
}

/// A book that is not asked for its checksum.
#[derive(Default)]
struct Unverified<B>(B);

impl<N, B: Book<N>> Book<N> for Unverified<B> {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn set(&mut self, ask: bool, price: N, qty: N) {
        self.0.set(ask, price, qty);
    }

    fn cut(&mut self, depth: usize) {
        self.0.cut(depth);
    }

    fn checksum(&mut self) -> Option<u32> {
        black_box(&mut self.0);
        None
    }
}

/// A level of a message: ask side or not, price, size.
type Level<N> = (bool, N, N);

/// A message whose levels lie in one array with those of the others.
struct Message {
    clears: bool,
    levels: Range<usize>,
    checksum: u32,
}

struct Applied<B, N> {
    book: B,
    depth: usize,
    snapshot: Vec<Level<N>>,
    levels: Vec<Level<N>>,
    messages: Vec<Message>,
}

impl<B: Book<N> + Default, N: Copy> Applied<B, N> {
    fn new(stream: &Stream, number: impl Fn(i64, i64) -> (N, N)) -> Self {
        Self::with(B::default(), stream, number)
    }
}

impl<B, N: Copy> Applied<B, N> {
    fn with(book: B, stream: &Stream, number: impl Fn(i64, i64) -> (N, N)) -> Self {
        let level = |(ask, price_ticks, qty_lots): &(bool, i64, i64)| {
            let (price, qty) = number(*price_ticks, *qty_lots);
            (*ask, price, qty)
        };
        let snapshot = stream.snapshot_meaning().levels.iter().map(level).collect();
        let (mut levels, mut messages) = (Vec::new(), Vec::new());
        for Meaning { clears, levels: own, checksum, .. } in stream.meanings() {
            let start = levels.len();
            levels.extend(own.iter().map(level));
            messages.push(Message { clears, levels: start..levels.len(), checksum });
        }
        let depth = stream.loaded.config.markets[0].depth as usize;
        Self { book, depth, snapshot, levels, messages }
    }
}

impl<B: Book<N>, N: Copy> Case for Applied<B, N> {
    fn messages(&self) -> usize {
        self.messages.len()
    }

    fn reset(&mut self) {
        self.book.clear();
        for (ask, price, qty) in &self.snapshot {
            self.book.set(*ask, *price, *qty);
        }
    }

    fn take(&mut self, index: usize) {
        let message = &self.messages[index];
        if message.clears {
            self.book.clear();
        }
        for (ask, price, qty) in &self.levels[message.levels.clone()] {
            self.book.set(*ask, *price, *qty);
        }
        self.book.cut(self.depth);
        let checksum = self.book.checksum();
        assert!(checksum.is_none_or(|found| found == message.checksum), "message {index}: another checksum");
    }
}

#[cfg(feature = "peer-books")]
mod hftbacktest_book {
    use super::Applied;
    use crate::books::Book;
    use crate::stream::Stream;
    use hftbacktest::depth::{L2MarketDepth, MarketDepth, ROIVectorMarketDepth};
    use hftbacktest::types::Side;
    use std::hint::black_box;

    /// Ticks on each side of the snapshot's best bid that the vector covers.
    const RANGE_TICKS: i64 = 20_000;

    pub(super) fn applied(stream: &Stream) -> Applied<Depth, f64> {
        let market = &stream.loaded.config.markets[0];
        let [tick, lot] =
            [market.price_precision, market.qty_precision].map(|decimals| 10_f64.powi(-i32::from(decimals)));
        let best_ticks = stream.snapshot_meaning().levels.first().map_or(0, |(_, price_ticks, _)| *price_ticks);
        let price = |price_ticks: i64| price_ticks as f64 * tick;
        let [low, high] = [price(best_ticks - RANGE_TICKS), price(best_ticks + RANGE_TICKS)];
        let depth = Depth(ROIVectorMarketDepth::new(tick, lot, low, high));
        Applied::with(depth, stream, |price_ticks, qty_lots| (price(price_ticks), qty_lots as f64 * lot))
    }

    pub(super) struct Depth(ROIVectorMarketDepth);

    impl Book<f64> for Depth {
        fn clear(&mut self) {
            // Up to no finite price: all of the side.
            self.0.clear_depth(Side::Buy, f64::INFINITY);
            self.0.clear_depth(Side::Sell, f64::INFINITY);
        }

        fn set(&mut self, ask: bool, price: f64, qty: f64) {
            black_box(if ask {
                self.0.update_ask_depth(price, qty, 0)
            } else {
                self.0.update_bid_depth(price, qty, 0)
            });
        }

        fn cut(&mut self, _: usize) {}

        fn checksum(&mut self) -> Option<u32> {
            black_box((self.0.best_bid_tick(), self.0.best_ask_tick()));
            None
        }
    }
}
