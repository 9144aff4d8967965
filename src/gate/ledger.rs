//! One walk over a run's records: what follows on what.

use super::beats::Beats;
use super::books::Books;
use super::faults::{At, Faults};
use super::links::Links;
use crate::memory::Memory;
use crate::replay::scan::{Scan, first_state, records};
use crate::tie::Tie;
use crate::venue::market_names;
use anyhow::Result;
use hotpath::checkpoint::decode_progress;
use hotpath::record::{Frame, Head, Kind, body_of, flag, head_of};
use journal::{Segment, origin};
use std::path::{Path, PathBuf};

/// WebSocket's opcodes of text and binary messages.
const TEXT: u16 = 1;
const BINARY: u16 = 2;

/// What the records of some runs say of one another.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Each run's books, connections and heartbeats.
    pub(super) runs: Vec<RunLedger>,
    /// The run at hand.
    run: Option<RunLedger>,
    pub(super) of_books: Faults,
    pub(super) of_links: Faults,
    pub(super) of_beats: Faults,
    pub(super) of_frames: Faults,
}

/// One run.
#[derive(Debug, Default)]
pub(super) struct RunLedger {
    pub(super) books: Books,
    pub(super) links: Links,
    pub(super) beats: Beats,
    /// First FRAME in monotonic time and in UTC, nanoseconds. What a clock does that is set later does not move the run.
    first_frame_ns: Option<(u64, u64)>,
    /// First record in monotonic time and in UTC by the first reading of the clocks, nanoseconds.
    begin_ns: Option<(u64, u64)>,
    /// From the first record to the last, nanoseconds.
    pub(super) span_ns: u64,
    first_ns: Option<u64>,
    last_ns: u64,
    last_frame_ns: u64,
    tie: Option<Tie>,
    /// Messages, and those that no event came of.
    pub(super) messages: u64,
    /// Whether the message at hand gave an event; none when there is none at hand.
    answered: Option<bool>,
}

impl Ledger {
    /// Walks over files, whatever their order.
    ///
    /// # Errors
    /// When one does not open as a journal.
    pub(super) fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut segments: Vec<(&Path, Segment)> = Vec::new();
        for path in paths {
            segments.push((path, Segment::open(path)?));
        }
        segments.sort_by_key(|(_, segment)| (segment.header().run_id, segment.header().first_seq));
        let (mut all, mut memory) = (Self::default(), Memory::new());
        for run in segments.chunk_by(|one, next| one.1.header().run_id == next.1.header().run_id) {
            run.iter().for_each(|(path, segment)| all.add(path, segment, &mut memory));
            all.end_run();
        }
        Ok(all)
    }

    /// The next segment of the run at hand.
    pub(crate) fn add(&mut self, path: &Path, segment: &Segment, memory: &mut Memory) {
        let run = self.run.get_or_insert_with(|| {
            let mut run = RunLedger::default();
            if let Some(state) = first_state(segment) {
                run.begin(&state, segment.header().origin == origin::LIVE, memory);
            }
            run
        });
        for span in Scan::of(segment).spans {
            for (offset, record) in records(segment.bytes(), span.bytes) {
                let Some(head) = head_of(record) else { continue };
                let at = At::new(path, offset);
                run.time(&head, record);
                if run.message(&head, record) {
                    self.of_frames.note(|| format!("{at}: nothing came of the message before"));
                }
                run.links.note(at, &head, record, &run.books, &mut self.of_links);
                run.books.note(at, &head, record, &mut self.of_books);
                run.beats.note(at, &head, record, &mut self.of_beats);
            }
        }
    }

    /// The run at hand has no more segments.
    pub(crate) fn end_run(&mut self) {
        if let Some(mut run) = self.run.take() {
            run.end();
            self.runs.push(run);
        }
    }

    /// The first of all things that do not fit together.
    pub(crate) fn first_fault(&self) -> Option<&str> {
        [&self.of_frames, &self.of_links, &self.of_books, &self.of_beats].into_iter().find_map(|of| of.first.as_deref())
    }
}

impl RunLedger {
    fn begin(&mut self, state: &[u8], is_live: bool, memory: &mut Memory) {
        let now_ns = decode_progress(state).map_or(0, |progress| progress.taken_ns);
        self.tie = Tie::of_state(state);
        let Ok(engine) = memory.load(state) else { return };
        let config = engine.config();
        let named = market_names(config.markets()).into_iter().zip(config.markets());
        for ((market, row), (name, at)) in (0..).zip(engine.markets()).zip(named) {
            self.books.begin((market, at.connection), &name, &row.state.trust, now_ns);
        }
        self.links = Links::of(config.markets().iter().map(|row| row.connection).collect(), is_live);
        let with_beats = config.markets().iter().filter(|row| row.heartbeats != 0).map(|row| row.connection);
        self.beats = Beats::of(with_beats.collect(), config.session.heartbeat_ns_max, is_live);
    }

    pub(super) fn time(&mut self, head: &Head, record: &[u8]) {
        self.first_ns.get_or_insert(head.taken_ns);
        self.last_ns = self.last_ns.max(head.taken_ns);
        self.tie = Tie::of(record).or(self.tie);
        if head.kind == Kind::FRAME {
            self.last_frame_ns = head.taken_ns;
        }
        let Some(tie) = self.tie else { return };
        let begin_ns = self.first_ns.unwrap_or(head.taken_ns);
        self.begin_ns.get_or_insert((begin_ns, tie.utc_ns(begin_ns)));
        if head.kind == Kind::FRAME {
            self.first_frame_ns.get_or_insert((head.taken_ns, tie.utc_ns(head.taken_ns)));
        }
    }

    /// From the first FRAME to the last, UTC nanoseconds; to the end of the run where the book is not trusted there, since a
    /// feed that is lost sends none. A run without a FRAME counts from its first record: a collector was there, and its feed was
    /// not. The end is so far behind the beginning as monotonic time says.
    pub(super) fn utc_ns(&self) -> Option<(u64, u64)> {
        let (mono_ns, utc_ns) = self.first_frame_ns.or_else(|| self.begin_ns.filter(|_| self.last_frame_ns == 0))?;
        let end_ns = if self.books.is_trusted(0) { self.last_frame_ns } else { self.last_ns };
        Some((utc_ns, utc_ns.saturating_add(end_ns.saturating_sub(mono_ns))))
    }

    /// Whether nothing came of the message before this record.
    fn message(&mut self, head: &Head, record: &[u8]) -> bool {
        if head.kind.is_event() {
            self.answered = self.answered.map(|_| true);
        }
        if !head.kind.is_input() {
            return false;
        }
        let is_unanswered = self.answered.take() == Some(false);
        let opcode = body_of::<Frame>(record).filter(|_| !head.has(flag::CONTINUES)).map(|frame| frame.opcode);
        if matches!(opcode, Some(TEXT | BINARY)) {
            self.messages += 1;
            self.answered = Some(false);
        }
        is_unanswered
    }

    fn end(&mut self) {
        self.span_ns = self.last_ns.saturating_sub(self.first_ns.unwrap_or(self.last_ns));
        self.books.end(self.last_ns, self.last_frame_ns);
    }
}
