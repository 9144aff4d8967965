//! Monotonic time and UTC, tied together by a reading of both clocks.

use hotpath::checkpoint::decode_progress;
use hotpath::record::{Clock, body_of};

/// A reading of both clocks at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Monotonic nanoseconds.
    pub mono_ns: u64,
    /// UTC nanoseconds since 1970.
    pub utc_ns: u64,
}

impl Tie {
    /// The reading that a record carries, when it is a CLOCK.
    #[must_use]
    pub fn of(record: &[u8]) -> Option<Self> {
        body_of::<Clock>(record).map(|clock| Self { mono_ns: clock.mono_ns, utc_ns: clock.utc_ns })
    }

    /// The last reading before a checkpoint, from its state.
    #[must_use]
    pub fn of_state(state: &[u8]) -> Option<Self> {
        let progress = decode_progress(state).ok().filter(|progress| progress.clock_utc_ns != 0)?;
        Some(Self { mono_ns: progress.clock_mono_ns, utc_ns: progress.clock_utc_ns })
    }

    /// UTC nanoseconds at a monotonic time; wraps where 64 bits end.
    #[must_use]
    pub const fn utc_ns(self, mono_ns: u64) -> u64 {
        self.utc_ns.wrapping_add(mono_ns.wrapping_sub(self.mono_ns))
    }

    /// Nanoseconds from a UTC time to a monotonic one; negative when the monotonic one is earlier.
    #[must_use]
    pub const fn since_utc_ns(self, utc_ns: u64, mono_ns: u64) -> i64 {
        self.utc_ns(mono_ns).wrapping_sub(utc_ns).cast_signed()
    }
}
