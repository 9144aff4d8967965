//! Patient orders, far from the touch: few changes, most of the book's depth.

use super::agenda::Task;
use super::book::OrderId;
use super::event::Side;
use super::floor::{Floor, MS};
use super::random::Quantiles;

/// Between changes, mean.
const CHANGE_NS: u64 = 250 * MS;
/// A side never has fewer levels than this for long: the deepest book that is published has 1,000.
const LEVELS_MIN: usize = 1_150;
/// Nor more.
const LEVELS_MAX: usize = 1_300;
/// Orders of a side.
const ORDERS_MAX: usize = 2_000;
/// From the best price of their side to their own, steps.
const DISTANCE_STEPS: &Quantiles =
    &[(0, 200), (25, 1_300), (75, 2_900), (160, 6_000), (390, 16_000), (790, 32_000), (1_000, 33_500)];
/// An order farther from the best price than this is taken out, steps.
const REACH_STEPS: u64 = 35_000;
/// Their sizes, hundred-millionths.
const SIZES: &Quantiles =
    &[(0, 5_000), (200, 200_000), (500, 2_500_000), (750, 12_000_000), (900, 90_000_000), (1_000, 300_000_000)];
/// Of a hundred prices as many are round ones.
const ROUND_PERCENT: u64 = 30;
/// What a round price is a multiple of, steps.
const ROUND_STEPS: i64 = 10;

/// The orders of both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Patient([Vec<OrderId>; 2]);

impl Patient {
    /// Fills the book.
    pub fn start(floor: &mut Floor) -> Self {
        floor.soon(CHANGE_NS, Task::Patient);
        let mut patient = Self::default();
        for side in Side::BOTH {
            while floor.book.level_count(side) < LEVELS_MIN {
                patient.come(side, floor.fair_steps, floor);
            }
        }
        patient
    }

    /// One comes or one goes.
    pub fn change(&mut self, floor: &mut Floor) {
        floor.soon(CHANGE_NS, Task::Patient);
        let side = floor.any_side();
        if prune(side, floor) {
            return;
        }
        let levels = floor.book.level_count(side);
        let orders = self.0[side as usize].len();
        let comes = levels < LEVELS_MIN || (levels < LEVELS_MAX && floor.random.chance(50));
        if comes && orders < ORDERS_MAX {
            let best_steps = floor.book.best(side).unwrap_or(floor.fair_steps);
            self.come(side, best_steps, floor);
        } else {
            self.go(side, floor);
        }
    }

    fn come(&mut self, side: Side, from_steps: i64, floor: &mut Floor) {
        let mut price_steps = from_steps - side.sign() * floor.random.quantile(DISTANCE_STEPS);
        if floor.random.chance(ROUND_PERCENT) {
            price_steps -= price_steps % ROUND_STEPS;
        }
        let qty_lots = floor.qty_lots(SIZES);
        let placed = floor.place(side, floor.behind_touch(side, price_steps), qty_lots);
        self.0[side as usize].extend(placed);
    }

    /// Any one, whether it was taken long ago or not.
    fn go(&mut self, side: Side, floor: &mut Floor) {
        let orders = &mut self.0[side as usize];
        if !orders.is_empty() {
            let index = floor.random.below(orders.len() as u64) as usize;
            floor.cancel(orders.swap_remove(index));
        }
    }
}

/// Takes out the last order of a side if the price has left it too far behind.
fn prune(side: Side, floor: &mut Floor) -> bool {
    let (Some(best_steps), Some((last_steps, id))) = (floor.book.best(side), floor.book.last(side)) else {
        return false;
    };
    best_steps.abs_diff(last_steps) > REACH_STEPS && floor.cancel(id)
}
