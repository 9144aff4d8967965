//! A naive exchange: books in maps, checksums over text, messages as Kraken writes them.

use super::markets::{DEPTH, PRICE_PRECISION, QTY_PRECISION, SYMBOLS};
use std::collections::BTreeMap;

/// Price in ticks to size in lots.
pub type Side = BTreeMap<i64, i64>;

/// One side of a market and a level of it.
#[derive(Clone, Copy)]
pub struct Change {
    /// Whether it is an ask.
    pub ask: bool,
    /// Price.
    pub price_ticks: i64,
    /// Size; 0 removes the level.
    pub qty_lots: i64,
}

/// The book that the exchange holds of the first market.
#[derive(Default)]
pub struct Exchange {
    bids: Side,
    asks: Side,
}

impl Exchange {
    /// Takes changes and writes the message that tells them. The checksum is right plus `error`.
    pub fn update(&mut self, changes: &[Change], time: &str, error: u32) -> String {
        for change in changes {
            let side = if change.ask { &mut self.asks } else { &mut self.bids };
            match change.qty_lots {
                0 => side.remove(&change.price_ticks),
                qty_lots => side.insert(change.price_ticks, qty_lots),
            };
        }
        while self.bids.len() > DEPTH as usize {
            self.bids.pop_first();
        }
        while self.asks.len() > DEPTH as usize {
            self.asks.pop_last();
        }
        let side = |ask| {
            let rows = changes.iter().filter(|change| change.ask == ask);
            rows.map(|change| level(change.price_ticks, change.qty_lots)).collect::<Vec<_>>().join(",")
        };
        self.message("update", [side(false), side(true)], time, error)
    }

    /// Writes the whole book.
    pub fn snapshot(&self, time: &str, error: u32) -> String {
        let row = |(price_ticks, qty_lots): (&i64, &i64)| level(*price_ticks, *qty_lots);
        let bids = self.bids.iter().rev().map(row).collect::<Vec<_>>().join(",");
        let asks = self.asks.iter().map(row).collect::<Vec<_>>().join(",");
        self.message("snapshot", [bids, asks], time, error)
    }

    fn message(&self, kind: &str, [bids, asks]: [String; 2], time: &str, error: u32) -> String {
        let symbol = SYMBOLS[0];
        let checksum = self.checksum().wrapping_add(error);
        format!(
            r#"{{"channel":"book","type":"{kind}","data":[{{"symbol":"{symbol}","bids":[{bids}],"asks":[{asks}],"checksum":{checksum},"timestamp":"{time}"}}]}}"#
        )
    }

    fn checksum(&self) -> u32 {
        let best = self.asks.iter().take(10).chain(self.bids.iter().rev().take(10));
        let digits: String = best.map(|(price_ticks, qty_lots)| format!("{price_ticks}{qty_lots}")).collect();
        crc32fast::hash(digits.as_bytes())
    }
}

fn level(price_ticks: i64, qty_lots: i64) -> String {
    let (price, qty) = (decimal(price_ticks, PRICE_PRECISION), decimal(qty_lots, QTY_PRECISION));
    format!(r#"{{"price":{price},"qty":{qty}}}"#)
}

fn decimal(value: i64, decimals: u8) -> String {
    let unit = 10_i64.pow(u32::from(decimals));
    format!("{}.{:0width$}", value / unit, value % unit, width = usize::from(decimals))
}
