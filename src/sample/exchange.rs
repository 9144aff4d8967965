//! The exchange: a book that changes at random, and the messages that tell of it.

use super::random::Random;
use super::side::{Rank, Row, Side, Way};

/// Levels of a side beyond the published depth, at most.
const RESERVE_MAX: usize = 60;
/// At least, between messages: more than one message removes, so that what comes back exists already.
const RESERVE_MIN: usize = 20;
/// Widest gap between levels that are made, in steps of the price increment.
const GAP_STEPS_MAX: i64 = 12;
/// Most successive fills of a level in one message.
const FILLS_MAX: u64 = 5;
/// Tries to find a price without a level.
const TRIES: usize = 8;

/// One fill of a resting level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trade {
    /// The side of the taker: `Bid` bought.
    pub taker: Way,
    /// In steps of the price increment.
    pub price_steps: i64,
    /// Size.
    pub qty_lots: i64,
}

/// One message: rows of both sides in the order of events, and the trades behind them.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub bids: Vec<Row>,
    pub asks: Vec<Row>,
    pub trades: Vec<Trade>,
}

/// The exchange's book.
pub(super) struct Exchange {
    random: Random,
    depth: usize,
    qty_lots_max: i64,
    bids: Side,
    asks: Side,
    trades: Vec<Trade>,
}

impl Exchange {
    /// A book of full depth and a spread of one step around `mid_steps`.
    pub fn new(seed: u64, depth: usize, mid_steps: i64, qty_lots_max: i64) -> Self {
        let (bids, asks) = (Side::new(Way::Bid, depth), Side::new(Way::Ask, depth));
        let random = Random::new(seed);
        let mut exchange = Self { random, depth, qty_lots_max, bids, asks, trades: Vec::new() };
        for (way, best_steps) in [(Way::Bid, mid_steps), (Way::Ask, mid_steps + 1)] {
            let qty_lots = exchange.qty_lots();
            exchange.side(way).set_untold(way.turned(best_steps), qty_lots);
            exchange.tidy(way);
            exchange.side(way).end_snapshot();
        }
        exchange
    }

    /// Levels within the depth, best first.
    pub fn visible(&self, way: Way) -> impl Iterator<Item = Row> {
        match way {
            Way::Bid => self.bids.visible(),
            Way::Ask => self.asks.visible(),
        }
    }

    /// The next message; it has at least one row.
    pub fn message(&mut self) -> Message {
        let way = if self.random.chance(50) { Way::Bid } else { Way::Ask };
        match self.random.below(1_000) {
            0..4 => self.sweep(way),
            4..20 => self.fill(way),
            20..23 => {
                self.event(Way::Bid);
                self.event(Way::Ask);
            }
            _ => (0..self.events()).for_each(|_| self.event(way)),
        }
        let (bids, asks) = (self.bids.end_message(), self.asks.end_message());
        self.tidy(Way::Bid);
        self.tidy(Way::Ask);
        Message { bids, asks, trades: std::mem::take(&mut self.trades) }
    }

    /// Events of an ordinary message: mostly one.
    const fn events(&mut self) -> u32 {
        match self.random.below(100) {
            0..85 => 1,
            85..97 => 2,
            _ => 3,
        }
    }

    /// One event of a side: 62 % new sizes, 18 % removals, 20 % new levels.
    fn event(&mut self, way: Way) {
        match self.random.below(100) {
            0..62 => self.resize(way),
            62..80 => self.remove(way),
            _ => self.insert(way),
        }
    }

    fn resize(&mut self, way: Way) {
        // The lower of two: changes crowd at the touch.
        let depth = self.depth as u64;
        let index = self.random.below(depth).min(self.random.below(depth));
        if let Some((rank, _)) = self.side(way).at(index as usize) {
            let qty_lots = self.qty_lots();
            self.side(way).set(rank, qty_lots);
        }
    }

    fn remove(&mut self, way: Way) {
        let index = self.random.below(self.depth as u64);
        if let Some((rank, _)) = self.side(way).at(index as usize) {
            self.side(way).set(rank, 0);
        }
    }

    /// A new level: within the spread when it is open, else behind the touch.
    fn insert(&mut self, way: Way) {
        let rank = match self.rank_within_spread(way) {
            Some(rank) => Some(rank),
            None => self.rank_behind_touch(way),
        };
        let Some(rank) = rank else { return self.resize(way) };
        let qty_lots = self.qty_lots();
        self.side(way).set(rank, qty_lots);
    }

    fn rank_within_spread(&mut self, way: Way) -> Option<Rank> {
        let (best, floor) = self.touch(way)?;
        if best - floor <= 1 || self.random.chance(25) {
            return None;
        }
        // Most close the spread to one step.
        if self.random.chance(67) { Some(floor + 1) } else { Some(self.random.between(floor + 1, best - 1)) }
    }

    fn rank_behind_touch(&mut self, way: Way) -> Option<Rank> {
        let last_index = self.depth - 1;
        let (best, last) = (self.side(way).at(0)?.0, self.side(way).at(last_index)?.0);
        for _ in 0..TRIES {
            let rank = self.random.between(best, last);
            if !self.side(way).holds(rank) {
                return Some(rank);
            }
        }
        None
    }

    /// Best rank of a side, and the rank of the other side's best price on this side's scale.
    fn touch(&self, way: Way) -> Option<(Rank, Rank)> {
        let (bid, ask) = (self.bids.at(0)?.0, self.asks.at(0)?.0);
        Some(if way == Way::Bid { (bid, -ask) } else { (ask, -bid) })
    }

    /// A taker eats a part of the best level.
    fn fill(&mut self, way: Way) {
        match self.side(way).at(0) {
            Some((rank, held_lots)) if held_lots > 1 => {
                let taken_lots = self.random.between(1, held_lots - 1);
                self.take(way, rank, held_lots, taken_lots);
            }
            _ => self.resize(way),
        }
    }

    /// A taker eats the best level order after order; often the other side follows to its price. In the
    /// message's text bids stand first, so a bid that follows crosses asks that are not yet removed.
    fn sweep(&mut self, way: Way) {
        let Some((rank, mut held_lots)) = self.side(way).at(0) else { return };
        for _ in 0..self.random.below(FILLS_MAX) {
            if held_lots > 1 {
                let taken_lots = self.random.between(1, held_lots - 1);
                self.take(way, rank, held_lots, taken_lots);
                held_lots -= taken_lots;
            }
        }
        self.take(way, rank, held_lots, held_lots);
        if self.random.chance(50) {
            let qty_lots = self.qty_lots();
            self.side(opposite(way)).set(-rank, qty_lots);
        }
    }

    fn take(&mut self, way: Way, rank: Rank, held_lots: i64, taken_lots: i64) {
        self.side(way).set(rank, held_lots - taken_lots);
        self.trades.push(Trade { taker: opposite(way), price_steps: way.turned(rank), qty_lots: taken_lots });
    }

    /// Keeps the unseen part of a side in shape, so that density does not drift over a long recording.
    fn tidy(&mut self, way: Way) {
        let Some((best, _)) = self.side(way).at(0) else { return };
        let reach_steps = (self.depth + RESERVE_MAX) as i64 * GAP_STEPS_MAX / 2;
        self.drop_beyond(way, best + 2 * reach_steps);
        self.extend_to(way, best + reach_steps);
        self.thin(way);
    }

    /// Removes unseen levels that the price has left far behind.
    fn drop_beyond(&mut self, way: Way, farthest: Rank) {
        let levels_min = self.depth;
        let side = self.side(way);
        while let Some(last) = side.last().filter(|last| *last > farthest && side.len() > levels_min) {
            side.set_untold(last, 0);
        }
    }

    /// Adds levels at the far end. Prices stay positive: the mid starts with far more steps below it
    /// than the deepest side reaches.
    fn extend_to(&mut self, way: Way, farthest: Rank) {
        let levels_min = self.depth + RESERVE_MIN;
        while let Some(last) = self.side(way).last()
            && (last < farthest || self.side(way).len() < levels_min)
        {
            let (rank, qty_lots) = (last + self.random.between(1, GAP_STEPS_MAX), self.qty_lots());
            self.side(way).set_untold(rank, qty_lots);
        }
    }

    /// Removes unseen levels at random until the reserve is no larger than it may be.
    fn thin(&mut self, way: Way) {
        while let Some(unseen) = self.side(way).len().checked_sub(self.depth).filter(|unseen| *unseen > RESERVE_MAX) {
            let index = self.depth + self.random.below(unseen as u64) as usize;
            if let Some((rank, _)) = self.side(way).at(index) {
                self.side(way).set_untold(rank, 0);
            }
        }
    }

    /// A size: small ones are the most.
    const fn qty_lots(&mut self) -> i64 {
        let wide = self.random.between(1, self.qty_lots_max);
        let narrow = wide >> self.random.below(12);
        if narrow == 0 { 1 } else { narrow }
    }

    const fn side(&mut self, way: Way) -> &mut Side {
        match way {
            Way::Bid => &mut self.bids,
            Way::Ask => &mut self.asks,
        }
    }
}

const fn opposite(way: Way) -> Way {
    match way {
        Way::Bid => Way::Ask,
        Way::Ask => Way::Bid,
    }
}
