//! The last 24 hours of a market, minute by minute.

use std::collections::VecDeque;

/// A minute, nanoseconds.
const MINUTE_NS: u64 = 60_000_000_000;
/// Minutes that are counted, the running one included.
const MINUTES: u64 = 24 * 60;

/// Trades of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Minute {
    number: u64,
    open_ticks: i64,
    low_ticks: i64,
    high_ticks: i64,
    qty_lots: i128,
    cost: i128,
}

/// What a ticker says of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub last_ticks: i64,
    pub low_ticks: i64,
    pub high_ticks: i64,
    /// Average price, weighted with sizes, rounded to the nearest tick.
    pub vwap_ticks: i64,
    pub qty_lots: i64,
    /// Last price against the first.
    pub change_ticks: i64,
    /// The same in hundredths of a percent, rounded to the nearest.
    pub change_per_myriad: i64,
}

/// The minutes, oldest first, and the last price.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    minutes: VecDeque<Minute>,
    last_ticks: i64,
}

impl Day {
    /// Counts a trade at an instant of the market's time, which does not run back.
    pub fn count(&mut self, at_ns: u64, price_ticks: i64, qty_lots: i64) {
        let number = at_ns / MINUTE_NS;
        if self.minutes.back().is_none_or(|minute| minute.number < number) {
            let (open_ticks, low_ticks, high_ticks) = (price_ticks, price_ticks, price_ticks);
            self.minutes.push_back(Minute { number, open_ticks, low_ticks, high_ticks, qty_lots: 0, cost: 0 });
        }
        if let Some(minute) = self.minutes.back_mut() {
            minute.low_ticks = minute.low_ticks.min(price_ticks);
            minute.high_ticks = minute.high_ticks.max(price_ticks);
            minute.qty_lots += i128::from(qty_lots);
            minute.cost += i128::from(qty_lots) * i128::from(price_ticks);
        }
        self.last_ticks = price_ticks;
        while self.minutes.front().is_some_and(|minute| minute.number + MINUTES <= number) {
            self.minutes.pop_front();
        }
    }

    /// The day so far; all zero before the first trade.
    pub fn summary(&self) -> Summary {
        let Some(first) = self.minutes.front() else { return Summary::default() };
        let last_ticks = self.last_ticks;
        let change_ticks = last_ticks - first.open_ticks;
        let qty_lots: i128 = self.minutes.iter().map(|minute| minute.qty_lots).sum();
        let cost: i128 = self.minutes.iter().map(|minute| minute.cost).sum();
        Summary {
            last_ticks,
            low_ticks: self.minutes.iter().map(|minute| minute.low_ticks).min().unwrap_or(0),
            high_ticks: self.minutes.iter().map(|minute| minute.high_ticks).max().unwrap_or(0),
            vwap_ticks: rounded(cost, qty_lots),
            qty_lots: i64::try_from(qty_lots).unwrap_or(i64::MAX),
            change_ticks,
            change_per_myriad: rounded(i128::from(change_ticks) * 10_000, i128::from(first.open_ticks)),
        }
    }
}

/// A quotient rounded to the nearest whole, halves away from zero; 0 without a divisor above 0.
fn rounded(dividend: i128, divisor: i128) -> i64 {
    if divisor <= 0 {
        return 0;
    }
    let half = divisor / 2;
    let quotient = if dividend < 0 { (dividend - half) / divisor } else { (dividend + half) / divisor };
    i64::try_from(quotient).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Day, MINUTE_NS, Summary};
    use proptest::prelude::*;

    #[test]
    fn a_day_is_summed_up() {
        let mut day = Day::default();
        assert_eq!(day.summary(), Summary::default());
        for (second, price_ticks, qty_lots) in [(0, 1_000, 3), (59, 1_010, 1), (61, 985, 2)] {
            day.count(second * 1_000_000_000, price_ticks, qty_lots);
        }
        let wanted = Summary {
            last_ticks: 985,
            low_ticks: 985,
            high_ticks: 1_010,
            vwap_ticks: 997, // (3000 + 1010 + 1970) / 6 = 996.67
            qty_lots: 6,
            change_ticks: -15,
            change_per_myriad: -150,
        };
        assert_eq!(day.summary(), wanted);
    }

    proptest! {
        /// Against all trades, of which those count that are of the last 1,440 minutes.
        #[test]
        fn the_last_day_is_what_counts(trades in prop::collection::vec((0_u64..200 * MINUTE_NS, 1_i64..1_000, 1_i64..50), 1..60)) {
            let (mut day, mut all, mut at_ns) = (Day::default(), Vec::new(), 0);
            for (pause_ns, price_ticks, qty_lots) in trades {
                at_ns += pause_ns;
                day.count(at_ns, price_ticks, qty_lots);
                all.push((at_ns / MINUTE_NS, price_ticks, qty_lots));
            }
            let now = at_ns / MINUTE_NS;
            all.retain(|(minute, ..)| minute + 1_440 > now);
            let summary = day.summary();
            prop_assert_eq!(summary.qty_lots, all.iter().map(|(_, _, qty_lots)| qty_lots).sum::<i64>());
            prop_assert_eq!(Some(summary.low_ticks), all.iter().map(|(_, price, _)| *price).min());
            prop_assert_eq!(Some(summary.high_ticks), all.iter().map(|(_, price, _)| *price).max());
            prop_assert_eq!(summary.change_ticks, all.last().unwrap().1 - all[0].1);
            let cost: i64 = all.iter().map(|(_, price, qty_lots)| price * qty_lots).sum();
            prop_assert!((summary.vwap_ticks * summary.qty_lots - cost).abs() * 2 <= summary.qty_lots);
        }
    }
}
