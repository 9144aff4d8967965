//! Time cut into steps: what bounds the size of a page, however long the run.

/// Steps of a plot, at most: about one for each point of its width.
pub const STEPS_MAX: u64 = 1_200;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

/// Steps that a person can name, nanoseconds.
const ROUND_NS: [u64; 14] = [
    100 * MS,
    200 * MS,
    500 * MS,
    S,
    2 * S,
    5 * S,
    10 * S,
    30 * S,
    60 * S,
    120 * S,
    300 * S,
    600 * S,
    1_800 * S,
    3_600 * S,
];

/// A span of monotonic time, cut into steps of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Where the first step begins.
    pub start_ns: u64,
    /// Length of a step.
    pub step_ns: u64,
    /// Steps, at least one.
    pub steps: usize,
}

impl Grid {
    /// As many steps as a plot takes.
    #[must_use]
    pub fn fine(first_ns: u64, last_ns: u64) -> Self {
        let span_ns = last_ns.saturating_sub(first_ns);
        Self::cut(first_ns, span_ns, span_ns.saturating_add(1).div_ceil(STEPS_MAX))
    }

    /// At most `most` steps of a round length, a tenth of a second at the least. Very long runs have
    /// steps of several hours.
    #[must_use]
    pub fn round(first_ns: u64, last_ns: u64, most: u64) -> Self {
        let span_ns = last_ns.saturating_sub(first_ns);
        let least_ns = span_ns.saturating_add(1).div_ceil(most.max(1));
        let hours = || least_ns.div_ceil(3_600 * S) * 3_600 * S;
        Self::cut(first_ns, span_ns, ROUND_NS.into_iter().find(|step_ns| *step_ns >= least_ns).unwrap_or_else(hours))
    }

    const fn cut(start_ns: u64, span_ns: u64, step_ns: u64) -> Self {
        Self { start_ns, step_ns, steps: (span_ns / step_ns) as usize + 1 }
    }

    /// The step that a time lies in; times outside lie in the first or the last.
    #[must_use]
    pub fn step(&self, ns: u64) -> usize {
        ((ns.saturating_sub(self.start_ns) / self.step_ns) as usize).min(self.steps - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_time_of_the_span_has_a_step_that_holds_it(
            first_ns in 0..1_u64 << 60, span_ns in 0..1_u64 << 58, share in 0.0..=1.0_f64, round: bool,
        ) {
            let last_ns = first_ns + span_ns;
            let grid = if round { Grid::round(first_ns, last_ns, 300) } else { Grid::fine(first_ns, last_ns) };
            let ns = first_ns + ((span_ns as f64 * share) as u64).min(span_ns);
            let from_ns = first_ns + grid.step(ns) as u64 * grid.step_ns;
            prop_assert!(from_ns <= ns && ns < from_ns + grid.step_ns);
            prop_assert!(grid.step(last_ns) == grid.steps - 1);
            let most = if round { 301 } else { STEPS_MAX };
            prop_assert!(grid.steps as u64 <= most);
        }
    }

    #[test]
    fn a_single_instant_is_one_step() {
        assert_eq!(Grid::fine(7, 7), Grid { start_ns: 7, step_ns: 1, steps: 1 });
        assert_eq!(Grid::round(7, 7, 300).step_ns, 100 * MS);
    }
}
