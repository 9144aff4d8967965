//! Those who take: some know the efficient price, most know nothing.

use super::agenda::Task;
use super::book::Limit;
use super::event::Side;
use super::floor::{Floor, MS, SECOND};
use super::passer;
use super::random::Quantiles;

/// Until the order of one who knows follows a move, mean.
const STRIKE_NS: u64 = 12 * MS;
/// Of a hundred moves as many are acted on.
const STRIKE_PERCENT: u64 = 22;
/// By how much a quote must be wrong to be worth taking, steps.
const EDGE_STEPS: &Quantiles = &[(0, 3), (500, 12), (1_000, 50)];
/// What they take, hundred-millionths.
const STRIKE_SIZES: &Quantiles =
    &[(0, 5_000), (300, 15_000), (600, 40_000), (850, 200_000), (970, 1_200_000), (1_000, 20_000_000)];
/// Of a hundred of them as many want more than there is at wrong prices; the rest of their order rests.
const SWEEP_PERCENT: u64 = 14;
/// What those want, hundred-millionths.
const SWEEP_SIZES: &Quantiles = &[(0, 2_000_000), (500, 12_000_000), (1_000, 60_000_000)];

/// Between those who know nothing, mean.
const NOISE_NS: u64 = 50 * SECOND;
/// In how many parts they take what they want.
const NOISE_PARTS: &Quantiles = &[(0, 1), (480, 2), (750, 5), (930, 16), (1_000, 60)];
/// Of a hundred parts as many follow at once.
const AT_ONCE_PERCENT: u64 = 2;
/// Between parts: some at once, some later, mean.
const PART_AT_ONCE_NS: u64 = 250 * MS;
const PART_LATER_NS: u64 = 9 * SECOND;
/// A part, hundred-millionths.
const NOISE_SIZES: &Quantiles = &[
    (0, 1_500),
    (100, 8_000),
    (150, 10_000),
    (500, 29_000),
    (830, 100_000),
    (960, 500_000),
    (990, 5_000_000),
    (1_000, 50_000_000),
];
/// Of a hundred orders as many are market orders.
const MARKET_PERCENT: u64 = 70;
/// How far beyond the touch a limit order of one who knows nothing goes, steps.
const SLIP_STEPS: &Quantiles = &[(0, 0), (500, 5), (1_000, 60)];

/// Plans the first.
pub(super) fn start(floor: &mut Floor) {
    floor.soon(NOISE_NS, Task::Noise);
}

/// Those who know will look at the quotes.
pub(super) fn price_moved(floor: &mut Floor) {
    if floor.random.chance(STRIKE_PERCENT) {
        floor.soon_if_room(STRIKE_NS, Task::Strike);
    }
}

/// One who knows takes what is wrong by enough.
pub(super) fn strike(floor: &mut Floor) {
    let edge_steps = floor.random.quantile(EDGE_STEPS);
    let sweeps = floor.random.chance(SWEEP_PERCENT);
    let qty_lots = floor.qty_lots(if sweeps { SWEEP_SIZES } else { STRIKE_SIZES });
    for taker in Side::BOTH {
        let limit_steps = floor.fair_steps - taker.sign() * edge_steps;
        let taken = taker.opposite();
        if floor.book.best(taken).is_some_and(|best| taken.rank(best) <= taken.rank(limit_steps)) {
            return match sweeps {
                true => passer::come(taker, limit_steps, qty_lots, floor),
                false => floor.take(taker, Limit::Steps(limit_steps), qty_lots),
            };
        }
    }
}

/// One who knows nothing starts to buy or sell.
pub(super) fn noise(floor: &mut Floor) {
    floor.soon(NOISE_NS, Task::Noise);
    let is_buyer = floor.random.chance(50);
    let parts = floor.random.quantile(NOISE_PARTS) as u8;
    part(floor, is_buyer, parts);
}

/// A part of it, and the next is planned.
pub(super) fn part(floor: &mut Floor, is_buyer: bool, parts: u8) {
    if parts > 1 {
        let mean_ns = if floor.random.chance(AT_ONCE_PERCENT) { PART_AT_ONCE_NS } else { PART_LATER_NS };
        floor.soon_if_room(mean_ns, Task::NoisePart { is_buyer, parts: parts - 1 });
    }
    let taker = if is_buyer { Side::Bid } else { Side::Ask };
    let qty_lots = floor.qty_lots(NOISE_SIZES);
    let slip_steps = floor.random.quantile(SLIP_STEPS);
    match floor.book.best(taker.opposite()) {
        Some(best) if !floor.random.chance(MARKET_PERCENT) => {
            passer::come(taker, best + taker.sign() * slip_steps, qty_lots, floor);
        }
        _ => floor.take(taker, Limit::None, qty_lots),
    }
}
