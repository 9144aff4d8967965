//! Best levels as the exchange states them beside its book: the proof of a book that has no checksum.

use crate::book::{Book, Level};
use crate::record::Ticker;
use crate::trust::Sign;
use bytemuck::{Pod, Zeroable};

/// The last statement that names an update id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Stated {
    /// The id; 0 when nothing was stated.
    update_id: u64,
    /// Price and size of the best bid; 0 when there is none.
    bid: [i64; 2],
    /// Price and size of the best ask; 0 when there is none.
    ask: [i64; 2],
}

/// Best prices as they are stated and as they are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whether prices and sizes agree.
    pub agrees: bool,
    /// The stated price of the side that differs, ticks.
    pub expected_ticks: i64,
    /// The held one.
    pub found_ticks: i64,
}

impl Comparison {
    /// What tells against the book.
    #[must_use]
    pub const fn sign(&self) -> Sign {
        Sign { expected: self.expected_ticks.unsigned_abs(), found: self.found_ticks.unsigned_abs() }
    }
}

impl Stated {
    /// What a book itself states in a state.
    #[must_use]
    pub fn of(update_id: u64, book: &Book) -> Self {
        let [bid, ask] = best(book);
        Self { update_id, bid, ask }
    }

    /// Remembers a statement. One without an update id says nothing of a certain book.
    pub const fn take(&mut self, ticker: &Ticker) {
        let Ticker { update_id, bid_ticks, bid_lots, ask_ticks, ask_lots, .. } = *ticker;
        *self = Self { update_id, bid: [bid_ticks, bid_lots], ask: [ask_ticks, ask_lots] };
    }

    /// Whether anything was stated.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.update_id != 0
    }

    /// Compares the book after an update with what was stated for that update's id, if anything was.
    #[must_use]
    pub fn compare(&self, update_id: u64, book: &Book) -> Option<Comparison> {
        if update_id == 0 || update_id != self.update_id {
            return None;
        }
        let [bid, ask] = best(book);
        let ([expected_ticks, _], [found_ticks, _]) = if bid == self.bid { (self.ask, ask) } else { (self.bid, bid) };
        Some(Comparison { agrees: bid == self.bid && ask == self.ask, expected_ticks, found_ticks })
    }
}

/// Price and size of the best bid and the best ask; 0 where there is none.
fn best(book: &Book) -> [[i64; 2]; 2] {
    let best = |level: Option<Level>| level.map_or([0, 0], |level| [level.price_ticks, level.qty_lots]);
    [best(book.bids.best()), best(book.asks.best())]
}
