//! A chained book by its rules alone, as `hotpath/README.md` states them: maps of levels, a list of held updates, and the
//! best levels that the exchange states.

use super::tally::{Counts, Side, best};
use hotpath::config::MarketConfig;
use hotpath::market::Market;
use hotpath::record::{
    Ack, BookEnd, Feed, GapClose, GapOpen, Head, Kind, Level, Snapshot, Ticker, Trust, Update, body_of, channel, feed,
    flag, method,
};
use hotpath::trust::Cause;

/// What a step says, or should say, of trust in a chained book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is not believed, for this cause.
    Lost(u16),
    /// It is believed again.
    Regained,
}

/// Most updates that are held, and most levels of them; beyond that holding begins anew.
const HELD_UPDATES_MAX: usize = 512;
const HELD_LEVELS_MAX: usize = 8_192;

/// Causes that follow from the events alone.
const OWN: [Cause; 4] = [Cause::Sequence, Cause::Touch, Cause::Crossed, Cause::Behind];

impl Sign {
    /// What a record says.
    pub(super) fn said(record: &[u8]) -> Option<Self> {
        let lost = body_of(record).map(|gap: GapOpen| gap.cause);
        let lost = lost.filter(|cause| OWN.iter().any(|own| *own as u16 == *cause)).map(Self::Lost);
        let is_found = body_of::<GapClose>(record).is_some() || body_of::<Trust>(record).is_some();
        lost.or_else(|| is_found.then_some(Self::Regained))
    }
}

/// Whether the book is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Untried,
    Trusted,
    Gap,
}

/// An update that waits for a snapshot.
#[derive(Clone, Debug, Default)]
struct Held {
    follows_id: u64,
    update_id: u64,
    levels: Vec<Change>,
}

/// One level of a message.
#[derive(Clone, Copy, Debug)]
struct Change {
    is_ask: bool,
    price_ticks: i64,
    lots: i64,
}

/// What becomes of the levels of the message at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Taking {
    sets: bool,
    holds: bool,
}

/// A book, its place in the chain, and what waits.
pub(super) struct Chained {
    bids: Side,
    asks: Side,
    has_book: bool,
    last_id: u64,
    is_exact: bool,
    is_proven: bool,
    /// Whether the best levels were once those that were stated.
    is_confirmed: bool,
    /// Whether it must wait for a statement, even before the first one.
    must_be_stated: bool,
    /// How long statements may run ahead of a book that gets no update, nanoseconds.
    stale_ns_max: u64,
    /// Since when they do; 0 when they do not.
    behind_ns: u64,
    /// The state and best levels of the trusted book that the snapshot at hand replaces.
    replaced: Option<(u64, [(i64, i64); 2])>,
    /// Updates in a row that led to no later state.
    past: u16,
    held: Vec<Held>,
    /// Update id and best levels as the exchange stated them last.
    stated: (u64, [(i64, i64); 2]),
    phase: Phase,
    taking: Taking,
    /// The fetch that is out: its request, 0 when it is older than the file.
    fetch: Option<u64>,
}

/// Updates in a row that may lead to no later state: behind one that did, and behind a snapshot.
const DOUBLES_MAX: u16 = 8;
const AHEAD_MAX: u16 = 64;

/// Where `hotpath/README.md` puts the chain, what was stated, whether it was confirmed and since when it is behind in a MARKET section, bytes.
const CHAIN_AT: usize = 192;
const STATED_AT: usize = 208;
const CONFIRMED_AT: usize = 300;
const BEHIND_AT: usize = 304;

impl Chained {
    /// As the market of a checkpoint; `must_be_stated` where a live session asks for best levels.
    pub(super) fn of(
        market: &Market,
        sides: [Side; 2],
        is_fetching: bool,
        must_be_stated: bool,
        row: &MarketConfig,
    ) -> Self {
        let [bids, asks] = sides;
        let state = bytemuck::bytes_of(&market.state);
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&state[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let signed = |at: usize| word(at).cast_signed();
        let bits = word(CHAIN_AT + 8);
        let level = |at: usize| (signed(at), signed(at + 8));
        let trust = &market.state.trust;
        let phase = match (trust.is_trusted(), trust.is_gap()) {
            (true, _) => Phase::Trusted,
            (_, true) => Phase::Gap,
            _ => Phase::Untried,
        };
        Self {
            bids,
            asks,
            has_book: market.state.has_book(),
            last_id: word(CHAIN_AT),
            is_exact: bits & 0xffff != 0,
            is_proven: (bits >> 16) & 0xffff == 0,
            is_confirmed: state[CONFIRMED_AT] != 0,
            must_be_stated,
            stale_ns_max: row.stale_ns_max,
            behind_ns: word(BEHIND_AT),
            replaced: None,
            past: (bits >> 32) as u16,
            held: held_of(market),
            stated: (word(STATED_AT), [level(STATED_AT + 8), level(STATED_AT + 24)]),
            phase,
            taking: Taking::default(),
            fetch: is_fetching.then_some(0),
        }
    }

    /// Best bid and ask.
    pub(super) fn best(&self) -> [(i64, i64); 2] {
        best(&self.bids, &self.asks)
    }

    /// A snapshot is asked for.
    pub(super) const fn fetched(&mut self, req_id: u64) {
        self.fetch = Some(req_id);
    }

    /// A request came to nothing.
    pub(super) fn missed(&mut self, req_id: u64) {
        self.fetch = self.fetch.filter(|fetch| *fetch != req_id && *fetch != 0);
    }

    /// The connection is another one.
    pub(super) fn disconnect(&mut self) {
        self.drop_book();
        self.stated = (0, [(0, 0); 2]);
        self.fetch = None;
    }

    /// Something else than the events at hand tells against the book.
    pub(super) fn distrust(&mut self) {
        self.drop_book();
        if self.phase == Phase::Trusted {
            self.phase = Phase::Gap;
        }
    }

    fn drop_book(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.held.clear();
        self.has_book = false;
        (self.last_id, self.is_exact, self.is_proven, self.past) = (0, false, true, 0);
        self.is_confirmed = false;
        self.behind_ns = 0;
        self.taking = Taking::default();
    }

    /// Takes the next record of the market, whose connection `is_silent` for too long or not. Returns what the journal must say
    /// of it in the same step.
    pub(super) fn take(&mut self, head: &Head, record: &[u8], is_silent: bool, counts: &mut Counts) -> Option<Sign> {
        match head.kind {
            Kind::UPDATE => return self.update(&body_of(record)?),
            Kind::SNAPSHOT => self.snapshot(&body_of(record)?),
            Kind::LEVEL => {
                let Level { price_ticks, qty_lots, .. } = body_of(record)?;
                self.level(Change { is_ask: head.has(flag::ASK), price_ticks, lots: qty_lots });
            }
            Kind::BOOK_END => return self.book_end(head, &body_of(record)?, is_silent, counts),
            Kind::TICKER => {
                let Ticker { update_id, bid_ticks, bid_lots, ask_ticks, ask_lots, .. } = body_of(record)?;
                self.stated = (update_id, [(bid_ticks, bid_lots), (ask_ticks, ask_lots)]);
                self.confirm();
                return self.run_ahead(update_id, head.taken_ns);
            }
            Kind::REFUSED => self.fetch = None,
            Kind::FEED => {
                let Feed { code, channel, .. } = body_of(record)?;
                if code == feed::SNAPSHOT_MISSING && channel == channel::BOOK {
                    self.fetch = None;
                }
            }
            Kind::ACK => {
                let Ack { method, channel, success, .. } = body_of(record)?;
                if method == method::UNSUBSCRIBE && channel == channel::BOOK && success != 0 {
                    self.distrust();
                }
            }
            Kind::GAP_OPEN => {
                let GapOpen { cause, .. } = body_of(record)?;
                // What follows from the events has been acted on, and a silence before them.
                if !OWN.iter().chain(&[Cause::Stale]).any(|own| *own as u16 == cause) {
                    self.phase = Phase::Gap;
                    self.drop_book();
                }
            }
            _ => {}
        }
        None
    }

    fn update(&mut self, update: &Update) -> Option<Sign> {
        let Update { follows_id, update_id, .. } = *update;
        self.taking = Taking::default();
        if !self.has_book {
            self.hold(update);
            return None;
        }
        let is_past = update_id <= self.last_id;
        self.past = if is_past { self.past + 1 } else { 0 };
        // Doubles are few; where they are not, the book is of another chain.
        let too_many = self.past > if self.is_exact { DOUBLES_MAX } else { AHEAD_MAX };
        if is_past && !too_many {
            return None;
        }
        let follows = if self.is_exact { follows_id == self.last_id } else { follows_id <= self.last_id };
        if is_past || !follows {
            let sign = self.lose(Cause::Sequence);
            self.hold(update);
            return sign;
        }
        (self.last_id, self.is_exact, self.is_proven) = (update_id, true, true);
        self.taking.sets = true;
        self.behind_ns = 0;
        if self.fetch.is_some() {
            self.hold(update);
        } else {
            self.held.clear();
        }
        None
    }

    fn hold(&mut self, update: &Update) {
        let Update { follows_id, update_id, .. } = *update;
        if let Some(last) = self.held.last().filter(|last| last.update_id != follows_id) {
            if update_id <= last.update_id {
                self.taking.sets = false;
                return;
            }
            self.held.clear();
        }
        if self.held.len() >= HELD_UPDATES_MAX {
            self.held.clear();
        }
        self.held.push(Held { follows_id, update_id, levels: Vec::new() });
        self.taking.holds = true;
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        let is_wanted = !self.has_book || self.phase != Phase::Trusted || self.fetch.is_some();
        let reaches = match self.held.first() {
            Some(first) => first.follows_id <= snapshot.update_id,
            None => snapshot.update_id >= self.last_id,
        };
        // One that is ahead of all updates is nothing to give a good book up for.
        let is_ahead = self.phase == Phase::Trusted && snapshot.update_id > self.last_id;
        let is_book = snapshot.bids != 0 && snapshot.asks != 0;
        self.taking = Taking::default();
        if is_wanted && reaches && is_book && !is_ahead {
            self.replaced = (self.phase == Phase::Trusted).then(|| (self.last_id, self.best()));
            self.bids.clear();
            self.asks.clear();
            self.has_book = true;
            self.is_confirmed &= self.phase == Phase::Trusted;
            self.taking.sets = true;
        }
    }

    fn level(&mut self, change: Change) {
        if self.taking.holds {
            let levels: usize = self.held.iter().map(|held| held.levels.len()).sum();
            match self.held.last_mut() {
                Some(last) if levels < HELD_LEVELS_MAX => last.levels.push(change),
                _ => {
                    self.held.clear();
                    self.taking.holds = false;
                }
            }
        }
        if self.taking.sets {
            self.set(change);
        }
    }

    fn set(&mut self, Change { is_ask, price_ticks, lots }: Change) {
        let side = if is_ask { &mut self.asks } else { &mut self.bids };
        match lots {
            0 => side.remove(&price_ticks),
            _ => side.insert(price_ticks, lots),
        };
    }

    fn book_end(&mut self, head: &Head, end: &BookEnd, is_silent: bool, counts: &mut Counts) -> Option<Sign> {
        let is_snapshot = head.has(flag::SNAPSHOT);
        if is_snapshot {
            self.fetch = None;
        }
        if !self.taking.sets {
            return None;
        }
        if is_snapshot {
            self.splice(end.update_id);
            self.is_proven &= !is_silent;
            // The same state of the same book, come by in two ways.
            if self.replaced.take().is_some_and(|(id, best)| id == self.last_id && best != self.best()) {
                return self.lose(Cause::Touch);
            }
        } else if end.update_id != 0 && end.update_id == self.stated.0 {
            if self.best() != self.stated.1 {
                counts.touches_bad += 1;
                return self.lose(Cause::Touch);
            }
            counts.touches_ok += 1;
            self.is_confirmed = true;
        }
        let [(bid_ticks, _), (ask_ticks, _)] = self.best();
        if bid_ticks != 0 && ask_ticks != 0 && bid_ticks >= ask_ticks {
            return self.lose(Cause::Crossed);
        }
        // Where best levels are stated, a book waits for one statement that is true of it.
        let must_agree = self.must_be_stated || self.stated.0 != 0;
        if !self.is_proven || (must_agree && !self.is_confirmed) {
            return None;
        }
        let was = std::mem::replace(&mut self.phase, Phase::Trusted);
        (was != Phase::Trusted).then_some(Sign::Regained)
    }

    /// The snapshot's levels are set: the held updates beyond it follow.
    fn splice(&mut self, snapshot_id: u64) {
        let was_here = self.last_id == snapshot_id && self.is_proven;
        let held = std::mem::take(&mut self.held);
        let held_id = held.last().map_or(0, |last| last.update_id);
        for update in held.into_iter().skip_while(|update| update.update_id <= snapshot_id) {
            update.levels.into_iter().for_each(|change| self.set(change));
        }
        (self.last_id, self.is_exact) = (snapshot_id.max(held_id), held_id >= snapshot_id);
        (self.is_proven, self.past) = (self.is_exact || was_here, 0);
        self.confirm();
    }

    /// Best levels are stated of a state: where no update leads there for too long, the book is an old one.
    fn run_ahead(&mut self, update_id: u64, now_ns: u64) -> Option<Sign> {
        if self.phase != Phase::Trusted || update_id <= self.last_id {
            self.behind_ns = 0;
            return None;
        }
        if self.behind_ns == 0 {
            self.behind_ns = now_ns;
        }
        if now_ns - self.behind_ns < self.stale_ns_max { None } else { self.lose(Cause::Behind) }
    }

    /// What was stated last may be true of the book as it is.
    fn confirm(&mut self) {
        self.is_confirmed |= self.stated.0 != 0 && self.stated.0 == self.last_id && self.best() == self.stated.1;
    }

    /// The events at hand tell against the book. Only the first sign of a gap is recorded.
    fn lose(&mut self, cause: Cause) -> Option<Sign> {
        self.drop_book();
        let was = std::mem::replace(&mut self.phase, Phase::Gap);
        (was != Phase::Gap).then_some(Sign::Lost(cause as u16))
    }
}

/// What a market holds: each update names where its levels end; an ask has its price negative.
fn held_of(market: &Market) -> Vec<Held> {
    let mut from = 0;
    let change =
        |[price_ticks, lots]: [i64; 2]| Change { is_ask: price_ticks < 0, price_ticks: price_ticks.abs(), lots };
    let held = market.held.updates().iter().map(|update| {
        let [follows_id, update_id, end]: [u64; 3] = bytemuck::cast(*update);
        let levels = market.held.levels().get(from..end as usize).unwrap_or_default();
        from = end as usize;
        Held { follows_id, update_id, levels: levels.iter().map(|level| change(bytemuck::cast(*level))).collect() }
    });
    held.collect()
}
