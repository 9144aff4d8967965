//! A naive twin of the codec: serde_json, and the digits of the texts.

use crate::support::{Record, Verdict};
use hotpath::config::Config;
use hotpath::record::{BookEnd, Kind, Level, Snapshot, Ticker, Trade, flag};
use serde_json::Value;
use std::collections::BTreeMap;

/// One event, as plain numbers: kind, market, flags, exchange's time, numbers of the body.
type Event = (Kind, usize, u16, u64, Vec<i64>);

/// Events of a data message of a configured pair on a channel that is used; nothing for any other.
pub fn wanted(config: &Config, text: &str) -> Option<Vec<Event>> {
    let message: Value = serde_json::from_str(text).ok()?;
    let elements = message.as_array()?;
    let [_, payloads @ .., Value::String(channel), Value::String(pair)] = &elements[..] else { return None };
    let instrument = config.markets().iter().position(|row| row.symbol.as_bytes() == pair.as_bytes())?;
    let scale = Scale { price: config.markets()[instrument].price_precision };
    let events = match &channel[..] {
        "trade" => trades(&payloads[0], scale),
        "ticker" => vec![ticker(&payloads[0], scale)],
        "spread" => vec![spread(&payloads[0], scale)],
        book if book.starts_with("book-") => book_events(payloads, scale),
        _ => return None,
    };
    Some(events.into_iter().map(|(kind, flags, ns, body)| (kind, instrument, flags, ns, body)).collect())
}

/// What the codec gave, as plain numbers.
pub fn found(verdict: &Verdict) -> Option<Vec<Event>> {
    Some(verdict.as_ref().ok()?.iter().map(plain).collect())
}

fn plain(record: &Record) -> Event {
    let head = record.head();
    let body = match head.kind {
        Kind::SNAPSHOT => {
            let Snapshot { bids, asks, update_id: 0, spare: 0 } = record.body() else { panic!("an id") };
            vec![bids.into(), asks.into()]
        }
        Kind::LEVEL => {
            let Level { price_ticks, qty_lots, .. } = record.body();
            vec![price_ticks, qty_lots]
        }
        Kind::BOOK_END => {
            let BookEnd { checksum, levels, update_id: 0, spare: 0 } = record.body() else { panic!("an id") };
            vec![checksum.into(), levels.into()]
        }
        Kind::TRADE => {
            let Trade { price_ticks, qty_lots, trade_id: 0 } = record.body() else { panic!("a number") };
            vec![price_ticks, qty_lots]
        }
        Kind::TICKER => {
            let body: Ticker = record.body();
            vec![body.bid_ticks, body.bid_lots, body.ask_ticks, body.ask_lots, body.last_ticks]
        }
        other => panic!("{other:?}"),
    };
    (head.kind, head.instrument.into(), head.flags, head.exch_ns, body)
}

#[derive(Clone, Copy)]
struct Scale {
    price: u8,
}

impl Scale {
    fn price(self, value: &Value) -> i64 {
        digits(value, self.price)
    }
}

/// The digits of a number in quotes, padded to `precision` decimals.
fn digits(value: &Value, precision: u8) -> i64 {
    let text = value.as_str().expect("quotes");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<width$}", width = usize::from(precision)).parse().expect("a number")
}

fn qty(value: &Value) -> i64 {
    digits(value, 8)
}

fn ns(value: &Value) -> u64 {
    digits(value, 9) as u64
}

type Part = (Kind, u16, u64, Vec<i64>);

fn trades(rows: &Value, scale: Scale) -> Vec<Part> {
    let trade = |row: &Value| {
        let taker = if row[3] == "s" { flag::ASK } else { 0 };
        let order = if row[4] == "m" { flag::MARKET_ORDER } else { 0 };
        (Kind::TRADE, taker | order, ns(&row[2]), vec![scale.price(&row[0]), qty(&row[1])])
    };
    rows.as_array().expect("rows").iter().map(trade).collect()
}

fn ticker(payload: &Value, scale: Scale) -> Part {
    let side = |name: &str| [scale.price(&payload[name][0]), qty(&payload[name][2])];
    let last = scale.price(&payload["c"][0]);
    (Kind::TICKER, 0, 0, [&side("b")[..], &side("a")[..], &[last]].concat())
}

fn spread(row: &Value, scale: Scale) -> Part {
    let numbers = vec![scale.price(&row[0]), qty(&row[3]), scale.price(&row[1]), qty(&row[4]), 0];
    (Kind::TICKER, 0, ns(&row[2]), numbers)
}

fn book_events(payloads: &[Value], scale: Scale) -> Vec<Part> {
    let sides = [("as", flag::ASK), ("bs", 0), ("a", flag::ASK), ("b", 0)];
    let rows: Vec<(u16, &Value)> = payloads
        .iter()
        .flat_map(|object| sides.iter().map(move |(name, side)| (*side, &object[*name])))
        .flat_map(|(side, rows)| rows.as_array().into_iter().flatten().map(move |row| (side, row)))
        .collect();
    let exch_ns = rows.iter().map(|(_, row)| ns(&row[2])).max().unwrap_or(0);
    let count = |wanted: u16| rows.iter().filter(|(side, _)| *side == wanted).count() as i64;
    let is_snapshot = payloads[0].get("as").is_some();
    let mut parts = Vec::new();
    if is_snapshot {
        parts.push((Kind::SNAPSHOT, 0, exch_ns, vec![count(0), count(flag::ASK)]));
    }
    parts
        .extend(rows.iter().map(|(side, row)| (Kind::LEVEL, *side, exch_ns, vec![scale.price(&row[0]), qty(&row[1])])));
    let checksum = payloads.last().and_then(|object| object["c"].as_str()).map(|text| text.parse().expect("a number"));
    let flags = if is_snapshot { flag::SNAPSHOT } else { 0 } | checksum.map_or(0, |_: i64| flag::CHECKSUM);
    parts.push((Kind::BOOK_END, flags, exch_ns, vec![checksum.unwrap_or(0), rows.len() as i64]));
    parts
}

/// A book of texts, and its checksum as documented: no function of ours takes part in it.
#[derive(Default)]
pub struct TextBook {
    /// Price as a number of equal decimals, to the texts of price and size.
    bids: BTreeMap<i64, (String, String)>,
    asks: BTreeMap<i64, (String, String)>,
}

impl TextBook {
    /// Takes a book message; the checksum that the exchange gave, and ours.
    pub fn take(&mut self, text: &str, depth: usize) -> Option<(u32, u32)> {
        let message: Value = serde_json::from_str(text).expect("JSON");
        let mut checksum = None;
        for object in message.as_array().expect("an array").iter().filter_map(Value::as_object) {
            for (name, value) in object {
                match &name[..] {
                    "as" | "a" => take_rows(&mut self.asks, value),
                    "bs" | "b" => take_rows(&mut self.bids, value),
                    "c" => checksum = value.as_str().map(|text| text.parse().expect("a number")),
                    other => panic!("{other}"),
                }
            }
        }
        while self.asks.len() > depth {
            self.asks.pop_last();
        }
        while self.bids.len() > depth {
            self.bids.pop_first();
        }
        checksum.map(|checksum| (checksum, self.checksum()))
    }

    /// CRC-32 of the ten best asks, then bids, point and leading zeros left out.
    pub fn checksum(&self) -> u32 {
        let best = self.asks.values().take(10).chain(self.bids.values().rev().take(10));
        let strip = |text: &str| text.replace('.', "").trim_start_matches('0').to_owned();
        let text: String = best.map(|(price, qty)| strip(price) + &strip(qty)).collect();
        crc32fast::hash(text.as_bytes())
    }
}

fn take_rows(side: &mut BTreeMap<i64, (String, String)>, rows: &Value) {
    for row in rows.as_array().expect("rows") {
        let text = |at: usize| row[at].as_str().expect("a text").to_owned();
        let key = text(0).replace('.', "").parse().expect("a number");
        if qty(&row[1]) == 0 {
            side.remove(&key);
        } else {
            side.insert(key, (text(0), text(1)));
        }
    }
}
