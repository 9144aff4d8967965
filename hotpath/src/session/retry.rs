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

/// Wait after an exchange refused a fetch because there were too many (HTTP 429, and 418 for who goes on).
pub(super) const BANNED_NS: u64 = 60 * SECOND_NS;
/// Least wait after it refused one for another reason.
pub(super) const REFUSED_NS: u64 = BUSY_NS;

/// How often something may be done.
pub(super) struct Rate {
    /// Time that one use takes up.
    cost_ns: u64,
    /// What may be used ahead, beside the first.
    burst_ns: u64,
}

/// Kraken blocks an address beyond about 150 attempts in ten minutes; a connect makes two, one for the instruments
/// and one that stays. So 6 connects at once, and at most 66 (132 attempts) in any ten minutes.
pub(super) const CONNECTS: Rate = Rate { cost_ns: 10 * SECOND_NS, burst_ns: 50 * SECOND_NS };
/// Binance gives an address 6,000 units of weight a minute, the perpetual's side 2,400; a snapshot costs up to 250 of
/// the one, 20 of the other. So 4 at once, and at most 24 in any minute.
pub(super) const FETCHES: Rate = Rate { cost_ns: 3 * SECOND_NS, burst_ns: 9 * SECOND_NS };

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

/// Spaces what is done over all connections, so that no pattern of failures exceeds an exchange's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(super) struct Budget {
    /// When all that was used is made up for.
    clear_ns: u64,
}

impl Budget {
    /// When the next use is allowed.
    pub(super) const fn free_ns(&self, rate: &Rate) -> u64 {
        self.clear_ns.saturating_sub(rate.burst_ns)
    }

    /// It is used.
    pub(super) fn spend(&mut self, rate: &Rate, now_ns: u64) {
        self.clear_ns = self.clear_ns.max(now_ns).saturating_add(rate.cost_ns);
    }

    /// It is not to be used before then.
    pub(super) fn block(&mut self, rate: &Rate, until_ns: u64) {
        self.clear_ns = self.clear_ns.max(until_ns.saturating_add(rate.burst_ns));
    }
}
