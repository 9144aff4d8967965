//! One market: a book, whether it may be believed, and what its features remember.

use crate::book::{Book, Change};
use crate::config::{DEPTH_MAX, MarketConfig, QualityConfig, book_rule, checksum_rule};
use crate::features::{Touch, Vol, imbalance_q30};
use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::quality::{Check, Checks, Finding};
use crate::record::{BookEnd, Head, Instrument, Level, flag, status};
use crate::trust::{Cause, Sign, Trust};
use bytemuck::{Pod, Zeroable};

/// What a market has seen since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Counts {
    /// Snapshots.
    pub snapshots: u64,
    /// Updates.
    pub updates: u64,
    /// Checksums that were ours.
    pub checksums_ok: u64,
    /// Checksums that were not.
    pub checksums_bad: u64,
    /// Updates that came while there was no book to apply them to.
    pub unverifiable: u64,
    /// Trades.
    pub trades: u64,
}

/// The plain state of a market beside its book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MarketState {
    /// What was seen.
    pub counts: Counts,
    /// Whether the book may be believed.
    pub trust: Trust,
    /// Checks on values.
    pub checks: Checks,
    /// Realised volatility.
    pub vol: Vol,
    /// Latest exchange time of a book message.
    exch_ns: u64,
    /// The mid of the last decision, half ticks; 0 after a gap.
    decided_mid_half_ticks: i64,
    /// Depth in force, levels a side.
    depth: u32,
    /// Depth that the exchange confirmed last; in force from the next snapshot.
    depth_acked: u32,
    /// 1 when there is a book to apply updates to.
    has_book: u16,
    /// 1 when the book changed since the last decision.
    touched: u16,
    /// 1 when the exchange describes the instrument otherwise than the configuration.
    barred: u16,
    /// One of [`status`].
    status: u16,
}

impl MarketState {
    /// Depth in force, levels a side.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Depth that the exchange confirmed last; in force from the next snapshot.
    #[must_use]
    pub const fn depth_acked(&self) -> u32 {
        self.depth_acked
    }

    /// Whether the exchange describes the instrument otherwise than the configuration.
    #[must_use]
    pub const fn is_barred(&self) -> bool {
        self.barred != 0
    }

    /// Whether there is a book to apply updates to.
    #[must_use]
    pub const fn has_book(&self) -> bool {
        self.has_book != 0
    }
}

/// A market of the engine.
#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
pub struct Market {
    /// Everything but the book.
    pub state: MarketState,
    /// The book.
    pub book: Book,
}

/// What one decision is made of.
#[derive(Clone, Copy, Debug)]
pub struct Values {
    /// Best levels.
    pub touch: Touch,
    /// Volatility, ticks per square root of a second, 16 fraction bits.
    pub vol_q16: i64,
    /// Imbalance, 30 fraction bits.
    pub imbalance_q30: i32,
}

impl Market {
    /// The state at the start of a run.
    pub fn start(&mut self, config: &MarketConfig) {
        self.book.clear();
        self.state = MarketState::zeroed();
        self.state.depth = config.depth;
        self.state.depth_acked = config.depth;
        self.state.status = u16::from(status::ONLINE);
    }

    /// A snapshot begins.
    pub const fn snapshot(&mut self) {
        self.book.clear();
        self.state.depth = self.state.depth_acked;
        self.state.has_book = 1;
    }

    /// One level of a message.
    pub fn level(&mut self, flags: u16, level: &Level) -> bool {
        if self.state.has_book == 0 {
            return true;
        }
        self.state.touched = 1;
        let Level { price_ticks, qty_lots, .. } = *level;
        let change = if flags & flag::ASK != 0 {
            self.book.asks.set(price_ticks, qty_lots)
        } else {
            self.book.bids.set(price_ticks, qty_lots)
        };
        change != Change::Unknown
    }

    /// A book message is complete: cut, verify, then trust or not.
    ///
    /// Returns whether a gap closed.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn book_end(
        &mut self,
        rules: Rules<'_>,
        head: &Head,
        end: &BookEnd,
        out: &mut Lines<'_>,
    ) -> Result<bool, Halt> {
        let place = rules.place(head);
        let is_snapshot = head.has(flag::SNAPSHOT);
        let counter = if is_snapshot { &mut self.state.counts.snapshots } else { &mut self.state.counts.updates };
        *counter = counter.saturating_add(1);
        if self.state.has_book == 0 {
            self.state.counts.unverifiable = self.state.counts.unverifiable.saturating_add(1);
            self.distrust(Cause::NoSnapshot, Sign::default(), place, head.taken_ns, out)?;
            return Ok(false);
        }
        if rules.market.book_rule == book_rule::CUT {
            self.book.cut(usize::try_from(self.state.depth).unwrap_or(DEPTH_MAX));
        }
        self.check_time(rules, head, out)?;
        if !self.verify(rules, head, end, out)? {
            return Ok(false);
        }
        if self.book.is_crossed() {
            let prices = |level: Option<crate::book::Level>| level.map_or(0, |level| level.price_ticks.unsigned_abs());
            let sign = Sign { expected: prices(self.book.asks.best()), found: prices(self.book.bids.best()) };
            self.distrust(Cause::Crossed, sign, place, head.taken_ns, out)?;
            return Ok(false);
        }
        if !is_snapshot || self.state.barred != 0 {
            return Ok(false);
        }
        self.state.trust.regain(place, head.taken_ns, out)
    }

    /// Stops believing the book. Opens a gap unless one is open.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn distrust(
        &mut self,
        cause: Cause,
        sign: Sign,
        place: Place,
        now_ns: u64,
        out: &mut Lines<'_>,
    ) -> Result<(), Halt> {
        if matches!(cause, Cause::LinkDown | Cause::Unsubscribed) {
            self.state.has_book = 0;
            self.book.clear();
        }
        self.state.vol.restart();
        self.state.decided_mid_half_ticks = 0;
        self.state.trust.lose(cause, sign, place, now_ns, out).map(drop)
    }

    /// The exchange confirmed a book subscription. A depth of 0 was not stated.
    #[must_use]
    pub fn acked(&mut self, depth: u32) -> bool {
        let fits = usize::try_from(depth).is_ok_and(|depth| depth <= DEPTH_MAX);
        if fits && depth > 0 {
            self.state.depth_acked = depth;
        }
        fits
    }

    /// The exchange described the instrument. Returns what differs from the configuration.
    pub fn described(&mut self, config: &MarketConfig, body: &Instrument) -> Option<Sign> {
        self.state.status = u16::from(body.status);
        let odd = disagreement(config, body);
        self.state.barred = u16::from(odd.is_some());
        odd
    }

    /// Whether the book changed since the last call.
    #[must_use]
    pub const fn take_touched(&mut self) -> bool {
        let touched = self.state.touched != 0;
        self.state.touched = 0;
        touched
    }

    /// Whether the instrument takes post-only orders.
    #[must_use]
    pub fn is_open(&self) -> bool {
        is_open_status(self.state.status)
    }

    /// Updates what features remember and checks their values.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn values(
        &mut self,
        rules: Rules<'_>,
        place: Place,
        now_ns: u64,
        out: &mut Lines<'_>,
    ) -> Result<Option<Values>, Halt> {
        let Some(touch) = Touch::of(&self.book) else { return Ok(None) };
        let mid_half_ticks = touch.mid_half_ticks();
        let half_life_ns = rules.market.vol_half_life_ns;
        self.state.vol.observe(mid_half_ticks, now_ns, half_life_ns);
        let vol_q16 = self.state.vol.vol_q16(now_ns, half_life_ns);
        let before = core::mem::replace(&mut self.state.decided_mid_half_ticks, mid_half_ticks);
        let jump = if before == 0 { 0 } else { mid_half_ticks.saturating_sub(before).saturating_abs() >> 1 };
        let quality = rules.quality;
        for (check, found, expected) in [
            (Check::Spread, touch.spread_ticks(), quality.spread_ticks_max),
            (Check::Vol, vol_q16 >> 16, quality.vol_ticks_max),
            (Check::Jump, jump, quality.jump_ticks_max),
        ] {
            let finding = Finding { check, passed: found <= expected, expected, found };
            self.state.checks.note(finding, quality.burst, place, out)?;
        }
        Ok(Some(Values { touch, vol_q16, imbalance_q30: imbalance_q30(&self.book, rules.market.imbalance_levels) }))
    }

    fn check_time(&mut self, rules: Rules<'_>, head: &Head, out: &mut Lines<'_>) -> Result<(), Halt> {
        let before = self.state.exch_ns;
        self.state.exch_ns = before.max(head.exch_ns);
        let passed = head.exch_ns == 0 || head.exch_ns >= before;
        let (expected, found) = (before.cast_signed(), head.exch_ns.cast_signed());
        let finding = Finding { check: Check::Time, passed, expected, found };
        self.state.checks.note(finding, rules.quality.burst, rules.place(head), out)
    }

    fn verify(&mut self, rules: Rules<'_>, head: &Head, end: &BookEnd, out: &mut Lines<'_>) -> Result<bool, Halt> {
        if rules.market.checksum_rule == checksum_rule::NONE {
            return Ok(true);
        }
        let found = self.book.crc32_top10();
        let passed = found == end.checksum;
        let counts = &mut self.state.counts;
        let counter = if passed { &mut counts.checksums_ok } else { &mut counts.checksums_bad };
        *counter = counter.saturating_add(1);
        let finding =
            Finding { check: Check::Checksum, passed, expected: i64::from(end.checksum), found: i64::from(found) };
        self.state.checks.note(finding, rules.quality.burst, rules.place(head), out)?;
        if !passed {
            let sign = Sign { expected: u64::from(end.checksum), found: u64::from(found) };
            self.distrust(Cause::Checksum, sign, rules.place(head), head.taken_ns, out)?;
        }
        Ok(passed)
    }
}

/// The parts of the configuration that a market needs.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// This market's row.
    pub market: &'a MarketConfig,
    /// Bounds of values.
    pub quality: &'a QualityConfig,
    /// The row's index.
    pub instrument: u16,
}

impl Rules<'_> {
    /// Where an output about this market belongs.
    #[must_use]
    pub const fn place(&self, head: &Head) -> Place {
        Place { instrument: self.instrument, flags: 0, exch_ns: head.exch_ns }
    }
}

/// Whether a status lets a maker quote.
#[must_use]
pub fn is_open_status(code: u16) -> bool {
    code == u16::from(status::ONLINE) || code == u16::from(status::POST_ONLY)
}

/// What the exchange describes otherwise than the configuration, if anything.
#[must_use]
pub fn disagreement(config: &MarketConfig, body: &Instrument) -> Option<Sign> {
    let pairs = [
        (u64::from(body.price_precision), u64::from(config.price_precision)),
        (u64::from(body.qty_precision), u64::from(config.qty_precision)),
        (body.price_increment_ticks.unsigned_abs(), config.price_increment_ticks.unsigned_abs()),
    ];
    let odd = pairs.into_iter().find(|(theirs, ours)| theirs != ours);
    odd.map(|(expected, found)| Sign { expected, found })
}
