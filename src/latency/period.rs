//! What was counted in a span of time: all of the files, or one day.

use super::split::Place;
use super::spreads::Spreads;
use super::stage::Stage;
use crate::gaps::Gap;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Messages, and what is known of them.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Counts {
    /// Messages: text and binary frames of WebSocket.
    pub messages: u64,
    /// Other frames, which are in no figure: control frames, answers of HTTP, bytes that are no frame.
    pub other_frames: u64,
    /// Messages with a stamp of the kernel: they are timed from it, the others from our read.
    pub kernel_stamped: u64,
    /// Of them, with a stamp just behind our read, by the error of the reading that ties the clocks: told as no wait.
    pub kernel_ahead: u64,
    /// Messages whose stamp of the kernel lies so far behind our read that UTC was stepped: timed from our read.
    pub kernel_refused: u64,
    /// Messages that a STAMPS tells of.
    pub stamped: u64,
    /// Frames that were given up, as STAMPS say: more waited to be committed than are kept.
    pub lost: u64,
    /// Messages with a stage that lasted longer than a STAMPS can say (4.29 s): without it, and without a total.
    pub too_long: u64,
}

/// How long the book of a market was trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    /// Its symbol.
    pub symbol: String,
    /// From the first frame to the last of each run, nanoseconds.
    pub span_ns: u64,
    /// Of it, with a trusted book.
    pub trusted_ns: u64,
}

/// All that was counted.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// How the times lie.
    pub spreads: Spreads,
    /// Messages.
    pub counts: Counts,
    /// UTC of the first and of the last message.
    pub utc_ns: Option<(u64, u64)>,
    /// By market.
    pub trusted: BTreeMap<u16, Trusted>,
    /// Gaps that were open in it, in order.
    pub gaps: Vec<Gap>,
    /// Runs that had messages in it.
    pub runs: BTreeSet<u64>,
}

/// The whole, and each day of UTC when days are wanted.
#[derive(Debug, Default)]
pub struct Periods {
    /// All of it.
    pub whole: Period,
    /// By day since 1970.
    pub days: BTreeMap<u64, Period>,
    /// The first day that is counted; none: only the whole is.
    pub from_day: Option<u64>,
}

impl Periods {
    /// A message took so long in a stage.
    pub fn add(&mut self, place: &Place, stage: Stage, ns: u64) {
        self.each(place.day(), |period| period.spreads.add(place, stage, ns));
    }

    /// Something is counted that happened on a day, or at a time that is not known.
    pub fn each(&mut self, day: Option<u64>, count: impl Fn(&mut Period)) {
        count(&mut self.whole);
        if let Some(period) = day.and_then(|day| self.day(day)) {
            count(period);
        }
    }

    /// What is counted of a day, if it is.
    pub fn day(&mut self, day: u64) -> Option<&mut Period> {
        let is_counted = self.from_day.is_some_and(|from| day >= from);
        is_counted.then(|| self.days.entry(day).or_default())
    }

    /// A message came, in the run `run_id`.
    pub fn arrive(&mut self, place: &Place, run_id: u64) {
        let utc_ns = place.utc_ns;
        self.each(place.day(), |period| {
            period.counts.messages += 1;
            period.runs.insert(run_id);
            if let Some(utc_ns) = utc_ns {
                let (first_ns, last_ns) = period.utc_ns.unwrap_or((utc_ns, utc_ns));
                period.utc_ns = Some((first_ns.min(utc_ns), last_ns.max(utc_ns)));
            }
        });
    }
}
