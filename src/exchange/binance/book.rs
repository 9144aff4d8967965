//! The book that a recording has led to: a depth answer, and the changes behind it.

use super::recorded::{DepthAnswer, Diff, LevelText};
use crate::exchange::decimal::Decimal;
use crate::exchange::ladder::{Ladder, Row};
use crate::market::Side;

/// How a market writes its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub price_decimals: u8,
    pub qty_decimals: u8,
}

impl Scale {
    /// The decimals in which a level is written.
    pub fn of([price, qty]: LevelText<'_>) -> Option<Self> {
        Some(Self { price_decimals: Decimal::decimals_of(price)?, qty_decimals: Decimal::decimals_of(qty)? })
    }

    fn read(self, [price, qty]: LevelText<'_>) -> Option<(i64, i64)> {
        let price = Decimal::parse(price, self.price_decimals)?;
        Some((price.units, Decimal::parse(qty, self.qty_decimals)?.units))
    }

    /// Price and size as the market writes them.
    pub fn text(self, row: Row) -> [String; 2] {
        let price = Decimal::new(row.price_ticks, self.price_decimals);
        [price.to_string(), Decimal::new(row.qty_lots, self.qty_decimals).to_string()]
    }
}

/// What a message did to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The book is as it was after the message.
    Applied,
    /// All of it was in the book already.
    Older,
    /// Something between the book and the message is missing, or the message cannot be read: this book has ended.
    Broken,
}

/// The book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    bids: Ladder,
    asks: Ladder,
    pub scale: Scale,
    /// The last update in it.
    pub update_id: u64,
    /// When it was so, UNIX milliseconds.
    pub event_ms: u64,
    pub transaction_ms: u64,
    /// Whether a message has joined on to the answer that it began with: from there on each must follow the last.
    has_joined: bool,
}

impl Book {
    /// The book of an answer; `None` when its numbers cannot be read, or it holds no level.
    pub fn new(answer: &DepthAnswer<'_>) -> Option<Self> {
        let scale = Scale::of(*answer.bids.iter().chain(&answer.asks).next()?)?;
        let mut book = Self {
            bids: Ladder::new(Side::Bid),
            asks: Ladder::new(Side::Ask),
            scale,
            update_id: answer.update_id,
            event_ms: answer.event_ms.unwrap_or(0),
            transaction_ms: answer.transaction_ms.unwrap_or(0),
            has_joined: false,
        };
        book.set(&answer.bids, &answer.asks)?;
        Some(book)
    }

    /// Takes a message.
    pub fn take(&mut self, diff: &Diff<'_>) -> Taken {
        if diff.update_id <= self.update_id {
            return Taken::Older;
        }
        let follows_id = diff.follows_id();
        let joins = if self.has_joined { follows_id == self.update_id } else { follows_id <= self.update_id };
        if !joins || self.set(&diff.bids, &diff.asks).is_none() {
            return Taken::Broken;
        }
        self.has_joined = true;
        self.update_id = diff.update_id;
        self.event_ms = diff.event_ms;
        self.transaction_ms = diff.transaction_ms.unwrap_or(0);
        Taken::Applied
    }

    fn set(&mut self, bids: &[LevelText<'_>], asks: &[LevelText<'_>]) -> Option<()> {
        for (ladder, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for level in levels {
                let (price_ticks, qty_lots) = self.scale.read(*level)?;
                ladder.set(ladder.turned(price_ticks), qty_lots);
            }
        }
        Some(())
    }

    /// The best levels of a side as text, best first.
    pub fn texts(&self, side: Side, levels: usize) -> Vec<[String; 2]> {
        self.rows(side).take(levels).map(|row| self.scale.text(row)).collect()
    }

    /// The levels of a side, best first.
    pub fn rows(&self, side: Side) -> impl Iterator<Item = Row> {
        match side {
            Side::Bid => self.bids.rows(),
            Side::Ask => self.asks.rows(),
        }
    }
}
