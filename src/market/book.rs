//! The matching engine: resting orders by price, then by time.
//!
//! It knows nothing of who sends an order or why. Prices are steps of the price increment.

use super::event::{Change, Event, Side, Trade};
use std::collections::{BTreeMap, VecDeque};

/// Number of an order; later ones are higher.
pub(super) type OrderId = u64;

/// What rests of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resting {
    pub side: Side,
    pub price_steps: i64,
    /// Above zero.
    pub qty_lots: i64,
}

/// How far a taker goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// A market order.
    None,
    /// A limit order.
    Steps(i64),
}

/// Orders at one price, the first to come in front.
#[derive(Clone, Debug, Default)]
struct Level {
    qty_lots: i64,
    queue: VecDeque<OrderId>,
}

/// All lots that ever came, by where they went. What is neither is resting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Sent by anyone, resting or taking.
    pub sent_lots: i64,
    /// Traded; the taker's and the resting side's count once each.
    pub traded_lots: i64,
    /// Cancelled while resting.
    pub cancelled_lots: i64,
    /// Taken back by takers who found no more at their price.
    pub unfilled_lots: i64,
    /// Orders cancelled.
    pub cancels: u64,
}

/// Levels of a side by rank, best first.
type Half = BTreeMap<i64, Level>;

/// The book.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    bids: Half,
    asks: Half,
    orders: BTreeMap<OrderId, Resting>,
    orders_sent: OrderId,
    tally: Tally,
}

impl Book {
    /// A limit order: takes what it can at its price or better, the rest rests. Gives the number of what
    /// rests.
    pub fn place(&mut self, side: Side, price_steps: i64, qty_lots: i64, told: &mut Event) -> Option<OrderId> {
        let left_lots = self.fill(side, Limit::Steps(price_steps), qty_lots, told);
        self.tally.sent_lots += qty_lots;
        (left_lots > 0).then(|| self.rest(Resting { side, price_steps, qty_lots: left_lots }, told))
    }

    /// An order that takes what it can and is gone.
    pub fn take(&mut self, side: Side, limit: Limit, qty_lots: i64, told: &mut Event) {
        let left_lots = self.fill(side, limit, qty_lots, told);
        self.tally.sent_lots += qty_lots;
        self.tally.unfilled_lots += left_lots;
    }

    /// Takes an order out; false when nothing of it rests.
    pub fn cancel(&mut self, id: OrderId, told: &mut Event) -> bool {
        let Some(gone) = self.orders.remove(&id) else { return false };
        self.tally.cancelled_lots += gone.qty_lots;
        self.tally.cancels += 1;
        let half = self.side_mut(gone.side);
        let rank = gone.side.rank(gone.price_steps);
        let level = half.get_mut(&rank).expect("a resting order's level");
        level.qty_lots -= gone.qty_lots;
        level.queue.retain(|queued| *queued != id);
        let left_lots = level.qty_lots;
        if level.queue.is_empty() {
            half.remove(&rank);
        }
        told.changes.push(Change { side: gone.side, price_ticks: gone.price_steps, qty_lots: left_lots });
        true
    }

    /// Makes an order smaller; it keeps its place in the queue.
    pub fn shrink(&mut self, id: OrderId, qty_lots: i64, told: &mut Event) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| (1..order.qty_lots).contains(&qty_lots)) else {
            return;
        };
        let gone_lots = order.qty_lots - qty_lots;
        order.qty_lots = qty_lots;
        let Resting { side, price_steps, .. } = *order;
        self.tally.cancelled_lots += gone_lots;
        let level = self.side_mut(side).get_mut(&side.rank(price_steps)).expect("a resting order's level");
        level.qty_lots -= gone_lots;
        let qty_lots = level.qty_lots;
        told.changes.push(Change { side, price_ticks: price_steps, qty_lots });
    }

    /// What rests of an order.
    pub fn resting(&self, id: OrderId) -> Option<&Resting> {
        self.orders.get(&id)
    }

    /// Best price of a side, steps.
    pub fn best(&self, side: Side) -> Option<i64> {
        self.side(side).first_key_value().map(|(rank, _)| side.rank(*rank))
    }

    /// Price of the last level of a side and the order that came to it last.
    pub fn last(&self, side: Side) -> Option<(i64, OrderId)> {
        let (rank, level) = self.side(side).last_key_value()?;
        Some((side.rank(*rank), *level.queue.back()?))
    }

    /// Twice the mid, steps.
    pub fn mid(&self) -> Option<i64> {
        Some(self.best(Side::Bid)? + self.best(Side::Ask)?)
    }

    /// Price of the first level at `price_steps` or behind it, seen from the touch.
    pub fn at_or_behind(&self, side: Side, price_steps: i64) -> Option<i64> {
        self.side(side).range(side.rank(price_steps)..).next().map(|(rank, _)| side.rank(*rank))
    }

    /// Levels of a side, best first: price in steps, lots and orders.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (i64, i64, usize)> {
        self.side(side).iter().map(move |(rank, level)| (side.rank(*rank), level.qty_lots, level.queue.len()))
    }

    /// Orders of the levels of a side that lie at `price_steps` or better, in the order in which a taker
    /// would meet them.
    pub fn orders_up_to(&self, side: Side, price_steps: i64) -> impl Iterator<Item = OrderId> {
        self.side(side).range(..=side.rank(price_steps)).flat_map(|(_, level)| level.queue.iter().copied())
    }

    /// Levels of a side.
    pub fn level_count(&self, side: Side) -> usize {
        self.side(side).len()
    }

    /// Orders that rest.
    #[cfg(test)]
    pub fn order_count(&self) -> usize {
        self.orders.len()
    }

    /// Where all lots went.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    const fn side(&self, side: Side) -> &Half {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    const fn side_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    /// Puts an order at the end of its level's queue.
    fn rest(&mut self, order: Resting, told: &mut Event) -> OrderId {
        self.orders_sent += 1;
        let id = self.orders_sent;
        self.orders.insert(id, order);
        let level = self.side_mut(order.side).entry(order.side.rank(order.price_steps)).or_default();
        level.qty_lots += order.qty_lots;
        level.queue.push_back(id);
        let qty_lots = level.qty_lots;
        told.changes.push(Change { side: order.side, price_ticks: order.price_steps, qty_lots });
        id
    }

    /// Trades with the other side, best and oldest first; gives the lots for which there was nobody.
    fn fill(&mut self, taker: Side, limit: Limit, qty_lots: i64, told: &mut Event) -> i64 {
        let side = taker.opposite();
        let mut left_lots = qty_lots;
        while left_lots > 0
            && let Some(price_steps) = self.best(side)
            && limit.reaches(side, price_steps)
        {
            let traded_lots = self.fill_first(side, price_steps, left_lots, told);
            left_lots -= traded_lots;
            let is_market_order = limit == Limit::None;
            told.trades.push(Trade { taker, price_ticks: price_steps, qty_lots: traded_lots, is_market_order });
        }
        left_lots
    }

    /// Trades with the first order of a level; gives the lots traded.
    fn fill_first(&mut self, side: Side, price_steps: i64, wanted_lots: i64, told: &mut Event) -> i64 {
        let rank = side.rank(price_steps);
        let half = if side == Side::Bid { &mut self.bids } else { &mut self.asks };
        let level = half.get_mut(&rank).expect("the best level");
        let id = *level.queue.front().expect("a level has orders");
        let order = self.orders.get_mut(&id).expect("a queued order rests");
        let traded_lots = wanted_lots.min(order.qty_lots);
        order.qty_lots -= traded_lots;
        level.qty_lots -= traded_lots;
        let left_lots = level.qty_lots;
        if order.qty_lots == 0 {
            level.queue.pop_front();
            self.orders.remove(&id);
        }
        if level.queue.is_empty() {
            half.remove(&rank);
        }
        self.tally.traded_lots += traded_lots;
        told.changes.push(Change { side, price_ticks: price_steps, qty_lots: left_lots });
        traded_lots
    }
}

impl Limit {
    /// Whether a level of `side` is within the limit of one who takes from that side.
    const fn reaches(self, side: Side, price_steps: i64) -> bool {
        match self {
            Self::None => true,
            Self::Steps(limit_steps) => side.rank(price_steps) <= side.rank(limit_steps),
        }
    }
}

#[cfg(test)]
mod tests;
