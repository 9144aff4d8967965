//! What the three threads tell each other.

use crate::handover::{Counter, Handover};
use crossbeam_utils::CachePadded;
use std::sync::atomic::AtomicU64;

/// Words that one thread publishes and the others observe.
#[derive(Debug)]
pub(crate) struct Status {
    /// The commit cursor: the sequence number after the last committed record. By the scribe.
    pub committed: CachePadded<Counter>,
    /// Time of the last committed record, monotonic nanoseconds. By the scribe.
    pub committed_ns: CachePadded<Counter>,
    /// The durable watermark: the sequence number after the last record that power loss spares. By the
    /// keeper.
    pub durable: CachePadded<Counter>,
    /// Disk that is left for journals, MiB. By the keeper.
    pub disk_mib_free: CachePadded<Counter>,
    /// 1 once the journal takes no more records, by whichever thread failed.
    pub stopped: CachePadded<Counter>,
    /// 1 while the scribe waits for room or for a segment. By the scribe.
    pub starved: CachePadded<Counter>,
}

impl Status {
    /// At the start of a run whose first record has number `first_seq`.
    pub fn new(first_seq: u64) -> Self {
        let word = |value| CachePadded::new(Handover::new(AtomicU64::new(value)));
        Self {
            committed: word(first_seq),
            committed_ns: word(0),
            durable: word(first_seq),
            disk_mib_free: word(u64::MAX),
            stopped: word(0),
            starved: word(0),
        }
    }

    pub fn stop(&self) {
        self.stopped.publish(1);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.observe() != 0
    }
}
