//! What is due for one channel of one market: to ask for it, to wait for it, to ask for it anew.

use super::retry::FETCHES;
use super::retry::backoff_ns;
use super::subscription::{ASKED, CONFIRMED, FETCH_BEHIND_NS, FETCHING, LEAVING, SERVED, Step, Subscription, WANTED};
use super::{Session, Turn};
use crate::config::snapshot_rule;
use crate::halt::Halt;
use crate::lines::Place;
use crate::market::Market;
use crate::record::{Feed, NO_INSTRUMENT, Request, action, channel, feed};
use bytemuck::Zeroable;

/// Subscribes of a book on one connection; the next step is a new connection.
const TRIES_MAX: u16 = 4;

/// Something that should have come.
struct Overdue {
    /// One of [`feed`].
    code: u16,
    /// Longest wait.
    expected_ns: u64,
    /// The wait.
    found_ns: u64,
}

impl Session {
    /// Does what is due for one channel of one market.
    pub(super) fn subscribe(
        &mut self,
        connection: u16,
        index: usize,
        channel: u8,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let is_wanted = turn.around.config.markets.get(index).is_some_and(|row| row.asks_for(channel));
        // Instruments come for all markets of a connection at once.
        let is_first = turn.around.carried(connection).next().is_some_and(|(first, _, _)| first == index);
        if !is_wanted || (channel == channel::INSTRUMENT && !is_first) {
            return Ok(Step::Nothing);
        }
        let Some(row) = self.subscription_mut(index, channel).copied() else { return Ok(Step::Nothing) };
        match row.phase {
            WANTED => self.ask_for(connection, index, channel, row, turn),
            ASKED | LEAVING => self.await_answer(index, channel, row, turn),
            CONFIRMED if is_fetched(index, turn) => self.fetch(connection, index, row, turn),
            CONFIRMED => self.await_snapshot(connection, index, row, turn),
            FETCHING => self.await_fetch(index, row, turn),
            SERVED if channel == channel::BOOK => self.watch_book(connection, index, row, turn),
            _ => Ok(Step::Nothing),
        }
    }

    fn ask_for(
        &mut self,
        connection: u16,
        index: usize,
        channel: u8,
        row: Subscription,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let due_ns = self.paced_ns(connection).max(row.due_ns);
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        let attempt = row.tries.saturating_add(1);
        let body = Request { action: action::SUBSCRIBE, attempt: attempt.into(), ..about(index, channel, turn) };
        let req_id = self.ask(connection, place_of(index, channel), body, turn)?;
        if let Some(row) = self.subscription_mut(index, channel) {
            row.enter(ASKED, turn.now_ns);
            row.tries = attempt;
            row.req_id = req_id;
        }
        Ok(Step::Wait(turn.now_ns.saturating_add(turn.around.config.session.ack_ns_max)))
    }

    /// A book that is not answered for makes the connection doubtful; another channel is asked for again.
    fn await_answer(
        &mut self,
        index: usize,
        channel: u8,
        row: Subscription,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let config = turn.around.config.session;
        let due_ns = row.since_ns.saturating_add(config.ack_ns_max);
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        let found_ns = turn.now_ns.saturating_sub(row.since_ns);
        let overdue = Overdue { code: feed::ACK_MISSING, expected_ns: config.ack_ns_max, found_ns };
        self.tell_overdue(place_of(index, channel), channel, overdue, turn)?;
        if channel == channel::BOOK {
            return Ok(Step::Part);
        }
        let due_ns = turn.now_ns.saturating_add(backoff_ns(&config, row.tries.into(), row.req_id));
        if let Some(row) = self.subscription_mut(index, channel) {
            row.enter(WANTED, turn.now_ns);
            row.due_ns = due_ns;
        }
        Ok(Step::Wait(due_ns))
    }

    /// A book whose snapshot does not come is subscribed anew.
    fn await_snapshot(
        &mut self,
        connection: u16,
        index: usize,
        row: Subscription,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let bound_ns = turn.around.config.session.snapshot_ns_max;
        // Told when it is acted on, so that it is told once.
        let due_ns = row.since_ns.saturating_add(bound_ns).max(self.paced_ns(connection)).max(row.due_ns);
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        let found_ns = turn.now_ns.saturating_sub(row.since_ns);
        let overdue = Overdue { code: feed::SNAPSHOT_MISSING, expected_ns: bound_ns, found_ns };
        self.tell_overdue(place_of(index, channel::BOOK), channel::BOOK, overdue, turn)?;
        self.leave(connection, index, row, turn)
    }

    /// Fetches the snapshot of a book: once there is a chain that it can be spliced to, of held updates or of the book that is
    /// there, or once the market has been still for so long that there may be none.
    fn fetch(
        &mut self,
        connection: u16,
        index: usize,
        row: Subscription,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        // A book that is there holds updates from the fetch on.
        let has_chain = |market: &Market| !market.held.is_empty() || market.state.has_book();
        let is_ready = turn.around.markets.get(index).is_some_and(has_chain);
        let still_ns = row.since_ns.saturating_add(turn.around.config.session.snapshot_ns_max);
        let ready_ns = if is_ready { row.due_ns } else { row.due_ns.max(still_ns) };
        self.ask_for_snapshot(connection, index, ready_ns, turn)
    }

    fn ask_for_snapshot(
        &mut self,
        connection: u16,
        index: usize,
        ready_ns: u64,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let due_ns = ready_ns.max(self.paced_ns(connection)).max(self.fetches.free_ns(&FETCHES));
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        self.fetches.spend(&FETCHES, turn.now_ns);
        let attempt = self.book(index).map_or(0, |row| row.misses.saturating_add(1));
        let body = Request { action: action::FETCH, attempt: attempt.into(), ..about(index, channel::BOOK, turn) };
        let req_id = self.ask(connection, place_of(index, channel::BOOK), body, turn)?;
        if let Some(row) = self.subscription_mut(index, channel::BOOK) {
            row.enter(FETCHING, turn.now_ns);
            row.req_id = req_id;
        }
        Ok(Step::Wait(turn.now_ns.saturating_add(turn.around.config.session.snapshot_ns_max)))
    }

    /// A snapshot that is fetched and does not come is fetched again, after a wait.
    fn await_fetch(&mut self, index: usize, row: Subscription, turn: &mut Turn<'_, '_>) -> Result<Step, Halt> {
        let config = turn.around.config.session;
        let due_ns = row.since_ns.saturating_add(config.snapshot_ns_max);
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        let found_ns = turn.now_ns.saturating_sub(row.since_ns);
        let overdue = Overdue { code: feed::SNAPSHOT_MISSING, expected_ns: config.snapshot_ns_max, found_ns };
        self.tell_overdue(place_of(index, channel::BOOK), channel::BOOK, overdue, turn)?;
        let Some(row) = self.subscription_mut(index, channel::BOOK) else { return Ok(Step::Nothing) };
        row.missed(&config, 0, turn.now_ns);
        Ok(Step::Wait(row.due_ns))
    }

    /// A served book that is not trusted is subscribed anew, unless the exchange describes another instrument;
    /// one that was trusted for long starts afresh.
    fn watch_book(
        &mut self,
        connection: u16,
        index: usize,
        row: Subscription,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let Some(market) = turn.around.markets.get(index) else { return Ok(Step::Nothing) };
        if !market.state.trust.is_trusted() {
            return match (market.state.is_barred(), is_fetched(index, turn)) {
                (true, _) => Ok(Step::Nothing),
                (false, true) if market.state.has_book() => self.await_proof(index, row, turn),
                (false, true) => self.fetch_anew(index, row, turn),
                (false, false) => self.leave(connection, index, row, turn),
            };
        }
        if market.state.is_short() && is_fetched(index, turn) {
            return self.ask_for_snapshot(connection, index, row.due_ns, turn);
        }
        if row.tries <= 1 {
            return Ok(Step::Nothing);
        }
        let stable_at_ns = row.since_ns.saturating_add(turn.around.config.session.stable_ns);
        if turn.now_ns < stable_at_ns {
            return Ok(Step::Wait(stable_at_ns));
        }
        if let Some(row) = self.subscription_mut(index, channel::BOOK) {
            row.tries = 1;
        }
        Ok(Step::Nothing)
    }

    /// A fetched book that is there waits for what proves it: an update that reaches it, and best levels that are its own.
    fn await_proof(&mut self, index: usize, row: Subscription, turn: &mut Turn<'_, '_>) -> Result<Step, Halt> {
        let expected_ns = turn.around.config.session.stable_ns;
        let due_ns = row.since_ns.saturating_add(expected_ns);
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        let found_ns = turn.now_ns.saturating_sub(row.since_ns);
        let overdue = Overdue { code: feed::PROOF_MISSING, expected_ns, found_ns };
        self.tell_overdue(place_of(index, channel::BOOK), channel::BOOK, overdue, turn)?;
        self.fetch_anew(index, row, turn)
    }

    /// A fetched book that is not trusted is fetched anew: the first time at once, then after a wait, and on a new
    /// connection when that did not help.
    fn fetch_anew(&mut self, index: usize, row: Subscription, turn: &mut Turn<'_, '_>) -> Result<Step, Halt> {
        if row.tries >= TRIES_MAX {
            return self.resubscribed_in_vain(index, row, turn);
        }
        let config = turn.around.config.session;
        let wait_ns = row.spacing_ns(&config, row.req_id).max(FETCH_BEHIND_NS);
        let due_ns = turn.now_ns.saturating_add(wait_ns);
        if let Some(row) = self.subscription_mut(index, channel::BOOK) {
            row.enter(CONFIRMED, turn.now_ns);
            row.tries = row.tries.saturating_add(1);
            row.due_ns = due_ns;
        }
        Ok(Step::Wait(due_ns))
    }

    fn resubscribed_in_vain(&mut self, index: usize, row: Subscription, turn: &mut Turn<'_, '_>) -> Result<Step, Halt> {
        let (expected_ns, found_ns) = (u64::from(TRIES_MAX), u64::from(row.tries));
        let overdue = Overdue { code: feed::RESUBSCRIBED_IN_VAIN, expected_ns, found_ns };
        self.tell_overdue(place_of(index, channel::BOOK), channel::BOOK, overdue, turn)?;
        Ok(Step::Part)
    }

    /// Asks for the end of a book's subscription. It is asked for anew when the end is confirmed: the first
    /// time at once, then after a wait, and on a new connection when that did not help.
    fn leave(
        &mut self,
        connection: u16,
        index: usize,
        row: Subscription,
        turn: &mut Turn<'_, '_>,
    ) -> Result<Step, Halt> {
        let due_ns = self.paced_ns(connection).max(row.due_ns);
        if turn.now_ns < due_ns {
            return Ok(Step::Wait(due_ns));
        }
        let config = turn.around.config.session;
        if row.tries >= TRIES_MAX {
            return self.resubscribed_in_vain(index, row, turn);
        }
        let body =
            Request { action: action::UNSUBSCRIBE, attempt: row.tries.into(), ..about(index, channel::BOOK, turn) };
        let req_id = self.ask(connection, place_of(index, channel::BOOK), body, turn)?;
        let wait_ns = row.spacing_ns(&config, req_id);
        if let Some(row) = self.subscription_mut(index, channel::BOOK) {
            row.enter(LEAVING, turn.now_ns);
            row.req_id = req_id;
            row.due_ns = turn.now_ns.saturating_add(wait_ns);
        }
        Ok(Step::Wait(turn.now_ns.saturating_add(config.ack_ns_max)))
    }

    /// Tells that a request, or what was to follow it, is overdue.
    fn tell_overdue(
        &mut self,
        place: Place,
        channel: u8,
        overdue: Overdue,
        turn: &mut Turn<'_, '_>,
    ) -> Result<(), Halt> {
        let Overdue { code, expected_ns, found_ns } = overdue;
        let (expected, found) = (expected_ns.cast_signed(), found_ns.cast_signed());
        self.tell(place, Feed { code, channel, expected, found, ..Feed::zeroed() }, turn.out)
    }
}

/// Whether a book's snapshot is fetched, not pushed.
fn is_fetched(index: usize, turn: &Turn<'_, '_>) -> bool {
    turn.around.config.markets.get(index).is_some_and(|row| row.snapshot_rule == snapshot_rule::FETCHED)
}

/// The subject of a request.
fn about(index: usize, code: u8, turn: &Turn<'_, '_>) -> Request {
    let row = turn.around.config.markets.get(index).filter(|_| code == channel::BOOK);
    Request { channel: code.into(), depth: row.map_or(0, |row| row.depth), ..Request::zeroed() }
}

fn place_of(index: usize, code: u8) -> Place {
    let market = u16::try_from(index).unwrap_or(NO_INSTRUMENT);
    let instrument = if code == channel::INSTRUMENT { NO_INSTRUMENT } else { market };
    Place { instrument, flags: 0, exch_ns: 0 }
}
