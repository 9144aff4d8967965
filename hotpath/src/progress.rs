//! How far a run has come: sequence, time, segment.

use bytemuck::{Pod, Zeroable};

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Progress {
    /// Sequence number of the next record.
    pub seq: u64,
    /// Latest `taken_ns`.
    pub taken_ns: u64,
    /// Bytes of records in the segment after its opening checkpoints.
    pub segment_bytes: u64,
    /// When the last checkpoint was written.
    pub checkpoint_ns: u64,
    /// Monotonic nanoseconds of the last CLOCK.
    pub clock_mono_ns: u64,
    /// UTC nanoseconds of the last CLOCK; 0 before the first.
    pub clock_utc_ns: u64,
    /// UTC day since 1970 that the segment belongs to; 0 before the first CLOCK.
    pub utc_day: u64,
    /// Frames taken.
    pub frames: u64,
}

/// Nanoseconds of a day.
pub const DAY_NS: u64 = 86_400_000_000_000;

impl Progress {
    /// UTC nanoseconds at a monotonic time; 0 before the first CLOCK.
    #[must_use]
    pub const fn utc_ns(&self, mono_ns: u64) -> u64 {
        if self.clock_utc_ns == 0 {
            return 0;
        }
        if mono_ns >= self.clock_mono_ns {
            self.clock_utc_ns.saturating_add(mono_ns.wrapping_sub(self.clock_mono_ns))
        } else {
            self.clock_utc_ns.saturating_sub(self.clock_mono_ns.wrapping_sub(mono_ns))
        }
    }
}
