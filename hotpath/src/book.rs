//! The limit order book: two sorted sides of fixed capacity.
//!
//! The best level lies last, because most changes are near it: an insert or a removal moves only the
//! levels that are better. The worst level is dropped by moving the start. Beside each level lies what
//! the checksum needs of it, computed when the level is set.

use crate::checksum::{Residue, crc32_top10};
use crate::halt::{Halt, ensure};
use crate::simd::Simd;
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use bytemuck::{Pod, Zeroable};
use core::mem::replace;

/// Levels that one side can hold.
pub const SIDE_LEVELS: usize = 8192;
/// Levels looked at one by one from the best before the search halves.
const NEAR_LEVELS: usize = 16;

/// One price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Level {
    /// Price, ticks.
    pub price_ticks: i64,
    /// Size, lots.
    pub qty_lots: i64,
}

/// A level and what the checksum needs of it.
#[derive(Clone, Copy, Zeroable)]
#[repr(C, align(32))]
struct Held {
    level: Level,
    residue: Residue,
}

impl Held {
    fn of(level: Level, simd: Simd) -> Self {
        Self { level, residue: Residue::of(level.price_ticks, level.qty_lots, simd) }
    }
}

impl AsRef<Residue> for Held {
    fn as_ref(&self) -> &Residue {
        &self.residue
    }
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The level was there and has a new size.
    Updated,
    /// The level is new.
    Inserted,
    /// The level was there and is gone.
    Removed,
    /// A removal of a level that was not there.
    Unknown,
    /// The price lies beyond what the side is known to be complete to.
    Beyond,
}

/// One side. `ASK` decides which price is better: lower for asks, higher for bids.
#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
pub struct Side<const ASK: bool> {
    levels: [Held; SIDE_LEVELS],
    start: usize,
    end: usize,
    /// Best price that was ever dropped for want of room since the last snapshot; 0 when none was.
    /// At this price and beyond the side is not known to be complete.
    dropped_ticks: i64,
    simd: Simd,
}

/// A book: plain data of fixed size.
#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
pub struct Book {
    /// Bids, best is highest.
    pub bids: Side<false>,
    /// Asks, best is lowest.
    pub asks: Side<true>,
}

impl Book {
    /// Takes the processor's fast paths from here on.
    pub const fn use_simd(&mut self, simd: Simd) {
        self.bids.simd = simd;
        self.asks.simd = simd;
    }

    /// Removes all levels of both sides.
    pub const fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Sets a level of one side; a size of 0 removes it.
    pub fn set(&mut self, is_ask: bool, level: Level) -> Change {
        let Level { price_ticks, qty_lots } = level;
        if is_ask { self.asks.set(price_ticks, qty_lots) } else { self.bids.set(price_ticks, qty_lots) }
    }

    /// Keeps the best `depth` levels of each side.
    pub fn cut(&mut self, depth: usize) {
        self.bids.cut(depth);
        self.asks.cut(depth);
    }

    /// The exchange's checksum of the ten best levels of each side: see [`crate::checksum`].
    #[must_use]
    pub fn crc32_top10(&self) -> u32 {
        crc32_top10(self.asks.held(), self.bids.held(), self.asks.simd)
    }

    /// Whether the best bid is at or above the best ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match (self.bids.best(), self.asks.best()) {
            (Some(bid), Some(ask)) => bid.price_ticks >= ask.price_ticks,
            _ => false,
        }
    }
}

impl<const ASK: bool> Side<ASK> {
    /// Removes all levels.
    pub const fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
        self.dropped_ticks = 0;
    }

    /// Levels held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether no level is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best level.
    #[must_use]
    pub fn best(&self) -> Option<Level> {
        self.held().last().map(|held| held.level)
    }

    /// Levels from the best to the worst.
    pub fn best_first(&self) -> impl Iterator<Item = &Level> {
        self.held().iter().rev().map(|held| &held.level)
    }

    /// Levels from the worst to the best, as they lie in memory.
    pub fn worst_first(&self) -> impl Iterator<Item = &Level> {
        self.held().iter().map(|held| &held.level)
    }

    /// Lots of the best levels together: at most fifteen, whose sizes add up in 64 bits.
    #[must_use]
    pub fn lots_of_best(&self, levels: usize) -> u64 {
        let held = self.held();
        let best = held.get(held.len().saturating_sub(levels)..).unwrap_or_default();
        best.iter().fold(0, |sum: u64, held| sum.wrapping_add(held.level.qty_lots.cast_unsigned()))
    }

    fn held(&self) -> &[Held] {
        self.levels.get(self.start..self.end).unwrap_or_default()
    }

    /// Best price at and beyond which levels may be missing; none when the side is complete (or cut
    /// by the exchange's rule).
    #[must_use]
    pub const fn complete_to_ticks(&self) -> Option<i64> {
        if self.dropped_ticks == 0 { None } else { Some(self.dropped_ticks) }
    }

    /// Sets the price from which the side may be incomplete; 0 for none. For loading a checkpoint.
    pub const fn set_dropped_ticks(&mut self, price_ticks: i64) {
        self.dropped_ticks = price_ticks;
    }

    /// Sets the size at a price; 0 removes it.
    pub fn set(&mut self, price_ticks: i64, qty_lots: i64) -> Change {
        if self.is_beyond(price_ticks) {
            return Change::Beyond;
        }
        let place = self.place_of(price_ticks);
        let at = self.levels.get(place).map(|held| held.level.price_ticks);
        let held = place < self.end && at == Some(price_ticks);
        match (held, qty_lots == 0) {
            (true, false) => {
                if let Some(slot) = self.levels.get_mut(place) {
                    *slot = Held::of(Level { price_ticks, qty_lots }, self.simd);
                }
                Change::Updated
            }
            (true, true) => {
                self.remove(place);
                Change::Removed
            }
            (false, true) => Change::Unknown,
            (false, false) => self.insert(place, Level { price_ticks, qty_lots }),
        }
    }

    /// Keeps the best `depth` levels. The exchange's rule says that nothing else is in the book, so the
    /// side is complete again.
    pub fn cut(&mut self, depth: usize) {
        self.start = self.start.max(self.end.saturating_sub(depth));
        self.dropped_ticks = 0;
    }

    /// Appends a level that is better than all held: how a checkpoint is loaded.
    ///
    /// # Errors
    /// [`Halt::MalformedCheckpoint`] when it is not better or there is no room.
    pub fn push_better(&mut self, level: Level) -> Result<(), Halt> {
        let ordered = self.best().is_none_or(|best| Self::better(level.price_ticks, best.price_ticks));
        let in_range =
            (1..=PRICE_TICKS_MAX).contains(&level.price_ticks) && (1..=QTY_LOTS_MAX).contains(&level.qty_lots);
        ensure(ordered && in_range, Halt::MalformedCheckpoint)?;
        let slot = self.levels.get_mut(self.end).ok_or(Halt::MalformedCheckpoint)?;
        *slot = Held::of(level, self.simd);
        self.end = self.end.wrapping_add(1);
        Ok(())
    }

    const fn better(left_ticks: i64, right_ticks: i64) -> bool {
        if ASK { left_ticks < right_ticks } else { left_ticks > right_ticks }
    }

    const fn is_beyond(&self, price_ticks: i64) -> bool {
        self.dropped_ticks != 0 && !Self::better(price_ticks, self.dropped_ticks)
    }

    /// Where a price lies or would be inserted: after every level that is worse.
    fn place_of(&self, price_ticks: i64) -> usize {
        let worse = |held: &Held| Self::better(price_ticks, held.level.price_ticks);
        let mut far = self.held();
        for _ in 0..NEAR_LEVELS {
            match far {
                [rest @ .., last] if !worse(last) => far = rest,
                _ => return self.start.wrapping_add(far.len()),
            }
        }
        self.start.wrapping_add(far.partition_point(worse))
    }

    fn insert(&mut self, place: usize, level: Level) -> Change {
        let mut place = place;
        if self.end >= SIDE_LEVELS {
            if self.start == 0 {
                self.drop_worst();
                if self.is_beyond(level.price_ticks) {
                    return Change::Beyond;
                }
            }
            place = place.saturating_sub(self.start);
            self.move_to_front();
        }
        let end = self.end.wrapping_add(1);
        let new = Held::of(level, self.simd);
        if end.wrapping_sub(place) > NEAR_LEVELS {
            self.insert_far(place, new);
            return Change::Inserted;
        }
        // Each level moves one up, and the new one into the place that is left.
        let mut moving = new;
        for slot in self.levels.get_mut(place..end).unwrap_or_default() {
            moving = replace(slot, moving);
        }
        self.end = end;
        Change::Inserted
    }

    /// As many levels as there are on the shorter side of the place move away from it.
    #[inline(never)]
    fn insert_far(&mut self, place: usize, new: Held) {
        let (better, worse) = (self.end.saturating_sub(place), place.saturating_sub(self.start));
        if self.start > 0 && worse < better {
            self.start = self.start.wrapping_sub(1);
            if let Some(slots @ [_, ..]) = self.levels.get_mut(self.start..place) {
                slots.copy_within(1.., 0);
                if let [.., slot] = slots {
                    *slot = new;
                }
            }
            return;
        }
        let end = self.end.wrapping_add(1);
        if let Some(slots @ [_, ..]) = self.levels.get_mut(place..end) {
            slots.copy_within(..slots.len().wrapping_sub(1), 1);
            if let [slot, ..] = slots {
                *slot = new;
            }
        }
        self.end = end;
    }

    fn remove(&mut self, place: usize) {
        if self.end.wrapping_sub(place) > NEAR_LEVELS {
            self.remove_far(place);
            return;
        }
        let mut slots = self.levels.get_mut(place..self.end).unwrap_or_default();
        while let [first, rest @ ..] = slots {
            let Some(next) = rest.first() else { break };
            *first = *next;
            slots = rest;
        }
        self.end = self.end.saturating_sub(1).max(self.start);
    }

    /// As many levels as there are on the shorter side of the place move to it.
    #[inline(never)]
    fn remove_far(&mut self, place: usize) {
        let (better, worse) = (self.end.saturating_sub(place), place.saturating_sub(self.start));
        if worse < better {
            if let Some(slots @ [_, ..]) = self.levels.get_mut(self.start..=place) {
                slots.copy_within(..slots.len().wrapping_sub(1), 1);
            }
            self.start = self.start.wrapping_add(1);
        } else {
            if let Some(slots @ [_, ..]) = self.levels.get_mut(place..self.end) {
                slots.copy_within(1.., 0);
            }
            self.end = self.end.wrapping_sub(1);
        }
    }

    fn drop_worst(&mut self) {
        let worst = self.worst_first().next().copied();
        if let Some(worst) = worst {
            self.dropped_ticks = worst.price_ticks;
            self.start = self.start.wrapping_add(1);
        }
    }

    /// Moves the levels to the start of the array. Happens once in thousands of inserts.
    fn move_to_front(&mut self) {
        let held = self.len();
        for to in 0..held {
            let from = self.levels.get(self.start.wrapping_add(to)).copied();
            if let (Some(slot), Some(level)) = (self.levels.get_mut(to), from) {
                *slot = level;
            }
        }
        self.start = 0;
        self.end = held;
    }
}

#[cfg(test)]
mod tests;
