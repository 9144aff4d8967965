//! Book messages.

use super::{Data, row};
use crate::json::Value;
use crate::lines::Place;
use crate::record::{BookEnd, Level, Snapshot, flag};
use crate::venue::reading::{Market, Reading};
use crate::venue::{Cause, Refused};

/// One side of a message: `flag` is 0 for bids and [`flag::ASK`] for asks.
#[derive(Clone, Copy)]
struct Side<'a> {
    rows: Value<'a>,
    flag: u16,
}

/// Reads a message of a channel `book-N`: a snapshot has both sides, `as` and `bs`, in one object; an update one side,
/// `a` or `b`, in each of one or two objects, and the checksum `c` in the last.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, data: Data<'_>) -> Result<(), Refused> {
    let [asks, bids] = data.payload.fields(["as", "bs"])?.optional();
    if asks.or(bids).is_some() {
        return read_snapshot(reading, market, data.only()?);
    }
    let last = data.second.unwrap_or(data.payload);
    let [checksum] = last.fields(["c"])?.required()?;
    let expected = row::checksum(checksum)?;
    let first_sides = sides(data.payload)?;
    let second_sides = match data.second {
        Some(second) => {
            if let [Some(earlier)] = data.payload.fields(["c"])?.optional() {
                return earlier.refuse(Cause::Type);
            }
            sides(second)?
        }
        None => [None; 2],
    };
    for (first, second) in first_sides.iter().zip(second_sides) {
        if let (Some(_), Some(again)) = (first, second) {
            return again.rows.refuse(Cause::Duplicate);
        }
    }
    let sides = first_sides.into_iter().chain(second_sides).flatten();
    let place = Place { instrument: market.instrument, flags: 0, exch_ns: latest_ns(sides.clone())? };
    let levels = push_sides(reading, market, place, sides, 0)?;
    let body = BookEnd { checksum: expected, levels, update_id: 0, spare: 0 };
    reading.push(Place { flags: flag::CHECKSUM, ..place }, &body, last)
}

fn read_snapshot(reading: &mut Reading<'_, '_, '_>, market: Market<'_>, object: Value<'_>) -> Result<(), Refused> {
    if let [Some(change), _] | [_, Some(change)] = object.fields(["a", "b"])?.optional() {
        return change.refuse(Cause::Type);
    }
    let [asks, bids] = object.fields(["as", "bs"])?.required()?;
    let [checksum] = object.fields(["c"])?.optional();
    let sides = [Side { rows: asks, flag: flag::ASK }, Side { rows: bids, flag: 0 }].into_iter();
    let place = Place { instrument: market.instrument, flags: 0, exch_ns: latest_ns(sides.clone())? };
    let body = Snapshot { bids: count(bids)?, asks: count(asks)?, update_id: 0, spare: 0 };
    reading.push(place, &body, object)?;
    let levels = push_sides(reading, market, place, sides, 1)?;
    // None was ever seen on a snapshot; one that stands there is to hold.
    let flags = flag::SNAPSHOT | checksum.map_or(0, |_| flag::CHECKSUM);
    let checksum = checksum.map_or(Ok(0), row::checksum)?;
    reading.push(Place { flags, ..place }, &BookEnd { checksum, levels, update_id: 0, spare: 0 }, object)
}

/// The sides of one object of an update, asks first; it has one at least.
fn sides(object: Value<'_>) -> Result<[Option<Side<'_>>; 2], Refused> {
    let [asks, bids] = object.fields(["a", "b"])?.optional();
    if asks.or(bids).is_none() {
        return object.refuse(Cause::Missing);
    }
    Ok([asks.map(|rows| Side { rows, flag: flag::ASK }), bids.map(|rows| Side { rows, flag: 0 })])
}

/// The time of the latest row; 0 when there is none.
fn latest_ns<'a>(sides: impl Iterator<Item = Side<'a>>) -> Result<u64, Refused> {
    let mut latest_ns = 0;
    for side in sides {
        for level in side.rows.elements()? {
            let [_, _, time] = row::elements(level)?;
            latest_ns = row::utc_ns(time)?.max(latest_ns);
        }
    }
    Ok(latest_ns)
}

/// Levels of a side; a frame has fewer bytes than 32 bits count.
fn count(rows: Value<'_>) -> Result<u32, Refused> {
    Ok(rows.elements()?.fold(0, |levels: u32, _| levels.saturating_add(1)))
}

/// Pushes the levels in the order of their rows, and counts them. A size is at least `qty_lots_min`: a snapshot has
/// nothing to remove.
fn push_sides<'a>(
    reading: &mut Reading<'_, '_, '_>,
    market: Market<'_>,
    place: Place,
    sides: impl Iterator<Item = Side<'a>>,
    qty_lots_min: i64,
) -> Result<u32, Refused> {
    let mut levels: u32 = 0;
    for side in sides {
        for level in side.rows.elements()? {
            let [price, qty, _] = row::elements(level)?;
            let price_ticks = row::price_ticks(market, price, 1)?;
            let qty_lots = row::qty_lots(market, qty, qty_lots_min)?;
            check_republished(level)?;
            let body = Level { price_ticks, qty_lots, spare: 0 };
            reading.push(Place { flags: side.flag, ..place }, &body, level)?;
            levels = levels.saturating_add(1);
        }
    }
    Ok(levels)
}

/// A fourth element says that the level comes back into the window, and that its time is an old one.
fn check_republished(level: Value<'_>) -> Result<(), Refused> {
    match level.elements()?.nth(3) {
        None => Ok(()),
        Some(mark) => match mark.look_up(&[("r", ())])? {
            Some(()) => Ok(()),
            None => mark.refuse(Cause::Type),
        },
    }
}
