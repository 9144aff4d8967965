//! The markets that are followed and not traded: their mid, and how far it is from the traded one's.

use super::grid::Grid;
use super::series::Held;
use crate::venue::symbol_of;
use hotpath::config::MarketConfig;
use hotpath::record::{Features, Head, Kind, body_of};
use std::collections::BTreeMap;

/// A leader over time.
#[derive(Debug)]
pub struct Leader {
    /// Its market.
    pub instrument: u16,
    /// Decimals of the values.
    pub precision: u8,
    /// Whether the values are the leader's mid less the traded market's; else they are its mid.
    pub is_basis: bool,
    /// The values, halves of the last decimal.
    pub values: Held,
    /// What one tick of the leader and one of the traded market are in the last decimal.
    scales: (i64, i64),
}

/// All leaders of a run.
#[derive(Debug)]
pub struct Leaders {
    grid: Grid,
    /// Sum of best bid and ask of each market, ticks, while they are known.
    sums: BTreeMap<u16, i64>,
    /// The leaders.
    pub all: Vec<Leader>,
}

impl Leader {
    /// Both mids are of one price when the symbols are: then their difference says more than either.
    fn of(instrument: u16, row: &MarketConfig, traded: &MarketConfig) -> Self {
        let letters = |row: &MarketConfig| symbol_of(row).replace('/', "");
        let is_basis = letters(row) == letters(traded);
        let (own, other) = (row.price_precision, traded.price_precision);
        let precision = if is_basis { own.max(other) } else { own };
        let scale = |of: u8| 10_i64.checked_pow(u32::from(precision.saturating_sub(of))).unwrap_or(1);
        Self { instrument, precision, is_basis, values: Held::default(), scales: (scale(own), scale(other)) }
    }

    /// None while a mid that it is made of is not known.
    fn value(&self, sums: &BTreeMap<u16, i64>) -> Option<i64> {
        let own = sums.get(&self.instrument)?.checked_mul(self.scales.0)?;
        if !self.is_basis {
            return Some(own);
        }
        own.checked_sub(sums.get(&0)?.checked_mul(self.scales.1)?)
    }
}

impl Leaders {
    /// Nothing yet, over the steps of `grid`.
    #[must_use]
    pub fn over(grid: Grid, markets: &[MarketConfig]) -> Self {
        let leader = |(instrument, row)| Some(Leader::of(instrument, row, markets.first()?));
        Self { grid, sums: BTreeMap::new(), all: (0..).zip(markets).skip(1).filter_map(leader).collect() }
    }

    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        match head.kind {
            Kind::FEATURES => {
                let Some(Features { bid_ticks, ask_ticks, .. }) = body_of(record) else { return };
                let sum = bid_ticks.checked_add(ask_ticks).filter(|_| bid_ticks > 0 && ask_ticks > 0);
                self.set(head, sum);
            }
            Kind::GAP_OPEN => self.set(head, None),
            _ => {}
        }
    }

    /// From here on nothing is known until it is told again.
    pub fn lose(&mut self, now_ns: u64) {
        self.sums.clear();
        let step = self.grid.step(now_ns);
        self.all.iter_mut().for_each(|leader| leader.values.set(step, None));
    }

    /// What holds at the end holds up to there.
    pub fn finish(&mut self) {
        let last = self.grid.steps - 1;
        self.all.iter_mut().for_each(|leader| leader.values.carry(last));
    }

    fn set(&mut self, head: &Head, sum: Option<i64>) {
        match sum {
            Some(sum) => self.sums.insert(head.instrument, sum),
            None => self.sums.remove(&head.instrument),
        };
        let step = self.grid.step(head.taken_ns);
        let about =
            |leader: &&mut Leader| leader.instrument == head.instrument || (leader.is_basis && head.instrument == 0);
        for leader in self.all.iter_mut().filter(about) {
            let value = leader.value(&self.sums);
            leader.values.set(step, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use hotpath::config::Symbol;
    use hotpath::record::{GapOpen, HEAD_BYTES};

    fn record<B: hotpath::record::Body>(instrument: u16, second: u64, body: &B) -> (Head, Vec<u8>) {
        let len = (B::LINES * 64) as u32;
        let head = Head { len, kind: B::KIND, instrument, taken_ns: second * 1_000_000_000, ..Head::zeroed() };
        let mut bytes = bytemuck::bytes_of(&head).to_vec();
        bytes.extend(bytemuck::bytes_of(body));
        assert_eq!(bytes.len(), HEAD_BYTES + size_of::<B>());
        (head, bytes)
    }

    /// A tick of the leader is ten of the traded market: the difference is told in the finer one, in halves.
    #[test]
    fn a_basis_is_told_while_both_mids_are_known() {
        let row = |symbol: &str, price_precision| MarketConfig {
            symbol: Symbol::new(symbol).expect("a symbol"),
            price_precision,
            ..MarketConfig::zeroed()
        };
        let rows = [row("BTC/USDT", 2), row("BTCUSDT", 1), row("ETHUSDT", 1)];
        let mut leaders = Leaders::over(Grid { start_ns: 0, step_ns: 1_000_000_000, steps: 8 }, &rows);
        let best = |bid_ticks, ask_ticks| Features { bid_ticks, ask_ticks, ..Features::zeroed() };
        let records = [
            record(1, 0, &best(100, 101)),
            record(0, 1, &best(990, 993)),
            record(2, 2, &best(7, 9)),
            record(1, 3, &best(101, 102)),
            record(0, 5, &GapOpen::zeroed()),
            record(0, 6, &best(1_000, 1_000)),
        ];
        records.iter().for_each(|(head, record)| leaders.take(head, record));
        leaders.finish();
        let values = |at: usize| leaders.all[at].values.cells().iter().map(|cell| cell.last).collect::<Vec<_>>();
        let (near, far) = (Some(2_010 - 1_983), Some(2_030 - 1_983));
        assert_eq!(values(0), [None, near, near, far, far, None, Some(30), Some(30)]);
        assert_eq!(values(1), [None, None, Some(16), Some(16), Some(16), Some(16), Some(16), Some(16)]);
        assert_eq!((leaders.all[0].precision, leaders.all[0].is_basis, leaders.all[1].is_basis), (2, true, false));
    }
}
