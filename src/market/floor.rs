//! What all agents share: the clock, chance, the agenda, the book and the efficient price.

use super::agenda::{Agenda, Task};
use super::book::{Book, Limit, OrderId};
use super::event::{Event, Side};
use super::random::{Quantiles, Random};
use super::terms::Terms;

/// A millisecond, nanoseconds.
pub(super) const MS: u64 = 1_000_000;
/// A second, nanoseconds.
pub(super) const SECOND: u64 = 1_000 * MS;

/// The trading floor.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    pub terms: Terms,
    pub now_ns: u64,
    pub random: Random,
    pub agenda: Agenda,
    pub book: Book,
    /// What one who knew everything would pay, steps.
    pub fair_steps: i64,
    /// What the present task made happen.
    pub told: Event,
}

impl Floor {
    /// An empty floor.
    pub fn new(seed: u64, terms: &Terms) -> Self {
        Self {
            terms: *terms,
            now_ns: 0,
            random: Random::new(seed),
            agenda: Agenda::default(),
            book: Book::default(),
            fair_steps: terms.mid_steps(),
            told: Event::default(),
        }
    }

    /// Plans a task of which there can only be a bounded number, after a waiting time of this mean.
    pub fn soon(&mut self, mean_ns: u64, task: Task) {
        let at_ns = self.now_ns + self.random.exponential(mean_ns);
        self.agenda.plan(at_ns, task);
    }

    /// Plans a task of which there may be any number, if there is room.
    pub fn soon_if_room(&mut self, mean_ns: u64, task: Task) {
        if self.agenda.has_room() {
            self.soon(mean_ns, task);
        }
    }

    /// A size, lots; the distribution is in hundred-millionths of the base currency.
    pub fn qty_lots(&mut self, sizes: &Quantiles) -> i64 {
        self.terms.lots(self.random.quantile(sizes))
    }

    /// Either side, as likely.
    pub const fn any_side(&mut self) -> Side {
        if self.random.chance(50) { Side::Bid } else { Side::Ask }
    }

    /// The price nearest to `price_steps` at which an order rests and takes nothing.
    pub fn behind_touch(&self, side: Side, price_steps: i64) -> i64 {
        let rank = side.rank(price_steps);
        let crossed = self.book.best(side.opposite()).map(|best| side.rank(best));
        side.rank(crossed.map_or(rank, |crossed| rank.max(crossed + 1)))
    }

    /// Places a limit order.
    pub fn place(&mut self, side: Side, price_steps: i64, qty_lots: i64) -> Option<OrderId> {
        self.book.place(side, price_steps, qty_lots, &mut self.told)
    }

    /// Takes what there is within a limit.
    pub fn take(&mut self, side: Side, limit: Limit, qty_lots: i64) {
        self.book.take(side, limit, qty_lots, &mut self.told);
    }

    /// Makes an order smaller.
    pub fn shrink(&mut self, id: OrderId, qty_lots: i64) {
        self.book.shrink(id, qty_lots, &mut self.told);
    }

    /// Takes an order out, if any of it rests.
    pub fn cancel(&mut self, id: OrderId) -> bool {
        self.book.cancel(id, &mut self.told)
    }
}
