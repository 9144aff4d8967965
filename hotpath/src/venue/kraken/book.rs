//! Book messages: the records that both paths push, and the general path's reader.

use crate::halt::Halt;
use crate::json::Value;
use crate::lines::{Lines, Place};
use crate::record::{BookEnd, Level, Snapshot, flag};
use crate::venue::reading::{Market, Reading, time_or_none};
use crate::venue::{Cause, Refused};

/// Whether a message replaces the book; the exchange's `type`.
const TYPES: &[(&str, bool)] = &[("update", false), ("snapshot", true)];

/// The records of one book message, pushed in order.
pub(super) struct Run<'e, 'l> {
    events: &'e mut Lines<'l>,
    place: Place,
    levels: u32,
}

impl<'e, 'l> Run<'e, 'l> {
    pub(super) const fn new(events: &'e mut Lines<'l>, instrument: u16, exch_ns: u64) -> Self {
        Self { events, place: Place { instrument, flags: 0, exch_ns }, levels: 0 }
    }

    /// The message is a snapshot of this many levels.
    pub(super) fn clear(&mut self, bids: u32, asks: u32) -> Result<(), Halt> {
        self.events.push(self.place, &Snapshot { bids, asks, update_id: 0, spare: 0 })
    }

    /// One level. `side` is 0 for a bid and [`flag::ASK`] for an ask.
    pub(super) fn level(&mut self, side: u16, price_ticks: i64, qty_lots: i64) -> Result<(), Halt> {
        self.levels = self.levels.saturating_add(1);
        self.events.push(Place { flags: side, ..self.place }, &Level { price_ticks, qty_lots, spare: 0 })
    }

    /// All levels are given.
    pub(super) fn end(self, snapshot: bool, checksum: u32) -> Result<(), Halt> {
        let flags = flag::CHECKSUM | if snapshot { flag::SNAPSHOT } else { 0 };
        let body = BookEnd { checksum, levels: self.levels, update_id: 0, spare: 0 };
        self.events.push(Place { flags, ..self.place }, &body)
    }
}

/// Smallest size of a level: a snapshot has nothing to remove.
pub(super) const fn qty_lots_min(snapshot: bool) -> i64 {
    if snapshot { 1 } else { 0 }
}

/// Reads a message of the channel `book`.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [kind, data] = message.fields(["type", "data"])?.required()?;
    let Some(snapshot) = kind.look_up(TYPES)? else {
        return kind.refuse(Cause::Type);
    };
    reading.each_market(data, |reading, market, row| read_row(reading.events, market, row, snapshot))
}

fn read_row(events: &mut Lines<'_>, market: Market<'_>, row: Value<'_>, snapshot: bool) -> Result<(), Refused> {
    let [bids, asks, checksum] = row.fields(["bids", "asks", "checksum"])?.required()?;
    let expected = checksum.unsigned(u64::from(u32::MAX))?;
    let too_many = |_| row.refuse(Cause::TooMany);
    let mut run = Run::new(events, market.instrument, read_time(row, snapshot)?);
    if snapshot {
        run.clear(count(bids)?, count(asks)?).or_else(too_many)?;
    }
    read_side(&mut run, market, bids, 0, snapshot)?;
    read_side(&mut run, market, asks, flag::ASK, snapshot)?;
    let checksum = u32::try_from(expected).or_else(|_| checksum.refuse(Cause::Range))?;
    run.end(snapshot, checksum).or_else(too_many)
}

/// Updates always carry a time; snapshots before 2026 had none.
fn read_time(row: Value<'_>, snapshot: bool) -> Result<u64, Refused> {
    let timestamp = row.fields(["timestamp"])?;
    if snapshot {
        let [time] = timestamp.optional();
        return time_or_none(time);
    }
    let [time] = timestamp.required()?;
    time.utc_ns()
}

/// Levels of a side; a frame has fewer bytes than 32 bits count.
fn count(side: Value<'_>) -> Result<u32, Refused> {
    Ok(side.elements()?.fold(0, |levels: u32, _| levels.saturating_add(1)))
}

fn read_side(
    run: &mut Run<'_, '_>,
    market: Market<'_>,
    levels: Value<'_>,
    side: u16,
    snapshot: bool,
) -> Result<(), Refused> {
    for level in levels.elements()? {
        let [price, qty] = level.fields(["price", "qty"])?.required()?;
        let price_ticks = market.price_ticks(price, 1)?;
        let qty_lots = market.qty_lots(qty, qty_lots_min(snapshot))?;
        run.level(side, price_ticks, qty_lots).or_else(|_| level.refuse(Cause::TooMany))?;
    }
    Ok(())
}
