//! The axis of time that all panels share.

use super::scale::Scale;
use crate::report::grid::Grid;
use crate::report::units::Times;

/// Where plots begin and end, tenths of a point.
pub const PLOT_LEFT: i32 = 860;
/// See [`PLOT_LEFT`].
pub const PLOT_RIGHT: i32 = 11_400;
const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
/// Steps between the times that an axis names.
const STEPS_NS: [u64; 24] = [
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    S,
    2 * S,
    5 * S,
    10 * S,
    15 * S,
    30 * S,
    60 * S,
    120 * S,
    300 * S,
    600 * S,
    1_800 * S,
    3_600 * S,
    7_200 * S,
    21_600 * S,
    86_400 * S,
];
/// Times that an axis names, at most.
const TICKS_MAX: u64 = 9;

/// The axis of time.
#[derive(Clone, Copy, Debug)]
pub struct TimeAxis {
    grid: Grid,
    scale: Scale,
    times: Times,
}

impl TimeAxis {
    /// Over the steps of `grid`.
    #[must_use]
    pub fn over(grid: Grid, times: Times) -> Self {
        let span_ns = grid.step_ns as f64 * grid.steps as f64;
        Self { grid, scale: Scale::linear((0.0, span_ns), (PLOT_LEFT, PLOT_RIGHT)), times }
    }

    /// Where a step begins, tenths of a point; the one behind the last where the axis ends.
    #[must_use]
    pub fn step(&self, step: usize) -> i32 {
        self.scale.at(self.grid.step_ns as f64 * step as f64)
    }

    /// Where a monotonic time lies.
    #[must_use]
    pub fn at(&self, ns: u64) -> i32 {
        self.scale.at(ns.saturating_sub(self.grid.start_ns) as f64)
    }

    /// Places of the times that the axis names, and their names.
    #[must_use]
    pub fn ticks(&self) -> Vec<(i32, String)> {
        let span_ns = self.grid.step_ns.saturating_mul(self.grid.steps as u64);
        let fits = |step_ns: &u64| span_ns / step_ns <= TICKS_MAX;
        let days = || (span_ns / STEPS_NS[23]).div_ceil(TICKS_MAX) * STEPS_NS[23];
        let step_ns = STEPS_NS.into_iter().find(fits).unwrap_or_else(days);
        // Without UTC the axis counts from the start.
        let start_ns = self.times.utc_ns(self.grid.start_ns).unwrap_or(0);
        let first_ns = start_ns.div_ceil(step_ns).saturating_mul(step_ns).saturating_sub(start_ns);
        let places = (0..=TICKS_MAX).map(|count| first_ns.saturating_add(count.saturating_mul(step_ns)));
        places.take_while(|ns| *ns <= span_ns).map(|ns| self.tick(ns, step_ns)).collect()
    }

    fn tick(&self, since_start_ns: u64, step_ns: u64) -> (i32, String) {
        let name = self.times.time(self.grid.start_ns.saturating_add(since_start_ns));
        // Times are told to the millisecond; the axis leaves out what is zero in all.
        let seconds = if step_ns.is_multiple_of(S) { name.split('.').next().unwrap_or_default() } else { &name };
        let unit = if self.times.utc_ns(0).is_none() && step_ns.is_multiple_of(S) { " s" } else { "" };
        (self.scale.at(since_start_ns as f64), format!("{seconds}{unit}"))
    }
}
