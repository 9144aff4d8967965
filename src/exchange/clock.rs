//! The server's clock: monotonic, read against UTC once; or one that somebody else moves.

use crate::utc::rfc3339;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since it was started, and UTC that never steps.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    hand: Hand,
    start_us: u64,
}

#[derive(Clone, Debug)]
enum Hand {
    /// The machine's.
    Since(Instant),
    /// Nanoseconds that somebody else counts.
    Driven(Arc<AtomicU64>),
}

impl Clock {
    /// Starts at 0.
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { hand: Hand::Since(Instant::now()), start_us: u64::try_from(unix.as_micros()).unwrap_or(0) }
    }

    /// One that shows `now_ns`, and stands for `start_us`, UNIX microseconds, at 0.
    pub const fn driven(now_ns: Arc<AtomicU64>, start_us: u64) -> Self {
        Self { hand: Hand::Driven(now_ns), start_us }
    }

    /// Nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        match &self.hand {
            Hand::Since(start) => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Hand::Driven(now_ns) => now_ns.load(Ordering::Relaxed),
        }
    }

    /// UNIX microseconds at an instant of this clock.
    pub const fn utc_us(&self, at_ns: u64) -> u64 {
        self.start_us.saturating_add(at_ns / 1_000)
    }

    /// UNIX nanoseconds at an instant of this clock.
    pub const fn utc_ns(&self, at_ns: u64) -> u64 {
        self.start_us.saturating_mul(1_000).saturating_add(at_ns)
    }

    /// The same as the exchange writes it.
    pub fn utc(&self, at_ns: u64) -> String {
        rfc3339(self.utc_us(at_ns))
    }
}
