//! The server's clock: monotonic, read against UTC once.

use crate::utc::rfc3339;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since it was started, and UTC that never steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
    start_us: u64,
}

impl Clock {
    /// Starts at 0.
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { start: Instant::now(), start_us: u64::try_from(unix.as_micros()).unwrap_or(0) }
    }

    /// Nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// UNIX microseconds at an instant of this clock.
    pub const fn utc_us(&self, at_ns: u64) -> u64 {
        self.start_us.saturating_add(at_ns / 1_000)
    }

    /// The same as the exchange writes it.
    pub fn utc(&self, at_ns: u64) -> String {
        rfc3339(self.utc_us(at_ns))
    }
}
