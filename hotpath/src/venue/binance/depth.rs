//! Books: updates that form a chain, and the snapshot that is fetched.

use super::{Side, price_ticks, qty_lots, time_ns};
use crate::json::Value;
use crate::lines::Place;
use crate::record::{BookEnd, Level, Snapshot, Update, flag};
use crate::venue::reading::{Market, Reading, markets};
use crate::venue::{Cause, Refused};

/// Reads the data of a stream of updates.
pub(super) fn read_update(
    reading: &mut Reading<'_, '_, '_>,
    market: Market<'_>,
    data: Value<'_>,
    side: Side,
) -> Result<(), Refused> {
    let [first, last, time, bids, asks] = data.fields(["U", "u", "E", "b", "a"])?.required()?;
    let first_id = first.unsigned(u64::MAX)?;
    let update_id = last.unsigned(u64::MAX)?;
    let (follows_id, follows) = match side {
        Side::Spot => (first_id.checked_sub(1).map_or_else(|| first.refuse(Cause::Range), Ok)?, first),
        Side::Perp => {
            let [previous] = data.fields(["pu"])?.required()?;
            (previous.unsigned(u64::MAX)?, previous)
        }
    };
    if follows_id > update_id || first_id > update_id || update_id == 0 {
        return follows.refuse(Cause::Range);
    }
    let place = Place { instrument: market.instrument, flags: 0, exch_ns: time_ns(time)? };
    reading.push(place, &Update { follows_id, update_id, spare: 0 }, data)?;
    let bids = read_side(reading, market, place, bids, 0)?;
    let asks = read_side(reading, market, place, asks, flag::ASK)?;
    let body = BookEnd { checksum: 0, levels: bids.saturating_add(asks), update_id, spare: 0 };
    reading.push(place, &body, data)
}

/// Reads the answer to a fetch. It names no pair: it is the one that it was fetched for.
pub(super) fn read_snapshot(reading: &mut Reading<'_, '_, '_>, body: Value<'_>) -> Result<(), Refused> {
    let Some(market) = markets(reading.config, reading.frame).next() else { return body.refuse(Cause::Range) };
    let [last, bids, asks] = body.fields(["lastUpdateId", "bids", "asks"])?.required()?;
    let update_id = last.unsigned(u64::MAX)?;
    if update_id == 0 {
        return last.refuse(Cause::Range);
    }
    // Only the perpetual says when.
    let [time] = body.fields(["E"])?.optional();
    let place = Place { instrument: market.instrument, flags: 0, exch_ns: time.map_or(Ok(0), time_ns)? };
    let snapshot = Snapshot { bids: count(bids)?, asks: count(asks)?, update_id, spare: 0 };
    reading.push(place, &snapshot, body)?;
    let bids = read_side(reading, market, place, bids, 0)?;
    let asks = read_side(reading, market, place, asks, flag::ASK)?;
    let end = BookEnd { checksum: 0, levels: bids.saturating_add(asks), update_id, spare: 0 };
    reading.push(Place { flags: flag::SNAPSHOT, ..place }, &end, body)
}

/// Levels of a side; a frame has fewer bytes than 32 bits count.
fn count(side: Value<'_>) -> Result<u32, Refused> {
    Ok(side.elements()?.fold(0, |levels: u32, _| levels.saturating_add(1)))
}

/// Pushes the levels of a side, `["61837.63000000","3.78826000"]`, and returns how many.
fn read_side(
    reading: &mut Reading<'_, '_, '_>,
    market: Market<'_>,
    place: Place,
    levels: Value<'_>,
    flags: u16,
) -> Result<u32, Refused> {
    let mut count = 0_u32;
    for level in levels.elements()? {
        let mut row = level.elements()?;
        let (Some(price), Some(qty)) = (row.next(), row.next()) else { return level.refuse(Cause::Missing) };
        let body = Level { price_ticks: price_ticks(market, price, 1)?, qty_lots: qty_lots(market, qty)?, spare: 0 };
        reading.push(Place { flags, ..place }, &body, level)?;
        count = count.saturating_add(1);
    }
    Ok(count)
}
