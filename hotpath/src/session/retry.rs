//! How long to wait before something is tried again.

use crate::config::SessionConfig;
use crate::record::{Link, link, status};
use bytemuck::{Pod, Zeroable};

const SECOND_NS: u64 = 1_000_000_000;
/// Least wait after maintenance and after a server that says it is busy (Kraken's reconnect guide).
const BUSY_NS: u64 = 5 * SECOND_NS;
/// Wait after the exchange closed a connection for its policy.
const POLICY_NS: u64 = 60 * SECOND_NS;
/// Wait after a message too many.
pub(super) const RATE_NS: u64 = 5 * SECOND_NS;
/// WebSocket's close code for a broken policy.
const CLOSE_POLICY: u16 = 1008;

/// Time that one connect uses up. Kraken blocks an address beyond about 150 attempts in ten minutes;
/// a connect makes two, one for the instruments and one that stays.
const CONNECT_NS: u64 = 10 * SECOND_NS;
/// What may be used ahead: 6 connects at once, and so at most 66 (132 attempts) in any ten minutes.
const BURST_NS: u64 = 50 * SECOND_NS;

/// What is to happen after a connection went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is made again after this many nanoseconds.
    Wait(u64),
    /// It is not made again: trying once more changes nothing.
    Stop,
}

/// What follows the end of a connection, or of a try to make one, after `tries` tries.
pub(super) fn after(config: &SessionConfig, down: &Link, system: u64, tries: u32, jitter: u64) -> Next {
    let grown_ns = backoff_ns(config, tries.saturating_sub(config.tries_at_once), jitter);
    let at_once = tries <= config.tries_at_once;
    let wait_ns = match (down.cause, down.close_code) {
        (link::CERTIFICATE | link::INSTRUMENT, _) | (link::NOT_UPGRADED, 400 | 401 | 403 | 404) => return Next::Stop,
        (link::NOT_UPGRADED, _) => grown_ns.max(BUSY_NS),
        (_, CLOSE_POLICY) => grown_ns.max(POLICY_NS),
        _ if system == u64::from(status::MAINTENANCE) => grown_ns.max(BUSY_NS),
        (link::CLOSED | link::BROKEN | link::SILENT | link::NOT_REACHED | link::ASKED, _) if at_once => 0,
        _ => grown_ns,
    };
    Next::Wait(wait_ns)
}

/// The wait before try `number` of those that are spaced, from 1: doubling, and half of it by chance, so that
/// many clients do not come back together. The chance is a function of `jitter`, a counter.
pub(super) fn backoff_ns(config: &SessionConfig, number: u32, jitter: u64) -> u64 {
    let factor = 1_u64.checked_shl(number.saturating_sub(1)).unwrap_or(u64::MAX);
    let whole_ns = config.retry_ns_min.saturating_mul(factor).min(config.retry_ns_max);
    let half_ns = whole_ns >> 1;
    half_ns.saturating_add(mixed(jitter).checked_rem(half_ns.saturating_add(1)).unwrap_or(0))
}

/// SplitMix64's mixing function.
const fn mixed(counter: u64) -> u64 {
    let mut bits = counter.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Spaces the connects of all connections, so that no pattern of failures exceeds the exchange's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(super) struct Budget {
    /// When all that was used is made up for.
    clear_ns: u64,
}

impl Budget {
    /// When the next connect is allowed.
    pub(super) const fn free_ns(&self) -> u64 {
        self.clear_ns.saturating_sub(BURST_NS)
    }

    /// A connect is asked for.
    pub(super) fn spend(&mut self, now_ns: u64) {
        self.clear_ns = self.clear_ns.max(now_ns).saturating_add(CONNECT_NS);
    }
}
