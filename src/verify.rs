//! `journal verify`: is the file whole, and does every proof of a book hold?
//!
//! Books are made anew by a second implementation that shares nothing with the engine but the recorded events:
//! maps of levels, text digits and another CRC (`twin`), and for books whose updates chain a list of held updates
//! (`chained`). Its verdicts must be the ones that the journal records.

mod chained;
mod tally;
mod twin;

pub use tally::Counts;
pub use twin::Twin;

use crate::memory::Memory;
use crate::replay::scan::{Scan, first_state, records, state_at};
use anyhow::{Result, anyhow};
use hotpath::checkpoint::decode_config;
use hotpath::config::MARKETS_MAX;
use hotpath::record::{Kind, flag, head_of};
use journal::{Header, Segment};
use std::path::Path;

/// What verification found in one file.
#[derive(Debug)]
pub struct Verified {
    /// The pass over the bytes.
    pub scan: Scan,
    /// The header.
    pub header: Header,
    /// Whole copies of the header.
    pub header_copies: u8,
    /// Byte offsets of damage, header copies included.
    pub damaged_at: Vec<u64>,
    /// Records that are damaged or missing.
    pub records_damaged: u64,
    /// Whole records of which no book was made: behind what is damaged or left out up to the next checkpoint, or of a step
    /// that is not whole.
    pub records_unchecked: u64,
    /// What was proved, and what was not.
    pub counts: Counts,
    /// Byte offsets of the last records of steps whose recorded verdicts, or best levels, are not ours.
    pub disagreements: Vec<u64>,
    /// Gaps that opened.
    pub gaps: u64,
}

impl Verified {
    /// Whether the journal is intact and tells the truth. A feed with wrong checksums or broken chains, faithfully
    /// recorded as such, is a good journal of a bad feed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.damaged_at.is_empty() && self.disagreements.is_empty()
    }
}

/// Verifies one file.
///
/// # Errors
/// When it does not open as a journal.
pub fn verify(path: &Path) -> Result<Verified> {
    let segment = Segment::open(path)?;
    let scan = Scan::of(&segment);
    let state = first_state(&segment);
    state.as_deref().map(decode_config).transpose().map_err(|halt| {
        anyhow!(
            "{}: the opening checkpoint does not fit this program ({halt:?}): use the version that wrote it",
            path.display()
        )
    })?;
    let mut memory = Memory::new();
    let mut verified = Verified {
        header: *segment.header(),
        header_copies: segment.header_copies(),
        damaged_at: Vec::new(),
        records_damaged: 0,
        records_unchecked: scan.records(),
        counts: Counts::default(),
        disagreements: Vec::new(),
        gaps: scan.kinds.get(&Kind::GAP_OPEN).copied().unwrap_or(0),
        scan,
    };
    verified.note_damage(&segment);
    for index in 0..verified.scan.spans.len() {
        verified.check_span(&segment, index, &mut memory);
    }
    Ok(verified)
}

/// Records that are missing between the files of a run.
#[must_use]
pub fn missing_between(all: &[Verified]) -> u64 {
    let mut parts: Vec<_> =
        all.iter().map(|verified| (verified.header.run_id, verified.header.first_seq, verified)).collect();
    parts.sort_by_key(|(run_id, first_seq, _)| (*run_id, *first_seq));
    let missing = |pair: &[(u64, u64, &Verified)]| {
        let (run_id, first_seq, verified) = pair[0];
        let after_last = verified.scan.last_seq.map_or(first_seq, |seq| seq.saturating_add(1));
        if pair[1].0 == run_id { pair[1].1.saturating_sub(after_last) } else { 0 }
    };
    parts.windows(2).map(missing).sum()
}

impl Verified {
    fn note_damage(&mut self, segment: &Segment) {
        if self.header_copies < 2 {
            let whole = bytemuck::bytes_of(segment.header());
            let first = segment.bytes().get(..whole.len()) == Some(whole);
            self.damaged_at.push(if first { whole.len() as u64 } else { 0 });
        }
        for damage in &self.scan.damage {
            self.damaged_at.push(damage.offset as u64);
            self.records_damaged += damage.lost.unwrap_or(1);
        }
        let tail = self.scan.damage.last().is_some_and(|damage| damage.lost.is_none());
        if self.scan.end == journal::End::Truncated && !tail {
            let end = self.scan.spans.last().map_or(journal::RECORDS_AT, |span| span.bytes.end);
            self.damaged_at.push(end as u64);
            self.records_damaged += 1;
        }
        // The index is a function of all records: with one lost there is nothing to hold it against.
        if self.scan.is_sealed() && !journal::index_holds(segment.bytes(), segment.header()) {
            self.damaged_at.push(segment.bytes().len() as u64);
        }
    }

    fn check_span(&mut self, segment: &Segment, index: usize, memory: &mut Memory) {
        let range = self.scan.spans[index].bytes.clone();
        let state = state_at(segment.bytes(), range.clone());
        let Ok(engine) = memory.load(&state) else {
            self.disagreements.push(range.start as u64);
            return;
        };
        let mut twin = Twin::of(engine);
        let mut step = Vec::new();
        let mut counts = [Counts::default(); MARKETS_MAX];
        for (offset, record) in records(segment.bytes(), range) {
            let Some(head) = head_of(record) else { break };
            self.records_unchecked -= 1;
            step.push((head, record));
            if head.has(flag::END_OF_STEP) {
                if !twin.step(&step, &mut counts) {
                    self.disagreements.push(offset as u64);
                }
                step.clear();
            }
        }
        counts.into_iter().for_each(|of_market| self.counts += of_market);
    }
}
