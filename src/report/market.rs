//! What the market that trades looked like: prices, the desired quote, trades, and whether any of it was believed.

use super::grid::Grid;
use super::series::{Held, Lane, Rank, State};
use crate::gaps::Gaps;
use hotpath::engine::Engine;
use hotpath::quote::{Reason, reason_name};
use hotpath::record::{Features, Head, Kind, Quote, Trade, body_of, flag};

/// Lowest and highest price of the trades in a step, by the taker's side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prints {
    /// Takers bought, ticks.
    pub bought: Option<(i64, i64)>,
    /// Takers sold, ticks.
    pub sold: Option<(i64, i64)>,
}

/// Market 0 over time. Prices are ticks, but for the fair mid.
#[derive(Debug)]
pub struct MarketSeries {
    grid: Grid,
    /// Best bid.
    pub bid: Held,
    /// Best ask.
    pub ask: Held,
    /// Ask less bid.
    pub spread: Held,
    /// Fair mid, ticks with 16 fraction bits.
    pub fair_q16: Held,
    /// Desired bid, while it stands.
    pub quote_bid: Held,
    /// Desired ask, while it stands.
    pub quote_ask: Held,
    /// Whether the quote stands, and why not.
    pub quoting: Lane,
    /// Trades, step by step.
    pub prints: Vec<Prints>,
    /// Trades since the subscription began.
    pub trades: u64,
}

impl MarketSeries {
    /// Nothing yet, over the steps of `grid`.
    #[must_use]
    pub fn over(grid: Grid) -> Self {
        Self {
            grid,
            bid: Held::default(),
            ask: Held::default(),
            spread: Held::default(),
            fair_q16: Held::default(),
            quote_bid: Held::default(),
            quote_ask: Held::default(),
            quoting: Lane::default(),
            prints: vec![Prints::default(); grid.steps],
            trades: 0,
        }
    }

    /// Goes on with an engine of a checkpoint.
    pub fn resume(&mut self, engine: &Engine, now_ns: u64) {
        let desired = &engine.state().desired;
        let stands = [(desired.bid_ticks, desired.bid_lots), (desired.ask_ticks, desired.ask_lots)];
        self.quote(now_ns, stands, desired.reason);
    }

    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        if head.instrument != 0 {
            return;
        }
        match head.kind {
            Kind::FEATURES => {
                if let Some(body) = body_of(record) {
                    self.features(head.taken_ns, &body);
                }
            }
            Kind::QUOTE => {
                if let Some(body) = body_of::<Quote>(record) {
                    let stands = [(body.bid_ticks, body.bid_lots), (body.ask_ticks, body.ask_lots)];
                    self.quote(head.taken_ns, stands, body.reason);
                }
            }
            Kind::GAP_OPEN => self.lose(head.taken_ns),
            Kind::TRADE if !head.has(flag::PAST) => {
                if let Some(trade) = body_of(record) {
                    self.trade(head, &trade);
                }
            }
            _ => {}
        }
    }

    /// From here on no price is known until the next one.
    pub fn lose(&mut self, now_ns: u64) {
        let step = self.grid.step(now_ns);
        for series in [&mut self.bid, &mut self.ask, &mut self.spread, &mut self.fair_q16] {
            series.set(step, None);
        }
    }

    /// What holds at the end holds up to there.
    pub fn finish(&mut self) {
        let last = self.grid.steps - 1;
        let prices = [&mut self.bid, &mut self.ask, &mut self.spread, &mut self.fair_q16];
        prices.into_iter().chain([&mut self.quote_bid, &mut self.quote_ask]).for_each(|series| series.carry(last));
        self.quoting.carry(last);
    }

    fn features(&mut self, now_ns: u64, body: &Features) {
        let step = self.grid.step(now_ns);
        self.bid.set(step, Some(body.bid_ticks));
        self.ask.set(step, Some(body.ask_ticks));
        self.spread.set(step, Some(body.spread_ticks.into()));
        self.fair_q16.set(step, Some(body.fair_q16));
    }

    fn quote(&mut self, now_ns: u64, sides: [(i64, i64); 2], reason: u16) {
        let step = self.grid.step(now_ns);
        let [bid, ask] = sides.map(|(ticks, lots)| (lots > 0).then_some(ticks));
        self.quote_bid.set(step, bid);
        self.quote_ask.set(step, ask);
        let rank = match reason {
            reason if reason == Reason::Quoting as u16 => Rank::Good,
            reason if [Reason::NoBook, Reason::Paused, Reason::Closed].map(|idle| idle as u16).contains(&reason) => {
                Rank::Idle
            }
            _ => Rank::Bad,
        };
        self.quoting.set(step, State { rank, label: reason_name(reason) });
    }

    fn trade(&mut self, head: &Head, trade: &Trade) {
        self.trades += 1;
        let Some(prints) = self.prints.get_mut(self.grid.step(head.taken_ns)) else { return };
        let side = if head.has(flag::ASK) { &mut prints.sold } else { &mut prints.bought };
        let price = trade.price_ticks;
        *side = Some(side.map_or((price, price), |(low, high)| (low.min(price), high.max(price))));
    }
}

/// When the book of a market was believed over the steps of `grid`, and why not.
#[must_use]
pub fn trust_lane(gaps: &Gaps, instrument: u16, grid: &Grid) -> Lane {
    let trusted = State { rank: Rank::Good, label: "trusted" };
    let spans = gaps.uptimes.get(&instrument).map(|uptime| uptime.spans.as_slice()).unwrap_or_default();
    let of_market = gaps.gaps.iter().filter(|gap| gap.instrument == instrument);
    // Of one instant: a gap that ends where it began, then trust, then a gap that lasts.
    let lost = of_market.map(|gap| {
        let place = if gap.duration_ns == Some(0) { 0 } else { 2 };
        (gap.opened_ns, place, State { rank: Rank::Bad, label: gap.cause })
    });
    let mut turns: Vec<_> = spans.iter().map(|span| (span.0, 1, trusted)).chain(lost).collect();
    turns.sort_by_key(|(at_ns, place, _)| (*at_ns, *place));
    let mut lane = Lane::default();
    if turns.first().is_none_or(|turn| turn.0 > grid.start_ns) {
        lane.set(0, State { rank: Rank::Idle, label: "no book yet" });
    }
    turns.iter().for_each(|(at_ns, _, state)| lane.set(grid.step(*at_ns), *state));
    lane.carry(grid.steps - 1);
    lane
}
