//! A book whose updates form a chain and whose snapshot comes from elsewhere: how the two are spliced.
//!
//! Each update names the one that it follows. Updates that come while there is no book, or while a newer
//! snapshot is on its way, are held; a snapshot of a state within the chain takes what is held beyond it.

use crate::book::Level;
use crate::halt::{Halt, ensure};
use crate::record::Update;
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use bytemuck::{Pod, Zeroable};

/// Most updates that are held.
pub const HELD_UPDATES_MAX: usize = 512;
/// Most levels of held updates.
pub const HELD_LEVELS_MAX: usize = 8192;
/// Updates in a row that may lead to no later state than that of a book which an update has reached: doubles.
pub const PAST_MAX: u16 = 8;
/// The same of a snapshot that is ahead of the updates: some seconds of them.
pub const PAST_AHEAD_MAX: u16 = 64;

/// Where a book stands in the chain of its updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Chain {
    /// Id of the state that the book is in; 0 when there is none.
    last_id: u64,
    /// 1 when the next update must follow `last_id`. Else `last_id` is a snapshot's and may lie within it.
    is_exact: u16,
    /// 1 when no update has shown yet that the snapshot belongs to this chain.
    is_unproven: u16,
    /// Updates in a row that led to no later state.
    past: u16,
    /// Zero.
    spare: u16,
}

/// How an update stands to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is the next one.
    Next,
    /// The book has it already.
    Past,
    /// Something between is missing; or so many had it already that the book is of another chain.
    Broken,
}

impl Chain {
    /// Id of the state that the book is in; 0 when there is none.
    #[must_use]
    pub const fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Whether an update has shown that the snapshot belongs to the chain.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.is_unproven == 0
    }

    /// How an update stands to the book, which moves on to the next one.
    pub const fn follow(&mut self, update: &Update) -> Link {
        let Update { follows_id, update_id, .. } = *update;
        if update_id <= self.last_id {
            let most = if self.is_exact != 0 { PAST_MAX } else { PAST_AHEAD_MAX };
            if self.past >= most {
                return Link::Broken;
            }
            self.past = self.past.saturating_add(1);
            return Link::Past;
        }
        let follows = if self.is_exact != 0 { follows_id == self.last_id } else { follows_id <= self.last_id };
        if !follows {
            return Link::Broken;
        }
        *self = Self { last_id: update_id, is_exact: 1, is_unproven: 0, past: 0, spare: 0 };
        Link::Next
    }

    /// The next update must bear the book out, whatever was known of it.
    pub const fn doubt(&mut self) {
        self.is_unproven = 1;
    }

    /// The book is a snapshot's, with the held updates beyond it. One that is ahead of all updates belongs to their chain
    /// when one of them has reached it, and not before.
    pub fn spliced(&mut self, snapshot_id: u64, held: &Held) {
        let is_exact = held.last_id() >= snapshot_id;
        let is_same = self.last_id == snapshot_id && self.is_unproven == 0;
        *self = Self {
            last_id: snapshot_id.max(held.last_id()),
            is_exact: u16::from(is_exact),
            is_unproven: u16::from(!is_exact && !is_same),
            past: 0,
            spare: 0,
        };
    }
}

/// One held update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct HeldUpdate {
    /// Id of the state that it follows.
    follows_id: u64,
    /// Id of the state that it leads to.
    update_id: u64,
    /// Where its levels end in the log.
    levels_end: u64,
}

/// Updates that wait for a snapshot, one following the other.
#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
pub struct Held {
    updates: [HeldUpdate; HELD_UPDATES_MAX],
    /// An ask has its price negative.
    levels: [Level; HELD_LEVELS_MAX],
    update_count: usize,
    level_count: usize,
}

impl Held {
    /// Forgets everything.
    pub const fn clear(&mut self) {
        self.update_count = 0;
        self.level_count = 0;
    }

    /// Whether nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.update_count == 0
    }

    /// The updates.
    #[must_use]
    pub fn updates(&self) -> &[HeldUpdate] {
        self.updates.get(..self.update_count).unwrap_or_default()
    }

    /// Their levels, one update's after the other's.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        self.levels.get(..self.level_count).unwrap_or_default()
    }

    /// Id of the last update; 0 when nothing is held.
    #[must_use]
    pub fn last_id(&self) -> u64 {
        self.updates().last().map_or(0, |update| update.update_id)
    }

    /// Whether a snapshot lies in the chain of what is held, or beyond it. None can be told when nothing is held.
    #[must_use]
    pub fn reaches(&self, snapshot_id: u64) -> Option<bool> {
        self.updates().first().map(|update| update.follows_id <= snapshot_id)
    }

    /// Holds an update; its levels follow. What does not follow on the last one begins anew. Returns whether it
    /// is held: a repeated one is not.
    pub fn begin(&mut self, update: &Update) -> bool {
        let Update { follows_id, update_id, .. } = *update;
        if !self.is_empty() && follows_id != self.last_id() {
            if update_id <= self.last_id() {
                return false;
            }
            self.clear();
        }
        if self.update_count >= HELD_UPDATES_MAX {
            self.clear();
        }
        let held = HeldUpdate { follows_id, update_id, levels_end: self.level_count as u64 };
        if let Some(slot) = self.updates.get_mut(self.update_count) {
            *slot = held;
            self.update_count = self.update_count.saturating_add(1);
        }
        true
    }

    /// One level of the last update. Without room for it everything is forgotten, and it returns false: what comes
    /// next begins anew.
    pub fn push(&mut self, is_ask: bool, level: Level) -> bool {
        let price_ticks = if is_ask { level.price_ticks.saturating_neg() } else { level.price_ticks };
        let last = self.update_count.checked_sub(1).and_then(|last| self.updates.get_mut(last));
        let (Some(last), Some(slot)) = (last, self.levels.get_mut(self.level_count)) else {
            self.clear();
            return false;
        };
        *slot = Level { price_ticks, ..level };
        self.level_count = self.level_count.saturating_add(1);
        last.levels_end = self.level_count as u64;
        true
    }

    /// The levels of the updates beyond a snapshot, in order: whether an ask, and the level.
    pub fn beyond(&self, snapshot_id: u64) -> impl Iterator<Item = (bool, Level)> {
        let passed = self.updates().iter().take_while(move |update| update.update_id <= snapshot_id).last();
        let start = passed.and_then(|update| usize::try_from(update.levels_end).ok()).unwrap_or(0);
        self.levels().get(start..).unwrap_or_default().iter().map(|level| {
            let is_ask = level.price_ticks < 0;
            (is_ask, Level { price_ticks: level.price_ticks.saturating_abs(), ..*level })
        })
    }

    /// Takes the next update of a checkpoint; all come before the first level.
    ///
    /// # Errors
    /// [`Halt::MalformedCheckpoint`] when there is no room, or it does not follow.
    pub fn load_update(&mut self, update: HeldUpdate) -> Result<(), Halt> {
        let before = self.updates().last().copied();
        let follows =
            before.is_none_or(|before| update.follows_id == before.update_id && update.levels_end >= before.levels_end);
        ensure(follows, Halt::MalformedCheckpoint)?;
        let slot = self.updates.get_mut(self.update_count).ok_or(Halt::MalformedCheckpoint)?;
        *slot = update;
        self.update_count = self.update_count.saturating_add(1);
        Ok(())
    }

    /// Takes the next level of a checkpoint.
    ///
    /// # Errors
    /// [`Halt::MalformedCheckpoint`] when there is no room, or it is out of range.
    pub fn load_level(&mut self, level: Level) -> Result<(), Halt> {
        let in_range = (1..=PRICE_TICKS_MAX).contains(&level.price_ticks.saturating_abs())
            && (0..=QTY_LOTS_MAX).contains(&level.qty_lots);
        ensure(in_range, Halt::MalformedCheckpoint)?;
        let slot = self.levels.get_mut(self.level_count).ok_or(Halt::MalformedCheckpoint)?;
        *slot = level;
        self.level_count = self.level_count.saturating_add(1);
        Ok(())
    }

    /// All of a checkpoint was taken.
    ///
    /// # Errors
    /// [`Halt::MalformedCheckpoint`] when the levels are not those of the updates.
    pub fn loaded(&self) -> Result<(), Halt> {
        let end = self.updates().last().map_or(0, |update| update.levels_end);
        ensure(end == self.level_count as u64, Halt::MalformedCheckpoint)
    }
}

#[cfg(test)]
mod tests;
