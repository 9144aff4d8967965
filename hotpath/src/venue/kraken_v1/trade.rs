//! Trade prints.

use super::{Data, row};
use crate::json::Value;
use crate::lines::Place;
use crate::record::{Trade, flag};
use crate::venue::reading::{Market, Reading};
use crate::venue::{Cause, Reason, Refused};

/// The taker's side.
const SIDES: &[(&str, u16)] = &[("b", 0), ("s", flag::ASK)];
/// The taker's order.
const ORDER_TYPES: &[(&str, u16)] = &[("l", 0), ("m", flag::MARKET_ORDER)];

/// Reads a message of the channel `trade`. A row is price, size, time, side, type and more; it has no number.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, data: Data<'_>) -> Result<(), Refused> {
    let rows = data.only()?;
    let mut empty = true;
    for trade in rows.elements()? {
        empty = false;
        let [price, qty, time, side, order_type] = row::elements(trade)?;
        let flags = flag_of(side, SIDES)? | flag_of(order_type, ORDER_TYPES)?;
        let body = Trade {
            price_ticks: row::price_ticks(market, price, 1)?,
            qty_lots: row::qty_lots(market, qty, 0)?,
            trade_id: 0,
        };
        let place = Place { instrument: market.instrument, flags, exch_ns: row::utc_ns(time)? };
        reading.push(place, &body, trade)?;
    }
    if empty { reading.ignore(Reason::Method, rows) } else { Ok(()) }
}

fn flag_of(value: Value<'_>, table: &[(&str, u16)]) -> Result<u16, Refused> {
    value.look_up(table)?.map_or_else(|| value.refuse(Cause::Type), Ok)
}
