//! What the book and the trades say of the next move, and what it costs to be taken.

use super::statistics::{correlation, mean, percent};
use crate::market::{Event, Market, Side, Taker, Trade};

const SECOND_NS: u64 = 1_000_000_000;

/// The best prices over time, and the trades.
pub(super) struct Signal {
    /// From then on: twice the mid, ticks, and imbalance of the sizes at the touch, -1 to 1.
    mids: Vec<(u64, i64, f64)>,
    /// Time, taker, sign of the taker's side, price.
    trades: Vec<(u64, Taker, i64, i64)>,
    /// Orders that waited at the touch, all told.
    queued: usize,
}

impl Signal {
    pub const fn new() -> Self {
        Self { mids: Vec::new(), trades: Vec::new(), queued: 0 }
    }

    pub fn take(&mut self, market: &Market, event: &Event) {
        let best = |side| market.levels(side).next();
        let (Some((bid, bid_lots, bid_orders)), Some((ask, ask_lots, ask_orders))) = (best(Side::Bid), best(Side::Ask))
        else {
            return;
        };
        let imbalance = (bid_lots - ask_lots) as f64 / (bid_lots + ask_lots) as f64;
        self.mids.push((event.at_ns, bid + ask, imbalance));
        self.queued += bid_orders + ask_orders;
        if let Some(taker) = market.last_taker() {
            let trade = |trade: &Trade| (event.at_ns, taker, trade.taker.sign(), trade.price_ticks);
            self.trades.extend(event.trades.iter().map(trade));
        }
    }

    fn at(&self, at_ns: u64) -> &(u64, i64, f64) {
        let after = self.mids.partition_point(|(from_ns, ..)| *from_ns <= at_ns);
        &self.mids[after.saturating_sub(1)]
    }

    /// Correlation of the imbalance at the touch with the mid's move over the time that follows; once in
    /// each such time.
    pub fn imbalance(&self, ahead_ms: u64) -> f64 {
        let ahead_ns = ahead_ms * 1_000_000;
        let last_ns = self.mids.last().map_or(0, |last| last.0);
        let pair = |index: u64| {
            let now = self.at(index * ahead_ns);
            (now.2, (self.at((index + 1) * ahead_ns).1 - now.1) as f64)
        };
        correlation(&(1..last_ns / ahead_ns).map(pair).collect::<Vec<_>>())
    }

    /// How far the mid goes the taker's way from just after a trade, mean, ticks.
    pub fn impact(&self, ahead_ms: u64) -> f64 {
        let moves = self.trades.iter().map(|(at_ns, _, sign, _)| {
            let ahead = self.at(at_ns + ahead_ms * 1_000_000).1 - self.at(*at_ns).1;
            (sign * ahead) as f64 / 2.0
        });
        mean(&moves.collect::<Vec<_>>())
    }

    /// What the resting side has gained a while after a trade, mean, ticks; below zero is a loss.
    pub fn markout(&self, of: Taker, ahead_ms: u64) -> f64 {
        let trades = self.trades.iter().filter(|(_, taker, ..)| *taker == of);
        let gains = trades.map(|(at_ns, _, sign, price)| {
            let mid = self.at(at_ns + ahead_ms * 1_000_000).1;
            (sign * (2 * price - mid)) as f64 / 2.0
        });
        mean(&gains.collect::<Vec<_>>())
    }

    /// Trades of those who know, percent.
    pub fn informed(&self) -> f64 {
        let informed = self.trades.iter().filter(|(_, taker, ..)| *taker == Taker::Informed).count();
        percent(informed, self.trades.len())
    }

    /// Orders that wait at a best price, mean.
    pub fn queue(&self) -> f64 {
        self.queued as f64 / (2 * self.mids.len()) as f64
    }

    /// Root of the mean square of the mid's moves over a while, ticks.
    pub fn volatility(&self, ahead_s: u64) -> f64 {
        let ahead_ns = ahead_s * SECOND_NS;
        let last_ns = self.mids.last().map_or(0, |last| last.0);
        let squares = (0..last_ns / ahead_ns).map(|index| {
            let moved = (self.at((index + 1) * ahead_ns).1 - self.at(index * ahead_ns).1) as f64 / 2.0;
            moved * moved
        });
        mean(&squares.collect::<Vec<_>>()).sqrt()
    }
}
