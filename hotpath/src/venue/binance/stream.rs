//! Messages of streams: which stream, and trades and best prices.

use super::{Side, answer, depth, price_ticks, qty_lots, time_ns};
use crate::json::{Text, Value};
use crate::lines::Place;
use crate::record::{Ticker, Trade, flag};
use crate::venue::reading::{Market, Reading};
use crate::venue::{Cause, Reason, Refused};

/// Reads a message of a combined stream, or what has no stream around it.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>, side: Side) -> Result<(), Refused> {
    let [stream, data] = message.fields(["stream", "data"])?.optional();
    let Some(stream) = stream else { return answer::read(reading, message) };
    let Some(data) = data else { return message.refuse(Cause::Missing) };
    let Some(kind) = Kind::of(stream.characters()?) else { return reading.ignore(Reason::Channel, stream) };
    let [symbol] = data.fields(["s"])?.required()?;
    let Some(market) = reading.market(symbol)? else { return reading.ignore(Reason::Symbol, data) };
    match kind {
        Kind::Depth => depth::read_update(reading, market, data, side),
        Kind::Trade => read_trade(reading, market, data),
        Kind::BookTicker => read_ticker(reading, market, data),
    }
}

/// Streams that are used.
#[derive(Clone, Copy)]
enum Kind {
    Depth,
    Trade,
    BookTicker,
}

impl Kind {
    /// What a stream's name, `btcusdt@depth@100ms`, says behind the pair. `depth20` and its like are another stream:
    /// the best levels again and again, no updates.
    fn of(mut name: Text<'_>) -> Option<Self> {
        name.find(|character| *character == '@')?;
        if name.is("trade") {
            Some(Self::Trade)
        } else if name.is("bookTicker") {
            Some(Self::BookTicker)
        } else if name.is("depth") || name.starts_with("depth@") {
            Some(Self::Depth)
        } else {
            None
        }
    }
}

fn read_trade(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, data: Value<'_>) -> Result<(), Refused> {
    // What the insurance fund or a forced deleveraging did is no trade of the book.
    let [origin] = data.fields(["X"])?.optional();
    if origin.is_some_and(|origin| origin.raw() != "\"MARKET\"") {
        return reading.ignore(Reason::Method, data);
    }
    let [price, qty, id, time, buyer_is_maker] = data.fields(["p", "q", "t", "T", "m"])?.required()?;
    let body = Trade {
        price_ticks: price_ticks(market, price, 1)?,
        qty_lots: qty_lots(market, qty)?,
        trade_id: id.unsigned(u64::MAX)?,
    };
    // The taker sold when the buyer's order was there before.
    let flags = if buyer_is_maker.boolean()? { flag::ASK } else { 0 };
    reading.push(Place { instrument: market.instrument, flags, exch_ns: time_ns(time)? }, &body, data)
}

/// Best levels, with the id of the book's state that they are of. Spot does not say when.
fn read_ticker(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, data: Value<'_>) -> Result<(), Refused> {
    let [id, bid, bid_qty, ask, ask_qty] = data.fields(["u", "b", "B", "a", "A"])?.required()?;
    let [time] = data.fields(["E"])?.optional();
    let body = Ticker {
        bid_ticks: price_ticks(market, bid, 0)?,
        bid_lots: qty_lots(market, bid_qty)?,
        ask_ticks: price_ticks(market, ask, 0)?,
        ask_lots: qty_lots(market, ask_qty)?,
        last_ticks: 0,
        update_id: id.unsigned(u64::MAX)?,
        spare: [0; 5],
    };
    let exch_ns = time.map_or(Ok(0), time_ns)?;
    reading.push(Place { instrument: market.instrument, flags: 0, exch_ns }, &body, data)
}
