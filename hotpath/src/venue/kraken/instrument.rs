//! Precisions, increments and status of the pairs that are configured.

use super::session::status_code;
use crate::json::Value;
use crate::lines::Place;
use crate::record::Instrument;
use crate::units::{PRECISION_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::venue::reading::{Market, Reading};
use crate::venue::{Cause, Reason, Refused};

/// Reads a message of the channel `instrument`. Its `data` is one object; a snapshot lists every pair
/// of the exchange, so pairs of others are passed over without a word.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [data] = message.fields(["data"])?.required()?;
    let [pairs] = data.fields(["pairs"])?.required()?;
    let mut found = false;
    for pair in pairs.elements()? {
        let [symbol] = pair.fields(["symbol"])?.required()?;
        if let Some(market) = reading.market(symbol)? {
            read_pair(reading, market, pair)?;
            found = true;
        }
    }
    if found { Ok(()) } else { reading.ignore(Reason::Symbol, pairs) }
}

/// All numbers are read at the precisions that the row itself states: comparing those with the
/// configured ones is the engine's business.
fn read_pair(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, pair: Value<'_>) -> Result<(), Refused> {
    let names = ["status", "price_precision", "qty_precision", "cost_precision"];
    let [status, price_precision, qty_precision, cost_precision] = pair.fields(names)?.required()?;
    let names = ["price_increment", "qty_increment", "qty_min", "cost_min"];
    let [price_increment, qty_increment, qty_min, cost_min] = pair.fields(names)?.required()?;
    let price_precision = precision(price_precision)?;
    let qty_precision = precision(qty_precision)?;
    let cost_precision = precision(cost_precision)?;
    let body = Instrument {
        price_increment_ticks: price_increment.scaled(price_precision, 1..=PRICE_TICKS_MAX)?,
        qty_increment_lots: qty_increment.scaled(qty_precision, 1..=QTY_LOTS_MAX)?,
        qty_min_lots: qty_min.scaled(qty_precision, 0..=QTY_LOTS_MAX)?,
        cost_min: cost_min.scaled(cost_precision, 0..=i64::MAX)?,
        price_precision,
        qty_precision,
        cost_precision,
        status: status_code(status)?,
        spare: [0; 13],
    };
    reading.push(Place { instrument: market.instrument, flags: 0, exch_ns: 0 }, &body, pair)
}

fn precision(value: Value<'_>) -> Result<u8, Refused> {
    let digits = value.unsigned(u64::from(PRECISION_MAX))?;
    u8::try_from(digits).or_else(|_| value.refuse(Cause::Range))
}
