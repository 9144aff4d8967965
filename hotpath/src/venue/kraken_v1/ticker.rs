//! Best bid and ask as the exchange states them, on two channels.

use super::{Data, row};
use crate::lines::Place;
use crate::record::Ticker;
use crate::venue::Refused;
use crate::venue::reading::{Market, Reading};

/// Reads a message of the channel `ticker`: the sides are price, whole lots and size, the last trade price and size.
/// There is no time. Zero means none.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, data: Data<'_>) -> Result<(), Refused> {
    let payload = data.only()?;
    let [ask, bid, last] = payload.fields(["a", "b", "c"])?.required()?;
    let [ask, _, ask_qty] = row::elements(ask)?;
    let [bid, _, bid_qty] = row::elements(bid)?;
    let [last] = row::elements(last)?;
    let body = Ticker {
        bid_ticks: row::price_ticks(market, bid, 0)?,
        bid_lots: row::qty_lots(market, bid_qty, 0)?,
        ask_ticks: row::price_ticks(market, ask, 0)?,
        ask_lots: row::qty_lots(market, ask_qty, 0)?,
        last_ticks: row::price_ticks(market, last, 0)?,
        update_id: 0,
        spare: [0; 5],
    };
    reading.push(Place { instrument: market.instrument, flags: 0, exch_ns: 0 }, &body, payload)
}

/// Reads a message of the channel `spread`: bid, ask, time, size bid, size asked. The time is when the best order was
/// made: it may go back.
pub(super) fn read_spread(
    reading: &mut Reading<'_, '_, '_>,
    market: Market<'_>,
    data: Data<'_>,
) -> Result<(), Refused> {
    let payload = data.only()?;
    let [bid, ask, time, bid_qty, ask_qty] = row::elements(payload)?;
    let body = Ticker {
        bid_ticks: row::price_ticks(market, bid, 0)?,
        bid_lots: row::qty_lots(market, bid_qty, 0)?,
        ask_ticks: row::price_ticks(market, ask, 0)?,
        ask_lots: row::qty_lots(market, ask_qty, 0)?,
        last_ticks: 0,
        update_id: 0,
        spare: [0; 5],
    };
    reading.push(Place { instrument: market.instrument, flags: 0, exch_ns: row::utc_ns(time)? }, &body, payload)
}
