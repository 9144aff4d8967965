//! The first walk over a run: from when to when it went, how low its delays are, what it was configured for.

use super::source::Visit;
use super::stamps::{Arrival, Stamps};
use crate::delay::{Differences, Pings};
use crate::tie::Tie;
use hotpath::checkpoint::decode_config;
use hotpath::config::Config;
use hotpath::record::{Checkpoint, Head, Kind, body_of};
use std::collections::BTreeMap;

/// What must be known before anything can be counted by steps.
#[derive(Debug, Default)]
pub struct Extent {
    /// The configuration of the first checkpoint that could be read.
    pub config: Option<Config>,
    /// Version of the engine that wrote it.
    pub engine_version: Option<u32>,
    /// The first reading of the clocks.
    pub tie: Option<Tie>,
    /// By connection: how far reads lie behind the exchange's stamps, and round trips.
    pub differences: BTreeMap<u16, Differences>,
    /// The least delay from the kernel to our read, nanoseconds.
    pub kernel_ns_min: Option<i64>,
    span: Option<(u64, u64)>,
    stamps: Stamps,
    pings: Pings,
}

impl Extent {
    /// Monotonic time of the first and of the last record; none when there is no record.
    #[must_use]
    pub const fn span(&self) -> Option<(u64, u64)> {
        self.span
    }
}

impl Visit for Extent {
    fn state(&mut self, state: &[u8]) {
        self.stamps.resume(state);
        self.config = self.config.or_else(|| decode_config(state).ok());
    }

    fn record(&mut self, head: &Head, record: &[u8]) {
        let taken_ns = head.taken_ns;
        self.span = Some(self.span.map_or((taken_ns, taken_ns), |(first, last)| (first, last.max(taken_ns))));
        let measured = self.stamps.take(head, record);
        self.tie = self.tie.or(self.stamps.tie());
        if let Some(Arrival { connection, recv_ns, difference_ns, .. }) = measured.arrival {
            self.differences.entry(connection).or_default().add(recv_ns, difference_ns);
        }
        if let Some((connection, round_trip_ns)) = self.pings.take(head, record) {
            self.differences.entry(connection).or_default().add_round_trip(round_trip_ns);
        }
        self.kernel_ns_min = least(self.kernel_ns_min, measured.kernel_ns);
        if head.kind == Kind::CHECKPOINT && self.engine_version.is_none() {
            self.engine_version = body_of::<Checkpoint>(record).map(|body| body.engine_version);
        }
    }
}

fn least(before: Option<i64>, now: Option<i64>) -> Option<i64> {
    [before, now].into_iter().flatten().min()
}
