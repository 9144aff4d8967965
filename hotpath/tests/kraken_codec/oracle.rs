//! A naive twin of the book reader: serde_json and rounded doubles.
//!
//! A double holds fifteen digits; the frames it is asked about have fewer.

use crate::support::{Record, config};
use hotpath::record::{BookEnd, Kind, Level, Snapshot, flag};
use hotpath::time::utc_ns;
use serde_json::Value;

/// Asserts that `records` are what the book message `text` means.
pub fn assert_book(text: &str, records: &[Record]) {
    let message: Value = serde_json::from_str(text).unwrap();
    let snapshot = message["type"] == "snapshot";
    let mut records = records.iter();
    for row in message["data"].as_array().unwrap() {
        assert_row(row, snapshot, &mut records);
    }
    assert_eq!(records.next(), None);
}

fn assert_row<'r>(row: &Value, snapshot: bool, records: &mut impl Iterator<Item = &'r Record>) {
    let (bids, asks) = (row["bids"].as_array().unwrap(), row["asks"].as_array().unwrap());
    let exch_ns = row["timestamp"].as_str().map_or(0, |text| utc_ns(text.as_bytes()).unwrap());
    let config = config();
    let named = |symbol: &[u8]| symbol == row["symbol"].as_str().unwrap().as_bytes();
    let instrument = config.markets().iter().position(|market| named(market.symbol.as_bytes())).unwrap();
    let market = config.markets()[instrument];
    let mut next = |kind, flags| {
        let record = records.next().unwrap();
        let head = record.head();
        let found = (head.kind, head.flags, usize::from(head.instrument), head.exch_ns);
        assert_eq!(found, (kind, flags, instrument, exch_ns));
        record
    };
    if snapshot {
        let expected = Snapshot { bids: bids.len() as u32, asks: asks.len() as u32, update_id: 0, spare: 0 };
        assert_eq!(next(Kind::SNAPSHOT, 0).body::<Snapshot>(), expected);
    }
    let sides = bids.iter().map(|level| (level, 0)).chain(asks.iter().map(|level| (level, flag::ASK)));
    for (level, side) in sides {
        let price_ticks = rounded(&level["price"], market.price_precision);
        let qty_lots = rounded(&level["qty"], market.qty_precision);
        assert_eq!(next(Kind::LEVEL, side).body::<Level>(), Level { price_ticks, qty_lots, spare: 0 });
    }
    let end = next(Kind::BOOK_END, flag::CHECKSUM | if snapshot { flag::SNAPSHOT } else { 0 });
    let checksum = row["checksum"].as_u64().unwrap() as u32;
    let levels = (bids.len() + asks.len()) as u32;
    assert_eq!(end.body::<BookEnd>(), BookEnd { checksum, levels, update_id: 0, spare: 0 });
}

fn rounded(number: &Value, precision: u8) -> i64 {
    (number.as_f64().unwrap() * 10_f64.powi(i32::from(precision))).round() as i64
}
