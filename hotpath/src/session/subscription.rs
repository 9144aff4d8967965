//! One channel of one market: wanted, asked for, served, being left, or refused; and what changes that.

use super::retry::backoff_ns;
use crate::config::SessionConfig;
use crate::record::{Ack, ack_error, channel, method};
use bytemuck::{Pod, Zeroable};

/// To be asked for at `due_ns`.
pub(super) const WANTED: u16 = 0;
/// Asked for.
pub(super) const ASKED: u16 = 1;
/// Confirmed; a book's snapshot is awaited.
pub(super) const CONFIRMED: u16 = 2;
/// Served.
pub(super) const SERVED: u16 = 3;
/// Asked to end, so that it can be asked for anew.
pub(super) const LEAVING: u16 = 4;
/// The exchange does not serve it.
pub(super) const REFUSED: u16 = 5;
/// Its snapshot is being fetched.
pub(super) const FETCHING: u16 = 6;

/// How long a snapshot is fetched behind the first update that is held.
pub(super) const FETCH_BEHIND_NS: u64 = 250_000_000;

/// The state of one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Subscription {
    pub(super) phase: u16,
    /// 1 when it was served before in this run: a refusal then is not the last word.
    pub(super) was_served: u16,
    /// Subscribes, and snapshots of a book that was not trusted, since it was last stable.
    pub(super) tries: u16,
    /// Fetches in a row that brought no snapshot that fits.
    pub(super) misses: u16,
    /// The request that awaits its answer.
    pub(super) req_id: u64,
    /// When the phase began.
    pub(super) since_ns: u64,
    /// Before this it is not asked for.
    pub(super) due_ns: u64,
}

/// What a refusal means for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may go on; the channel is asked for later, or not at all.
    Stay,
    /// It is made anew.
    Part,
    /// The exchange does not serve this, and asking again changes nothing.
    GiveUp,
}

/// What a subscription needs next.
pub(super) enum Step {
    /// Nothing that time brings.
    Nothing,
    /// To be looked at then.
    Wait(u64),
    /// A new connection.
    Part,
}

impl Subscription {
    /// The connection is another one.
    pub(super) const fn reset(&mut self) {
        let was_served = self.was_served;
        *self = Self { phase: WANTED, was_served, tries: 0, misses: 0, req_id: 0, since_ns: 0, due_ns: 0 };
    }

    /// Since when messages of it are due.
    pub(super) const fn served_since_ns(&self) -> Option<u64> {
        if matches!(self.phase, CONFIRMED | SERVED | FETCHING) { Some(self.since_ns) } else { None }
    }

    /// Since when it has been served.
    pub(super) fn settled_since_ns(&self) -> Option<u64> {
        (self.phase == SERVED).then_some(self.since_ns)
    }

    /// Whether the exchange does not serve it.
    pub(super) const fn is_refused(&self) -> bool {
        self.phase == REFUSED
    }

    /// A book's snapshot came. Before the ack it counts too: then the ack is not waited for. One that was fetched
    /// and that the book did not take is fetched again.
    pub(super) fn snapshot(&mut self, config: &SessionConfig, is_taken: bool, now_ns: u64) {
        if is_taken && matches!(self.phase, ASKED | CONFIRMED | FETCHING) {
            self.misses = 0;
            self.serve(now_ns);
        } else if self.phase == FETCHING {
            self.missed(config, 0, now_ns);
        }
    }

    /// The first update is held. What is fetched may lie a little behind what is pushed, and would come before it: it is
    /// fetched a moment later.
    pub(super) fn held(&mut self, now_ns: u64) {
        if self.phase == CONFIRMED {
            self.due_ns = self.due_ns.max(now_ns.saturating_add(FETCH_BEHIND_NS));
        }
    }

    /// A fetch brought nothing: the next one follows after a growing wait, and after `at_least_ns`.
    pub(super) fn missed(&mut self, config: &SessionConfig, at_least_ns: u64, now_ns: u64) {
        self.misses = self.misses.saturating_add(1);
        self.enter(CONFIRMED, now_ns);
        let wait_ns = backoff_ns(config, self.misses.into(), self.req_id).max(at_least_ns);
        self.due_ns = now_ns.saturating_add(wait_ns);
    }

    /// Its snapshot is being fetched.
    pub(super) const fn is_fetching(&self) -> bool {
        self.phase == FETCHING
    }

    pub(super) const fn serve(&mut self, now_ns: u64) {
        self.was_served = 1;
        self.enter(SERVED, now_ns);
    }

    pub(super) const fn enter(&mut self, phase: u16, now_ns: u64) {
        self.phase = phase;
        self.since_ns = now_ns;
    }

    /// The request that is out has come to nothing: as before it.
    pub(super) fn take_back(&mut self, now_ns: u64) {
        self.enter(if self.phase == LEAVING { SERVED } else { WANTED }, now_ns);
    }

    /// Whether it is for a request's answer that it waits.
    pub(super) const fn awaits_answer(&self) -> bool {
        matches!(self.phase, ASKED | LEAVING)
    }

    /// How long to wait before it is asked for once more: the first time not at all.
    pub(super) fn spacing_ns(&self, config: &SessionConfig, jitter: u64) -> u64 {
        if self.tries <= 1 { 0 } else { backoff_ns(config, self.tries.saturating_sub(1).into(), jitter) }
    }

    /// A request did not leave.
    pub(super) fn not_sent(&mut self, config: &SessionConfig, req_id: u64, now_ns: u64) {
        if self.awaits_answer() && req_id == self.req_id {
            self.take_back(now_ns);
            self.due_ns = now_ns.saturating_add(backoff_ns(config, self.tries.into(), req_id));
        }
    }

    /// An answer came. Returns what a refusal of this subscription means.
    pub(super) fn acked(&mut self, config: &SessionConfig, ack: &Ack, channel: u8, now_ns: u64) -> Option<Verdict> {
        let is_named = ack.req_id != 0 && ack.req_id == self.req_id;
        if ack.success != 0 {
            self.agreed(config, ack, (is_named, channel), now_ns);
            return None;
        }
        let is_nameless_rate = ack.req_id == 0 && ack.error == ack_error::RATE;
        if !self.awaits_answer() || !(is_named || is_nameless_rate) {
            return None;
        }
        Some(self.refused(config, ack.error, now_ns))
    }

    /// An answer that comes late, when this is to be asked for again, is an answer all the same. That of a book
    /// must be to the last request, since it is subscribed more than once on a connection.
    fn agreed(&mut self, config: &SessionConfig, ack: &Ack, (is_named, channel): (bool, u8), now_ns: u64) {
        let is_ours = is_named || ack.channel == channel;
        let is_book = channel == channel::BOOK;
        let is_nameless = ack.req_id == 0 && self.phase == ASKED;
        match (ack.method, self.phase) {
            (method::SUBSCRIBE, WANTED | ASKED) if is_book && is_ours && (is_named || is_nameless) => {
                self.enter(CONFIRMED, now_ns);
            }
            (method::SUBSCRIBE, WANTED | ASKED) if !is_book && is_ours => self.serve(now_ns),
            (method::UNSUBSCRIBE, LEAVING) if is_ours => self.enter(WANTED, now_ns),
            // Nobody asked for that.
            (method::UNSUBSCRIBE, CONFIRMED | SERVED) if is_ours => {
                self.enter(WANTED, now_ns);
                self.due_ns = now_ns.saturating_add(self.spacing_ns(config, self.req_id));
            }
            _ => {}
        }
    }

    fn refused(&mut self, config: &SessionConfig, error: u8, now_ns: u64) -> Verdict {
        if error == ack_error::RATE {
            self.take_back(now_ns);
            return Verdict::Stay;
        }
        if self.phase == LEAVING {
            return Verdict::Part;
        }
        // What was served once is asked for again: the exchange may be at work on it.
        if error != ack_error::OTHER && self.was_served == 0 {
            self.enter(REFUSED, now_ns);
            return Verdict::GiveUp;
        }
        self.enter(WANTED, now_ns);
        let number = self.tries.saturating_add(2);
        self.due_ns = now_ns.saturating_add(backoff_ns(config, number.into(), self.req_id));
        Verdict::Stay
    }
}
