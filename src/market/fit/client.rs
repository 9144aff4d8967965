//! The book as a subscriber of one depth sees it, and what can be counted of it.

use super::statistics::{busiest, counts, percent, quantile, weighted_quantile};
use crate::exchange::{Row, Rows};
use crate::market::{Change, Side, Terms};
use std::collections::BTreeMap;

const MINUTE_NS: u64 = 60_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// Levels that are looked at; the best is 1.
const LEVELS: [usize; 4] = [1, 10, 25, 100];

/// A client, and all that it saw.
pub(super) struct Client {
    depth: usize,
    terms: Terms,
    /// By rank: lots, and since when the level was there.
    levels: [BTreeMap<i64, (i64, u64)>; 2],
    end_ns: u64,
    /// Of each update.
    pub times_ns: Vec<u64>,
    rows_per_update: Vec<usize>,
    inserted: usize,
    deleted: usize,
    resized: usize,
    raised: usize,
    at_touch: usize,
    two_sided: usize,
    lives_ns: Vec<i64>,
    /// Of each of [`LEVELS`]: sizes, lots, and distances from the mid, half ticks.
    sizes: [Vec<i64>; LEVELS.len()],
    distances: [Vec<i64>; LEVELS.len()],
    spread: i64,
    mid: i64,
    mid_changes: usize,
    changed_ns: u64,
    /// Time by spread.
    spreads: BTreeMap<i64, u64>,
}

impl Client {
    pub fn new(depth: usize, terms: &Terms) -> Self {
        Self {
            depth,
            terms: *terms,
            levels: Default::default(),
            end_ns: 0,
            times_ns: Vec::new(),
            rows_per_update: Vec::new(),
            inserted: 0,
            deleted: 0,
            resized: 0,
            raised: 0,
            at_touch: 0,
            two_sided: 0,
            lives_ns: Vec::new(),
            sizes: Default::default(),
            distances: Default::default(),
            spread: 0,
            mid: 0,
            mid_changes: 0,
            changed_ns: 0,
            spreads: BTreeMap::new(),
        }
    }

    /// Takes a message; that at 0 is the snapshot.
    pub fn take(&mut self, at_ns: u64, rows: Rows) {
        let changes = |side, rows: Vec<Row>| {
            rows.into_iter().map(move |Row { price_ticks, qty_lots }| Change { side, price_ticks, qty_lots })
        };
        let rows: Vec<_> = changes(Side::Bid, rows.bids).chain(changes(Side::Ask, rows.asks)).collect();
        if at_ns == 0 {
            self.snapshot(&rows);
        } else if !rows.is_empty() {
            self.update(&rows, at_ns);
        }
    }

    /// The run is over.
    pub fn finish(&mut self, end_ns: u64) {
        self.see_touch(end_ns);
        self.end_ns = end_ns;
    }

    fn snapshot(&mut self, rows: &[Change]) {
        for row in rows {
            self.set(row, 0);
        }
        self.cut();
        self.see_touch(0);
        self.mid_changes = 0;
    }

    fn update(&mut self, rows: &[Change], at_ns: u64) {
        self.times_ns.push(at_ns);
        self.rows_per_update.push(rows.len());
        self.two_sided += usize::from(rows.iter().any(|row| row.side != rows[0].side));
        self.at_touch += usize::from(rows.iter().any(|row| self.is_touch(row)));
        for row in rows {
            let before = self.set(row, at_ns);
            self.count(row, before, at_ns);
        }
        self.cut();
        self.see_touch(at_ns);
        self.see_levels();
    }

    /// Whether a row stands at the best price of its side, or before it.
    fn is_touch(&self, row: &Change) -> bool {
        let best = self.levels[row.side as usize].first_key_value();
        best.is_none_or(|(best, _)| row.side.rank(row.price_ticks) <= *best)
    }

    /// Sets a level; gives its lots before, and since when it was there.
    fn set(&mut self, row: &Change, at_ns: u64) -> Option<(i64, u64)> {
        let levels = &mut self.levels[row.side as usize];
        let rank = row.side.rank(row.price_ticks);
        let before = levels.get(&rank).copied();
        if row.qty_lots == 0 {
            levels.remove(&rank);
        } else {
            levels.insert(rank, (row.qty_lots, before.map_or(at_ns, |(_, born_ns)| born_ns)));
        }
        before
    }

    fn count(&mut self, row: &Change, before: Option<(i64, u64)>, at_ns: u64) {
        match before {
            Some((_, born_ns)) if row.qty_lots == 0 => {
                self.deleted += 1;
                // A recording of a minute sees no longer lives.
                let is_seen = born_ns > 0 && born_ns / MINUTE_NS == at_ns / MINUTE_NS;
                self.lives_ns.extend(is_seen.then_some((at_ns - born_ns) as i64));
            }
            Some((lots, _)) => {
                self.resized += 1;
                self.raised += usize::from(row.qty_lots > lots);
            }
            None => self.inserted += 1,
        }
    }

    fn cut(&mut self) {
        for levels in &mut self.levels {
            while levels.len() > self.depth {
                levels.pop_last();
            }
        }
    }

    fn see_touch(&mut self, at_ns: u64) {
        let [Some((bid, _)), Some((ask, _))] = [&self.levels[0], &self.levels[1]].map(BTreeMap::first_key_value) else {
            return;
        };
        let (bid, ask) = (Side::Bid.rank(*bid), Side::Ask.rank(*ask));
        *self.spreads.entry(self.spread).or_default() += at_ns - self.changed_ns;
        self.mid_changes += usize::from(self.mid != bid + ask);
        (self.spread, self.mid, self.changed_ns) = (ask - bid, bid + ask, at_ns);
    }

    fn see_levels(&mut self) {
        for (levels, side) in self.levels.iter().zip(Side::BOTH) {
            for (place, level) in LEVELS.into_iter().enumerate().filter(|(_, level)| *level <= self.depth) {
                if let Some((rank, (lots, _))) = levels.iter().nth(level - 1) {
                    self.sizes[place].push(*lots);
                    self.distances[place].push((2 * side.rank(*rank) - self.mid).abs());
                }
            }
        }
    }

    /// Updates a second.
    pub fn rate(&self) -> f64 {
        self.times_ns.len() as f64 * SECOND_NS as f64 / self.end_ns as f64
    }

    /// Updates with so many rows, percent.
    pub fn with_rows(&self, rows: std::ops::RangeInclusive<usize>) -> f64 {
        percent(self.rows_per_update.iter().filter(|count| rows.contains(*count)).count(), self.times_ns.len())
    }

    /// Rows that make a level, percent.
    pub fn inserts(&self) -> f64 {
        percent(self.inserted, self.inserted + self.deleted + self.resized)
    }

    /// Rows that end one, percent.
    pub fn deletes(&self) -> f64 {
        percent(self.deleted, self.inserted + self.deleted + self.resized)
    }

    /// New sizes that are larger, percent.
    pub fn raises(&self) -> f64 {
        percent(self.raised, self.resized)
    }

    /// Updates at the touch, percent.
    pub fn touches(&self) -> f64 {
        percent(self.at_touch, self.times_ns.len())
    }

    /// Updates of both sides, percent.
    pub fn two_sided(&self) -> f64 {
        percent(self.two_sided, self.times_ns.len())
    }

    /// Gaps below a millisecond, percent.
    pub fn close(&self) -> f64 {
        let close = self.times_ns.windows(2).filter(|pair| pair[1] - pair[0] < 1_000_000).count();
        percent(close, self.times_ns.len().saturating_sub(1))
    }

    /// Updates in the busiest window of a minute.
    pub fn busiest(&self, window_ms: u64) -> f64 {
        busiest(&self.times_ns, window_ms * 1_000_000)
    }

    /// Windows without an update, percent.
    pub fn empty(&self, window_ms: u64) -> f64 {
        let counts = counts(&self.times_ns, window_ms * 1_000_000, self.end_ns);
        percent(counts.iter().filter(|count| **count == 0.0).count(), counts.len())
    }

    /// Longest silence of a minute, the median of the minutes, seconds.
    pub fn silence(&self) -> f64 {
        let mut longest: BTreeMap<u64, i64> = BTreeMap::new();
        for pair in self.times_ns.windows(2) {
            let gap_ns = longest.entry(pair[1] / MINUTE_NS).or_default();
            *gap_ns = (*gap_ns).max((pair[1] - pair[0]) as i64);
        }
        quantile(&longest.into_values().collect::<Vec<_>>(), 50) / SECOND_NS as f64
    }

    /// Spread that is not exceeded for `percent` of the time, ticks.
    pub fn spread(&self, percent: u64) -> f64 {
        weighted_quantile(&self.spreads, percent)
    }

    /// Changes of the mid a second.
    pub fn mid_changes(&self) -> f64 {
        self.mid_changes as f64 * SECOND_NS as f64 / self.end_ns as f64
    }

    /// A quantile of the size at one of [`LEVELS`], units of the base currency.
    pub fn size(&self, level: usize, percent: usize) -> f64 {
        quantile(at(&self.sizes, level), percent) * self.terms.units(1)
    }

    /// Median distance of one of [`LEVELS`] from the mid, ticks.
    pub fn distance(&self, level: usize) -> f64 {
        quantile(at(&self.distances, level), 50) / 2.0
    }

    /// How long a level lives within the window, seconds.
    pub fn life(&self, percent: usize) -> f64 {
        quantile(&self.lives_ns, percent) / SECOND_NS as f64
    }
}

/// What was seen of a level; nothing of one that was not looked at.
fn at(values: &[Vec<i64>; LEVELS.len()], level: usize) -> &[i64] {
    LEVELS.iter().position(|known| *known == level).map_or(&[], |place| &values[place])
}
