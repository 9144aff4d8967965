//! The naive book of each market, and what the journal must have said of it.

use super::chained::{Chained, Sign};
use super::tally::{Counts, Side, best};
use hotpath::config::{DEPTH_MAX, MARKETS_MAX, MarketConfig, book_rule, checksum_rule, sequence_rule};
use hotpath::engine::Engine;
use hotpath::market::Market;
use hotpath::quality::Check;
use hotpath::record::{
    Ack, BookEnd, Features, GapOpen, Head, Kind, Level, Link, NO_INSTRUMENT, Quality, Request, Sent, action, body_of,
    channel, flag, method, sent,
};
use hotpath::trust::Cause;
use std::collections::BTreeMap;

/// The books of all markets.
pub struct Twin {
    markets: Vec<TwinMarket>,
    /// When each connection was last heard, monotonic nanoseconds.
    heard_ns: BTreeMap<u16, u64>,
}

struct TwinMarket {
    config: MarketConfig,
    depth: usize,
    depth_acked: usize,
    has_book: bool,
    bids: Side,
    asks: Side,
    /// The book in place of the one above, when its updates chain.
    chained: Option<Chained>,
}

/// Of one step, for one market: what we find, and what the records say.
#[derive(Default)]
struct Findings {
    wrong: u64,
    said_wrong: u64,
    signs: Vec<Sign>,
    said: Vec<Sign>,
    is_touch_wrong: bool,
}

impl Twin {
    /// As the engine of a checkpoint.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        let rows = (0..).zip(engine.config().markets().iter().zip(engine.markets()));
        let market = |(index, (config, market)): (u16, (&MarketConfig, &Market))| {
            let bids: Side = market.book.bids.best_first().map(|level| (level.price_ticks, level.qty_lots)).collect();
            let asks: Side = market.book.asks.best_first().map(|level| (level.price_ticks, level.qty_lots)).collect();
            let is_chained = config.sequence_rule == sequence_rule::CHAIN;
            let is_fetching = engine.session().is_fetching(index);
            let asks_for_ticker = config.channels & 1 << channel::TICKER != 0;
            let must_be_stated = engine.config().session.active != 0 && asks_for_ticker;
            let sides = || [bids.clone(), asks.clone()];
            TwinMarket {
                config: *config,
                depth: market.state.depth() as usize,
                depth_acked: market.state.depth_acked() as usize,
                has_book: market.state.has_book(),
                chained: is_chained.then(|| Chained::of(market, sides(), is_fetching, must_be_stated, config)),
                bids,
                asks,
            }
        };
        let heard = (0..).zip(engine.state().connections.iter().map(|connection| connection.heard_ns));
        Self { markets: rows.map(market).collect(), heard_ns: heard.collect() }
    }

    /// Takes one step and counts by market. Returns whether the records say what we find.
    pub fn step<R: AsRef<[u8]>>(&mut self, step: &[(Head, R)], counts: &mut [Counts; MARKETS_MAX]) -> bool {
        let mut agrees = true;
        // A silence is looked at before the events of the same step.
        for (head, record) in step {
            if body_of(record.as_ref()).is_some_and(|gap: GapOpen| gap.cause == Cause::Stale as u16) {
                agrees &= self.fell_silent(head);
            }
        }
        for (head, record) in step {
            self.take_of_connection(head, record.as_ref());
            if head.kind == Kind::SENT {
                self.sent(body_of(record.as_ref()));
            }
        }
        for (index, (market, counts)) in (0..).zip(self.markets.iter_mut().zip(counts)) {
            let mut findings = Findings::default();
            let heard_ns = self.heard_ns.get(&market.config.connection).copied().unwrap_or(0);
            for (head, record) in step.iter().filter(|(head, _)| head.instrument == index) {
                let is_silent = head.taken_ns.saturating_sub(heard_ns) >= market.config.stale_ns_max;
                market.take(head, record.as_ref(), is_silent, counts, &mut findings);
            }
            agrees &= findings.agree();
        }
        agrees
    }

    /// The journal says that a market's connection was silent for too long. Returns whether it was.
    fn fell_silent(&mut self, head: &Head) -> bool {
        let Some(market) = self.markets.get_mut(usize::from(head.instrument)) else { return false };
        market.chained.iter_mut().for_each(Chained::distrust);
        let heard_ns = self.heard_ns.get(&market.config.connection).copied().unwrap_or(0);
        head.taken_ns.saturating_sub(heard_ns) >= market.config.stale_ns_max
    }

    /// What is about every market of a connection.
    fn take_of_connection(&mut self, head: &Head, record: &[u8]) {
        if head.kind.is_event() || body_of(record).is_some_and(|link: Link| link.up != 0) {
            self.heard_ns.insert(head.connection, head.taken_ns);
        }
        let carried = self.markets.iter_mut().filter(|market| market.config.connection == head.connection);
        match head.kind {
            Kind::LINK => {
                let is_up = body_of(record).is_some_and(|link: Link| link.up != 0);
                for market in carried {
                    match &mut market.chained {
                        Some(chained) => chained.disconnect(),
                        None if is_up => {}
                        None => market.forget(),
                    }
                }
            }
            Kind::REFUSED if head.instrument == NO_INSTRUMENT => {
                carried.filter_map(|market| market.chained.as_mut()).for_each(Chained::distrust);
            }
            _ => {}
        }
    }

    /// A fetch that came to nothing: no snapshot is awaited any more.
    fn sent(&mut self, body: Option<Sent>) {
        let Some(Sent { req_id, .. }) = body.filter(|body| body.outcome != sent::SENT) else { return };
        self.markets.iter_mut().filter_map(|market| market.chained.as_mut()).for_each(|chained| chained.missed(req_id));
    }
}

impl Findings {
    fn agree(&self) -> bool {
        self.wrong == self.said_wrong && self.signs == self.said && !self.is_touch_wrong
    }
}

impl TwinMarket {
    fn forget(&mut self) {
        self.has_book = false;
        self.bids.clear();
        self.asks.clear();
    }

    fn take(&mut self, head: &Head, record: &[u8], is_silent: bool, counts: &mut Counts, findings: &mut Findings) {
        if body_of(record).is_some_and(|body: Quality| body.check == Check::Checksum as u16) {
            findings.said_wrong += 1;
        }
        if let Some(features) = body_of::<Features>(record) {
            let shown = [(features.bid_ticks, features.bid_lots), (features.ask_ticks, features.ask_lots)];
            findings.is_touch_wrong |= shown != self.best();
        }
        let Some(chained) = &mut self.chained else {
            self.take_pushed(head, record, counts, findings);
            return;
        };
        findings.said.extend(Sign::said(record));
        if let Some(request) = body_of::<Request>(record).filter(|body| body.action == action::FETCH) {
            chained.fetched(request.req_id);
        }
        findings.signs.extend(chained.take(head, record, is_silent, counts));
    }

    fn best(&self) -> [(i64, i64); 2] {
        self.chained.as_ref().map_or_else(|| best(&self.bids, &self.asks), Chained::best)
    }

    /// A record about a book whose snapshot is pushed.
    fn take_pushed(&mut self, head: &Head, record: &[u8], counts: &mut Counts, findings: &mut Findings) {
        match head.kind {
            Kind::ACK => body_of(record).iter().for_each(|ack| self.ack(ack)),
            Kind::SNAPSHOT => {
                self.forget();
                self.has_book = true;
                self.depth = self.depth_acked;
            }
            Kind::LEVEL if self.has_book => {
                if let Some(Level { price_ticks, qty_lots, .. }) = body_of(record) {
                    let side = if head.has(flag::ASK) { &mut self.asks } else { &mut self.bids };
                    match qty_lots {
                        0 => side.remove(&price_ticks),
                        _ => side.insert(price_ticks, qty_lots),
                    };
                }
            }
            Kind::BOOK_END => {
                self.cut();
                let is_proved = self.config.checksum_rule == checksum_rule::CRC32_TOP10 && head.has(flag::CHECKSUM);
                if let Some(end) = body_of::<BookEnd>(record).filter(|_| is_proved) {
                    findings.wrong += u64::from(!self.holds(end.checksum, counts));
                }
            }
            _ => {}
        }
    }

    fn ack(&mut self, ack: &Ack) {
        if ack.channel != channel::BOOK || ack.success == 0 {
            return;
        }
        match ack.method {
            method::UNSUBSCRIBE => self.forget(),
            method::SUBSCRIBE if (1..=DEPTH_MAX).contains(&(ack.depth as usize)) => {
                self.depth_acked = ack.depth as usize
            }
            _ => {}
        }
    }

    fn cut(&mut self) {
        if self.config.book_rule == book_rule::CUT {
            while self.bids.len() > self.depth {
                self.bids.pop_first();
            }
            while self.asks.len() > self.depth {
                self.asks.pop_last();
            }
        }
    }

    /// Counts a checksum; false when there is a book and it is another's.
    fn holds(&self, checksum: u32, counts: &mut Counts) -> bool {
        if !self.has_book {
            counts.unverifiable += 1;
            return true;
        }
        let best = self.asks.iter().take(10).chain(self.bids.iter().rev().take(10));
        let digits: String = best.map(|(price_ticks, qty_lots)| format!("{price_ticks}{qty_lots}")).collect();
        let holds = crc32fast::hash(digits.as_bytes()) == checksum;
        let counter = if holds { &mut counts.checksums_ok } else { &mut counts.checksums_bad };
        *counter += 1;
        holds
    }
}
