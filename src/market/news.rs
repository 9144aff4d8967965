//! The efficient price: what leading markets already show and this one has yet to follow.
//!
//! It drifts by a few steps and moves in clusters with the news, up as likely as down, so that its past
//! tells nothing of its future.

use super::agenda::Task;
use super::floor::{Floor, MS, SECOND};
use super::random::Quantiles;

/// Between drifts, mean.
const DRIFT_NS: u64 = 400 * MS;
/// Farthest drift, steps.
pub(super) const DRIFT_STEPS_MAX: i64 = 4;
/// Between news of themselves, mean.
const NEWS_NS: u64 = 7 * SECOND;
/// Of a hundred moves as many are followed by another that they caused.
const ECHO_PERCENT: u64 = 55;
/// Until then, mean.
const ECHO_NS: u64 = 900 * MS;
/// How far news move the price, steps.
const MOVE_STEPS: &Quantiles = &[(0, 2), (250, 6), (500, 12), (750, 25), (900, 52), (990, 130), (1_000, 280)];

/// Plans the first of both.
pub(super) fn start(floor: &mut Floor) {
    floor.soon(DRIFT_NS, Task::Drift);
    floor.soon(NEWS_NS, Task::NewsNext);
}

/// The price drifts.
pub(super) fn drift(floor: &mut Floor) {
    floor.soon(DRIFT_NS, Task::Drift);
    let by_steps = floor.random.between(-DRIFT_STEPS_MAX, DRIFT_STEPS_MAX);
    shift(floor, by_steps);
}

/// News that nothing before them caused.
pub(super) fn next(floor: &mut Floor) {
    floor.soon(NEWS_NS, Task::NewsNext);
    arrive(floor);
}

/// News move the price.
pub(super) fn arrive(floor: &mut Floor) {
    if floor.random.chance(ECHO_PERCENT) {
        floor.soon_if_room(ECHO_NS, Task::News);
    }
    let far_steps = floor.random.quantile(MOVE_STEPS);
    let by_steps = if floor.random.chance(50) { far_steps } else { -far_steps };
    shift(floor, by_steps);
}

/// Moves the price; at half and at twice the start it turns round.
fn shift(floor: &mut Floor, by_steps: i64) {
    let start_steps = floor.terms.mid_steps();
    let within = start_steps / 2..=start_steps * 2;
    let to_steps = floor.fair_steps + by_steps;
    floor.fair_steps = if within.contains(&to_steps) { to_steps } else { floor.fair_steps - by_steps };
}
