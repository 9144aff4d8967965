//! Assets and pairs that are listed, and the channel `instrument` that tells of them.

use super::wire::{Data, Kind, Scale};
use crate::exchange::decimal::Decimal;
use serde::Serialize;
use tungstenite::Utf8Bytes;

/// What is traded against what, and in which steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its symbol: base, a stroke, quote.
    pub symbol: String,
    /// Decimals of prices; a tick is the last of them.
    pub price_decimals: u8,
    /// Step of prices, ticks.
    pub price_increment_ticks: i64,
    /// Decimals of sizes; a lot is the last of them.
    pub qty_decimals: u8,
    /// Smallest order, lots.
    pub qty_min_lots: i64,
    /// Decimals of price times size.
    pub cost_decimals: u8,
    /// Smallest cost of an order.
    pub cost_min: Decimal,
}

impl Pair {
    /// The pair of this name, if it is listed.
    #[must_use]
    pub fn listed(symbol: &str) -> Option<Self> {
        listed().into_iter().find(|pair| pair.symbol == symbol)
    }

    /// A pair of which only the numbers' decimals are known: its minima are the smallest numbers.
    #[must_use]
    pub fn unlisted(symbol: &str, price_decimals: u8, qty_decimals: u8) -> Self {
        let (cost_decimals, cost_min) = (5, Decimal::new(1, 5));
        Self {
            symbol: symbol.to_owned(),
            price_decimals,
            price_increment_ticks: 1,
            qty_decimals,
            qty_min_lots: 1,
            cost_decimals,
            cost_min,
        }
    }

    /// How its numbers are written.
    pub(super) const fn scale(&self) -> Scale {
        Scale { price_decimals: self.price_decimals, qty_decimals: self.qty_decimals }
    }

    /// Base and quote.
    fn assets(&self) -> (&str, &str) {
        self.symbol.split_once('/').unwrap_or((&self.symbol, ""))
    }
}

/// Pairs of Kraken with its terms of August 2026 (BTC/EUR, BTC/USD) and January 2026 (EUR/USD).
fn listed() -> [Pair; 3] {
    let pair = |symbol: &str, price_decimals, qty_min_lots, cost_min| Pair {
        symbol: symbol.to_owned(),
        price_decimals,
        price_increment_ticks: 1,
        qty_decimals: 8,
        qty_min_lots,
        cost_decimals: 5,
        cost_min: Decimal::new(cost_min, 2),
    };
    [pair("EUR/USD", 5, 50_000_000, 50), pair("BTC/EUR", 1, 5_000, 45), pair("BTC/USD", 1, 5_000, 50)]
}

/// What an asset's row says: name, class, decimals, decimals shown.
type Asset = (&'static str, &'static str, u8, u8);

const ASSETS: [Asset; 3] = [("BTC", "currency", 10, 5), ("EUR", "currency", 4, 2), ("USD", "currency", 4, 2)];

#[derive(Serialize)]
struct AssetRow<'a> {
    id: &'a str,
    status: &'static str,
    precision: u8,
    precision_display: u8,
    borrowable: bool,
    collateral_value: Decimal,
    class: &'static str,
}

#[derive(Serialize)]
struct PairRow<'a> {
    symbol: &'a str,
    base: &'a str,
    quote: &'a str,
    status: &'static str,
    qty_precision: u8,
    qty_increment: Decimal,
    price_precision: u8,
    cost_precision: u8,
    marginable: bool,
    has_index: bool,
    ws_display_price_precision: u8,
    cost_min: Decimal,
    tick_size: Decimal,
    price_increment: Decimal,
    qty_min: Decimal,
}

#[derive(Serialize)]
struct Rows<'a> {
    assets: Vec<AssetRow<'a>>,
    pairs: Vec<PairRow<'a>>,
}

/// The snapshot of the channel `instrument`: `traded`, which alone is online, behind the pairs that are
/// listed besides.
pub(super) fn snapshot(traded: &Pair) -> Utf8Bytes {
    let others = listed().into_iter().filter(|pair| pair.symbol != traded.symbol);
    let pairs: Vec<Pair> = others.chain([traded.clone()]).collect();
    let rows = pairs.iter().map(|pair| pair_row(pair, pair.symbol == traded.symbol)).collect();
    let data = Rows { assets: assets(&pairs), pairs: rows };
    Data { channel: "instrument", kind: Kind::Snapshot, data }.text()
}

fn assets(pairs: &[Pair]) -> Vec<AssetRow<'_>> {
    let mut names: Vec<&str> = pairs.iter().flat_map(|pair| <[&str; 2]>::from(pair.assets())).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| asset_row(name)).collect()
}

fn asset_row(id: &str) -> AssetRow<'_> {
    let known = ASSETS.into_iter().find(|(name, ..)| *name == id);
    let (_, class, precision, precision_display) = known.unwrap_or(("", "currency", 8, 5));
    let collateral_value = Decimal::new(0, 3);
    AssetRow { id, status: "enabled", precision, precision_display, borrowable: false, collateral_value, class }
}

fn pair_row(pair: &Pair, is_traded: bool) -> PairRow<'_> {
    let (base, quote) = pair.assets();
    let increment = Decimal::new(pair.price_increment_ticks, pair.price_decimals);
    PairRow {
        symbol: &pair.symbol,
        base,
        quote,
        status: if is_traded { "online" } else { "work_in_progress" },
        qty_precision: pair.qty_decimals,
        qty_increment: Decimal::new(1, pair.qty_decimals),
        price_precision: pair.price_decimals,
        cost_precision: pair.cost_decimals,
        marginable: false,
        has_index: false,
        ws_display_price_precision: pair.price_decimals,
        cost_min: pair.cost_min,
        tick_size: increment,
        price_increment: increment,
        qty_min: Decimal::new(pair.qty_min_lots, pair.qty_decimals),
    }
}
