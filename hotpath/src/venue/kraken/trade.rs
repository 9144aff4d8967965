//! Trade prints.

use super::reading::{Market, Reading};
use crate::json::Value;
use crate::lines::Place;
use crate::record::{Trade, flag};
use crate::venue::{Cause, Refused};

/// The taker's side.
const SIDES: &[(&str, u16)] = &[("buy", 0), ("sell", flag::ASK)];
/// The taker's order.
const ORDER_TYPES: &[(&str, u16)] = &[("limit", 0), ("market", flag::MARKET_ORDER)];

/// Reads a message of the channel `trade`; a snapshot is the last trades.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [data] = message.fields(["data"])?.required()?;
    reading.each_market(data, read_row)
}

fn read_row(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, row: Value<'_>) -> Result<(), Refused> {
    let names = ["side", "price", "qty", "ord_type", "trade_id", "timestamp"];
    let [side, price, qty, ord_type, trade_id, timestamp] = row.fields(names)?.required()?;
    let flags = flag_of(side, SIDES)? | flag_of(ord_type, ORDER_TYPES)?;
    let body = Trade {
        price_ticks: market.price_ticks(price, 1)?,
        qty_lots: market.qty_lots(qty, 0)?,
        trade_id: trade_id.unsigned(u64::MAX)?,
    };
    let place = Place { instrument: market.instrument, flags, exch_ns: timestamp.utc_ns()? };
    reading.push(place, &body, row)
}

fn flag_of(value: Value<'_>, table: &[(&str, u16)]) -> Result<u16, Refused> {
    value.look_up(table)?.map_or_else(|| value.refuse(Cause::Type), Ok)
}
