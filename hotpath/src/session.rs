//! Connections and subscriptions: what is wanted, what was asked, what is overdue.
//!
//! A pure state machine. It asks by REQUEST records, which the shell carries out, and learns by inputs:
//! LINK (a connection is up or down), SENT (a request is on its way), acks, snapshots, heartbeats, and
//! time. What is wrong with the feed it tells by FEED records. Deadlines lie in [`Session::due_ns`]; the
//! shell wakes the engine then. `README.md` in this folder has the rules in one table.

mod link;
mod retry;
mod subscribe;
mod subscription;
mod tend;

pub use link::LinkState;
pub use subscription::Subscription;

use crate::config::CONNECTIONS_MAX;
use crate::config::{Config, MARKETS_MAX, MarketConfig, SessionConfig};
use crate::connection::Connection;
use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::market::Market;
use crate::record::{Ack, Clock, Feed, Link, NO_INSTRUMENT, Pong, Request, Sent, ack_error, channel, feed, sent};
use bytemuck::{Pod, Zeroable};
use retry::{BANNED_NS, Budget, FETCHES, REFUSED_NS};
use subscription::Verdict;

/// Channels that can be subscribed, in the order in which they are asked for.
pub const CHANNELS: [u8; 4] = [channel::INSTRUMENT, channel::BOOK, channel::TRADE, channel::TICKER];
/// Most requests of one turn: a request and a parting on each connection.
pub const REQUESTS_MAX: usize = 2 * CONNECTIONS_MAX;
/// HTTP statuses of an exchange that was asked too often: too many requests, and banned for going on.
const HTTP_TOO_MANY: u16 = 429;
const HTTP_BANNED: u16 = 418;
/// Least time between two wakings: deadlines that lie closer are served together.
const STEP_NS: u64 = 1_000_000;

/// The session's plain state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Session {
    links: [LinkState; CONNECTIONS_MAX],
    subscriptions: [[Subscription; CHANNELS.len()]; MARKETS_MAX],
    /// Connects are spaced over all connections.
    connects: Budget,
    /// So are fetches.
    fetches: Budget,
    /// Requests so far.
    requests: u64,
    /// FEED records so far.
    told: u64,
    /// When something is due; `u64::MAX`: nothing is.
    due_ns: u64,
    /// The last reading of the clocks.
    clock_mono_ns: u64,
    clock_utc_ns: u64,
    /// 1 when an input may have changed what is due.
    stirred: u64,
}

/// What the session looks at and does not change.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The configuration in force.
    pub config: &'a Config,
    /// What the engine knows of each connection.
    pub connections: &'a [Connection],
    /// The markets in use.
    pub markets: &'a [Market],
}

impl<'a> Around<'a> {
    /// Markets that a connection carries, with their index.
    fn carried(self, connection: u16) -> impl Iterator<Item = (usize, &'a MarketConfig, &'a Market)> {
        let rows = (0..MARKETS_MAX).zip(self.config.markets()).zip(self.markets);
        rows.filter(move |((_, row), _)| row.connection == connection)
            .map(|((index, row), market)| (index, row, market))
    }

    fn connection(self, connection: u16) -> Connection {
        self.connections.get(usize::from(connection)).copied().unwrap_or(Connection::zeroed())
    }
}

/// Where a turn of the session writes.
struct Turn<'a, 'l> {
    around: Around<'a>,
    now_ns: u64,
    out: &'a mut Lines<'l>,
}

impl Session {
    /// The state at the start of a run: every connection that a market names is wanted.
    pub fn start(&mut self) {
        *self = Self::zeroed();
        self.stirred = 1;
    }

    /// When the session wants to be woken; `u64::MAX`: not.
    #[must_use]
    pub const fn due_ns(&self, config: &Config) -> u64 {
        if config.session.active == 0 { u64::MAX } else { self.due_ns }
    }

    /// The state of a connection.
    #[must_use]
    pub fn link(&self, connection: u16) -> Option<&LinkState> {
        self.links.get(usize::from(connection))
    }

    /// A connection came up or went down. `status` is the exchange's system status at that time.
    pub fn linked(&mut self, around: Around<'_>, connection: u16, link: &Link, now_ns: u64) {
        let jitter = self.requests;
        let Some(state) = self.links.get_mut(usize::from(connection)) else { return };
        if link.up != 0 {
            state.rose(&around.config.session, now_ns);
        } else {
            let status = around.connection(connection).status;
            state.fell(&around.config.session, link, status, jitter, now_ns);
        }
        for (index, _, _) in around.carried(connection) {
            let rows = self.subscriptions.get_mut(index).into_iter().flatten();
            rows.for_each(|subscription| subscription.reset());
        }
        self.stirred = 1;
    }

    /// What became of a request. One that was not sent, or a fetch that failed, is asked for again, not waited for.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn sent(&mut self, config: &SessionConfig, body: &Sent, now_ns: u64, out: &mut Lines<'_>) -> Result<(), Halt> {
        if body.outcome == sent::SENT {
            self.links.iter_mut().for_each(|link| link.sent(body.req_id, body.sent_ns));
            return Ok(());
        }
        self.stirred = 1;
        self.links.iter_mut().for_each(|link| link.not_sent(config, body.req_id, now_ns));
        self.subscriptions.iter_mut().flatten().for_each(|row| row.not_sent(config, body.req_id, now_ns));
        let is_fetch = |row: &&mut Subscription| row.is_fetching() && row.req_id == body.req_id;
        let Some(row) = self.subscriptions.iter_mut().flatten().find(is_fetch) else { return Ok(()) };
        let status = if body.outcome == sent::REFUSED { body.bytes } else { 0 };
        row.missed(config, if status == 0 { 0 } else { REFUSED_NS }, now_ns);
        if status == 0 {
            return Ok(());
        }
        let is_banned = matches!(status, HTTP_TOO_MANY | HTTP_BANNED);
        if is_banned {
            self.fetches.block(&FETCHES, now_ns.saturating_add(BANNED_NS));
        }
        let error = if is_banned { ack_error::RATE } else { ack_error::OTHER };
        let found = body.req_id.cast_signed();
        let code = feed::REQUEST_REFUSED;
        let told = Feed { code, channel: channel::BOOK, error, expected: status.into(), found, ..Feed::zeroed() };
        self.tell(WHOLE, told, out)
    }

    /// A ping was answered.
    pub fn ponged(&mut self, connection: u16, body: &Pong, now_ns: u64) {
        if let Some(link) = self.links.get_mut(usize::from(connection)) {
            link.ponged(body.req_id, now_ns);
        }
    }

    /// A heartbeat came.
    pub fn beat(&mut self, connection: u16, now_ns: u64) {
        if let Some(link) = self.links.get_mut(usize::from(connection)) {
            self.stirred |= u64::from(link.beat(now_ns));
        }
    }

    /// A book message was a snapshot; `is_taken` when the book is its now.
    pub fn snapshot(&mut self, config: &SessionConfig, instrument: u16, is_taken: bool, now_ns: u64) {
        if let Some(row) = self.subscription_mut(usize::from(instrument), channel::BOOK) {
            row.snapshot(config, is_taken, now_ns);
        }
        self.stirred = 1;
    }

    /// The first update is held that a snapshot can be spliced to.
    pub fn held(&mut self, instrument: u16, now_ns: u64) {
        if let Some(row) = self.subscription_mut(usize::from(instrument), channel::BOOK) {
            row.held(now_ns);
        }
        self.stirred = 1;
    }

    /// Whether a snapshot of a market's book is being fetched.
    #[must_use]
    pub fn is_fetching(&self, instrument: u16) -> bool {
        self.book(usize::from(instrument)).is_some_and(Subscription::is_fetching)
    }

    /// Something that the session reacts to has happened: to a book, or a time that it asked for has come.
    pub const fn stir(&mut self) {
        self.stirred = 1;
    }

    /// A request was answered.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn acked(
        &mut self,
        around: Around<'_>,
        place: (u16, u16),
        ack: &Ack,
        now_ns: u64,
        out: &mut Lines<'_>,
    ) -> Result<(), Halt> {
        let (connection, instrument) = place;
        if around.config.session.active == 0 {
            return Ok(());
        }
        self.stirred = 1;
        let mut refused = ack.channel;
        let mut verdict = Verdict::Stay;
        for (index, _, _) in around.carried(connection).filter(|(index, _, _)| is_about(instrument, *index)) {
            let rows = self.subscriptions.get_mut(index).into_iter().flatten().zip(CHANNELS);
            for (subscription, channel) in rows {
                let Some(judged) = subscription.acked(&around.config.session, ack, channel, now_ns) else { continue };
                refused = channel;
                verdict = if channel == channel::BOOK { judged } else { verdict };
            }
        }
        let is_pointless = verdict == Verdict::GiveUp && self.is_pointless(around, connection);
        if let Some(link) = self.links.get_mut(usize::from(connection)) {
            link.judged(verdict == Verdict::Part, is_pointless);
            if ack.error == ack_error::RATE {
                link.pause(now_ns);
            }
        }
        if ack.success != 0 {
            return Ok(());
        }
        let body = Feed { code: feed::REQUEST_REFUSED, channel: refused, error: ack.error, ..Feed::zeroed() };
        let body = Feed { found: ack.req_id.cast_signed(), ..body };
        self.tell(Place { instrument, flags: 0, exch_ns: 0 }, body, out)
    }

    /// Whether a connection is of no more use: it carries no book, or not that of the market that trades.
    fn is_pointless(&self, around: Around<'_>, connection: u16) -> bool {
        let is_served = |index: usize| !self.book(index).is_some_and(Subscription::is_refused);
        let mut carried = around.carried(connection).map(|(index, _, _)| index);
        around.carried(connection).any(|(index, _, _)| index == 0 && !is_served(0)) || !carried.any(is_served)
    }

    /// A reading of the clocks: UTC that moved against monotonic time is told of.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn clock(&mut self, config: &Config, body: &Clock, out: &mut Lines<'_>) -> Result<(), Halt> {
        let before = (self.clock_mono_ns, self.clock_utc_ns);
        (self.clock_mono_ns, self.clock_utc_ns) = (body.mono_ns, body.utc_ns);
        if config.session.active == 0 || before.1 == 0 {
            return Ok(());
        }
        let expected_ns = before.1.saturating_add(body.mono_ns.saturating_sub(before.0));
        if body.utc_ns.abs_diff(expected_ns) <= config.session.clock_step_ns_max.saturating_add(body.uncertainty_ns) {
            return Ok(());
        }
        let (expected, found) = (expected_ns.cast_signed(), body.utc_ns.cast_signed());
        self.tell(WHOLE, Feed { code: feed::CLOCK_STEP, expected, found, ..Feed::zeroed() }, out)
    }

    /// Asks for what is due.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn act(&mut self, around: Around<'_>, now_ns: u64, out: &mut Lines<'_>) -> Result<(), Halt> {
        if around.config.session.active == 0 || (self.stirred == 0 && now_ns < self.due_ns) {
            return Ok(());
        }
        self.stirred = 0;
        self.due_ns = u64::MAX;
        let mut turn = Turn { around, now_ns, out };
        for (connection, _) in (0..u16::MAX).zip(around.connections) {
            if around.carried(connection).next().is_some() {
                self.tend(connection, &mut turn)?;
            }
        }
        self.due_ns = self.due_ns.max(now_ns.saturating_add(STEP_NS));
        Ok(())
    }

    /// Something is due at `at_ns`.
    fn wake(&mut self, at_ns: u64) {
        self.due_ns = self.due_ns.min(at_ns);
    }

    /// The book's subscription of a market.
    fn book(&self, index: usize) -> Option<&Subscription> {
        let place = CHANNELS.iter().position(|channel| *channel == channel::BOOK)?;
        self.subscriptions.get(index)?.get(place)
    }

    fn subscription_mut(&mut self, index: usize, code: u8) -> Option<&mut Subscription> {
        let place = CHANNELS.iter().position(|channel| *channel == code)?;
        self.subscriptions.get_mut(index)?.get_mut(place)
    }

    /// Writes a REQUEST and returns its number.
    fn request(&mut self, place: Place, body: Request, out: &mut Lines<'_>) -> Result<u64, Halt> {
        self.requests = self.requests.saturating_add(1);
        out.push(place, &Request { req_id: self.requests, ..body })?;
        Ok(self.requests)
    }

    /// Writes a FEED.
    fn tell(&mut self, place: Place, body: Feed, out: &mut Lines<'_>) -> Result<(), Halt> {
        self.told = self.told.saturating_add(1);
        let number = u32::try_from(self.told).unwrap_or(u32::MAX);
        out.push(place, &Feed { number, ..body })
    }
}

/// Whether an answer that names `instrument`, or none, may be about a market.
fn is_about(instrument: u16, index: usize) -> bool {
    instrument == NO_INSTRUMENT || usize::from(instrument) == index
}

/// A request without a subject.
fn plain(action: u16, attempt: u32) -> Request {
    Request { action, attempt, ..Request::zeroed() }
}

const WHOLE: Place = Place { instrument: NO_INSTRUMENT, flags: 0, exch_ns: 0 };
