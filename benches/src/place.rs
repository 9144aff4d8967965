//! Where the files of a measurement go, and what they lie on.

use anyhow::{Context, Result};
use fathom::run::STEP_BYTES_MAX;
use journal::{LiveSettings, Retention};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use crate::records::run;

/// Lines that only halts and cancels may use.
const RESERVED_LINES: usize = 256;
/// Bytes of a segment, as configured unless told otherwise.
pub const SEGMENT_BYTES: u64 = 268_435_456;
/// Lines of the ring, as configured unless told otherwise.
pub const RING_LINES: usize = 262_144;
/// Time between two syncs, as configured unless told otherwise.
pub const SYNC_NS: u64 = 50_000_000;

/// A folder that exists, for folders of files that go when they are dropped.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// `folder`, or else the one for temporary files.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder: folder.unwrap_or_else(std::env::temp_dir) }
    }

    /// A new folder in it.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn fresh(&self) -> Result<TempDir> {
        let made = tempfile::tempdir_in(&self.folder);
        made.with_context(|| format!("cannot make a folder in {}: give another --folder", self.folder.display()))
    }

    /// The file system's type: `ext4`, or `tmpfs, which is memory`.
    #[must_use]
    pub fn file_system(&self) -> String {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let folder = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        let kind = kind_of(&mounts, &folder).unwrap_or("an unknown file system");
        if kind == "tmpfs" { "tmpfs, which is memory".to_owned() } else { kind.to_owned() }
    }
}

/// The type of the mount that is nearest above `folder`; of several at one place the last covers the others.
fn kind_of<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let (left, right) = line.split_once(" - ")?;
        let point = Path::new(left.split(' ').nth(4)?);
        folder.starts_with(point).then_some((point.components().count(), right.split(' ').next()?))
    };
    mounts.lines().filter_map(mount).max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// What the shipped configuration says, with another ring.
#[must_use]
pub fn settings(ring_lines: usize) -> LiveSettings {
    LiveSettings {
        run: run(),
        capacity_bytes: SEGMENT_BYTES + STEP_BYTES_MAX,
        ring_lines,
        reserved_lines: RESERVED_LINES,
        sync_ns: SYNC_NS,
        retention: Retention::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::loaded;

    #[test]
    fn the_nearest_mount_counts_and_the_last_of_one_place() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:1 / /tmp rw shared:1 - xfs b rw\n\
                      3 1 0:2 / /tmp rw - tmpfs c rw\n4 1 0:3 / /tmpx rw - btrfs d rw\n";
        assert_eq!(kind_of(mounts, Path::new("/tmp/a")), Some("tmpfs"));
        assert_eq!(kind_of(mounts, Path::new("/var")), Some("ext4"));
    }

    #[test]
    fn the_settings_are_those_of_the_shipped_configuration() {
        let loaded = loaded("kraken-btc-eur.toml", &[]).unwrap();
        assert_eq!(loaded.config.journal.segment_bytes, SEGMENT_BYTES);
        assert_eq!((loaded.diary.ring_lines as usize, loaded.diary.sync_ns), (RING_LINES, SYNC_NS));
    }
}
