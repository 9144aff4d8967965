//! `--newest N`: the files that reach into the last days of UTC, so that a folder of weeks need not be read each night.

use crate::replay::scan::first_state;
use crate::tie::Tie;
use anyhow::Result;
use hotpath::progress::DAY_NS;
use journal::{Item, Segment};
use std::path::PathBuf;

/// Of files the ones that hold something of the newest `days` days, and the first of these days, since 1970; none when no
/// file tells its time. The newest day is that in which the newest file begins. A file that does not tell its time stays.
///
/// # Errors
/// When a file does not open as a journal.
pub fn newest(files: Vec<PathBuf>, days: u64) -> Result<(Vec<PathBuf>, Option<u64>)> {
    let begins = files.iter().map(|path| Ok(begins_utc_ns(&Segment::open(path)?))).collect::<Result<Vec<_>>>()?;
    let Some(newest_ns) = begins.iter().flatten().max().copied() else { return Ok((files, None)) };
    let from = (newest_ns / DAY_NS).saturating_sub(days.saturating_sub(1));
    let from_ns = from.saturating_mul(DAY_NS);
    // A file ends where the next one begins.
    let ends_ns = |begin_ns: u64| begins.iter().flatten().filter(|next_ns| **next_ns > begin_ns).min();
    let reaches = |begin: &Option<u64>| begin.is_none_or(|begin_ns| ends_ns(begin_ns).is_none_or(|ns| *ns > from_ns));
    let kept = files.into_iter().zip(&begins).filter(|(_, begin)| reaches(begin)).map(|(path, _)| path).collect();
    Ok((kept, Some(from)))
}

/// UTC of a file's first record, by the clocks as they were read last before it, or first in it.
fn begins_utc_ns(segment: &Segment) -> Option<u64> {
    let records =
        || segment.items().filter_map(|item| if let Item::Record(record) = item { Some(record) } else { None });
    let before = first_state(segment).and_then(|state| Tie::of_state(&state));
    let tie = before.or_else(|| records().find_map(|record| Tie::of(record.bytes)))?;
    records().next().map(|record| tie.utc_ns(record.head.taken_ns))
}
