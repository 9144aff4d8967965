//! Binance, public side: spot, and the perpetual in USD.
//!
//! The two differ in where snapshots are fetched and in how updates name the one before them. Messages come as
//! combined streams, `{"stream":"btcusdt@trade","data":{...}}`; answers to requests, and fetched snapshots, have no
//! such frame around them. Numbers are text with a fixed count of decimals, whatever the pair's are.

mod answer;
mod depth;
mod request;
mod stream;

use super::reading::{Market, Reading};
use super::{Cause, FETCHED, Frame, Refused, Venue, Wanted};
use crate::config::Config;
use crate::decimal;
use crate::json::{Value, document, refused};
use crate::lines::Lines;
use crate::simd::Simd;
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::websocket::TEXT;
use core::ops::RangeInclusive;

/// What differs between the markets of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Each update has the first and the last id in it; the next one begins behind the last.
    Spot,
    /// Ids count over all pairs, so each update also has the last id of the one before it.
    Perp,
}

/// The codec. It has no state: what a frame means depends on the market table alone.
#[derive(Clone, Copy, Debug)]
pub struct Binance {
    side: Side,
}

impl Binance {
    /// Spot.
    pub const SPOT: Self = Self { side: Side::Spot };
    /// The perpetual in USD.
    pub const PERP: Self = Self { side: Side::Perp };
}

impl Venue for Binance {
    fn decode(&self, config: &Config, frame: Frame<'_>, _: Simd, events: &mut Lines<'_>) -> Result<(), Refused> {
        let reading = &mut Reading { config, frame, events };
        match frame.opcode {
            TEXT => stream::read(reading, document(frame.bytes)?, self.side),
            FETCHED => depth::read_snapshot(reading, document(frame.bytes)?),
            _ => refused(Cause::Binary, 0),
        }
    }

    fn encode(&self, config: &Config, wanted: &Wanted, out: &mut [u8]) -> Option<usize> {
        request::write(config, wanted, self.side, out)
    }
}

/// A price, from `min` ticks up.
fn price_ticks(market: Market<'_>, price: Value<'_>, min: i64) -> Result<i64, Refused> {
    padded(price, market.config.price_precision, min..=PRICE_TICKS_MAX)
}

/// A size in lots.
fn qty_lots(market: Market<'_>, qty: Value<'_>) -> Result<i64, Refused> {
    padded(qty, market.config.qty_precision, 0..=QTY_LOTS_MAX)
}

fn padded(number: Value<'_>, precision: u8, range: RangeInclusive<i64>) -> Result<i64, Refused> {
    match decimal::scaled_padded(number.quoted()?.as_bytes(), precision) {
        Ok(value) if range.contains(&value) => Ok(value),
        Ok(_) => number.refuse(Cause::Range),
        // The frame is whole: what stands in the quotes is no number.
        Err((Cause::Json | Cause::Truncated, _)) => number.refuse(Cause::Type),
        Err((cause, _)) => number.refuse(cause),
    }
}

/// Nanoseconds of a time in milliseconds.
fn time_ns(time: Value<'_>) -> Result<u64, Refused> {
    const NS_PER_MS: u64 = 1_000_000;
    let ms = time.unsigned(u64::MAX)?;
    ms.checked_mul(NS_PER_MS).map_or_else(|| time.refuse(Cause::Range), Ok)
}
