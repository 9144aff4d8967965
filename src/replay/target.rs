//! Where regenerated journals go, and what may be written over.

use crate::files::plain_name;
use anyhow::{Context, Result, bail};
use journal::{Place, Segment, Settings, Writer, origin};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Whether a file may be written over: an empty one, or a journal whose recording can be imported again.
#[must_use]
pub fn is_replaceable(path: &Path) -> bool {
    let empty = std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() == 0);
    empty || Segment::open(path).is_ok_and(|held| held.header().origin == origin::RECORDING)
}

/// A file for each segment: `out` itself for one, files in the folder `out` for several.
pub(super) fn targets(segments: &[(PathBuf, Segment)], out: Option<&Path>) -> Result<Vec<Option<PathBuf>>> {
    let Some(out) = out else { return Ok(vec![None; segments.len()]) };
    let mut targets = Vec::new();
    if segments.len() == 1 && !out.is_dir() {
        targets.push(out.to_owned());
    } else {
        std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
        for (path, _) in segments {
            targets.push(out.join(plain_name(path)?));
        }
    }
    let distinct: BTreeSet<_> = targets.iter().collect();
    if distinct.len() < targets.len() {
        bail!("two of the given files have the same name: replay them into folders of their own");
    }
    for (target, (_, segment)) in targets.iter().zip(segments) {
        clear(target, segment, segments)?;
    }
    Ok(targets.into_iter().map(Some).collect())
}

/// A copy of the same segment, or anything replaceable, gives way; an input never.
fn clear(target: &Path, segment: &Segment, inputs: &[(PathBuf, Segment)]) -> Result<()> {
    let Ok(real) = target.canonicalize() else { return Ok(()) };
    let is_input = inputs.iter().any(|(path, _)| path.canonicalize().is_ok_and(|path| path == real));
    let is_copy = Segment::open(target).is_ok_and(|held| held.header() == segment.header());
    if is_input {
        bail!("{} is one of the journals to replay: choose another --out", target.display());
    }
    if !(is_copy || is_replaceable(target)) {
        bail!("{} exists and is no copy of this segment: choose another --out", target.display());
    }
    std::fs::remove_file(target).with_context(|| format!("cannot replace {}", target.display()))
}

/// A writer that regenerates one segment.
pub(super) fn create(target: &Path, segment: &Segment) -> Result<Writer> {
    let capacity_bytes = (segment.bytes().len() as u64 + 1024 * 1024).next_multiple_of(4 * 1024 * 1024);
    Ok(Writer::create(Settings { place: Place::File(target.to_owned()), run: segment.header().run(), capacity_bytes })?)
}
