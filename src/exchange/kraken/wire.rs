//! Market data as the exchange writes it: key order, fixed decimals, no whitespace.

use super::checksum::checksum;
use crate::exchange::decimal::Decimal;
use crate::exchange::ladder::Row;
pub(super) use crate::exchange::truth::Kind;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tungstenite::Utf8Bytes;

/// How a market writes its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scale {
    pub price_decimals: u8,
    pub qty_decimals: u8,
}

impl Scale {
    /// A price.
    pub const fn price(self, price_ticks: i64) -> Decimal {
        Decimal::new(price_ticks, self.price_decimals)
    }

    /// A size.
    pub const fn qty(self, qty_lots: i64) -> Decimal {
        Decimal::new(qty_lots, self.qty_decimals)
    }

    /// A level.
    pub const fn level(self, row: Row) -> Level {
        Level { price: self.price(row.price_ticks), qty: self.qty(row.qty_lots) }
    }

    /// The checksum of a book of which these are the best levels.
    pub fn checksum(self, asks: impl Iterator<Item = Row>, bids: impl Iterator<Item = Row>) -> u32 {
        let pair = |row| {
            let Level { price, qty } = self.level(row);
            (price, qty)
        };
        checksum(asks.map(pair), bids.map(pair))
    }
}

/// A message of a channel.
#[derive(Serialize)]
pub(super) struct Data<T> {
    pub channel: &'static str,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub data: T,
}

impl<T: Serialize> Data<T> {
    /// Its text.
    pub fn text(self) -> Utf8Bytes {
        text(&self)
    }
}

/// One level of a book.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Level {
    pub price: Decimal,
    pub qty: Decimal,
}

/// A message of the channel `book`.
#[derive(Serialize)]
pub(super) struct BookRow<'a> {
    pub symbol: &'a str,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub checksum: u32,
    /// Recordings of old have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<&'a str>,
}

/// One trade of the channel `trade`.
#[derive(Serialize)]
pub(super) struct TradeRow<'a> {
    pub symbol: &'a str,
    pub side: &'static str,
    pub price: Decimal,
    pub qty: Decimal,
    pub ord_type: &'static str,
    pub trade_id: u64,
    pub timestamp: &'a str,
}

/// A message of the channel `ticker`.
#[derive(Serialize)]
pub(super) struct TickerRow<'a> {
    pub symbol: &'a str,
    pub bid: Decimal,
    pub bid_qty: Decimal,
    pub ask: Decimal,
    pub ask_qty: Decimal,
    pub last: Decimal,
    pub volume: Decimal,
    pub vwap: Decimal,
    pub low: Decimal,
    pub high: Decimal,
    pub change: Decimal,
    pub change_pct: Decimal,
    pub timestamp: &'a str,
}

/// A message's text. Everything here is made of numbers, names and strings, which JSON can always say.
pub(super) fn text(message: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(message).expect("numbers, names and strings").into()
}

/// A part of a message as text.
pub(super) fn raw(part: &impl Serialize) -> Box<RawValue> {
    to_raw_value(part).expect("numbers, names and strings")
}

#[cfg(test)]
mod tests {
    use super::{BookRow, Data, Kind, Scale};
    use crate::exchange::ladder::Row;

    /// A message of a live connection, as it was recorded.
    #[test]
    fn a_book_message_is_the_exchanges_to_the_byte() {
        let recorded = r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63005.9,"qty":0.00000000},{"price":63008.6,"qty":0.00039677}],"checksum":3629011692,"timestamp":"2026-08-01T02:53:54.966086Z"}]}"#;
        let scale = Scale { price_decimals: 1, qty_decimals: 8 };
        let rows = [(630_059, 0), (630_086, 39_677)].map(|(price_ticks, qty_lots)| Row { price_ticks, qty_lots });
        let asks = rows.map(|row| scale.level(row)).to_vec();
        let timestamp = "2026-08-01T02:53:54.966086Z";
        let row =
            BookRow { symbol: "BTC/USD", bids: Vec::new(), asks, checksum: 3_629_011_692, timestamp: Some(timestamp) };
        assert_eq!(Data { channel: "book", kind: Kind::Update, data: [row] }.text().as_str(), recorded);
    }
}
