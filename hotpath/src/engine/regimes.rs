//! When regimes are looked at: see [`crate::regime`] for what they are.

use super::{Engine, rules};
use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::market::Market;
use crate::record::{Head, Kind, flag};
use crate::regime::{Seen, Surroundings};

impl Engine {
    /// The earliest time at which a regime may change without a message.
    pub(super) fn regimes_due_ns(&self) -> u64 {
        self.markets().iter().map(|market| market.state.regimes.due_ns()).min().unwrap_or(u64::MAX)
    }

    /// An input is about to be taken. When a part of a second is over, so is what was counted in the one a second before it.
    pub(super) fn observe_regimes(&mut self, now_ns: u64, out: &mut Lines<'_>) -> Result<(), Halt> {
        for index in 0..self.config.market_count {
            let market = self.markets.get_mut(usize::from(index)).ok_or(Halt::UnknownInstrument)?;
            if let Some(begun_ns) = market.state.regimes.open(now_ns) {
                self.judge_regime(index, (begun_ns, now_ns), out)?;
            }
        }
        Ok(())
    }

    /// An event of a message. Updates and trades tell how late it is; a past trade and a snapshot are old on purpose.
    pub(super) fn count_for_regimes(&mut self, head: &Head) {
        let is_live = match head.kind {
            Kind::BOOK_END => !head.has(flag::SNAPSHOT),
            Kind::TRADE => !head.has(flag::PAST),
            Kind::TICKER => false,
            _ => return,
        };
        if let Some(market) = self.markets.get_mut(usize::from(head.instrument)) {
            let exch_ns = if is_live { head.exch_ns } else { 0 };
            market.state.regimes.count(Seen { taken_ns: head.taken_ns, exch_ns });
        }
    }

    /// The step is over: the markets that the message was about are looked at.
    pub(super) fn judge_regimes(&mut self, now_ns: u64, out: &mut Lines<'_>) -> Result<(), Halt> {
        for index in 0..self.config.market_count {
            let is_about = self.markets.get(usize::from(index)).is_some_and(|market| market.state.regimes.is_counted());
            if is_about {
                self.judge_regime(index, (now_ns, now_ns), out)?;
            }
        }
        Ok(())
    }

    fn judge_regime(&mut self, index: u16, times_ns: (u64, u64), out: &mut Lines<'_>) -> Result<(), Halt> {
        let half_life_ns = rules(&self.config, index)?.market.vol_half_life_ns;
        let Market { state, .. } = self.markets.get_mut(usize::from(index)).ok_or(Halt::UnknownInstrument)?;
        let vol = state.trust.is_trusted().then_some(&state.vol);
        let around = Surroundings { config: &self.config.regime, vol, half_life_ns };
        state.regimes.judge(around, times_ns, Place { instrument: index, flags: 0, exch_ns: 0 }, out)
    }
}
