//! Best bid and ask as the exchange states them.

use crate::json::Value;
use crate::lines::Place;
use crate::record::Ticker;
use crate::venue::Refused;
use crate::venue::reading::{Market, Reading, time_or_none};

/// Reads a message of the channel `ticker`. Zero means none; times were added after 2023.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [data] = message.fields(["data"])?.required()?;
    reading.each_market(data, read_row)
}

fn read_row(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, row: Value<'_>) -> Result<(), Refused> {
    let names = ["bid", "bid_qty", "ask", "ask_qty", "last"];
    let [bid, bid_qty, ask, ask_qty, last] = row.fields(names)?.required()?;
    let [timestamp] = row.fields(["timestamp"])?.optional();
    let body = Ticker {
        bid_ticks: market.price_ticks(bid, 0)?,
        bid_lots: market.qty_lots(bid_qty, 0)?,
        ask_ticks: market.price_ticks(ask, 0)?,
        ask_lots: market.qty_lots(ask_qty, 0)?,
        last_ticks: market.price_ticks(last, 0)?,
        update_id: 0,
        spare: [0; 5],
    };
    let place = Place { instrument: market.instrument, flags: 0, exch_ns: time_or_none(timestamp)? };
    reading.push(place, &body, row)
}
