//! One connection: wanted, being made, up, or given up; and what changes that.

use super::retry::{Next, RATE_NS, after};
use crate::config::SessionConfig;
use crate::record::Link;
use bytemuck::{Pod, Zeroable};

/// Wanted; a connect is due at `due_ns`.
pub(super) const WAITING: u16 = 0;
/// The shell makes it.
pub(super) const CONNECTING: u16 = 1;
/// It is up.
pub(super) const UP: u16 = 2;
/// The shell was asked to drop it.
pub(super) const PARTING: u16 = 3;
/// It will not be made again.
pub(super) const STOPPED: u16 = 4;

/// The state of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LinkState {
    pub(super) phase: u16,
    /// 1 when its end is to be the last.
    pub(super) is_final: u16,
    /// 1 when it is to be dropped.
    pub(super) must_part: u16,
    /// 1 when the length of the phase was told of.
    pub(super) is_told: u16,
    /// Connects since it was last stable, the one that was counted in.
    pub(super) tries: u32,
    /// 1 when the absence of heartbeats was told of.
    pub(super) is_heartbeat_missed: u32,
    /// When the phase began.
    pub(super) since_ns: u64,
    /// When the next connect is due.
    pub(super) due_ns: u64,
    /// Before this, nothing more is asked of it.
    pub(super) paced_ns: u64,
    /// When the last heartbeat came.
    pub(super) heartbeat_ns: u64,
    /// When the next ping is due.
    pub(super) ping_due_ns: u64,
    /// Number of the last ping; 0: none awaits its answer.
    pub(super) ping_id: u64,
    /// When it was sent; 0: it was not yet.
    pub(super) ping_sent_ns: u64,
    /// Latest round trip; 0 when there was none.
    pub(super) round_trip_ns: u64,
}

impl LinkState {
    /// Whether it is up.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.phase == UP || self.phase == PARTING
    }

    /// Whether it will not be made again.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.phase == STOPPED
    }

    /// Latest round trip of a ping, nanoseconds; 0 when there was none.
    #[must_use]
    pub const fn round_trip_ns(&self) -> u64 {
        self.round_trip_ns
    }

    /// It came up. One that is given up stays so.
    pub(super) const fn rose(&mut self, config: &SessionConfig, now_ns: u64) {
        let Self { tries, paced_ns, .. } = *self;
        if self.is_stopped() {
            return;
        }
        *self = Self {
            phase: UP,
            is_final: 0,
            must_part: 0,
            is_told: 0,
            tries,
            is_heartbeat_missed: 0,
            since_ns: now_ns,
            due_ns: 0,
            paced_ns,
            heartbeat_ns: now_ns,
            ping_due_ns: now_ns.saturating_add(config.ping_ns),
            ping_id: 0,
            ping_sent_ns: 0,
            round_trip_ns: 0,
        };
    }

    /// An answer was such that it must part, or part for good.
    pub(super) fn judged(&mut self, must_part: bool, is_final: bool) {
        self.must_part |= u16::from(must_part || is_final);
        self.is_final |= u16::from(is_final);
    }

    /// The exchange counted a message too many: for a while it gets none.
    pub(super) fn pause(&mut self, now_ns: u64) {
        self.paced_ns = self.paced_ns.max(now_ns.saturating_add(RATE_NS));
    }

    /// A heartbeat came. Returns whether its absence had been told of.
    pub(super) const fn beat(&mut self, now_ns: u64) -> bool {
        self.heartbeat_ns = now_ns;
        self.is_heartbeat_missed != 0
    }

    /// It went down, or was not made. One that is given up stays so.
    pub(super) fn fell(&mut self, config: &SessionConfig, link: &Link, system: u64, jitter: u64, now_ns: u64) {
        if self.is_stopped() {
            return;
        }
        self.since_ns = now_ns;
        self.is_told = 0;
        self.ping_id = 0;
        self.phase = WAITING;
        match after(config, link, system, self.tries, jitter) {
            Next::Wait(wait_ns) if self.is_final == 0 => self.due_ns = now_ns.saturating_add(wait_ns),
            _ => self.phase = STOPPED,
        }
    }

    pub(super) fn sent(&mut self, req_id: u64, sent_ns: u64) {
        if self.is_ping(req_id) {
            self.ping_sent_ns = sent_ns;
        }
    }

    pub(super) fn not_sent(&mut self, config: &SessionConfig, req_id: u64, now_ns: u64) {
        if self.is_ping(req_id) {
            self.ping_id = 0;
            self.ping_due_ns = now_ns.saturating_add(config.retry_ns_min);
        }
    }

    pub(super) fn ponged(&mut self, req_id: u64, now_ns: u64) {
        if self.is_ping(req_id) && self.ping_sent_ns != 0 {
            self.round_trip_ns = now_ns.saturating_sub(self.ping_sent_ns);
            self.ping_id = 0;
        }
    }

    const fn is_ping(&self, req_id: u64) -> bool {
        req_id != 0 && req_id == self.ping_id
    }
}
