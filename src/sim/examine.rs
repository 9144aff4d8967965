//! What anybody can do with a journal, done to each segment as it is sealed: verify, replay, and hold its books against the
//! exchange's own. Then it is removed, so that a long run needs little disk.

use crate::gate::Ledger;
use crate::memory::Memory;
use crate::replay::report::SegmentReport;
use crate::replay::{self, SegmentDigest};
use crate::soak::{Reader, Recorder, ensure_messages_show, ensure_outdated_told};
use crate::verify::{Verified, missing_between, verify};
use anyhow::{Context, Result, bail, ensure};
use journal::Segment;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// Looks at segments in the order in which they are sealed.
pub struct Examiner {
    recorder: Recorder,
    reader: Reader,
    memory: Memory,
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
    /// Holds books against those that the exchange told.
    pub fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            reader: Reader::default(),
            memory: Memory::new(),
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
        let reading = &self.reader.reading;
        ensure_messages_show(&self.recorder.told(), reading)?;
        self.found.books = reading.compared;
        for cause in reading.signs.iter().filter_map(|(_, sign)| sign.strip_prefix("gap ")) {
            *self.found.gaps.entry(cause.to_owned()).or_default() += 1;
        }
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
        self.found.records += report.scan.records();
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

    /// Holds every trusted book against the exchange's own.
    fn hold_against_truth(&mut self, path: &Path, segment: &Segment) -> Result<()> {
        let mut told = self.recorder.told();
        self.reader.read(path, segment, &mut self.memory, &told)?;
        told.forget_before(self.reader.place());
        ensure_outdated_told(&told, &self.reader.reading)
    }
}
