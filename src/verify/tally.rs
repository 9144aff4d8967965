//! What is counted, and sides of naive books.

use std::collections::BTreeMap;

/// What was proved, and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Exchange checksums that hold.
    pub checksums_ok: u64,
    /// Exchange checksums that do not; the engine must have said so too.
    pub checksums_bad: u64,
    /// Book messages that could not be checked: no snapshot before them.
    pub unverifiable: u64,
    /// Best levels that are those that the exchange stated for the same update id.
    pub touches_ok: u64,
    /// Best levels that are not.
    pub touches_bad: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.checksums_ok += more.checksums_ok;
        self.checksums_bad += more.checksums_bad;
        self.unverifiable += more.unverifiable;
        self.touches_ok += more.touches_ok;
        self.touches_bad += more.touches_bad;
    }
}

/// A side by price in ticks; lots.
pub(super) type Side = BTreeMap<i64, i64>;

/// Best bid and ask, price in ticks and lots; zeros for an empty side.
pub(super) fn best(bids: &Side, asks: &Side) -> [(i64, i64); 2] {
    let level = |level: Option<(&i64, &i64)>| level.map_or((0, 0), |(price_ticks, lots)| (*price_ticks, *lots));
    [level(bids.last_key_value()), level(asks.first_key_value())]
}
