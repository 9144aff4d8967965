//! What the subscribers of one depth see of one side.
//!
//! The exchange holds more levels than it tells. A subscriber holds what it was told and cuts to the depth
//! after each message, so within a message it also holds what has fallen out since the last one.

use crate::exchange::ladder::{Ladder, Rank, Row};

/// The best levels of a side, up to a depth.
#[derive(Clone, Debug)]
pub(super) struct Window {
    depth: usize,
    /// The worst level that is seen.
    edge: Option<Rank>,
    /// What fell out within this message and still rests.
    fallen: Vec<Rank>,
    rows: Vec<Row>,
}

impl Window {
    /// A window onto a side without levels.
    pub const fn new(depth: usize) -> Self {
        Self { depth, edge: None, fallen: Vec::new(), rows: Vec::new() }
    }

    /// Tells of a level that is new on the ladder.
    pub fn inserted(&mut self, ladder: &Ladder, rank: Rank, qty_lots: i64) {
        if ladder.len() <= self.depth {
            self.edge = self.edge.max(Some(rank));
        } else if let Some(edge) = self.edge.filter(|edge| rank < *edge) {
            self.fallen.push(edge);
            self.edge = ladder.better_than(edge);
        } else {
            return;
        }
        self.tell(ladder, rank, qty_lots);
    }

    /// Tells of a level that has another size. One that has fallen out is told of when it comes back: until
    /// then the subscriber's cut removes it, whatever its size.
    pub fn resized(&mut self, ladder: &Ladder, rank: Rank, qty_lots: i64) {
        if Some(rank) <= self.edge {
            self.tell(ladder, rank, qty_lots);
        }
    }

    /// Tells of a level that is gone from the ladder, and of the one that comes into sight for it.
    pub fn removed(&mut self, ladder: &Ladder, rank: Rank) {
        if let Some(place) = self.fallen.iter().position(|fallen| *fallen == rank) {
            // The subscriber holds it still, and may not find it among the best when others go.
            self.fallen.swap_remove(place);
            return self.tell(ladder, rank, 0);
        }
        let Some(edge) = self.edge.filter(|edge| rank <= *edge) else { return };
        self.tell(ladder, rank, 0);
        match ladder.worse_than(edge) {
            Some((next, qty_lots)) => {
                self.edge = Some(next);
                self.fallen.retain(|fallen| *fallen != next);
                self.tell(ladder, next, qty_lots);
            }
            None => self.edge = ladder.last(),
        }
    }

    /// Ends a message and gives its rows, in the order of events.
    pub fn end_message(&mut self) -> Vec<Row> {
        self.fallen.clear();
        std::mem::take(&mut self.rows)
    }

    fn tell(&mut self, ladder: &Ladder, rank: Rank, qty_lots: i64) {
        self.rows.push(Row { price_ticks: ladder.turned(rank), qty_lots });
    }
}
