//! Limit orders that come and go near the touch, and patient ones far from it.

use super::agenda::Task;
use super::book::OrderId;
use super::event::Side;
use super::floor::{Floor, MS};
use super::makers::Makers;
use super::random::Quantiles;

/// Between those whom nobody drew, mean.
const ARRIVAL_NS: u64 = 550 * MS;
/// Of a hundred who come as many draw another.
const DRAW_PERCENT: u64 = 55;
/// Of a hundred who are drawn as many come at once.
const AT_ONCE_PERCENT: u64 = 60;
/// Until those who are drawn come: some at once, some later, mean.
const DRAWN_AT_ONCE_NS: u64 = 400_000;
const DRAWN_LATER_NS: u64 = 30 * MS;
/// Of a hundred as many know where the price is and come on the side that will be ahead.
const LEAN_PERCENT: u64 = 30;
/// Half steps between the mid and the price from which on that is worth something.
const LEAN_FROM: i64 = 6;
/// Of a hundred as many join a level instead of making one.
const JOIN_PERCENT: u64 = 14;
/// Which level they join, the best is 0.
const JOINED_LEVEL: &Quantiles = &[(0, 0), (550, 1), (800, 4), (1_000, 22)];
/// From the best price of their side to their own, steps.
const DISTANCE_STEPS: &Quantiles =
    &[(0, -14), (60, 0), (100, 10), (300, 40), (600, 110), (820, 220), (900, 400), (1_000, 1_600)];
/// How long they stay, nanoseconds.
const LIFE_NS: &Quantiles = &[
    (0, 50_000),
    (100, 1_000_000),
    (300, 5_000_000),
    (550, 27_000_000),
    (750, 180_000_000),
    (900, 1_200_000_000),
    (1_000, 6_000_000_000),
];
/// Their sizes, hundred-millionths.
const SIZES: &Quantiles = &[
    (0, 5_000),
    (100, 100_000),
    (300, 1_600_000),
    (500, 5_400_000),
    (750, 16_000_000),
    (900, 70_000_000),
    (1_000, 250_000_000),
];

/// Orders that the price has passed and whose owners see it, at most.
const WATCHED_MAX: usize = 32;
/// Of a hundred such owners as many pull their order.
const PULL_PERCENT: u64 = 80;
/// Until they do, mean.
const PULL_NS: u64 = 25 * MS;

/// Plans the first.
pub(super) fn start(floor: &mut Floor) {
    floor.soon(ARRIVAL_NS, Task::ArriveNext);
}

/// Somebody comes whom nobody drew.
pub(super) fn next(floor: &mut Floor) {
    floor.soon(ARRIVAL_NS, Task::ArriveNext);
    arrive(floor);
}

/// Somebody comes and may draw another.
pub(super) fn arrive(floor: &mut Floor) {
    if floor.random.chance(DRAW_PERCENT) {
        draw(floor, 1);
    }
    let leaning = floor.random.chance(LEAN_PERCENT).then(|| side_ahead(floor)).flatten();
    let side = leaning.unwrap_or_else(|| floor.any_side());
    let price_steps = match floor.book.best(side) {
        Some(best_steps) if leaning.is_some() => best_steps,
        _ => wanted_steps(side, floor),
    };
    let qty_lots = floor.qty_lots(SIZES);
    come(side, floor.behind_touch(side, price_steps), qty_lots, floor);
}

/// A limit order comes; what rests of it leaves when its time is over. Without room for that on the agenda
/// it does not come.
pub(super) fn come(side: Side, price_steps: i64, qty_lots: i64, floor: &mut Floor) {
    if !floor.agenda.has_room() {
        return;
    }
    if let Some(id) = floor.place(side, price_steps, qty_lots) {
        let life_ns = floor.random.quantile(LIFE_NS) as u64;
        floor.agenda.plan(floor.now_ns + life_ns, Task::Expire { id });
    }
}

/// So many more will come.
pub(super) fn draw(floor: &mut Floor, count: u64) {
    for _ in 0..count {
        let mean_ns = if floor.random.chance(AT_ONCE_PERCENT) { DRAWN_AT_ONCE_NS } else { DRAWN_LATER_NS };
        floor.soon_if_room(mean_ns, Task::Arrive);
    }
}

/// Owners of orders that the price has passed pull them.
pub(super) fn price_moved(floor: &mut Floor, makers: &Makers) {
    for side in Side::BOTH {
        let passed: Vec<OrderId> = floor.book.orders_up_to(side, floor.fair_steps).take(WATCHED_MAX).collect();
        for id in passed.into_iter().filter(|id| !makers.own(*id)) {
            if floor.random.chance(PULL_PERCENT) {
                floor.soon_if_room(PULL_NS, Task::Expire { id });
            }
        }
    }
}

/// The side that is about to be ahead.
fn side_ahead(floor: &Floor) -> Option<Side> {
    let off = 2 * floor.fair_steps - floor.book.mid()?;
    (off.abs() > LEAN_FROM).then_some(if off > 0 { Side::Bid } else { Side::Ask })
}

fn wanted_steps(side: Side, floor: &mut Floor) -> i64 {
    let best_steps = floor.book.best(side).unwrap_or(floor.fair_steps);
    if floor.random.chance(JOIN_PERCENT) {
        let level = floor.random.quantile(JOINED_LEVEL) as usize;
        return floor.book.levels(side).nth(level).map_or(best_steps, |(price_steps, ..)| price_steps);
    }
    best_steps - side.sign() * floor.random.quantile(DISTANCE_STEPS)
}
