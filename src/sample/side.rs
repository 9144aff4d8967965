//! One side of the exchange's book, and what a subscriber was told of it.
//!
//! The exchange knows more levels than it publishes. A level beyond the depth is not mentioned; one
//! that falls out is dropped without a word, since the subscriber cuts after each message; one that
//! comes back is told again.

use std::collections::BTreeMap;

/// A price that is better the lower it is: the price of an ask, minus the price of a bid. In steps of
/// the price increment.
pub(super) type Rank = i64;

/// One changed level as published: 0 lots remove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// In steps of the price increment.
    pub price_steps: i64,
    /// New size.
    pub qty_lots: i64,
}

/// Which side, and how its ranks and prices belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Bid,
    Ask,
}

impl Way {
    const fn sign(self) -> i64 {
        match self {
            Self::Bid => -1,
            Self::Ask => 1,
        }
    }

    /// The price of a rank, and the rank of a price.
    pub const fn turned(self, value: i64) -> i64 {
        self.sign() * value
    }
}

/// One side.
#[derive(Debug)]
pub(super) struct Side {
    way: Way,
    depth: usize,
    levels: BTreeMap<Rank, i64>,
    /// What the subscriber holds, uncut while a message is being made.
    told: BTreeMap<Rank, i64>,
    rows: Vec<Row>,
}

impl Side {
    /// An empty side.
    pub const fn new(way: Way, depth: usize) -> Self {
        Self { way, depth, levels: BTreeMap::new(), told: BTreeMap::new(), rows: Vec::new() }
    }

    /// Number of levels, those beyond the depth included.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// Whether there is a level at this rank.
    pub fn holds(&self, rank: Rank) -> bool {
        self.levels.contains_key(&rank)
    }

    /// Rank and size of the level at this index from the best.
    pub fn at(&self, index: usize) -> Option<(Rank, i64)> {
        self.levels.iter().nth(index).map(|(rank, lots)| (*rank, *lots))
    }

    /// The farthest level.
    pub fn last(&self) -> Option<Rank> {
        self.levels.last_key_value().map(|(rank, _)| *rank)
    }

    /// Levels within the depth, best first.
    pub fn visible(&self) -> impl Iterator<Item = Row> {
        let row = |(rank, lots): (&Rank, &i64)| Row { price_steps: self.way.turned(*rank), qty_lots: *lots };
        self.levels.iter().take(self.depth).map(row)
    }

    /// Sets the size of a level, 0 to remove it, and publishes what of it can be seen.
    pub fn set(&mut self, rank: Rank, qty_lots: i64) {
        self.set_untold(rank, qty_lots);
        let visible = self.levels.keys().take(self.depth).any(|visible| *visible == rank);
        if visible || self.told.contains_key(&rank) {
            self.tell(rank, qty_lots);
        }
        self.tell_what_came_back();
    }

    /// Sets the size of a level that the subscriber does not see before or after.
    pub fn set_untold(&mut self, rank: Rank, qty_lots: i64) {
        if qty_lots == 0 {
            self.levels.remove(&rank);
        } else {
            self.levels.insert(rank, qty_lots);
        }
    }

    /// Ends a message: its rows in the order of events. The subscriber cuts to the depth.
    pub fn end_message(&mut self) -> Vec<Row> {
        while self.told.len() > self.depth {
            self.told.pop_last();
        }
        std::mem::take(&mut self.rows)
    }

    /// Ends a message that is a snapshot: nothing within the depth is news any more.
    pub fn end_snapshot(&mut self) {
        self.rows.clear();
        self.told = self.levels.iter().take(self.depth).map(|(rank, lots)| (*rank, *lots)).collect();
    }

    fn tell(&mut self, rank: Rank, qty_lots: i64) {
        self.rows.push(Row { price_steps: self.way.turned(rank), qty_lots });
        if qty_lots == 0 {
            self.told.remove(&rank);
        } else {
            self.told.insert(rank, qty_lots);
        }
    }

    fn tell_what_came_back(&mut self) {
        let visible = self.levels.iter().take(self.depth).map(|(rank, lots)| (*rank, *lots));
        let news: Vec<_> = visible.filter(|(rank, _)| !self.told.contains_key(rank)).collect();
        for (rank, qty_lots) in news {
            self.tell(rank, qty_lots);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Side, Way};

    const fn row(price_steps: i64, qty_lots: i64) -> Row {
        Row { price_steps, qty_lots }
    }

    #[test]
    fn a_level_leaves_in_silence_and_comes_back_in_words() {
        let mut side = Side::new(Way::Bid, 2);
        for price in [100, 99] {
            side.set_untold(-price, 7);
        }
        side.end_snapshot();
        side.set(-101, 5);
        assert_eq!(side.end_message(), [row(101, 5)], "99 falls out");
        side.set(-99, 8);
        assert_eq!(side.end_message(), [], "and changes unseen");
        side.set(-101, 0);
        assert_eq!(side.end_message(), [row(101, 0), row(99, 8)], "and comes back as it is now");
    }

    #[test]
    fn within_a_message_the_subscriber_has_not_cut_yet() {
        let mut side = Side::new(Way::Ask, 1);
        side.set_untold(10, 7);
        side.end_snapshot();
        side.set(9, 1);
        side.set(10, 6);
        side.set(9, 0);
        assert_eq!(side.end_message(), [row(9, 1), row(10, 6), row(9, 0)], "10 was never lost");
    }
}
