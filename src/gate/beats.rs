//! Whether heartbeats come, and whether their absence is told.

use super::faults::{At, Faults};
use hotpath::record::{Feed, Head, Kind, Request, action, body_of, feed};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Beat {
    last_ns: Option<u64>,
    is_missed: bool,
    /// Whether an input was taken that came too late for the next heartbeat: what it led to must say so.
    is_due: bool,
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

    /// An input that was taken. A thread that did not run is heard again before it is called silent, so the next input, not the
    /// next heartbeat, decides.
    fn take(&mut self, at: At<'_>, now_ns: u64, faults: &mut Faults) {
        for beat in self.beats.values_mut().filter(|beat| !beat.is_missed) {
            let silent_ns = beat.last_ns.map_or(0, |last_ns| now_ns.saturating_sub(last_ns));
            if std::mem::replace(&mut beat.is_due, silent_ns > self.bound_ns) {
                let silent_s = silent_ns as f64 / 1e9;
                faults.note(|| format!("{at}: no heartbeat for {silent_s:.3} s, and nothing says so"));
                beat.last_ns = None;
            }
        }
    }

    /// One record.
    pub(super) fn note(&mut self, at: At<'_>, head: &Head, record: &[u8], faults: &mut Faults) {
        if self.is_live && head.kind.is_input() {
            self.take(at, head.taken_ns, faults);
        }
        if !self.of.contains(&head.connection) {
            return;
        }
        let beat = self.beats.entry(head.connection).or_default();
        let now_ns = head.taken_ns;
        let is_ping = body_of::<Request>(record).is_some_and(|body| body.action == action::PING);
        let told = body_of::<Feed>(record).map_or(0, |body| body.code);
        match head.kind {
            // The time from before the connection does not count, nor that in which nothing may be subscribed.
            Kind::LINK => *beat = Beat::default(),
            Kind::REQUEST => (beat.last_ns, beat.is_due) = (beat.last_ns.filter(|_| is_ping), false),
            Kind::HEARTBEAT => {
                self.count += 1;
                let silent_ns = beat.last_ns.replace(now_ns).map_or(0, |last_ns| now_ns.saturating_sub(last_ns));
                self.longest_ns = self.longest_ns.max(silent_ns);
                beat.is_due = false;
            }
            Kind::FEED if told == feed::HEARTBEAT_MISSING => {
                self.missed += 1;
                (beat.is_missed, beat.is_due) = (true, false);
            }
            Kind::FEED if told == feed::HEARTBEAT_BACK && !std::mem::take(&mut beat.is_missed) => {
                faults.note(|| format!("{at}: heartbeats are back that were not missed"));
            }
            _ => {}
        }
    }
}
