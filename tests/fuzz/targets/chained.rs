//! A naive exchange whose updates form a chain: books in maps, messages as Binance's spot writes them.

use super::exchange::{Change, Side};
use super::markets::{CHAINED, PRICE_PRECISION, QTY_PRECISION};

/// The book that the exchange holds of the chained market, and how far it has told of it.
#[derive(Default)]
pub struct Chained {
    bids: Side,
    asks: Side,
    update_id: u64,
    /// The last update as it was told.
    last: String,
}

impl Chained {
    /// Changes of the book that nobody is told of.
    pub fn happen(&mut self, changes: &[Change]) {
        for change in changes {
            let side = if change.ask { &mut self.asks } else { &mut self.bids };
            match change.qty_lots {
                0 => side.remove(&change.price_ticks),
                qty_lots => side.insert(change.price_ticks, qty_lots),
            };
        }
        self.update_id += changes.len() as u64;
    }

    /// Takes changes and writes the update that tells of them.
    pub fn update(&mut self, changes: &[Change], time_ms: u64) -> String {
        let first = self.update_id + 1;
        self.happen(changes);
        let side = |ask| {
            let rows = changes.iter().filter(|change| change.ask == ask);
            rows.map(|change| level((&change.price_ticks, &change.qty_lots))).collect::<Vec<_>>().join(",")
        };
        let (bids, asks, last) = (side(false), side(true), self.update_id);
        self.last = format!(
            r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":{time_ms},"s":"{CHAINED}","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}}}"#
        );
        self.last.clone()
    }

    /// The last update once more.
    pub fn again(&self) -> String {
        self.last.clone()
    }

    /// The whole book as it is fetched, with the id of so many updates earlier or later than it is.
    pub fn snapshot(&self, id_off_by: i64) -> String {
        let bids = self.bids.iter().rev().map(level).collect::<Vec<_>>().join(",");
        let asks = self.asks.iter().map(level).collect::<Vec<_>>().join(",");
        let id = self.update_id.saturating_add_signed(id_off_by);
        format!(r#"{{"lastUpdateId":{id},"bids":[{bids}],"asks":[{asks}]}}"#)
    }

    /// Best levels as they will be behind these changes, with the id of the update that will tell of them; their sizes are
    /// right plus `error`.
    pub fn touch_ahead(&self, changes: &[Change], error: i64) -> String {
        let mut ahead = Self { bids: self.bids.clone(), asks: self.asks.clone(), ..Self::default() };
        ahead.happen(changes);
        let id = self.update_id + ahead.update_id;
        let text = |level: Option<(&i64, &i64)>| {
            let (price_ticks, qty_lots) = level.map_or((0, 0), |(price, qty)| (*price, *qty + error));
            [decimal(price_ticks, PRICE_PRECISION), decimal(qty_lots, QTY_PRECISION)]
        };
        let [bid, bids] = text(ahead.bids.last_key_value());
        let [ask, asks] = text(ahead.asks.first_key_value());
        format!(
            r#"{{"stream":"btcusdt@bookTicker","data":{{"u":{id},"s":"{CHAINED}","b":"{bid}","B":"{bids}","a":"{ask}","A":"{asks}"}}}}"#
        )
    }
}

fn level((price_ticks, qty_lots): (&i64, &i64)) -> String {
    let (price, qty) = (decimal(*price_ticks, PRICE_PRECISION), decimal(*qty_lots, QTY_PRECISION));
    format!(r#"["{price}","{qty}"]"#)
}

/// Eight decimals, whatever the pair's are.
fn decimal(value: i64, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let unit = 10_i64.pow(decimals as u32);
    format!("{}.{:0decimals$}{:0<zeros$}", value / unit, value % unit, "", zeros = 8 - decimals)
}
