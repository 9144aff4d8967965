//! The book that a recording has led to, rebuilt from its text.

use super::recorded::{BookFrame, LevelText};
use super::wire::{Kind, Scale};
use crate::exchange::ladder::Ladder;
use crate::market::Side;

/// The book.
pub(super) struct Rebuilt {
    pub bids: Ladder,
    pub asks: Ladder,
    /// Whether there was a snapshot, and nothing unreadable since.
    pub is_known: bool,
    /// Time of the last message, as text.
    pub timestamp: Option<String>,
}

impl Rebuilt {
    /// No book.
    pub const fn new() -> Self {
        Self { bids: Ladder::new(Side::Bid), asks: Ladder::new(Side::Ask), is_known: false, timestamp: None }
    }

    /// Takes a message; `None` when its numbers are not the market's.
    pub fn take(&mut self, frame: &BookFrame<'_>, scale: Scale, depth: usize) -> Option<()> {
        for (ladder, levels) in [(&mut self.bids, &frame.bids), (&mut self.asks, &frame.asks)] {
            if frame.kind == Kind::Snapshot {
                ladder.clear();
            }
            apply(ladder, levels, scale)?;
            ladder.cut(depth);
        }
        self.is_known = true;
        self.timestamp.clone_from(&frame.timestamp);
        Some(())
    }
}

fn apply(ladder: &mut Ladder, levels: &[LevelText<'_>], scale: Scale) -> Option<()> {
    for level in levels {
        let (price_ticks, qty_lots) = level.read(scale)?;
        ladder.set(ladder.turned(price_ticks), qty_lots);
    }
    Some(())
}
