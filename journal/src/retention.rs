//! Which segments of a folder are given up, and when.

use std::path::PathBuf;

/// How long and how much is kept. What exceeds a bound is archived, if there is a command for it, and
/// removed, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Segments that were sealed longer ago than this are surplus, nanoseconds.
    pub keep_ns: Option<u64>,
    /// The oldest segments are surplus when all together are larger than this, bytes.
    pub keep_bytes: Option<u64>,
    /// Program and arguments; the segment's path is appended. A segment is removed only after the program
    /// ended with 0.
    pub archive: Vec<String>,
}

/// A segment file that nobody writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub path: PathBuf,
    pub bytes: u64,
    /// When it was sealed, UTC nanoseconds.
    pub sealed_utc_ns: u64,
}

impl Retention {
    /// Whether a clock that reads `start_utc_ns` when a run begins may judge ages. One that lies further
    /// beyond the newest segment than segments are kept for is not believed: it would give up nearly all
    /// of them.
    pub(crate) fn believes(&self, kept: &[Kept], start_utc_ns: u64) -> bool {
        let newest = kept.iter().map(|segment| segment.sealed_utc_ns).max();
        let gap_ns = newest.map_or(0, |newest| start_utc_ns.saturating_sub(newest));
        self.keep_ns.is_none_or(|keep_ns| gap_ns <= keep_ns)
    }

    /// The segment to give up next, if any. `kept` is in the order of their numbers; the newest stays in
    /// any case. `open_bytes` are those of the segment that is written.
    ///
    /// A clock that is behind makes nothing surplus by age.
    pub(crate) fn surplus<'a>(&self, kept: &'a [Kept], open_bytes: u64, now_utc_ns: u64) -> Option<&'a Kept> {
        let (_, older) = kept.split_last()?;
        let oldest = older.first()?;
        let too_old = self.keep_ns.is_some_and(|keep_ns| now_utc_ns.saturating_sub(oldest.sealed_utc_ns) > keep_ns);
        let used = kept.iter().map(|segment| segment.bytes).fold(open_bytes, u64::saturating_add);
        let too_much = self.keep_bytes.is_some_and(|keep_bytes| used > keep_bytes);
        (too_old || too_much).then_some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(sealed_utc_ns: u64, bytes: u64) -> Kept {
        Kept { path: PathBuf::from(sealed_utc_ns.to_string()), bytes, sealed_utc_ns }
    }

    #[test]
    fn the_oldest_goes_when_it_is_older_than_the_bound_and_not_the_newest() {
        let retention = Retention { keep_ns: Some(100), ..Retention::default() };
        let segments = [kept(10, 1), kept(50, 1)];
        assert_eq!(retention.surplus(&segments, 0, 110), None);
        assert_eq!(retention.surplus(&segments, 0, 111), Some(&segments[0]));
        assert_eq!(retention.surplus(&segments[1..], 0, 1_000), None, "the newest stays");
        assert_eq!(retention.surplus(&segments, 0, 5), None, "a clock that is behind removes nothing");
    }

    #[test]
    fn a_clock_far_ahead_of_the_newest_is_not_believed() {
        let retention = Retention { keep_ns: Some(100), ..Retention::default() };
        let segments = [kept(10, 1), kept(50, 1)];
        assert!(retention.believes(&segments, 150) && !retention.believes(&segments, 151));
        assert!(retention.believes(&[], u64::MAX) && Retention::default().believes(&segments, u64::MAX));
    }

    #[test]
    fn the_oldest_goes_when_all_are_larger_than_the_bound() {
        let retention = Retention { keep_bytes: Some(100), ..Retention::default() };
        let segments = [kept(10, 40), kept(50, 30)];
        assert_eq!(retention.surplus(&segments, 30, 60), None);
        assert_eq!(retention.surplus(&segments, 31, 60), Some(&segments[0]));
        assert_eq!(retention.surplus(&segments[..1], 1_000, 60), None, "the newest stays");
        assert_eq!(Retention::default().surplus(&segments, u64::MAX, u64::MAX), None, "without bounds all stay");
    }
}
