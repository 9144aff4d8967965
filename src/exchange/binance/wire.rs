//! The messages of a made-up market, as each section writes them.

use super::book::Scale;
use super::section::Section;
use super::source::Played;
use crate::exchange::ladder::Row;
use crate::market::Side;
use serde::Serialize;

/// The symbol of a made-up market, and the same in the names of its streams.
pub(super) const SYMBOL: &str = "BTCUSDT";
const STREAM: &str = "btcusdt";

/// When a message is sent and when what it tells happened, UNIX milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub event_ms: u64,
    pub transaction_ms: u64,
}

/// The updates that a message of changes holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Updates {
    pub first_id: u64,
    pub last_id: u64,
    /// The last update of the message before.
    pub before_id: u64,
}

/// A trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traded {
    pub id: u64,
    pub row: Row,
    pub taker: Side,
}

/// Writes the messages of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub section: Section,
    pub scale: Scale,
}

impl Writer {
    /// What a perpetual says and spot does not.
    fn perpetual<T>(self, value: T) -> Option<T> {
        (self.section == Section::Perpetual).then_some(value)
    }

    /// All changes since the message before: bids and asks, best first.
    pub fn depth(self, times: Times, updates: Updates, [bids, asks]: [Vec<Row>; 2]) -> Played {
        let texts = |rows: Vec<Row>| rows.into_iter().map(|row| self.scale.text(row)).collect();
        let data = Depth {
            event: "depthUpdate",
            event_ms: times.event_ms,
            transaction_ms: self.perpetual(times.transaction_ms),
            symbol: SYMBOL,
            first_id: updates.first_id,
            last_id: updates.last_id,
            before_id: self.perpetual(updates.before_id),
            bids: texts(bids),
            asks: texts(asks),
        };
        Played { is_depth: true, is_told: true, ..played("depth@100ms", &data) }
    }

    /// The best bid and the best ask, and the update with which they came.
    pub fn touch(self, times: Times, update_id: u64, touch: [Row; 2]) -> Played {
        let [[bid, bid_qty], [ask, ask_qty]] = touch.map(|row| self.scale.text(row));
        let data = BookTicker {
            event: self.perpetual("bookTicker"),
            update_id,
            symbol: SYMBOL,
            bid,
            bid_qty,
            ask,
            ask_qty,
            transaction_ms: self.perpetual(times.transaction_ms),
            event_ms: self.perpetual(times.event_ms),
        };
        played("bookTicker", &data)
    }

    /// A trade.
    pub fn trade(self, times: Times, traded: Traded) -> Played {
        let [price, qty] = self.scale.text(traded.row);
        let is_spot = self.section == Section::Spot;
        let data = Trade {
            event: "trade",
            event_ms: times.event_ms,
            perpetual_ms: self.perpetual(times.transaction_ms),
            symbol: SYMBOL,
            id: traded.id,
            price,
            qty,
            origin: self.perpetual("MARKET"),
            spot_ms: is_spot.then_some(times.transaction_ms),
            buyer_is_maker: traded.taker == Side::Ask,
            ignored: is_spot.then_some(true),
        };
        played("trade", &data)
    }
}

/// A message of a stream that tells nothing of the whole book.
fn played(topic: &str, data: &impl Serialize) -> Played {
    let stream = format!("{STREAM}@{topic}");
    let data = serde_json::to_string(data).expect("numbers, names and strings");
    let text = format!("{{\"stream\":\"{stream}\",\"data\":{data}}}").into();
    Played { stream, text, data: data.into(), is_depth: false, is_told: false }
}

#[derive(Serialize)]
struct Depth {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    event_ms: u64,
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    transaction_ms: Option<u64>,
    #[serde(rename = "s")]
    symbol: &'static str,
    #[serde(rename = "U")]
    first_id: u64,
    #[serde(rename = "u")]
    last_id: u64,
    #[serde(rename = "pu", skip_serializing_if = "Option::is_none")]
    before_id: Option<u64>,
    #[serde(rename = "b")]
    bids: Vec<[String; 2]>,
    #[serde(rename = "a")]
    asks: Vec<[String; 2]>,
}

#[derive(Serialize)]
struct BookTicker {
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(rename = "u")]
    update_id: u64,
    #[serde(rename = "s")]
    symbol: &'static str,
    #[serde(rename = "b")]
    bid: String,
    #[serde(rename = "B")]
    bid_qty: String,
    #[serde(rename = "a")]
    ask: String,
    #[serde(rename = "A")]
    ask_qty: String,
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    transaction_ms: Option<u64>,
    #[serde(rename = "E", skip_serializing_if = "Option::is_none")]
    event_ms: Option<u64>,
}

#[derive(Serialize)]
struct Trade {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    event_ms: u64,
    /// The time of a trade stands at another place in each section.
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    perpetual_ms: Option<u64>,
    #[serde(rename = "s")]
    symbol: &'static str,
    #[serde(rename = "t")]
    id: u64,
    #[serde(rename = "p")]
    price: String,
    #[serde(rename = "q")]
    qty: String,
    #[serde(rename = "X", skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    spot_ms: Option<u64>,
    #[serde(rename = "m")]
    buyer_is_maker: bool,
    #[serde(rename = "M", skip_serializing_if = "Option::is_none")]
    ignored: Option<bool>,
}
