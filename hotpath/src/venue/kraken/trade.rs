//! Trade prints.

use crate::json::Value;
use crate::lines::Place;
use crate::record::{Trade, flag};
use crate::venue::reading::{Market, Reading};
use crate::venue::{Cause, Refused};

/// The taker's side.
const SIDES: &[(&str, u16)] = &[("buy", 0), ("sell", flag::ASK)];
/// The taker's order.
const ORDER_TYPES: &[(&str, u16)] = &[("limit", 0), ("market", flag::MARKET_ORDER)];

/// A snapshot holds trades from before the subscription; the exchange's `type`.
const TYPES: &[(&str, u16)] = &[("update", 0), ("snapshot", flag::PAST)];

/// Reads a message of the channel `trade`.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [data] = message.fields(["data"])?.required()?;
    let [kind] = message.fields(["type"])?.optional();
    let past = kind.map_or(Ok(0), |kind| flag_of(kind, TYPES))?;
    reading.each_market(data, |reading, market, row| read_row(reading, market, row, past))
}

fn read_row(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, row: Value<'_>, past: u16) -> Result<(), Refused> {
    let names = ["side", "price", "qty", "ord_type", "trade_id", "timestamp"];
    let [side, price, qty, ord_type, trade_id, timestamp] = row.fields(names)?.required()?;
    let flags = past | flag_of(side, SIDES)? | flag_of(ord_type, ORDER_TYPES)?;
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
