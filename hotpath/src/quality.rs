//! Checks on values before they are believed: counted, journaled, and a reason not to quote.

use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::record::Quality;
use bytemuck::{Pod, Zeroable};

/// What is checked. The number is an index into the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Check {
    /// Spread within `spread_ticks_max`.
    Spread = 0,
    /// Volatility within `vol_ticks_max`.
    Vol = 1,
    /// Move of the mid since the last decision within `jump_ticks_max`.
    Jump = 2,
    /// The exchange's time does not run backwards.
    Time = 3,
    /// The exchange's checksum is ours.
    Checksum = 4,
    /// A removal names a level that is held.
    Removal = 5,
    /// The best levels are those that the exchange states for the same update id.
    Touch = 6,
}

/// Number of checks.
pub const CHECKS: usize = 7;

/// Text of a check number, for people.
#[must_use]
pub const fn check_name(check: u16) -> &'static str {
    match check {
        0 => "spread",
        1 => "vol",
        2 => "jump",
        3 => "time",
        4 => "checksum",
        5 => "removal",
        6 => "touch",
        _ => "unknown",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
struct Counter {
    run: u16,
    spare: u16,
    total: u32,
}

/// Counters of all checks of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Checks {
    counters: [Counter; CHECKS],
}

/// One value beside its bound.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// Whether it passed.
    pub passed: bool,
    /// The bound, or what was expected.
    pub expected: i64,
    /// The value.
    pub found: i64,
}

impl Checks {
    /// Counts a finding. A failure is journaled when it is the first in a row and when the row reaches
    /// `burst`; a failed checksum always.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    #[inline]
    pub fn note(&mut self, finding: Finding, burst: u32, place: Place, out: &mut Lines<'_>) -> Result<(), Halt> {
        if !finding.passed {
            return self.failed(finding, burst, place, out);
        }
        if let Some(counter) = self.counters.get_mut(finding.check as usize) {
            counter.run = 0;
        }
        Ok(())
    }

    #[cold]
    fn failed(&mut self, finding: Finding, burst: u32, place: Place, out: &mut Lines<'_>) -> Result<(), Halt> {
        let Some(counter) = self.counters.get_mut(finding.check as usize) else { return Ok(()) };
        counter.run = counter.run.saturating_add(1);
        counter.total = counter.total.saturating_add(1);
        let told =
            counter.run == 1 || u32::from(counter.run) == burst || finding.check as u16 == Check::Checksum as u16;
        if !told {
            return Ok(());
        }
        let (run, total) = (counter.run, counter.total);
        let Finding { check, expected, found, .. } = finding;
        out.push(place, &Quality { check: check as u16, run, total, expected, found })
    }

    /// Failures of `check` in a row, up to now.
    #[must_use]
    pub fn run(&self, check: Check) -> u32 {
        self.counters.get(check as usize).map_or(0, |counter| u32::from(counter.run))
    }

    /// Whether the values may not carry a quote: a range check fails now, or time keeps running
    /// backwards.
    #[must_use]
    pub fn forbids_quote(&self, burst: u32) -> bool {
        [Check::Spread, Check::Vol, Check::Jump].into_iter().any(|check| self.run(check) > 0)
            || self.run(Check::Time) >= burst
    }

    /// One bit for each check that fails now.
    #[must_use]
    pub fn failing(&self) -> u16 {
        self.counters.iter().rev().fold(0, |bits, counter| (bits << 1) | u16::from(counter.run > 0))
    }
}
