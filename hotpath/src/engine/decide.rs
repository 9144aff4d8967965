//! From books to the quote that is wanted.

use super::{Engine, rules};
use crate::fair::fair_mid;
use crate::features::{Touch, imbalance_q30};
use crate::halt::Halt;
use crate::lines::Lines;
use crate::market::{Market, Values};
use crate::probe::{Mark, Probe};
use crate::quote::{Desired, Reason};
use crate::record::{Features, Head};

impl Engine {
    /// Features of every market that changed, then the quote.
    pub(super) fn decide<P: Probe>(&mut self, head: &Head, probe: &mut P, out: &mut Lines<'_>) -> Result<(), Halt> {
        let mut fair_q16 = 0;
        let mut desired = None;
        for index in 0..self.config.market_count {
            let rules = rules(&self.config, index)?;
            let place = rules.place(head);
            let market = self.markets.get_mut(usize::from(index)).ok_or(Halt::UnknownInstrument)?;
            let touched = market.take_touched();
            if !market.state.trust.is_trusted() || !(touched || index == 0) {
                continue;
            }
            let values = if touched { market.values(rules, place, head.taken_ns, out)? } else { None };
            if let Some(values) = values {
                let fair = fair_mid(&self.config.model, &values.touch, values.imbalance_q30);
                probe.mark(Mark::Valued);
                out.push(place, &features(market, &values, fair.to_bits()))?;
                if index == 0 {
                    fair_q16 = fair.to_bits();
                    let increment_ticks = rules.market.price_increment_ticks;
                    desired = Some(Desired::around(fair, &values.touch, &self.config.quote, increment_ticks));
                }
                probe.mark(Mark::Decided);
            }
        }
        let wanted = match (self.refusal(), desired) {
            (Some(reason), _) => Desired::withdrawn(reason),
            (None, Some(desired)) => desired,
            (None, None) => return self.requote(head, probe, out),
        };
        self.want(wanted, fair_q16, head, out)
    }

    /// The book did not change in this read, but what forbade a quote may have gone.
    fn requote<P: Probe>(&mut self, head: &Head, probe: &mut P, out: &mut Lines<'_>) -> Result<(), Halt> {
        if self.state.desired.reason == Reason::Quoting as u16 {
            return Ok(());
        }
        let row = rules(&self.config, 0)?.market;
        let market = self.markets.first().ok_or(Halt::UnknownInstrument)?;
        let Some(touch) = Touch::of(&market.book) else {
            return self.want(Desired::withdrawn(Reason::OneSided), 0, head, out);
        };
        let imbalance_q30 = imbalance_q30(&market.book, row.imbalance_levels);
        let fair = fair_mid(&self.config.model, &touch, imbalance_q30);
        probe.mark(Mark::Valued);
        let wanted = Desired::around(fair, &touch, &self.config.quote, row.price_increment_ticks);
        self.want(wanted, fair.to_bits(), head, out)
    }
}

fn features(market: &Market, values: &Values, fair_q16: i64) -> Features {
    let touch = &values.touch;
    let count = |levels: usize| u16::try_from(levels).unwrap_or(u16::MAX);
    Features {
        bid_ticks: touch.bid_ticks,
        ask_ticks: touch.ask_ticks,
        bid_lots: touch.bid_lots,
        ask_lots: touch.ask_lots,
        mid_q16: touch.mid().to_bits(),
        micro_q16: touch.micro().to_bits(),
        vol_q16: values.vol_q16,
        fair_q16,
        imbalance_q30: values.imbalance_q30,
        spread_ticks: i32::try_from(touch.spread_ticks()).unwrap_or(i32::MAX),
        bid_levels: count(market.book.bids.len()),
        ask_levels: count(market.book.asks.len()),
        failing: market.state.checks.failing(),
        trusted: 1,
        spare: 0,
    }
}
