//! What a live journal is started with.

use crate::retention::Retention;
use crate::segment::Run;

/// What a live journal is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Names the run. `segment` and `first_seq` are set when it starts.
    pub run: Run,
    /// Most bytes of header and records of one segment.
    pub capacity_bytes: u64,
    /// Lines of the ring.
    pub ring_lines: usize,
    /// Lines of it that only [`crate::Feed::push_reserved`] may use.
    pub reserved_lines: usize,
    /// Longest time between two syncs while there is something to sync, nanoseconds.
    pub sync_ns: u64,
    /// How long and how much is kept.
    pub retention: Retention,
}

impl LiveSettings {
    /// UTC by the reading at the start and monotonic time since: a clock that steps later does not reach it.
    pub(crate) const fn utc_ns(&self, now_ns: u64) -> u64 {
        self.run.created_utc_ns.saturating_add(now_ns)
    }
}
