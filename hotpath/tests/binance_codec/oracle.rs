//! A naive twin of the codec: serde_json, and the digits of the texts.

use crate::support::{PERP, Record, Verdict};
use hotpath::config::Config;
use hotpath::record::{BookEnd, Kind, Level, Snapshot, Ticker, Trade, Update, flag};
use serde_json::Value;

/// One event, as plain numbers: kind, market, flags, exchange's time, numbers of the body.
pub type Event = (Kind, usize, u16, u64, Vec<i128>);

/// What a message of a connection tells of a configured pair; nothing when it tells nothing, or cannot be read.
pub fn wanted(config: &Config, connection: u16, text: &str) -> Option<Vec<Event>> {
    let message: Value = serde_json::from_str(text).ok()?;
    let (stream, data) = (message.get("stream")?.as_str()?, message.get("data")?);
    let (_, name) = stream.split_once('@')?;
    let symbol = data.get("s")?.as_str()?;
    let is_named = |row: &&hotpath::config::MarketConfig| row.symbol.as_bytes() == symbol.as_bytes();
    let market = config.markets().iter().position(|row| row.connection == connection && is_named(&row))?;
    let scale = Scale::of(config, market);
    if name == "depth" || name.starts_with("depth@") {
        update(data, scale, connection == PERP)
    } else if name == "trade" && data.get("X").is_none_or(|origin| origin.is_null() || origin == "MARKET") {
        let flags = if data.get("m")?.as_bool()? { flag::ASK } else { 0 };
        let body = vec![scale.price(data.get("p")?)?, scale.qty(data.get("q")?)?, number(data, "t")?];
        (body[0] > 0).then(|| vec![(Kind::TRADE, market, flags, 0, body)]).and_then(|events| stamped(events, data, "T"))
    } else if name == "bookTicker" {
        let (bid, ask) = (scale.price(data.get("b")?)?, scale.price(data.get("a")?)?);
        let body = vec![bid, scale.qty(data.get("B")?)?, ask, scale.qty(data.get("A")?)?, 0, number(data, "u")?];
        let events = vec![(Kind::TICKER, market, 0, 0, body)];
        stamped_if_told(events, data)
    } else {
        None
    }
}

/// What a body says that was fetched for a market.
pub fn wanted_of_snapshot(config: &Config, instrument: u16, text: &str) -> Option<Vec<Event>> {
    let body: Value = serde_json::from_str(text).ok()?;
    let market = usize::from(instrument);
    let id = number(&body, "lastUpdateId")?;
    let [bids, asks] =
        ["bids", "asks"].map(|side| body.get(side).and_then(Value::as_array).map(|rows| rows.len() as i128));
    let mut events = vec![(Kind::SNAPSHOT, market, 0, 0, vec![bids?, asks?, id])];
    levels(&mut events, &body, ["bids", "asks"], market, Scale::of(config, market))?;
    events.push((Kind::BOOK_END, market, flag::SNAPSHOT, 0, vec![0, bids? + asks?, id]));
    if id == 0 {
        return None;
    }
    stamped_if_told(events, &body)
}

/// What the codec gave, as plain numbers; other kinds of events are left out.
pub fn found(verdict: &Verdict) -> Option<Vec<Event>> {
    let events: Vec<_> = verdict.as_ref().ok()?.iter().filter_map(plain).collect();
    (!events.is_empty()).then_some(events)
}

fn plain(record: &Record) -> Option<Event> {
    let head = record.head();
    let body = match head.kind {
        Kind::UPDATE => {
            let Update { follows_id, update_id, .. } = record.body();
            vec![follows_id.into(), update_id.into()]
        }
        Kind::SNAPSHOT => {
            let Snapshot { bids, asks, update_id, .. } = record.body();
            vec![bids.into(), asks.into(), update_id.into()]
        }
        Kind::LEVEL => {
            let Level { price_ticks, qty_lots, .. } = record.body();
            vec![price_ticks.into(), qty_lots.into()]
        }
        Kind::BOOK_END => {
            let BookEnd { checksum, levels, update_id, .. } = record.body();
            vec![checksum.into(), levels.into(), update_id.into()]
        }
        Kind::TRADE => {
            let Trade { price_ticks, qty_lots, trade_id } = record.body();
            vec![price_ticks.into(), qty_lots.into(), trade_id.into()]
        }
        Kind::TICKER => {
            let body: Ticker = record.body();
            let numbers = [body.bid_ticks, body.bid_lots, body.ask_ticks, body.ask_lots, body.last_ticks];
            numbers.into_iter().map(i128::from).chain([body.update_id.into()]).collect()
        }
        _ => return None,
    };
    Some((head.kind, head.instrument.into(), head.flags, head.exch_ns, body))
}

#[derive(Clone, Copy)]
struct Scale {
    market: usize,
    price: u8,
    qty: u8,
}

impl Scale {
    fn of(config: &Config, market: usize) -> Self {
        let row = &config.markets()[market];
        Self { market, price: row.price_precision, qty: row.qty_precision }
    }

    fn price(self, value: &Value) -> Option<i128> {
        digits(value, self.price)
    }

    fn qty(self, value: &Value) -> Option<i128> {
        digits(value, self.qty)
    }
}

/// The digits of a number in quotes with `precision` decimals; zeros behind them count for nothing.
fn digits(value: &Value, precision: u8) -> Option<i128> {
    let text = value.as_str()?;
    // A minus is legal before a zero.
    let unsigned = text.strip_prefix('-').filter(|rest| rest.bytes().all(|byte| matches!(byte, b'0' | b'.')));
    let (whole, decimals) = unsigned.unwrap_or(text).split_once('.').unwrap_or((text, ""));
    let precision = usize::from(precision);
    let decimals = format!("{decimals:0<precision$}");
    let (kept, beyond) = decimals.split_at(precision);
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_read = is_plain(whole) && is_plain(kept) && beyond.bytes().all(|byte| byte == b'0');
    is_read.then(|| format!("{whole}{kept}").parse().ok())?
}

fn number(object: &Value, key: &str) -> Option<i128> {
    object.get(key)?.as_u64().map(i128::from)
}

/// The events at the time that stands under a key, in milliseconds.
fn stamped(mut events: Vec<Event>, object: &Value, key: &str) -> Option<Vec<Event>> {
    let exch_ns = object.get(key)?.as_u64()?.checked_mul(1_000_000)?;
    events.iter_mut().for_each(|event| event.3 = exch_ns);
    Some(events)
}

/// The same where a message may come without its time.
fn stamped_if_told(events: Vec<Event>, object: &Value) -> Option<Vec<Event>> {
    if object.get("E").is_none_or(Value::is_null) { Some(events) } else { stamped(events, object, "E") }
}

fn update(data: &Value, scale: Scale, is_perp: bool) -> Option<Vec<Event>> {
    let (first, last) = (number(data, "U")?, number(data, "u")?);
    let follows = if is_perp { number(data, "pu")? } else { first - 1 };
    if follows < 0 || follows > last || first > last || last == 0 {
        return None;
    }
    let mut events = vec![(Kind::UPDATE, scale.market, 0, 0, vec![follows, last])];
    levels(&mut events, data, ["b", "a"], scale.market, scale)?;
    let count = events.len() as i128 - 1;
    events.push((Kind::BOOK_END, scale.market, 0, 0, vec![0, count, last]));
    stamped(events, data, "E")
}

fn levels(events: &mut Vec<Event>, object: &Value, sides: [&str; 2], market: usize, scale: Scale) -> Option<()> {
    for (side, flags) in sides.into_iter().zip([0, flag::ASK]) {
        for row in object.get(side)?.as_array()? {
            let (price, qty) = (scale.price(row.get(0)?)?, scale.qty(row.get(1)?)?);
            if price == 0 {
                return None;
            }
            events.push((Kind::LEVEL, market, flags, 0, vec![price, qty]));
        }
    }
    Some(())
}
