//! Those who quote both sides around what they believe the price to be, and follow it with a delay.

mod habits;
mod maker;

use super::agenda::Task;
use super::book::OrderId;
use super::floor::{Floor, MS, SECOND};
use habits::STYLES;
use maker::Maker;

/// Levels a side that a maker quotes, at most.
const LEVELS_MAX: usize = 12;
/// Orders of a maker; even ones are bids, the first two stand nearest.
const SLOTS: usize = 2 * LEVELS_MAX;
/// Between looks of its own accord, mean.
const LOOK_NS: u64 = 12 * SECOND;
/// A move of so many tolerances makes a maker stand back as if it had been taken.
const FRIGHT: i64 = 4;

/// All makers. Of each there are on the agenda, at most, one look of its own accord, one alarm, a return for
/// each first quote, and one wave of orders.
#[derive(Clone, Debug)]
pub(super) struct Makers(Vec<Maker>);

impl Makers {
    /// Draws the makers and has each look at once.
    pub fn start(floor: &mut Floor) -> Self {
        let habits: Vec<_> = STYLES.iter().flat_map(|style| style.habits(floor)).collect();
        let makers: Vec<_> = habits.into_iter().map(|habits| Maker::new(habits, floor)).collect();
        (0..makers.len()).for_each(|maker| floor.soon(MS, Task::Look { maker: maker as u8 }));
        Self(makers)
    }

    /// Those whom the price has left behind will look; those whom it has nearly left make the first order of
    /// the side in danger smaller.
    pub fn price_moved(&mut self, floor: &mut Floor) {
        for (maker, number) in self.0.iter_mut().zip(0..).filter(|(maker, _)| !maker.is_alarmed) {
            let (off_steps, delay_ns) = (maker.off_steps(floor), maker.habits.delay_ns);
            if off_steps > maker.habits.tolerance_steps {
                maker.is_alarmed = true;
                floor.soon(delay_ns, Task::Review { maker: number });
            } else if 3 * off_steps > 2 * maker.habits.tolerance_steps {
                floor.soon_if_room(delay_ns, Task::Shade { maker: number, slot: maker.slot_in_danger(floor) });
            }
        }
    }

    /// Those whose first quote was taken stay out for a while.
    pub fn traded(&mut self, floor: &mut Floor) {
        for (maker, number) in self.0.iter_mut().zip(0..) {
            if maker.has_lost_first(floor) {
                let until_ns = maker.stand_back(floor);
                floor.agenda.plan(until_ns, Task::Review { maker: number });
            }
        }
    }

    /// Whether an order is a maker's.
    pub fn own(&self, id: OrderId) -> bool {
        self.0.iter().any(|maker| maker.owns(id))
    }

    /// A maker looks of its own accord, and thinks again of one of its sizes.
    pub fn look(&mut self, number: u8, floor: &mut Floor) {
        floor.soon(LOOK_NS, Task::Look { maker: number });
        self.0[usize::from(number)].resize_one(floor);
        self.review(number, floor);
    }

    /// A maker looks at the price and plans a wave of orders, once the last wave is over.
    pub fn review(&mut self, number: u8, floor: &mut Floor) {
        let maker = &mut self.0[usize::from(number)];
        if floor.now_ns < maker.wave_until_ns {
            return floor.agenda.plan(maker.wave_until_ns, Task::Review { maker: number });
        }
        maker.is_alarmed = false;
        if maker.off_steps(floor) > FRIGHT * maker.habits.tolerance_steps {
            maker.stand_back(floor);
        }
        let in_danger = maker.slot_in_danger(floor);
        maker.follow(floor);
        let mut at_ns = floor.now_ns;
        if !maker.habits.amends {
            at_ns = maker.wave(at_ns, in_danger, floor, |slot| Task::Withdraw { maker: number, slot });
        }
        maker.wave_until_ns = maker.wave(at_ns, in_danger, floor, |slot| Task::Quote { maker: number, slot });
    }

    /// A maker takes out an order that no longer stands where it should.
    pub fn withdraw(&mut self, number: u8, slot: u8, floor: &mut Floor) {
        self.0[usize::from(number)].withdraw(slot.into(), floor);
    }

    /// A maker brings an order to where it should stand.
    pub fn quote(&mut self, number: u8, slot: u8, floor: &mut Floor) {
        self.0[usize::from(number)].quote(slot.into(), floor);
    }

    /// A maker makes its first order of a side smaller.
    pub fn shade(&self, number: u8, slot: u8, floor: &mut Floor) {
        self.0[usize::from(number)].shade(slot.into(), floor);
    }
}
