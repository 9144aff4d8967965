//! Recorded frames, read as far as a replay needs to know them.

use super::topic::Trigger;
use super::wire::{Kind, Scale};
use crate::exchange::decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a recorded frame is.
#[derive(Debug)]
pub(super) enum Recorded<'a> {
    /// A message of a book.
    Book(BookFrame<'a>),
    /// Rows of the channel `trade`.
    Trades { symbol: String, rows: Vec<Box<RawValue>> },
    /// A row of the channel `ticker`.
    Ticker { symbol: String, row: Box<RawValue> },
    /// The recorder had subscribed to a book.
    BookAck { symbol: String, depth: u32 },
    /// The recorder had subscribed to a ticker.
    TickerAck { symbol: String, trigger: Trigger },
    /// A message of a book that is not as one must be.
    Unreadable,
    /// Anything else: status, heartbeats, answers, other channels.
    Other,
}

/// A message of a book, its numbers as text.
#[derive(Debug, Deserialize)]
pub(super) struct BookFrame<'a> {
    pub symbol: String,
    #[serde(skip, default = "update")]
    pub kind: Kind,
    #[serde(borrow)]
    pub bids: Vec<LevelText<'a>>,
    #[serde(borrow)]
    pub asks: Vec<LevelText<'a>>,
    pub checksum: u32,
    pub timestamp: Option<String>,
}

const fn update() -> Kind {
    Kind::Update
}

/// One level as it was written.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct LevelText<'a> {
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    qty: &'a RawValue,
}

impl LevelText<'_> {
    /// Price and size in ticks and lots; `None` when the text does not fit the scale.
    pub fn read(self, scale: Scale) -> Option<(i64, i64)> {
        let price = Decimal::parse(self.price.get(), scale.price_decimals)?;
        let qty = Decimal::parse(self.qty.get(), scale.qty_decimals)?;
        Some((price.units, qty.units))
    }

    /// The decimals in which it is written.
    pub fn scale(self) -> Option<Scale> {
        let price_decimals = Decimal::decimals_of(self.price.get())?;
        let qty_decimals = Decimal::decimals_of(self.qty.get())?;
        Some(Scale { price_decimals, qty_decimals })
    }
}

#[derive(Deserialize)]
struct Outer<'a> {
    channel: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    method: Option<String>,
    success: Option<bool>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Symbol {
    symbol: String,
}

#[derive(Deserialize)]
struct Subject {
    channel: String,
    symbol: Option<String>,
    depth: Option<u32>,
    event_trigger: Option<String>,
}

/// Reads a frame; what is not understood is [`Recorded::Other`].
pub(super) fn read(text: &str) -> Recorded<'_> {
    let Ok(outer) = serde_json::from_str::<Outer<'_>>(text) else { return Recorded::Other };
    let read = match (outer.channel.as_deref(), outer.data) {
        (Some("book"), Some(data)) => book(data, outer.kind.as_deref()).or(Some(Recorded::Unreadable)),
        (Some("trade"), Some(data)) => trades(data),
        (Some("ticker"), Some(data)) => ticker(data),
        _ if outer.method.as_deref() == Some("subscribe") && outer.success == Some(true) => outer.result.and_then(ack),
        _ => None,
    };
    read.unwrap_or(Recorded::Other)
}

fn book<'a>(data: &'a RawValue, kind: Option<&str>) -> Option<Recorded<'a>> {
    let [frame]: [BookFrame<'a>; 1] = serde_json::from_str(data.get()).ok()?;
    let kind = if kind? == "snapshot" { Kind::Snapshot } else { Kind::Update };
    Some(Recorded::Book(BookFrame { kind, ..frame }))
}

fn trades(data: &RawValue) -> Option<Recorded<'_>> {
    let rows: Vec<Box<RawValue>> = serde_json::from_str(data.get()).ok()?;
    let symbol = symbol(rows.first()?)?;
    Some(Recorded::Trades { symbol, rows })
}

fn ticker(data: &RawValue) -> Option<Recorded<'_>> {
    let [row]: [Box<RawValue>; 1] = serde_json::from_str(data.get()).ok()?;
    Some(Recorded::Ticker { symbol: symbol(&row)?, row })
}

fn symbol(row: &RawValue) -> Option<String> {
    serde_json::from_str::<Symbol>(row.get()).ok().map(|row| row.symbol)
}

fn ack(result: &RawValue) -> Option<Recorded<'_>> {
    let Subject { channel, symbol, depth, event_trigger } = serde_json::from_str(result.get()).ok()?;
    match channel.as_str() {
        "book" => Some(Recorded::BookAck { symbol: symbol?, depth: depth? }),
        "ticker" => {
            let trigger = if event_trigger.as_deref() == Some("bbo") { Trigger::Bbo } else { Trigger::Trades };
            Some(Recorded::TickerAck { symbol: symbol?, trigger })
        }
        _ => None,
    }
}
