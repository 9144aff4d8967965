//! The trades as a subscriber sees them.

use super::statistics::{counts, dispersion, percent, quantile};
use crate::market::{Event, Side, Terms, Trade};

/// All trades of a run.
pub(super) struct Tape {
    terms: Terms,
    trades: Vec<(u64, Trade)>,
}

impl Tape {
    pub const fn new(terms: &Terms) -> Self {
        Self { terms: *terms, trades: Vec::new() }
    }

    pub fn take(&mut self, event: &Event) {
        self.trades.extend(event.trades.iter().map(|trade| (event.at_ns, *trade)));
    }

    /// Trades.
    pub fn count(&self) -> f64 {
        self.trades.len() as f64
    }

    /// Trades of less than this many units of the base currency, percent.
    pub fn smaller_than(&self, units: f64) -> f64 {
        self.share(|trade| self.terms.units(trade.qty_lots) < units)
    }

    /// Takers who bought, percent.
    pub fn buys(&self) -> f64 {
        self.share(|trade| trade.taker == Side::Bid)
    }

    /// Trades by market orders, percent.
    pub fn market_orders(&self) -> f64 {
        self.share(|trade| trade.is_market_order)
    }

    fn share(&self, has: impl Fn(&Trade) -> bool) -> f64 {
        percent(self.trades.iter().filter(|(_, trade)| has(trade)).count(), self.trades.len())
    }

    /// Trades on the same side as the one before, percent.
    pub fn same_side(&self) -> f64 {
        let same = self.trades.windows(2).filter(|pair| pair[0].1.taker == pair[1].1.taker).count();
        percent(same, self.trades.len().saturating_sub(1))
    }

    /// Seconds with a trade that have more than one, percent.
    pub fn clustered(&self) -> f64 {
        let last_ns = self.trades.last().map_or(0, |(at_ns, _)| *at_ns);
        let counts = self.counts(1, last_ns);
        let busy = counts.iter().filter(|count| **count > 0.0).count();
        percent(counts.iter().filter(|count| **count > 1.0).count(), busy)
    }

    /// Variance over mean of the trades of a minute.
    pub fn dispersion(&self, end_ns: u64) -> f64 {
        dispersion(&self.counts(60, end_ns))
    }

    fn counts(&self, window_s: u64, end_ns: u64) -> Vec<f64> {
        let times: Vec<_> = self.trades.iter().map(|(at_ns, _)| *at_ns).collect();
        counts(&times, window_s * 1_000_000_000, end_ns)
    }

    /// How far apart the prices of successive trades are that lie `gap_s` seconds apart, a quantile, ticks.
    pub fn moved(&self, gap_s: std::ops::RangeInclusive<u64>, percent: usize) -> f64 {
        let near = |pair: &&[(u64, Trade)]| gap_s.contains(&(pair[1].0 / 1_000_000_000 - pair[0].0 / 1_000_000_000));
        let moves = self.trades.windows(2).filter(near);
        quantile(&moves.map(|pair| (pair[1].1.price_ticks - pair[0].1.price_ticks).abs()).collect::<Vec<_>>(), percent)
    }
}
