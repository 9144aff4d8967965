//! How busy, how volatile and how late a market is: three axes of a few levels each.
//!
//! A wilder level is entered at once, a calmer one only below the level's exit and after a least time, so that no axis
//! can flutter. Time is cut into parts of 100 ms; what is counted is what lies in the part at hand and the nine before
//! it. Regimes change when a message of the market was taken, or when a part begins: [`Regimes::due_ns`] says at which
//! one something changes if no message comes. `README.md` in this folder has levels and units in one table.

mod ladder;
mod second;

pub use second::{PART_NS, Seen, WINDOW_NS};

use crate::config::RegimeConfig;
use crate::features::Vol;
use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::record::Regime;
use bytemuck::{Pod, Zeroable};
use ladder::{Ladder, first_part};
use second::{COUNT, Second};

/// What is told apart. The number is in every journal, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Axis {
    /// Messages in the trailing second: 0 calm, 1 active, 2 burst.
    Activity = 0,
    /// Realised volatility of the mid: 0 quiet, 1 volatile.
    Volatility = 1,
    /// Least delay of the trailing second above the least of ten to twenty minutes: 0 normal, 1 degraded.
    Delay = 2,
}

/// Every axis, by number.
pub const AXES: [Axis; 3] = [Axis::Activity, Axis::Volatility, Axis::Delay];
/// Most levels of an axis.
pub const LEVELS_MAX: usize = 3;

impl Axis {
    /// Levels, by number, for people.
    #[must_use]
    pub const fn levels(self) -> &'static [&'static str] {
        match self {
            Self::Activity => &["calm", "active", "burst"],
            Self::Volatility => &["quiet", "volatile"],
            Self::Delay => &["normal", "degraded"],
        }
    }
}

/// Text of an axis number, for people.
#[must_use]
pub const fn axis_name(axis: u16) -> &'static str {
    match axis {
        0 => "activity",
        1 => "volatility",
        2 => "delay",
        _ => "unknown",
    }
}

/// Text of a level of an axis, for people.
#[must_use]
pub fn level_name(axis: u16, level: u16) -> &'static str {
    let axis = AXES.get(usize::from(axis));
    axis.and_then(|axis| axis.levels().get(usize::from(level))).copied().unwrap_or("unknown")
}

/// Where an axis stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
struct Standing {
    /// From 0, which is the calmest.
    level: u16,
    spare: [u16; 3],
    /// When it was entered.
    since_ns: u64,
    /// When it may change although no message comes; `u64::MAX`: never.
    due_ns: u64,
}

/// The regimes of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Regimes {
    second: Second,
    standings: [Standing; AXES.len()],
    /// 1 once an input was taken.
    begun: u16,
    /// 1 when the message at hand was counted.
    counted: u16,
    /// 1 when the book was trusted at the last look.
    trusted: u16,
    /// 1 when a part of a second began with the input at hand.
    opened: u16,
}

/// What regimes depend on beside what they count themselves.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Thresholds.
    pub config: &'a RegimeConfig,
    /// Volatility; none while the book is not trusted: its axis then stays where it is.
    pub vol: Option<&'a Vol>,
    /// Time after which a squared move counts half in it, nanoseconds.
    pub half_life_ns: u64,
}

impl Regimes {
    /// At the start of a run: the calmest everywhere, nothing seen.
    pub const START: Self = Self {
        second: Second::EMPTY,
        standings: [Standing { level: 0, spare: [0; 3], since_ns: 0, due_ns: u64::MAX }; AXES.len()],
        begun: 0,
        counted: 0,
        trusted: 0,
        opened: 0,
    };

    /// The level of an axis, from 0, which is the calmest.
    #[must_use]
    pub fn level(&self, axis: Axis) -> u16 {
        self.standings.get(axis as usize).map_or(0, |standing| standing.level)
    }

    /// The earliest time at which a level may change although no message comes; `u64::MAX` when none can.
    #[must_use]
    pub fn due_ns(&self) -> u64 {
        self.standings.iter().map(|standing| standing.due_ns).min().unwrap_or(u64::MAX)
    }

    /// An input is about to be taken. Returns the beginning of the part of a second that began since the one before it.
    pub fn open(&mut self, now_ns: u64) -> Option<u64> {
        self.counted = 0;
        if self.begun == 0 {
            self.begun = 1;
            self.standings.iter_mut().for_each(|standing| standing.since_ns = now_ns);
        }
        let has_begun = self.second.advance(now_ns);
        self.opened = u16::from(has_begun);
        has_begun.then(|| self.second.part().saturating_mul(PART_NS))
    }

    /// An event of the message at hand. However many there are, it is one message.
    pub fn count(&mut self, seen: Seen) {
        if self.counted == 0 {
            self.second.count();
            self.counted = 1;
        }
        self.second.time(seen);
    }

    /// Whether the message at hand is about this market.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.counted != 0
    }

    /// Looks at every axis as of the first of two times, at the second, and tells what changed. What a message brings is
    /// looked at as of now; what the beginning of a part of a second brings as of that beginning, so that it does not matter
    /// which input of the part is the first.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn judge(
        &mut self,
        around: Surroundings<'_>,
        times_ns: (u64, u64),
        place: Place,
        out: &mut Lines<'_>,
    ) -> Result<(), Halt> {
        let trusted = u16::from(around.vol.is_some());
        let is_afresh = self.opened != 0 || trusted != self.trusted;
        self.trusted = trusted;
        self.opened = 0;
        // Written out, each is compiled for its axis.
        let changed = [
            self.judge_axis(Axis::Activity, around, times_ns, is_afresh),
            self.judge_axis(Axis::Volatility, around, times_ns, is_afresh),
            self.judge_axis(Axis::Delay, around, times_ns, is_afresh),
        ];
        changed.iter().flatten().try_for_each(|change| out.push(place, change))
    }

    #[inline(always)]
    fn judge_axis(
        &mut self,
        axis: Axis,
        around: Surroundings<'_>,
        times_ns: (u64, u64),
        is_afresh: bool,
    ) -> Option<Regime> {
        let ladder = Ladder::of(axis, around.config);
        if axis == Axis::Volatility && !is_afresh && self.is_steady(&ladder, around, times_ns.0) {
            return None;
        }
        if axis == Axis::Delay && self.is_prompt(&ladder) {
            self.standings.get_mut(axis as usize)?.due_ns = u64::MAX;
            return None;
        }
        let value = self.value(axis, around, times_ns.0);
        let standing = self.standings.get_mut(axis as usize)?;
        let change = value.and_then(|value| standing.step(&ladder, axis, value, times_ns));
        // More messages only put off what is due on the other axes: to be woken too early does no harm.
        if is_afresh || change.is_some() || axis == Axis::Delay {
            let due_ns = self.next_change_ns(axis, &ladder, around);
            self.standings.get_mut(axis as usize)?.due_ns = due_ns;
        }
        change
    }

    /// Whether the volatility, if it is known, leads to no other level: what its value says too, without the root.
    fn is_steady(&self, ladder: &Ladder, around: Surroundings<'_>, at_ns: u64) -> bool {
        let Some(vol) = around.vol else { return true };
        let level = self.level(Axis::Volatility);
        let is_below = |bound_q16| vol.is_below(bound_q16, at_ns, around.half_life_ns);
        is_below(ladder.enter(level)) && (level == 0 || !is_below(ladder.exit(level)))
    }

    /// Whether the delay is normal and stays so, if no message comes.
    fn is_prompt(&self, ladder: &Ladder) -> bool {
        self.level(Axis::Delay) == 0 && self.second.delay_ns_max().is_none_or(|ns| ns < ladder.enter(0))
    }

    /// The value of an axis; none when it is not known.
    fn value(&self, axis: Axis, around: Surroundings<'_>, at_ns: u64) -> Option<i64> {
        match axis {
            Axis::Activity => Some(self.second.messages()),
            Axis::Volatility => around.vol.map(|vol| vol.vol_q16(at_ns, around.half_life_ns)),
            Axis::Delay => self.second.delay_ns(),
        }
    }

    /// The beginning of the first part of a second at which an axis changes if no message comes.
    fn next_change_ns(&self, axis: Axis, ladder: &Ladder, around: Surroundings<'_>) -> u64 {
        let Some(standing) = self.standings.get(axis as usize) else { return u64::MAX };
        let next = self.second.part().saturating_add(1);
        // From this part on the axis may become calmer.
        let free = next.max(standing.since_ns.saturating_add(ladder.dwell_ns).div_ceil(PART_NS));
        let changes = |(ahead, value): (u64, Option<i64>)| {
            let part = self.second.part().saturating_add(ahead);
            let level = value.map(|value| ladder.level(standing.level, value, part >= free));
            level.is_some_and(|level| level != standing.level).then_some(part)
        };
        let part = match axis {
            // Behind a second without a message there is nothing to count.
            Axis::Activity if standing.level == 0 => None,
            Axis::Activity => {
                let messages = self.second.messages_ahead().map(Some);
                Some((1..=COUNT).zip(messages).find_map(changes).unwrap_or(free))
            }
            Axis::Volatility if standing.level == 0 => None,
            Axis::Volatility => around.vol.map(|vol| {
                let exit = ladder.exit(standing.level);
                let parts = vol.wears_off_ns(exit, around.half_life_ns).div_ceil(PART_NS);
                let is_over = |part: u64| vol.is_below(exit, part.saturating_mul(PART_NS), around.half_life_ns);
                first_part(free, parts, is_over)
            }),
            Axis::Delay => (1..=COUNT).zip(self.second.delays_ahead_ns()).find_map(changes),
        };
        part.map_or(u64::MAX, |part| part.saturating_mul(PART_NS))
    }
}

impl Standing {
    /// Goes to the level that the value asks for. Returns what is told when it is another one.
    fn step(&mut self, ladder: &Ladder, axis: Axis, value: i64, (at_ns, now_ns): (u64, u64)) -> Option<Regime> {
        if ladder.stays(self.level, value) {
            return None;
        }
        let may_calm = at_ns.saturating_sub(self.since_ns) >= ladder.dwell_ns;
        let (from, to) = (self.level, ladder.level(self.level, value, may_calm));
        if from == to {
            return None;
        }
        let lasted_ns = now_ns.saturating_sub(self.since_ns);
        (self.level, self.since_ns) = (to, now_ns);
        Some(Regime { axis: axis as u16, from, to, spare: 0, value, lasted_ns })
    }
}

#[cfg(test)]
mod tests;
