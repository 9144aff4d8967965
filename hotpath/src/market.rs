//! One market: a book, whether it may be believed, and what its features remember.

mod state;

pub use state::{Counts, MarketState, Traded};

use crate::book::{self, Book, Change};
use crate::chain::{Chain, Held, Link};
use crate::config::{Config, DEPTH_MAX, MarketConfig, book_rule, checksum_rule, sequence_rule};
use crate::features::{Touch, imbalance_q30};
use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::quality::{Check, Finding};
use crate::record::{BookEnd, Head, Instrument, Level, Snapshot, Ticker, Trade, Trust, Update, channel, flag, status};
use crate::regime::Regimes;
use crate::stated::Stated;
use crate::trust::{Cause, Sign};
use bytemuck::Zeroable;
use state::{HOLD, SET, Shown};

/// A market of the engine.
#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
pub struct Market {
    /// Everything but the book.
    pub state: MarketState,
    /// The book.
    pub book: Book,
    /// Updates that wait for a snapshot.
    pub held: Held,
    /// Best levels of the trusted book that the snapshot at hand replaces. It lasts no longer than that message, so it is no
    /// part of a checkpoint.
    replaced: Stated,
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
        self.held.clear();
        self.replaced = Stated::zeroed();
        self.state = MarketState::zeroed();
        self.state.regimes = Regimes::START;
        self.state.depth = config.depth;
        self.state.depth_acked = config.depth;
        self.state.status = u16::from(status::ONLINE);
    }

    /// A snapshot begins. A chained book takes it when it has none or `is_awaited`, and when the held updates reach
    /// back to it. One with an empty side is no book; and a trusted book is not given up for one that no update has reached.
    pub fn snapshot(&mut self, rules: Rules<'_>, body: &Snapshot, is_awaited: bool) {
        let MarketState { chain, has_book, trust, .. } = &self.state;
        let is_wanted = *has_book == 0 || !trust.is_trusted() || is_awaited;
        let reaches = self.held.reaches(body.update_id).unwrap_or(body.update_id >= chain.last_id());
        let is_ahead = trust.is_trusted() && body.update_id > chain.last_id();
        let is_book = body.bids > 0 && body.asks > 0;
        if rules.is_chained() && !(is_wanted && reaches && is_book && !is_ahead) {
            self.pass();
            return;
        }
        if self.state.trust.is_trusted() {
            self.replaced = Stated::of(self.state.chain.last_id(), &self.book);
        } else {
            self.replaced = Stated::zeroed();
            self.state.confirmed = 0;
        }
        self.book.clear();
        self.state.depth = self.state.depth_acked;
        self.state.has_book = 1;
        self.state.taking = SET;
    }

    /// An update of a chained book begins. Returns what is missing when it does not follow.
    pub fn update(&mut self, body: &Update, is_snapshot_awaited: bool) -> Option<Sign> {
        self.state.taking = 0;
        if self.state.has_book == 0 {
            self.hold(body);
            return None;
        }
        let last_id = self.state.chain.last_id();
        match self.state.chain.follow(body) {
            Link::Past => self.pass(),
            Link::Broken => return Some(Sign { expected: last_id, found: body.follows_id }),
            Link::Next => {
                self.state.taking = SET;
                self.state.behind_ns = 0;
                if is_snapshot_awaited {
                    self.hold(body);
                } else {
                    // What was held for a snapshot that did not come no longer leads to this state.
                    self.held.clear();
                }
            }
        }
        None
    }

    /// Holds an update for the next snapshot.
    pub fn hold(&mut self, body: &Update) {
        if self.held.begin(body) {
            self.state.taking |= HOLD;
        } else {
            self.pass();
        }
    }

    /// The message at hand changes nothing.
    const fn pass(&mut self) {
        self.state.counts.past = self.state.counts.past.saturating_add(1);
        self.state.taking = 0;
    }

    /// One level of a message. Returns whether a removal named a level that is held.
    pub fn level(&mut self, flags: u16, level: &Level) -> bool {
        let Level { price_ticks, qty_lots, .. } = *level;
        let is_ask = flags & flag::ASK != 0;
        if self.state.taking & HOLD != 0 && !self.held.push(is_ask, book::Level { price_ticks, qty_lots }) {
            self.state.taking &= !HOLD;
        }
        if self.state.taking & SET == 0 {
            return true;
        }
        self.state.touched = 1;
        self.book.set(is_ask, book::Level { price_ticks, qty_lots }) != Change::Unknown
    }

    /// A book message is complete: splice or cut, verify, then trust or not. What was fetched while the connection
    /// `is_silent` waits for an update: nobody says that the book still is so.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn book_end(
        &mut self,
        rules: Rules<'_>,
        head: &Head,
        end: &BookEnd,
        is_silent: bool,
        out: &mut Lines<'_>,
    ) -> Result<Ended, Halt> {
        let place = rules.place(head);
        let is_snapshot = head.has(flag::SNAPSHOT);
        let counter = if is_snapshot { &mut self.state.counts.snapshots } else { &mut self.state.counts.updates };
        *counter = counter.saturating_add(1);
        if self.state.taking & SET == 0 {
            if !rules.is_chained() {
                self.state.counts.unverifiable = self.state.counts.unverifiable.saturating_add(1);
                self.distrust(rules, Cause::NoSnapshot, Sign::default(), place, head.taken_ns, out)?;
            }
            return Ok(Ended::default());
        }
        if is_snapshot && rules.is_chained() {
            self.splice(end.update_id);
            if is_silent {
                self.state.chain.doubt();
            }
        }
        if rules.market.book_rule == book_rule::CUT {
            self.book.cut(usize::try_from(self.state.depth).unwrap_or(DEPTH_MAX));
        }
        let taken = Ended { is_taken: true, gap_closed: false };
        self.check_time(rules, head, out)?;
        if !self.verify(rules, head, end, out)? || !self.agrees(rules, head, end, out)? {
            return Ok(taken);
        }
        if self.book.is_crossed() {
            let prices = |level: Option<book::Level>| level.map_or(0, |level| level.price_ticks.unsigned_abs());
            let sign = Sign { expected: prices(self.book.asks.best()), found: prices(self.book.bids.best()) };
            self.distrust(rules, Cause::Crossed, sign, place, head.taken_ns, out)?;
            return Ok(taken);
        }
        self.look_around(rules);
        let is_complete = if rules.is_chained() { self.is_proven(rules) } else { is_snapshot };
        if !is_complete || self.state.barred != 0 {
            return Ok(taken);
        }
        let Counts { snapshots, updates, past, .. } = self.state.counts;
        let told = Trust { snapshots, updates, past };
        Ok(Ended { gap_closed: self.state.trust.regain(told, place, head.taken_ns, out)?, ..taken })
    }

    /// Whether a chained book may be believed: an update has reached its snapshot, and where the exchange states best levels,
    /// they were the book's once. A snapshot of another market, or of another time, may fit the chain by its numbers alone.
    fn is_proven(&self, rules: Rules<'_>) -> bool {
        let MarketState { chain, stated, confirmed, .. } = &self.state;
        chain.is_proven() && (*confirmed != 0 || !(stated.is_any() || rules.is_stated()))
    }

    /// A snapshot of a chained book is complete: what is held beyond it follows.
    fn splice(&mut self, snapshot_id: u64) {
        let worst = |level: Option<&book::Level>| level.map_or(0, |level| level.price_ticks);
        let depth = usize::try_from(self.state.depth).unwrap_or(DEPTH_MAX);
        let Book { bids, asks } = &self.book;
        self.state.shown = Shown {
            bid_ticks: if bids.len() < depth { 0 } else { worst(bids.worst_first().next()) },
            ask_ticks: if asks.len() < depth { 0 } else { worst(asks.worst_first().next()) },
        };
        for (is_ask, level) in self.held.beyond(snapshot_id) {
            self.book.set(is_ask, level);
        }
        self.state.chain.spliced(snapshot_id, &self.held);
        self.held.clear();
        self.confirm();
    }

    /// Notes whether the levels that features look at come close to what the snapshot did not show: twice as many do not lie
    /// within it.
    fn look_around(&mut self, rules: Rules<'_>) {
        if !rules.is_chained() {
            return;
        }
        let last =
            usize::try_from(rules.market.imbalance_levels).unwrap_or(usize::MAX).saturating_mul(2).saturating_sub(1);
        let Shown { bid_ticks, ask_ticks } = self.state.shown;
        let bid = self.book.bids.best_first().nth(last).map_or(0, |level| level.price_ticks);
        let ask = self.book.asks.best_first().nth(last).map_or(i64::MAX, |level| level.price_ticks);
        let is_short = (bid_ticks != 0 && bid < bid_ticks) || (ask_ticks != 0 && ask > ask_ticks);
        self.state.is_short = u16::from(is_short);
    }

    /// Compares the best levels with what the exchange states for the same update id; those behind a snapshot with those of
    /// the book that it replaces, which was in the same state.
    fn agrees(&mut self, rules: Rules<'_>, head: &Head, end: &BookEnd, out: &mut Lines<'_>) -> Result<bool, Halt> {
        if !rules.is_chained() {
            return Ok(true);
        }
        if head.has(flag::SNAPSHOT) {
            let compared = self.replaced.compare(self.state.chain.last_id(), &self.book);
            let Some(differs) = compared.filter(|compared| !compared.agrees) else { return Ok(true) };
            self.distrust(rules, Cause::Touch, differs.sign(), rules.place(head), head.taken_ns, out)?;
            return Ok(false);
        }
        let Some(compared) = self.state.stated.compare(end.update_id, &self.book) else { return Ok(true) };
        let counts = &mut self.state.counts;
        let counter = if compared.agrees { &mut counts.touches_ok } else { &mut counts.touches_bad };
        *counter = counter.saturating_add(1);
        self.state.confirmed |= u16::from(compared.agrees);
        let (expected, found) = (compared.expected_ticks, compared.found_ticks);
        let finding = Finding { check: Check::Touch, passed: compared.agrees, expected, found };
        self.state.checks.note(finding, rules.config.quality.burst, rules.place(head), out)?;
        if !compared.agrees {
            self.distrust(rules, Cause::Touch, compared.sign(), rules.place(head), head.taken_ns, out)?;
        }
        Ok(compared.agrees)
    }

    /// The exchange states the best levels. Where they are those of the book in the same state, it is confirmed; if not, the
    /// next update decides. Returns what is missing when none has come for as long as a silence is borne.
    pub fn stated(&mut self, rules: Rules<'_>, body: &Ticker, now_ns: u64) -> Option<Sign> {
        self.state.stated.take(body);
        self.confirm();
        let MarketState { chain, trust, behind_ns, .. } = &mut self.state;
        if !rules.is_chained() || !trust.is_trusted() || body.update_id <= chain.last_id() {
            *behind_ns = 0;
            return None;
        }
        if *behind_ns == 0 {
            *behind_ns = now_ns;
        }
        let is_over = now_ns.saturating_sub(*behind_ns) >= rules.market.stale_ns_max;
        is_over.then_some(Sign { expected: body.update_id, found: chain.last_id() })
    }

    /// Notes whether what was stated last is true of the book as it is.
    fn confirm(&mut self) {
        let compared = self.state.stated.compare(self.state.chain.last_id(), &self.book);
        self.state.confirmed |= u16::from(compared.is_some_and(|compared| compared.agrees));
    }

    /// A trade. One from before the subscription counts, and is not of this run's flow.
    pub fn traded(&mut self, flags: u16, body: &Trade) {
        self.state.counts.trades = self.state.counts.trades.saturating_add(1);
        if flags & flag::PAST != 0 {
            return;
        }
        let traded = &mut self.state.traded;
        traded.last_ticks = body.price_ticks;
        let lots = if flags & flag::ASK != 0 { &mut traded.sold_lots } else { &mut traded.bought_lots };
        *lots = lots.wrapping_add(body.qty_lots);
    }

    /// The connection is another one: nothing that was held or stated holds on.
    pub fn disconnect(&mut self) {
        self.drop_book();
        self.state.stated = Stated::zeroed();
    }

    fn drop_book(&mut self) {
        self.book.clear();
        self.held.clear();
        self.state.chain = Chain::zeroed();
        self.state.shown = Shown::zeroed();
        self.state.has_book = 0;
        self.state.taking = 0;
        self.state.is_short = 0;
        self.state.confirmed = 0;
        self.state.behind_ns = 0;
    }

    /// Stops believing the book. Opens a gap unless one is open.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn distrust(
        &mut self,
        rules: Rules<'_>,
        cause: Cause,
        sign: Sign,
        place: Place,
        now_ns: u64,
        out: &mut Lines<'_>,
    ) -> Result<(), Halt> {
        // A chained book is found again by a snapshot and what follows it, so nothing is gained by keeping it.
        if matches!(cause, Cause::LinkDown | Cause::Unsubscribed) || rules.is_chained() {
            self.drop_book();
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
        let quality = &rules.config.quality;
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
        self.state.checks.note(finding, rules.config.quality.burst, rules.place(head), out)
    }

    fn verify(&mut self, rules: Rules<'_>, head: &Head, end: &BookEnd, out: &mut Lines<'_>) -> Result<bool, Halt> {
        // A message may come without one: the next that has it tells of both.
        if rules.market.checksum_rule == checksum_rule::NONE || !head.has(flag::CHECKSUM) {
            return Ok(true);
        }
        let found = self.book.crc32_top10();
        let passed = found == end.checksum;
        let counts = &mut self.state.counts;
        let counter = if passed { &mut counts.checksums_ok } else { &mut counts.checksums_bad };
        *counter = counter.saturating_add(1);
        let finding =
            Finding { check: Check::Checksum, passed, expected: i64::from(end.checksum), found: i64::from(found) };
        self.state.checks.note(finding, rules.config.quality.burst, rules.place(head), out)?;
        if !passed {
            let sign = Sign { expected: u64::from(end.checksum), found: u64::from(found) };
            self.distrust(rules, Cause::Checksum, sign, rules.place(head), head.taken_ns, out)?;
        }
        Ok(passed)
    }
}

/// What became of a book message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Whether the book took it.
    pub is_taken: bool,
    /// Whether a gap closed.
    pub gap_closed: bool,
}

/// The parts of the configuration that a market needs.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// This market's row.
    pub market: &'a MarketConfig,
    /// The whole of it.
    pub config: &'a Config,
    /// The row's index.
    pub instrument: u16,
}

impl Rules<'_> {
    /// Whether the exchange is asked to state best levels: none may be missing then.
    #[must_use]
    pub fn is_stated(&self) -> bool {
        self.config.session.active != 0 && self.market.asks_for(channel::TICKER)
    }

    /// Whether the book's updates form a chain.
    #[must_use]
    pub const fn is_chained(&self) -> bool {
        self.market.sequence_rule == sequence_rule::CHAIN
    }

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
