//! `journal gaps`: when the book could not be trusted, and for how long.

use crate::replay::scan::{Scan, records};
use anyhow::Result;
use hotpath::record::{Clock, GapClose, GapOpen, Head, body_of, head_of};
use hotpath::trust::cause_name;
use journal::Segment;
use serde::Serialize;
use std::path::Path;

/// One gap.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Gap {
    /// Which market.
    pub instrument: u16,
    /// The gap's number in the run.
    pub number: u32,
    /// Why it opened.
    pub cause: &'static str,
    /// When it opened, monotonic nanoseconds.
    pub opened_ns: u64,
    /// When it opened, UTC nanoseconds; `None` before the first clock reading.
    pub opened_utc_ns: Option<u64>,
    /// How long it lasted; `None` while it is open at the end of the files.
    pub duration_ns: Option<u64>,
    /// Byte offset of the record that opened it; `None` when it opened before these files.
    pub offset: Option<u64>,
}

/// The gaps of a run's files, in order, and how much time a book was trusted.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    /// Every gap.
    pub gaps: Vec<Gap>,
    /// Time from the first to the last record, nanoseconds.
    pub span_ns: u64,
    clock: Option<Clock>,
    first_ns: Option<u64>,
    last_ns: u64,
}

impl Gaps {
    /// Adds the records of one file.
    ///
    /// # Errors
    /// When it does not open as a journal.
    pub fn add(&mut self, path: &Path) -> Result<()> {
        let segment = Segment::open(path)?;
        for span in Scan::of(&segment).spans {
            for (offset, record) in records(segment.bytes(), span.bytes) {
                if let Some(head) = head_of(record) {
                    self.note(offset as u64, &head, record);
                }
            }
        }
        self.span_ns = self.last_ns - self.first_ns.unwrap_or(self.last_ns);
        Ok(())
    }

    /// Time in gaps, nanoseconds; a gap that is open at the end counts up to there.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        let lasted = |gap: &Gap| gap.duration_ns.unwrap_or_else(|| self.last_ns.saturating_sub(gap.opened_ns));
        self.gaps.iter().map(lasted).sum()
    }

    fn note(&mut self, offset: u64, head: &Head, record: &[u8]) {
        self.first_ns.get_or_insert(head.taken_ns);
        self.last_ns = self.last_ns.max(head.taken_ns);
        self.clock = body_of::<Clock>(record).or(self.clock);
        if let Some(open) = body_of::<GapOpen>(record) {
            let mut gap = self.gap(head, open.cause, open.number, head.taken_ns);
            gap.offset = Some(offset);
            self.gaps.push(gap);
        }
        if let Some(close) = body_of::<GapClose>(record) {
            let held =
                self.gaps.iter_mut().rev().find(|gap| gap.instrument == head.instrument && gap.number == close.number);
            match held {
                Some(gap) => gap.duration_ns = Some(close.duration_ns),
                None => {
                    let mut gap = self.gap(head, close.cause, close.number, close.opened_ns);
                    gap.duration_ns = Some(close.duration_ns);
                    self.gaps.push(gap);
                }
            }
        }
    }

    fn gap(&self, head: &Head, cause: u16, number: u32, opened_ns: u64) -> Gap {
        let utc = |clock: Clock| {
            clock.utc_ns.checked_add_signed(opened_ns.cast_signed().wrapping_sub(clock.mono_ns.cast_signed()))
        };
        Gap {
            instrument: head.instrument,
            number,
            cause: cause_name(cause),
            opened_ns,
            opened_utc_ns: self.clock.and_then(utc),
            duration_ns: None,
            offset: None,
        }
    }
}
