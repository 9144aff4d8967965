//! Events to decisions.
//!
//! [`Engine::step`] takes one record, an event or an input that is not a frame, and appends what it
//! decides. The engine has no clock: its time is the `taken_ns` of the record.

mod decide;
mod regimes;

use crate::config::CONNECTIONS_MAX;
use crate::config::{Config, MARKETS_MAX, MarketConfig};
use crate::connection::Connection;
use crate::halt::{Halt, ensure};
use crate::lines::{Lines, Place};
use crate::market::{Market, Rules, is_open_status};
use crate::probe::{Mark, Probe};
use crate::quality::{Check, Finding};
use crate::quote::{Desired, Reason};
use crate::record::{
    Ack, BookEnd, Command, Head, Health, Instrument, Kind, Level, Link, NO_CONNECTION, NO_INSTRUMENT, Status, Update,
    body_of, channel, command, flag, head_of, method, status,
};
use crate::session::{Around, Session};
use crate::simd::Simd;
use crate::trust::{Cause, Sign};
use bytemuck::{Pod, Zeroable};

/// The engine's plain state beside its markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct EngineState {
    /// The quote that is wanted now.
    pub desired: Desired,
    /// Changes of the desired quote so far.
    pub generation: u64,
    /// By connection.
    pub connections: [Connection; CONNECTIONS_MAX],
    /// Frames refused.
    pub refused: u64,
    /// Frames, or parts, not used.
    pub ignored: u64,
    /// 1 when the operator paused.
    paused: u16,
    /// 1 when the last health sample was outside its bounds.
    unhealthy: u16,
    /// 1 when the run has ended.
    closed: u16,
    /// 1 when a gap closed in this step: a checkpoint is due.
    regained: u16,
}

/// The whole engine: plain data, a few megabytes; allocate it zeroed and call [`Engine::start`].
#[derive(Zeroable)]
#[repr(C)]
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) simd: Simd,
    pub(crate) state: EngineState,
    pub(crate) session: Session,
    pub(crate) markets: [Market; MARKETS_MAX],
}

impl Engine {
    /// Sets the state at the start of a run.
    ///
    /// # Errors
    /// [`Halt::Config`] when the configuration breaks a bound.
    pub fn start(&mut self, config: &Config) -> Result<(), Halt> {
        config.check()?;
        self.config = *config;
        self.state = EngineState::zeroed();
        self.state.desired = Desired::withdrawn(Reason::NoBook);
        for connection in &mut self.state.connections {
            connection.status = u64::from(status::ONLINE);
        }
        for (market, row) in self.markets.iter_mut().zip(config.markets()) {
            market.start(row);
        }
        self.session.start();
        Ok(())
    }

    /// Takes the processor's fast paths from here on, whatever starts on this memory. What comes out does not depend on it.
    pub fn use_simd(&mut self, simd: Simd) {
        self.simd = simd;
        self.markets.iter_mut().for_each(|market| market.book.use_simd(simd));
    }

    /// The configuration in force.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The state beside the markets.
    #[must_use]
    pub const fn state(&self) -> &EngineState {
        &self.state
    }

    /// The markets in use.
    #[must_use]
    pub fn markets(&self) -> &[Market] {
        self.markets.get(..usize::from(self.config.market_count)).unwrap_or_default()
    }

    /// Connections and subscriptions.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The earliest time at which the engine wants a [`Kind::TIMER`]; `u64::MAX` when at none.
    #[must_use]
    pub fn deadline_ns(&self) -> u64 {
        let rows = self.config.markets().iter().zip(self.markets());
        let trusted = rows.filter(|(_, market)| market.state.trust.is_trusted());
        let stale_ns = trusted.map(|(row, _)| self.stale_at(row)).min().unwrap_or(u64::MAX);
        // A run that has ended asks for nothing more.
        let due_ns = if self.state.closed == 0 { self.session.due_ns(&self.config) } else { u64::MAX };
        stale_ns.min(due_ns).min(self.regimes_due_ns())
    }

    /// Whether a gap closed since the last call.
    pub const fn take_regained(&mut self) -> bool {
        let regained = self.state.regained != 0;
        self.state.regained = 0;
        regained
    }

    /// Looks at the clock before an input is taken: silence beyond the bound costs trust, whether or
    /// not the timer that was asked for came first.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn observe_time(&mut self, now_ns: u64, out: &mut Lines<'_>) -> Result<(), Halt> {
        for index in 0..self.config.market_count {
            let row = rules(&self.config, index)?.market;
            let trusted = self.markets.get(usize::from(index)).is_some_and(|market| market.state.trust.is_trusted());
            if trusted && now_ns >= self.stale_at(row) {
                let sign = Sign { expected: row.stale_ns_max, found: now_ns.saturating_sub(self.heard(row)) };
                // However late this is looked at, the book was not to be believed from its deadline on.
                self.distrust(index, Cause::Stale, sign, 0, self.stale_at(row), out)?;
            }
        }
        self.observe_regimes(now_ns, out)
    }

    /// One event, or one input that is not a frame.
    ///
    /// # Errors
    /// The invariant that broke. The state is undefined then: the caller stops.
    pub fn step(&mut self, record: &[u8], out: &mut Lines<'_>) -> Result<(), Halt> {
        self.step_marked(record, &mut (), out)
    }

    /// The same, which tells `probe` what it has done.
    ///
    /// # Errors
    /// As [`Engine::step`].
    pub fn step_marked<P: Probe>(&mut self, record: &[u8], probe: &mut P, out: &mut Lines<'_>) -> Result<(), Halt> {
        let head = head_of(record).ok_or(Halt::MalformedRecord)?;
        if head.kind == Kind::LEVEL && !head.has(flag::END_OF_READ) {
            // The end of its message tells of all there is to tell beside it.
            return self.level(&head, &body(record)?, out);
        }
        if head.kind.is_event() {
            self.heard_on(head.connection, head.taken_ns);
            self.count_for_regimes(&head);
        }
        match head.kind {
            Kind::SNAPSHOT | Kind::UPDATE | Kind::LEVEL | Kind::BOOK_END => self.book_event(&head, record, out)?,
            Kind::TRADE | Kind::TICKER | Kind::INSTRUMENT => self.market_event(&head, record, out)?,
            Kind::STATUS => {
                let code = body::<Status>(record)?.status;
                if let Some(connection) = self.connection_mut(head.connection) {
                    connection.status = u64::from(code);
                }
            }
            Kind::ACK => self.ack(&head, &body(record)?, out)?,
            Kind::REFUSED => {
                self.state.refused = self.state.refused.saturating_add(1);
                if head.instrument == NO_INSTRUMENT {
                    self.distrust_connection(&head, Cause::Refused, out)?;
                } else {
                    // What was fetched says nothing against the book that is there.
                    self.session.snapshot(&self.config.session, head.instrument, false, head.taken_ns);
                }
            }
            Kind::IGNORED => self.state.ignored = self.state.ignored.saturating_add(1),
            Kind::LINK => self.linked(&head, &body(record)?, out)?,
            Kind::HEARTBEAT => self.session.beat(head.connection, head.taken_ns),
            Kind::PONG => self.session.ponged(head.connection, &body(record)?, head.taken_ns),
            Kind::SENT => self.session.sent(&self.config.session, &body(record)?, head.taken_ns, out)?,
            Kind::TIMER => self.session.stir(),
            Kind::CLOCK => self.session.clock(&self.config, &body(record)?, out)?,
            Kind::COMMAND => match body::<Command>(record)?.code {
                command::PAUSE => self.state.paused = 1,
                command::RESUME => self.state.paused = 0,
                // The run is about to end: nothing is quoted and nothing is asked for any more.
                command::STOP => self.state.closed = 1,
                _ => {}
            },
            Kind::HEALTH => self.health(&body(record)?),
            Kind::CLOSE => self.state.closed = 1,
            _ => {}
        }
        if !head.has(flag::END_OF_READ) {
            return Ok(());
        }
        probe.mark(Mark::Applied);
        let decided = self.decide(&head, probe, out);
        probe.mark(Mark::Decided);
        decided
    }

    /// Says what regimes the step leads to and asks for what is due of connections and subscriptions: once a step, after
    /// everything else.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn act(&mut self, now_ns: u64, out: &mut Lines<'_>) -> Result<(), Halt> {
        self.judge_regimes(now_ns, out)?;
        if self.state.closed != 0 {
            return Ok(());
        }
        let (session, around) = self.around();
        session.act(around, now_ns, out)
    }

    /// The session, and what it looks at.
    fn around(&mut self) -> (&mut Session, Around<'_>) {
        let markets = self.markets.get(..usize::from(self.config.market_count)).unwrap_or_default();
        let around = Around { config: &self.config, connections: &self.state.connections, markets };
        (&mut self.session, around)
    }

    fn linked(&mut self, head: &Head, link: &Link, out: &mut Lines<'_>) -> Result<(), Halt> {
        if link.up == 0 {
            // What ends with the run is no gap.
            if self.state.closed == 0 {
                self.distrust_connection(head, Cause::LinkDown, out)?;
            }
        } else {
            self.heard_on(head.connection, head.taken_ns);
        }
        let closed = self.state.closed != 0;
        for (market, row) in self.markets.iter_mut().zip(self.config.markets()) {
            if row.connection == head.connection && !closed {
                market.disconnect();
            }
        }
        let (session, around) = self.around();
        session.linked(around, head.connection, link, head.taken_ns);
        Ok(())
    }

    fn book_event(&mut self, head: &Head, record: &[u8], out: &mut Lines<'_>) -> Result<(), Halt> {
        let rules = rules(&self.config, head.instrument)?;
        let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
        match head.kind {
            Kind::SNAPSHOT => market.snapshot(rules, &body(record)?, self.session.is_fetching(head.instrument)),
            Kind::UPDATE => return self.update(head, &body(record)?, out),
            Kind::LEVEL => return self.level(head, &body(record)?, out),
            _ => return self.book_ended(head, &body(record)?, out),
        }
        Ok(())
    }

    /// One level of a book message.
    fn level(&mut self, head: &Head, level: &Level, out: &mut Lines<'_>) -> Result<(), Halt> {
        let rules = rules(&self.config, head.instrument)?;
        let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
        // A chained book's updates tell of levels that its snapshot did not show.
        let passed = market.level(head.flags, level) || rules.is_chained();
        let finding = Finding { check: Check::Removal, passed, expected: 0, found: level.price_ticks };
        market.state.checks.note(finding, rules.config.quality.burst, rules.place(head), out)
    }

    /// A book message is complete.
    fn book_ended(&mut self, head: &Head, end: &BookEnd, out: &mut Lines<'_>) -> Result<(), Halt> {
        let is_silent = head.taken_ns >= self.stale_at(rules(&self.config, head.instrument)?.market);
        let rules = rules(&self.config, head.instrument)?;
        let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
        let was = (market.state.trust.is_trusted(), market.state.is_short());
        let ended = market.book_end(rules, head, end, is_silent, out)?;
        if ended.gap_closed {
            self.state.regained = 1;
        }
        if (market.state.trust.is_trusted(), market.state.is_short()) != was {
            self.session.stir();
        }
        if head.has(flag::SNAPSHOT) {
            self.session.snapshot(&self.config.session, head.instrument, ended.is_taken, head.taken_ns);
        }
        self.withdraw_if_untrusted(head, out)
    }

    /// An update of a chained book begins. One that does not follow costs trust, and is the first that is held.
    fn update(&mut self, head: &Head, body: &Update, out: &mut Lines<'_>) -> Result<(), Halt> {
        let is_awaited = self.session.is_fetching(head.instrument);
        let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
        let was_empty = market.held.is_empty();
        if let Some(sign) = market.update(body, is_awaited) {
            self.distrust(head.instrument, Cause::Sequence, sign, head.exch_ns, head.taken_ns, out)?;
            let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
            market.hold(body);
        } else if was_empty && !market.held.is_empty() {
            // A snapshot can be spliced from here on.
            self.session.held(head.instrument, head.taken_ns);
        }
        Ok(())
    }

    fn market_event(&mut self, head: &Head, record: &[u8], out: &mut Lines<'_>) -> Result<(), Halt> {
        let rules = rules(&self.config, head.instrument)?;
        let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
        match head.kind {
            Kind::TRADE => market.traded(head.flags, &body(record)?),
            Kind::TICKER => {
                if let Some(sign) = market.stated(rules, &body(record)?, head.taken_ns) {
                    self.distrust(head.instrument, Cause::Behind, sign, head.exch_ns, head.taken_ns, out)?;
                }
            }
            _ => {
                // A book that was barred may be asked for again now.
                self.session.stir();
                if let Some(sign) = market.described(rules.market, &body::<Instrument>(record)?) {
                    self.distrust(head.instrument, Cause::Instrument, sign, head.exch_ns, head.taken_ns, out)?;
                }
            }
        }
        Ok(())
    }

    fn ack(&mut self, head: &Head, ack: &Ack, out: &mut Lines<'_>) -> Result<(), Halt> {
        let (session, around) = self.around();
        session.acked(around, (head.connection, head.instrument), ack, head.taken_ns, out)?;
        let about_book = ack.channel == channel::BOOK && ack.success != 0 && head.instrument != NO_INSTRUMENT;
        let cause = match ack.method {
            method::UNSUBSCRIBE if about_book => Cause::Unsubscribed,
            method::SUBSCRIBE if about_book => {
                let market = self.markets.get_mut(usize::from(head.instrument)).ok_or(Halt::UnknownInstrument)?;
                if market.acked(ack.depth) {
                    return Ok(());
                }
                Cause::Depth
            }
            _ => return Ok(()),
        };
        let sign = Sign { expected: u64::from(ack.depth), found: 0 };
        self.distrust(head.instrument, cause, sign, head.exch_ns, head.taken_ns, out)
    }

    fn health(&mut self, health: &Health) {
        let bounds = &self.config.health;
        let fit = health.ring_lines_free >= bounds.ring_lines_min
            && health.disk_mib_free >= bounds.disk_mib_min
            && health.journal_lag_ns <= bounds.journal_lag_ns_max;
        self.state.unhealthy = u16::from(!fit);
    }

    /// Why no quote may stand now, if so.
    fn refusal(&self) -> Option<Reason> {
        let market = self.markets.first()?;
        let row = self.config.markets.first()?;
        let system = self.state.connections.get(usize::from(row.connection)).map_or(0, |connection| connection.status);
        let open = market.is_open() && is_open_status(u16::try_from(system).unwrap_or(0));
        Some(if self.state.closed != 0 {
            Reason::Closed
        } else if self.state.paused != 0 {
            Reason::Paused
        } else if self.state.unhealthy != 0 {
            Reason::Health
        } else if market.state.trust.is_untried() {
            Reason::NoBook
        } else if market.state.trust.is_gap() {
            Reason::Gap
        } else if !open {
            Reason::VenueStatus
        } else if market.book.bids.is_empty() || market.book.asks.is_empty() {
            Reason::OneSided
        } else if market.state.checks.forbids_quote(self.config.quality.burst) {
            Reason::Quality
        } else {
            return None;
        })
    }

    fn want(&mut self, wanted: Desired, fair_q16: i64, head: &Head, out: &mut Lines<'_>) -> Result<(), Halt> {
        if wanted == self.state.desired {
            return Ok(());
        }
        self.state.desired = wanted;
        self.state.generation = self.state.generation.saturating_add(1);
        let place = Place { instrument: 0, flags: 0, exch_ns: head.exch_ns };
        out.push(place, &wanted.record(fair_q16, self.state.generation))
    }

    fn withdraw_if_untrusted(&mut self, head: &Head, out: &mut Lines<'_>) -> Result<(), Halt> {
        let in_gap = self.markets.first().is_some_and(|market| market.state.trust.is_gap());
        let quoting = self.state.desired.reason == Reason::Quoting as u16;
        if in_gap && quoting { self.want(Desired::withdrawn(Reason::Gap), 0, head, out) } else { Ok(()) }
    }

    fn distrust_connection(&mut self, head: &Head, cause: Cause, out: &mut Lines<'_>) -> Result<(), Halt> {
        for index in 0..self.config.market_count {
            if rules(&self.config, index)?.market.connection == head.connection {
                self.distrust(index, cause, Sign::default(), head.exch_ns, head.taken_ns, out)?;
            }
        }
        Ok(())
    }

    fn distrust(
        &mut self,
        index: u16,
        cause: Cause,
        sign: Sign,
        exch_ns: u64,
        now_ns: u64,
        out: &mut Lines<'_>,
    ) -> Result<(), Halt> {
        let rules = rules(&self.config, index)?;
        let place = Place { instrument: index, flags: 0, exch_ns };
        let market = self.markets.get_mut(usize::from(index)).ok_or(Halt::UnknownInstrument)?;
        // Before its first snapshot a book is not lost with a connection, or with one that was not made.
        if cause == Cause::LinkDown && market.state.trust.is_untried() {
            return Ok(());
        }
        market.distrust(rules, cause, sign, place, now_ns, out)?;
        self.session.stir();
        let head = Head { exch_ns, taken_ns: now_ns, ..Head::zeroed() };
        self.withdraw_if_untrusted(&head, out)
    }

    fn connection_mut(&mut self, connection: u16) -> Option<&mut Connection> {
        self.state.connections.get_mut(usize::from(connection))
    }

    fn heard_on(&mut self, connection: u16, now_ns: u64) {
        if connection != NO_CONNECTION
            && let Some(connection) = self.connection_mut(connection)
        {
            connection.heard_ns = now_ns;
        }
    }

    fn heard(&self, row: &MarketConfig) -> u64 {
        self.state.connections.get(usize::from(row.connection)).map_or(0, |connection| connection.heard_ns)
    }

    fn stale_at(&self, row: &MarketConfig) -> u64 {
        self.heard(row).saturating_add(row.stale_ns_max)
    }
}

fn rules(config: &Config, instrument: u16) -> Result<Rules<'_>, Halt> {
    ensure(instrument < config.market_count, Halt::UnknownInstrument)?;
    let market = config.markets.get(usize::from(instrument)).ok_or(Halt::UnknownInstrument)?;
    Ok(Rules { market, config, instrument })
}

fn body<B: crate::record::Body>(record: &[u8]) -> Result<B, Halt> {
    body_of(record).ok_or(Halt::MalformedRecord)
}
