//! Decoders as a client would assemble them from public crates.
//!
//! All read into the same typed message, which borrows its texts from the frame, and turn the time
//! into nanoseconds with our own reader of times, which is faster than what clients use.

use crate::stream::Meaning;
use hotpath::time::utc_ns;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A book message.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "N: Deserialize<'de>"))]
pub struct Message<'a, N> {
    /// `book`.
    pub channel: &'a str,
    /// `snapshot` or `update`.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The one market of the message.
    #[serde(borrow)]
    pub data: [Row<'a, N>; 1],
}

/// One market's part.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "N: Deserialize<'de>"))]
pub struct Row<'a, N> {
    /// The market.
    pub symbol: &'a str,
    /// Bids.
    pub bids: Vec<Level<N>>,
    /// Asks.
    pub asks: Vec<Level<N>>,
    /// The exchange's checksum.
    pub checksum: u32,
    /// The exchange's time.
    pub timestamp: &'a str,
}

/// A level.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Level<N> {
    /// Price, quote currency.
    pub price: N,
    /// Size, base currency.
    pub qty: N,
}

/// A number as a decoder gives it.
pub trait Number: Copy {
    /// The number in units of 10^-`precision`.
    fn scaled(self, precision: u8) -> i64;
}

impl Number for f64 {
    fn scaled(self, precision: u8) -> i64 {
        // Prices and sizes are not negative: adding a half and cutting rounds them.
        (self * POWERS[usize::from(precision)] + 0.5) as i64
    }
}

/// 10^i.
const POWERS: [f64; 13] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

/// A decimal read from the number's own text, digit for digit.
#[derive(Clone, Copy, Debug)]
pub struct Exact(pub Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Decimal::from_str_exact(raw.get()).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Number for Exact {
    fn scaled(self, precision: u8) -> i64 {
        let mut value = self.0;
        value.rescale(u32::from(precision));
        value.mantissa().to_i64().expect("a price or a size")
    }
}

/// Frame to message.
pub trait Decoder {
    /// What prices and sizes become.
    type Number: Number;

    /// Reads one frame and lends the message, with its time in nanoseconds. A frame that cannot be read
    /// panics.
    fn decode<R>(&mut self, frame: &[u8], lend: impl FnOnce(&Message<'_, Self::Number>, u64) -> R) -> R;

    /// The message in ticks and lots.
    fn meaning(&mut self, frame: &[u8], price_precision: u8, qty_precision: u8) -> Meaning {
        self.decode(frame, |message, exch_ns| {
            let row = &message.data[0];
            let scaled = |ask, level: &Level<Self::Number>| {
                (ask, level.price.scaled(price_precision), level.qty.scaled(qty_precision))
            };
            let bids = row.bids.iter().map(|level| scaled(false, level));
            let levels = bids.chain(row.asks.iter().map(|level| scaled(true, level))).collect();
            Meaning { clears: message.kind == "snapshot", levels, checksum: row.checksum, exch_ns }
        })
    }
}

fn lend<N, R>(message: &Message<'_, N>, lend: impl FnOnce(&Message<'_, N>, u64) -> R) -> R {
    let exch_ns = utc_ns(message.data[0].timestamp.as_bytes()).expect("a time");
    lend(message, exch_ns)
}

/// `serde_json`, numbers as `f64`.
#[derive(Default)]
pub struct SerdeFloat;

impl Decoder for SerdeFloat {
    type Number = f64;

    fn decode<R>(&mut self, frame: &[u8], take: impl FnOnce(&Message<'_, f64>, u64) -> R) -> R {
        lend(&serde_json::from_slice(frame).expect("a book message"), take)
    }
}

/// `serde_json`, numbers as exact decimals.
#[derive(Default)]
pub struct SerdeExact;

impl Decoder for SerdeExact {
    type Number = Exact;

    fn decode<R>(&mut self, frame: &[u8], take: impl FnOnce(&Message<'_, Exact>, u64) -> R) -> R {
        lend(&serde_json::from_slice(frame).expect("a book message"), take)
    }
}

/// `simd-json`: it works in place, so the frame is copied first.
#[derive(Default)]
pub struct SimdFloat {
    copy: Vec<u8>,
    buffers: simd_json::Buffers,
}

impl Decoder for SimdFloat {
    type Number = f64;

    fn decode<R>(&mut self, frame: &[u8], take: impl FnOnce(&Message<'_, f64>, u64) -> R) -> R {
        self.copy.clear();
        self.copy.extend_from_slice(frame);
        let message = simd_json::serde::from_slice_with_buffers(&mut self.copy, &mut self.buffers);
        lend(&message.expect("a book message"), take)
    }
}

/// `sonic-rs`, numbers as `f64`.
#[derive(Default)]
pub struct SonicFloat;

impl Decoder for SonicFloat {
    type Number = f64;

    fn decode<R>(&mut self, frame: &[u8], take: impl FnOnce(&Message<'_, f64>, u64) -> R) -> R {
        lend(&sonic_rs::from_slice(frame).expect("a book message"), take)
    }
}
