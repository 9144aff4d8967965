//! The levels of an axis and what leads from one to another.

use super::{Axis, LEVELS_MAX};
use crate::config::RegimeConfig;

/// Levels above the calmest.
const RUNGS: usize = LEVELS_MAX - 1;

/// Thresholds of the levels from 1 on, in the unit of the axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladder {
    /// From so much on the level is entered. Ascending.
    enter: [i64; RUNGS],
    /// Below so much it is left, each below its `enter`. Ascending.
    exit: [i64; RUNGS],
    /// A level lasts at least so long before a calmer one follows.
    pub dwell_ns: u64,
}

/// No value reaches it.
const NEVER: i64 = i64::MAX;

impl Ladder {
    /// The thresholds of an axis.
    pub fn of(axis: Axis, config: &RegimeConfig) -> Self {
        let q16 = |ticks: i64| ticks.saturating_mul(1 << 16);
        let ns = |time_ns: u64| i64::try_from(time_ns).unwrap_or(NEVER);
        let (enter, exit) = match axis {
            Axis::Activity => (
                [config.active_per_s.into(), config.burst_per_s.into()],
                [config.active_exit_per_s.into(), config.burst_exit_per_s.into()],
            ),
            Axis::Volatility => ([q16(config.volatile_ticks), NEVER], [q16(config.volatile_exit_ticks), NEVER]),
            Axis::Delay => ([ns(config.degraded_ns), NEVER], [ns(config.degraded_exit_ns), NEVER]),
        };
        Self { enter, exit, dwell_ns: config.dwell_ns }
    }

    /// The level that follows on `level` with this value; a calmer one only when it `may_calm`.
    pub fn level(&self, level: u16, value: i64, may_calm: bool) -> u16 {
        let mut to = level;
        for (rung, enter) in (1..).zip(self.enter) {
            if rung > level && value >= enter {
                to = rung;
            }
        }
        while may_calm && to > 0 && value < self.exit(to) {
            to = to.saturating_sub(1);
        }
        to
    }

    /// Whether the value neither enters a wilder level nor could lead to a calmer one.
    #[inline]
    pub fn stays(&self, level: u16, value: i64) -> bool {
        value < self.enter(level) && (level == 0 || value >= self.exit(level))
    }

    /// From so much on the next level is entered.
    pub fn enter(&self, level: u16) -> i64 {
        self.enter.get(usize::from(level)).copied().unwrap_or(NEVER)
    }

    /// Below so much the level is left.
    pub fn exit(&self, level: u16) -> i64 {
        let rung = usize::from(level).checked_sub(1);
        rung.and_then(|rung| self.exit.get(rung)).copied().unwrap_or(NEVER)
    }
}

/// Most parts that a search looks ahead: five days, by when the highest volatility is below the least threshold.
const SEARCH_BITS: u32 = 22;

/// The first number from `from` on that `is_over`, which holds for all behind the first one that it holds for, and from
/// `from` and `parts` on. The last one that is looked at when there is none near.
pub(super) fn first_part(from: u64, parts: u64, is_over: impl Fn(u64) -> bool) -> u64 {
    let mut first = from;
    let bits = u64::BITS.saturating_sub(parts.leading_zeros()).min(SEARCH_BITS);
    for bit in (0..bits).rev() {
        let before = first.saturating_add((1_u64 << bit).saturating_sub(1));
        if !is_over(before) {
            first = before.saturating_add(1);
        }
    }
    first
}
