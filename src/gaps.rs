//! `journal gaps`: when the book could not be trusted, for how long, and what was wrong with the feed.

use crate::left_out::Missing;
use crate::memory::Memory;
use crate::replay::scan::{Scan, first_state, records};
use crate::tie::Tie;
use crate::uptime::{Uptime, Watch, late_ns};
use anyhow::Result;
use hotpath::checkpoint::decode_progress;
use hotpath::record::{Feed, GapClose, GapOpen, Head, body_of, feed, head_of};
use hotpath::trust::{Cause, cause_name};
use journal::Segment;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One gap.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Gap {
    /// Which market.
    pub instrument: u16,
    /// The gap's number in the run.
    pub number: u32,
    /// Why it opened.
    pub cause: &'static str,
    /// When it opened, monotonic nanoseconds: of a silence that was noticed late, when it was longer than is borne.
    pub opened_ns: u64,
    /// When it opened, UTC nanoseconds, by the reading of the clocks before it, or else the first; `None` without one.
    pub opened_utc_ns: Option<u64>,
    /// How long it lasted; `None` while it is open at the end of the files.
    pub duration_ns: Option<u64>,
    /// Byte offset of the record that opened it; `None` when it opened before these files.
    pub offset: Option<u64>,
    /// What showed it, as that record has it.
    pub sign: Option<Sign>,
}

/// What was expected, and what was found.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
pub struct Sign {
    /// What the book would have had.
    pub expected: u64,
    /// What came.
    pub found: u64,
}

impl Sign {
    /// What it says where updates do not follow on one another: the id of the book's state, and that which an update followed.
    #[must_use]
    pub fn of_sequence(self) -> String {
        let Self { expected, found } = self;
        if found > expected {
            return format!("an update between {expected} and {found} is missing");
        }
        format!(
            "updates follow {found}, which is before the book's own {expected}: its snapshot is of a later time or another market, \
             or updates came again"
        )
    }
}

impl Gap {
    /// What there is to say beside the cause.
    #[must_use]
    pub fn what(&self) -> Option<String> {
        self.sign.filter(|_| self.cause == cause_name(Cause::Sequence as u16)).map(Sign::of_sequence)
    }
}

/// The gaps of some runs' files, in the order of time, and how much time a book was trusted.
#[derive(Debug, Default)]
pub struct Gaps {
    /// Every gap.
    pub gaps: Vec<Gap>,
    /// Time from the first to the last record of each run, nanoseconds, summed.
    pub span_ns: u64,
    /// How many gaps each market has, and its time in them, nanoseconds; one that is open at the end of a run counts up to there.
    pub by_market: BTreeMap<u16, (u64, u64)>,
    /// Damaged places in the files: a gap there may not be listed.
    pub damage: usize,
    /// What recoveries left out of the files: a gap there may not be listed.
    pub left_out: Vec<Missing>,
    /// How long the book of each market was trusted.
    pub uptimes: BTreeMap<u16, Uptime>,
    /// What the session told of the feed: how often each.
    pub feed: BTreeMap<&'static str, u64>,
    watch: Watch,
    /// The latest reading of the clocks.
    clock: Option<Tie>,
    first_ns: Option<u64>,
    last_ns: u64,
}

impl Gaps {
    /// The gaps of these files, whatever their order.
    ///
    /// # Errors
    /// When one does not open as a journal.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut segments = paths.iter().map(|path| Ok(Segment::open(path)?)).collect::<Result<Vec<_>>>()?;
        segments.sort_by_key(|segment| {
            let header = segment.header();
            (header.created_utc_ns, header.run_id, header.first_seq)
        });
        let mut all = Self::default();
        let mut memory = Memory::new();
        // Each run has a monotonic clock of its own, and numbers its gaps anew.
        for run in segments.chunk_by(|one, next| one.header().run_id == next.header().run_id) {
            let mut gaps = Self::default();
            run.iter().for_each(|segment| gaps.add(segment, &mut memory));
            all.span_ns = all.span_ns.saturating_add(gaps.last_ns - gaps.first_ns.unwrap_or(gaps.last_ns));
            gaps.add_to(&mut all.by_market);
            all.damage += gaps.damage;
            all.left_out.extend(gaps.left_out);
            all.gaps.extend(gaps.gaps);
            gaps.watch.add_to(&mut all.uptimes);
            gaps.feed.into_iter().for_each(|(code, count)| *all.feed.entry(code).or_default() += count);
        }
        Ok(all)
    }

    fn add(&mut self, segment: &Segment, memory: &mut Memory) {
        if let Some(state) = first_state(segment) {
            self.note_state(&state, memory);
        }
        let scan = Scan::of(segment);
        self.damage += scan.damage.len();
        self.left_out.extend(&scan.left_out);
        for span in scan.spans {
            for (offset, record) in records(segment.bytes(), span.bytes) {
                if let Some(head) = head_of(record) {
                    self.note(offset as u64, &head, record);
                }
            }
        }
    }

    /// A file of the run begins: a gap may be open.
    pub(crate) fn note_state(&mut self, state: &[u8], memory: &mut Memory) {
        let Ok(progress) = decode_progress(state) else { return };
        self.read(Tie::of_state(state));
        let Ok(engine) = memory.load(state) else { return };
        self.watch.note_state(engine, progress.taken_ns);
        for (instrument, market) in (0..).zip(engine.markets()) {
            let Some(open) = market.state.trust.open_gap() else { continue };
            if !self.gaps.iter().any(|gap| gap.instrument == instrument && gap.number == open.number) {
                let gap = self.gap(instrument, open.cause, open.number, open.opened_ns);
                self.gaps.push(gap);
            }
        }
    }

    /// The run is over: how long the book of each market was trusted in it.
    pub(crate) fn trusted(&mut self) -> BTreeMap<u16, Uptime> {
        let mut uptimes = BTreeMap::new();
        std::mem::take(&mut self.watch).add_to(&mut uptimes);
        uptimes
    }

    /// Adds this run to those before it.
    fn add_to(&self, all: &mut BTreeMap<u16, (u64, u64)>) {
        for gap in &self.gaps {
            let lasted_ns = gap.duration_ns.unwrap_or_else(|| self.last_ns.saturating_sub(gap.opened_ns));
            let (count, spent_ns) = all.entry(gap.instrument).or_default();
            (*count, *spent_ns) = (*count + 1, spent_ns.saturating_add(lasted_ns));
        }
    }

    /// The next record of the run.
    pub(crate) fn note(&mut self, offset: u64, head: &Head, record: &[u8]) {
        self.first_ns.get_or_insert(head.taken_ns);
        self.last_ns = self.last_ns.max(head.taken_ns);
        self.watch.note(head, record);
        if let Some(told) = body_of::<Feed>(record) {
            *self.feed.entry(feed::name(told.code).unwrap_or("unknown")).or_default() += 1;
        }
        self.read(Tie::of(record));
        if let Some(open) = body_of::<GapOpen>(record) {
            let opened_ns = head.taken_ns.saturating_sub(late_ns(&open));
            let mut gap = self.gap(head.instrument, open.cause, open.number, opened_ns);
            gap.offset = Some(offset);
            gap.sign = Some(Sign { expected: open.expected, found: open.found });
            self.gaps.push(gap);
        }
        if let Some(close) = body_of::<GapClose>(record) {
            let held =
                self.gaps.iter_mut().rev().find(|gap| gap.instrument == head.instrument && gap.number == close.number);
            match held {
                Some(gap) => gap.duration_ns = Some(close.duration_ns),
                None => {
                    let mut gap = self.gap(head.instrument, close.cause, close.number, close.opened_ns);
                    gap.duration_ns = Some(close.duration_ns);
                    self.gaps.push(gap);
                }
            }
        }
    }

    /// A reading of the clocks. The first one also tells when gaps opened that came before it.
    fn read(&mut self, tie: Option<Tie>) {
        let Some(tie) = tie else { return };
        if self.clock.is_none() {
            for gap in &mut self.gaps {
                gap.opened_utc_ns = Some(tie.utc_ns(gap.opened_ns));
            }
        }
        self.clock = Some(tie);
    }

    fn gap(&self, instrument: u16, cause: u16, number: u32, opened_ns: u64) -> Gap {
        Gap {
            instrument,
            number,
            cause: cause_name(cause),
            opened_ns,
            opened_utc_ns: self.clock.map(|tie| tie.utc_ns(opened_ns)),
            duration_ns: None,
            offset: None,
            sign: None,
        }
    }
}
