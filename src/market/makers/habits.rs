//! How a maker makes its market: drawn once, for good.

use super::LEVELS_MAX;
use crate::market::floor::{Floor, MS, SECOND};
use crate::market::random::Quantiles;

/// A way of making a market, and how many do it. Ranges are drawn from once for each maker.
pub(super) struct Style {
    makers: i64,
    levels: (i64, i64),
    offset_steps: (i64, i64),
    gap_steps: (i64, i64),
    tolerance_steps: (i64, i64),
    delay_ns: (u64, u64),
    rest_ns: u64,
    sizes: &'static Quantiles,
}

pub(super) const STYLES: [Style; 3] = [
    // At the touch, fast, one level.
    Style {
        makers: 3,
        levels: (1, 1),
        offset_steps: (2, 11),
        gap_steps: (5, 10),
        tolerance_steps: (6, 12),
        delay_ns: (MS, 8 * MS),
        rest_ns: 4 * SECOND,
        sizes: &[(0, 40_000), (300, 3_000_000), (600, 15_000_000), (850, 80_000_000), (1_000, 200_000_000)],
    },
    // Some levels near it.
    Style {
        makers: 6,
        levels: (2, 4),
        offset_steps: (14, 120),
        gap_steps: (14, 60),
        tolerance_steps: (18, 60),
        delay_ns: (8 * MS, 250 * MS),
        rest_ns: 2 * SECOND,
        sizes: &[(0, 50_000), (300, 3_000_000), (700, 20_000_000), (900, 80_000_000), (1_000, 200_000_000)],
    },
    // Ladders behind, up to the hundredth level.
    Style {
        makers: 6,
        levels: (6, LEVELS_MAX as i64),
        offset_steps: (140, 500),
        gap_steps: (90, 210),
        tolerance_steps: (22, 70),
        delay_ns: (40 * MS, 500 * MS),
        rest_ns: SECOND,
        sizes: &[(0, 100_000), (300, 4_000_000), (700, 20_000_000), (900, 80_000_000), (1_000, 250_000_000)],
    },
];

/// How much of a move a maker follows at a time, of a hundred.
const FOLLOW_PERCENT: (i64, i64) = (70, 100);
/// One maker of so many amends its orders; the others take them out and send new ones.
const AMENDS_EACH: i64 = 3;

/// One maker's ways.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// Levels a side.
    pub levels: usize,
    /// From its fair value to its first level, steps.
    pub offset_steps: i64,
    /// Between its levels, steps.
    pub gap_steps: i64,
    /// How far the price may go before it follows, steps.
    pub tolerance_steps: i64,
    /// Until it has seen a move and answered, mean.
    pub delay_ns: u64,
    /// Until it comes back after its first quote was taken, mean.
    pub rest_ns: u64,
    /// Of its orders, hundred-millionths of the base currency.
    pub sizes: &'static Quantiles,
    /// How much of a move it follows at a time, of a hundred.
    pub follow_percent: i64,
    /// Whether it amends an order instead of sending a new one.
    pub amends: bool,
}

impl Style {
    /// The ways of all who make markets like this.
    pub fn habits(&'static self, floor: &mut Floor) -> Vec<Habits> {
        (0..self.makers).map(|number| self.drawn(number, floor)).collect()
    }

    fn drawn(&'static self, number: i64, floor: &mut Floor) -> Habits {
        // Offsets are spread over their range, so that no seed has its makers all near or all far.
        let (nearest_steps, farthest_steps) = self.offset_steps;
        let part_steps = (farthest_steps - nearest_steps) / self.makers;
        let mut within = |(low, high): (i64, i64)| floor.random.between(low, high);
        Habits {
            levels: within(self.levels) as usize,
            offset_steps: nearest_steps + number * part_steps + within((0, part_steps)),
            gap_steps: within(self.gap_steps),
            tolerance_steps: within(self.tolerance_steps),
            delay_ns: within((self.delay_ns.0 as i64, self.delay_ns.1 as i64)) as u64,
            rest_ns: self.rest_ns,
            sizes: self.sizes,
            follow_percent: within(FOLLOW_PERCENT),
            amends: number % AMENDS_EACH == 1,
        }
    }
}
