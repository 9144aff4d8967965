//! What anybody can do with a journal, done to each segment as it is sealed: verify, replay, and hold its books against the
//! exchange's own. Then it is removed, so that a long run needs little disk.

use crate::exchange::Truth;
use crate::gate::Ledger;
use crate::memory::Memory;
use crate::replay::report::SegmentReport;
use crate::replay::{self, SegmentDigest, scan};
use crate::soak::books::{Precisions, digest, held, told};
use crate::utc::rfc3339;
use crate::verify::{Verified, missing_between, verify};
use anyhow::{Context, Result, bail, ensure};
use hotpath::book::Book;
use hotpath::lines::{Lines, OUTPUT_LINES};
use hotpath::record::{GapOpen, Head, Kind, Line, body_of};
use journal::{Item, Segment};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Books of the exchange that are remembered: those of some hours.
const TRUTHS_MAX: usize = 1 << 20;

/// What examinations found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// Segments that were verified and replayed to the same bytes.
    pub segments: u64,
    /// Their records.
    pub records: u64,
    /// Exchange checksums that hold, and that do not, each found as the engine said.
    pub checksums: (u64, u64),
    /// Trusted books that were the exchange's own.
    pub books: u64,
    /// One digest of all segments, as `replay` prints it.
    pub digest: String,
    /// Gaps by cause.
    pub gaps: BTreeMap<String, u64>,
}

/// The exchange's books, by the time of the message that they stand behind: a digest of each.
#[derive(Debug, Default)]
struct Truths {
    by_time: HashMap<String, Vec<blake3::Hash>>,
    times: VecDeque<String>,
}

/// The end that the exchange tells.
#[derive(Clone, Debug)]
pub struct Witness {
    truths: Arc<Mutex<Truths>>,
    precisions: Precisions,
}

impl Witness {
    /// Of a market with these decimals.
    #[must_use]
    pub fn new(precisions: Precisions) -> Self {
        Self { truths: Arc::default(), precisions }
    }

    /// Remembers a book of the exchange.
    pub fn tell(&self, truth: &Truth) {
        let Some(time) = &truth.timestamp else { return };
        let digest = digest(&told(truth, self.precisions));
        let mut truths = self.truths.lock().unwrap_or_else(PoisonError::into_inner);
        truths.by_time.entry(time.clone()).or_default().push(digest);
        truths.times.push_back(time.clone());
        if truths.times.len() > TRUTHS_MAX
            && let Some(oldest) = truths.times.pop_front()
        {
            truths.by_time.remove(&oldest);
        }
    }

    /// Whether the exchange had this book at that time; else how many others it had told of.
    fn is_true(&self, time: &str, book: &Book) -> Result<(), usize> {
        let digest = digest(&held(book));
        let truths = self.truths.lock().unwrap_or_else(PoisonError::into_inner);
        let known = truths.by_time.get(time).map(Vec::as_slice).unwrap_or_default();
        if known.contains(&digest) { Ok(()) } else { Err(known.len()) }
    }
}

/// Looks at segments in the order in which they are sealed.
pub struct Examiner {
    witness: Witness,
    memory: Memory,
    lines: Vec<Line>,
    /// The last one that was sealed: it waits for the one behind it, which it must lead to.
    waiting: Option<(PathBuf, Segment)>,
    verified: Option<Verified>,
    /// What follows on what, over all segments.
    ledger: Ledger,
    digests: Vec<SegmentDigest>,
    /// What was found so far.
    pub found: Examined,
}

impl Examiner {
    /// Holds books against those that `witness` was told.
    pub fn new(witness: Witness) -> Self {
        let (memory, lines) = (Memory::new(), vec![Line::ZERO; OUTPUT_LINES]);
        Self {
            witness,
            memory,
            lines,
            waiting: None,
            verified: None,
            ledger: Ledger::default(),
            digests: Vec::new(),
            found: Examined::default(),
        }
    }

    /// A segment was sealed.
    ///
    /// # Errors
    /// The first thing that is wrong, in one sentence; the segment stays.
    pub fn sealed(&mut self, path: PathBuf) -> Result<()> {
        let next = (path.clone(), Segment::open(&path)?);
        let waiting = self.waiting.replace(next);
        let next = self.waiting.take();
        if let Some(waiting) = waiting {
            self.examine(waiting, next.as_ref())?;
        }
        self.waiting = next;
        Ok(())
    }

    /// No other segment comes.
    ///
    /// # Errors
    /// As [`Examiner::sealed`].
    pub fn finish(&mut self) -> Result<()> {
        self.waiting.take().map_or(Ok(()), |last| self.examine(last, None))?;
        self.found.digest = replay::join_digests(&self.digests).to_string();
        Ok(())
    }

    fn examine(&mut self, (path, segment): (PathBuf, Segment), next: Option<&(PathBuf, Segment)>) -> Result<()> {
        let name = path.display();
        let verified = verify(&path)?;
        ensure!(verified.is_ok(), "{name}: a second implementation disagrees: `journal verify` says where");
        if let Some(before) = self.verified.take() {
            let pair = [before, verified];
            ensure!(missing_between(&pair) == 0, "{name}: records are missing before it");
            let [_, verified] = pair;
            self.verified = Some(verified);
        } else {
            self.verified = Some(verified);
        }
        let report = replay::replay_segment(&mut self.memory, &path, &segment, next, None)?;
        ensure!(report.is_match() && report.is_whole(), "{name}: replay finds other bytes: `replay` says where");
        let (SegmentReport { run_id, first_seq, digest, .. }, outcomes) = (&report, &report.outcomes);
        self.digests.push(SegmentDigest { run_id: *run_id, first_seq: *first_seq, digest: *digest });
        self.hold_against_truth(&path, &segment)?;
        self.ledger.add(&path, &segment, &mut self.memory);
        if let Some(fault) = self.ledger.first_fault() {
            bail!("records do not follow on one another: {fault}");
        }
        self.found.segments += 1;
        for outcome in outcomes {
            self.found.checksums.0 += outcome.checksums.0;
            self.found.checksums.1 += outcome.checksums.1;
        }
        drop(segment);
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// Steps an engine over the inputs and events, and compares its book wherever it is trusted.
    fn hold_against_truth(&mut self, path: &Path, segment: &Segment) -> Result<()> {
        let Some(state) = scan::first_state(segment) else { bail!("{}: no checkpoint", path.display()) };
        self.memory.load(&state).map_err(|halt| anyhow::anyhow!("{}: {halt:?}", path.display()))?;
        for item in segment.items() {
            let Item::Record(record) = item else { bail!("{}: damage", path.display()) };
            let Head { kind, seq, taken_ns, connection, exch_ns, instrument, .. } = record.head;
            self.found.records += 1;
            if let Some(gap) = body_of::<GapOpen>(record.bytes) {
                *self.found.gaps.entry(hotpath::trust::cause_name(gap.cause).to_owned()).or_default() += 1;
            }
            if kind == Kind::FRAME || !(kind.is_input() || kind.is_event()) {
                continue;
            }
            let mut outputs = Lines::new(&mut self.lines);
            outputs.begin(seq, taken_ns, connection);
            let engine = self.memory.engine_mut();
            let stepped =
                engine.observe_time(taken_ns, &mut outputs).and_then(|()| engine.step(record.bytes, &mut outputs));
            stepped.map_err(|halt| anyhow::anyhow!("{}: {halt:?} at record {seq}", path.display()))?;
            let Some(market) = engine.markets().get(usize::from(instrument)) else { continue };
            if kind == Kind::BOOK_END && market.state.trust.is_trusted() {
                let time = rfc3339(exch_ns / 1_000);
                if let Err(others) = self.witness.is_true(&time, &market.book) {
                    bail!(
                        "{}: the book that is trusted at record {seq} was never the exchange's (whose time is {time}; it told {others} others of it)",
                        path.display()
                    );
                }
                self.found.books += 1;
            }
        }
        Ok(())
    }
}
