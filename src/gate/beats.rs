//! Whether heartbeats come, and whether their absence is told.

use super::Faults;
use super::ledger::At;
use hotpath::record::{Feed, Head, Kind, Link, body_of, feed};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Beat {
    last_ns: Option<u64>,
    is_missed: bool,
}

/// The heartbeats of one run.
#[derive(Debug, Default)]
pub(super) struct Beats {
    /// Connections whose venue has heartbeats.
    pub(super) of: Vec<u16>,
    /// Longest time without one before it must be told, nanoseconds.
    pub(super) bound_ns: u64,
    /// Whether it is told: in a recording it is not.
    is_live: bool,
    beats: BTreeMap<u16, Beat>,
    /// How many came, and how often it was told that none did.
    pub(super) count: u64,
    pub(super) missed: u64,
    /// Longest time between two of one connection, nanoseconds.
    pub(super) longest_ns: u64,
}

impl Beats {
    /// The heartbeats of a run of these connections, due within `bound_ns`.
    pub(super) fn of(of: Vec<u16>, bound_ns: u64, is_live: bool) -> Self {
        Self { of, bound_ns, is_live, ..Self::default() }
    }

    /// One record.
    pub(super) fn note(&mut self, at: At<'_>, head: &Head, record: &[u8], faults: &mut Faults) {
        if !self.of.contains(&head.connection) {
            return;
        }
        let beat = self.beats.entry(head.connection).or_default();
        let now_ns = head.taken_ns;
        let told = body_of::<Feed>(record).map_or(0, |body| body.code);
        match head.kind {
            // The time from before the connection does not count.
            Kind::LINK if body_of::<Link>(record).is_some() => *beat = Beat::default(),
            Kind::HEARTBEAT => {
                self.count += 1;
                let silent_ns = beat.last_ns.replace(now_ns).map_or(0, |last_ns| now_ns.saturating_sub(last_ns));
                self.longest_ns = self.longest_ns.max(silent_ns);
                if self.is_live && silent_ns > self.bound_ns && !beat.is_missed {
                    let silent_s = silent_ns as f64 / 1e9;
                    faults.note(|| format!("{at}: no heartbeat for {silent_s:.3} s, and nothing says so"));
                }
            }
            Kind::FEED if told == feed::HEARTBEAT_MISSING => {
                self.missed += 1;
                beat.is_missed = true;
            }
            Kind::FEED if told == feed::HEARTBEAT_BACK && !std::mem::take(&mut beat.is_missed) => {
                faults.note(|| format!("{at}: heartbeats are back that were not missed"));
            }
            _ => {}
        }
    }
}
