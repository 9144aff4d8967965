//! Replay: the engine reads its own diary and must write it again, byte for byte.

pub mod compare;
pub mod inputs;
pub mod report;
pub mod scan;
pub mod span;
pub mod target;

use crate::memory::Memory;
use crate::venue;
use anyhow::{Result, anyhow, bail};
use hotpath::checkpoint::decode_config;
use journal::{RECORDS_AT, Segment, Writer};
use report::SegmentReport;
use scan::Scan;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Replays segments on `threads` threads; reports come back in the order of the run.
///
/// # Errors
/// When a file does not open, is given twice, or the output cannot be written.
pub fn replay(paths: &[PathBuf], out: Option<&Path>, threads: Option<NonZero<usize>>) -> Result<Vec<SegmentReport>> {
    let mut segments = paths.iter().map(|path| Ok((path.clone(), Segment::open(path)?))).collect::<Result<Vec<_>>>()?;
    segments.sort_by_key(|(_, segment)| (segment.header().run_id, segment.header().first_seq));
    if let Some(pair) = segments.windows(2).find(|pair| pair[0].1.header() == pair[1].1.header()) {
        bail!("{} and {} are the same segment: name it once", pair[0].0.display(), pair[1].0.display());
    }
    let targets = target::targets(&segments, out)?;
    let taken = AtomicUsize::new(0);
    let reports: Mutex<Vec<(usize, Result<SegmentReport>)>> = Mutex::new(Vec::new());
    let work = || {
        let mut memory = Memory::new();
        loop {
            let index = taken.fetch_add(1, Ordering::Relaxed);
            let Some((path, segment)) = segments.get(index) else { return };
            let next = segments.get(index + 1).filter(|(_, next)| next.header().run_id == segment.header().run_id);
            let target = targets.get(index).and_then(Option::as_deref);
            let report = replay_segment(&mut memory, path, segment, next, target);
            reports.lock().unwrap_or_else(PoisonError::into_inner).push((index, report));
        }
    };
    let threads = threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(segments.len()) {
            scope.spawn(work);
        }
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(index, _)| *index);
    reports.into_iter().map(|(_, report)| report).collect()
}

/// The digest of one segment, and where it stands in its run.
#[derive(Clone, Copy, Debug)]
pub struct SegmentDigest {
    /// The run.
    pub run_id: u64,
    /// Sequence number of the segment's first record.
    pub first_seq: u64,
    /// BLAKE3 of the bytes that are proved.
    pub digest: blake3::Hash,
}

/// One digest for all: of the file when there is one, else of the segments' digests in the run's order.
#[must_use]
pub fn digest(reports: &[SegmentReport]) -> blake3::Hash {
    let parts = reports.iter().map(|report| {
        let SegmentReport { run_id, first_seq, digest, .. } = *report;
        SegmentDigest { run_id, first_seq, digest }
    });
    join_digests(&parts.collect::<Vec<_>>())
}

/// As [`digest`], of segments in the run's order.
#[must_use]
pub fn join_digests(parts: &[SegmentDigest]) -> blake3::Hash {
    if let [only] = parts {
        return only.digest;
    }
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&part.run_id.to_le_bytes());
        hasher.update(&part.first_seq.to_le_bytes());
        hasher.update(part.digest.as_bytes());
    }
    hasher.finalize()
}

/// Replays one segment; `next` is the one behind it in its run, if it is there.
pub(crate) fn replay_segment(
    memory: &mut Memory,
    path: &Path,
    segment: &Segment,
    next: Option<&(PathBuf, Segment)>,
    target: Option<&Path>,
) -> Result<SegmentReport> {
    let scan = Scan::of(segment);
    let mut writer = target.map(|target| target::create(target, segment)).transpose()?;
    let Some(state) = scan::first_state(segment) else {
        // Nothing to replay: a segment that was only just begun, or one without a whole checkpoint.
        writer.map_or(Ok(()), Writer::cut)?;
        return Ok(SegmentReport::new(path, segment, next, scan, Vec::new()));
    };
    let config = decode_config(&state).map_err(|halt| {
        let name = path.display();
        anyhow!("{name}: the first checkpoint does not fit this program ({halt:?}): use the version that wrote it")
    })?;
    venue::check(&config)?;
    let complete = scan.is_complete();
    let after_last = scan.last_seq.and_then(|seq| seq.checked_add(1));
    let joined = next.map(|(_, next)| next).filter(|next| complete && after_last == Some(next.header().first_seq));
    let mut outcomes = Vec::new();
    for span in &scan.spans {
        // Only the part before anything that is damaged or left out is written out.
        let out = writer.as_mut().filter(|_| span.bytes.start == RECORDS_AT);
        outcomes.push(span::replay(memory, segment, span, joined, out)?);
    }
    let report = SegmentReport::new(path, segment, next, scan, outcomes);
    if let Some(writer) = writer {
        if report.is_proved_to_the_end() { writer.close()? } else { writer.cut()? }
    }
    Ok(report)
}
