//! One maker: its ways, what it believes and where its orders stand.

use super::habits::Habits;
use super::{LEVELS_MAX, SLOTS};
use crate::market::agenda::Task;
use crate::market::book::OrderId;
use crate::market::event::Side;
use crate::market::floor::Floor;

/// Between two orders of one wave, mean.
const WAVE_NS: u64 = 45_000;
/// Of a hundred quotes that could join a level near by as many do.
const JOIN_PERCENT: u64 = 15;
/// A quote in danger keeps this part of its size.
const SHADE: i64 = 4;

/// A maker.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    pub habits: Habits,
    /// The price its quotes stand around.
    pub anchor_steps: i64,
    /// A look is planned because the price moved.
    pub is_alarmed: bool,
    /// Until then its last wave of orders goes on.
    pub wave_until_ns: u64,
    /// Until then its first quotes stay out.
    resting_until_ns: u64,
    qty_lots: [i64; LEVELS_MAX],
    orders: [Option<OrderId>; SLOTS],
}

impl Maker {
    /// A maker without orders.
    pub fn new(habits: Habits, floor: &mut Floor) -> Self {
        let mut qty_lots = [0; LEVELS_MAX];
        qty_lots.fill_with(|| floor.qty_lots(habits.sizes));
        Self {
            habits,
            anchor_steps: floor.fair_steps,
            is_alarmed: false,
            wave_until_ns: 0,
            resting_until_ns: 0,
            qty_lots,
            orders: [None; SLOTS],
        }
    }

    /// How far the price has left it behind, steps.
    pub const fn off_steps(&self, floor: &Floor) -> i64 {
        (floor.fair_steps - self.anchor_steps).abs()
    }

    /// The slot of its first order on the side that the price's move endangers.
    pub fn slot_in_danger(&self, floor: &Floor) -> u8 {
        u8::from(floor.fair_steps > self.anchor_steps)
    }

    /// Believes in a part of what the price has moved.
    pub const fn follow(&mut self, floor: &Floor) {
        self.anchor_steps += (floor.fair_steps - self.anchor_steps) * self.habits.follow_percent / 100;
    }

    /// Its first quotes stay out for a while, until it looks after that; gives the end of the while.
    pub const fn stand_back(&mut self, floor: &mut Floor) -> u64 {
        self.resting_until_ns = floor.now_ns + floor.random.exponential(self.habits.rest_ns);
        self.resting_until_ns
    }

    /// Thinks again of the size at one of its levels.
    pub fn resize_one(&mut self, floor: &mut Floor) {
        let level = floor.random.below(self.habits.levels as u64) as usize;
        self.qty_lots[level] = floor.qty_lots(self.habits.sizes);
    }

    /// Whether an order is its own.
    pub fn owns(&self, id: OrderId) -> bool {
        self.orders.contains(&Some(id))
    }

    /// Forgets its first orders that are gone; true when there were any.
    pub fn has_lost_first(&mut self, floor: &Floor) -> bool {
        let is_gone = |slot: &&mut Option<OrderId>| slot.is_some_and(|id| floor.book.resting(id).is_none());
        let gone = self.orders[..2].iter_mut().filter(is_gone);
        gone.map(|slot| *slot = None).count() > 0
    }

    /// Plans one task for each order, those of the endangered side first; gives the time of the last.
    pub fn wave(&self, mut at_ns: u64, in_danger: u8, floor: &mut Floor, task: impl Fn(u8) -> Task) -> u64 {
        for level in 0..self.habits.levels as u8 {
            for slot in [2 * level + in_danger, 2 * level + 1 - in_danger] {
                at_ns += floor.random.exponential(WAVE_NS);
                floor.agenda.plan(at_ns, task(slot));
            }
        }
        at_ns
    }

    /// Takes out an order that no longer stands where it should.
    pub fn withdraw(&mut self, slot: usize, floor: &mut Floor) {
        if !self.stands(slot, floor) {
            self.cancel(slot, floor);
        }
    }

    /// Brings an order to where it should stand.
    pub fn quote(&mut self, slot: usize, floor: &mut Floor) {
        if self.stands(slot, floor) {
            return;
        }
        self.cancel(slot, floor);
        if slot < 2 && floor.now_ns < self.resting_until_ns {
            return;
        }
        let price_steps = self.joined_steps(slot, floor);
        self.orders[slot] = floor.place(side_of(slot), price_steps, self.qty_lots[slot / 2]);
    }

    /// Makes a first order smaller before the price goes so far that it must move.
    pub fn shade(&self, slot: usize, floor: &mut Floor) {
        if let Some(id) = self.orders[slot] {
            floor.shrink(id, self.qty_lots[0] / SHADE);
        }
    }

    /// Where an order should stand.
    fn wanted_steps(&self, slot: usize, floor: &Floor) -> i64 {
        let side = side_of(slot);
        let off_steps = self.habits.offset_steps + (slot / 2) as i64 * self.habits.gap_steps;
        floor.behind_touch(side, self.anchor_steps - side.sign() * off_steps)
    }

    /// That price, or that of a level near behind it.
    fn joined_steps(&self, slot: usize, floor: &mut Floor) -> i64 {
        let wanted_steps = self.wanted_steps(slot, floor);
        let near = |level_steps: &i64| level_steps.abs_diff(wanted_steps) <= self.habits.gap_steps as u64 / 2;
        let level_steps = floor.book.at_or_behind(side_of(slot), wanted_steps).filter(near);
        level_steps.filter(|_| floor.random.chance(JOIN_PERCENT)).unwrap_or(wanted_steps)
    }

    /// Whether all of an order stands near enough to where it should.
    fn stands(&self, slot: usize, floor: &Floor) -> bool {
        let Some(order) = self.orders[slot].and_then(|id| floor.book.resting(id)) else { return false };
        let off_steps = order.price_steps.abs_diff(self.wanted_steps(slot, floor));
        off_steps <= self.habits.gap_steps as u64 / 2 && order.qty_lots == self.qty_lots[slot / 2]
    }

    fn cancel(&mut self, slot: usize, floor: &mut Floor) {
        if let Some(id) = self.orders[slot].take() {
            floor.cancel(id);
        }
    }
}

const fn side_of(slot: usize) -> Side {
    if slot.is_multiple_of(2) { Side::Bid } else { Side::Ask }
}
