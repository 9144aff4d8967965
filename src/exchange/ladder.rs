//! One side of a book, whole.

use crate::market::Side;
use std::collections::BTreeMap;

/// A price on a scale on which lower is better: that of an ask, minus that of a bid.
pub(super) type Rank = i64;

/// A price and all that rests there; 0 lots: nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub price_ticks: i64,
    pub qty_lots: i64,
}

/// Levels of one side, best first.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    side: Side,
    levels: BTreeMap<Rank, i64>,
}

impl Ladder {
    /// A side without levels.
    pub const fn new(side: Side) -> Self {
        Self { side, levels: BTreeMap::new() }
    }

    /// The rank of a price, and the price of a rank.
    pub const fn turned(&self, value: i64) -> i64 {
        self.side.rank(value)
    }

    /// Number of levels.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// What rests at a rank.
    pub fn at(&self, rank: Rank) -> Option<i64> {
        self.levels.get(&rank).copied()
    }

    /// Sets what rests at a rank; 0 lots remove it.
    pub fn set(&mut self, rank: Rank, qty_lots: i64) {
        if qty_lots == 0 {
            self.levels.remove(&rank);
        } else {
            self.levels.insert(rank, qty_lots);
        }
    }

    /// The next level that is worse than a rank.
    pub fn worse_than(&self, rank: Rank) -> Option<(Rank, i64)> {
        let behind = rank.checked_add(1)?;
        self.levels.range(behind..).next().map(|(rank, qty_lots)| (*rank, *qty_lots))
    }

    /// The next level that is better than a rank.
    pub fn better_than(&self, rank: Rank) -> Option<Rank> {
        self.levels.range(..rank).next_back().map(|(rank, _)| *rank)
    }

    /// The worst level.
    pub fn last(&self) -> Option<Rank> {
        self.levels.last_key_value().map(|(rank, _)| *rank)
    }

    /// Levels, best first.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.levels.iter().map(|(rank, qty_lots)| Row { price_ticks: self.turned(*rank), qty_lots: *qty_lots })
    }

    /// Keeps the best `depth` levels.
    pub fn cut(&mut self, depth: usize) {
        while self.levels.len() > depth {
            self.levels.pop_last();
        }
    }

    /// Removes every level.
    pub fn clear(&mut self) {
        self.levels.clear();
    }
}
