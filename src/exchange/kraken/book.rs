//! The exchange's whole book, and what is seen of it at every depth.

use super::window::Window;
use crate::exchange::ladder::{Ladder, Row};
use crate::market::{Change, Side};

/// Depths at which a book can be subscribed to.
pub const DEPTHS: [u32; 5] = [10, 25, 100, 500, 1000];

/// Rows of one message: bids and asks, each in the order of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub bids: Vec<Row>,
    pub asks: Vec<Row>,
}

impl Rows {
    /// Whether nothing within the depth changed.
    pub const fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}

/// One side with a window for each of [`DEPTHS`].
#[derive(Clone, Debug)]
struct Watched {
    ladder: Ladder,
    windows: [Window; DEPTHS.len()],
}

impl Watched {
    fn new(side: Side) -> Self {
        Self { ladder: Ladder::new(side), windows: DEPTHS.map(|depth| Window::new(depth as usize)) }
    }

    /// Takes a level's new size; one that changes nothing is no event.
    fn change(&mut self, price_ticks: i64, qty_lots: i64) {
        let rank = self.ladder.turned(price_ticks);
        let held_lots = self.ladder.at(rank).unwrap_or(0);
        if qty_lots == held_lots {
            return;
        }
        self.ladder.set(rank, qty_lots);
        for window in &mut self.windows {
            match (held_lots, qty_lots) {
                (_, 0) => window.removed(&self.ladder, rank),
                (0, _) => window.inserted(&self.ladder, rank, qty_lots),
                _ => window.resized(&self.ladder, rank, qty_lots),
            }
        }
    }
}

/// The book. Its windows are shared by all who subscribed to a depth.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    bids: Watched,
    asks: Watched,
}

impl Book {
    /// An empty book.
    pub fn new() -> Self {
        Self { bids: Watched::new(Side::Bid), asks: Watched::new(Side::Ask) }
    }

    /// Takes all changes of one message and gives the rows that each of [`DEPTHS`] sees of it.
    pub fn take(&mut self, changes: &[Change]) -> [Rows; DEPTHS.len()] {
        for change in changes {
            let side = match change.side {
                Side::Bid => &mut self.bids,
                Side::Ask => &mut self.asks,
            };
            side.change(change.price_ticks, change.qty_lots);
        }
        std::array::from_fn(|place| {
            let [bids, asks] = [&mut self.bids, &mut self.asks]
                .map(|side| side.windows.get_mut(place).map_or_else(Vec::new, Window::end_message));
            Rows { bids, asks }
        })
    }

    /// Levels of a side, best first.
    pub fn rows(&self, side: Side) -> impl Iterator<Item = Row> {
        match side {
            Side::Bid => self.bids.ladder.rows(),
            Side::Ask => self.asks.ladder.rows(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
